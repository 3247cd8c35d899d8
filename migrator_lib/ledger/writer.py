"""Group commit: one thread writes what several workers hand in, many pieces of work in one transaction."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import Any

import sqlalchemy as sa

from migrator_lib.errors import LeaseHeld, LedgerUnreachable

GROUP = 500
"""Most pieces of work in one transaction."""
Work = Callable[[sa.Connection], Any]
Perform = Callable[[Work], Any]
"""Does work in one transaction, and returns its result when it is durable; may call it several times."""
_Item = tuple[Work, "Future[Any]"]


class InlineWriter:
    """Does each piece of work in a transaction of its own, in the thread that hands it in: nothing runs beside it."""

    def __init__(self, perform: Perform) -> None:
        self._perform = perform
        self._lock = threading.Lock()

    def submit(self, work: Work) -> Any:
        """Do ``work`` and return its result, once it is durable; raise what it raised."""
        with self._lock:
            return self._perform(work)

    def close(self) -> None:
        """Do nothing: nothing is queued."""


class GroupWriter:
    """Runs work in transactions, and returns from :meth:`submit` when it is on disk."""

    def __init__(self, perform: Perform) -> None:
        self._perform = perform
        self._lock = threading.Lock()
        self._queue: queue.SimpleQueue[_Item | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None

    def submit(self, work: Work) -> Any:
        """Do ``work`` and return its result, once it is durable; raise what it raised."""
        future: Future[Any] = Future()
        with self._lock:
            if self._thread is None:
                self._queue = queue.SimpleQueue()
                self._thread = threading.Thread(target=self._loop, args=(self._queue,), name="ledger", daemon=True)
                self._thread.start()
            self._queue.put((work, future))
        return future.result()

    def close(self) -> None:
        """Write what is queued, and end the thread; the next :meth:`submit` starts another."""
        with self._lock:
            thread, self._thread = self._thread, None
            self._queue.put(None)
        if thread is not None:
            thread.join()

    def _loop(self, waiting: queue.SimpleQueue[_Item | None]) -> None:
        while (item := waiting.get()) is not None:
            group = [item]
            while len(group) < GROUP and not waiting.empty():
                more = waiting.get()
                if more is None:
                    waiting.put(None)
                    break
                group.append(more)
            self._commit(group)

    def _commit(self, group: Sequence[_Item]) -> None:
        try:
            results = self._perform(lambda connection: [work(connection) for work, _ in group])
        except BaseException as error:
            if len(group) == 1 or isinstance(error, LeaseHeld | LedgerUnreachable):
                for _, future in group:
                    future.set_exception(error)
                return
            for item in group:  # one piece of work that cannot be done must not take the others with it
                self._commit([item])
            return
        for (_, future), result in zip(group, results, strict=True):
            future.set_result(result)
