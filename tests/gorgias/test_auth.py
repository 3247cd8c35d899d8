"""Signing in as an app: tokens are had, kept, renewed in time and after a 401, by one worker for all."""

from __future__ import annotations

import base64
import threading
import traceback
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import keyring
import pytest
from keyring.backend import KeyringBackend

from migrator_lib.clock import ManualClock
from migrator_lib.errors import RecordRejected, TargetDenied, TargetUnreachable, Unanswered
from migrator_lib.gorgias.auth import OAuth2, TokenAuth, api_key
from migrator_lib.gorgias.rate import RateGate
from migrator_lib.gorgias.retry import ATTEMPTS
from migrator_lib.gorgias.sign_in import signing
from migrator_lib.gorgias.transport import Transport
from migrator_lib.parameters import Account as AccountParameters
from migrator_lib.parameters import OAuth
from migrator_lib.simulators.gorgias import Account, Fault, in_thread
from migrator_lib.simulators.gorgias.access.tokens import App
from tests.gorgias.told import Act, Told, hang_up, reply, reset
from tests.simulated_account import SEED

CLIENT, SECRET, REFRESH = "app-1", "s3cret-of-the-app", "r3fresh-token"
DAY = 24 * 3600.0


class Signed:
    """A simulated account that an app signs in to, and the app's transport; time moves only when told."""

    def __init__(self, account: Account, url: str, clock: ManualClock) -> None:
        self.account, self.url, self.clock = account, url, clock
        self.kept: list[str] = []

    def auth(self, refresh_token: str = REFRESH, secret: str = SECRET) -> OAuth2:
        return OAuth2(
            f"{self.url}/oauth/token", client_id=CLIENT, client_secret=secret, refresh_token=refresh_token,
            clock=self.clock, keep=self._keep,
        )  # fmt: skip

    def transport(self, auth: OAuth2 | None = None) -> Transport:
        gate = RateGate(requests=40, window_seconds=20.0, reserve=0.1, clock=self.clock)
        return Transport(self.url, auth=auth or self.auth(), gate=gate, clock=self.clock)

    def _keep(self, token: str) -> str:
        self.kept.append(token)
        return "put it where it lasts."

    @property
    def app(self) -> Any:
        return self.account.app

    def tokens(self) -> int:
        """How many access tokens the account has given."""
        return len(self.app.access._ends)


@pytest.fixture(scope="session")
def served_account() -> Iterator[tuple[Account, str, ManualClock]]:
    """One for all tests of this module, since a server and its routes take long to make; each begins with it empty."""
    clock = ManualClock()
    account = Account("acme", None, seed=SEED, clock=clock)
    with in_thread({"acme": account}) as addresses:
        yield account, addresses["acme"], clock
    account.store.close()


@pytest.fixture
def signed(served_account: tuple[Account, str, ManualClock], request: pytest.FixtureRequest) -> Signed:
    account, url, clock = served_account
    clock.advance(3600)
    account.reset()
    account.faults = []
    more = getattr(request, "param", {})
    account.app = App(clock, {"client_id": CLIENT, "client_secret": SECRET, "refresh_token": REFRESH, **more})
    return Signed(account, url, clock)


def with_app(**more: Any) -> Any:
    """An account whose app is a little different."""
    return pytest.mark.parametrize("signed", [more], indirect=True, ids=[""])


# --- access tokens -------------------------------------------------------------------------------------


def test_an_app_reads_and_writes_with_one_token(signed: Signed) -> None:
    transport = signed.transport()
    assert transport.call("GET", "account")["domain"] == "acme"
    assert transport.call("POST", "tags", body={"name": "VIP"})["name"] == "VIP"
    assert signed.tokens() == 1


def test_a_token_is_renewed_shortly_before_its_end(signed: Signed) -> None:
    transport = signed.transport()
    transport.call("GET", "account")
    signed.clock.advance(DAY - 400)
    transport.call("GET", "account")
    assert signed.tokens() == 1
    signed.clock.advance(150)
    transport.call("GET", "account")
    assert signed.tokens() == 2


@with_app(token_seconds=60)
def test_a_token_that_lives_shortly_is_not_renewed_with_every_request(signed: Signed) -> None:
    transport = signed.transport()
    for _ in range(5):
        transport.call("GET", "account")
        signed.clock.advance(8)
    assert signed.tokens() == 1


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_token_that_was_revoked_is_renewed_once_and_the_request_sent_again(signed: Signed, method: str) -> None:
    transport = signed.transport()
    transport.call("GET", "account")
    signed.app.access.end_all()
    transport.call(method, "tags", body={"name": "VIP"} if method == "POST" else None)
    assert signed.account.store.count("tag") == (method == "POST")
    assert signed.tokens() == 1  # the first one is forgotten, and there is one new


def test_a_new_token_that_is_refused_too_stops_the_run(told: Told, clock: ManualClock) -> None:
    told.script = [reply(200, token(1)), reply(401, None), reply(200, token(2)), reply(401, None)]
    with pytest.raises(TargetDenied, match="401"):
        told_transport(told, clock).call("GET", "account")
    assert [path.rpartition("/")[2] for _, path, *_ in told.seen] == ["token", "account", "token", "account"]


