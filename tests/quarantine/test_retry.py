"""The records behind the accounts, the quarantine's page, and trying it again: exactly once, and nothing else."""

from __future__ import annotations

import csv
import json
import re
import signal
from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace

import pytest
from typer.testing import CliRunner

from migrator_lib import cli, console, runbook
from migrator_lib.engagement import Engagement
from migrator_lib.errors import GateClosed, ParameterError
from migrator_lib.evidence import accounts_pages, publish, summary
from migrator_lib.evidence.records import Lists, list_name
from migrator_lib.ledger import Entry, Ledger
from migrator_lib.load.recipe import loads, note
from migrator_lib.quarantine import again
from migrator_lib.quarantine.choosing import choose
from migrator_lib.quiet import restore
from migrator_lib.reconcile.accounts import NO_TICKET
from migrator_lib.rollback.standing import ROLLED_BACK
from migrator_lib.simulators.gorgias import Account
from migrator_lib.smartertrack.tables import Family
from tests.browser_support import DESKTOP, PHONE, Chromium, chromium
from tests.crash.nursery import nursery
from tests.crash.retry_until import ACCOUNT
from tests.loading import PNG, everything, thread, writes
from tests.quarantine.conftest import URL, World, loaded
from tests.shop import Shop
from tests.side_effects.acting import TWO, state

__all__ = ["chromium"]
TARGET = "production"


def run(*arguments: str) -> tuple[int, str]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(console.out, "_width", 200)
        result = CliRunner().invoke(cli.app, arguments)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, result.output


