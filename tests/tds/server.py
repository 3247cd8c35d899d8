"""The server: listens on loopback, and answers each client in a thread of its own."""

from __future__ import annotations

import itertools
import re
import socket
import ssl
import struct
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.tds import protocol
from tests.tds.catalog import Catalog
from tests.tds.protocol import DONE, DONE_IN_PROC, DONE_PROC, FAILED, MORE, Call, Login, SqlError
from tests.tds.transport import ATTENTION, BATCH, LOGIN, PRELOGIN, RPC, TRANSACTION, Gone, Transport
from tests.tds.tsql import Database, Result
from tests.tds.values import sql_type

NAME = "TDS-TEST"
PACKET_SIZE = 4096
DATATYPE_INFO = re.compile(r"\s*(?:EXEC\w* )?(?:\[?sys\]?\.)?sp_datatype_info(?:_100)?\s+(-?\d+)", re.IGNORECASE)
BEGIN, COMMIT, ROLLBACK = 5, 7, 8
LONGEST = {12: ("varchar", 8000), -9: ("nvarchar", 4000), -3: ("varbinary", 8000), 93: ("datetime2", 27)}
"""By ODBC's number of a type."""


@dataclass
class Faults:
    """What goes wrong when a table is read, by its name."""

    held: set[str] = field(default_factory=set)
    """No answer comes, until the client cancels."""
    cut: set[str] = field(default_factory=set)
    """The connection breaks in the middle of the answer; once, then the table is as the others."""


@dataclass
class TdsServer:
    """An SQLite file, served as a database of SQL Server."""

    file: Path
    catalog: Catalog
    users: Mapping[str, str]
    tls: ssl.SSLContext | None = None
    """How it encrypts; None: it cannot."""
    insists: bool = False
    """Whether all must be encrypted, as its Force Encryption setting has it."""
    faults: Faults = field(default_factory=Faults)
    logins: list[Login] = field(default_factory=list)
    statements: list[str] = field(default_factory=list)
    refused: list[int] = field(default_factory=list)
    """Numbers of the errors that were sent."""
    cancelled: int = 0
    port: int = 0
    _clients: set[socket.socket] = field(default_factory=set)

    @contextmanager
    def listening(self) -> Iterator[TdsServer]:
        """Listen on a free port (the same one, if it did before) for as long as the context is open."""
        listener = socket.create_server(("127.0.0.1", self.port))
        self.port = listener.getsockname()[1]
        accepting = threading.Thread(target=self._accept, args=(listener,), daemon=True)
        accepting.start()
        try:
            yield self
        finally:
            with suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)
            listener.close()
            accepting.join(1)
            self.hang_up()

    def hang_up(self) -> None:
        """Break all connections."""
        for client in list(self._clients):
            with suppress(OSError):
                client.shutdown(socket.SHUT_RDWR)

    def _accept(self, listener: socket.socket) -> None:
        for number in itertools.count(51):
            try:
                client, _ = listener.accept()
            except OSError:
                return
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=self._talk, args=(client, number), daemon=True).start()

    def _talk(self, client: socket.socket, number: int) -> None:
        self._clients.add(client)
        try:
            with client:
                Session(self, Transport(client), number).run()
        except Gone:
            pass
        finally:
            self._clients.discard(client)


