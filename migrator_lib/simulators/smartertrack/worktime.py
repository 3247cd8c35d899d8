"""When things happen in the simulated shop: mostly in working hours, and more of them from year to year."""

from __future__ import annotations

from bisect import bisect_left
from datetime import datetime, timedelta
from random import Random

from migrator_lib.simulators.smartertrack.schema import NOW

START = datetime(2022, 6, 27)
"""A Monday, four years before the simulated present."""
GROWTH = 0.6
"""Below 1, tickets come denser towards the present."""
WEEK = (1.0, 1.0, 1.0, 1.0, 1.0, 0.25, 0.25)
HOURS = (0.0, 6.0, 17.0, 22.0, 24.0)
SHARE = (0.0, 0.04, 0.84, 0.97, 1.0)
"""Part of a day's mail that has come in by each of ``HOURS`` (UTC)."""
OPENS, CLOSES = 7, 17


def _between(x: float, xs: tuple[float, ...], ys: tuple[float, ...]) -> float:
    i = min(max(1, bisect_left(xs, x)), len(xs) - 1)
    return ys[i - 1] + (ys[i] - ys[i - 1]) * (x - xs[i - 1]) / (xs[i] - xs[i - 1])


def _load(moment: datetime) -> float:
    """Return the days' worth of mail from START to a moment."""
    weeks, days = divmod((moment.date() - START.date()).days, 7)
    hour = moment.hour + moment.minute / 60 + moment.second / 3600
    return weeks * sum(WEEK) + sum(WEEK[:days]) + WEEK[days] * _between(hour, HOURS, SHARE)


def _moment(load: float) -> datetime:
    """The inverse of :func:`_load`."""
    weeks, rest = divmod(load, sum(WEEK))
    day = 0
    while rest >= WEEK[day]:
        rest -= WEEK[day]
        day += 1
    hour = _between(rest / WEEK[day], SHARE, HOURS)
    return (START + timedelta(weeks=weeks, days=day, hours=hour)).replace(microsecond=0)


def arrival(fraction: float) -> datetime:
    """Return when the ticket comes in that has this part of all tickets (0 to 1) before it. Grows with it."""
    return _moment(_load(NOW) * fraction**GROWTH)


def in_hours(moment: datetime, rng: Random) -> datetime:
    """Return the moment if the shop is open then, else soon after it opens."""
    if moment.weekday() < 5 and OPENS <= moment.hour < CLOSES:
        return moment
    days = 0 if moment.hour < OPENS and moment.weekday() < 5 else 1
    while (moment + timedelta(days=days)).weekday() >= 5:
        days += 1
    opening = (moment + timedelta(days=days)).replace(hour=OPENS, minute=0, second=0)
    return opening + timedelta(seconds=rng.randint(60, 9000))


def answered(moment: datetime, rng: Random) -> datetime:
    """Return when an agent answers a message of this moment."""
    return in_hours(moment + timedelta(seconds=300 + int(rng.expovariate(1 / 9000))), rng)


def replied(moment: datetime, rng: Random) -> datetime:
    """Return when a customer answers a message of this moment: any time but the small hours."""
    later = moment + timedelta(seconds=240 + int(rng.expovariate(1 / 60000)))
    return later if later.hour >= 6 else later + timedelta(hours=6 - later.hour, seconds=rng.randint(0, 3600))
