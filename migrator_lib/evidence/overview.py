"""``reports/index.html``: every engagement in one table, with what is at work now.

It is made of ``summary.json`` of each engagement, and of the progress of a step that runs, so it needs no ledger: where
a batch runs, each step that ends makes it anew for all of them.
"""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from migrator_lib import pages, progress
from migrator_lib.evidence.index import Row, moment
from migrator_lib.progress import Snapshot, duration

COMPLETE, EXCEPTIONS, OPEN, ATTENTION = "complete", "complete with exceptions", "not complete", "needs attention"
WIDE = """
main, footer { max-width: 92rem; }
table.data :is(th, td) { padding-inline: .5rem; }
table.data td:nth-child(3) { min-width: 13.5rem; }
@page { size: A4 landscape; }
"""
"""A style for the table of engagements."""
LEFT_IN_WORDS = (
    "Done: records that are verified in Gorgias, or settled by a rule. Time left: of what a running step does now, as "
    "fast as it goes; before the load, about what the audit estimates for it."
)
BY_RULE = ("merged", "skipped", "handed_over")
"""Outcomes that settle a record without a copy of it in Gorgias."""
FRESH_SECONDS = 600.0
"""A step that has said nothing for longer is not said to run."""


def page(engagements: Sequence[Row]) -> str:
    """Return ``reports/index.html``.

    Args:
        engagements: ``engagement, company, status`` (``tone, text``), ``step`` (that is next, empty at the end),
            ``running`` (its :class:`~migrator_lib.progress.Snapshot`, or None), ``share_done`` (0 to 1, or None),
            ``quarantined``, ``left_seconds`` (of the running step, or None), ``estimated_seconds`` (of the load, before
            it is done, or None), ``last_gate`` (``gate, by, on``, or None), ``finished_at`` (ISO or None) and ``href``
            (relative link).
    """
    tones = {engagement["status"]["tone"] for engagement in engagements}
    tone: pages.Tone = "bad" if "bad" in tones else "warn" if "warn" in tones else "good"
    states = Counter(_state(engagement["status"]) for engagement in engagements)
    found = [pages.counted(states[ATTENTION], ATTENTION, "need attention")] if states[ATTENTION] else []
    counted = ", ".join([*(f"{states[one]:,} {one}" for one in (COMPLETE, EXCEPTIONS, OPEN) if states[one]), *found])
    body = [
        pages.heading("Engagements", 1),
        pages.tag("p", "Help desk migrations from SmarterTrack to Gorgias.", class_="subtitle"),
        pages.status(
            f"{pages.counted(len(engagements), 'engagement')}: {counted}." if engagements else "No engagement yet.",
            tone,
        ),
        pages.table([_line(engagement) for engagement in engagements], empty="No engagement was run yet."),
        pages.note(LEFT_IN_WORDS) if engagements else "",
    ]
    return pages.document("Engagements", pages.join(body), extra_style=WIDE)


def _state(status: Row) -> str:
    """Return in a word or two where an engagement stands."""
    if status["tone"] == "warn":
        return EXCEPTIONS if status["text"].startswith("Complete") else OPEN
    return COMPLETE if status["tone"] == "good" else ATTENTION


def _told(status: Row) -> str:
    """Return what is said of it beyond that."""
    first, found, more = status["text"].partition(": ")
    return str(more if found and first in ("Not complete", "Complete", "Complete, with exceptions") else status["text"])


def _line(engagement: Row) -> dict[str, object]:
    status, gate = engagement["status"], engagement["last_gate"] or {}
    on = [" on ", pages.tag("time", str(gate["on"])[:10])] if gate else []
    return {
        "Engagement": pages.link(engagement["href"], engagement["engagement"]),
        "Company": engagement["company"],
        "State": pages.join([pages.badge(_state(status), status["tone"]), " ", _told(status)]),
        "Step": _stands(engagement["step"], engagement["running"]),
        "Done": "" if engagement["share_done"] is None else pages.tag("time", pages.share(engagement["share_done"])),
        "Quarantined": engagement["quarantined"],
        "Time left": pages.tag("time", _left(engagement)),
        "Last gate": pages.join([str(gate.get("gate", "")).replace("_", " "), *on]),
        "Finished": moment(engagement["finished_at"]),
    }


def _stands(step: str, running: Snapshot | None) -> object:
    """Return the step that runs, with how far its present stage is; else the one that is next."""
    if running is None:
        return step.replace("_", " ")
    words = [running.step.replace("_", " "), ": ", running.what]
    share = [" ", pages.share(min(1.0, running.done / running.total))] if running.total else []
    return pages.join([*words, *share])


def _left(engagement: Row) -> str:
    """Return the time left: of the stage that runs, as it goes now; before the load, what the audit estimates."""
    if engagement["running"] is not None:
        seconds = engagement["left_seconds"]
        return "" if seconds is None else duration(seconds)
    estimated = engagement["estimated_seconds"]
    return "" if estimated is None else f"about {duration(estimated)}"


def write(reports: Path) -> Path:
    """Write the page of all engagements below this folder, and return it.

    Raises:
        StorageError: it cannot be written.
    """
    rows = [_row_of(file) for file in sorted(reports.glob("*/summary.json"))]
    return pages.write(reports / "index.html", page(rows))


def _row_of(summary: Path) -> dict[str, Any]:
    """Return one engagement's line; one whose summary is broken, or of another version, keeps none of the others."""
    try:
        return row(json.loads(summary.read_text(encoding="utf-8")), summary.parent.name, at_work(summary))
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        return unreadable(summary.parent.name)


def unreadable(folder: str) -> dict[str, Any]:
    """Return the line of an engagement whose summary cannot be read."""
    words = "Its summary.json cannot be read: it is written anew when a step ends."
    return {
        "engagement": folder, "company": "", "status": {"tone": "bad", "text": words}, "step": "", "running": None,
        "share_done": None, "quarantined": None, "left_seconds": None, "estimated_seconds": None, "last_gate": None,
        "finished_at": None, "href": f"{folder}/index.html",
    }  # fmt: skip


def at_work(summary: Path, *, now: float | None = None) -> Snapshot | None:
    """Return the progress of a step that runs; None where none has said anything since the last one ended.

    Args:
        summary: ``summary.json`` of the engagement, which is written whenever a step ends.
        now: seconds since the epoch; the present, if not given.
    """
    seen = progress.read(summary.parent / "state" / "progress.json")
    if seen is None or seen.at <= summary.stat().st_mtime:
        return None
    return seen if (time.time() if now is None else now) - seen.at <= FRESH_SECONDS else None


def row(document: dict[str, Any], folder: str, running: Snapshot | None) -> dict[str, Any]:
    """Return one engagement's line, for :func:`page`."""
    objects = document["objects"].values()
    source = sum(one["source"] for one in objects)
    settled = sum(
        min(one["source"], sum(one.get(state) or 0 for state in ("validated", "changed", *BY_RULE))) for one in objects
    )
    return {
        "engagement": document["engagement"],
        "company": document["company"],
        "status": document["status"],
        "step": document.get("step", ""),
        "running": running,
        "share_done": min(1.0, settled / source) if source else 0.0,
        "quarantined": sum(one["quarantined"] for one in objects),
        "left_seconds": running.seconds_left if running else None,
        "estimated_seconds": document.get("left_seconds"),
        "last_gate": document.get("last_gate"),
        "finished_at": document["finished_at"],
        "href": f"{folder}/index.html",
    }
