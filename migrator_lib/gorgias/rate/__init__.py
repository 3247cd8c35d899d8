"""The rate gate: one for all workers of an account, never over its limit and close to it.

Gorgias counts calls and tells with every reply how many are used (``X-Gorgias-Account-Api-Call-Limit: used/limit``;
developers.gorgias.com, limitations). It calls this a leaky bucket; a fixed window is understood, too
(:mod:`~migrator_lib.gorgias.rate.kind` tells which it is). What is known of a server's count, and when the next call
may go, is in :mod:`~migrator_lib.gorgias.rate.leaky` and :mod:`~migrator_lib.gorgias.rate.window`; both are told the
time and wait for nothing. :mod:`~migrator_lib.gorgias.rate.gate` is what workers share.
"""

from __future__ import annotations

from migrator_lib.gorgias.rate.calls import Passage
from migrator_lib.gorgias.rate.gate import RateGate, Usage

__all__ = ["Passage", "RateGate", "Usage"]
