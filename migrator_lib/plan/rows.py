"""The rows of the schema plan: what becomes of every agent, team, tag, field and category."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from migrator_lib.agents import Agent, all_agents
from migrator_lib.errors import RecordUnusable
from migrator_lib.gorgias.api import Json
from migrator_lib.gorgias.contract.replies import Thing
from migrator_lib.lookups import Lookups
from migrator_lib.masking import mask_email
from migrator_lib.objects import KB_ARTICLE, KNOWLEDGE, SETUP, USER
from migrator_lib.objects.base import Merge, MigrationObject, Quarantine, Send, Skip
from migrator_lib.objects.macro import Canned
from migrator_lib.objects.ticket_field import ADDED, TicketField
from migrator_lib.staging import Staged

State = Literal["will be created", "is there already", "in the way", "left out", "handed over"]
STATES: tuple[State, ...] = ("will be created", "is there already", "in the way", "left out", "handed over")
LEFT_OUT = {
    "mapped_to_nothing": "mapping.yaml says 'becomes: nothing'",
    "deleted_tag": "deleted in SmarterTrack",
}
"""Rule of a skip to words."""


@dataclass(frozen=True)
class PlanRow:
    """What will happen to one definition."""

    what: str
    """Kind of thing, as the company knows it."""
    source: str
    target: str
    state: State
    reason: str = ""
    key: str = ""
    """Object and source key, as in the ledger."""


def all_rows(staged: Staged, lookups: Lookups, existing: Mapping[str, Mapping[str, Thing]]) -> Iterator[PlanRow]:
    """Yield a row for every definition; ``existing`` is what the account holds, by object and natural key."""
    yield from _agents(staged, lookups, existing[USER.name])
    for obj in SETUP:
        if obj is not USER:
            yield from _definitions(obj, staged, lookups, existing[obj.name])
    yield from _status_tags(lookups, existing["tag"])
    yield from _help_center(staged, lookups)


def _agents(staged: Staged, lookups: Lookups, existing: Mapping[str, Thing]) -> Iterator[PlanRow]:
    """Yield the company's agents: matched, created, handed over to an admin, or replaced by the fallback agent."""
    outcomes = {record.key: USER.transform(record, lookups) for record in USER.records(staged, lookups)}
    for agent in all_agents(staged, lookups):
        row = PlanRow(USER.title, f"{agent.name} ({agent.user_id}), {agent.role}", "", "left out",
                      key=f"{USER.name}:{agent.user_id}")  # fmt: skip
        match outcomes[str(agent.user_id)]:
            case Send(payload):
                yield _user(row, agent, payload, payload["email"] in existing, lookups)
            case Merge("fallback", _):
                words = "inactive: tickets go to the fallback agent, the name stays on what was written"
                yield replace(row, reason=words)
            case Merge(into, _):
                yield replace(row, reason=f"same address as agent {into}, and becomes the same user")
            case Quarantine(reason):
                yield replace(row, state="in the way", reason=f"{reason}: correct it in SmarterTrack")


def _user(row: PlanRow, agent: Agent, payload: Json, there: bool, lookups: Lookups) -> PlanRow:
    row = replace(row, target=f"User {mask_email(agent.email)}, role {agent.gorgias_role}")
    if there:
        return replace(row, state="is there already", reason="matched by e-mail; nothing of it is changed")
    if lookups.parameters.agents.missing == "hand_over":
        return replace(row, state="handed over", reason="an admin creates this user before the load: list of agents")
    sent, reason = payload["role"]["name"], "Gorgias may send this agent an invitation"
    if sent != agent.gorgias_role:
        reason += f"; to make this user {agent.gorgias_role} is left to an admin: list of agents"
    target = f"User {mask_email(agent.email)}, role {sent}"
    return replace(row, target=target, state="will be created", reason=reason)


def _definitions(
    obj: MigrationObject, staged: Staged, lookups: Lookups, existing: Mapping[str, Thing]
) -> Iterator[PlanRow]:
    taken: set[str] = set()
    names = _names(obj, lookups)
    for record in obj.records(staged, lookups):
        name = record.data.name if isinstance(record.data, Canned) else names.get(record.key, "not in mapping.yaml")
        source = f"{name} ({record.key})"
        row = PlanRow(obj.title, source, "", "left out", key=f"{obj.name}:{record.key}")
        match obj.transform(record, lookups):
            case Send(payload):
                yield _planned(obj, row, payload, existing, taken)
            case Merge(into, _):
                yield replace(row, reason=f"becomes the same as {into}")
            case Skip(rule):
                yield replace(row, reason=LEFT_OUT.get(rule, rule.replace("_", " ")))
            case Quarantine(reason):
                yield replace(row, state="in the way", reason=reason)


