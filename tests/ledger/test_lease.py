"""The lease: one process writes, and another one is told who, since when and how to take over."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from migrator_lib.errors import LeaseHeld
from migrator_lib.ledger import LEASE_SECONDS, Ledger
from migrator_lib.ledger.lease import this_process
from tests.ledger.ledgers import PRODUCTION, Place, created, pending, raw


def _another_process(place: Place, *, end: str = "") -> subprocess.Popen[str]:
    """Start a process that holds the lease, until its input ends."""
    code = (
        "import sys; from migrator_lib.ledger import Ledger\n"
        f"ledger = {place.code}; ledger.take_lease()\n"
        "print('held', flush=True); sys.stdin.read()\n" + end
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        cwd=Path(__file__).parents[2],
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stdout.readline().strip() == "held"
    return process


def test_a_second_process_is_refused_and_told_who_and_since_when_and_how_to_take_over(
    place: Place, ledger: Ledger
) -> None:
    process = _another_process(place)
    try:
        with pytest.raises(LeaseHeld) as caught:
            ledger.take_lease()
        assert f"process {process.pid}, since {datetime.now(UTC):%Y-}" in caught.value.message
        assert f"{LEASE_SECONDS} s is free by itself" in caught.value.next_step
        assert "migrator ledger take-over" in caught.value.next_step
        assert ledger.lease() is not None
    finally:
        process.kill()
        process.communicate()
    ledger.take_lease()


@pytest.mark.parametrize("place", ["sqlite"], indirect=True)
def test_the_lease_of_a_process_that_was_killed_is_free_at_once(place: Place, ledger: Ledger) -> None:
    process = _another_process(place)
    process.kill()
    process.communicate()
    assert ledger.lease() is None
    ledger.take_lease()
    assert f"process {os.getpid()}" in (ledger.lease() or "")


@pytest.mark.parametrize("place", ["sqlite"], indirect=True)
def test_a_process_that_ends_well_gives_the_lease_back(place: Place, ledger: Ledger) -> None:
    process = _another_process(place, end="ledger.close()")
    process.communicate()
    assert raw(ledger, "SELECT count(*) FROM lease") == [(0,)]


@pytest.mark.parametrize(("age", "free"), [(LEASE_SECONDS - 5, False), (LEASE_SECONDS + 1, True)])
def test_a_lease_of_another_machine_is_free_when_it_was_not_seen_for_a_minute(
    ledger: Ledger, age: int, free: bool
) -> None:
    seen = (datetime.now(UTC) - timedelta(seconds=age)).isoformat()
    raw(ledger, "INSERT INTO lease VALUES (1, 'h', 'far-away process 1', ?, ?, 'far away', 1, '')", seen, seen)
    if free:
        ledger.take_lease()
    else:
        with pytest.raises(LeaseHeld, match="far-away process 1"):
            ledger.take_lease()


def test_this_very_process_is_told_that_it_holds_the_lease_itself(place: Place, ledger: Ledger) -> None:
    ledger.take_lease()
    ledger.take_lease()  # again is nothing new
    other = place.open("run-2")
    with pytest.raises(LeaseHeld) as caught:
        other.take_lease()
    assert "this very process" in caught.value.next_step
    other.close()
    ledger.renew_lease()


def test_who_was_taken_over_cannot_write_an_intent_any_more(place: Place, ledger: Ledger) -> None:
    ledger.take_lease()
    ledger.intend(PRODUCTION, pending("1"))
    other = place.open("run-2")
    other.take_lease(take_over=True)
    for write in (
        lambda: ledger.intend(PRODUCTION, pending("2")),
        lambda: ledger.settle(PRODUCTION, [created("1")]),
        ledger.renew_lease,
    ):
        with pytest.raises(LeaseHeld, match="taken over"):
            write()
    assert other.counts(PRODUCTION) == {"ticket": {"pending": 1}}
    ledger.close()
    other.renew_lease()
    assert other.lease() is not None, "the lease of the other must not go with it"
    other.close()


def test_every_write_renews_the_lease(ledger: Ledger) -> None:
    ledger.take_lease()
    raw(ledger, "UPDATE lease SET seen_at = '2020-01-01T00:00:00+00:00'")
    assert ledger.lease() is None
    ledger.settle(PRODUCTION, [created("1")])
    assert ledger.lease() is not None


def test_without_a_lease_nothing_is_renewed_or_given_back(ledger: Ledger) -> None:
    ledger.renew_lease()
    ledger.release_lease()
    assert ledger.lease() is None


def test_a_take_over_stands_in_the_journal(place: Place, ledger: Ledger) -> None:
    ledger.take_lease()
    held = ledger.lease()
    other = place.open("run-2")
    other.take_lease(take_over=True)
    assert raw(ledger, "SELECT event, detail FROM journal") == [("taken_over", f'{{"from": "{held}"}}')]
    assert other.verify() == 1


def test_a_process_of_another_machine_of_the_same_name_is_not_taken_for_dead(ledger: Ledger) -> None:
    seen = datetime.now(UTC).isoformat()
    gone = this_process() | {"pid": 2**22 + 1, "machine": "a machine of the same name"}
    values = (gone["process"], seen, seen, gone["machine"], gone["pid"], gone["started"])
    raw(ledger, "INSERT INTO lease VALUES (1, 'h', ?, ?, ?, ?, ?, ?)", *values)
    with pytest.raises(LeaseHeld):
        ledger.take_lease()


def test_a_process_that_got_the_number_of_one_that_is_gone_does_not_hold_its_lease(
    place: Place, ledger: Ledger
) -> None:
    ledger.take_lease()
    raw(ledger, "UPDATE lease SET started = started || '1', holder = 'h'")  # same machine and number, started later
    place.open("run-2").take_lease()
