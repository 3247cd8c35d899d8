"""The schema plan for people: parts for notebook 02, and ``documents/schema_plan.html``."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from migrator_lib import pages
from migrator_lib.engagement import Engagement
from migrator_lib.mapping import load_as_proposed
from migrator_lib.pages import Html, Tone
from migrator_lib.plan import Plan
from migrator_lib.plan.mapping_pages import (
    FILTER_STYLE,
    changed,
    filtered,
    how_to_sign,
    keys,
    mapping_parts,
    mapping_tables,
    questions,
    section_of,
)
from migrator_lib.plan.rows import STATES, PlanRow, State

__all__ = [
    "changed", "decisions", "details", "how_to_sign", "mapping_of", "mapping_parts", "mapping_tables", "questions",
    "status", "summary", "write_page",
]  # fmt: skip
TONES: dict[State, Tone] = {
    "will be created": "plain",
    "is there already": "good",
    "in the way": "bad",
    "left out": "plain",
    "handed over": "warn",
}


def status(plan: Plan) -> Html:
    """Return the status line: what is planned, and whether something is in the way."""
    blocked, decisions, asked = plan.in_state("in the way"), len(plan.decisions), len(plan.questions)
    words = f"To be created: {plan.in_state('will be created')}. There already: {plan.in_state('is there already')}."
    if asked:
        more = f", and {pages.counted(decisions, 'point')} to decide" if decisions else ""
        first = f"{pages.counted(asked, 'question')} to answer in mapping.yaml{more}."
        return pages.status(first, "warn", detail=f"{words} Nothing was written to Gorgias.")
    if blocked:
        first = f"{pages.counted(blocked, 'definition')} cannot be made as things are."
        return pages.status(first, "bad", detail=f"{words} Nothing was written to Gorgias.")
    if decisions:
        first = f"{pages.counted(decisions, 'point')} to decide."
        return pages.status(first, "warn", detail=f"{words} Nothing was written to Gorgias.")
    return pages.status(f"Nothing is in the way. {words}", "good", detail="Nothing was written to Gorgias.")


def decisions(plan: Plan) -> Html:
    """Return what a person decides before signing."""
    notes = pages.join(pages.note(words) for words in plan.notes)
    if not plan.decisions:
        words = "Nothing else is left to decide." if plan.questions else "Nothing is left to decide."
        return pages.join([pages.paragraph(words), notes])
    return pages.join([pages.bullets(plan.decisions), notes])


def summary(plan: Plan) -> Html:
    """Return a table of kinds of things by state."""
    counts = plan.counts()
    used = [state for state in STATES if any(state in states for states in counts.values())]
    rows = [{"definition": what, **{state: states.get(state) for state in used}} for what, states in counts.items()]
    return pages.table(
        rows,
        caption="What becomes of each kind of definition; of articles, those alone that cannot move",
    )


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
    return section_of(what, table, len(rows))


def mapping_of(engagement: Engagement, plan: Plan) -> Html:
    """Return the mapping with questions as they are proposed, and how many records each entry concerns."""
    shown = load_as_proposed(engagement.paths.mapping_file)
    return mapping_parts(shown, keys(plan.questions), plan.concerns)


def write_page(engagement: Engagement, plan: Plan) -> Path:
    """Write ``documents/schema_plan.html``; return its path."""
    body = pages.join(
        [
            pages.heading("Schema plan", 1),
            pages.tag("p", f"{engagement.parameters.company}: from SmarterTrack to Gorgias. A plan; nothing has been "
                      "made yet.", class_="subtitle"),
            status(plan),
            pages.heading("To be answered and decided"),
            questions(plan.questions, plan.concerns),
            decisions(plan),
            how_to_sign(engagement),
            changed(engagement, plan),
            pages.heading("The mapping"),
            pages.note("What each thing of SmarterTrack's becomes. What a person changed in mapping.yaml is shown, and "
                       "kept by later proposals."),
            filtered(mapping_of(engagement, plan)),
            pages.heading("What will be made"),
            summary(plan),
            details(plan),
        ]
    )  # fmt: skip
    text = pages.document("Schema plan", body, extra_style=FILTER_STYLE)
    return pages.write(engagement.paths.documents / "schema_plan.html", text)
