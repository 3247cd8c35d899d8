"""The retry rule, in one place, by class of error.

::

    429                                 not carried out: waited out by the gate, and sent again, whatever the method
    no connection was made              not carried out: sent again, whatever the method
    5xx, 408, time-out, reset, a        may have been carried out: GET, PUT and DELETE are sent again, since twice is
    reply that breaks off                   the same as once; a POST is Unanswered, for its sender to look up
    everything else                     final

A pause between tries grows from a second to a minute, and is never shorter than the server asks for. There is no
idempotency key (developers.gorgias.com, errors), so a POST has no other way.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from typing import TypeVar

import requests
from tenacity import RetryCallState, Retrying, retry_if_exception, stop_after_attempt, wait_exponential_jitter
from urllib3.exceptions import NewConnectionError

from migrator_lib.clock import Clock
from migrator_lib.errors import TargetUnreachable, Unanswered

T = TypeVar("T")
ATTEMPTS = 6
REPEATABLE = ("GET", "PUT", "DELETE")
"""Twice is the same as once."""
_GROWING = wait_exponential_jitter(initial=1, max=60, jitter=1)


class Fault(Exception):
    """One try came to nothing, for a reason that may pass."""

    def __init__(self, words: str, *, arrived: bool = True, retry_after: float = 0.0) -> None:
        self.words = words
        self.arrived = arrived
        """Whether the request may have been carried out."""
        self.retry_after = retry_after
        super().__init__(words)


class Throttled(Exception):
    """The answer was 429; the request was not carried out."""

    def __init__(self, retry_after: float) -> None:
        self.retry_after = retry_after
        super().__init__(f"429, to be sent again in {retry_after} s")


def fault_of_status(status: int, retry_after: str | None = None) -> Fault | None:
    """Return the fault that a status tells of, or None where the answer is final."""
    if status >= 500 or status == 408:
        return Fault(f"status {status}", retry_after=_number(retry_after) or 0.0)
    return None


def fault_of(error: requests.exceptions.RequestException) -> Fault:
    """Return what an exception of the way to the server means, without the URL that it shows: that holds a query."""
    return Fault(_words(error), arrived=not _never_arrived(error))


def throttled(header: str | None) -> Throttled:
    """Return what a 429 means; a second where its header says no number.

    A little more than the server asks for, and not the same everywhere, so that several machines, which were sent
    away together, do not come back together.
    """
    seconds = _number(header)
    seconds = 1.0 if seconds is None else max(0.1, seconds)
    return Throttled(seconds + random.uniform(0.0, 0.25 + 0.05 * seconds))


def _number(header: str | None) -> float | None:
    try:
        seconds = float(header or "")
    except ValueError:
        return None
    return seconds if math.isfinite(seconds) else None


def _reason(error: requests.exceptions.RequestException) -> object:
    """Return what lies beneath: urllib3's error, without the URL that requests puts before it."""
    first = error.args[0] if error.args else error
    return getattr(first, "reason", first)


def _never_arrived(error: requests.exceptions.RequestException) -> bool:
    """Whether the connection was not even made, so that nothing certainly happened."""
    return isinstance(error, requests.exceptions.ConnectTimeout) or isinstance(_reason(error), NewConnectionError)


def _words(error: requests.exceptions.RequestException) -> str:
    return str(_reason(error)).rpartition(": ")[2] or type(error).__name__


def _pause(state: RetryCallState) -> float:
    fault = state.outcome.exception() if state.outcome else None
    return max(_GROWING(state), fault.retry_after if isinstance(fault, Fault) else 0.0)


def settle(
    send: Callable[[bool], T],
    *,
    what: str,
    repeatable: bool,
    clock: Clock,
    hold: Callable[[float], None],
    host: str,
) -> T:
    """Send until the outcome is known, and return it.

    Args:
        send: one try; it is told whether an earlier one may have been carried out, and raises :class:`Fault` or
            :class:`Throttled`.
        what: method and path, for the words of an error.
        repeatable: whether twice is the same as once.
        clock: what pauses are spent on.
        hold: keeps every worker back for some seconds, since 429 concerns them all.
        host: who is asked, for the words of an error.

    Raises:
        Unanswered: it may have been carried out, and may not be repeated.
        TargetUnreachable: it keeps failing.
    """
    maybe_done = False

    def one_try() -> T:
        nonlocal maybe_done
        try:
            return _unthrottled(lambda: send(maybe_done), hold)
        except Fault as fault:
            maybe_done = maybe_done or fault.arrived
            raise

    def again(error: BaseException) -> bool:
        return isinstance(error, Fault) and (repeatable or not error.arrived)

    retrying = Retrying(
        retry=retry_if_exception(again), stop=stop_after_attempt(ATTEMPTS), wait=_pause, sleep=clock.sleep, reraise=True
    )
    try:
        return retrying(one_try)
    except Fault as fault:
        if maybe_done and not repeatable:
            raise Unanswered(f"{what} was not answered: {fault.words}") from None
        raise TargetUnreachable(
            f"Gorgias did not answer {what} after {ATTEMPTS} tries: {fault.words}",
            next_step=f"check that {host} can be reached from here, then run again: the run goes on where it stopped.",
        ) from None


def _unthrottled(send: Callable[[], T], hold: Callable[[float], None]) -> T:
    """Send as often as the answer is 429: that is no fault, so it uses up no try."""
    while True:
        try:
            return send()
        except Throttled as sent_away:
            hold(sent_away.retry_after)
