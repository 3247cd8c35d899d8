"""How a request reaches Gorgias: mail guard, rate gate, signing, sending; whether it is sent again tells ``retry``."""

from __future__ import annotations

import io
import json
import re
import threading
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urljoin, urlsplit

import requests
from requests.adapters import BaseAdapter
from requests.auth import AuthBase
from urllib3.filepost import encode_multipart_formdata

from migrator_lib.clock import Clock
from migrator_lib.errors import RecordMoved, RecordRejected, RecordUnusable, TargetDenied, TargetUnreachable
from migrator_lib.gorgias import mail_guard, refusal, retry
from migrator_lib.gorgias.auth import Renewable, Unsigned, session_to
from migrator_lib.gorgias.download import HOPS, Content, content_of, is_ours, leads_to, require_content, require_known
from migrator_lib.gorgias.rate import RateGate

LIMIT_HEADER = "X-Gorgias-Account-Api-Call-Limit"
TRY_ANEW = "mend the record or the mapping, then 'migrator run' again: it is tried anew."


@dataclass(frozen=True)
class Upload:
    """One file of a multipart request. The form field's name becomes the file's name in Gorgias."""

    name: str
    content: bytes
    content_type: str


@dataclass(frozen=True)
class _Request:
    """A request, encoded once however often it is sent."""

    method: str
    url: str
    path: str
    params: Mapping[str, Any] | None
    content: bytes
    content_type: str | None
    body: Any
    streamed: bool = False
    """Whether the body of the reply is read afterwards."""

    @property
    def what(self) -> str:
        return f"{self.method} /api/{self.path}"

    @property
    def sent(self) -> list[Any]:
        """What an answer may quote."""
        return [self.params, self.body]


