"""The two gates: staged data before it is loaded, and what was read back before it is forgotten.

What came of them is kept as ``expectations/staged.json`` and ``expectations/target.json`` beside the reports, and what
is expected as a document. Staged data is checked once for each state that it has: a load that follows a check of the
same chunks, by the same suites, does not repeat it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

from migrator_lib import pages
from migrator_lib.engagement import Engagement
from migrator_lib.errors import ExpectationsFailed, StorageError
from migrator_lib.expectations import facts, suites
from migrator_lib.expectations.pages import document
from migrator_lib.expectations.result import Result
from migrator_lib.expectations.suites import Gate
from migrator_lib.external_id import external_id

FOLDER = "expectations"
DOCUMENT = "expectations.html"
CHECKED = "expectations_staged"
"""Name in the ledger of what was checked last: its digest, and whether it was as it must be."""
WITHOUT = "Not checked: expectations.run is false in engagement.yaml."
EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)
TOLERANCE = timedelta(days=1)
"""How far clocks and time zones may be apart before a date lies in the future."""


def check_staged(engagement: Engagement) -> Result:
    """Check what is staged, with every delta laid over it; nothing where the engagement goes without.

    Raises:
        ExpectationsFailed: an expectation could not be checked at all. (What is not met, :meth:`Result.require` tells.)
        StorageError: the disk is full, or does not let us.
    """
    if not engagement.parameters.expectations.run:
        return Result(engagement.name, "staged", why=WITHOUT)
    known, file = suites.suites("staged"), _file(engagement, "staged")
    with engagement.progress.alive(), facts.facts_file(file) as made:
        rows = facts.of_stage(made, known, engagement.all_stages, engagement.progress)
        made.close()
        result = _run(engagement, "staged", file, rows, known)
    told = {"of": _digest(engagement), "well": not result.stops}
    engagement.ledger.set_meta(CHECKED, told)
    return result


def require_staged(engagement: Engagement) -> None:
    """Pass if what is staged is as it must be: checked before, or now where it changed since.

    Raises:
        ExpectationsFailed: it is not.
    """
    if not engagement.parameters.expectations.run:
        return
    kept = engagement.ledger.meta(CHECKED, {})
    if kept.get("of") != _digest(engagement) or not kept.get("well"):
        check_staged(engagement).require()


def check_target(engagement: Engagement, snapshot: Path) -> Result:
    """Check what was read back.

    Nothing is raised where it cannot be checked: everything that was read back is compared by then, and
    :meth:`Result.require` tells once that is kept and shown.

    Args:
        engagement: the migration.
        snapshot: the file of :class:`~migrator_lib.reconcile.readback.ReadBack`.
    """
    if not engagement.parameters.expectations.run:
        return Result(engagement.name, "target", why=WITHOUT)
    file, prefix = _file(engagement, "target"), external_id(engagement.name, "", "").removesuffix(":")
    try:
        known = suites.without(suites.suites("target"), engagement.behaviour.not_kept)
        with engagement.progress.alive(), facts.facts_file(file) as made:
            rows = facts.of_target(made, known, snapshot, prefix, engagement.progress)
            made.close()
            return _run(engagement, "target", file, rows, known)
    except (ExpectationsFailed, StorageError) as error:
        result = Result(engagement.name, "target", _now(engagement), failed=error.message, next=error.next_step)
        with suppress(StorageError):
            _keep(engagement, result)
        return result


def last(engagement: Engagement, gate: Gate) -> Result:
    """Return what came of a gate the last time."""
    if not engagement.parameters.expectations.run:
        return Result(engagement.name, gate, why=WITHOUT)
    file = engagement.paths.reports / FOLDER / f"{gate}.json"
    if not file.exists():
        return Result(engagement.name, gate, why="Not checked yet.")
    return Result.from_json(json.loads(file.read_text(encoding="utf-8")))


def _file(engagement: Engagement, gate: Gate) -> Path:
    return engagement.paths.state / FOLDER / f"{gate}.sqlite3"


def _run(
    engagement: Engagement, gate: Gate, file: Path, rows: dict[str, int], known: Sequence[suites.Suite]
) -> Result:  # fmt: skip
    """Check the facts, and keep what came of it."""
    from migrator_lib.expectations.running import run

    latest = engagement.clock_now + TOLERANCE
    bounds = {"earliest": int(EARLIEST.timestamp()), "latest": int(latest.timestamp())}
    checked = run(file, known, rows, bounds, engagement.progress)
    result = Result(engagement.name, gate, _now(engagement), tuple(checked))
    _keep(engagement, result)
    pages.write(engagement.paths.documents / DOCUMENT, document(engagement.parameters.company))
    return result


def _keep(engagement: Engagement, result: Result) -> None:
    text = json.dumps(result.as_json(), indent=1, ensure_ascii=False) + "\n"
    pages.write(engagement.paths.reports / FOLDER / f"{result.gate}.json", text)


def _now(engagement: Engagement) -> str:
    return engagement.clock_now.isoformat(timespec="seconds")


def _digest(engagement: Engagement) -> str:
    """Return the SHA-256 of what is staged and what is expected of it."""
    found = hashlib.sha256(suites.digest(suites.suites("staged")).encode())
    for stage in ("full", *engagement.ledger.meta("deltas", [])):
        for chunk in engagement.ledger.chunks(stage):
            found.update(f"{stage} {chunk['table']} {chunk['part']} {chunk['sha256']}\n".encode())
    return found.hexdigest()
