"""What Gorgias fails on again and again, while it answers other calls.

One such record does not stop a run: it is put off, tried once more behind the others of its kind, and then quarantined.
It may be in Gorgias all the same, so the ledger marks it, and it is looked up before it is sent again. Where many fail
one behind the other it is the target that is at fault, and the run stops.
"""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterator
from contextlib import contextmanager

from migrator_lib.errors import RecordUnanswered, TargetUnreachable
from migrator_lib.ledger import PENDING, Entry

IN_A_ROW = 25
"""Records that Gorgias fails on one behind the other before it is taken for the target's fault, not theirs."""
UNSURE = "unsure"
"""In the detail of a quarantined record: it was sent, and may be in Gorgias."""


class Failing:
    """Counts what Gorgias failed on, and remembers what is to be tried once more. Safe to share between workers."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._in_a_row = 0
        self._put_off: dict[str, list[str]] = {}
        self.last_try = False
        """Whether what fails now is not tried again in this run."""

    def passed(self) -> None:
        """Note that Gorgias answered for a record."""
        with self._lock:
            self._in_a_row = 0

    def failed(self, obj: str, key: str, error: RecordUnanswered) -> None:
        """Note a record that Gorgias failed on.

        Raises:
            TargetUnreachable: it failed on many, one behind the other.
        """
        with self._lock:
            self._in_a_row += 1
            if not self.last_try:
                self._put_off.setdefault(obj, []).append(key)
            many = self._in_a_row >= IN_A_ROW
        if many:
            raise TargetUnreachable(
                f"Gorgias failed on {IN_A_ROW} records one behind the other; on the last one: {error.message}",
                next_step="look at Gorgias' status page; run again when it answers: what was sent is looked up first.",
            )

    def waits(self, obj: str, key: str, references: Collection[str]) -> bool:
        """Put a record off, too, if somebody whom it refers to (``requester:u12``) is put off; return whether."""
        with self._lock:
            waits = any(f"{kind}:{one}" in references for kind, keys in self._put_off.items() for one in keys)
            if waits and not self.last_try:
                self._put_off.setdefault(obj, []).append(key)
            return waits and not self.last_try

    def put_off(self, obj: str) -> list[str]:
        """Return the keys of an object's records that are to be tried once more, and forget them."""
        with self._lock:
            return self._put_off.pop(obj, [])

    @contextmanager
    def once_more(self) -> Iterator[None]:
        """The last try, for the length of a block."""
        self.last_try = True
        try:
            yield
        finally:
            self.last_try = False


def may_be_there(entry: Entry | None) -> bool:
    """Whether a record was sent and nobody knows what came of it: it is looked up before anything else is done."""
    return entry is not None and (entry.state == PENDING or (entry.target_id is None and UNSURE in entry.detail))