class Transport:
    """A session with one Gorgias account; safe to share between threads."""

    def __init__(
        self,
        base_url: str,
        *,
        auth: AuthBase,
        gate: RateGate,
        clock: Clock,
        timeout_seconds: float = 30.0,
        bytes_per_second: float = 100_000.0,
        allow_invitations: bool = False,
        allow_snooze: bool = False,
        adapter: BaseAdapter | None = None,
        may_write: Callable[[], None] | None = None,
    ) -> None:
        """Take an account's address, and what every request passes.

        Args:
            base_url: ``https://<subdomain>.gorgias.com``.
            auth: signs requests (:mod:`migrator_lib.gorgias.auth`).
            gate: shared by every worker of the account.
            clock: what pauses are spent on.
            timeout_seconds: how long an answer, or a connection, may take.
            bytes_per_second: how fast a request is carried at least; a large one may take longer accordingly.
            allow_invitations: whether a person agreed that creating users may invite them.
            allow_snooze: whether a person agreed that tickets may wake by themselves.
            adapter: what carries requests to that address, where it is not the network.
            may_write: is asked when a request that changes something is about to leave, after all waiting; raises where
                it may not any more.
        """
        self.base_url = base_url.rstrip("/")
        self.gate = gate
        self.clock = clock
        self._auth = auth
        self._renewable = auth if isinstance(auth, Renewable) else None
        self._timeout = timeout_seconds
        self._bytes_per_second = bytes_per_second
        self._allowed = {"allow_invitations": allow_invitations, "allow_snooze": allow_snooze}
        self._adapter = adapter
        self._may_write = may_write
        self._local = threading.local()

    def _session(self) -> requests.Session:
        session: requests.Session | None = getattr(self._local, "session", None)
        if session is None:
            session = self._session_to(self.base_url, self._auth)
            self._local.session = session
        return session

    def _session_to(self, url: str, auth: AuthBase | None = None) -> requests.Session:
        session = session_to(url, auth)
        if self._adapter is not None:
            session.mount(self.base_url, self._adapter)
        return session

    def call(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, Any] | None = None,
        body: Any = None,
        upload: Upload | None = None,
    ) -> Any:
        """Send one request and return the parsed reply, or None where the reply has no body.

        A redirect is never followed: it would turn a write into a read. A DELETE that is answered with 404 when it is
        sent again has gone through the first time.

        Args:
            method: GET, POST, PUT or DELETE.
            path: below ``/api/``, without a leading slash.
            params: query parameters; lists become repeated keys.
            body: JSON body.
            upload: a file, sent as multipart instead of a body.

        Raises:
            MailGuardError: the request could send mail; it did not leave.
            Unanswered: a POST whose outcome is not known.
            RecordRejected: a permanent error about this record, in the server's words.
            RecordMoved: a customer that was merged with another one.
            RecordUnusable: the body cannot be written as JSON.
            TargetDenied: 401 or 403.
            TargetUnreachable: Gorgias keeps failing.
        """
        mail_guard.check(method, path, params=params, body=body, **self._allowed)
        request = self._encoded(method, path, params, body, upload)
        return retry.settle(
            lambda sent_before: self._parsed(request, self._answer(request), sent_before),
            what=request.what,
            repeatable=method in retry.REPEATABLE,
            clock=self.clock,
            hold=self.gate.hold,
            host=str(urlsplit(self.base_url).hostname),
        )

    def _encoded(
        self, method: str, path: str, params: Mapping[str, Any] | None, body: Any, upload: Upload | None
    ) -> _Request:
        content, content_type = b"", None
        if upload:
            part = (upload.name, upload.content, upload.content_type)
            content, content_type = encode_multipart_formdata({upload.name: part})
        elif body is not None:
            try:
                content, content_type = json.dumps(body, allow_nan=False).encode(), "application/json"
            except ValueError:
                raise RecordUnusable(
                    f"{method} /api/{path} holds a number that JSON has not (NaN or infinity)",
                    next_step="mend that value in the source or leave its field out in mapping.yaml, then run again.",
                ) from None
        return _Request(method, f"{self.base_url}/api/{path}", path, params, content, content_type, body)

    # --- sending -----------------------------------------------------------------------------------

    def _answer(self, request: _Request) -> requests.Response:
        """Return an answer that is no fault and no 401 that a new token mends: that was not carried out."""
        reply = self._unfaulty(request)
        if reply.status_code == 401 and self._renewable:
            rejected = str(reply.request.headers.get("Authorization", ""))
            return self._unfaulty(request) if self._renewable.renew(rejected) else reply
        return reply

    def _unfaulty(self, request: _Request) -> requests.Response:
        reply = self._send(request)
        retry_after = reply.headers.get("Retry-after")
        if reply.status_code == 429:
            raise retry.throttled(retry_after)
        fault = retry.fault_of_status(reply.status_code, retry_after)
        if fault:
            raise fault
        return reply

    def _send(self, request: _Request) -> requests.Response:
        """Send once. Errors are raised without their cause, which shows the query, and so a person's address."""
        header = None
        if self._renewable:
            self._renewable.ready()
        self.gate.acquire()
        try:
            if self._may_write is not None and request.method != "GET":
                self._may_write()
            reply = self._session().request(
                request.method,
                request.url,
                params=request.params,
                # a stream, so that the time-out is of each piece of it, not of all of a large file
                data=io.BytesIO(request.content) if request.content else None,
                headers={"Content-Type": request.content_type} if request.content_type else None,
                timeout=(self._timeout, self._timeout + len(request.content) / self._bytes_per_second),
                allow_redirects=False,
                stream=request.streamed,
            )
            header = reply.headers.get(LIMIT_HEADER)
            return reply
        except requests.exceptions.RequestException as error:
            raise retry.fault_of(error) from None
        finally:
            self.gate.release(header)

    def download(self, url: str, *, most_bytes: int, hosts: Collection[str] = ()) -> Content:
        """Return size and SHA-256 of a file that was uploaded, by the URL that the upload was answered with.

        Args:
            url: of the account's API, which is asked with our signature, or of one of ``hosts``, without.
            most_bytes: beyond which nothing is read.
            hosts: names of other hosts that files may be on.

        Raises:
            RecordUnusable: the address, or one that it leads to, is none that may be asked.
            RecordRejected: it is not there.
            TargetDenied: 401 or 403.
            TargetUnreachable: the server keeps failing.
        """
        require_known(url, self.base_url, hosts)
        path = urlsplit(url).path.removeprefix(urlsplit(self.base_url).path).removeprefix("/api/")
        request = _Request("GET", url, path, None, b"", None, None, streamed=True)

        def one_try(_: bool) -> Content:
            signed = is_ours(url, self.base_url)
            reply = self._answer(request) if signed else self._fetched(url)
            for _hop in range(HOPS):
                there = leads_to(reply, self.base_url)
                if there is None:
                    break
                reply.close()
                reply, signed = self._fetched(there), False
            with reply:
                if reply.status_code != 200 and signed:
                    self._refused(request, reply)
                require_content(reply)
                return content_of(reply, most_bytes)

        host = str(urlsplit(url).hostname)
        return retry.settle(
            one_try, what=request.what, repeatable=True, clock=self.clock, hold=self.gate.hold, host=host
        )

    def _fetched(self, url: str) -> requests.Response:
        """Get what lies elsewhere: without a signature, and without the gate, as it is none of the API's calls."""
        session: requests.Session | None = getattr(self._local, "unsigned", None)
        if session is None:
            session = self._local.unsigned = self._session_to(self.base_url, Unsigned())
        # as it lies there: compressed on the way it would be another size
        headers = {"Accept": "*/*", "Accept-Encoding": "identity"}
        try:
            reply = session.get(url, timeout=self._timeout, headers=headers, allow_redirects=False, stream=True)
        except requests.exceptions.RequestException as error:
            raise retry.fault_of(error) from None
        fault = retry.fault_of_status(reply.status_code)
        if fault:
            reply.close()
            raise fault
        return reply

    # --- what an answer means ----------------------------------------------------------------------

    def _parsed(self, request: _Request, reply: requests.Response, sent_before: bool) -> Any:
        """Return the body, or None where there is none: 202 and 204 have none, and 201 for a ticket's tags neither."""
        if reply.status_code == 404 and request.method == "DELETE" and sent_before:
            return None
        if reply.status_code >= 300:
            self._refused(request, reply)
        if not reply.content:
            return None
        try:
            return reply.json()
        except requests.exceptions.JSONDecodeError:
            raise retry.Fault("a broken body") from None

    def _refused(self, request: _Request, reply: requests.Response) -> None:
        """Raise what a refusal means."""
        status = reply.status_code
        said = refusal.read(reply, request.sent)
        words = f"Gorgias answered {request.what} with {status}: {said.words}"
        if status == 401 or (status == 403 and (said.ours or not self._concerns_the_record(request))):
            raise TargetDenied(
                f"Gorgias refused {request.what} with {status}: {said.words}",
                next_step="check target.*.email and api_key (or oauth), and the secrets behind them; the user whose "
                "key it is, or who authorized the app, must be an admin, since requests act with that user's role.",
            )
        if status == 413:
            words = f"{words}; the request has {len(request.content) / 1e6:,.1f} MB"
        if 300 <= status < 400:
            self._redirected(request, reply, words)
        raise RecordRejected(words, status=status, data=said.data, next_step=TRY_ANEW)

    def _concerns_the_record(self, request: _Request) -> bool:
        """Whether a 403 that is none of Gorgias' own concerns what was sent, and not the key.

        A firewall on the way may take a message's text for an attack. All records would fare alike if it were the
        key, so that is asked for with the cheapest call.
        """
        if request.method == "GET":
            return False
        try:
            self.call("GET", "account")
        except TargetDenied:
            return False
        return True

    def _redirected(self, request: _Request, reply: requests.Response, words: str) -> None:
        """Raise what a redirect means: an account that moved, or a customer that was merged."""
        there = urlsplit(urljoin(request.url, reply.headers.get("Location", "")))
        here = urlsplit(request.url)
        if (there.netloc, there.scheme) != (here.netloc, here.scheme) and there.path == here.path:
            raise TargetUnreachable(
                f"The account is no longer at {here.scheme}://{here.netloc}: it sends us to another address.",
                next_step=f"set target.*.url to {there.scheme}://{there.netloc} in engagement.yaml if that is the "
                "company's account, and run again.",
            )
        if reply.status_code in (301, 308):
            moved = re.search(r"/(\d+)/?$", there.path)
            new_id = int(moved[1]) if moved and there.path != here.path else None
            raise RecordMoved(words, status=reply.status_code, new_id=new_id, next_step=TRY_ANEW)
