"""A network between the source and its server that can be cut."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import sqlalchemy as sa

from tests.smartertrack.source_desk import text_of


class Proxy:
    """Passes connections on to a database's server while it is up; refuses them, and has cut them, while it is down."""

    def __init__(self, url: str) -> None:
        self._target = sa.make_url(url)
        self._port = 0
        self._sockets: list[socket.socket] = []
        self.up()

    @property
    def url(self) -> str:
        """The database's URL through here."""
        return text_of(self._target.set(host="127.0.0.1", port=self._port))

    def up(self) -> None:
        """Listen, at the same port each time."""
        listener = socket.create_server(("127.0.0.1", self._port))
        self._port = listener.getsockname()[1]
        self._sockets = [listener]
        threading.Thread(target=self._accept, args=(listener, self._sockets), daemon=True).start()

    def down(self) -> None:
        """Cut everything."""
        for each in self._sockets:
            _end(each)

    def _accept(self, listener: socket.socket, sockets: list[socket.socket]) -> None:
        with suppress(OSError):
            while True:
                client, _ = listener.accept()
                server = socket.create_connection((str(self._target.host), int(self._target.port or 0)))
                for end in (client, server):  # or the body of a reply waits for an acknowledgement of its header
                    end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                sockets += [client, server]
                for ends in ((client, server), (server, client)):
                    threading.Thread(target=_pass, args=ends, daemon=True).start()


def _pass(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
    _end(target)


def _end(each: socket.socket) -> None:
    with suppress(OSError):
        each.shutdown(socket.SHUT_RDWR)
    each.close()


@contextmanager
def proxied(url: str) -> Iterator[Proxy]:
    """A proxy in front of a database, cut at the end."""
    proxy = Proxy(url)
    try:
        yield proxy
    finally:
        proxy.down()
