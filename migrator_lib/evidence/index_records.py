"""What the engagement's page says of records: where each went, what was found of it in Gorgias, and by which rule."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from migrator_lib import charts, pages
from migrator_lib.evidence import flows
from migrator_lib.evidence.quarantine_page import PAGE as QUARANTINE
from migrator_lib.evidence.records import linked
from migrator_lib.reconcile import ALWAYS, RECONCILED, WRONG

Row = Mapping[str, Any]
IN_WORDS = {"changed": "Changed in Gorgias since"}
FOLDED_FROM = 10
LISTED = 200
"""Quarantined records that the page lists; all of them are in the documents and the ledger."""


def summed(objects: Mapping[str, Row], state: str) -> int:
    """Return the records of all objects in a state."""
    return sum(one.get(state) or 0 for one in objects.values())


def accounts(summary: Row) -> pages.Html:
    """Return where every source record went, and whether that adds up."""
    objects, titles = summary["objects"], summary["titles"]
    if not objects:
        back = "Nothing is counted any more: what was loaded is rolled back."
        words = back if summary.get("rolled_back") else "Nothing is counted yet: the extract comes first."
        return pages.join([pages.heading("Accounts"), pages.note(words)])
    used = [outcome for outcome in charts.OUTCOMES if outcome == "quarantined" or summed(objects, outcome)]
    counted = {name: one for name, one in objects.items() if one["source"] or any(map(one.get, charts.OUTCOMES))}
    rows = [_account(name, titles.get(name, name), one, used) for name, one in counted.items()]
    return pages.join(
        [
            pages.heading("Accounts"),
            pages.paragraph(
                "Every record of the source is to have one outcome, so that the numbers add up to the source. "
                "Each number leads to its records."
            ),
            flows.figure(objects),
            pages.table(rows, caption="Records by outcome", different="wrong"),
        ]
    )


def _account(name: str, title: str, one: Row, used: Sequence[str]) -> dict[str, object]:
    difference = one["source"] - sum(one.get(outcome) or 0 for outcome in charts.OUTCOMES)
    badge = pages.badge("adds up", "good") if not difference else pages.badge(f"{difference:+,} open", "bad")
    outcomes = {
        charts.OUTCOMES[outcome][0].capitalize(): linked(name, outcome, one.get(outcome, 0)) for outcome in used
    }
    return {"Object": title, "Check": badge, "In the source": one["source"], **outcomes, "wrong": bool(difference)}


def compared(summary: Row) -> pages.Html:
    """Return what was read back from Gorgias and compared, field by field."""
    objects, titles = summary["objects"], summary["titles"]
    seen = {name: one for name, one in objects.items() if any(one.get(state) for state in RECONCILED)}
    if not seen:
        return pages.Html("")
    shown = [state for state in RECONCILED if state in ALWAYS or any(one.get(state) for one in seen.values())]
    rows = [
        {
            "Object": titles.get(name, name),
            **{IN_WORDS.get(state, state.capitalize()): one.get(state, 0) for state in shown},
            "wrong": any(one.get(state) for state in WRONG),
        }
        for name, one in seen.items()
    ]
    table = pages.table(rows, caption="Records by what was found", different="wrong")
    wrong = sum(bool(row["wrong"]) for row in rows)
    return pages.join(
        [
            pages.heading("Verified in Gorgias"),
            pages.paragraph("Every migrated field of every record was read back and compared."),
            pages.tiles({state: summed(seen, name) for name, state in _found_words(shown)}),
            table if wrong else pages.folded(f"Each of {pages.counted(len(rows), 'object')}", table),
        ]
    )


def _found_words(states: Sequence[str]) -> list[tuple[str, str]]:
    """Return states, each as a tile says it."""
    said = {"validated": "found equal", "changed": "changed in Gorgias since"}
    return [(state, said.get(state, state)) for state in states]


def quarantined(quarantine: Sequence[Row], titles: Mapping[str, str]) -> pages.Html:
    """Return what is in quarantine, by reason and one by one; nothing where there is none."""
    if not quarantine:
        return pages.Html("")
    reasons = Counter((titles.get(one["object"], one["object"]), one["reason"]) for one in quarantine)
    by_reason = [{"Object": obj, "Reason": reason, "Records": n} for (obj, reason), n in reasons.most_common()]
    each = pages.table(
        [{"Object": titles.get(one["object"], one["object"]), "Key in SmarterTrack": str(one["key"]),
          "Reason": one["reason"]} for one in quarantine[:LISTED]]
    )  # fmt: skip
    more = pages.note(f"The first {LISTED} of {len(quarantine):,}.") if len(quarantine) > LISTED else ""
    return pages.join(
        [
            pages.heading("Quarantined"),
            pages.paragraph(
                "These records could not be moved. They are kept, and can be tried again once mended: ",
                pages.link(QUARANTINE, "what mends each, and how it is tried again"),
                ".",
            ),
            pages.table(by_reason[:LISTED]) if len(by_reason) < len(quarantine) else "",
            each if len(quarantine) < FOLDED_FROM else pages.folded("Each record", more, each),
        ]
    )


def rules(rules: Sequence[Row]) -> pages.Html:
    """Return how many records each rule decided; nothing where none was needed."""
    if not rules:
        return pages.Html("")
    rows = [
        {
            "Object": one["object"],
            "Outcome": pages.named(str(one.get("state", ""))),
            "Rule": pages.named(str(one["rule"])),
            "Records": one["records"],
        }
        for one in rules
    ]
    told = pages.note("Records that were merged, skipped or handed over, each by a rule that has a name.")
    table = pages.folded(f"Each rule with its records ({len(rows):,})", pages.table(rows))
    return pages.join([pages.heading("By which rule"), told, table])