def test_an_api_key_that_is_refused_is_not_tried_again(told: Told, clock: ManualClock) -> None:
    told.script = [reply(401, None)] * 3
    gate = RateGate(requests=40, window_seconds=20.0, reserve=0.1, clock=clock)
    with pytest.raises(TargetDenied):
        Transport(told.url, auth=api_key("a@b.example", "k"), gate=gate, clock=clock).call("GET", "account")
    assert len(told.seen) == 1


def test_many_workers_get_one_token(signed: Signed) -> None:
    transport, workers = signed.transport(), 8
    at_once = threading.Barrier(workers)

    def work(_: int) -> None:
        at_once.wait(30)
        transport.call("GET", "account")

    with ThreadPoolExecutor(workers) as pool:
        list(pool.map(work, range(workers)))
    assert signed.tokens() == 1


def test_a_401_of_many_workers_is_mended_once() -> None:
    class Counted(TokenAuth):
        given = 0

        def _get(self) -> tuple[str, float]:
            self.given += 1
            return f"token {self.given}", DAY

    auth = Counted(ManualClock())
    assert auth.renew(auth._header())
    for _ in range(7):
        assert auth.renew("Bearer ")  # what those sent who are answered a little later
    assert auth.given == 1


def test_a_scope_that_the_app_lacks_stops_the_run(signed: Signed) -> None:
    signed.app.scopes = frozenset({"tags:read", "account:*"})
    transport = signed.transport()
    transport.call("GET", "tags")
    with pytest.raises(TargetDenied, match="scope"):
        transport.call("POST", "tags", body={"name": "VIP"})


# --- refresh -------------------------------------------------------------------------------------------


def told_transport(told: Told, clock: ManualClock, keep: Any = None) -> Transport:
    auth = OAuth2(
        f"{told.url}/oauth/token", client_id=CLIENT, client_secret=SECRET, refresh_token=REFRESH, clock=clock, keep=keep
    )
    gate = RateGate(requests=40, window_seconds=20.0, reserve=0.1, clock=clock)
    return Transport(told.url, auth=auth, gate=gate, clock=clock)


def token(number: int, **more: Any) -> dict[str, Any]:
    return {"access_token": f"t{number}", "token_type": "Bearer", **more}


def test_a_refresh_is_a_form_signed_by_the_app(told: Told, clock: ManualClock) -> None:
    told.script = [reply(200, token(1))]
    told_transport(told, clock).call("GET", "account")
    (method, target, headers, body), (_, _, then, _) = told.seen
    assert (method, target) == ("POST", "/acme/oauth/token")
    assert headers["authorization"] == "Basic " + base64.b64encode(f"{CLIENT}:{SECRET}".encode()).decode()
    assert body == f"grant_type=refresh_token&refresh_token={REFRESH}".encode()
    assert then["authorization"] == "Bearer t1"


@pytest.mark.parametrize("fault", [reply(502, b"<html>"), reply(429, None, {"Retry-after": "3"}), reset, hang_up])
def test_a_refresh_that_fails_for_a_while_is_tried_again(told: Told, clock: ManualClock, fault: Act) -> None:
    told.script = [fault, reply(200, token(1))]
    assert told_transport(told, clock).call("POST", "tags", body={"name": "x"}) == {"id": 1}
    assert [path.rpartition("/")[2] for _, path, *_ in told.seen] == ["token", "token", "tags"]


def test_an_account_that_gives_no_answer_is_unreachable_and_no_post_is_in_doubt(told: Told, clock: ManualClock) -> None:
    told.script = [reply(500)] * ATTEMPTS
    with pytest.raises(TargetUnreachable, match="oauth/token"):
        told_transport(told, clock).call("POST", "tags", body={"name": "x"})


@pytest.mark.parametrize(
    ("refresh_token", "secret", "code"), [("wrong", SECRET, "invalid_grant"), (REFRESH, "wrong", "invalid_client")]
)
def test_wrong_credentials_stop_the_run_and_say_what_to_check(
    signed: Signed, refresh_token: str, secret: str, code: str
) -> None:
    transport = signed.transport(signed.auth(refresh_token, secret))
    with pytest.raises(TargetDenied, match=rf"{code}[\s\S]*Next: check target\.\*\.oauth"):
        transport.call("GET", "account")


