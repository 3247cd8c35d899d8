"""The retry rule by itself: what is sent again, what is in doubt, and what a fault of long ago still means."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import requests

from migrator_lib.clock import ManualClock
from migrator_lib.errors import TargetUnreachable, Unanswered
from migrator_lib.gorgias.retry import ATTEMPTS, Fault, Throttled, fault_of, fault_of_status, settle

NEVER_ARRIVED = Fault("refused", arrived=False)
BROKE_OFF = Fault("reset")


class Sender:
    """Does what comes next: raises a fault, or returns what it was told of earlier tries."""

    def __init__(self, *script: Exception) -> None:
        self.script = list(script)
        self.clock = ManualClock()
        self.held: list[float] = []
        self.told: list[bool] = []

    def __call__(self, sent_before: bool) -> bool:
        self.told.append(sent_before)
        if self.script:
            raise self.script.pop(0)
        return sent_before

    def settle(self, *, repeatable: bool) -> bool:
        return settle(
            self, what="X /api/y", repeatable=repeatable, clock=self.clock, hold=self.held.append, host="a.example"
        )


@pytest.mark.parametrize("repeatable", [True, False])
def test_what_goes_well_is_sent_once(repeatable: bool) -> None:
    sender = Sender()
    assert sender.settle(repeatable=repeatable) is False
    assert (sender.told, sender.clock.monotonic()) == ([False], 0)


def test_what_may_not_be_repeated_is_in_doubt_after_the_first_fault_that_leaves_it_open() -> None:
    sender = Sender(NEVER_ARRIVED, NEVER_ARRIVED, BROKE_OFF)
    with pytest.raises(Unanswered, match="X /api/y was not answered: reset"):
        sender.settle(repeatable=False)
    assert len(sender.told) == 3


def test_what_never_arrived_is_not_in_doubt() -> None:
    with pytest.raises(TargetUnreachable, match="refused"):
        Sender(*[NEVER_ARRIVED] * ATTEMPTS).settle(repeatable=False)


def test_a_fault_that_left_it_open_is_not_forgotten_over_later_ones() -> None:
    sender = Sender(NEVER_ARRIVED, BROKE_OFF, NEVER_ARRIVED, NEVER_ARRIVED)
    assert sender.settle(repeatable=True) is True
    assert sender.told == [False, False, True, True, True]


def test_429_holds_everybody_and_leaves_nothing_open() -> None:
    sender = Sender(*[Throttled(7.0)] * (2 * ATTEMPTS))
    assert sender.settle(repeatable=False) is False
    assert sender.held == [7.0] * (2 * ATTEMPTS)
    assert sender.clock.monotonic() == 0


def test_no_pause_is_longer_than_a_minute_but_for_the_server_that_asks_for_it() -> None:
    for asked, least, most in ((0.0, 31, 31 + ATTEMPTS), (90.0, 450, 451)):
        sender = Sender(*[Fault("503", retry_after=asked)] * (ATTEMPTS - 1))
        sender.settle(repeatable=True)
        assert least <= sender.clock.monotonic() <= most


@pytest.mark.parametrize(
    ("status", "may_pass"), [(200, False), (400, False), (404, False), (408, True), (409, False), (500, True)]
)  # fmt: skip
def test_which_statuses_may_pass(status: int, may_pass: bool) -> None:
    assert (fault_of_status(status) is not None) == may_pass


@pytest.mark.parametrize(
    ("make", "arrived"),
    [
        (requests.exceptions.ConnectTimeout, False),
        (requests.exceptions.ReadTimeout, True),
        (requests.exceptions.ChunkedEncodingError, True),
        (requests.exceptions.ContentDecodingError, True),
        (requests.exceptions.SSLError, True),
    ],
)
def test_only_a_connection_that_was_not_made_is_sure_to_have_carried_nothing(
    make: Callable[[str], requests.exceptions.RequestException], arrived: bool
) -> None:
    assert fault_of(make("x")).arrived is arrived
