"""A server that does as it is told, and a transport to it."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator

import pytest

from migrator_lib.clock import ManualClock
from migrator_lib.gorgias.transport import Transport
from tests.gorgias.told import Told, transport_to


@pytest.fixture
def told() -> Iterator[Told]:
    """A server on loopback that answers as ``told.script`` says."""
    server = Told()
    listening = socket.create_server(("127.0.0.1", 0))
    server.url = f"http://127.0.0.1:{listening.getsockname()[1]}/acme"
    thread = threading.Thread(target=server.serve, args=[listening], daemon=True)
    thread.start()
    yield server
    server.released.set()
    listening.shutdown(socket.SHUT_RDWR)
    listening.close()
    thread.join(10)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def transport(told: Told, clock: ManualClock) -> Transport:
    return transport_to(told.url, clock, timeout_seconds=10)