@pytest.mark.parametrize(
    "answer",
    [
        reply(400, {"error": REFRESH}), reply(403, b"<html>No</html>"), reply(200, b"<html>Welcome</html>"),
        reply(200, {"error": "invalid_grant", "error_description": REFRESH}), reply(200, {"token_type": "Bearer"}),
        reply(302, None, {"Location": "https://elsewhere.example/"}), reply(200, [1]),
    ],
    ids=["echo", "page", "hotel", "200 that refuses", "no token", "redirect", "list"],
)  # fmt: skip
def test_neither_secret_nor_token_is_told_whatever_the_answer(told: Told, clock: ManualClock, answer: Act) -> None:
    told.script = [answer]
    transport = told_transport(told, clock)
    with pytest.raises(TargetDenied, match="Next: ") as caught:
        transport.call("GET", "account")
    shown = "".join(traceback.format_exception(caught.value)) + repr(transport._auth) + repr(vars(transport))
    assert not any(secret in shown for secret in (SECRET, REFRESH))


def test_a_token_is_in_no_error_of_a_request(told: Told, clock: ManualClock) -> None:
    told.script = [reply(200, token(1)), reply(400, {"error": {"msg": "no"}}), hang_up]
    transport = told_transport(told, clock)
    for kind in (RecordRejected, Unanswered):
        with pytest.raises(kind) as caught:
            transport.call("POST", "tags", body={"name": "x"})
        assert "t1" not in "".join(traceback.format_exception(caught.value)).replace("_t1", "")


# --- a refresh token that is replaced ------------------------------------------------------------------


@with_app(rotates=True)
def test_a_new_refresh_token_is_used_and_kept(signed: Signed) -> None:
    transport = signed.transport()
    for _ in range(3):
        transport.call("GET", "account")
        signed.clock.advance(DAY)
    assert len(signed.kept) == 3
    assert signed.kept[-1] == signed.app.refresh_token


@with_app(rotates=True)
def test_where_a_new_one_could_not_be_kept_a_later_refusal_says_so(signed: Signed) -> None:
    transport = signed.transport()
    transport.call("GET", "account")
    signed.clock.advance(DAY)
    signed.app.refresh_token = "replaced by somebody else"
    with pytest.raises(TargetDenied, match="Next: put it where it lasts"):
        transport.call("GET", "account")


class Memory(KeyringBackend):
    """A keyring that lasts as long as a test."""

    priority = 1  # type: ignore[assignment]

    def __init__(self) -> None:
        super().__init__()
        self.held: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        return self.held.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.held[service, username] = password


@pytest.fixture
def held() -> Iterator[dict[tuple[str, str], str]]:
    before = keyring.get_keyring()
    memory = Memory()
    keyring.set_keyring(memory)
    yield memory.held
    keyring.set_keyring(before)


def parameters(url: str, refresh_token: str) -> AccountParameters:
    oauth = OAuth(client_id=CLIENT, client_secret="env:APP_SECRET", refresh_token=refresh_token)
    return AccountParameters(url=url, oauth=oauth)


@with_app(rotates=True)
def test_a_keyring_gets_the_new_refresh_token_back(
    signed: Signed, held: dict[tuple[str, str], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("APP_SECRET", SECRET)
    held["gorgias", "acme"] = REFRESH
    for _ in range(2):  # as two notebooks do, each in its process
        auth = signing(parameters(signed.url, "keyring:gorgias/acme"), signed.url, signed.clock)
        assert isinstance(auth, OAuth2)
        signed.transport(auth).call("GET", "account")
        assert held["gorgias", "acme"] == signed.app.refresh_token != REFRESH


@with_app(rotates=True)
def test_a_variable_cannot_keep_it_which_is_told_when_it_matters(
    signed: Signed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("APP_SECRET", SECRET)
    monkeypatch.setenv("APP_REFRESH", REFRESH)
    auth = signing(parameters(signed.url, "env:APP_REFRESH"), signed.url, signed.clock)
    assert isinstance(auth, OAuth2)
    transport = signed.transport(auth)
    transport.call("GET", "account")
    signed.app.refresh_token = "another"
    signed.clock.advance(DAY)
    with pytest.raises(TargetDenied, match=r"Next: .*env:APP_REFRESH is no place[\s\S]*keyring:service/user"):
        transport.call("GET", "account")


def test_an_engagement_signs_in_as_its_account_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KEY", "k")
    auth = signing(AccountParameters(email="a@b.example", api_key="env:KEY"), "https://a.example", ManualClock())
    assert auth == api_key("a@b.example", "k")


# --- the simulated account -----------------------------------------------------------------------------


def test_what_a_seed_says_of_an_app_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("APP_SECRET", SECRET)
    app = {"client_id": CLIENT, "client_secret_env": "APP_SECRET", "refresh_token": REFRESH, "scopes": ["tags:read"]}
    account = Account("acme", None, seed={**SEED, "credentials": {**SEED["credentials"], "oauth": app}})
    assert account.app is not None
    assert (account.app.client_secret, account.app.scopes) == (SECRET, {"tags:read"})
    token = account.app.refresh()["access_token"]
    assert account.knows(f"Bearer {token}")
    assert not account.knows(f"Basic {token}")
    account.store.close()


def test_a_fault_of_the_token_endpoint_passes(signed: Signed) -> None:
    signed.account.faults = [Fault("http_500_before", path_contains="oauth/token", times=2)]
    assert signed.transport().call("GET", "account")["domain"] == "acme"
