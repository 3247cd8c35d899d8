"""Settles records from several threads, and says so of each when it is durable: run as a process by its test."""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from pathlib import Path

from migrator_lib.ledger import PENDING, Entry, Ledger

ledger = Ledger.in_folder(Path(sys.argv[1]), run_id="killed")
ledger.take_lease()


def work(worker: int) -> None:
    for n in count():
        key = f"{worker}-{n}"
        ledger.intend("production", Entry("ticket", key, PENDING, payload_hash=key))
        sys.stdout.write(f"intent {key}\n")
        ledger.settle("production", [Entry("ticket", key, "created", payload_hash=key, target_id=key)])
        sys.stdout.write(f"outcome {key}\n")
        sys.stdout.flush()


with ThreadPoolExecutor(4) as pool:
    list(pool.map(work, range(4)))
