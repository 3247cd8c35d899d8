"""How calls are limited."""

from __future__ import annotations

from migrator_lib.proofs.bench import Bench
from migrator_lib.proofs.probe import Answer, Probe, answered

LEAKY = "leaky bucket"


class LimitIsTold(Probe):
    """The header that every reply should have."""

    name = "limit_is_told"
    question = "Does every reply tell how much of the limit is used, and does that drain as a leaky bucket does?"
    matters = (
        "The rate gate rides on X-Gorgias-Account-Api-Call-Limit (limitations); who calls too often is held up. The "
        "sizes differ by plan and way of signing in, and older pages of the documentation differ from newer ones. "
        "UNVERIFIED."
    )
    does = "GET account twice; what all replies so far told is looked at."
    expects = "Told, and a leaky bucket. Value: its size and kind."
    otherwise = "Nothing: the gate sees by itself which kind it is. Where nothing is told, it keeps to target.rate."
    relied_on = False

    def run(self, bench: Bench) -> Answer:
        """Ask."""
        gate = bench.api.gate
        for _ in range(2):
            bench.api.account.get()
        if not gate.is_told:
            return answered(False, "no reply tells it")
        used = gate.usage()
        told = f"{used.limit} calls, {used.kind}"
        return answered(used.kind == LEAKY, told, told)
