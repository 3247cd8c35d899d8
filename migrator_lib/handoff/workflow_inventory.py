"""Workflow inventory: SmarterTrack's events in words, and the rule of Gorgias that an admin rebuilds each as.

SmarterTrack publishes no list of its event keys, so a key is understood by the words in it. Triggers and actions are
those of Gorgias' rule glossary (docs.gorgias.com, rules-glossary).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from migrator_lib.chunks import Row
from migrator_lib.handoff import rule_words
from migrator_lib.handoff.rule_words import CUSTOMER, PLACEHOLDER
from migrator_lib.lookups import Lookups
from migrator_lib.staging import Staged

MINUTES = {"minute": 1, "hour": 60, "day": 1440, "week": 10080}
SLA_MINUTES = 14 * 1440
"""Longest time of an SLA policy (docs.gorgias.com, sla-policies)."""
BY_SNOOZE = (
    "two rules: one snoozes the ticket for that time when an agent has answered, the other acts WHEN 'ticket snooze "
    "delay ends'"
)
TRIGGERS = (
    (("survey", "rating"), "WHEN 'satisfaction survey responded'"),
    (("assign",), "WHEN 'ticket assigned to user'"),
    (("message", "reply", "response"), "WHEN 'new message in ticket'"),
    (("new", "creat", "open"), "WHEN 'ticket created'"),
    (("status", "priority", "transfer", "chang", "updat", "close"), "WHEN 'ticket updated'"),
)
"""Words of an event's key to the trigger of a rule."""
ACTIONS = (
    (("mail", "notif"), "action 'send email'"),
    (("priorit",), "action 'set priority'"),
    (("assign", "transfer", "group", "agent"), "action 'assign agent' or 'assign team'"),
    (("status", "close", "reopen"), "action 'set status'"),
    (("tag",), "action 'add tags'"),
    (("comment", "note"), "action 'add internal note'"),
    (("task",), "no counterpart (Gorgias has no tasks): a tag and a view that shows it"),
    (("delete",), "action 'delete ticket'; think twice"),
)
ELSEWHERE = {
    "chat": "Not a rule: Gorgias makes a ticket of every chat by itself; set up the chat's offline behaviour instead",
    "kb": "Not a rule: review articles by a recurring task of the Help Center's owner",
    "knowledge": "Not a rule: review articles by a recurring task of the Help Center's owner",
    "community": "Nothing: Gorgias has no community",
    "task": "Nothing: Gorgias has no tasks",
    "call": "Set up in Gorgias Voice, if the add-on is booked",
    "who": "Nothing: Gorgias does not show visitors of a site",
}
"""What an event's group begins with, to what takes its place."""


@dataclass(frozen=True)
class Event:
    """One event with its parts."""

    row: Row
    conditions: Sequence[Row]
    actions: Sequence[tuple[str, Sequence[Row]]]
    """Pairs of an action's key and its inputs."""

    @property
    def name(self) -> str:
        """Return the event's name."""
        return str(self.row["Name"])

    @property
    def is_on(self) -> bool:
        """Whether it runs."""
        return self.row.get("Enabled") is not False and self.row.get("IsActive") is not False

    @property
    def group(self) -> str:
        """Return what it is about, in lower case."""
        return str(self.row.get("EventGroup") or "").lower()

    def words(self) -> str:
        """Return the words that tell what starts it."""
        keys = (f"{c.get('EventType') or ''} {c.get('EventKey') or ''}" for c in self.conditions)
        return f"{self.name} {' '.join(keys)}".lower()

    def waits_for_customer(self) -> bool:
        """Whether it is about tickets that wait for the customer."""
        values = " ".join(str(condition.get("EventValue1") or "") for condition in self.conditions)
        return "waiting" in f"{self.name} {values}".lower()

    def minutes(self) -> int | None:
        """Return how long it waits, in minutes, or None where no condition is a time."""
        for condition in self.conditions:
            key, value = str(condition.get("EventKey") or "").lower(), str(condition.get("EventValue1") or "")
            for unit, factor in MINUTES.items():
                if unit in key and value.strip().isdigit():
                    return int(value) * factor
        return None


