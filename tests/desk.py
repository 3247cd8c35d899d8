"""A whole engagement for tests: a small simulated SmarterTrack, and two simulated Gorgias accounts in this process."""

from __future__ import annotations

import html
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from migrator_lib.canary import Content
from migrator_lib.clock import ScaledClock
from migrator_lib.engagement import Engagement
from migrator_lib.evidence import scan
from migrator_lib.gates import SignOffs, find, hash_of_lines
from migrator_lib.side_effects.found import NOT_BY_API
from migrator_lib.simulators.gorgias import Account, in_thread
from migrator_lib.simulators.smartertrack import World, build
from tests.simulated_account import API_KEY, EMAIL, FALLBACK, SEED, SPEED

NAME = "desk"
TICKETS = 60
ACCOUNTS = ("production", "sandbox")


@dataclass(frozen=True)
class Desk:
    """The engagement's folder, what its source is known to hold, and its accounts."""

    root: Path
    world: World
    production: Account
    sandbox: Account

    def open(self, step: str, *, execute: bool = True) -> Engagement:
        return Engagement(self.root, NAME, step=step, execute=execute)

    @property
    def file(self) -> Path:
        return self.root / "parameters" / NAME / "engagement.yaml"

    def change(self, **settings: Any) -> None:
        """Replace blocks of engagement.yaml, which is JSON here (and so YAML)."""
        self.file.write_text(json.dumps(json.loads(self.file.read_text()) | settings))


@contextmanager
def desk(folder: Path, *, seed: dict[str, Any] | None = None, **settings: Any) -> Iterator[Desk]:
    """Make a desk for the length of a block; ``seed`` is what its production account holds beside its users."""
    world = build(f"sqlite:///{folder / 'source.sqlite3'}", folder / "files", seed=3, tickets=TICKETS)
    seeds = {"production": {**SEED, **(seed or {})}, "sandbox": SEED}
    accounts = {name: Account(name, folder / f"{name}.sqlite3", seed=seeds[name], clock=ScaledClock(SPEED))
                for name in ACCOUNTS}  # fmt: skip
    for account in accounts.values():
        account.cursor_seconds = 3600 * SPEED
    with pytest.MonkeyPatch.context() as patch, in_thread(accounts) as urls:
        patch.setenv("DESK_KEY", API_KEY)
        patch.setenv("MIGRATOR_DRIVER", "tests")
        made = Desk(folder, world, accounts["production"], accounts["sandbox"])
        made.file.parent.mkdir(parents=True)
        made.file.write_text(json.dumps(_parameters(folder, urls) | settings))
        _sign_silence(made)
        yield made
    for account in accounts.values():
        account.store.close()


def _sign_silence(made: Desk) -> None:
    """Sign what a person states of an account that does nothing by itself."""
    signoffs = SignOffs(made.file.parent / "signoffs.yaml")
    canaries = Content(NAME, f"canary@{NAME}.st-migration.example", FALLBACK, "email")
    for gate, subject in (("hands_off", hash_of_lines(NOT_BY_API)), ("silence", canaries.digest)):
        signoffs.sign(find(gate), by="Margit Olsen", subject=subject)


def _parameters(folder: Path, urls: dict[str, str]) -> dict[str, Any]:
    account = {"email": EMAIL, "api_key": "env:DESK_KEY"}
    return {
        "engagement": NAME,
        "company": "Fernhill Outfitters",
        "source": {"url": f"sqlite:///{folder / 'source.sqlite3'}", "files_root": str(folder / "files")},
        "target": {
            **{name: {**account, "url": urls[name]} for name in ACCOUNTS},
            "mailbox": FALLBACK,
            "simulator": {"speed": SPEED},
        },
        "agents": {"fallback": FALLBACK},
        "sample": {"size": 30},
        "expectations": {"run": False},  # importing what checks them takes seconds
        "free_disk_bytes": 0,
    }


def requesters(engagement: Engagement) -> set[str]:
    """Return every address of somebody who is no agent, lower case."""
    staged = engagement.staged("definitions")
    lookups = engagement.lookups(staged)
    accounts = {str(row["Email"]).lower() for user, row in lookups.users.items() if user not in lookups.agents}
    tickets = _all(engagement, "Tickets", "CustomerEmailAddress")
    staff = {str(lookups.users[user]["Email"]).lower() for user in lookups.agents}
    return {address for address in accounts | {text.lower() for text in tickets} if "@" in address} - staff


def written(engagement: Engagement) -> set[str]:
    """Return every longer line that somebody wrote in a message or a comment."""
    texts = [*_all(engagement, "TicketMessages", "BodyText"), *_all(engagement, "TicketComments", "CommentText")]
    return {line.strip() for text in texts for line in text.splitlines() if len(line.strip()) > 40}


def _all(engagement: Engagement, table: str, column: str) -> set[str]:
    from migrator_lib.smartertrack.reading import pages
    from migrator_lib.smartertrack.tables import source_table

    found = (row[column] for page in pages(engagement.source, source_table(table), 1000) for row in page)
    return {str(value) for value in found if value}


def leaks(engagement: Engagement, file: Path) -> list[str]:
    """Return addresses of requesters and lines of bodies that a file shows."""
    with scan.opened(file) as stream:
        text = html.unescape(stream.read())
    low = text.lower()
    return [a for a in requesters(engagement) if a in low] + [line for line in written(engagement) if line in text]
