"""The lease: one process writes to an engagement. It is judged by the clock of the ledger's database."""

from __future__ import annotations

import os
import socket
import uuid
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from migrator_lib.errors import LeaseHeld
from migrator_lib.ledger.schema import lease_table

LEASE_SECONDS = 60
PROC = Path("/proc")


def take(connection: sa.Connection, holder: str, at: datetime, *, take_over: bool) -> Mapping[str, Any] | None:
    """Make ``holder`` the one that writes; return who holds the lease where that is somebody else who may live."""
    row = present(connection)
    if row and row["holder"] != holder and not take_over and not is_stale(row, at):
        return row
    moment = written(at)
    connection.execute(lease_table.delete())
    mine = {"id": 1, "holder": holder, "taken_at": moment, "seen_at": moment, **this_process()}
    connection.execute(lease_table.insert().values(**mine))
    return None


def see(connection: sa.Connection, holder: str, at: datetime) -> None:
    """Say that ``holder`` lives.

    Raises:
        LeaseHeld: another run has taken the lease over.
    """
    mine = lease_table.update().where(lease_table.c.holder == holder)
    if connection.execute(mine.values(seen_at=written(at))).rowcount == 0:
        raise _lost()


def require(connection: sa.Connection, holder: str) -> None:
    """Pass if ``holder`` still has the lease.

    Raises:
        LeaseHeld: another run has taken it over.
    """
    if connection.execute(sa.select(lease_table.c.holder)).scalar() != holder:
        raise _lost()


def _lost() -> LeaseHeld:
    return LeaseHeld(
        "The lease of this engagement was taken over by another run.",
        next_step="let the other run finish; then run again.",
    )


def present(connection: sa.Connection) -> Mapping[str, Any] | None:
    """Return the row of who holds the lease, or held it last."""
    row = connection.execute(sa.select(lease_table)).mappings().first()
    return None if row is None else dict(row)


def written(at: datetime) -> str:
    """Return a moment as the ledger writes it."""
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def is_stale(row: Mapping[str, Any], at: datetime) -> bool:
    """Return whether a holder was not seen for a minute, or its process, of this machine, is gone."""
    if at - datetime.fromisoformat(row["seen_at"]) > timedelta(seconds=LEASE_SECONDS):
        return True
    return row["machine"] == machine() and not _runs(int(row["pid"]), row["started"])


def in_words(row: Mapping[str, Any]) -> str:
    """Return who holds the lease, and since when."""
    return f"{row['process']}, since {row['taken_at'][:19]} UTC"


def held_by(row: Mapping[str, Any], engagement: str) -> LeaseHeld:
    """Return the error that tells who holds the lease, since when, and how it is taken over."""
    mend = f"wait for it to end, or end it; a lease that was not seen for {LEASE_SECONDS} s is free by itself"
    if (row["machine"], row["pid"]) == (machine(), os.getpid()):
        mend = "it is this very process: close the engagement that is still open here, or restart the kernel"
    return LeaseHeld(
        f"Another run writes to this engagement: {in_words(row)}, last seen {row['seen_at'][:19]} UTC.",
        next_step=f"{mend}. If you know that it writes no more, take the lease over: "
        f"migrator ledger take-over {engagement or 'ENGAGEMENT'}.",
    )


def this_process() -> dict[str, Any]:
    """Return what tells this process from all others, of this machine and of others."""
    pid = os.getpid()
    return {"process": f"{socket.gethostname()} process {pid}", "machine": machine(), "pid": pid,
            "started": _started(pid)}  # fmt: skip


@cache
def machine() -> str:
    """Return what tells this machine, since it was started, from others of the same name; each container is one."""
    with suppress(OSError):
        boot = (PROC / "sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        return f"{boot} {(PROC / 'self/ns/pid').readlink()}"
    return f"{socket.gethostname()} {uuid.getnode():x}"


def _started(pid: int) -> str:
    """Return when a process of this machine was started, by its kernel; empty where that is not told."""
    with suppress(OSError, IndexError):
        return (PROC / str(pid) / "stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()[19]
    return ""


def _runs(pid: int, started: str) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return not started or _started(pid) in ("", started)
