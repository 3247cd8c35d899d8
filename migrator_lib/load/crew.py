"""Who works on the records of a batch: threads, or whoever chooses the order of their work."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol

Job = Callable[[], None]
"""What is done for one record."""
Hands = Callable[[Sequence[Job]], None]
"""Does jobs, and returns when all are done. If one fails, those not begun are left, and its error is raised."""


class Crew(Protocol):
    """Workers for the records of one object."""

    def at_work(self, most: int) -> AbstractContextManager[Hands]:
        """Return hands for the length of a block, of which at most ``most`` work at the same time."""


class Threads:
    """The usual crew: a thread for each worker."""

    @contextmanager
    def at_work(self, most: int) -> Iterator[Hands]:
        """See :class:`Crew`."""
        with ThreadPoolExecutor(most, thread_name_prefix="load") as pool:
            yield lambda jobs: _do(pool, jobs)


def _do(pool: ThreadPoolExecutor, jobs: Sequence[Job]) -> None:
    futures = [pool.submit(job) for job in jobs]
    try:
        for future in futures:
            future.result()
    except BaseException:
        for future in futures:
            future.cancel()
        raise


class Alone:
    """One pair of hands, those of the thread that asks: each job when the one before it is done."""

    @contextmanager
    def at_work(self, most: int) -> Iterator[Hands]:
        """See :class:`Crew`."""
        yield _one_by_one


def _one_by_one(jobs: Sequence[Job]) -> None:
    for job in jobs:
        job()