def events(staged: Staged) -> Iterator[Event]:
    """Yield all events, in the order of their ids."""
    conditions, inputs = _by(staged, "EventConditions", "EventID"), _by(staged, "EventInputs", "EventActionID")
    actions = _by(staged, "EventActions", "EventID")
    for row in sorted(staged.rows("Events"), key=lambda event: int(event["EventID"])):
        own = [(str(a["EventKey"]), _inputs(a, inputs)) for a in actions.get(row["EventID"], [])]
        yield Event(row, conditions.get(row["EventID"], []), own)


def _inputs(action: Row, inputs: Mapping[int, list[Row]]) -> list[Row]:
    """Return an action's inputs; that it may act once in a while only is one of them."""
    given = inputs.get(action["EventActionID"], [])
    if not action.get("IsConstrained"):
        return given
    often = f"once in {action.get('ConstraintFrequency')} (its unit is not published)"
    return [*given, {"EventKey": "at most", "EventValue": often}]


def _by(staged: Staged, table: str, key: str) -> dict[int, list[Row]]:
    found: dict[int, list[Row]] = {}
    for row in staged.rows(table):
        found.setdefault(row[key], []).append(row)
    return found


def duration_words(minutes: int) -> str:
    """Return minutes as a whole number of the largest unit."""
    for unit, factor in reversed(MINUTES.items()):
        if minutes % factor == 0:
            n = minutes // factor
            return f"{n} {unit}{'' if n == 1 else 's'}"
    return f"{minutes} minutes"


@dataclass(frozen=True)
class SetUp:
    """What an admin sets up in Gorgias in an event's place."""

    what: str
    """rule, two rules, SLA policy and view, elsewhere, nothing."""
    when: str = ""
    conditions: str = ""
    actions: str = ""
    why: str = ""


def set_up(event: Event, lookups: Lookups) -> SetUp:
    """Return the rule that does the same, part by part, or why there is none and what there is instead."""
    why = recommended(event)
    texts = " ".join(str(row["EventValue"]) for _, inputs in event.actions for row in inputs)
    rewrite = "Rewrite #PLACEHOLDERS# as Gorgias' variables." if PLACEHOLDER.search(texts) else ""
    if not event.is_on:
        return SetUp("nothing", why=why)
    if any(event.group.startswith(start) for start in ELSEWHERE):
        return SetUp("no counterpart", why=why)
    minutes = event.minutes()
    conditions = " AND ".join(filter(None, (rule_words.condition(c, lookups) for c in event.conditions)))
    actions = "; ".join(rule_words.action(key, inputs, lookups) for key, inputs in event.actions)
    if minutes is not None and not event.waits_for_customer():
        return SetUp("SLA policy and view", "", conditions, "agents, from the view", why)
    if minutes is not None:
        first = (
            "Rules have no timer. First rule: WHEN new message in ticket, IF message from agent IS true, THEN snooze "
            f"for {duration_words(minutes)}. Second rule: as here. {rewrite}"
        )
        return SetUp("two rules", "ticket snooze delay ends", conditions, actions, first.strip())
    return SetUp("rule", _trigger(event), conditions or "(none: it fits every ticket)", actions, rewrite)


def _trigger(event: Event) -> str:
    text = event.words()
    found = next((trigger for words, trigger in TRIGGERS if any(word in text for word in words)), None)
    return found.removeprefix("WHEN '").rstrip("'") if found else "(choose by hand)"


