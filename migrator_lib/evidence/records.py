"""The records behind the accounts: a list for every object and outcome, so that each number leads to what it counts.

The lists are CSV files in ``reports/<engagement>/accounts/``, made of the ledger in one pass and in constant memory.
Their column ``records`` adds up to the number in the account. A record is one line. What travels inside a ticket (chat,
call log) the ledger counts with its ticket, so there a line is a ticket, with the number of what it holds. Keys,
numbers, rules and reasons are told, and nothing of anybody.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from itertools import groupby, islice
from pathlib import Path
from typing import Any, NamedTuple

from migrator_lib import pages
from migrator_lib.csv_file import csv_lines, write_csv
from migrator_lib.engagement import Engagement
from migrator_lib.evidence.numbers import Numbers
from migrator_lib.ledger import SETTLED, Entry, Ledger
from migrator_lib.masking import mask_text
from migrator_lib.objects import ATTACHMENT, CONVERSATIONS, PARTS, PEOPLE
from migrator_lib.quiet import PRODUCTION
from migrator_lib.reconcile import verdicts
from migrator_lib.reconcile.accounts import Account
from migrator_lib.reconcile.verdicts import Verdicts

FOLDER = "accounts"
"""Below ``reports/<engagement>/``."""
FINDINGS = "not-validated.csv"
BATCH = 500
PAGES = {
    **{obj.name: "/app/ticket/{id}" for obj in CONVERSATIONS},
    **{obj.name: "/app/customer/{id}" for obj in PEOPLE},
}
"""Where an agent sees what it became; what has no page of its own there has no link."""
PACKAGED = "help_center_package"
"""Rule of what is handed over in a package, which is read back and compared like a record in Gorgias."""
COUNTED = frozenset(PARTS)
"""What travels inside a ticket and has an account."""
Tally = Counter[tuple[str, str]]
"""(object, outcome) to number."""


class Line(NamedTuple):
    """One line of a list."""

    object: str
    key: str
    """In SmarterTrack; of what travels inside a ticket, the ticket: ``ticket:4711``."""
    number: str
    """By which people know the ticket, chat or call that it is, or is of."""
    outcome: str
    records: int
    rule: str
    reason: str
    gorgias_id: str
    gorgias_link: str
    found: str
    """What the last comparison with Gorgias found; empty for what is not compared, or was written since."""
    day: str
    """Of the outcome, UTC."""


@dataclass
class Lists:
    """What was written."""

    records: Tally = field(default_factory=Counter)
    """How many records each list tells of."""
    lines: Tally = field(default_factory=Counter)
    rules: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    """(object, outcome, rule) to number of records."""
    found: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    """(object, outcome, what the last comparison found) to number of records."""
    worded: Tally = field(default_factory=Counter)
    """How many lines of each list hold words: a reason, which may quote Gorgias."""

    def differing(self, found: Sequence[Account]) -> list[tuple[str, str, int, int]]:
        """Return the numbers that the lists do not bear out: object, outcome, number in the account and in the list."""
        pairs = ((account, state) for account in found for state in SETTLED)
        numbers = ((a.object, s, a.outcomes.get(s, 0), self.records[a.object, s]) for a, s in pairs)
        return [one for one in numbers if one[2] != one[3]]

    def as_json(self) -> dict[str, Any]:
        """Return it as it is kept beside the lists."""
        return {name: [[*key, n] for key, n in sorted(getattr(self, name).items())] for name in _KEPT}

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> Lists:
        """Return what :meth:`as_json` made."""
        return cls(**{name: Counter({tuple(key): n for *key, n in kept[name]}) for name in _KEPT})


_KEPT = ("records", "lines", "rules", "found", "worded")


def list_name(obj: str, outcome: str) -> str:
    """Return the name of a list and of its page, without what follows the dot: ``ticket-skipped``."""
    return f"{obj}-{outcome}".replace("_", "-")


def linked(obj: str, outcome: str, number: int, *, base: str = f"{FOLDER}/") -> int:
    """Return a number of the accounts as it leads to its records; nothing leads from a nought.

    Args:
        obj: name of the object.
        outcome: state in the ledger.
        number: of records.
        base: of the folder of the lists, from where the page lies.
    """
    return pages.LinkedNumber.to(f"{base}{list_name(obj, outcome)}.html", number) if number else 0


def lines(
    ledger: Ledger, target: str, url: str, number_of: Callable[[str, Sequence[str]], Mapping[str, str]],
    found: Verdicts,
) -> Iterator[Line]:  # fmt: skip
    """Yield a line for every record that the accounts count, and for every ticket with parts, by object and key.

    Args:
        ledger: of the engagement.
        target: the account.
        url: of the account in Gorgias; empty where that is not known, so that there are no links.
        number_of: returns key to number of records of an object.
        found: what the last comparison found.
    """
    for obj, entries in groupby(ledger.entries_in(target, SETTLED), key=lambda entry: entry.object):
        while batch := list(islice(entries, BATCH)):
            keys = [entry.source_key for entry in batch]
            numbers, states = number_of(obj, keys), found.states(obj, keys)
            for entry in batch:
                key = entry.source_key
                yield from _of(entry, url, numbers.get(key, ""), _found(entry, states.get(key), found.began))


def _of(entry: Entry, url: str, number: str, found: str) -> Iterator[Line]:
    """Yield the line of a record, and those of what travels inside it; the address of a file may hold a name."""
    reason, day = mask_text(entry.reason or ""), entry.at[:10]
    reason = reason.partition("\nNext: ")[0]
    own, link = "" if entry.object == ATTACHMENT.name else entry.target_id or "", link_of(entry, url)
    yield Line(
        entry.object, entry.source_key, number, entry.state, 1, entry.rule or "", reason, own, link, found, day
    )  # fmt: skip
    for part, states in (entry.detail.get("parts") or {}).items():
        for label, n in states.items() if part in COUNTED else ():
            state, _, rule = label.partition(": ")
            why = reason if state == "quarantined" else ""
            yield Line(
                part, f"{entry.object}:{entry.source_key}", number, state, n, rule, why, own, link, "", day
            )  # fmt: skip


def link_of(entry: Entry, url: str) -> str:
    """Return the address at which an agent sees what a record became; empty where there is no such page."""
    page = PAGES.get(entry.object)
    return f"{url.rstrip('/')}{page.format(id=entry.target_id)}" if page and url and entry.target_id else ""


def _found(entry: Entry, state: str | None, began: str) -> str:
    if not began or entry.at > began:
        return ""
    if state is not None:
        return state
    is_compared = entry.state in ("created", "matched") or entry.rule == PACKAGED
    return "validated" if is_compared else ""


def write(engagement: Engagement, *, counted: bool = True) -> Lists:
    """Write the lists of an engagement anew, from its ledger as it is now; lists of earlier numbers become empty.

    Args:
        engagement: the migration.
        counted: whether records are counted at all; after a roll-back none is, and all lists are empty.

    Raises:
        StorageError: the disk is full or cannot be written.
    """
    folder = engagement.paths.reports / FOLDER
    before = {file.stem for file in folder.glob("*.csv")} - {Path(FINDINGS).stem}
    with (
        closing(Numbers(engagement.all_stages)) as numbers,
        closing(Verdicts(engagement.paths.state / verdicts.FILE)) as found,
    ):
        told = lines(engagement.ledger, PRODUCTION, known_url(engagement), numbers.of, found)
        written = write_lines(folder, told if counted else iter(()))
        write_csv(folder / FINDINGS, ("object", "key", "state", "fields"), found.rows())
    for name in sorted(before - {list_name(*pair) for pair in written.lines}):
        write_csv(folder / f"{name}.csv", Line._fields, ())
    return written


def write_lines(folder: Path, found: Iterator[Line]) -> Lists:
    """Write lines into the lists that they belong to, all at once; return how many went where."""
    written, open_lists = Lists(), dict[tuple[str, str], Callable[[Sequence[object]], None]]()
    with ExitStack() as stack:
        for line in found:
            place = line.object, line.outcome
            if place not in open_lists:
                file = folder / f"{list_name(*place)}.csv"
                open_lists[place] = stack.enter_context(csv_lines(file, Line._fields))
            open_lists[place](line)
            written.records[place] += line.records
            written.lines[place] += 1
            written.worded[place] += bool(line.reason)
            if line.rule:
                written.rules[*place, line.rule] += line.records
            if line.found:
                written.found[*place, line.found] += line.records
    return written


def known_url(engagement: Engagement) -> str:
    """Return the address of the account where it is known without starting anything: a simulated one may not run."""
    from migrator_lib.simulators import embedded

    url = engagement.account(PRODUCTION).url
    return url or embedded.running_url(PRODUCTION)


def stamp_of(engagement: Engagement, accounts: object) -> str:
    """Return what the lists depend on: the ledger's last row, the last comparison, the accounts; as text."""
    with closing(Verdicts(engagement.paths.state / verdicts.FILE)) as found:
        return json.dumps([list(engagement.ledger.head()), found.began, accounts], sort_keys=True)