def _names(obj: MigrationObject, lookups: Lookups) -> dict[str, str]:
    """Return what definitions are called in SmarterTrack, by source key."""
    chosen = lookups.mapping
    sections: dict[str, Mapping[str, Any]] = {
        "department": chosen.teams, "brand": chosen.brands, "brand_team": chosen.brands,
        "ticket_field": chosen.ticket_fields,
        "person_field": chosen.person_fields, "tag": chosen.tags,
    }  # fmt: skip
    names = {key: entry.name for key, entry in sections.get(obj.name, {}).items()}
    if obj.name == "ticket_field":
        names |= {f"{ADDED}{name}": entry.label for name, entry in chosen.added_fields.items()}
    return names


def _planned(
    obj: MigrationObject, row: PlanRow, payload: Json, existing: Mapping[str, Thing], taken: set[str]
) -> PlanRow:
    """Return the row of a definition that becomes a payload."""
    key = str(obj.natural_key(payload))
    row = replace(row, target=_target(obj, payload))
    if key in taken:
        return replace(row, state="in the way", reason="another one gets this name already: change it in mapping.yaml")
    taken.add(key)
    if key in existing:
        try:
            obj.check_match(payload, existing[key])
        except RecordUnusable as error:
            return replace(row, state="in the way", reason=f"{error.message}: {error.next_step}")
        return replace(row, state="is there already", reason="same name; nothing of it is changed")
    like = next((there for there in existing if there.lower() == key.lower()), None)
    reason = f"the account has '{like}', which differs by case alone" if like else ""
    return replace(row, state="will be created", reason=reason)


def _target(obj: MigrationObject, payload: Json) -> str:
    if not isinstance(obj, TicketField):
        return f"{obj.becomes} '{payload['name']}'"
    definition = payload["definition"]
    choices = definition["input_settings"].get("choices")
    kind = f"dropdown of {len(choices)}" if choices else definition["data_type"]
    return f"{obj.becomes} '{payload['label']}', {kind}"


def _status_tags(lookups: Lookups, existing: Mapping[str, Thing]) -> Iterator[PlanRow]:
    for key, status in lookups.mapping.statuses.items():
        if status.tag:
            state: State = "is there already" if status.tag in existing else "will be created"
            reason = "Gorgias knows open and closed only; the tag comes with the first such ticket"
            yield PlanRow(
                "Ticket status", f"{status.name} ({key})", f"Tag '{status.tag}'", state, reason, f"status:{key}"
            )


def _help_center(staged: Staged, lookups: Lookups) -> Iterator[PlanRow]:
    """Yield what becomes of categories of the knowledge base, and of those articles that cannot move.

    What the mapping lacks is in the way; a forward to nowhere is one odd record, and stops nobody.
    """
    rules = lookups.article_rules
    package = lookups.parameters.help_center.way == "package"
    made: State = "handed over" if package else "will be created"
    how = "in the export package, for whoever imports it" if package else "by the API; one of this address is kept"
    for obj in KNOWLEDGE:
        for record in obj.records(staged, lookups):
            name = str(record.data.get("CategoryName") or record.data.get("Subject") or "without a name")
            row = PlanRow(obj.title, f"{name} ({record.key})", "", "left out", key=f"{obj.name}:{record.key}")
            match obj.transform(record, lookups):
                case Send(payload) if obj is not KB_ARTICLE:
                    hidden = "; its articles count as private" if rules.is_hidden(int(record.key)) else ""
                    target = f"{obj.becomes} '{payload['name']}'"
                    yield replace(row, target=target, state=made, reason=how + hidden)
                case Skip(rule) if obj is not KB_ARTICLE:
                    yield replace(row, reason=LEFT_OUT.get(rule, rule))
                case Quarantine(reason) if obj is not KB_ARTICLE or rules.unusable(int(record.key)) == reason:
                    yield replace(row, state="in the way", reason=reason)
                case Quarantine(reason):
                    yield replace(row, reason=f"{reason}: quarantined until it is mended in SmarterTrack")