def rows(staged: Staged, lookups: Lookups, mask: Callable[[str], str]) -> list[dict[str, object]]:
    """Return the inventory as rows of a table; ``mask`` is what is done to addresses in conditions and inputs."""
    found: list[dict[str, object]] = []
    for event in events(staged):
        made = set_up(event, lookups)
        found.append(
            {
                "event": f"{event.name} ({event.row['EventID']})",
                "runs": _runs(event, lookups.agent_name),
                "if": mask(conditions_words(event)),
                "then": mask("; ".join(action_words(key, inputs) for key, inputs in event.actions) or "nothing"),
                "in Gorgias": made.what,
                "WHEN": made.when,
                "IF": mask(made.conditions),
                "THEN": mask(made.actions),
                "how, and why": mask(made.why),
            }
        )
    return found


def parts(staged: Staged, mask: Callable[[str], str]) -> list[dict[str, object]]:
    """Return every condition and every input of an action as a row: all that an event holds."""
    found: list[dict[str, object]] = []
    for event in events(staged):
        name = f"{event.name} ({event.row['EventID']})"
        for c in event.conditions:
            values = [str(c.get(column) or "") for column in ("EventCondition", "EventValue1", "EventValue2")]
            found.append({"event": name, "part": "condition", "of": c.get("EventType") or "", "key": c["EventKey"],
                          "value": mask(" ".join(filter(None, values)))})  # fmt: skip
        for key, inputs in event.actions:
            if not inputs:
                found.append({"event": name, "part": "action", "of": key, "key": "", "value": ""})
            for row in inputs:
                value = mask(str(row["EventValue"] or ""))
                found.append({"event": name, "part": "action", "of": key, "key": row["EventKey"], "value": value})
    return found


def _runs(event: Event, names: Callable[[int], str]) -> str:
    about = str(event.row.get("EventGroup") or "unknown")
    owner = event.row.get("Owner")
    whose = f", {names(int(owner))}'s own" if owner is not None else ""
    return f"{about}{whose}{', repeating' if event.row.get('IsRepeating') else ''}, {'on' if event.is_on else 'OFF'}"


def conditions_words(event: Event) -> str:
    """Return all conditions in words."""
    told = (
        " ".join(
            str(c.get(part) or "") for part in ("EventKey", "EventCondition", "EventValue1", "EventValue2")
        ).strip()
        for c in event.conditions
    )
    return " and ".join(told) or "always"


def action_words(key: str, inputs: Sequence[Mapping[str, object]]) -> str:
    """Return an action with its inputs in words."""
    told = ", ".join(f"{row['EventKey']}: {row['EventValue']}" for row in inputs)
    return f"{key} ({told})" if told else key


def recommended(event: Event) -> str:
    """Return what to set up in Gorgias in an event's place."""
    if not event.is_on:
        return "Nothing, unless it is wanted again: it is switched off"
    for start, words in ELSEWHERE.items():
        if event.group.startswith(start):
            return words
    minutes = event.minutes()
    if minutes is not None and not event.waits_for_customer():
        return f"Rules have no timer: an SLA policy (see the SLA inventory), and a view of tickets that are over " \
            f"{duration_words(minutes)}, from which agents do by hand what the event did"  # fmt: skip
    parts = [_when(event), *(_action(key, inputs) for key, inputs in event.actions)]
    if PLACEHOLDER.search(" ".join(str(row["EventValue"]) for _, inputs in event.actions for row in inputs)):
        parts.append("rewrite #PLACEHOLDERS# as Gorgias' variables")
    text = "; ".join(dict.fromkeys(parts))
    return text[:1].upper() + text[1:]


def _when(event: Event) -> str:
    if event.minutes() is not None:
        return f"rules have no timer, so {BY_SNOOZE}"
    text = event.words()
    named = next((trigger for words, trigger in TRIGGERS if any(word in text for word in words)), None)
    return f"rule {named or 'with a trigger to be chosen by hand'}, with the same conditions"


def _action(key: str, inputs: Sequence[Mapping[str, object]]) -> str:
    text = key.lower()
    to_customer = any(CUSTOMER.search(str(row["EventValue"])) for row in inputs)
    if "mail" in text and to_customer:
        return "action 'reply to customer' (it counts as a billable ticket)"
    return next((action for words, action in ACTIONS if any(word in text for word in words)), f"'{key}' by hand")
