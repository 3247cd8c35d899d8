"""The schema plan: what will be made in Gorgias, what is there already, and what is in the way. Nothing is written.

Definitions are read from the source, the mapping is proposed from them and added to what people wrote, and the account
is read. Values are profiled by counts alone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from migrator_lib import mapping, voice
from migrator_lib.engagement import Engagement
from migrator_lib.gorgias.api import GorgiasApi
from migrator_lib.gorgias.contract import replies
from migrator_lib.gorgias.contract.replies import Thing
from migrator_lib.lookups import Lookups, lowered
from migrator_lib.mapping import Question
from migrator_lib.masking import mask_email
from migrator_lib.objects import SETUP
from migrator_lib.objects.person_field import PersonField
from migrator_lib.objects.ticket_field import TicketField
from migrator_lib.plan import assistant, codes, profiles, proposal
from migrator_lib.plan.again import Standing, proposed_differently, vanished
from migrator_lib.plan.concerns import Counts, concerns
from migrator_lib.plan.proposal import Facts, There, ValueProfile
from migrator_lib.plan.rows import PlanRow, State, all_rows
from migrator_lib.runbook import extractor
from migrator_lib.staging import Staged

STAGE = "definitions"
Seen = Mapping[codes.Deciding, list[tuple[str, int]]]
"""Code column to the codes that it holds, with their rows."""


@dataclass
class Plan:
    """The whole plan."""

    rows: list[PlanRow] = field(default_factory=list)
    decisions: list[str] = field(default_factory=list)
    """What a person has to decide before the mapping is signed."""
    added: list[str] = field(default_factory=list)
    """Keys that this run added to mapping.yaml."""
    questions: list[Question] = field(default_factory=list)
    """What the mapping asks, and nobody has answered yet."""
    differently: list[Standing] = field(default_factory=list)
    """What would be proposed differently now; what stands is kept."""
    vanished: list[Standing] = field(default_factory=list)
    """Entries whose source is gone."""
    concerns: Counts = field(default_factory=dict)
    """How many records each entry concerns."""
    notes: list[str] = field(default_factory=list)
    """What else a person should know of how the mapping was proposed."""

    def counts(self) -> dict[str, dict[str, int]]:
        """Return kind of thing to state to number."""
        found: dict[str, Counter[str]] = {}
        for row in self.rows:
            found.setdefault(row.what, Counter())[row.state] += 1
        return {what: dict(states) for what, states in found.items()}

    def in_state(self, state: State) -> int:
        """Return how many things are in a state."""
        return sum(row.state == state for row in self.rows)


def make_plan(engagement: Engagement) -> Plan:
    """Read definitions, propose the mapping, compare with the account; return the plan.

    Raises:
        SourceError: the source cannot be read.
        TargetError: the account cannot be read.
        ParameterError: mapping.yaml is not valid.
    """
    staged, plan, api = read_definitions(engagement), Plan(), engagement.api("production")
    existing = {obj.name: obj.existing(api) for obj in SETUP}
    seen = {column: codes.values(engagement.source, column) for column in codes.DECIDING}
    tickets = profiles.ticket_profiles(engagement.source, engagement.progress)
    propose(engagement, staged, existing, seen, tickets, plan)
    # with questions answered as proposed, so that the plan shows what is to come; a load takes none of them
    as_proposed = mapping.load_as_proposed(engagement.paths.mapping_file)
    lookups = replace(engagement.lookups(staged), mapping=as_proposed)
    plan.rows += all_rows(staged, lookups, existing)
    plan.decisions += _open_points(lookups, plan, existing["user"])
    plan.decisions += _unmapped_codes(as_proposed, staged, seen)
    plan.decisions += _too_many_fields(api, plan)
    plan.notes += _counted(as_proposed, plan.concerns, tickets)
    plan.decisions += _voice_to_confirm(engagement, api)
    return plan


def read_definitions(engagement: Engagement) -> Staged:
    """Stage the definition tables anew and return them."""
    reader = extractor(engagement, STAGE)
    reader.start_again()
    reader.definitions()
    return engagement.staged(STAGE)


def propose(
    engagement: Engagement,
    staged: Staged,
    existing: Mapping[str, Mapping[str, Thing]],
    seen: Seen,
    tickets: Mapping[int, ValueProfile],
    plan: Plan,
) -> None:
    """Add to mapping.yaml what it lacks of the proposal, and compare what stands there with it."""
    file, source = engagement.paths.mapping_file, engagement.source
    people = profiles.profiled(staged.rows("CustomDataFieldsForUsers"))
    known = mapping.load_as_proposed(file) if file.exists() else mapping.EngagementMapping()
    languages = [str(value) for value, _ in source.frequencies("KbArticles", "LanguageID", limit=codes.LIMIT)]
    facts = Facts(staged.rows, tickets, people, there(existing), known, holds(engagement), answers(staged), languages)
    proposed = proposal.propose_from(facts)
    fields = {**proposed.ticket_fields, **known.ticket_fields}
    counted = concerns(source, staged.rows, fields, tickets, people)
    plan.concerns = counted | {column.section: dict(found) for column, found in seen.items()}
    settings = engagement.parameters.mapping_assistant
    proposed, plan.notes = assistant.consult(settings, proposed, facts, plan.concerns, engagement.clock.sleep)
    plan.added = mapping.merge_into_file(file, proposed)
    plan.questions = mapping.questions(file)
    plan.differently = proposed_differently(known, proposed)
    in_use = {column.section: {code for code, _ in found} for column, found in seen.items()}
    plan.vanished = vanished(known, proposed, in_use)


def there(existing: Mapping[str, Mapping[str, Thing]]) -> There:
    """Return what the account has, by name."""
    users = [user for user in existing["user"].values() if isinstance(user, replies.User)]
    ticket, person = (
        {label: one for label, one in existing[name].items() if isinstance(one, replies.CustomField)}
        for name in ("ticket_field", "person_field")
    )
    return There(
        teams=list(existing["department"]),
        tags=list(existing["tag"]),
        roles={user.role.name for user in users if user.role and user.role.name},
        ticket_fields=ticket,
        person_fields=person,
    )


def holds(engagement: Engagement) -> set[str]:
    """Return the names of the large tables that have rows, and whose rows are migrated."""
    named = ("Tickets", "Chats", *(["CallLogs"] if engagement.parameters.policy.call_logs == "migrate" else []))
    return {name for name in named if engagement.source.count(name)}


def answers(staged: Staged) -> dict[int, tuple[int, int]]:
    """Return question of a survey to its answers that are numbers, and that are text."""
    numbers: Counter[int] = Counter()
    texts: Counter[int] = Counter()
    for row in staged.rows("SurveyQuestionAnswers"):
        question = row.get("SurveyQuestionID")
        if question is not None and row.get("NumericAnswerValue") is not None:
            numbers[question] += 1
        elif question is not None and (row.get("TextAnswerValue") or "").strip():
            texts[question] += 1
    return {question: (numbers[question], texts[question]) for question in {*numbers, *texts}}


# --- what a person decides -----------------------------------------------------------------------------


def _open_points(lookups: Lookups, plan: Plan, users: Mapping[str, Thing]) -> Iterator[str]:
    fallback = lowered(lookups.parameters.agents.fallback)
    if fallback not in users:
        yield (
            f"The fallback agent {mask_email(fallback)} is no user of the production account. Create that user in "
            "Gorgias, or change agents.fallback in engagement.yaml; nothing is loaded without it."
        )
    blocked = plan.in_state("in the way")
    if blocked:
        yield (
            f"What cannot be made as things are: {blocked}. Each is marked 'in the way' in the tables below, which say "
            "what to change; until then it goes into quarantine when the load comes to it."
        )


def _unmapped_codes(mapped: mapping.EngagementMapping, staged: Staged, seen: Seen) -> Iterator[str]:
    """Yield codes that came up since the audit, which stops on them."""
    meanings = codes.meanings(staged.rows, mapped)
    for column, found in seen.items():
        for code, n in found:
            if code not in meanings[column.section]:
                yield (
                    f"{column.name} {code} (rows: {n:,}) has no meaning: {column.otherwise}. To say what it means, add "
                    f"'{code}': {column.entry} under {column.section} in mapping.yaml."
                )


def _voice_to_confirm(engagement: Engagement, api: GorgiasApi) -> Iterator[str]:
    """Yield what is to be confirmed before tickets are of channel phone; keep what the account tells, for the gate."""
    calls, words = engagement.calls_move, engagement.phone_words
    if not calls and not words:
        return
    told = voice.told(api)
    engagement.ledger.set_meta(voice.GATE, told)
    if engagement.gate_state(voice.GATE).state == "met":
        return
    these = [*(["call logs"] if calls else []), *(f"tickets whose channel is '{word}'" for word in words)]
    instead = ["leave call logs out (policy.call_logs: skip)"] if calls else []
    instead += ["choose another channel for such tickets under channels in mapping.yaml"] if words else []
    yield (
        f"Tickets of channel phone need Gorgias' Voice add-on, and there will be some: {', '.join(these)}. {told} "
        f'Confirm it: migrator sign {engagement.name} {voice.GATE} --by "YOUR NAME"; or {", and ".join(instead)}.'
    )


LONG_VALUES = {
    "accept": "are sent whole",
    "trim": "are cut, and the whole stays in the meta",
    "split": "are cut, and the rest goes into an internal note",
}


def _counted(mapped: mapping.EngagementMapping, concerns: Counts, tickets: Mapping[int, ValueProfile]) -> Iterator[str]:
    """Yield how many values each decision on fields of tickets concerns."""
    nothing = [key for key, entry in mapped.ticket_fields.items() if entry.becomes == "nothing"]
    if nothing:
        values = sum(concerns["ticket_fields"].get(key, 0) for key in nothing)
        yield f"Fields of tickets that become nothing: {len(nothing)}, with {values:,} values that stay behind."
    long: Counter[str] = Counter()
    for key, entry in mapped.ticket_fields.items():
        if entry.becomes != "nothing" and key.isdecimal() and int(key) in tickets:
            long[entry.long_values] += tickets[int(key)].long
    for way, n in long.items():
        if n:
            yield f"Values of ticket fields longer than {mapping.LONG} characters that {LONG_VALUES[way]}: {n:,}."


def _too_many_fields(api: GorgiasApi, plan: Plan) -> Iterator[str]:
    for obj in (TicketField(), PersonField()):
        active = sum(1 for _ in api.custom_fields.every(obj.object_type))
        mine = [row for row in plan.rows if row.what == obj.title]
        new = sum(row.state == "will be created" or "fields are mapped" in row.reason for row in mine)
        surplus = active + new - mapping.FIELD_LIMIT
        if surplus > 0:
            yield (
                f"{obj.becomes}s: the account has {active} active and {new} more are mapped, but Gorgias keeps "
                f"{mapping.FIELD_LIMIT} active at a time. Set 'becomes: nothing' for at least {surplus} under "
                f"{obj.name}s in mapping.yaml, or archive as many in Gorgias."
            )
