"""A simulated account served in the thread that asks: without a socket, a server or an event loop, by any clock.

Under a :class:`~migrator_lib.clock.ManualClock` nothing waits for the wall, so that days take seconds, and one thread
always does the same. Time-outs count by the account's clock. A request that is slower than its client waits for is
carried out when it is due, as by a server that has not noticed: before the next request, or in ``deliver``.
"""

from __future__ import annotations

import heapq
import itertools
import threading
from collections.abc import Coroutine, Mapping
from datetime import timedelta
from http.client import RemoteDisconnected
from typing import Any
from urllib.parse import unquote, urlsplit

import requests
from requests.adapters import BaseAdapter
from requests.auth import AuthBase
from requests.structures import CaseInsensitiveDict
from urllib3.exceptions import IncompleteRead, ProtocolError

from migrator_lib.clock import Clock
from migrator_lib.gorgias.api import GorgiasApi
from migrator_lib.gorgias.rate import RateGate
from migrator_lib.gorgias.transport import Transport
from migrator_lib.simulators.gorgias.account import Account
from migrator_lib.simulators.gorgias.app import create_app
from migrator_lib.simulators.gorgias.web.pausing import IN_PROCESS, Pause

HOST = "127.0.0.1"
_Running = Coroutine[Pause, None, None]


class _Exchange:
    """One request and its reply, as an ASGI app sees them."""

    def __init__(self, request: requests.PreparedRequest) -> None:
        self.request = request
        self.transport = self
        """What a broken reply closes."""
        self._body: bytes | None = _content(request.body)
        self._status = 0
        self._headers: list[tuple[bytes, bytes]] = []
        self._parts: list[bytes] = []
        self._cut_off = self._complete = False

    @property
    def scope(self) -> dict[str, Any]:
        """The ASGI scope."""
        url = urlsplit(str(self.request.url))
        headers = [(name.lower().encode("latin-1"), _latin(value)) for name, value in self.request.headers.items()]
        return {
            "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": self.request.method,
            "scheme": url.scheme, "path": unquote(url.path), "raw_path": url.path.encode(), "root_path": "",
            "query_string": url.query.encode(), "headers": [(b"host", url.netloc.encode()), *headers],
            "client": (HOST, 0), "server": (url.hostname, url.port or 80), "extensions": {IN_PROCESS: {}},
        }  # fmt: skip

    async def receive(self) -> dict[str, Any]:
        """Hand over the body; after it, the connection is closed."""
        if self._body is None:
            return {"type": "http.disconnect"}
        body, self._body = self._body, None
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(self, message: Mapping[str, Any]) -> None:
        """Take a part of the reply."""
        if message["type"] == "http.response.start":
            self._status, self._headers = message["status"], list(message.get("headers", ()))
        else:
            self._parts.append(message.get("body", b""))
            self._complete = not message.get("more_body", False)

    def abort(self) -> None:
        """Cut the connection: no reply arrives."""
        self._cut_off = True

    def close(self) -> None:
        """Close the connection behind what was sent."""

    def reply(self, seconds: float) -> requests.Response:
        """Return the reply, as a session has it.

        Raises:
            ConnectionError: the connection was cut.
            ChunkedEncodingError: the reply broke off.
        """
        if self._cut_off or not self._status:
            gone = RemoteDisconnected("Remote end closed connection without response")
            raise requests.exceptions.ConnectionError(ProtocolError("Connection aborted.", gone), request=self.request)
        content = b"".join(self._parts)
        headers = CaseInsensitiveDict({_text(name): _text(value) for name, value in self._headers})
        if not self._complete:
            broken = IncompleteRead(len(content), int(headers.get("content-length", 0)) - len(content))
            raise requests.exceptions.ChunkedEncodingError(ProtocolError(f"Connection broken: {broken!r}", broken))
        found = requests.Response()
        found.status_code, found.headers, found.url = self._status, headers, str(self.request.url)
        found.encoding = requests.utils.get_encoding_from_headers(headers)
        found.request, found.elapsed = self.request, timedelta(seconds=seconds)
        found._content, found._content_consumed = content, True  # type: ignore[attr-defined]
        return found


