"""How a request reaches Gorgias: mail guard, rate gate, sending, and the retry rule, in this order.

The retry rule, in one place: 429 is waited out and sent again (it was not carried out); GET, PUT and DELETE are
sent again after 5xx, a time-out or a reset; a POST is sent again only if it certainly never arrived, else
:class:`~migrator_lib.errors.Unanswered` is raised for the loader to look it up. Everything else is final.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.auth import HTTPBasicAuth
from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, wait_exponential_jitter
from urllib3.exceptions import NewConnectionError

from migrator_lib.clock import Clock
from migrator_lib.errors import RecordRejected, RecordUnusable, TargetDenied, TargetUnreachable, Unanswered
from migrator_lib.gorgias import mail_guard
from migrator_lib.gorgias.rate import RateGate
from migrator_lib.parameters import LOOPBACK

LIMIT_HEADER = "X-Gorgias-Account-Api-Call-Limit"
ATTEMPTS = 6


@dataclass(frozen=True)
class Upload:
    """One file of a multipart request. The form field's name becomes the file's name in Gorgias."""

    name: str
    content: bytes
    content_type: str


class _Passing(Exception):
    """A fault that may pass: 5xx, reset, time-out, a reply that breaks off."""


class Transport:
    """A session with one Gorgias account; safe to share between threads."""

    def __init__(
        self,
        base_url: str,
        *,
        email: str,
        api_key: str,
        gate: RateGate,
        clock: Clock,
        timeout_seconds: float = 30.0,
        allow_invitations: bool = False,
    ) -> None:
        self.base_url = base_url.rstrip("/")
        self.gate = gate
        self.clock = clock
        self._auth = HTTPBasicAuth(email.encode(), api_key.encode())
        self._timeout = timeout_seconds
        self._allow_invitations = allow_invitations
        self._local = threading.local()

    def _session(self) -> requests.Session:
        session: requests.Session | None = getattr(self._local, "session", None)
        if session is None:
            session = requests.Session()
            session.auth = self._auth
            session.headers["Accept"] = "application/json"
            # the company's proxy and certificates count, but not on the way to a simulated account
            session.trust_env = urlsplit(self.base_url).hostname not in LOOPBACK
            self._local.session = session
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

        Args:
            method: GET, POST, PUT or DELETE.
            path: below ``/api/``, without a leading slash.
            params: query parameters; lists become repeated keys.
            body: JSON body.
            upload: a file, sent as multipart instead of a body.

        Raises:
            MailGuardError: the request could send mail; it did not leave.
            Unanswered: a POST whose outcome is not known.
            RecordRejected: a permanent error about this record.
            RecordUnusable: the body cannot be written as JSON.
            TargetDenied: 401 or 403.
            TargetUnreachable: Gorgias keeps failing.
        """
        mail_guard.check(method, path, params=params, body=body, allow_invitations=self._allow_invitations)
        retrying = Retrying(
            retry=retry_if_exception_type(_Passing),
            stop=stop_after_attempt(ATTEMPTS),
            wait=wait_exponential_jitter(initial=1, max=60, jitter=1),
            sleep=self.clock.sleep,
            reraise=True,
        )
        try:
            return retrying(self._until_not_throttled, method, path, params, body, upload)
        except _Passing as error:
            raise TargetUnreachable(
                f"Gorgias did not answer {method} /api/{path} after {ATTEMPTS} tries: {error}",
                next_step=f"check that {urlsplit(self.base_url).hostname} can be reached from here, then run again: "
                "the run goes on where it stopped.",
            ) from None

    def _until_not_throttled(self, method: str, path: str, *what: Any) -> Any:
        """Send, and send again as often as the answer is 429: that is no fault, and waiting is the gate's."""
        while True:
            reply = self._send(method, path, *what)
            if reply.status_code != 429:
                return _judge(reply, method, path)
            self.gate.hold(_seconds(reply.headers.get("Retry-after")))

    def _send(
        self, method: str, path: str, params: Mapping[str, Any] | None, body: Any, upload: Upload | None
    ) -> requests.Response:
        """Send once. Errors are raised without their cause, which shows the query, and so a person's address."""
        files = {upload.name: (upload.name, upload.content, upload.content_type)} if upload else None
        header = None
        self.gate.acquire()
        try:
            reply = self._session().request(
                method,
                f"{self.base_url}/api/{path}",
                params=params,
                json=body,
                files=files,
                timeout=self._timeout,
                allow_redirects=False,
            )
            header = reply.headers.get(LIMIT_HEADER)
            return reply
        except requests.exceptions.InvalidJSONError:
            raise RecordUnusable(
                f"{method} /api/{path} holds a number that JSON has not (NaN or infinity)",
                next_step="mend that value in the source or leave its field out in mapping.yaml, then run again.",
            ) from None
        except requests.exceptions.RequestException as error:
            if method == "POST" and not _never_arrived(error):
                raise Unanswered(f"POST /api/{path} was not answered: {type(error).__name__}") from None
            raise _Passing(_words(error)) from None
        finally:
            self.gate.release(header)


def _judge(reply: requests.Response, method: str, path: str) -> Any:
    """Return what the reply holds, or raise what its status means."""
    status = reply.status_code
    if status >= 500 or status == 408:
        if method == "POST":
            raise Unanswered(f"POST /api/{path} was answered with {status}")
        raise _Passing(f"status {status}")
    if status in (401, 403):
        raise TargetDenied(
            f"Gorgias refused {method} /api/{path} with {status}: {_error_words(reply)[0]}",
            next_step="check target.*.email and the secret behind target.*.api_key; the key must belong to an "
            "admin, since it acts with that user's role.",
        )
    if status >= 300:
        words, data = _error_words(reply)
        raise RecordRejected(
            f"Gorgias answered {method} /api/{path} with {status}: {words}",
            status=status,
            data=data,
            next_step="mend the record or the mapping, then 'migrator run' again: it is tried anew.",
        )
    return _parsed(reply, method, path)


def _parsed(reply: requests.Response, method: str, path: str) -> Any:
    """Return the body, or None where there is none: 202 and 204 have none, and 201 for a ticket's tags neither."""
    if not reply.content:
        return None
    try:
        return reply.json()
    except requests.exceptions.JSONDecodeError:
        if method == "POST":
            raise Unanswered(f"POST /api/{path} was answered with a broken body") from None
        raise _Passing("a broken body") from None


def _reason(error: requests.exceptions.RequestException) -> Any:
    """Return what lies beneath: urllib3's error, without the URL that requests puts before it."""
    first = error.args[0] if error.args else error
    return getattr(first, "reason", first)


def _never_arrived(error: requests.exceptions.RequestException) -> bool:
    """Whether the connection was not even made, so that a POST certainly did not happen."""
    return isinstance(error, requests.exceptions.ConnectTimeout) or isinstance(_reason(error), NewConnectionError)


def _words(error: requests.exceptions.RequestException) -> str:
    return str(_reason(error)).rpartition(": ")[2] or type(error).__name__


def _seconds(header: str | None) -> float:
    try:
        return max(0.1, float(header or 1))
    except ValueError:
        return 1.0


def _error_words(reply: requests.Response) -> tuple[str, Any]:
    """Return the server's own words and its per-path data. ``error`` is an object: {msg, data}."""
    try:
        error = reply.json().get("error", {})
    except (ValueError, AttributeError):
        return reply.text[:200] or reply.reason or "no words", None
    if not isinstance(error, Mapping):
        return str(error), None
    data = error.get("data")
    words = str(error.get("msg") or reply.text[:200] or reply.reason)
    return (f"{words} {data}" if data else words), data
