"""The payload that a ticket was sent with, made again from the stage that held it then.

The ledger keeps the hash of what was sent, not the payload. Stages are kept, and so are the recipes that were loaded
by, so an earlier version of a ticket is there, and its hash tells which of them made of it what was sent.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from functools import cached_property

from migrator_lib.gorgias.api import Json
from migrator_lib.lookups import Lookups
from migrator_lib.objects import CONVERSATIONS
from migrator_lib.objects.base import Send
from migrator_lib.objects.conversation import Conversation
from migrator_lib.staging import Staged


class Versions:
    """Earlier versions of tickets, chats and call logs. Safe to share between workers."""

    def __init__(
        self, staged: Staged, lookups: Lookups, earlier: Callable[[], Sequence[Lookups]] = tuple
    ) -> None:  # fmt: skip
        """Take what is loaded now, and how to get the same look-ups by earlier recipes."""
        self._folders = staged.folders
        self._now, self._by_earlier_recipes = lookups, earlier
        self._lock = threading.Lock()
        self._earlier: dict[int, Staged] = {}

    def payload(self, obj: str, key: int, digest: str) -> Json | None:
        """Return the payload of a ticket (chat, call log) that has this hash; None where no stage makes it."""
        conversation = next(one for one in CONVERSATIONS if one.name == obj)
        for stages in range(len(self._folders), 0, -1):
            with self._lock:  # what a stage knows of its files is filled while it is read
                found = self._as_of(stages, conversation, key, digest)
            if found is not None:
                return found.payload
        return None

    @cached_property
    def _lookups(self) -> list[Lookups]:
        return [self._now, *self._by_earlier_recipes()]

    def _as_of(self, stages: int, conversation: Conversation, key: int, digest: str) -> Send | None:
        """Return what becomes of it as the first so many stages hold it, if a recipe makes what was sent."""
        staged = self._earlier.setdefault(stages, Staged(self._folders[:stages]))
        record = next(conversation.in_order(staged, self._now, [key]), None)
        if record is not None:
            for lookups in self._lookups:
                outcome = conversation.transform(record, lookups)
                if isinstance(outcome, Send) and outcome.hash == digest:
                    return outcome
        return None
