"""The page of all engagements: what runs now is told as long as it says something."""

from __future__ import annotations

import json
import os
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from migrator_lib.evidence import overview
from migrator_lib.progress import Snapshot

ENDED = 1_000_000.0
"""When the summary was written, in seconds since the epoch."""
DOCUMENT: dict[str, Any] = {
    "engagement": "oakline",
    "company": "Oakline",
    "status": {"tone": "warn", "text": "Not complete: 05_load is next."},
    "objects": {
        "ticket": {"source": 10, "validated": 3, "changed": 1, "merged": 1, "skipped": 1, "handed_over": 0,
                   "quarantined": 2},
        "news_item": {"source": 2, "validated": 0, "merged": 0, "skipped": 0, "handed_over": 2, "quarantined": 0},
    },
    "step": "05_load",
    "left_seconds": 7200,
    "last_gate": {"gate": "sample", "by": "O. Ek", "on": "2026-11-20"},
    "finished_at": None,
}  # fmt: skip


def running(folder: Path, at: float) -> Path:
    """Return the summary of an engagement whose step said something at a moment."""
    (folder / "state").mkdir(parents=True)
    snapshot = Snapshot("05_load", "Ticket", 40, 100, 2.0, 30.0, at)
    (folder / "state" / "progress.json").write_text(json.dumps(asdict(snapshot)))
    summary = folder / "summary.json"
    summary.write_text(json.dumps(DOCUMENT))
    os.utime(summary, (ENDED, ENDED))
    return summary


@pytest.mark.parametrize(
    ("at", "now", "runs"),
    [
        (ENDED + 60, ENDED + 61, True),
        (ENDED - 1, ENDED + 1, False),  # of the step that ended
        (ENDED + 60, ENDED + 61 + overview.FRESH_SECONDS, False),  # killed long ago
    ],
    ids=["at work", "ended", "killed"],
)
def test_a_step_runs_while_it_says_something_that_is_newer_than_the_last_ones_end(
    tmp_path: Path, at: float, now: float, runs: bool
) -> None:
    assert (overview.at_work(running(tmp_path, at), now=now) is not None) == runs


def test_no_progress_is_no_running_step(tmp_path: Path) -> None:
    summary = tmp_path / "summary.json"
    summary.write_text("{}")
    assert overview.at_work(summary) is None


def test_a_row_says_what_is_done_and_left() -> None:
    snapshot = Snapshot("05_load", "Ticket", 40, 100, 2.0, 30.0, 1.0)
    row = overview.row(DOCUMENT, "oakline", snapshot)
    assert row["share_done"] == pytest.approx(8 / 12)
    assert (row["quarantined"], row["left_seconds"], row["href"]) == (2, 30.0, "oakline/index.html")
    still = overview.row(DOCUMENT, "oakline", None)
    assert (still["left_seconds"], still["estimated_seconds"], still["step"]) == (None, 7200, "05_load")


@pytest.mark.parametrize("broken", ["", "{", "[]", "{}", '{"objects": 3}', '{"objects": {"ticket": {}}}', "\udcff"])
def test_a_summary_that_cannot_be_read_takes_no_other_line_away(tmp_path: Path, broken: str) -> None:
    running(tmp_path / "oakline", ENDED)
    (tmp_path / "tarn").mkdir()
    (tmp_path / "tarn" / "summary.json").write_bytes(broken.encode(errors="surrogateescape"))
    page = overview.write(tmp_path).read_text(encoding="utf-8")
    assert "2 engagements: 1 not complete, 1 needs attention." in page
    assert page.index("Oakline") < page.index("tarn/index.html") < page.index("Its summary.json cannot be read")


def test_what_is_verified_of_no_account_is_no_share_of_the_source() -> None:
    notes = {"source": 0, "validated": 90, "merged": 0, "skipped": 0, "handed_over": 0, "quarantined": 0}
    row = overview.row({**DOCUMENT, "objects": {**DOCUMENT["objects"], "added_note": notes}}, "oakline", None)
    assert row["share_done"] == pytest.approx(8 / 12)


def test_the_page_has_every_engagement_with_what_runs(tmp_path: Path) -> None:
    running(tmp_path / "oakline", ENDED)
    running(tmp_path / "tarn", 4e9)  # later than whatever clock this test sees, so it is not too old
    page = overview.write(tmp_path).read_text(encoding="utf-8")
    assert page.count("05 load: Ticket") == 1
    assert page.index("oakline/index.html") < page.index("tarn/index.html") < page.index("05 load: Ticket")
    assert "about 2 h 0 min" in page
