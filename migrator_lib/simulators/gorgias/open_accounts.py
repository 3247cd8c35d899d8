"""Opening accounts to be served: under which conditions, and what is said when one cannot be."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from migrator_lib.errors import ParameterError, StorageError
from migrator_lib.simulators.gorgias.account import Account
from migrator_lib.simulators.gorgias.seed import EXAMPLE, read_seed
from migrator_lib.simulators.gorgias.store import Document
from migrator_lib.simulators.gorgias.web.validation import Refused

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9.-]{0,62}")


@dataclass(frozen=True)
class Conditions:
    """How the accounts behave toward their clients."""

    speed: float = 1.0
    """How many times as fast as the wall their clocks run."""
    rate: str = "api-key"
    """One of ``rate_limit.CHOICES``."""
    fixed_window: bool = False
    foreign_share: float = 0.0
    latency_seconds: float = 0.0
    profile: str | None = None
    """One of ``faults.PROFILES``."""
    fault_seed: int = 0
    role: str = ""
    """Of the key's user; empty: as the seed says."""


USUAL = Conditions()


def open_accounts(
    folder: Path | None, names: Sequence[str], seed: Path | None, conditions: Conditions
) -> Mapping[str, Account]:
    """Return accounts by name, whose state is below a folder, or in memory.

    Raises:
        ParameterError: the seed file cannot be read, or no account can hold it.
        StorageError: the folder or a file in it cannot be written, or is none of ours.
    """
    for name in names:
        if not NAME.fullmatch(name):
            raise ParameterError(
                f"An account cannot be called {name!r}.",
                next_step="use letters, digits, dots and dashes, as in a host's name.",
            )
    content = read_seed(seed)
    return {name: _opened(folder, name, content, conditions) for name in names}


def _opened(folder: Path | None, name: str, seed: Document | None, conditions: Conditions) -> Account:
    file = folder / f"{name}.sqlite3" if folder else None
    try:
        account = Account(
            name, file, seed=seed, speed=conditions.speed, rate=conditions.rate, fixed_window=conditions.fixed_window,
            foreign_share=conditions.foreign_share, latency_seconds=conditions.latency_seconds,
            profile=conditions.profile, fault_seed=conditions.fault_seed,
        )  # fmt: skip
        if conditions.role:
            account.act_as(conditions.role)
    except (OSError, sqlite3.Error) as error:
        why = error.strerror if isinstance(error, OSError) else error
        raise StorageError(
            f"The state of account {name} cannot be kept in {file}: {why}.",
            next_step="name another folder, remove the file, or keep the state in memory (--memory).",
        ) from error
    except (Refused, ValueError, LookupError) as error:
        told = f"{error} {error.data}" if isinstance(error, Refused) else error
        raise ParameterError(f"Account {name} cannot hold its seed: {told}.", next_step=EXAMPLE) from error
    return account
