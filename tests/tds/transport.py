"""Bytes between client and server: packets, and the TLS that TDS 7 hides in them."""

from __future__ import annotations

import socket
import ssl
import struct
from dataclasses import dataclass

PRELOGIN, LOGIN, BATCH, RPC, REPLY, ATTENTION, TRANSACTION = 18, 16, 1, 3, 4, 6, 14
END_OF_MESSAGE = 1
HEADER = struct.Struct(">BBHHBB")
TLS_HEADER = 5


class Gone(Exception):
    """The client closed its connection."""


@dataclass
class Message:
    kind: int
    body: bytes


class Transport:
    """One client's connection, with or without TLS."""

    def __init__(self, sock: socket.socket) -> None:
        self._socket = sock
        self._tls: ssl.SSLObject | None = None
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.packet_size = 4096

    def receive(self) -> Message:
        """Return the next message, put together from its packets.

        Raises:
            Gone: the client went away.
        """
        body, status = b"", 0
        while not status & END_OF_MESSAGE:
            kind, status, length, *_ = HEADER.unpack(self._read(HEADER.size))
            body += self._read(length - HEADER.size)
        return Message(kind, body)

    def send(self, body: bytes, kind: int = REPLY, *, complete: bool = True) -> None:
        """Send a message in as many packets as it takes; more of it follows if it is not complete."""
        room = self.packet_size - HEADER.size
        parts = [body[at : at + room] for at in range(0, len(body), room)] or [b""]
        data = b"".join(
            HEADER.pack(kind, int(complete and n == len(parts)), len(part) + HEADER.size, 0, n % 256, 0) + part
            for n, part in enumerate(parts, 1)
        )
        try:
            if self._tls is None:
                self._socket.sendall(data)
            else:
                self._tls.write(data)
                self._socket.sendall(self._outgoing.read())
        except OSError as error:
            raise Gone from error

    def start_tls(self, context: ssl.SSLContext) -> None:
        """Shake hands; both sides' part of it travels in PRELOGIN packets."""
        tls = context.wrap_bio(self._incoming, self._outgoing, server_side=True)
        done = False
        while not done:
            try:
                tls.do_handshake()
                done = True
            except ssl.SSLWantReadError:
                pass
            except ssl.SSLError as error:  # the client does not trust the certificate
                raise Gone from error
            if self._outgoing.pending:
                self.send(self._outgoing.read(), PRELOGIN)
            if not done:
                self._incoming.write(self.receive().body)
        self._tls = tls

    def stop_tls(self) -> None:
        """Go on in clear text, as both sides do behind a login that alone was encrypted."""
        self._tls = None

    def _read(self, size: int) -> bytes:
        if self._tls is None:
            return self._exactly(size)
        data = b""
        while len(data) < size:
            try:
                data += self._tls.read(size - len(data))
            except ssl.SSLWantReadError:
                # record by record: what is behind the last one may be clear text
                header = self._exactly(TLS_HEADER)
                self._incoming.write(header + self._exactly(int.from_bytes(header[3:], "big")))
            except ssl.SSLError as error:
                raise Gone from error
        return data

    def _exactly(self, size: int) -> bytes:
        data = bytearray()
        while len(data) < size:
            try:
                part = self._socket.recv(size - len(data))
            except OSError as error:
                raise Gone from error
            if not part:
                raise Gone
            data += part
        return bytes(data)
