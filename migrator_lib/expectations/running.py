"""Great Expectations at work, on a file of facts.

Importing it takes seconds, so it is imported here alone, and where it runs. It is told to send nothing before that;
its context is in memory, reads no configuration and writes none; its bars, its log and its warnings are kept away from
notebooks. Its results bring counts, and the query by which the rows can be found: values are left out, though facts
have none that tell anything.
"""

from __future__ import annotations

import logging
import os
import sqlite3
import sys
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from migrator_lib.errors import ExpectationsFailed, MigratorError
from migrator_lib.expectations.result import Checked, Outcome
from migrator_lib.expectations.suites import QUERY, Expectation, Suite, asked_of
from migrator_lib.progress import Progress

MOST_KEYS = 20
"""Source keys that are told of an expectation that is not met."""
QUIET = {"GX_ANALYTICS_ENABLED": "False"}
BRIEF = {"result_format": "BOOLEAN_ONLY"}
"""How everything is checked: whether it is so, which takes the fewest statements."""
IN_FULL = {
    "result_format": "BASIC", "partial_unexpected_count": 0, "exclude_unexpected_values": True,
    "unexpected_index_column_names": ["key"], "return_unexpected_index_query": True,
}  # fmt: skip
"""How what is not so is asked for once more: how many rows, and by which query they are found."""
NUMBER = "number"
GRAMMAR = "rfc3987_syntax"
"""What jsonschema, which Great Expectations draws in by way of a chart library, tries for addresses in other scripts
than Latin: a quarter of all the time that the import takes, for a format that nothing here checks."""


@contextmanager
def _left_out(name: str) -> Iterator[None]:
    """Let a module be found nowhere for the length of a block, unless it is loaded already."""
    if name in sys.modules:
        yield
        return
    sys.modules[name] = None  # type: ignore[assignment]  # which is how Python is told so
    try:
        yield
    finally:
        del sys.modules[name]


@cache
def _context() -> Any:
    """Return the one context of this process."""
    os.environ.update(QUIET)
    logging.getLogger("great_expectations").setLevel(logging.ERROR)
    with _left_out(GRAMMAR):
        import great_expectations
    from great_expectations.data_context.types.base import ProgressBarsConfig

    context = great_expectations.get_context(mode="ephemeral")
    context.variables.progress_bars = ProgressBarsConfig(globally=False, metric_calculations=False)
    return context


@contextmanager
def _as_ours() -> Iterator[None]:
    """Let whatever goes wrong in what others wrote be an error of ours, that says what to do."""
    try:
        yield
    except MigratorError:
        raise
    except Exception as error:
        raise _unchecked("What is expected of the data", f"{type(error).__name__}: {error}") from error


@contextmanager
def _source(file: Path) -> Iterator[Any]:
    """Give a data source on a file for the length of a block; its connection is closed then."""
    context = _context()
    source = context.data_sources.add_sqlite(str(file), connection_string=f"sqlite:///{file}")
    try:
        yield source
    finally:
        source.get_execution_engine().close()
        context.data_sources.delete(str(file))


def run(
    file: Path, suites: Sequence[Suite], rows: Mapping[str, int], bounds: Mapping[str, int], progress: Progress
) -> list[Checked]:
    """Check all suites of a gate on their facts.

    Args:
        file: the facts.
        suites: of the gate.
        rows: table to the number of rows that it must have.
        bounds: ``earliest`` and ``latest``, seconds since 1970.
        progress: is told what goes on.

    Raises:
        ExpectationsFailed: an expectation could not be checked at all.
    """
    with warnings.catch_warnings(), _as_ours():
        warnings.simplefilter("ignore")
        with _source(file) as source, sqlite3.connect(file) as facts:
            checked = []
            for suite in suites:
                progress.begin(f"Checking: {suite.title}", len(suite.expectations))
                found = _check(source, suite, {**bounds, "rows": rows[suite.name]}) if rows[suite.name] else []
                outcomes = [_outcome(facts, suite, *one) for one in found] or _nothing(suite)
                checked.append(Checked.of(suite, rows[suite.name], outcomes))
                progress.advance(len(suite.expectations))
        facts.close()
    progress.end()
    return checked


