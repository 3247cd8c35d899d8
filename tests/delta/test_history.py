"""The history of deltas: what each held, and what it took to load."""

from __future__ import annotations

from pathlib import Path

from migrator_lib.delta import history
from migrator_lib.delta.history import Delta
from migrator_lib.ledger import Ledger


def test_a_delta_is_kept_once_and_what_was_purged_adds_up(tmp_path: Path) -> None:
    ledger = Ledger.in_folder(tmp_path, inline=True)
    for purged, delta in (
        ({4, 2}, Delta("delta-001", "then", 5, 6, 1.0)),
        ({3}, Delta("delta-001", "again", 7, 8, 2.0)),
    ):
        history.note_purged(ledger, purged)
        history.note_read(ledger, delta)
    assert history.deltas(ledger) == [Delta("delta-001", "again", 7, 8, 2.0)]
    assert ledger.meta(history.PURGED) == [2, 3, 4]
    history.forget(ledger)
    assert (history.deltas(ledger), ledger.meta(history.PURGED)) == ([], [])
    ledger.close()


def test_what_a_load_took_is_kept_for_all_deltas_that_it_brought(tmp_path: Path) -> None:
    ledger = Ledger.in_folder(tmp_path, inline=True)
    for stage in ("delta-001", "delta-002", "delta-003"):
        history.note_read(ledger, Delta(stage, "then", 1, 1, 1.0))
    history.note_loaded(ledger, ["delta-001"], "first", None, 900)
    history.note_loaded(ledger, ["delta-002", "delta-003"], "second", 61.24, 90)
    told = [(one.loaded_at, one.load_seconds, one.calls, list(one.loaded_with)) for one in history.deltas(ledger)]
    assert told == [
        ("first", None, None, []),  # with the full extract
        ("second", 61.2, 90, ["delta-003"]),
        ("second", 61.2, 90, ["delta-002"]),
    ]
    ledger.close()
