"""Suites: what is expected of the data, one YAML file for each table of facts of a gate, for people to read.

A suite says what its facts are taken from, and then, for each expectation, a sentence, the type of Great Expectations
with its arguments, and what follows where it is not met: ``stop`` is for what this program guarantees, and the step is
not done; ``tell`` is for what the company's data may hold, and for what the reconciliation finds and counts by itself,
such as duplicates. ``every.yaml`` holds for every table of a gate.

A suite is held against what there is before anything runs: a column, a table or a parameter that is not known is an
error that names the file and the line. Nothing here imports Great Expectations.
"""

from __future__ import annotations

import hashlib
import json
import re
import sqlite3
from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal, NoReturn

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from migrator_lib.errors import ParameterError
from migrator_lib.expectations.columns import Column, Problem, staged_columns, target_columns
from migrator_lib.expectations.columns import key_parts as key_parts
from migrator_lib.object_map import ROWS
from migrator_lib.yaml_file import line_of, parse_yaml, read_text

FOLDER = Path(__file__).parent / "suites"
EVERY = "every"
Gate = Literal["staged", "target"]
GATES: tuple[Gate, ...] = ("staged", "target")
TITLES: Mapping[Gate, str] = {"staged": "Staged data", "target": "What was read back from Gorgias"}
QUERY = "unexpected_rows_query"
TYPES: Mapping[str, tuple[str, ...]] = {
    "expect_column_values_to_be_unique": ("column",),
    "expect_column_values_to_not_be_null": ("column",),
    "expect_column_values_to_be_null": ("column",),
    "expect_column_values_to_be_between": ("column", "min_value", "max_value"),
    "expect_column_values_to_be_in_set": ("column", "value_set"),
    "expect_column_pair_values_a_to_be_greater_than_b": ("column_A", "column_B", "or_equal", "ignore_row_if"),
    "expect_table_row_count_to_equal": ("value",),
    "unexpected_rows_expectation": (QUERY,),
}
"""Types of Great Expectations that a suite may use, with their arguments: what runs in the database, row by row."""
OF_COLUMNS = ("column", "column_A", "column_B")
PARAMETERS = ("rows", "earliest", "latest")
"""What a suite may leave to the run: rows that the table must have, first and last moment, seconds since 1970."""
PARAMETER = "$PARAMETER"
JOIN = re.compile(r"\bJOIN\b", re.IGNORECASE)


class Part(BaseModel):
    """What every block of a suite shares: unknown keys are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class Expectation(Part):
    """One expectation."""

    says: str
    """A sentence for people."""
    severity: Literal["stop", "tell"]
    type: str
    kwargs: dict[str, Any]
    next: str = ""
    """What to do where it is not met, if there is something; ``{engagement}`` stands for the engagement's name."""
    of: str = ""
    """The field that one that stops is about (``message.public``): where an account does not keep it, it is counted."""

    @property
    def stops(self) -> bool:
        """Whether a step is not done where this is not met."""
        return self.severity == "stop"


class Suite(Part):
    """What is expected of one table of facts."""

    title: str
    objects: Annotated[tuple[str, ...], Field(min_length=1)]
    """The objects of the map, or what travels inside tickets, that it is about."""
    source: str = Field(alias="from")
    """A table in a stage; or what of an account was read back."""
    key: str
    """How a row is named: a column, or a template (``{TicketID}-{CustomFieldID}``)."""
    columns: dict[str, str] = {}
    """Column of the facts to what is taken for it: see :mod:`migrator_lib.expectations.columns`."""
    index: tuple[str, ...] = ()
    """Columns of the facts by which others look up."""
    expectations: tuple[Expectation, ...]
    name: str = ""
    """Name of the table of facts, which is the file's."""

    def facts(self, gate: Gate) -> list[Column]:
        """Return the columns of the table of facts, its key first.

        Raises:
            Problem: one of them is taken from what is not there, or would hold a text as it is.
        """
        return (staged_columns if gate == "staged" else target_columns)(self.source, self.key, self.columns)


def without(found: Sequence[Suite], not_kept: Collection[str]) -> tuple[Suite, ...]:
    """Return suites for an account that does not keep some fields: what is about one of these stops nothing."""

    def told(one: Expectation) -> Expectation:
        return one.model_copy(update={"severity": "tell"}) if one.of and one.of in not_kept else one

    return tuple(one.model_copy(update={"expectations": tuple(map(told, one.expectations))}) for one in found)


@cache
def suites(gate: Gate) -> tuple[Suite, ...]:
    """Return the suites of a gate, in the order of the object map, each with what is expected of every table.

    Raises:
        ParameterError: naming file and line of what is wrong in one.
    """
    place = {name: number for number, name in enumerate(name for row in ROWS for name in row.names)}
    return tuple(sorted(load(FOLDER / gate, gate), key=lambda suite: min(place[name] for name in suite.objects)))


def load(folder: Path, gate: Gate) -> tuple[Suite, ...]:
    """Read the suites of a folder, and hold them against what there is.

    Raises:
        ParameterError: naming file and line of what is wrong.
    """
    files = sorted(file for file in folder.glob("*.yaml") if file.stem != EVERY)
    common = _every(folder / f"{EVERY}.yaml")
    found = [(file, _read(file, common)) for file in files]
    with sqlite3.connect(":memory:") as empty:
        for file, suite in found:
            _make_table(empty, file, suite, gate)
        for file, suite in found:
            for number, expectation in enumerate(suite.expectations):
                _check(empty, file, suite, gate, number, expectation)
    empty.close()
    return tuple(suite for _, suite in found)


