"""How expectations are shown: in a notebook, status first; and as a document that says what is expected."""

from __future__ import annotations

from collections.abc import Sequence

from migrator_lib import pages
from migrator_lib.expectations import suites
from migrator_lib.expectations.result import SHOWN_KEYS, Checked, Outcome, Result
from migrator_lib.expectations.suites import GATES, TITLES, Suite
from migrator_lib.pages import Html

KINDS = {True: "guaranteed", False: "counted"}


def section(result: Result) -> Html:
    """Return what came of a gate: a status line, what is not as expected, each table, and all sentences folded."""
    if result.failed:
        return pages.status(f"{TITLES[result.gate]}: nobody knows.", "bad", detail=result.failed)
    if not result.ran:
        return pages.note(result.why)
    parts = [_status(result)]
    if result.unmet:
        rows = [_unmet_row(result, *pair) for pair in result.unmet]
        parts.append(pages.table(rows, caption="Not as expected"))
    parts.append(_tables(result.checked))
    parts.append(pages.folded("Every expectation, in words", *map(_sentences, result.checked)))
    longer = [pair for pair in result.unmet if len(pair[1].keys) > SHOWN_KEYS]
    if longer:
        parts.append(pages.folded("Which records these are", pages.table([_keys_row(*pair) for pair in longer])))
    return pages.join(parts)


def _status(result: Result) -> Html:
    n, unmet, stops = result.expectations, len(result.unmet), len(result.stops)
    if stops:
        words = f"{TITLES[result.gate]}: {pages.counted(stops, 'guarantee')} of {n:,} expectations not kept."
        return pages.status(words, "bad", detail="The step is not done. What to do stands in the table.")
    if any(outcome.next for _, outcome in result.unmet):
        words = f"{TITLES[result.gate]}: {n - unmet:,} of {n:,} expectations are met."
        return pages.status(words, "warn", detail="Nothing of it stops a run. What to do stands in the table.")
    if unmet:
        words = f"{TITLES[result.gate]}: {n - unmet:,} of {n:,} expectations are met."
        detail = "The others stop nothing: they tell of the data as it is, and the accounts say what became of it."
        return pages.status(words, "good", detail=detail)
    return pages.status(f"{TITLES[result.gate]}: all {n:,} expectations are met.", "good")


def _unmet_row(result: Result, one: Checked, outcome: Outcome) -> dict[str, object]:
    badge = pages.badge("guarantee", "bad") if outcome.stops else pages.badge("counted", "plain")
    to_do = {"what to do": result.to_do(outcome)} if any(each.next for _, each in result.unmet) else {}
    return {
        "table": one.title, "expected": outcome.says, **({"kind": badge} if result.stops else {}),
        "records": outcome.number, "of": one.rows,
        "first of them": outcome.first_keys, **to_do,
    }  # fmt: skip


def _keys_row(one: Checked, outcome: Outcome) -> dict[str, object]:
    return {"table": one.title, "expected": outcome.says, "first of them": ", ".join(outcome.keys)}


def _tables(checked: Sequence[Checked]) -> Html:
    rows = [
        {
            "table": one.title, "rows": one.rows, "expectations": len(one.outcomes),
            "met": len(one.outcomes) - len(one.unmet), "not met": len(one.unmet),
        }
        for one in checked if one.rows
    ]  # fmt: skip
    empty = [one.title for one in checked if not one.rows]
    words = [pages.note("Nothing of: ", ", ".join(empty), ".")] if empty else []
    return pages.join([pages.table(rows, caption="What was checked"), *words])


def _sentences(one: Checked) -> Html:
    rows = [
        {"expected": each.says, "kind": KINDS[each.stops], "met": _met(one, each), "records": each.number or None}
        for each in one.outcomes
    ]  # fmt: skip
    return pages.table(rows, caption=f"{one.title}: {pages.counted(one.rows, 'row')}")


def _met(one: Checked, outcome: Outcome) -> Html:
    if not one.rows:
        return pages.Html("nothing there")
    tone: pages.Tone = "good" if outcome.met else "bad" if outcome.stops else "plain"
    return pages.badge("yes" if outcome.met else "no", tone)


def document(company: str) -> str:
    """Return the page that says what is expected of the data, in words."""
    parts = [
        pages.paragraph(
            "Before anything is loaded, and once more when everything is read back, the data is held against these "
            "sentences. What is guaranteed must be so, or the step is not done. The others are about what the "
            "company's data may hold: what is not so is counted and stops nothing; the accounts say what became of it."
        )
    ]
    for gate in GATES:
        parts.append(pages.heading(TITLES[gate]))
        parts += [_of_suite(suite) for suite in suites.suites(gate)]
    return pages.page("What is expected of the data", *parts, subtitle=company)


def _of_suite(suite: Suite) -> Html:
    rows = [{"expected": one.says, "kind": KINDS[one.stops]} for one in suite.expectations]
    return pages.table(rows, caption=f"{suite.title} ({suite.source})")
