"""What the audit's notebook and the scope document show of the judgement: grade, estimate, cost, risks."""

from __future__ import annotations

from collections.abc import Sequence

from migrator_lib import pages
from migrator_lib.audit.estimate import WINDOW_HOURS, Estimate, estimate
from migrator_lib.audit.facts import Audit
from migrator_lib.audit.grade import FORMULA, Grade, grade
from migrator_lib.audit.pricing import PRICES_OF, Line
from migrator_lib.audit.risks import Risk, register
from migrator_lib.pages import Html, Tone

SEVERITIES: dict[str, Tone] = {"high": "bad", "medium": "warn", "low": "good"}
FITS: dict[str, Tone] = {"comfortably": "good", "tightly": "warn", "not": "bad"}


def _lines(lines: Sequence[Line], what: str, unit: str, caption: str) -> Html:
    rows = [{what: line.what, unit: line.number, "Formula": line.formula} for line in lines]
    return pages.table(rows, caption=caption)


def complexity(found: Grade) -> Html:
    """Return the grade with its four marks and their reasons."""
    rows = [{"Of": mark.what, "Mark": mark.mark, "Because": "; ".join(mark.reasons)} for mark in found.marks]
    words = f"Grade {found.grade} of 4: {found.word}. Formula: {FORMULA}."
    return pages.join([pages.paragraph(words), pages.table(rows, caption="Complexity")])


def effort(found: Estimate) -> Html:
    """Return calls, hours and the cutover's window, with formulas."""
    window = found.window
    hours = f"{found.calls:,} calls / {found.rate:.2f} a second / 3,600 = {found.hours:,.1f} hours"
    tiles = {"calls": found.calls, "hours": f"{found.hours:,.1f}", "hours at cutover": f"{window.hours:,.1f}"}
    return pages.join(
        [
            pages.tiles(tiles),
            _lines(found.lines, "Calls for", "Calls", "Calls of the full load"),
            pages.paragraph(f"Hours: {hours}. The sandbox has a rate of its own and is not counted."),
            pages.paragraph(
                f"Cutover: {window.calls:,} calls = {window.formula}; {window.hours:,.1f} hours, which fits ",
                pages.badge(window.fits, FITS[window.fits]),
                f" into {WINDOW_HOURS[0]:g} to {WINDOW_HOURS[1]:g} hours.",
            ),
        ]
    )  # fmt: skip


def cost(found: Estimate) -> Html:
    """Return what Gorgias costs a month, with the formula of each plan."""
    c = found.cost
    tiles = {
        f"plan for a mean month ({c.mean:,} tickets)": f"{c.plan}, ${c.at_mean:,.0f}",
        f"the same in the peak month ({c.peak:,})": f"${c.at_peak:,.0f}",
        "AI Agent, on top": f"${c.ai_low:,.0f} to ${c.ai_high:,.0f}",
    }
    words = (
        f"Billable: tickets with at least one public message from an agent, by the month of the first, over the last "
        f"{c.months} full months. Cheapest: the plan with the lowest price + overage. Prices of {PRICES_OF}, paid "
        "monthly, before tax; check gorgias.com/pricing. Voice and SMS are add-ons, and not counted."
    )
    return pages.join([pages.tiles(tiles), _lines(c.lines, "Plan", "US$ a month", "Cost"), pages.note(words)])


def risks(found: Sequence[Risk]) -> Html:
    """Return the risk register."""
    rows = [
        {
            "Risk": pages.join([risk.title, pages.note(f"Side: {risk.side}")]),
            "Here": pages.badge(risk.severity, SEVERITIES[risk.severity]),
            "Found": risk.found,
            "What to do": pages.join([risk.to_do, pages.note(f"Source: {risk.source}")]),
        }
        for risk in found
    ]
    return pages.table(rows, caption="Risk register")


def judgement(audit: Audit) -> Html:
    """Return all of it, as the notebook shows it."""
    effort_ = estimate(audit)
    return pages.join(
        [
            complexity(grade(audit, effort_)),
            effort(effort_),
            cost(effort_),
            risks(register(audit, effort_)),
        ]
    )
