"""What Gorgias costs a company, by the tickets that its agents answered.

Prices are third-party snapshots of the date in :data:`PRICES_OF`, and are to be checked at gorgias.com/pricing.
A ticket is billed once, with its first message from an agent (docs.gorgias.com, how-youre-billed-for-using-gorgias).
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil


@dataclass(frozen=True)
class Line:
    """One line of an estimate: the number, and how it came about."""

    what: str
    number: float
    formula: str


def full_months(by_month: dict[str, int]) -> dict[str, int]:
    """Return the last twelve full months, empty ones too; the newest month counts only where it is the only one.

    The newest month of a source is seldom whole, and would make every mean too small.
    """
    if not by_month:
        return {}
    first, last = (_month_number(month) for month in (min(by_month), max(by_month)))
    end = last if first == last else last - 1
    numbers = range(max(first, end - 11), end + 1)
    return {name: by_month.get(name, 0) for name in map(_month_name, numbers)}


def _month_number(month: str) -> int:
    year, _, number = month.partition("-")
    return int(year) * 12 + int(number) - 1


def _month_name(number: int) -> str:
    return f"{number // 12:04d}-{number % 12 + 1:02d}"


@dataclass(frozen=True)
class Plan:
    """A Gorgias plan, in US dollars a month; overage is billed by blocks of tickets, a begun one counted whole."""

    name: str
    monthly: float
    tickets: int
    overage: float
    block: int

    def cost(self, tickets: int) -> float:
        """Return the price of a month with this many billable tickets, paid monthly."""
        return self.monthly + ceil(max(0, tickets - self.tickets) / self.block) * self.overage


PRICES_OF = "May 2026"
PLANS = (
    Plan("Starter", 10, 50, 0.40, 1),
    Plan("Basic", 60, 300, 40, 100),
    Plan("Pro", 360, 2_000, 36, 100),
    Plan("Advanced", 900, 5_000, 36, 100),
)
"""usagepricing.com, botapolis.com. Above 5,000 tickets a month there is Enterprise, by quote."""
ENTERPRISE_FROM = 5_000
AI_PRICES = (0.90, 1.00)
"""Dollars for a conversation that AI Agent resolves, on top of its ticket."""


def cheapest(tickets: int) -> Plan:
    """Return the plan with the lowest price for a month with this many billable tickets."""
    return min(PLANS, key=lambda plan: plan.cost(tickets))


def ai_cost(tickets: int, share: float) -> tuple[float, float]:
    """Return the lowest and highest fee of AI Agent for a month."""
    return tickets * share * AI_PRICES[0], tickets * share * AI_PRICES[1]


@dataclass(frozen=True)
class Cost:
    """What Gorgias costs a month, in US dollars."""

    mean: int
    peak: int
    months: int
    plan: str
    at_mean: float
    at_peak: float
    ai_low: float
    ai_high: float
    if_a_fifth_more: float
    """The same plan with a fifth more tickets: how overage grows."""
    lines: tuple[Line, ...]


def cost(answered_by_month: dict[str, int], ai_share: float) -> Cost:
    """Return the cost for tickets that an agent answered, by the mean and the peak of the last full twelve months."""
    recent = list(full_months(answered_by_month).values()) or [0]
    mean, peak = ceil(sum(recent) / len(recent)), max(recent)
    plan = cheapest(mean)
    low, high = ai_cost(mean, ai_share)
    lines = (
        *(
            Line(one.name, one.cost(mean), f"${one.monthly:g} + {max(0, mean - one.tickets):,} tickets beyond "
                 f"{one.tickets:,} at ${one.overage:g} per {one.block}")
            for one in PLANS
        ),
        Line(f"{plan.name}, peak month", plan.cost(peak), f"the same with {peak:,} tickets"),
        Line("AI Agent", high, f"{mean:,} tickets x {ai_share:.0%} x ${AI_PRICES[0]:.2f} to ${AI_PRICES[1]:.2f}"),
    )  # fmt: skip
    more = plan.cost(ceil(mean * 1.2))
    return Cost(mean, peak, len(recent), plan.name, plan.cost(mean), plan.cost(peak), low, high, more, lines)
