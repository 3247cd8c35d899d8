"""Which kind of count a server keeps, by how it moves: a window's only rises, then falls at once; a bucket's drains.

What is documented is a leaky bucket, and so it is taken for one until a count falls faster than any leak. Either way of
counting does no harm where it is the other: both ride on what the server tells.
"""

from __future__ import annotations

from typing import Literal

from migrator_lib.gorgias.rate.calls import Told

Kind = Literal["leaky bucket", "fixed window"]


def judged(told: Told, *, leak: float, foreign: float) -> Kind | None:
    """Return what a reply proves; None where it may be either.

    A call is counted after every call whose reply had come before it left. If its count is not the higher one,
    something has drained or begun anew. What has begun anew holds no more than the calls that may have come since, and
    others'.

    Args:
        told: what the reply told.
        leak: calls a second that a bucket would leak.
        foreign: calls a second of others.
    """
    before = told.passage.before
    if before is None or told.used > before.used or told.used >= told.limit:  # a refused call is not counted
        return None
    passed = told.at - before.passage.sent_at
    ours = told.passage.number - before.passage.number + before.passage.in_flight + told.later
    anew = ours + 2 + 2 * foreign * passed
    if told.used > anew:
        return "leaky bucket"
    if before.used - told.used > 1.5 * leak * passed + 2:
        return "fixed window"
    return None