@pytest.fixture
def no_gates(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every gate is met, and every step had its turn."""
    monkeypatch.setattr(Engagement, "check_turn", lambda _self: None)


def states(world: World) -> dict[str, str]:
    names = [("requester", "u101"), ("ticket", "3"), ("ticket_comment", "99"), ("attachment", "7")]
    ledger = Ledger.in_folder(world.reports / "state")
    found = {f"{obj}:{key}": ledger.entry(TARGET, obj, key) for obj, key in names}
    ledger.close()
    return {name: entry.state for name, entry in found.items() if entry}


# --- what is only said ---------------------------------------------------------------------------------


def test_a_rehearsal_says_what_would_be_tried_and_writes_nothing(seen: World, no_gates: None) -> None:
    ledger, before = Ledger.in_folder(seen.reports / "state"), writes(seen.account)
    rows = ledger.head()
    code, told = run("retry", "demo")
    assert (code, writes(seen.account), ledger.head()) == (0, before, rows)
    assert "requester: 1 would create" in told
    assert "migrator retry demo --execute" in told
    ledger.close()


def test_what_no_load_reaches_stays_and_says_how_it_is_mended(seen: World, no_gates: None) -> None:
    before = writes(seen.account)
    code, told = run("retry", "demo", "ticket_comment", "--execute")
    assert (code, writes(seen.account)) == (4, before)
    assert "out of reach of a load" in told
    assert "restore its ticket" in told


def test_a_new_try_stops_at_a_gate_that_nobody_signed(seen: World) -> None:
    before, engagement = writes(seen.account), seen.opened()
    engagement.ledger.mark_step("04_extract", "done")
    with pytest.raises(GateClosed, match="mapping"):
        again.retry(engagement)
    assert writes(seen.account) == before
    engagement.close()


def test_while_another_run_writes_nothing_is_tried(seen: World, no_gates: None) -> None:
    before, engagement = writes(seen.account), seen.opened()
    engagement.ledger.take_lease()
    code, told = run("retry", "demo", "--execute")
    engagement.close()
    assert (code in (0, 4), writes(seen.account)) == (False, before), told


@pytest.mark.parametrize(("what", "words"), [(("tickets",), "no object"), (("ticket", "1"), "not in quarantine")])
def test_what_is_not_in_quarantine_is_told_with_what_to_choose_of(
    seen: World, no_gates: None, what: Sequence[str], words: str
) -> None:
    engagement = seen.opened()
    with pytest.raises(ParameterError, match=words) as caught:
        again.retry(engagement, *what)
    assert "choose of" in caught.value.next_step
    engagement.close()


def test_one_record_can_be_looked_at_and_all_are_counted_by_reason(seen: World) -> None:
    code, told = run("quarantine", "show", "demo", "ticket", "3")
    assert code == 0
    assert "(requester:u101) is not in Gorgias" in told
    assert "state/quarantine/ticket/3.json" in told
    assert run("quarantine", "show", "demo", "ticket", "1")[0] == 1
    told = run("quarantine", "list", "demo")[1]
    for words in ("refused by Gorgias", "waits for another record", "hangs on a ticket", "file is not there"):
        assert told.count(words) == 1


# --- the lists and pages -------------------------------------------------------------------------------


def rows_of(file: Path) -> list[dict[str, str]]:
    with file.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def test_every_number_of_the_accounts_is_the_sum_of_its_list_and_leads_to_its_page(seen: World) -> None:
    engagement = seen.opened()
    counted = {(a.object, state): n for a in summary.accounts_of(engagement) for state, n in a.outcomes.items() if n}
    engagement.close()
    folder = seen.reports / "accounts"
    listed = {place: rows_of(folder / f"{list_name(*place)}.csv") for place in counted}
    assert {place: sum(int(row["records"]) for row in rows) for place, rows in listed.items()} == counted
    assert len(counted) > 8
    links = set(re.findall(r'href="([\w-]+\.html)"', seen.page("accounts/index.html")))
    assert links == {f"{list_name(*place)}.html" for place in counted}
    assert links <= {file.name for file in folder.iterdir()}
    assert {f"accounts/{link}" for link in links} <= set(re.findall(r'href="([^"]+)"', seen.page("index.html")))
    assert "every number adds up" in seen.page("accounts/index.html")


def test_what_travels_inside_a_ticket_is_a_line_with_its_number(seen: World) -> None:
    rows = rows_of(seen.reports / "accounts" / "ticket-message-created.csv")
    assert [(row["key"], row["records"], row["gorgias_link"]) for row in rows] == [
        (f"ticket:{key}", "1", f"{URL}/app/ticket/{row['gorgias_id']}") for key, row in zip("12", rows, strict=True)
    ]
    (file,) = rows_of(seen.reports / "accounts" / "attachment-quarantined.csv")
    assert (file["number"], file["gorgias_id"]) == ("100-00000001-0001", "")
    (inside,) = rows_of(seen.reports / "accounts" / "ticket-message-quarantined.csv")
    assert inside["reason"] == "its customer (requester:u101) is not in Gorgias"


def test_a_number_that_its_list_does_not_bear_out_is_told(seen: World, tmp_path: Path) -> None:
    engagement = seen.opened()
    found = summary.accounts_of(engagement)
    engagement.close()
    lists = Lists.from_json(json.loads((seen.reports / "state" / "accounts.json").read_text()))
    lists.records["ticket", "created"] -= 1
    accounts_pages.write_pages(tmp_path, lists, found, "Fernhill")
    page = (tmp_path / "index.html").read_text()
    assert "ticket created: 2 counted, 1 listed" in page
    assert ">list differs<" in page


def test_the_quarantine_tells_of_each_record_and_shows_nothing_that_people_wrote(seen: World) -> None:
    rows = {f"{row['object']}:{row['key']}": row for row in rows_of(seen.reports / "quarantine.csv")}
    assert set(rows) == {"requester:u101", "ticket:3", "ticket_comment:99", "attachment:7"}
    refused, waits = rows["requester:u101"], rows["ticket:3"]
    assert refused["kind"] == "refused by Gorgias"
    assert refused["try_again"] == "migrator retry demo requester u101 --reread --execute"
    assert (waits["kind"], waits["number"], waits["tries"]) == ("waits for another record", "100-00000003-0001", "1")
    assert rows["ticket_comment:99"]["try_again"] == ""
    payload = json.loads((seen.reports / waits["payload"]).read_text())
    assert payload["payload"]["external_id"] == "st:demo:ticket:3"
    assert "Hello" in json.dumps(payload)
    assert not re.search("Hello|ann@", seen.page("quarantine.html") + seen.page("quarantine.csv"))


@pytest.mark.browser
@pytest.mark.parametrize("name", ["accounts/index.html", "accounts/ticket-created.html", "quarantine.html"])
def test_the_pages_are_legible_fit_and_load_nothing(chromium: Chromium, seen: World, name: str) -> None:
    for width, scheme in ((PHONE, "dark"), (DESKTOP, "light")):
        with chromium.open(seen.reports / name, width=width, scheme=scheme) as opened:
            assert opened.low_contrast() == []
            assert opened.overflow() <= 0
            assert opened.headings_in_order()
            assert (opened.requests, opened.complaints) == ([], [])


# --- what is tried -------------------------------------------------------------------------------------


def test_one_record_is_tried_again_with_what_waits_for_it_and_nothing_else(world: World, no_gates: None) -> None:
    assert set(states(world).values()) == {"quarantined"}
    engagement, before, there = world.opened(), writes(world.account), everything(world.account.store)
    lookups = engagement.lookups(engagement.all_stages)
    code, told = run("retry", "demo", "requester", "u101", "--execute")
    assert code == 0, told
    assert "2 out of quarantine, 0 still in it, of 2." in told
    left = {name for name, state in states(world).items() if state == "quarantined"}
    assert left == {"ticket_comment:99", "attachment:7"}
    after = everything(world.account.store)
    assert set(after["customer"] - there["customer"]) == {"st:demo:requester:u101"}
    assert set(after["ticket"] - there["ticket"]) == {"st:demo:ticket:3"}
    assert writes(world.account) == before + 2
    # what the engagement is told
    found = {account.object: account for account in summary.accounts_of(engagement)}
    assert found["requester"].outcomes.get("quarantined", 0) == 0
    kept = json.loads((world.reports / "state" / "accounts.json").read_text())
    assert Lists.from_json(kept).differing(list(found.values())) == []
    assert "2 records could not be moved" in world.page("quarantine.html")
    assert "There is no such record now." in world.page("accounts/requester-quarantined.html")
    assert {file.name for file in world.reports.glob("state/quarantine/*/*")} == {"7.json"}
    (load,) = loads(engagement.ledger, TARGET)
    note(engagement.ledger, TARGET, lookups, load.stages)
    assert loads(engagement.ledger, TARGET) == [load]
    engagement.close()


BEHIND = {
    "PUT rules/": "quarantined", "POST customers st:demo:requester:u101": "quarantined", "intend": "pending",
    "POST tickets st:demo:ticket:3": "pending",
}  # fmt: skip
"""Behind which writes a try is killed, one life after the other; and what the ledger says of ticket 3 then."""


def test_killed_for_real_it_goes_on_nothing_is_there_twice_and_the_account_is_as_it_was(tmp_path: Path) -> None:
    with loaded(tmp_path, tmp_path / ACCOUNT, TWO) as world:
        engagement, off = world.opened(), state(world.account)
        restore(engagement, TARGET)  # as the cutover does
        engagement.close()
        before = state(world.account)
        assert before != off
    with nursery("tests.crash.retry_until") as born:
        for behind, left in BEHIND.items():
            assert born.run("tests.crash.retry_until:run", str(tmp_path), behind) == -signal.SIGKILL, behind
            assert states(world)["ticket:3"] == left, behind
        assert born.run("tests.crash.retry_until:run", str(tmp_path), "") == 0
    account = Account("demo", tmp_path / ACCOUNT, seed=TWO)
    found = everything(account.store)
    assert {n for kind in ("customer", "ticket") for n in found[kind].values()} == {1}
    assert (states(world)["requester:u101"], states(world)["ticket:3"]) == ("created", "created")
    assert state(account) == before
    account.store.close()
    ledger = Ledger.in_folder(world.reports / "state")
    ledger.verify()
    ledger.close()


class Reader:
    """Stages tickets anew, as they are in a shop now, and the index of its files."""

    def __init__(self, shop: Shop, stage: str) -> None:
        self.shop, self.stage, self.ids = shop, stage, list[int]()

    def start_again(self) -> None:
        assert not (self.shop.folder / "staged" / self.stage).exists()

    def family(self, family: Family, ids: Sequence[int]) -> None:
        self.ids += ids
        names = [table.name for table in family.tables]
        rows = {name: [row for row in self.shop.tables.get(name, []) if row[family.key] in ids] for name in names}
        Shop(self.shop.folder, rows).write(self.stage, tuple(name for name in names if rows[name]))

    def files(self, _root: object) -> None:
        self.shop._index(self.shop.folder / "staged" / self.stage)

    def blobs(self, *_: object) -> None:
        """Nothing is in the database itself."""


def test_a_file_that_is_back_goes_up_once_its_ticket_is_read_anew(
    world: World, no_gates: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.shop.file("7.att", PNG)
    code, told = run("retry", "demo", "attachment", "7", "--execute")
    assert (code, states(world)["attachment:7"]) == (4, "quarantined"), told
    monkeypatch.setattr(runbook, "extractor", lambda _engagement, stage: Reader(world.shop, stage))
    monkeypatch.setattr(Engagement, "source", SimpleNamespace(one_moment=nullcontext, close=lambda: None))
    world.shop.tables["Tickets"][0] |= {"UserID_Customer": None, "CustomerEmailAddress": "new@home.example"}
    code, told = run("retry", "demo", "attachment", "7", "--reread", "--execute")
    assert (code, states(world)["attachment:7"]) == (0, "created"), told
    assert "Read from SmarterTrack anew: 1 tickets" in told
    assert len(thread(world.account, 1)) == 1
    (message,) = [m for m in world.account.store.by_kind("message") if m["external_id"] == "st:demo:ticket_message:100"]
    assert [attached["name"] for attached in message["attachments"]] == ["photo.png"]
    ledger = Ledger.in_folder(world.reports / "state")
    assert ledger.meta("deltas") == ledger.meta("deltas_loaded") == ["delta-001"]
    ledger.close()


def test_after_a_roll_back_every_list_is_empty_and_older_links_lead_somewhere(world: World, no_gates: None) -> None:
    names = {file.name for file in (world.reports / "accounts").iterdir()}
    engagement = world.opened()
    engagement.ledger.mark_step("05_load", ROLLED_BACK)
    publish.pages_of(engagement)
    engagement.close()
    assert {file.name for file in (world.reports / "accounts").iterdir()} == names
    lists = [rows_of(file) for file in world.reports.glob("accounts/*.csv")]
    assert len(lists) > 8
    assert not any(lists)
    assert "Nothing is in quarantine." in world.page("quarantine.html")
    assert "Nothing is counted" in world.page("accounts/index.html")


# --- which records -------------------------------------------------------------------------------------


def chosen(tmp_path: Path, *entries: Entry, obj: str = "", key: str = "") -> dict[str, set[str]]:
    ledger = Ledger.in_folder(tmp_path / "state", inline=True)
    ledger.settle(TARGET, entries)
    homes = {"55": ("ticket", "8"), "c55": ("live_chat", "9")}
    found = choose(ledger, TARGET, lambda _obj, keys: {key: homes[key] for key in keys if key in homes}, obj, key)
    ledger.close()
    return {name: keys for name, keys in found.keys.items() if keys}


def test_a_file_and_its_ticket_are_both_asked_for_and_tried_as_one(tmp_path: Path) -> None:
    ledger = Ledger.in_folder(tmp_path / "state", inline=True)
    inside = {"parts": {"ticket_message": {"created": 1, "quarantined": 1}}}
    entries = (
        held("attachment", "55", "its ticket is in quarantine"), held("ticket", "8", "Gorgias answered"),
        held("attachment", "66", "no file"), Entry("ticket", "9", "created", target_id="1", detail=inside),
    )  # fmt: skip
    ledger.settle(TARGET, entries)
    homes = {"55": ("ticket", "8"), "66": ("ticket", "9")}
    found = choose(ledger, TARGET, lambda _obj, keys: {key: homes[key] for key in keys})
    assert found.keys == {"ticket": {"8", "9"}}
    assert {(one.object, one.source_key) for one in found.asked} == {(one.object, one.source_key) for one in entries}
    ledger.close()


def held(obj: str, key: str, reason: str, rule: str | None = None) -> Entry:
    return Entry(obj, key, "quarantined", rule=rule, reason=reason)


def test_what_waits_is_taken_up_over_several_steps_and_what_waits_for_others_is_not(tmp_path: Path) -> None:
    waits = "its {} is not in Gorgias\nNext: mend and retry that record first; then run again."
    entries = (
        held("requester", "u1", "Gorgias answered"),
        held("ticket", "4", waits.format("customer (requester:u1)")),
        held("survey", "ticket-4", waits.format("ticket (ticket:4)")),
        held("ticket", "5", waits.format("customer (requester:u2)")),
        held("requester", "u2", "Gorgias answered"),
    )
    found = chosen(tmp_path, *entries, obj="requester", key="u1")
    assert found == {"requester": {"u1"}, "ticket": {"4"}, "survey": {"ticket-4"}}


def test_what_went_without_it_is_taken_up_and_gets_it(tmp_path: Path) -> None:
    entries = (
        held("tag", "3", "not in mapping.yaml"),
        Entry("ticket", "1", "created", target_id="11", detail={"lost": ["tag:3", "user:9"]}),
        Entry("ticket", "2", "created", target_id="12", detail={"lost": ["user:9"]}),
    )
    assert chosen(tmp_path, *entries, obj="tag") == {"tag": {"3"}, "ticket": {"1"}}


def test_files_lead_to_what_they_hang_on_and_orphans_to_nothing(tmp_path: Path) -> None:
    entries = (
        held("attachment", "55", "no file"),
        held("attachment", "c55", "no file"),
        held("attachment", "f1", "no file"),
        held("ticket_message", "9", "its ticket 7 is not in the source", rule=NO_TICKET),
    )
    assert chosen(tmp_path, *entries) == {"ticket": {"8"}, "live_chat": {"9"}, "attachment": {"f1"}}


def test_what_was_refused_inside_a_ticket_is_asked_for_by_its_ticket(tmp_path: Path) -> None:
    inside = {"parts": {"ticket_message": {"created": 2, "quarantined": 1}}}
    entries = (
        Entry("ticket", "1", "created", target_id="11", reason="refused", detail=inside),
        Entry("ticket", "2", "created", target_id="12", detail={"parts": {"ticket_message": {"created": 2}}}),
    )
    assert chosen(tmp_path, *entries) == {"ticket": {"1"}}
    assert chosen(tmp_path, *entries, obj="ticket_message", key="ticket:1") == {"ticket": {"1"}}
    assert chosen(tmp_path, *entries, obj="ticket_comment") == {}
