"""Where an engagement's ledger is, and that it is still the same: by an empty or an older one all would be sent again.

A ledger on a server is noted in the state folder, with the row that its journal ended with when it was last closed. A
database that was emptied, or restored from a copy that lacks that row, is found before anything is sent.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

import sqlalchemy as sa

from migrator_lib.errors import LedgerBroken, OutOfTurn
from migrator_lib.ledger.database import PATIENCE_SECONDS
from migrator_lib.ledger.ledger import Ledger
from migrator_lib.storage import beside

LONGEST = 63
"""Bytes of a name in PostgreSQL."""


def schema_of(engagement: str) -> str:
    """Return the schema that an engagement's tables are in: ``migrator_acme_gmbh`` for ``acme-gmbh``."""
    name = "migrator_" + engagement.replace("-", "_")
    if len(name) <= LONGEST:
        return name
    return f"{name[: LONGEST - 13]}_{hashlib.sha256(name.encode()).hexdigest()[:12]}"


def open_ledger(
    state: Path, engagement: str, *, url: str = "", password: str | None = None, run_id: str = "interactive",
    patience_seconds: float = PATIENCE_SECONDS,
) -> Ledger:  # fmt: skip
    """Open the ledger of an engagement.

    Args:
        state: the engagement's state folder; the ledger is there if ``url`` is empty.
        engagement: its name.
        url: SQLAlchemy URL without a password.
        password: of the login.
        run_id: of the run that writes.
        patience_seconds: how long a server that went away is waited for.

    Raises:
        OutOfTurn: what was loaded stands in a ledger elsewhere.
        LedgerBroken: the one on the server is not the one that was there, or an older copy of it.
        ParameterError: a ledger is not kept in such a database.
        StorageError: it cannot be opened.
    """
    noted, file = state / "ledger.place", state / "ledger.sqlite3"
    before, _, row = noted.read_text(encoding="utf-8").strip().partition("\n") if noted.exists() else ("", "", "")
    if before != url and before:
        raise _elsewhere(engagement, before, url or "the state folder", f"delete {noted}")
    if not url:
        return Ledger.in_folder(state, run_id=run_id, engagement=engagement)
    if not before and file.exists() and _holds_something(state):
        raise _elsewhere(engagement, str(file), url, "start another engagement for another account")
    parsed = sa.make_url(url)
    if password is not None:
        parsed = parsed.set(password=password)
    opened = Ledger(
        parsed, run_id=run_id, engagement=engagement, schema=schema_of(engagement), patience_seconds=patience_seconds,
        answered=bool(before),
    )  # fmt: skip
    if row and not opened.holds(*_row(row)):
        length = opened.head()[0]
        opened.close()
        raise _lost(url, length, noted)
    opened.at_close = lambda: _note(noted, url, opened)
    if not before:
        _note(noted, url, opened)
    return opened


def _note(noted: Path, url: str, ledger: Ledger) -> None:
    with beside(noted) as place:
        seq, digest = ledger.head()
        place.write_text(f"{url}\n{seq} {digest}\n" if seq else f"{url}\n", encoding="utf-8")


def _row(text: str) -> tuple[int, str]:
    seq, _, digest = text.partition(" ")
    return int(seq), digest


def _holds_something(state: Path) -> bool:
    ledger = Ledger.in_folder(state)
    try:
        return ledger.head()[0] > 0
    finally:
        ledger.close()


def _lost(url: str, length: int, noted: Path) -> LedgerBroken:
    return LedgerBroken(
        f"The ledger at {url} has {length:,} rows, and not the one that it ended with when it was last used here: it "
        "was emptied, or restored from an older copy.",
        next_step="restore the newest copy that there is. If it lacks rows for good, what they told of may be sent "
        f"again: then delete {noted}, run again, and let 'migrator sweep' find what is in Gorgias twice.",
    )


def _elsewhere(engagement: str, before: str, now: str, moved: str) -> OutOfTurn:
    return OutOfTurn(
        f"The ledger of {engagement} is {before}, and ledger.url now says {now}: what is in Gorgias already would be "
        "loaded once more.",
        next_step=f"set ledger.url back. If that ledger was moved as a whole, or nothing was loaded by it, {moved} and "
        "run again.",
    )
