"""The object map: every kind of record of a help desk, what it becomes, how that is verified, and how it is undone.

The rows are those of the map that was agreed; what stands in them is said by the modules of
:mod:`migrator_lib.objects`. The audit, notebook 06, the handoff documents and README show the same rows.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from migrator_lib import pages
from migrator_lib.objects import OBJECTS
from migrator_lib.objects.base import HandedOver, MigrationObject
from migrator_lib.pages import Html

if TYPE_CHECKING:
    from migrator_lib.audit.facts import Count
    from migrator_lib.reconcile.accounts import Account

INSIDE = "read back and compared with its ticket"
"""How what travels inside a ticket is verified."""
STATES = ("created", "matched", "merged", "skipped", "handed_over", "quarantined")


@dataclass(frozen=True)
class MapRow:
    """One row of the map: the objects that it is made of, and what travels inside them with accounts of its own."""

    title: str
    objects: tuple[str, ...]
    parts: tuple[str, ...] = ()

    @property
    def modules(self) -> list[MigrationObject]:
        """The objects of this row."""
        by_name = {obj.name: obj for obj in OBJECTS}
        return [by_name[name] for name in self.objects if name in by_name]

    @property
    def becomes(self) -> str:
        """What it is in Gorgias."""
        return ", ".join(dict.fromkeys(obj.becomes for obj in self.modules)) or "internal note"

    @property
    def verified(self) -> str:
        """How it is verified, in words."""
        return _each({obj.becomes: _verified(obj) for obj in self.modules}) or "read back with its ticket"

    @property
    def undo(self) -> str:
        """How a roll-back undoes it, in words."""
        return _each({obj.becomes: obj.undo for obj in self.modules}) or "goes with its ticket"

    @property
    def names(self) -> tuple[str, ...]:
        """All that has accounts in this row."""
        return (*self.objects, *self.parts)


ROWS = (
    MapRow("Ticket, with messages and internal comments", ("ticket",), ("ticket_message", "ticket_comment")),
    MapRow("User (agent)", ("user",)),
    MapRow("Organization", ("organization",)),
    MapRow("Department and Group", ("department",)),
    MapRow("Brand", ("brand", "brand_team")),
    MapRow("Live Chat", ("live_chat",), ("chat_message", "chat_comment")),
    MapRow("Call Log", ("call_log",)),
    MapRow("KB Article, with its categories", ("kb_article", "kb_category")),
    MapRow("Community post", ("community_post",)),
    MapRow("News item", ("news_item",)),
    MapRow("Custom fields of tickets, chats and calls", ("ticket_field",),
           ("ticket_field_value", "chat_field_value", "call_field_value")),
    MapRow("Custom fields of users and organizations", ("person_field",)),
    MapRow("Attachment", ("attachment",)),
    MapRow("Tag", ("tag",)),
    MapRow("SLA rule", ("sla_rule",)),
    MapRow("Workflow rule", ("workflow_rule",)),
    MapRow("Requester", ("requester",)),
    MapRow("Canned reply", ("macro",)),
    MapRow("Survey", ("survey",)),
    MapRow("Task, time log, link to another ticket", (), ("task", "time_log", "ticket_link")),
)  # fmt: skip
"""The sixteen rows of the map, and what customers ask for besides."""


def _each(words: Mapping[str, str]) -> str:
    """Return what is said of several things: once where it is the same of all, else each with its name."""
    if len(set(words.values())) < 2:
        return next(iter(words.values()), "")
    return "; ".join(f"{thing}: {said}" for thing, said in words.items())


def _verified(obj: MigrationObject) -> str:
    return f"listed in the {obj.document}" if isinstance(obj, HandedOver) else obj.verified


# --- with numbers --------------------------------------------------------------------------------------


def counted(counts: Sequence[Count]) -> Html:
    """Return the map with the number of records of the source; that of every object where a row has several."""
    by_name = {count.name: count for count in counts}
    rows = []
    for row in ROWS:
        own = [by_name[name] for name in row.objects if name in by_name]
        if not own:
            continue
        numbers = [count.number for count in own if count.number is not None]
        details = [_detail(count, several=len(own) > 1) for count in own]
        rows.append(
            {
                "SmarterTrack": row.title,
                "Gorgias": ", ".join(dict.fromkeys(count.becomes for count in own)),
                "Records": sum(numbers) if numbers else "table is not there, or may not be read",
                "Of them": "; ".join(filter(None, details)),
                "Scope": "; ".join(dict.fromkeys(WAYS[count.way] for count in own)),
                "How it is verified": row.verified,
                "How it is undone": row.undo,
            }
        )
    caption = "Records of every row of the object map, as they will be accounted for"
    return pages.table(rows, caption=caption)


WAYS = {
    "moved": "in scope",
    "handed over": "in scope, in writing",
}
"""How a row is treated, to words."""


def _detail(count: Count, *, several: bool) -> str:
    number = f"{count.title}: {count.number or 0:,}" if several else ""
    return ", ".join(filter(None, (number, count.detail)))


def outcomes(accounts: Sequence[Account]) -> list[dict[str, object]]:
    """Return what became of the records of every row that has some; parts stand on lines of their own."""
    by_name = {account.object: account for account in accounts}
    rows: list[dict[str, object]] = []
    for row in ROWS:
        own = [by_name[name] for name in row.objects if name in by_name]
        parts = [by_name[name] for name in row.parts if name in by_name]
        lines = [(row.title, own, row.verified)] if own else []
        lines += [(f"{row.title}: {part.title.lower()}" if own else part.title, [part], INSIDE) for part in parts]
        for title, some, verified in lines:
            states: Counter[str] = Counter()
            for account in some:
                states.update({state: account.outcomes.get(state, 0) for state in STATES})
            rows.append(
                {
                    "SmarterTrack": title,
                    "Gorgias": row.becomes,
                    "source": sum(account.source for account in some),
                    **{state.replace("_", " "): states[state] for state in STATES},
                    "verified": verified,
                }
            )
    return rows


def outcome_table(accounts: Sequence[Account]) -> Html:
    """Return :func:`outcomes` as a table, without how each is verified, which the audit says."""
    rows = [{name: value for name, value in row.items() if name != "verified"} for row in outcomes(accounts)]
    return pages.table(rows, caption="The object map: what became of every record")


# --- in README -----------------------------------------------------------------------------------------


def markdown(numbers: Mapping[str, Mapping[str, int]]) -> str:
    """Return the map as README has it.

    Args:
        numbers: object to ``source`` and states, as ``summary.json`` of a run has them.
    """
    head = ("SmarterTrack", "Gorgias", "how it is verified", "how it is undone", "in the demo")
    lines = [f"| {' | '.join(head)} |", f"|{'---|' * len(head)}"]
    for row in ROWS:
        if row.objects and not row.modules:
            continue
        cells = (row.title, row.becomes, row.verified, row.undo, in_words(row, numbers))
        lines.append(f"| {' | '.join(cell.replace('|', '/') for cell in cells)} |")
    return "\n".join(lines) + "\n"


def in_words(row: MapRow, numbers: Mapping[str, Mapping[str, int]]) -> str:
    """Return what became of a row's records, in words; of its parts where it has no records of its own."""
    if not any(name in numbers for name in row.names):
        return ""
    found: Counter[str] = Counter()
    for name in row.objects or row.parts:
        found.update({state: int(numbers.get(name, {}).get(state, 0)) for state in ("source", *STATES)})
    told = [f"{found[state]:,} {state.replace('_', ' ')}" for state in STATES if found[state]]
    return f"{found['source']:,}: {', '.join(told)}" if told else f"{found['source']:,}"
