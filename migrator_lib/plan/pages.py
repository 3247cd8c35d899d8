"""The schema plan for people: parts for notebook 02, and ``documents/schema_plan.html``."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from migrator_lib import pages
from migrator_lib.engagement import Engagement
from migrator_lib.mapping import EngagementMapping
from migrator_lib.pages import Html, Tone
from migrator_lib.plan import Plan
from migrator_lib.plan.rows import STATES, PlanRow, State

TONES: dict[State, Tone] = {
    "will be created": "plain",
    "is there already": "good",
    "in the way": "bad",
    "left out": "plain",
    "handed over": "warn",
    "later version": "warn",
}
SECTIONS = {
    "statuses": "Ticket statuses",
    "priorities": "Ticket priorities",
    "directions": "Message directions",
    "brands": "Brands",
    "teams": "Departments and groups",
    "ticket_fields": "Custom fields of tickets",
    "person_fields": "Custom fields of users and organizations",
    "tags": "Tags",
}
"""Section of mapping.yaml to its name for people."""
FOLDED_FROM = 12
"""Rows from which a section is folded."""


def status(plan: Plan) -> Html:
    """Return the status line: what is planned, and whether something is in the way."""
    blocked, decisions = plan.in_state("in the way"), len(plan.decisions)
    words = f"To be created: {plan.in_state('will be created')}. There already: {plan.in_state('is there already')}."
    if blocked:
        return pages.status(f"In the way of something: {blocked}. {words}", "bad")
    if decisions:
        return pages.status(f"Waiting for a decision: {decisions}. {words}", "warn")
    return pages.status(f"Nothing is in the way. {words}", "good", detail="Nothing was written to Gorgias.")


def decisions(plan: Plan) -> Html:
    """Return what a person decides before signing."""
    if not plan.decisions:
        return pages.paragraph("Nothing is left to decide: read the mapping, and sign it.")
    return pages.bullets(plan.decisions)


def summary(plan: Plan) -> Html:
    """Return a table of kinds of things by state."""
    counts = plan.counts()
    used = [state for state in STATES if any(state in states for states in counts.values())]
    rows = [
        {"definition": what, **{state: states.get(state) for state in used}, "in all": sum(states.values())}
        for what, states in counts.items()
    ]
    return pages.table(rows, caption="What each kind of definition will be")


def details(plan: Plan) -> Html:
    """Return every row, by kind; long lists are folded."""
    kinds = dict.fromkeys(row.what for row in plan.rows)
    return pages.join(_kind(what, [row for row in plan.rows if row.what == what]) for what in kinds)


def _kind(what: str, rows: Sequence[PlanRow]) -> Html:
    table = pages.table(
        [
            {
                "SmarterTrack": row.source,
                "Gorgias": row.target,
                "state": pages.badge(row.state, TONES[row.state]),
                "why": row.reason,
                "blocked": row.state == "in the way",
            }
            for row in rows
        ],
        different="blocked",
    )
    return _section(what, table, len(rows))


def _section(title: str, table: Html, rows: int) -> Html:
    if rows >= FOLDED_FROM:
        return pages.folded(f"{title} ({rows})", table)
    return pages.join([pages.heading(title, 3), table])


def mapping_tables(mapping: EngagementMapping) -> dict[str, list[dict[str, object]]]:
    """Return the mapping as rows of tables, by section; ``reason`` says where a proposal came from."""
    found: dict[str, list[dict[str, object]]] = {}
    for section in SECTIONS:
        entries = getattr(mapping, section)
        found[section] = [
            {
                "key": key,
                "in SmarterTrack": getattr(
                    entry, "name", {"0": "from the customer", "1": "from an agent"}.get(key, "")
                ),
                "becomes": _becomes(entry),
                "reason": entry.reason,
            }
            for key, entry in entries.items()
        ]
    return found


def _becomes(entry: object) -> str:
    """Return in words what a mapping's entry makes of its thing."""
    becomes = str(getattr(entry, "becomes", ""))
    named = getattr(entry, "team", None) or getattr(entry, "label", None) or getattr(entry, "tag", None)
    choices = getattr(entry, "choices", ())
    words = becomes if becomes == "nothing" or not named else f"{becomes} '{named}'"
    if hasattr(entry, "label") or hasattr(entry, "team") or becomes == "tag":
        return f"{words}: {', '.join(choices)}" if choices else words
    return f"{becomes}, tag '{named}'" if named else becomes


def mapping_parts(mapping: EngagementMapping) -> Html:
    """Return the mapping by section, for reading before it is signed."""
    return pages.join(
        _section(SECTIONS[section], pages.table(rows), len(rows))
        for section, rows in mapping_tables(mapping).items()
        if rows
    )


def how_to_sign(engagement: Engagement) -> Html:
    """Return where the gate stands, and the command that signs the mapping as it is now."""
    state = engagement.gate_state("mapping")
    if state.state == "met":
        return pages.paragraph(f"The mapping is signed by {state.by} on {state.on[:10]}.")
    return pages.join(
        [
            pages.paragraph(
                "The mapping waits for a signature. Read it, change ",
                pages.code(str(engagement.paths.mapping_file.name)),
                " where it is wrong, run notebook 02 again if you did, then sign:",
            ),
            pages.tag("pre", f'migrator sign {engagement.name} mapping --by "NAME"'),
            pages.note(f"Signed is the content, {engagement.mapping.hash[:23]}…; a later change opens the gate again."),
        ]
    )


def write_page(engagement: Engagement, plan: Plan) -> Path:
    """Write ``documents/schema_plan.html``; return its path."""
    text = pages.page(
        "Schema plan",
        status(plan),
        how_to_sign(engagement),
        pages.heading("To be decided"),
        decisions(plan),
        pages.heading("What will be made"),
        summary(plan),
        details(plan),
        pages.heading("The mapping"),
        pages.note("As it stands in mapping.yaml: what a person changed there is shown, and kept by later proposals."),
        mapping_parts(engagement.mapping),
        subtitle=f"{engagement.parameters.company}: from SmarterTrack to Gorgias. A plan; nothing has been made yet.",
    )
    return pages.write(engagement.paths.documents / "schema_plan.html", text)
