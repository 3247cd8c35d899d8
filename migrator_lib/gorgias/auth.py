"""How a request is signed: by an API key, or as an app by OAuth2 with access tokens that are renewed.

Source: developers.gorgias.com, oauth2-authentication-for-creating-apps-with-gorgias and oauth2-scopes: an access
token lives 24 hours, a refresh token (scope ``offline``) does not expire. Unverified: that the app signs its request
for a token with Basic (RFC 6749, 2.3.1), and that a refresh never brings a new refresh token; both ways are served.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, Protocol, runtime_checkable
from urllib.parse import urlsplit

import requests
from oauthlib.oauth2 import OAuth2Error, WebApplicationClient
from requests.auth import AuthBase, HTTPBasicAuth

from migrator_lib.clock import Clock
from migrator_lib.errors import TargetDenied
from migrator_lib.gorgias import retry
from migrator_lib.parameters import LOOPBACK

TOKEN_PATH = "/oauth/token"  # noqa: S105
"""Where an account gives tokens, below its address."""
LIFE_SECONDS = 24 * 3600.0
"""How long an access token lives where the answer does not say."""
MARGIN_SECONDS = 300.0
"""How long before its end a token is renewed; a tenth of its life where that is shorter."""


@runtime_checkable
class Renewable(Protocol):
    """A way of signing by a token that ends, and that can be had anew."""

    def ready(self) -> None:
        """Have a token."""

    def renew(self, rejected: str) -> bool:
        """Get a new token if the one that was rejected is still the current one.

        Args:
            rejected: the ``Authorization`` header of the request that was answered with 401.

        Returns:
            Whether sending again may help.
        """


def session_to(url: str, auth: AuthBase | None = None) -> requests.Session:
    """Return a session: the company's proxy and certificates count, but not on the way to a simulated account."""
    session = requests.Session()
    session.auth = auth
    session.headers["Accept"] = "application/json"
    session.trust_env = urlsplit(url).hostname not in LOOPBACK
    return session


class Unsigned(AuthBase):
    """Signs nothing: without it requests would sign by what a ``.netrc`` says of a host."""

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """Return the request as it is."""
        return request


def api_key(email: str, key: str) -> AuthBase:
    """Return Basic authentication by a user's e-mail and API key, sent as UTF-8."""
    return HTTPBasicAuth(email.encode(), key.encode())


class TokenAuth(AuthBase):
    """Signs with a token that ends, and gets a new one shortly before; one at a time for all workers."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._token = ""
        self._until = float("-inf")

    def __repr__(self) -> str:
        return f"<{type(self).__name__}>"

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """Sign a request.

        Raises:
            TargetDenied: no token is to be had.
            TargetUnreachable: whoever gives tokens keeps failing.
        """
        self.ready()
        request.headers["Authorization"] = self._header()
        return request

    def ready(self) -> None:
        """See to it that there is a token; called before a request takes its place at the gate, which this may need.

        Raises:
            TargetDenied: no token is to be had.
            TargetUnreachable: whoever gives tokens keeps failing.
        """
        with self._lock:
            if self._clock.monotonic() >= self._until:
                self._take(*self._get())

    def renew(self, rejected: str) -> bool:
        """Get a new token, unless another worker has done so since; see :class:`Renewable`."""
        with self._lock:
            if rejected == self._header():
                self._take(*self._get())
        return True

    def _header(self) -> str:
        return f"Bearer {self._token}"

    def _take(self, token: str, seconds: float) -> None:
        self._token = token
        self._until = self._clock.monotonic() + seconds - min(MARGIN_SECONDS, seconds / 10)

    def _get(self) -> tuple[str, float]:
        """Return a new token and how many seconds it lives."""
        raise NotImplementedError


class OAuth2(TokenAuth):
    """Signs as an app, with access tokens that a refresh token brings."""

    def __init__(
        self,
        token_url: str,
        *,
        client_id: str,
        client_secret: str,
        refresh_token: str,
        clock: Clock,
        keep: Callable[[str], str] | None = None,
        timeout_seconds: float = 30.0,
    ) -> None:
        """Take an app's credentials.

        Args:
            token_url: ``https://<subdomain>.gorgias.com/oauth/token``.
            client_id: the app's.
            client_secret: the app's.
            refresh_token: what the account gave the app, with the scope ``offline``.
            clock: what a token's life is measured on.
            keep: called with a new refresh token where Gorgias gives one; returns what to tell, should a later
                refresh be refused.
            timeout_seconds: how long a request for a token may take.
        """
        super().__init__(clock)
        self._url = token_url
        self._basic = api_key(client_id, client_secret)
        self._client = WebApplicationClient(client_id)
        self._refresh_token = refresh_token
        self._keep = keep
        self._advice = ""
        self._timeout = timeout_seconds

    def _get(self) -> tuple[str, float]:
        reply = retry.settle(
            lambda _: self._ask(),
            what="POST /oauth/token",
            repeatable=True,
            clock=self._clock,
            hold=self._clock.sleep,
            host=str(urlsplit(self._url).hostname),
        )
        token = self._read(reply)
        rotated = str(token.get("refresh_token") or self._refresh_token)
        if rotated != self._refresh_token:
            self._refresh_token = rotated
            self._advice = self._keep(rotated) if self._keep else ""
        return str(token["access_token"]), float(token.get("expires_in") or LIFE_SECONDS)

    def _ask(self) -> requests.Response:
        body = self._client.prepare_refresh_body(refresh_token=self._refresh_token)
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        try:
            with session_to(self._url, self._basic) as session:
                reply = session.post(
                    self._url, data=body, headers=headers, timeout=self._timeout, allow_redirects=False
                )
        except requests.exceptions.RequestException as error:
            raise retry.fault_of(error) from None
        if reply.status_code == 429:
            raise retry.throttled(reply.headers.get("Retry-after"))
        fault = retry.fault_of_status(reply.status_code, reply.headers.get("Retry-after"))
        if fault:
            raise fault
        return reply

    def _read(self, reply: requests.Response) -> dict[str, Any]:
        """Return the answer's token; what it says is not told, since it could quote one."""
        problem = f"status {reply.status_code}"
        if reply.status_code == 200:
            try:
                return dict(self._client.parse_request_body_response(reply.text))
            except (OAuth2Error, ValueError, TypeError) as error:
                problem = getattr(error, "error", None) or "an answer without a token"
        else:
            problem = f"{problem}, {_code(reply)}"
        raise TargetDenied(
            f"Gorgias gave the app no access token: {problem}.",
            next_step=self._advice
            or "check target.*.oauth: client_id, and the secrets behind client_secret and refresh_token; if they are "
            "right, let an admin of the account authorize the app anew, with the scope 'offline'.",
        )


def _code(reply: requests.Response) -> str:
    """Return the code of an OAuth2 error (RFC 6749, 5.2), if it is one of those that are known."""
    known = ("invalid_request", "invalid_client", "invalid_grant", "unauthorized_client", "unsupported_grant_type",
             "invalid_scope")  # fmt: skip
    try:
        code = reply.json().get("error")
    except (ValueError, AttributeError):
        return "without a reason"
    return code if code in known else "without a known reason"
