"""Charts with their words: how the calls went, how old the tickets are, by which channel they came.

matplotlib is slow to import, so it is when something is drawn, and not before.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from migrator_lib import pages
from migrator_lib.pages import Html
from migrator_lib.progress import duration

LEAST_SECONDS = 20.0
"""Length of a span that is drawn: what a bucket holds goes at once, and would stand above everything else."""
LEAST_SPANS = 6
"""A chart of fewer spans shows nothing that the numbers beside it do not tell."""
AGES = {3: "up to 3 months", 12: "up to a year", 24: "up to 2 years", 48: "up to 4 years", 96: "up to 8 years"}
"""Months from the opening to the audit, and what they are called."""
OLDER = "older"


def calls_over_time(course: Mapping[str, Any] | None, *, of: str = "") -> Html:
    """Return a chart of calls beside what was allowed; nothing, where there are too few to draw.

    Args:
        course: as :meth:`~migrator_lib.gorgias.rate.course.Course.as_json` told it.
        of: whose calls they are, for the words below it.
    """
    seconds, calls, allowed = _coarser(course or {})
    if len(calls) < LEAST_SPANS:
        return Html("")
    from migrator_lib.charts.course import calls_over_time as drawn

    given = course or {}
    possible = sum(given["allowed"]) * given["seconds"]
    share = f", {min(1.0, sum(calls) / possible):.0%} of what was allowed" if possible else ""
    told = f"{sum(calls):,} calls in {duration(given['seconds'] * len(given['calls']))}{share}"
    return pages.figure(drawn(seconds, calls, allowed), f"Calls a minute{of}, beside what was allowed: {told}.")


def _coarser(course: Mapping[str, Any]) -> tuple[float, list[int], list[float]]:
    """Return the length of a span, calls, and calls a second that were allowed, in spans that are not too short."""
    seconds, calls, allowed = float(course.get("seconds", 1)), course.get("calls", ()), course.get("allowed", ())
    each = max(1, round(LEAST_SECONDS / seconds))
    starts = range(0, len(calls), each)
    means = [sum(part) / len(part) for n in starts if (part := allowed[n : n + each])]
    return seconds * each, [sum(calls[n : n + each]) for n in starts], means


def clock(speed: float) -> Html:
    """Return whose times they are where a simulated account's clock runs faster than ours; else nothing."""
    if speed == 1:
        return Html("")
    return pages.note(
        f"Times are those of the simulated account, whose clock runs {speed:g} times as fast: what this machine takes "
        "to compute counts as so much longer."
    )


def source_charts(source: Mapping[str, Mapping[str, int]]) -> Html:
    """Return how old the tickets of the source are, and how they came, beside each other; nothing before the audit."""
    named = {
        "ages": "Tickets by their age when the source was audited",
        "channels": "Tickets, chats and calls by the way they came",
    }
    axes = {"ages": "tickets", "channels": "tickets, chats and calls"}
    shown = {what: words for what, words in named.items() if any(source.get(what, {}).values())}
    if not shown:
        return Html("")
    from migrator_lib import charts

    told = {what: f"{words}: {_told(source[what])}." for what, words in shown.items()}
    drawn = (pages.figure(charts.bars(source[what], label=axes[what]), words) for what, words in told.items())
    return pages.join([pages.heading("What the source held"), pages.tag("div", pages.join(drawn), class_="figures")])


def _told(numbers: Mapping[str, int]) -> str:
    return ", ".join(f"{name} {n:,}" for name, n in numbers.items())


def of_source(audit: Mapping[str, Any] | None) -> dict[str, dict[str, int]]:
    """Return ``ages`` and ``channels`` of an audit as the ledger keeps it; empty before there is one."""
    if not audit:
        return {}
    tickets, talks = audit["tickets"], audit["talks"]
    channels = {**tickets["by_origin"], "live chat": talks["chats"], "call": talks["calls"]}
    return {
        "ages": ages(tickets["by_month"], date.fromisoformat(audit["at"][:10])),
        "channels": {name: n for name, n in sorted(channels.items(), key=lambda one: -one[1]) if n},
    }


def ages(by_month: Mapping[str, int], today: date) -> dict[str, int]:
    """Return the tickets of each age, the youngest first.

    Args:
        by_month: month of the opening (``2026-06``) to tickets.
        today: when they are looked at.
    """
    found = dict.fromkeys([*AGES.values(), OLDER], 0)
    for month, n in by_month.items():
        year, number = (int(part) for part in month.split("-"))
        passed = 12 * (today.year - year) + today.month - number
        found[next((words for most, words in AGES.items() if passed < most), OLDER)] += n
    return _without_empty_end(found)


def _without_empty_end(found: Mapping[str, int]) -> dict[str, int]:
    names: Sequence[str] = list(found)
    last = max((n for n, name in enumerate(names) if found[name]), default=-1)
    return {name: found[name] for name in names[: last + 1]}