def digest(found: tuple[Suite, ...]) -> str:
    """Return the SHA-256 of suites: another one where anything is expected otherwise."""
    text = json.dumps([suite.model_dump(mode="json") for suite in found], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


# --- reading -------------------------------------------------------------------------------------------


def _safely(file: Path) -> Any:
    """Return what a file holds, by the quick reader; the slow one, which knows lines, is for files with errors."""
    text = read_text(file)
    try:
        return YAML(typ="safe").load(text)
    except YAMLError:
        return parse_yaml(text, file)


def _every(file: Path) -> list[Any]:
    return list(_safely(file)["expectations"]) if file.exists() else []


def _read(file: Path, common: list[Any]) -> Suite:
    document = _safely(file)
    if not isinstance(document, dict):
        _refuse(file, (), "this is no suite: it holds no keys")
    own = document.get("expectations") or []
    try:
        return Suite.model_validate({**document, "name": file.stem, "expectations": [*own, *common]})
    except ValidationError as error:
        problems = error.errors(include_url=False, include_input=False)
        words = "; ".join(f"{'.'.join(map(str, one['loc']))}: {one['msg'].lower()}" for one in problems)
        _refuse(file, problems[0]["loc"], words)


def _refuse(file: Path, path: tuple[int | str, ...], words: str) -> NoReturn:
    line = line_of(parse_yaml(read_text(file), file), path)
    raise ParameterError(
        f"{file.parent.name}/{file.name}, line {line}: {words}.",
        next_step=f"mend {file}; its neighbours show how a suite is written.",
    )


# --- held against what there is --------------------------------------------------------------------------


def create(suite: Suite, gate: Gate) -> str:
    """Return the statement that makes a suite's table of facts.

    Raises:
        Problem: see :meth:`Suite.facts`.
    """
    return f"CREATE TABLE {suite.name} ({', '.join(f'{one.name} {one.type}' for one in suite.facts(gate))})"


def _make_table(empty: sqlite3.Connection, file: Path, suite: Suite, gate: Gate) -> None:
    try:
        empty.execute(create(suite, gate))
    except Problem as problem:
        _refuse(file, problem.path, problem.words)
    except sqlite3.Error as error:
        _refuse(file, (), f"its facts cannot be a table: {error}")
    known = {one.name for one in suite.facts(gate)}
    for number, name in enumerate(suite.index):
        if name not in known:
            _refuse(file, ("index", number), f"index: there is no column '{name}' among its facts")


def _check(
    empty: sqlite3.Connection, file: Path, suite: Suite, gate: Gate, number: int, expectation: Expectation
) -> None:  # fmt: skip
    where = ("expectations", number)
    arguments = TYPES.get(expectation.type)
    if arguments is None:
        _refuse(file, (*where, "type"), f"type: '{expectation.type}' is none of {', '.join(TYPES)}")
    for name in expectation.kwargs:
        if name not in arguments:
            _refuse(file, (*where, "kwargs", name), f"kwargs: {expectation.type} takes no '{name}'")
    if expectation.stops and not expectation.next:
        _refuse(file, (*where, "severity"), "severity: what stops a run needs 'next', what to do then")
    known = {one.name for one in suite.facts(gate)}
    for name in OF_COLUMNS:
        column = expectation.kwargs.get(name)
        if name in arguments and column not in known:
            _refuse(file, (*where, "kwargs", name), f"{name}: there is no column '{column}' among its facts")
    for asked in _parameters(expectation.kwargs):
        if asked not in PARAMETERS:
            _refuse(file, (*where, "kwargs"), f"kwargs: '{asked}' is none of {', '.join(PARAMETERS)}")
    if QUERY in arguments:
        _check_query(empty, file, suite, where, str(expectation.kwargs.get(QUERY, "")))


def _check_query(
    empty: sqlite3.Connection, file: Path, suite: Suite, where: tuple[str | int, ...], query: str
) -> None:  # fmt: skip
    """Prepare a query against empty tables: it must select the key of its own table, and name what there is."""
    path = (*where, "kwargs", QUERY)
    if "{batch}" not in query or re.search(r"[{}]", query.replace("{batch}", "")):
        _refuse(file, path, f"{QUERY}: the table is written {{batch}}, and nothing else stands in braces")
    try:
        row = empty.execute(asked_of(query, suite.name))
    except sqlite3.Error as error:
        _refuse(file, path, f"{QUERY}: {error}")
    if [column[0] for column in row.description] != ["key"]:
        _refuse(file, path, f"{QUERY}: it selects the key of the rows that are not as expected, and nothing else")


def _parameters(node: Any) -> Iterator[str]:
    if isinstance(node, Mapping):
        for name, value in node.items():
            yield from [str(value)] if name == PARAMETER else _parameters(value)


def asked_of(query: str, table: str) -> str:
    """Return a query with its table in the place of ``{batch}``, as Great Expectations puts it there.

    It gives a table a name of its own, unless the query joins (great_expectations.expectations.metrics,
    query_metric_provider): only one that does can name it itself.
    """
    batch = f"(SELECT * FROM {table})"  # noqa: S608 (the name of a suite)
    return query.replace("{batch}", batch if JOIN.search(query) else f"{batch} AS subselect").rstrip("; \n")
