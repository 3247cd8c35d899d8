"""A server that answers as it is told, also badly."""

from __future__ import annotations

import json
import socket
import struct
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from migrator_lib.clock import ManualClock
from migrator_lib.gorgias.auth import api_key
from migrator_lib.gorgias.rate import RateGate
from migrator_lib.gorgias.transport import Transport

EMAIL, API_KEY = "migration@demo.example", "k3y-nobody-may-see"
Act = Callable[[socket.socket], None]


def reply(status: int, body: Any = None, headers: dict[str, str] | None = None, *, announced: int = 0) -> Act:
    """Answer; ``announced`` bytes more than are sent makes the body break off."""
    raw = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
    named = {"Content-Length": str(len(raw) + announced), "Connection": "close", **(headers or {})}
    head = f"HTTP/1.1 {status} x\r\n" + "".join(f"{k}: {v}\r\n" for k, v in named.items()) + "\r\n"
    return lambda connection: connection.sendall(head.encode() + raw)


def reset(connection: socket.socket) -> None:
    """Cut the connection as a dying server does."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def hang_up(_connection: socket.socket) -> None:
    """Close without a word."""


@dataclass
class Told:
    """Takes one request a connection, and does with it what comes next; a plain 200 when nothing does."""

    script: list[Act] = field(default_factory=list)
    seen: list[tuple[str, str, dict[str, str], bytes]] = field(default_factory=list)
    """Method, target, headers and body of every request that came."""
    released: threading.Event = field(default_factory=threading.Event)
    url: str = ""

    def silence(self, _connection: socket.socket) -> None:
        """Say nothing until the test is over."""
        self.released.wait(30)

    def serve(self, listening: socket.socket) -> None:
        while True:
            try:
                connection, _ = listening.accept()
            except OSError:
                return
            threading.Thread(target=self._answer, args=[connection], daemon=True).start()

    def _answer(self, connection: socket.socket) -> None:
        with connection, connection.makefile("rb") as stream:
            method, target, _ = stream.readline().decode().split(" ", 2)
            lines = iter(lambda: stream.readline().decode().strip(), "")
            headers = {k.lower(): v for k, v in (line.split(": ", 1) for line in lines)}
            self.seen.append((method, target, headers, stream.read(int(headers.get("content-length", 0)))))
            act = self.script.pop(0) if self.script else reply(200, {"id": 1})
            act(connection)

    @property
    def methods(self) -> Sequence[str]:
        return [method for method, *_ in self.seen]


def transport_to(url: str, clock: ManualClock, **options: Any) -> Transport:
    gate = RateGate(requests=40, window_seconds=20.0, reserve=0.1, clock=clock)
    return Transport(url, auth=api_key(EMAIL, API_KEY), gate=gate, clock=clock, **options)
