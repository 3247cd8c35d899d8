"""How much faster the ledger writes than Gorgias lets a load send, so that durability never holds a load up."""

from __future__ import annotations

import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from benchmarks.harness import benchmark
from benchmarks.own_server import own_postgresql
from migrator_lib.ledger import PENDING, Entry, Ledger

WORKERS = 16
"""As many as a load has (``target.workers``)."""
SECONDS = 10.0
API_RATE = 2.0
"""Requests a second that Gorgias lets in by API key: 40 in 20 s (developers.gorgias.com, limitations)."""
DETAIL = {
    "parts": {"ticket_message": {"created": 4}, "ticket_comment": {"created": 1}, "attachment": {"created": 1}},
    "files": 1, "updated": "2026-01-01T00:00:00Z", "sent": {f"field {n}": "0123456789abcdef" for n in range(12)},
}  # fmt: skip


@benchmark(unit="times", goal=30, more_is_better=True)
def ledger_rate_ratio_sqlite() -> float:
    """Records a second, each with its intent and its outcome flushed to this machine's disk one after the other, that
    16 workers bring through an SQLite ledger, over the 2 requests a second of Gorgias' API.
    """
    with tempfile.TemporaryDirectory(prefix="migrator-bench-") as folder:
        return rate(Ledger.in_folder(Path(folder))) / API_RATE


@benchmark(unit="times", goal=30, more_is_better=True)
def ledger_rate_ratio_postgresql() -> float:
    """The same through a PostgreSQL of our own on this machine, with its durability as it comes: fsync,
    full_page_writes and synchronous_commit are on.
    """
    with own_postgresql() as server:
        ledger = Ledger(server.url, schema="migrator_bench")
        if "flushed" not in ledger.database.durability():
            raise RuntimeError(f"this server does not flush: {ledger.database.durability()}")
        return rate(ledger) / API_RATE


def rate(ledger: Ledger, *, seconds: float = SECONDS) -> float:
    """Return the records a second that get through a ledger; it is verified, and closed, at the end."""
    ledger.take_lease()
    began = time.perf_counter()

    def work(worker: int) -> int:
        n = 0
        while time.perf_counter() - began < seconds:
            key = f"{worker}-{n}"
            external_id = f"st:bench:ticket:{key}"
            ledger.intend(
                "production",
                Entry("ticket", key, PENDING, payload_hash="0" * 64, external_id=external_id, detail=DETAIL),
            )
            done = Entry("ticket", key, "created", payload_hash="0" * 64, external_id=external_id,
                         target_id=str(n), detail=DETAIL)  # fmt: skip
            ledger.settle("production", [done])
            n += 1
        return n

    with ThreadPoolExecutor(WORKERS) as pool:
        records = sum(pool.map(work, range(WORKERS)))
    took = time.perf_counter() - began
    length = ledger.verify()
    ledger.close()
    if length != 2 * records:
        raise RuntimeError(f"{records} records left {length} rows in the journal")
    return records / took