class Session:
    """One client, from its first message to its last."""

    def __init__(self, server: TdsServer, transport: Transport, number: int) -> None:
        self._server, self._transport, self._number = server, transport, number
        self._prepared: dict[int, tuple[list[str], str]] = {}
        self._transaction = 0

    def run(self) -> None:
        login = self._login()
        if login is None:
            return
        database = Database(self._server.file, self._server.catalog, self._number, login.user)
        try:
            while True:
                message = self._transport.receive()
                if message.kind == BATCH:
                    self._batch(database, protocol.without_headers(message.body).decode("utf-16-le"))
                elif message.kind == RPC:
                    self._called(database, protocol.calls(message.body))
                elif message.kind == TRANSACTION:
                    self._transport.send(self._transact(protocol.without_headers(message.body)))
                elif message.kind == ATTENTION:
                    self._cancelled()
        finally:
            database.close()

    # --- who is there --------------------------------------------------------------------------------------

    def _login(self) -> Login | None:
        """Agree on encryption and let the client in, or not."""
        server, message = self._server, self._transport.receive()
        if message.kind != PRELOGIN:
            raise Gone
        asked = protocol.prelogin_encryption(message.body)
        agreed = self._agreed(asked)
        self._transport.send(protocol.prelogin_reply(agreed))
        if server.tls is not None and agreed != protocol.ENCRYPT_NOT_SUPPORTED:
            self._transport.start_tls(server.tls)
        message = self._transport.receive()
        if message.kind != LOGIN:
            raise Gone
        whole = agreed in (protocol.ENCRYPT_ON, protocol.ENCRYPT_REQUIRED)
        if not whole:
            self._transport.stop_tls()
        login = protocol.login(message.body, asked_encryption=asked, encrypted=whole)
        server.logins.append(login)
        problem = self._problem_with(login)
        if problem is not None:
            self._refuse(problem, DONE)
            return None
        self._transport.send(
            protocol.changed_text(1, login.database, "master")
            + protocol.COLLATION_CHANGED
            + protocol.changed_text(2, "us_english")
            + protocol.login_accepted(login.version)
            + protocol.changed_text(4, str(PACKET_SIZE), str(PACKET_SIZE))
            + protocol.done(DONE)
        )
        return login

    def _agreed(self, asked: int) -> int:
        server = self._server
        if server.tls is None or (asked == protocol.ENCRYPT_NOT_SUPPORTED and not server.insists):
            return protocol.ENCRYPT_NOT_SUPPORTED
        if asked == protocol.ENCRYPT_OFF:
            return protocol.ENCRYPT_REQUIRED if server.insists else protocol.ENCRYPT_OFF
        return protocol.ENCRYPT_ON

    def _problem_with(self, login: Login) -> SqlError | None:
        server = self._server
        if server.users.get(login.user) != login.password:
            return SqlError(18456, f"Login failed for user '{login.user}'.", severity=14)
        if login.database.lower() != server.catalog.database.lower():
            words = f'Cannot open database "{login.database}" requested by the login. The login failed.'
            return SqlError(4060, words, severity=11)
        if login.version not in protocol.VERSIONS:
            return SqlError(17836, f"This server speaks TDS 7.3 and 7.4, not {login.version:#x}.", severity=20)
        return None

    # --- what it wants -------------------------------------------------------------------------------------

    def _batch(self, database: Database, text: str) -> None:
        self._server.statements.append(text)
        if found := DATATYPE_INFO.match(text):
            self._transport.send(_datatype_info(int(found.group(1)), DONE))
            return
        try:
            results = database.run(text, {})
            reply = b"".join(_written(result, DONE, more=n < len(results)) for n, result in enumerate(results, 1))
        except SqlError as problem:
            self._refuse(problem, DONE)
            return
        self._answer(reply or protocol.done(DONE), results)

    def _called(self, database: Database, calls: list[Call]) -> None:
        reply, results = b"", []
        try:
            for call in calls:
                answer, found = self._procedure(database, call)
                reply, results = reply + answer, results + found
        except SqlError as problem:
            self._refuse(problem, DONE_PROC)
            return
        self._answer(reply, results)

    def _procedure(self, database: Database, call: Call) -> tuple[bytes, list[Result]]:
        """Return the answer to one procedure call, and what was read for it."""
        values = [value for _, value, _ in call.parameters]
        name, handle, results = call.name.split(".")[-1].lower(), b"", []
        if name.startswith("sp_datatype_info"):
            return _datatype_info(values[0], DONE_IN_PROC) + protocol.returned() + protocol.done(DONE_PROC), []
        if name in ("sp_prepare", "sp_prepexec"):
            number = len(self._prepared) + 1
            self._prepared[number] = (_declared(values[1]), values[2])
            handle = protocol.output(0, call.parameters[0][0], number, sql_type("int"))
            if name == "sp_prepexec":
                results = self._execute(database, *self._prepared[number], values[3:])
        elif name == "sp_execute" and values[0] in self._prepared:
            results = self._execute(database, *self._prepared[values[0]], values[1:])
        elif name == "sp_executesql":
            results = self._execute(database, _declared(values[1] if values[1:] else ""), values[0], values[2:])
        elif name != "sp_unprepare":
            raise SqlError(2812, f"Could not find stored procedure '{call.name}'.")
        rows = b"".join(_written(result, DONE_IN_PROC, more=True) for result in results)
        return rows + protocol.returned() + handle + protocol.done(DONE_PROC), results

    def _execute(self, database: Database, names: list[str], statement: str, values: list[Any]) -> list[Result]:
        self._server.statements.append(statement)
        return database.run(statement, dict(zip(names, values, strict=True)))

    def _transact(self, body: bytes) -> bytes:
        """Begin, commit or roll back: there is nothing to keep, but the driver counts."""
        (request,) = struct.unpack_from("<H", body)
        reply = b""
        if request in (COMMIT, ROLLBACK):
            ended = 9 if request == COMMIT else 10
            reply += protocol.changed_bytes(ended, b"", struct.pack("<Q", self._transaction))
            self._transaction = 0
        if request == BEGIN or body[3 + body[2] * 2 :][:1] == b"\1":
            self._transaction = 0x100 + self._number
            reply += protocol.changed_bytes(8, struct.pack("<Q", self._transaction))
        return reply + protocol.done(DONE)

    # --- what it gets --------------------------------------------------------------------------------------

    def _answer(self, reply: bytes, results: list[Result]) -> None:
        tables, faults = {table for result in results for table in result.tables}, self._server.faults
        if tables & faults.held:
            while self._transport.receive().kind != ATTENTION:
                pass
            self._cancelled()
        elif tables & faults.cut:
            faults.cut -= tables
            self._transport.send(reply[: len(reply) // 2], complete=False)
            raise Gone
        else:
            self._transport.send(reply)

    def _refuse(self, problem: SqlError, token: int) -> None:
        self._server.refused.append(problem.number)
        self._transport.send(protocol.error(problem, NAME) + protocol.done(token, FAILED))

    def _cancelled(self) -> None:
        self._server.cancelled += 1
        self._transport.send(protocol.done(DONE, protocol.ATTENTION_SEEN))


def _declared(parameters: str | None) -> list[str]:
    """Return the names in a declaration such as ``@P1 INT,@P2 NVARCHAR(2)``."""
    return re.findall(r"@(\w+)\s", parameters or "")


def _written(result: Result, token: int, *, more: bool) -> bytes:
    types = [kind for _, kind in result.columns]
    rows = [protocol.row(row, types) for row in result.rows]
    return (
        protocol.columns(result.columns) + b"".join(rows) + protocol.done(token, MORE if more else 0, len(rows))
    )  # fmt: skip


def _datatype_info(number: int, token: int) -> bytes:
    """Answer sp_datatype_info, of which drivers want to know how long a type may be."""
    names = ("TYPE_NAME", "DATA_TYPE", "PRECISION", "LITERAL_PREFIX", "LITERAL_SUFFIX", "CREATE_PARAMS", "NULLABLE",
             "CASE_SENSITIVE", "SEARCHABLE", "UNSIGNED_ATTRIBUTE", "MONEY", "AUTO_INCREMENT", "LOCAL_TYPE_NAME",
             "MINIMUM_SCALE", "MAXIMUM_SCALE", "SQL_DATA_TYPE", "SQL_DATETIME_SUB", "NUM_PREC_RADIX",
             "INTERVAL_PRECISION", "USERTYPE")  # fmt: skip
    kinds = {"TYPE_NAME": "nvarchar(128)", "DATA_TYPE": "smallint"}
    described = [(name, sql_type(kinds.get(name, "int"))) for name in names]
    known = [(LONGEST[number][0], number, LONGEST[number][1])] if number in LONGEST else []
    rows = iter([(*facts, *[None] * (len(names) - len(facts))) for facts in known])
    return _written(Result(described, rows, []), token, more=token == DONE_IN_PROC)