def _check(source: Any, suite: Suite, parameters: Mapping[str, int]) -> list[tuple[Expectation, dict[str, Any]]]:
    """Return the expectations of a suite, each with the JSON of its result."""
    table = source.add_table_asset(suite.name, table_name=suite.name)
    batch = table.add_batch_definition_whole_table("all").get_batch()
    found = _validated(batch, suite, range(len(suite.expectations)), BRIEF, parameters)
    unmet = [number for number, one in found.items() if not one["success"]]
    if unmet:
        found |= _validated(batch, suite, unmet, IN_FULL, parameters)
    return [(one, found[number]) for number, one in enumerate(suite.expectations)]


def _validated(
    batch: Any, suite: Suite, numbers: Sequence[int], told: Mapping[str, Any], parameters: Mapping[str, int]
) -> dict[int, dict[str, Any]]:
    """Check some expectations of a suite; return the number of each to the JSON of its result."""
    from great_expectations import ExpectationSuite
    from great_expectations.expectations.registry import get_expectation_impl

    chosen = [(number, suite.expectations[number]) for number in numbers]
    made = [get_expectation_impl(one.type)(**one.kwargs, meta={NUMBER: number}) for number, one in chosen]
    results = batch.validate(
        ExpectationSuite(name=suite.name, expectations=made),
        result_format=dict(told), expectation_parameters=dict(parameters),
    ).to_json_dict()["results"]  # fmt: skip
    return {one["expectation_config"]["meta"][NUMBER]: one for one in results}


def _nothing(suite: Suite) -> list[Outcome]:
    """Nothing is in the table, and nothing is to be: all that is expected of each of its rows is so."""
    return [Outcome(one.says, one.stops, met=True, next=one.next) for one in suite.expectations]


def _outcome(facts: sqlite3.Connection, suite: Suite, expected: Expectation, found: Mapping[str, Any]) -> Outcome:
    _require_checked(suite, expected, found)
    if found["success"]:
        return Outcome(expected.says, expected.stops, met=True, next=expected.next)
    result = found["result"]
    query = expected.kwargs.get(QUERY) or result.get("unexpected_index_query")
    keys, number = _keys(facts, asked_of(str(query), suite.name)) if query else (), result.get("unexpected_count")
    if number is None:  # of a query the rows it found; of a table's rows those that it has, where no row is wrong
        number = int(result["observed_value"]) if query else 0
    return Outcome(expected.says, expected.stops, met=False, number=int(number), keys=keys, next=expected.next)


def _keys(facts: sqlite3.Connection, query: str) -> tuple[str, ...]:
    rows = facts.execute(f"SELECT DISTINCT key FROM ({query}) ORDER BY key LIMIT {MOST_KEYS}")  # noqa: S608
    return tuple(str(key) for (key,) in rows)


def _require_checked(suite: Suite, expected: Expectation, found: Mapping[str, Any]) -> None:
    """Pass if an expectation was checked: what could not be is neither met nor not."""
    told = found.get("exception_info") or {}
    each = [told] if "raised_exception" in told else list(told.values())
    failed = next((one for one in each if one["raised_exception"]), None)
    if failed is not None:
        raise _unchecked(f"'{expected.says}' ({suite.title})", str(failed["exception_message"]))


def _unchecked(what: str, why: str) -> ExpectationsFailed:
    words = (why.splitlines() or ["no reason given"])[0][:200]
    return ExpectationsFailed(
        f"{what} could not be checked: {words}",
        next_step="report this, with the name of the suite; expectations.run: false in engagement.yaml goes on "
        "without.",
    )
