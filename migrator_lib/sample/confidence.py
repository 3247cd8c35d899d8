"""What the random part of the sample tells about everything that was not looked at.

Records that were chosen for being hard are left out of it: they show known troubles, and no chance drew them.
"""

from __future__ import annotations

import math
from functools import cache

CONFIDENCE = 0.95
CHANCE = (1, 20)
"""1 - CONFIDENCE, as a fraction: so it is computed in whole numbers, exactly."""
GOAL = 0.05
"""The share of wrong ones that a larger sample could rule out, as an example."""


def most_wrong(wrong: int, drawn: int, population: int) -> int:
    """Return how many of a population may be wrong at most, when ``wrong`` of ``drawn`` random ones are.

    The exact one-sided bound for drawing without putting back (hypergeometric): the largest number at which so few
    wrong ones would still be drawn with a probability above 1 - CONFIDENCE. In a large population it is the bound of
    Clopper and Pearson; for none wrong about three in ``drawn`` ("rule of three").
    """
    if drawn == 0 or population <= drawn:
        return wrong if drawn else population
    low, high = wrong, population - drawn + wrong
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if _is_possible(middle, wrong, drawn, population) else (low, middle - 1)
    return low


def _is_possible(bad: int, wrong: int, drawn: int, population: int) -> bool:
    """Whether with ``bad`` wrong ones in all, ``wrong`` or fewer are drawn more often than by CHANCE."""
    right = population - bad
    least = max(0, drawn - right)
    ways, term = 0, math.comb(bad, least) * math.comb(right, drawn - least)
    for k in range(least, wrong + 1):
        ways += term
        term = term * (bad - k) * (drawn - k) // ((k + 1) * (right - drawn + k + 1))  # of k + 1; nothing is left over
    return ways * CHANCE[1] > _all_ways(population, drawn) * CHANCE[0]


_all_ways = cache(math.comb)
"""In how many ways so many are drawn of a population: asked again for each number that may be wrong."""


def needed(population: int, share: float = GOAL) -> int:
    """Return how many random ones without an error rule out that more than a share of the population is wrong."""

    def is_enough(drawn: int) -> bool:
        return most_wrong(0, drawn, population) <= share * population

    high = 1
    while high < population and not is_enough(high):
        high *= 2  # few are enough: what is far beyond takes long to compute
    low, high = 1, max(1, min(high, population))
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if is_enough(middle) else (middle + 1, high)
    return low


def sentence(wrong: int, drawn: int, population: int) -> str:
    """Return the bound in words, with its formula."""
    if drawn == 0:
        return (
            "All records were chosen for a reason and none by chance, so nothing can be said about the rest; a larger "
            "sample.size in engagement.yaml adds random ones."
        )
    most = most_wrong(wrong, drawn, population)
    seen = "None" if wrong == 0 else f"{wrong}"
    verb = "is" if wrong <= 1 else "are"
    if most == wrong:
        return f"{seen} of the {drawn} records that are not hard in a known way {verb} wrong, and there are no others."
    by = "exact, about 3 in n" if wrong == 0 else "exact"
    return (
        f"{seen} of the {drawn} records drawn at random {verb} wrong. With {CONFIDENCE:.0%} confidence at most "
        f"{most / population:.1%} of all are, that is {most:,} of {population:,} "
        f"(hypergeometric bound, {by}; n = {drawn})."
    )


def caveat(hard: int, drawn: int, population: int) -> str:
    """Return what the bound does not say, and what would make it narrower."""
    enough = needed(population)
    more = f" {enough:,} random ones without an error would show less than {GOAL:.0%}." if enough > drawn else ""
    return (
        f"The {hard} chosen for being hard are not counted here: they are looked at because trouble is known to sit "
        f"there.{more} Notebook 06 compares every record, so nothing rests on this estimate alone."
    )
