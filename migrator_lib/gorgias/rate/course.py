"""How calls went over time, in few numbers: what a chart of a load is drawn of, however long the load took."""

from __future__ import annotations

from typing import Any

SPANS = 120
"""The most spans that are kept; with one more, each two become one of twice the length."""
FIRST_SECONDS = 1.0
"""Length of a span at first."""


class Course:
    """Calls that left, and calls that were allowed, span by span since the first call, in constant memory."""

    def __init__(self) -> None:
        self.seconds = FIRST_SECONDS
        """Length of a span."""
        self._began: float | None = None
        self._calls: list[int] = []
        self._allowed: list[float] = []

    def passed(self, now: float, allowed: float) -> None:
        """Count a call that leaves ``now`` (gate's clock, seconds), when ``allowed`` calls a second may be ours."""
        self._began = now if self._began is None else self._began
        place = int((now - self._began) / self.seconds)
        while place >= SPANS:
            self._halve()
            place = int((now - self._began) / self.seconds)
        missing = place + 1 - len(self._calls)
        if missing > 0:
            self._calls += [0] * missing
            self._allowed += [allowed] * missing
        self._calls[place] += 1
        self._allowed[place] = allowed

    def _halve(self) -> None:
        self.seconds *= 2
        self._calls = [sum(self._calls[n : n + 2]) for n in range(0, len(self._calls), 2)]
        pairs = (self._allowed[n : n + 2] for n in range(0, len(self._allowed), 2))
        self._allowed = [sum(pair) / len(pair) for pair in pairs]

    def as_json(self) -> dict[str, Any]:
        """Return ``seconds`` of a span, ``calls`` in each, and ``allowed``: the calls a second that might be ours."""
        allowed = [round(rate, 3) for rate in self._allowed]
        return {"seconds": self.seconds, "calls": list(self._calls), "allowed": allowed}
