"""Chats and call logs go every way that tickets go: staged, loaded once, changed, found, swept and rolled back."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partialmethod
from pathlib import Path
from typing import Any

import pytest

from migrator_lib.clock import ManualClock
from migrator_lib.errors import ParameterError
from migrator_lib.file_health import look
from migrator_lib.ledger import PENDING, Entry, Ledger
from migrator_lib.ledger.keys import find
from migrator_lib.ledger.life import Reader
from migrator_lib.ledger.written import TRASHED
from migrator_lib.load.crew import Alone
from migrator_lib.objects import CALL_LOG, LIVE_CHAT
from migrator_lib.progress import Progress
from migrator_lib.reconcile.accounts import accounts, require_balanced, settle_strays
from migrator_lib.simulators.gorgias import Account, Fault
from migrator_lib.simulators.gorgias.in_process import api_of
from migrator_lib.staging import Staged
from tests.loading import PNG, TARGET, loader, writes
from tests.rollback.accounts import Place
from tests.shop import ANN, DANA, Shop, minutes
from tests.simulated_account import SEED
from tests.sweep.test_sweep import Desk

CODES: dict[str, Any] = {
    "chat_senders": {"0": {"becomes": "customer"}, "1": {"becomes": "agent"}, "2": {"becomes": "system"}},
    "chat_views": {"0": {"becomes": "public"}, "1": {"becomes": "internal"}},
}
LINES = 3
CHATS = 3


def with_chats(folder: Path) -> Shop:
    """Return a shop with a ticket, three chats (the last one deleted) and two call logs."""
    shop = Shop(folder)
    shop.mapped = {**CODES, "ticket_fields": {"4": {"name": "Topic", "becomes": "text", "label": "Topic"}}}
    shop.add("CustomDataFields", {"CustomFieldID": 4, "DisplayName": "Topic"})
    shop.add("Tickets", {"TicketID": 1})
    shop.add("TicketMessages", {"TicketID": 1, "TicketMessageID": 100})
    shop.file("photo.att", PNG)
    shop.file("talk.att", b"RIFF talk")
    for number in range(1, CHATS + 1):
        shop.add("Chats", {"ChatID": number, "ChatNumber": f"C-{number}", "IsDeleted": number == CHATS})
        for n in range(LINES):
            line = {"ChatSenderType": n % 2, "UserID": DANA if n % 2 else None, "DateSubmittedUTC": minutes(n)}
            shop.add(
                "ChatMessages", {"ChatID": number, "ChatMessageID": number * 10 + n, "TextSubmitted": f"{n}", **line}
            )
        shop.add("CustomDataFieldsInChats", {"ChatID": number, "CustomFieldID": 4, "DataContent": "Order"})
    shop.add("ChatComments", {"ChatID": 1, "ChatCommentID": 1, "DateEnteredUTC": minutes(9)})
    shop.add("ChatAttachments", {"ChatID": 1, "ChatAttachmentID": 1, "FileNameOnDisk": "photo.att", "Length": len(PNG)})
    shop.add("CallLogs", {"CallLogID": 1}, {"CallLogID": 2, "CallNumber": "T-2", "IsOutgoing": True})
    shop.add("CallLogAttachments", {"CallLogID": 1, "CallLogAttachmentID": 1, "FileNameOnDisk": "talk.att"})
    shop.add("CustomDataFieldsInCallLogs", {"CallLogID": 1, "CustomFieldID": 4, "DataContent": "Order"})
    return shop


class There(Desk):
    """A shop with chats and calls, loaded into an account in this process."""

    def __init__(self, shop: Shop, ledger: Ledger, staged: Staged | None = None) -> None:
        self.shop, self.ledger, self.staged = shop, ledger, staged or shop.stage()
        self.account = Account("demo", None, seed=SEED, clock=ManualClock())
        self.api = api_of(self.account)

    def delta(self, name: str = "delta-001") -> None:
        """Stage the shop anew over what is staged, and load it."""
        self.staged = Staged([*self.staged.folders, self.shop.write(name)])
        self.report = loader(self.shop, self.api, self.ledger, self.staged).run()

    def entry(self, obj: str, key: str) -> Entry:
        found = self.ledger.entry(TARGET, obj, key)
        assert found is not None
        return found

    def tickets(self, obj: str, key: str = "1") -> list[dict[str, Any]]:
        return self.account.store.by("ticket", "external_id", f"st:demo:{obj}:{key}")

    def thread(self, obj: str, key: str = "1") -> list[dict[str, Any]]:
        (ticket,) = self.tickets(obj, key)
        found = self.account.store.by("message", "parent", ticket["id"])
        return sorted(found, key=lambda message: (message["created_datetime"], message["id"]))

    def require_balanced(self) -> dict[str, dict[str, int]]:
        """Return the outcomes of what the accounts have, which add up to the source."""
        settle_strays(self.ledger, TARGET, self.staged)
        found = accounts(self.ledger, TARGET, self.staged, self.shop.lookups(self.staged))
        require_balanced(found)
        return {account.object: dict(account.outcomes) for account in found if account.source}


@pytest.fixture
def there(tmp_path: Path, ledger: Ledger) -> Iterator[There]:
    made = There(with_chats(tmp_path / "shop"), ledger)
    made.load()
    yield made
    made.account.store.close()


def test_each_is_a_ticket_once_with_its_thread_and_files_and_all_of_it_is_accounted_for(there: There) -> None:
    outcomes = there.require_balanced()
    assert outcomes["live_chat"] == {"created": 2, "skipped": 1}
    assert outcomes["call_log"] == {"created": 2}
    assert outcomes["chat_message"] == {"created": 2 * LINES, "skipped": LINES}
    assert outcomes["chat_comment"] == {"created": 1}
    assert outcomes["chat_field_value"] == {"created": 2, "skipped": 1}
    assert outcomes["call_field_value"] == {"created": 1}
    assert outcomes["attachment"] == {"created": 2}
    files = {key: there.entry("attachment", key).target_id for key in ("c1", "l1")}
    hanging = {a["url"] for obj in ("live_chat", "call_log") for m in there.thread(obj) for a in m["attachments"]}
    assert hanging == set(files.values())
    assert there.account.store.outbox() == []


def test_what_is_there_is_read_back_equal_and_a_second_load_sends_nothing(there: There) -> None:
    found = there.reconcile()
    assert found.wrong == 0
    assert (found.counts["live_chat"]["validated"], found.counts["call_log"]["validated"]) == (2, 2)
    assert (found.counts["chat_field_value"]["validated"], found.counts["attachment"]["validated"]) == (2, 2)
    before = writes(there.account)
    there.load()
    assert writes(there.account) == before


def test_one_that_is_not_there_any_more_or_has_lost_a_line_is_told(there: There) -> None:
    there.api.tickets.delete(there.tickets("call_log", "2")[0]["id"])
    line = there.thread("live_chat", "2")[1]
    there.api.messages.delete(line["ticket_id"], line["id"])
    wrong = {(one.object, one.source_key): one.state for one in there.reconcile().findings}
    assert wrong[("call_log", "2")] in ("missing", "changed")
    assert wrong[("chat_message", "21")] == "missing"


@pytest.mark.parametrize("obj", ["live_chat", "call_log"])
def test_an_intent_without_an_outcome_is_looked_up_and_not_sent_again(there: There, obj: str) -> None:
    made = there.entry(obj, "1")
    there.ledger.intend(TARGET, replace(made, state=PENDING, target_id=None))
    before = writes(there.account)
    there.load()
    assert writes(there.account) == before
    assert there.entry(obj, "1").target_id == made.target_id


def test_a_call_whose_answer_is_lost_each_time_is_there_once(tmp_path: Path, ledger: Ledger) -> None:
    made = There(with_chats(tmp_path / "shop"), ledger)
    made.account.faults.append(Fault("reset_after_commit", method="POST", path_contains="/api/tickets", times=4))
    made.load()
    for obj, key in (("live_chat", "1"), ("live_chat", "2"), ("call_log", "1"), ("call_log", "2")):
        assert len(made.tickets(obj, key)) == 1, (obj, key)
    made.require_balanced()
    made.account.store.close()


def test_a_chat_that_changed_is_brought_up_to_date_and_a_deleted_one_goes_into_the_trash(there: There) -> None:
    rows = there.shop.tables["ChatMessages"]
    rows[0]["TextSubmitted"] = "edited"
    there.shop.add("ChatMessages", {"ChatID": 1, "ChatMessageID": 19, "TextSubmitted": "late", "ChatSenderType": 0})
    there.shop.tables["Chats"][1]["IsDeleted"] = True
    there.shop.tables["CallLogs"][0]["IsDeleted"] = True
    there.delta()
    assert [m["body_text"] for m in there.thread("live_chat") if "edited" in m["body_text"]] == ["edited"]
    assert any(m["body_text"] == "late" for m in there.thread("live_chat"))
    for obj, key in (("live_chat", "2"), ("call_log", "1")):
        assert there.tickets(obj, key)[0]["trashed_datetime"], obj
        assert TRASHED in there.entry(obj, key).detail
    there.require_balanced()
    assert there.reconcile().wrong == 0
    there.shop.tables["Chats"][1]["IsDeleted"] = False
    there.delta("delta-002")
    assert not there.tickets("live_chat", "2")[0]["trashed_datetime"]


@pytest.mark.parametrize("rule", ["keep", "trash"])
def test_calls_that_go_out_of_scope_after_their_load_are_where_the_rule_says_and_nothing_is_missing(
    there: There, rule: str
) -> None:
    there.shop.policy = {"call_logs": "skip"}
    there.shop.delta = {"deleted_tickets": rule}
    there.delta()
    assert bool(there.tickets("call_log")[0]["trashed_datetime"]) is (rule == "trash")
    found = there.reconcile()
    assert (found.wrong, [one for one in found.findings if one.object == "call_log"]) == (0, [])


def test_a_link_that_names_a_chat_and_a_call_is_a_note_of_its_own_on_each(tmp_path: Path, ledger: Ledger) -> None:
    made = There(with_chats(tmp_path / "shop"), ledger)
    made.shop.add("TicketLinks", {"TicketID": 1, "TicketLinkID": 5, "ChatID": 1, "CallLogID": 2})
    made.staged = made.shop.stage()
    made.load()
    names = {m["external_id"] for place in (("live_chat", "1"), ("call_log", "2")) for m in made.thread(*place)}
    assert {"st:demo:linked_from:5", "st:demo:linked_from:5-call_log"} <= names
    found = made.reconcile()
    assert (found.wrong, found.extras) == (0, [])
    made.account.store.close()


def test_an_agents_work_stays_and_is_listed_with_what_was_sent_before(there: There) -> None:
    there.api.tickets.update(there.tickets("live_chat")[0]["id"], {"priority": "critical"})
    there.shop.tables["Chats"][0]["ChatNumber"] = "C-other"
    there.delta()
    assert there.tickets("live_chat")[0]["priority"] == "critical"
    assert there.report.conflicts == ["live_chat 1: changed in Gorgias since it was loaded"]
    fields = {row["field"]: row["who"] for row in there.entry("live_chat", "1").detail["left_alone"]}
    assert fields["priority"] == "changed in Gorgias"


def test_a_doubled_chat_and_a_doubled_line_are_found_and_taken_away(there: There) -> None:
    first, store = there.tickets("live_chat", "2")[0], there.account.store
    line = there.thread("live_chat")[0]
    with store.transaction():
        second = {**first, "id": store.next_id("ticket")}
        store.put("ticket", second, parent=first["customer"]["id"])
        copy = {**line, "id": store.next_id("message")}
        store.put("message", copy, parent=line["ticket_id"])
    found = there.reconcile().extras
    assert {(one.object, one.target_id, one.owner) for one in found} == {
        ("live_chat", second["id"], ("live_chat", "2")), ("chat_message", copy["id"], ("live_chat", "1")),
    }  # fmt: skip
    assert there.mend(found) == {"trashed": 1, "deleted": 1}
    assert there.reconcile().wrong == 0


def test_a_roll_back_takes_them_out_and_a_load_brings_them_again(tmp_path: Path) -> None:
    clock, shop = ManualClock(), with_chats(tmp_path / "shop")
    account = Account("demo", None, seed=SEED, clock=clock)
    ledger = Ledger.in_folder(tmp_path / "state")
    place = Place(account, api_of(account), ledger, shop, shop.stage(), clock, tmp_path)
    place.load()
    place.later()
    assert place.roll_back().wrong == 0
    assert account.store.by_kind("ticket") == []
    assert ledger.entry(TARGET, "attachment", "c1").state == "removed"  # type: ignore[union-attr]
    place.load()
    assert len(account.store.by_kind("ticket")) == 5
    ledger.close()
    account.store.close()


def test_the_life_of_each_is_told_by_key_number_external_id_and_what_it_holds(there: There) -> None:
    def found(text: str) -> tuple[str, str]:
        return find(text, there.ledger, TARGET, there.staged, "demo")

    assert found("live_chat:2") == found("C-2") == found("st:demo:live_chat:2") == ("live_chat", "2")
    assert found("chat_message:11") == found("chat_comment:1") == ("live_chat", "1")
    assert found("chat_system_lines:11") == found("st:demo:chat_question:1") == ("live_chat", "1")
    assert found("long_value:live_chat-2-4") == found("further_attachments:chat_message-21-1") == ("live_chat", "2")
    assert found("T-2") == found("call_log_note:2") == found("further_attachments:call_log_note-2-1")
    assert found("T-2") == ("call_log", "2")
    target_id = there.entry("call_log", "2").target_id
    assert found(f"https://demo.example/app/ticket/{target_id}") == ("call_log", "2")
    lookups = there.shop.lookups(there.staged)
    life = Reader("demo", there.ledger, TARGET, there.staged, lookups, "https://demo.example").read("live_chat", "1")
    assert (life.state, life.url.rpartition("/")[0]) == ("created", "https://demo.example/app/ticket")
    assert "attachment:c1" in {part.what for part in life.parts}


@pytest.mark.parametrize("text", ["call_log_note:9", "chat_message:999", "long_value:live_chat", "linked_from:1"])
def test_what_is_of_nothing_is_said_to_be_no_record(there: There, text: str) -> None:
    with pytest.raises(ParameterError, match="is no record"):
        find(text, there.ledger, TARGET, there.staged, "demo")


def test_a_line_of_no_chat_is_quarantined_and_a_file_of_a_call_that_is_gone_is_listed(there: There) -> None:
    there.shop.add("ChatMessages", {"ChatID": 99, "ChatMessageID": 999, "TextSubmitted": "lost"})
    there.shop.add("ChatAttachments", {"ChatID": 2, "ChatAttachmentID": 2, "FileNameOnDisk": "never.att"})
    there.delta()
    outcomes = there.require_balanced()
    assert outcomes["chat_message"]["quarantined"] == 1
    assert there.entry("chat_message", "999").reason == "its live chat 99 is not in the source"
    assert there.entry("attachment", "c2").state == "quarantined"
    health = look(there.staged, 10**7, Progress(there.shop.folder / "p.json", "04"), there.shop.folder / "list.csv")
    assert (health.counts["missing"], health.counts["matched"]) == (1, 2)
    assert [line["attachment_id"] for line in health.listed] == ["c2"]


def test_chats_go_behind_the_tickets_that_agents_wait_for(tmp_path: Path, ledger: Ledger) -> None:
    shop = with_chats(tmp_path / "shop")
    shop.load["order"] = "open_first"
    made = There(shop, ledger)
    made.load()
    ids = {obj: int(made.entry(obj, "1").target_id or 0) for obj in ("ticket", "live_chat", "call_log")}
    assert ids["ticket"] < ids["live_chat"] < ids["call_log"]
    made.require_balanced()
    made.account.store.close()


def test_only_the_chosen_ones_are_loaded(tmp_path: Path, ledger: Ledger) -> None:
    made = There(with_chats(tmp_path / "shop"), ledger)
    run = loader(made.shop, made.api, made.ledger, made.staged)
    run.run(tickets={LIVE_CHAT.name: [2], CALL_LOG.name: [1]})
    assert {name for name in ("ticket", "live_chat", "call_log") if made.tickets(name)} == {"call_log"}
    assert len(made.tickets("live_chat", "2")) == 1
    assert made.ledger.entry(TARGET, "requester", f"u{ANN}") is not None
    made.account.store.close()


class Death(BaseException):
    """The process is gone."""


class Dying:
    """A ledger's writing that dies at the nth write of a chat or a call log, before it is written or right after."""

    def __init__(self, real: Any, at: int, *, after: bool) -> None:
        self.real, self.at, self.after, self.written = real, at, after, 0

    def __call__(self, ledger: Ledger, target: str, what: Any, **more: Any) -> Any:
        entries = [what] if isinstance(what, Entry) else list(what)
        concerned = any(one.object in ("live_chat", "call_log") for one in entries)
        self.written += concerned
        dies = concerned and self.written == self.at
        if dies and not self.after:
            raise Death
        result = self.real(ledger, target, what, **more)
        if dies:
            raise Death
        return result


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("what", ["intend", "settle"])
def test_dead_at_any_write_of_a_chat_or_a_call_each_is_there_once_in_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, what: str, after: bool
) -> None:
    shop = with_chats(tmp_path / "shop")
    staged, deaths = shop.stage(), 0
    while True:
        ledger = Ledger.in_folder(tmp_path / f"state-{deaths}")
        made = There(shop, ledger, staged)
        with monkeypatch.context() as patched:
            patched.setattr(Ledger, what, partialmethod(Dying(getattr(Ledger, what), deaths + 1, after=after)))
            try:
                loader(shop, made.api, ledger, staged, crew=Alone()).run()
                alive = True
            except Death:
                alive = False
        made.load()
        for obj, key in (("live_chat", "1"), ("live_chat", "2"), ("call_log", "1"), ("call_log", "2")):
            assert len(made.tickets(obj, key)) == 1, f"{obj} {key}, death {deaths + 1}"
        made.require_balanced()
        ledger.close()
        made.account.store.close()
        if alive:
            break
        deaths += 1
    assert deaths >= 4
