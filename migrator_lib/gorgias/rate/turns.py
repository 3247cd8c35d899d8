"""How many workers are at work at a time: as many as the rate and the time on the way need, and no more.

Whoever waits at the gate with a record in hand is one too many: its intent is in the ledger, and would have to be
looked up if the machine died. Whoever finds the gate open shows that one more could work.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

FEWEST = 2
FEWER = 0.25
"""How much a crowd at the gate takes from the number of workers; an open gate adds one at once."""


class Turns:
    """Workers take turns; how many have one at a time follows what the gate sees."""

    def __init__(self) -> None:
        self.most = 1
        """The ceiling."""
        self._wanted = float(FEWEST)
        self._working = 0
        self._changed = threading.Condition()

    @property
    def wanted(self) -> int:
        """How many may work at a time."""
        return max(1, min(self.most, round(self._wanted)))

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Wait for a turn, and have it for the length of a block."""
        with self._changed:
            self._changed.wait_for(lambda: self._working < self.wanted)
            self._working += 1
        try:
            yield
        finally:
            with self._changed:
                self._working -= 1
                self._changed.notify_all()

    def passed(self, *, waited: bool, waiting: int) -> None:
        """Learn from a call that passed the gate.

        Args:
            waited: whether it had to wait.
            waiting: how many others wait still.
        """
        with self._changed:
            if not waited and not waiting:
                self._wanted = min(self.most, self._wanted + 1)
                self._changed.notify_all()
            elif waiting > 1:
                self._wanted = max(FEWEST, self._wanted - FEWER)
