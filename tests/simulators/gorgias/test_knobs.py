"""Both answers to what nobody knows of Gorgias: a simulated account gives the one that its knob says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import requests
from pydantic import ValidationError

from migrator_lib import simulators
from migrator_lib.clock import ManualClock
from migrator_lib.simulators.gorgias import Account, create_app
from migrator_lib.simulators.gorgias.admin_client import outbox
from migrator_lib.simulators.gorgias.knobs import Knobs
from tests.simulated_account import API_KEY, EMAIL, SEED
from tests.simulators.gorgias.asking import OLD, Asker, incoming, note, outgoing, ticket, without

LATER = "2021-06-01T00:00:00"
FOREIGN = {"url": "https://files.shop.example/1.png", "name": "1.png", "content_type": "image/png"}


def turn(ask: Asker, **knobs: Any) -> None:
    ask.account.knobs = Knobs(**knobs)


def made(ask: Asker, *messages: dict[str, Any], **more: Any) -> str:
    """Make a ticket; return its path."""
    return f"tickets/{ask.make('tickets', ticket(*messages, **more))['id']}"


def read(ask: Asker, path: str) -> dict[str, Any]:
    return dict(ask("GET", path).json())


def test_every_knob_is_turned_by_something() -> None:
    folder = Path(str(simulators.__file__)).parent / "gorgias"
    code = "".join(file.read_text() for file in folder.rglob("*.py") if file.name != "knobs.py")
    assert [name for name in Knobs.model_fields if f"knobs.{name}" not in code] == []


def test_a_seed_sets_knobs_and_refuses_unknown_ones() -> None:
    account = Account("x", None, seed={**SEED, "knobs": {"invites_users": False}}, clock=ManualClock())
    assert account.knobs == Knobs(invites_users=False)
    account.store.close()
    for wrong in ({"invites": False}, {"upload_limit_bytes": 0}):
        with pytest.raises(ValidationError):
            Account("x", None, seed={**SEED, "knobs": wrong}, clock=ManualClock())


def test_a_knob_cannot_be_turned_to_what_it_does_not_take() -> None:
    with pytest.raises(ValidationError):
        Knobs().foreign_attachment_urls = "eaten"  # type: ignore[assignment]


@pytest.mark.parametrize("reopens", [True, False])
def test_a_customers_message_by_api_may_open_a_closed_ticket(ask: Asker, reopens: bool) -> None:
    turn(ask, reopens_on_api_message=reopens)
    jane = ask.customer()
    path = made(ask, incoming(jane), status="closed", closed_datetime=OLD)
    ask.make(f"{path}/messages", incoming(jane, created_datetime=LATER))
    found = read(ask, path)
    assert (found["status"], bool(found["closed_datetime"])) == (("open", False) if reopens else ("closed", True))
    assert found["last_received_message_datetime"] == f"{LATER}.000000"


@pytest.mark.parametrize("stays", [True, False])
def test_a_ticket_without_messages_may_stay(ask: Asker, stays: bool) -> None:
    turn(ask, deleted_message_leaves_ticket=stays)
    path = made(ask, note())
    ask("DELETE", f"{path}/messages/{read(ask, path)['messages'][0]['id']}")
    assert ask("GET", path).status_code == (200 if stays else 404)


def test_a_ticket_that_goes_with_its_last_message_takes_its_survey_along(ask: Asker) -> None:
    turn(ask, deleted_message_leaves_ticket=False)
    path = made(ask, note())
    of_ticket = {"ticket_id": int(path.rpartition("/")[2]), "customer_id": ask.customer()}
    ask.make("satisfaction-surveys", {**of_ticket, "should_send_datetime": "2100-01-01T00:00:00Z"})
    ask("DELETE", f"{path}/messages/{read(ask, path)['messages'][0]['id']}")
    assert ask("GET", "satisfaction-surveys").json()["data"] == []
    assert ask.account.store.outbox() == []


@pytest.mark.parametrize("answer", ["hot-linked", "copied", "refused"])
def test_a_file_from_elsewhere_may_be_linked_copied_or_refused(ask: Asker, answer: str) -> None:
    turn(ask, foreign_attachment_urls=answer)
    form = {"ours.txt": ("ours.txt", b"x", "text/plain")}
    (ours,) = ask("POST", "upload", files=form).json()
    files = [FOREIGN, {"url": ours["url"], "name": "ours.txt", "content_type": "text/plain"}]
    body = ticket(note(attachments=files))
    if answer == "refused":
        assert ask.refusal("POST", "tickets", body) == {
            "messages": {"0": {"attachments": ["Not the URL of an uploaded file."]}}
        }
        return
    one, two = read(ask, f"tickets/{ask.make('tickets', body)['id']}")["messages"][0]["attachments"]
    assert two["url"] == ours["url"]
    assert (one["url"] == FOREIGN["url"]) == (answer == "hot-linked")


def test_a_message_may_take_only_so_many_files(ask: Asker) -> None:
    turn(ask, max_attachments=1)
    made(ask, note(attachments=[FOREIGN]))
    assert ask.refusal("POST", "tickets", ticket(note(), note(attachments=[FOREIGN] * 2))) == {
        "messages": {"1": {"attachments": ["Longer than maximum length 1."]}}
    }


@pytest.mark.parametrize("honoured", [True, False])
def test_dates_that_are_given_may_be_kept(ask: Asker, honoured: bool) -> None:
    turn(ask, honours_updated_datetime=honoured, honours_last_message_datetime=honoured)
    path = made(ask, incoming(ask.customer()), updated_datetime=LATER, last_message_datetime=LATER)
    found = read(ask, path)
    assert found["updated_datetime"].startswith(LATER) == honoured
    assert found["last_message_datetime"].startswith(LATER if honoured else OLD[:10])
    ask("PUT", path, {"updated_datetime": OLD, "last_message_datetime": "2022-01-01T00:00:00"})
    found = read(ask, path)
    assert found["updated_datetime"].startswith(OLD[:10]) == honoured
    assert found["last_message_datetime"].startswith("2022") == honoured


@pytest.mark.parametrize("kept", [True, False])
def test_a_ticket_may_have_no_priority(ask: Asker, kept: bool) -> None:
    turn(ask, priority_is_kept=kept)
    path = made(ask, note(), priority="high")
    ask("PUT", path, {"priority": "low"})
    assert read(ask, path).get("priority") == ("low" if kept else None)


@pytest.mark.parametrize("made_on_the_fly", [True, False])
def test_tags_may_be_made_on_the_fly(ask: Asker, made_on_the_fly: bool) -> None:
    turn(ask, tags_made_on_the_fly=made_on_the_fly)
    ask.make("tags", {"name": "old"})
    made(ask, note(), tags=[{"name": "old"}])
    reply = ask("POST", "tickets", ticket(note(), tags=[{"name": "old"}, {"name": "new"}]))
    assert reply.status_code == (201 if made_on_the_fly else 400)
    assert ask.account.store.count("tag") == (2 if made_on_the_fly else 1)
    late = ask("POST", f"{made(ask, note())}/tags", {"names": ["late"]})
    assert late.status_code == (201 if made_on_the_fly else 400)
    assert ask.account.store.count("tag") == (3 if made_on_the_fly else 1)


@pytest.mark.parametrize("invites", [True, False])
def test_a_new_user_may_be_invited(ask: Asker, invites: bool) -> None:
    turn(ask, invites_users=invites)
    ask.make("users", {"email": "kim@demo.example", "name": "Kim", "role": {"name": "agent"}})
    assert len(outbox(ask.url)) == invites


def test_how_long_mail_and_surveys_take_is_a_knob(ask: Asker) -> None:
    ask.account.clock = ManualClock()
    turn(ask, sends_after_seconds=1, survey_after_seconds=120)
    ask.account.store.put("setting", {"id": 1, "type": "satisfaction-surveys", "data": {"enabled": True}})
    made(ask, without(outgoing(ask.customer()), "sent_datetime"), status="closed")
    assert [mail["at"][11:19] for mail in outbox(ask.url)] == ["00:00:01", "00:02:00"]


@pytest.mark.parametrize("stays", [True, False])
def test_a_survey_without_a_date_may_be_mailed_all_the_same(ask: Asker, stays: bool) -> None:
    turn(ask, undated_surveys_stay_unsent=stays)
    customer = ask.customer()
    number = int(made(ask, incoming(customer)).rpartition("/")[2])
    about = {"ticket_id": number, "customer_id": customer, "score": 5, "sent_datetime": LATER}
    survey = ask.make("satisfaction-surveys", about)
    assert (survey["should_send_datetime"] is None) is stays
    assert len(outbox(ask.url)) == (not stays)


@pytest.mark.parametrize("two", [True, False])
def test_a_key_and_an_app_may_have_a_limit_of_their_own(served: tuple[Any, str], two: bool) -> None:
    app = {"client_id": "app", "client_secret": "hush", "refresh_token": "again"}
    seed = {**SEED, "credentials": {**SEED["credentials"], "oauth": app}, "knobs": {"two_keys_two_buckets": two}}
    account = Account("x", None, seed=seed, clock=ManualClock())
    served[0].app = create_app({"x": account})
    assert account.app is not None
    token = account.app.access.give(60.0, frozenset({"account:read", "account:*"}))
    with requests.Session() as session:
        session.trust_env = False
        url = f"{served[1]}/x/api/account"
        session.get(url, auth=(EMAIL, API_KEY), timeout=30)
        reply = session.get(url, headers={"Authorization": f"Bearer {token}"}, timeout=30)
    assert reply.headers["X-Gorgias-Account-Api-Call-Limit"] == ("1/80" if two else "2/40")
    account.store.close()
