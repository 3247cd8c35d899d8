"""A transport that sends nothing: it keeps what it is asked for and answers as it is told."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from migrator_lib.clock import ManualClock
from migrator_lib.gorgias.auth import api_key
from migrator_lib.gorgias.rate import RateGate
from migrator_lib.gorgias.transport import Transport, Upload

Sent = tuple[str, str, Mapping[str, Any] | None, Any]
"""Method, path, query and body."""


class Recorder(Transport):
    """Answers every request with ``answer`` of it."""

    def __init__(self, answer: Callable[[Sent], Any] = lambda _: {"id": 1}) -> None:
        clock = ManualClock()
        gate = RateGate(requests=40, window_seconds=20.0, reserve=0.0, clock=clock)
        super().__init__("https://recorder.invalid", auth=api_key("a@b.example", "key"), gate=gate, clock=clock)
        self.answer = answer
        self.sent: list[Sent] = []

    def call(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, Any] | None = None,
        body: Any = None,
        upload: Upload | None = None,
    ) -> Any:
        """Keep the request and answer it."""
        request = (method, path, params, upload if upload is not None else body)
        self.sent.append(request)
        return self.answer(request)
