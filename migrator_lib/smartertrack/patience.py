"""A database that goes away for a while: what was being read is read again, until it is back or patience ends."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError
from tenacity import RetryCallState, Retrying, retry_if_exception, stop_after_delay, wait_exponential

from migrator_lib.errors import SourceError, SourceUnreachable
from migrator_lib.progress import duration
from migrator_lib.smartertrack.failures import CONNECTING, TOO_SLOW

T = TypeVar("T")
PATIENCE_SECONDS = 120.0
PASSING = ("database is locked", "deadlock", "conflict with recovery")
"""Words of errors that pass: SQLite while somebody writes, a statement that was chosen to end a deadlock, or one of
PostgreSQL's standby that stood in the way of what its primary sent."""


def _quiet(_words: str) -> None:
    pass


@dataclass
class Patience:
    """Repeats what a lost connection cut off.

    It begins with the first answer: a server that was never reached is an error at once. What the database answers,
    that a password is wrong or a table missing, is an error at once too.
    """

    seconds: float = PATIENCE_SECONDS
    """How long to wait for a database that went away."""
    say: Callable[[str], None] = _quiet
    """Told in one line, again and again, what is waited for."""
    shortest: float = 0.5
    longest: float = 5.0
    """Seconds between one try and the next; the longest is also how often ``say`` is called."""
    _answered: bool = field(default=False, init=False)

    def __call__(self, read: Callable[[], T]) -> T:
        """Return what ``read`` returns; it is called anew where the connection was lost, so it must begin anew.

        Raises:
            SourceUnreachable: the database did not come back.
        """
        try:
            result = read()
        except SourceError as error:
            if not (self._answered and is_lost(error)):
                raise
            result = self._read_again(read, error)
        self._answered = True
        return result

    def stream(self, begin: Callable[[Any], Iterator[T]], after: Any, key_of: Callable[[T], Any]) -> Iterator[T]:
        """Yield what ``begin(after)`` yields; where the connection was lost, it begins anew behind what was yielded.

        Args:
            begin: called with the key behind which it is to begin.
            after: the first such key.
            key_of: returns the key that a part ends with, or None if it has none.

        Raises:
            SourceUnreachable: the database did not come back.
        """
        running: Iterator[T] | None = None

        def read() -> T | None:
            nonlocal running
            if running is None:
                running = begin(after)
            try:
                return next(running, None)
            except SourceError:
                running = None
                raise

        while (part := self(read)) is not None:
            key = key_of(part)
            after = after if key is None else key
            yield part

    def _read_again(self, read: Callable[[], T], lost: SourceError) -> T:
        self._tell(lost)
        retrying = Retrying(
            retry=retry_if_exception(is_lost),
            stop=stop_after_delay(self.seconds),
            wait=wait_exponential(self.shortest, max=self.longest, min=self.shortest),
            before_sleep=self._tell_of,
            sleep=lambda seconds: time.sleep(seconds),
            reraise=True,
        )
        try:
            return retrying(read)
        except SourceError as error:
            if not is_lost(error):
                raise
            raise SourceUnreachable(
                f"The SmarterTrack database went away and was not back within {duration(self.seconds)}. "
                f"{error.message}",
                next_step="see that the server is up and reachable from here, then run again: what is staged stays "
                "staged. Where it needs longer to come back, raise source.patience_seconds.",
            ) from error

    def _tell_of(self, state: RetryCallState) -> None:
        error = state.outcome.exception() if state.outcome else None
        if isinstance(error, SourceError):
            self._tell(error)

    def _tell(self, error: SourceError) -> None:
        self.say(f"Waiting up to {duration(self.seconds)} for the database. {error.message}")


def is_lost(error: BaseException) -> bool:
    """Return whether an error means that the connection is gone or was not made, and the same may work later.

    A statement that took too long would take as long again, though drivers give up the connection with it.
    """
    cause = error.__cause__
    if not isinstance(error, SourceUnreachable) or not isinstance(cause, DBAPIError) or TOO_SLOW.is_in(cause):
        return False
    return cause.connection_invalidated or any(words in str(cause.orig).lower() for words in PASSING)


def mark_failed_connects(engine: sa.Engine) -> None:
    """Let an error of an engine that came of connecting count as a lost connection, and say that it came of it."""

    def mark(context: sa.engine.ExceptionContext) -> None:
        if context.connection is None:
            context.is_disconnect = True
            if isinstance(context.sqlalchemy_exception, DBAPIError):
                context.sqlalchemy_exception.add_detail(CONNECTING)

    sa.event.listen(engine, "handle_error", mark)
