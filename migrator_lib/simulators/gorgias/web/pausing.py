"""How a handler of the simulated account waits: by the event loop of a server, or by whoever serves it in-process."""

from __future__ import annotations

import asyncio
from collections.abc import Generator
from dataclasses import dataclass

from starlette.requests import Request

IN_PROCESS = "in_process"
"""Extension of an ASGI scope that has no server behind it."""


@dataclass(frozen=True)
class Pause:
    """What a handler that is served in-process waits for: ``seconds`` of the account's clock."""

    seconds: float

    def __await__(self) -> Generator[Pause, None, None]:
        """Tell whoever runs the handler."""
        yield self


def is_in_process(request: Request) -> bool:
    """Whether no server and no event loop stands behind a request."""
    return IN_PROCESS in request.scope.get("extensions", {})


async def pause(request: Request, seconds: float, *, speed: float = 1.0) -> None:
    """Wait ``seconds`` of the account's clock, which runs ``speed`` times as fast as a server's event loop."""
    if is_in_process(request):
        await Pause(seconds)
    else:
        await asyncio.sleep(seconds / speed)
