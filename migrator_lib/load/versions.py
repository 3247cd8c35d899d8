"""The payload that a ticket was sent with, made again from the stage that held it then.

The ledger keeps the hash of what was sent, not the payload. Stages are kept, so an earlier version of a ticket is
there, and its hash tells whether the mapping still makes of it what was sent.
"""

from __future__ import annotations

import threading

from migrator_lib.gorgias.api import Json
from migrator_lib.lookups import Lookups
from migrator_lib.objects import TICKET
from migrator_lib.objects.base import Record, Send
from migrator_lib.staging import Staged


class Versions:
    """Earlier versions of tickets. Safe to share between workers."""

    def __init__(self, staged: Staged, lookups: Lookups) -> None:
        self._folders = staged.folders
        self._lookups = lookups
        self._lock = threading.Lock()
        self._earlier: dict[int, Staged] = {}

    def payload(self, ticket: int, digest: str) -> Json | None:
        """Return the payload of a ticket that has this hash; None where no stage makes it."""
        for stages in range(len(self._folders), 0, -1):
            with self._lock:  # what a stage knows of its files is filled while it is read
                found = self._as_of(stages, ticket)
            if found is not None and found.hash == digest:
                return found.payload
        return None

    def _as_of(self, stages: int, ticket: int) -> Send | None:
        """Return what becomes of a ticket as the first so many stages hold it."""
        staged = self._earlier.setdefault(stages, Staged(self._folders[:stages]))
        for batch in staged.tickets_in_order([ticket]):
            outcome = TICKET.transform(Record(str(ticket), batch[0]), self._lookups)
            return outcome if isinstance(outcome, Send) else None
        return None