class InProcess(BaseAdapter):
    """Answers the requests of a session by an account's app; safe to share between threads."""

    def __init__(self, account: Account, clock: Clock | None = None) -> None:
        super().__init__()
        self.clock = clock or account.clock
        self.url = f"http://{HOST}/{account.name}"
        self._app = create_app({account.name: account})
        self._one_at_a_time = threading.RLock()
        self._late: list[tuple[float, int, _Running]] = []
        self._order = itertools.count()

    def close(self) -> None:
        """Do nothing: no connection is open."""

    def send(
        self,
        request: requests.PreparedRequest,
        stream: bool = False,
        timeout: float | tuple[float | None, float | None] | None = None,
        verify: bool | str = True,
        cert: Any = None,
        proxies: Mapping[str, str] | None = None,
    ) -> requests.Response:
        """Carry out a request and return its reply.

        Raises:
            ReadTimeout: it takes longer than the client waits; it goes on without.
            ConnectionError: the connection was cut.
            ChunkedEncodingError: the reply broke off.
        """
        self.deliver()
        began, exchange = self.clock.monotonic(), _Exchange(request)
        running = self._app(exchange.scope, exchange.receive, exchange.send)
        patience = timeout[1] if isinstance(timeout, tuple) else timeout
        while asked := self._step(running):
            now = self.clock.monotonic()
            if patience is not None and now + asked.seconds > began + patience:
                self.later(running, asked.seconds)
                self.clock.sleep(began + patience - now)
                raise requests.exceptions.ReadTimeout("Read timed out.", request=request)
            self.clock.sleep(asked.seconds)
        return exchange.reply(self.clock.monotonic() - began)

    def start(self, request: requests.PreparedRequest) -> _Running:
        """Return a request that nobody waits for, to be given to :meth:`later`."""
        exchange = _Exchange(request)
        running: _Running = self._app(exchange.scope, exchange.receive, exchange.send)
        return running

    def later(self, running: _Running, seconds: float) -> None:
        """Let a request be carried out (or go on) in so many seconds, though nobody waits for its reply."""
        with self._one_at_a_time:
            heapq.heappush(self._late, (self.clock.monotonic() + seconds, next(self._order), running))

    def deliver(self) -> int:
        """Carry out the requests that are due and that nobody waits for; return how many are still on their way."""
        with self._one_at_a_time:
            while self._late and self._late[0][0] <= self.clock.monotonic():
                _, _, running = heapq.heappop(self._late)
                asked = self._step(running)
                if asked:
                    self.later(running, asked.seconds)
            return len(self._late)

    def _step(self, running: _Running) -> Pause | None:
        """Let a request go on until it is done (None) or waits; the account takes one at a time."""
        with self._one_at_a_time:
            try:
                return running.send(None)
            except StopIteration:
                return None


class _Direct(requests.Session):
    """A session that looks for no proxy, cookie or certificate: that takes longer than an account's answer."""

    def __init__(self, way: BaseAdapter, like: requests.Session) -> None:
        super().__init__()
        self._way = way
        self.headers, self.auth = like.headers, like.auth

    def request(self, method: str, url: str, **given: Any) -> requests.Response:  # type: ignore[override]
        """Send a request, as a session does that no redirect leads elsewhere."""
        prepared, headers = requests.PreparedRequest(), {**self.headers, **(given.get("headers") or {})}
        prepared.prepare(
            method=method, url=url, headers=headers, data=given.get("data"), params=given.get("params"), auth=self.auth
        )
        return self._way.send(prepared, timeout=given.get("timeout"))


class _Transport(Transport):
    """A transport whose threads share a session: there are no connections that they could get at cross with."""

    _only: requests.Session | None = None

    def _session(self) -> requests.Session:
        if self._only is None:
            assert self._adapter is not None
            self._only = _Direct(self._adapter, self._session_to(self.base_url, self._auth))
        return self._only


class _Key(AuthBase):
    """Signs as the account's key."""

    def __init__(self, account: Account) -> None:
        self._account = account

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = self._account.authorization
        return request


def api_of(
    account: Account,
    *,
    clock: Clock | None = None,
    adapter: InProcess | None = None,
    reserve: float = 0.1,
    timeout_seconds: float = 30.0,
    allow_invitations: bool = False,
    allow_snooze: bool = False,
) -> GorgiasApi:
    """Return a client of an account that is served in this process.

    Args:
        account: signed in to by its key.
        clock: what the client waits by; the account's own, if it is not given.
        adapter: what serves it, where several clients share that; else one of its own.
        reserve: share of the rate limit that is left to others.
        timeout_seconds: how long a reply may take, by the clock.
        allow_invitations: as :class:`~migrator_lib.gorgias.transport.Transport` has it.
        allow_snooze: the same.
    """
    clock = clock or account.clock
    adapter = adapter or InProcess(account, clock)
    gate = RateGate(requests=account.limit.limit, window_seconds=account.limit.window, reserve=reserve, clock=clock)
    return GorgiasApi(
        _Transport(
            adapter.url, auth=_Key(account), gate=gate, clock=clock, timeout_seconds=timeout_seconds,
            allow_invitations=allow_invitations, allow_snooze=allow_snooze, adapter=adapter,
        )
    )  # fmt: skip


def _content(body: Any) -> bytes:
    if body is None:
        return b""
    if isinstance(body, str):
        return body.encode()
    return body if isinstance(body, bytes) else bytes(body.read())


def _latin(value: str | bytes) -> bytes:
    return value if isinstance(value, bytes) else value.encode("latin-1")


def _text(value: bytes) -> str:
    return value.decode("latin-1")
