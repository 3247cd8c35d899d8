"""Nobody is mailed, whatever is loaded: judged by the simulated account, and not by the rules of the guard.

Rules that answer, an HTTP integration, surveys, auto-merge and auto-assignment are on in the account at the start. With
the guarantee its outbox and its log of what fired stay empty; without a part of it they do not.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from migrator_lib.clock import ScaledClock
from migrator_lib.errors import MailGuardError
from migrator_lib.gorgias import mail_guard
from migrator_lib.gorgias.api import GorgiasApi
from migrator_lib.ledger import Ledger
from migrator_lib.load import LoadReport
from migrator_lib.side_effects import Switch, look
from migrator_lib.simulators.gorgias import Account, create_app
from tests.conftest import Switch as Served
from tests.loading import TARGET, load
from tests.shop import ANN, BOB, DANA, GONE, Shop, minutes
from tests.side_effects.acting import ACTING, ALL
from tests.simulated_account import SPEED, client

QUIET = settings(max_examples=6, suppress_health_check=[HealthCheck.function_scoped_fixture], derandomize=True)
AHEAD = datetime.now(UTC) + timedelta(days=400)


@contextmanager
def account(served: tuple[Served, str]) -> Iterator[tuple[Account, GorgiasApi]]:
    """Serve an account in which everything acts."""
    switch, url = served
    clock = ScaledClock(SPEED)
    made = Account("demo", None, seed=ACTING, clock=clock)
    switch.app = create_app({"demo": made})
    yield made, client(f"{url}/demo", clock)
    made.store.close()


def noise(found: Account) -> list[tuple[str, ...]]:
    """Return what the account would have sent, and what it did by itself, long after the last request."""
    with found.store.lock:
        mails = [("mail", mail["kind"], mail["reason"]) for mail in found.store.outbox()]
        fired = [("fired", str(one["what"]), str(one["event"])) for one in found.store.fired()]
        return mails + fired + [("survey", "", "")] * found.store.count("survey")


# --- whatever the loader is given ----------------------------------------------------------------------

TEXTS = st.sampled_from([
    "Where is my parcel?", "@dana please look: Dana Agent", "<p>Hi <img src='cid:pic@1'></p>", "return refund urgent",
    '<span class="mention" data-id="3">@Dana</span>', "", "{{ticket.customer.email}}", "Out of office: I am away",
])  # fmt: skip
DATES = st.one_of(
    st.integers(0, 600).map(minutes), st.none(), st.just(AHEAD), st.just(datetime.now(UTC) - timedelta(hours=1))
)


@st.composite
def shops(draw: st.DrawFn) -> list[tuple[str, dict[str, Any]]]:
    """Draw rows of tickets, messages and comments, with everything that is odd."""
    rows: list[tuple[str, dict[str, Any]]] = []
    ids = itertools.count(1)
    for number in range(1, draw(st.integers(1, 3)) + 1):
        who = draw(st.sampled_from([(ANN, "ann@home.example"), (BOB, "bob@home.example"), (DANA, "dana@demo.example"),
                                    (None, "guest@there.example"), (None, "not an address"), (None, "")]))  # fmt: skip
        rows.append(("Tickets", {
            "TicketID": number, "UserID_Customer": who[0], "CustomerEmailAddress": who[1],
            "UserID": draw(st.sampled_from([DANA, GONE])), "TicketStatusID": draw(st.sampled_from([1, 2, 3])),
            "IsSpam": draw(st.booleans()), "IsDeleted": draw(st.sampled_from([False, False, True])),
        }))  # fmt: skip
        for _ in range(draw(st.integers(0, 4))):
            rows.append(("TicketMessages", {
                "TicketID": number, "TicketMessageID": next(ids), "DateReceivedUTC": draw(DATES),
                "MessageDirection": draw(st.sampled_from([0, 1, None])), "BodyText": draw(TEXTS),
                "UserID_From": draw(st.sampled_from([None, DANA, GONE, ANN])), "BodyHTML": draw(TEXTS | st.none()),
                "FromAddress": draw(st.sampled_from([None, "x@y.example", "me"])), "IsDraft": draw(st.booleans()),
            }))  # fmt: skip
        for _ in range(draw(st.integers(0, 1))):
            rows.append(("TicketComments", {
                "TicketID": number, "TicketCommentID": next(ids), "DateEnteredUTC": draw(DATES),
                "CommentText": draw(TEXTS),
            }))  # fmt: skip
        if draw(st.booleans()):
            rows.append(("TicketMerges", {"TicketID": number, "TicketNumber": f"100-{number + 1:08d}-0001"}))
    return rows


def shop_of(rows: list[tuple[str, dict[str, Any]]], folder: Path) -> Shop:
    shop = Shop(folder, policy={"spam_tickets": "migrate"})
    for table, row in rows:
        shop.add(table, row)
    return shop


def migrate(rows: list[tuple[str, dict[str, Any]]], api: GorgiasApi, folder: Path, *, off: bool = True) -> LoadReport:
    """Load a shop as notebook 05 does: what acts is switched off before."""
    ledger = Ledger.in_folder(folder / "state")
    try:
        if off:
            Switch(api, ledger, TARGET).off(look(api).effects, ALL)
        return load(shop_of(rows, folder), api, ledger)
    finally:
        ledger.close()


TAKEN = itertools.count()
PLAIN: list[tuple[str, dict[str, Any]]] = [
    ("Tickets", {"TicketID": 1, "UserID_Customer": ANN, "CustomerEmailAddress": "ann@home.example", "UserID": DANA,
                 "TicketStatusID": 3}),
    ("TicketMessages", {"TicketID": 1, "TicketMessageID": 1, "MessageDirection": 0, "DateReceivedUTC": minutes(1)}),
    ("TicketMessages", {"TicketID": 1, "TicketMessageID": 2, "MessageDirection": 1, "DateReceivedUTC": minutes(2),
                        "UserID_From": DANA}),
]  # fmt: skip


@QUIET
@given(rows=shops())
def test_whatever_is_loaded_nothing_is_sent_and_nothing_fires(
    served: tuple[Served, str], tmp_path: Path, rows: list[tuple[str, dict[str, Any]]]
) -> None:
    with account(served) as (gorgias, api):
        report = migrate(rows, api, tmp_path / str(next(TAKEN)))
        assert sum(n for (obj, _), n in report.counts.items() if obj == "ticket") > 0
        assert noise(gorgias) == []


def test_a_message_of_the_future_is_not_sent_and_the_others_are(served: tuple[Served, str], tmp_path: Path) -> None:
    late = [("Tickets", {"TicketID": 2}), ("TicketMessages", {"TicketID": 2, "TicketMessageID": 3,
                                                              "DateReceivedUTC": AHEAD})]  # fmt: skip
    with account(served) as (gorgias, api):
        report = migrate([*PLAIN, *late], api, tmp_path)
        assert (report.counts["ticket", "created"], report.counts["ticket", "quarantined"]) == (1, 1)
        assert gorgias.store.count("ticket") == 1


# --- and without the guarantee -------------------------------------------------------------------------


def test_with_side_effects_left_on_the_same_load_is_heard(served: tuple[Served, str], tmp_path: Path) -> None:
    with account(served) as (gorgias, api):
        migrate(PLAIN, api, tmp_path, off=False)
        heard = {kind for _, kind, _ in noise(gorgias)}
    assert {"auto-reply", "webhook", "survey", "rule"} <= heard


def test_without_the_guard_a_message_that_lost_its_date_is_mailed(
    served: tuple[Served, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def undated(api: GorgiasApi) -> None:
        create = api.tickets.create

        def lossy(body: dict[str, Any]) -> Any:
            return create({**body, "messages": [{**m, "sent_datetime": None} for m in body["messages"]]})

        monkeypatch.setattr(api.tickets, "create", lossy)

    with account(served) as (gorgias, api):
        undated(api)
        with pytest.raises(MailGuardError):
            migrate(PLAIN, api, tmp_path / "guarded")
        assert noise(gorgias) == []
    with account(served) as (gorgias, api):
        undated(api)
        monkeypatch.setattr(mail_guard, "check", lambda *_, **__: None)
        migrate(PLAIN, api, tmp_path / "unguarded")
        assert [kind for _, kind, _ in noise(gorgias)] == ["message", "message"]
