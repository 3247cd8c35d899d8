"""How a reply is broken: connections that are cut, and replies that end in their middle."""

from __future__ import annotations

from typing import Any

from fastapi import Request, Response
from starlette.types import Receive, Scope, Send


def transport(request: Request) -> Any:
    """Return the socket of a request; only the server's own receive channel knows it."""
    return request.receive.__self__.transport  # type: ignore[attr-defined]


def cut_off(request: Request) -> Response:
    """Close the connection without a reply; what is returned never arrives."""
    transport(request).abort()
    return Response(status_code=500)


class Truncated(Response):
    """A reply that tells its whole length and ends after half of it."""

    def __init__(self, whole: Response) -> None:
        super().__init__(whole.body, whole.status_code, dict(whole.headers))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the first half, and close the connection."""
        body = bytes(self.body)
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        await send({"type": "http.response.body", "body": body[: len(body) // 2], "more_body": True})
        receive.__self__.transport.close()  # type: ignore[attr-defined]
        await receive()  # until it is closed
