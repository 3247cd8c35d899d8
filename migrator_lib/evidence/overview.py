"""``reports/index.html``: every engagement in one table, with what is at work now.

It is made of ``summary.json`` of each engagement, and of the progress of a step that runs, so it needs no ledger: where
a batch runs, each step that ends makes it anew for all of them.
"""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

from migrator_lib import pages, progress
from migrator_lib.evidence import index
from migrator_lib.progress import Snapshot

FRESH_SECONDS = 600.0
"""A step that has said nothing for longer is not said to run."""


def write(reports: Path) -> Path:
    """Write the page of all engagements below this folder, and return it.

    Raises:
        StorageError: it cannot be written.
    """
    rows = []
    for file in sorted(reports.glob("*/summary.json")):
        document = json.loads(file.read_text(encoding="utf-8"))
        rows.append(row(document, file.parent.name, at_work(file)))
    return pages.write(reports / "index.html", index.overview_page(rows))


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
    """Return one engagement's line, for :func:`~migrator_lib.evidence.index.overview_page`."""
    objects = document["objects"].values()
    source = sum(one["source"] for one in objects)
    settled = sum(
        one["validated"] + one.get("changed", 0) + one["merged"] + one["skipped"] + one["handed_over"]
        for one in objects
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
