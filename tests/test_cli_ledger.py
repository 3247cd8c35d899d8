"""``migrator ledger``: checked, read, answered and taken over from the command line."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from click.testing import Result
from typer.testing import CliRunner

from migrator_lib import driver, mapping
from migrator_lib.cli import app
from migrator_lib.clock import ManualClock
from migrator_lib.engagement import Engagement
from migrator_lib.evidence import summary
from migrator_lib.ledger import PENDING, Entry, Ledger
from migrator_lib.ledger.lease import this_process
from migrator_lib.simulators.gorgias import Account
from migrator_lib.simulators.gorgias.in_process import api_of
from tests.loading import filled, load
from tests.shop import Shop
from tests.simulated_account import EMAIL, SEED

pytestmark = pytest.mark.xdist_group("cli ledger")  # what its tests share is loaded once
PROJECT = Path(__file__).parent.parent
NAME, TARGET = "demo", "production"
URL = "https://fernhill.gorgias.com"
ACCOUNTS = {
    "production": {"url": URL, "email": EMAIL, "api_key": "env:KEY"},
    "sandbox": {"url": "https://fernhill-sandbox.gorgias.com", "email": EMAIL, "api_key": "env:KEY"},
}
SECRET_WORDS = "the parcel of Ann never came"


def home_of(root: Path, shop: Shop) -> Path:
    """Write what people decide for the engagement of a shop."""
    parameters = root / "parameters" / NAME
    parameters.mkdir(parents=True)
    document = {
        "engagement": NAME, "company": "Fernhill", "source": {"url": "sqlite:///x"},
        "target": {**ACCOUNTS, "mailbox": "help@demo.example"}, "agents": {"fallback": "support@demo.example"},
    }  # fmt: skip
    (parameters / "engagement.yaml").write_text(json.dumps(document))
    mapping.merge_into_file(parameters / "mapping.yaml", shop.mapping(shop.stage()))
    return root


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home whose tickets are loaded."""
    root = tmp_path_factory.mktemp("ledger")
    shop = filled(root / "reports" / NAME / "state")
    shop.add("TicketMessages", {"TicketID": 2, "TicketMessageID": 299, "BodyText": SECRET_WORDS, "Subject": "for Ann"})
    shop.add("Tickets", {"TicketID": 9, "TicketNumber": "TN-9-DELETED", "IsDeleted": True, "Subject": "for Ann"})
    shop.add("TicketMerges", {"TicketID": 2, "TicketNumber": "TN-OLD"})
    home_of(root, shop)
    account = Account(TARGET, None, seed=SEED, clock=ManualClock(datetime(2026, 7, 1, tzinfo=UTC)))
    ledger = Engagement(root, NAME).ledger
    load(shop, api_of(account), ledger)
    ledger.close()
    return root


@pytest.fixture
def home(loaded: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy that a test may change."""
    copy = tmp_path / "home"
    shutil.copytree(loaded, copy)
    monkeypatch.setenv("MIGRATOR_HOME", str(copy))
    return copy


@pytest.fixture
def ledger(home: Path) -> Iterator[Ledger]:
    found = Engagement(home, NAME).ledger
    yield found
    found.close()


def asked(*words: str) -> Result:
    return CliRunner().invoke(app, ["ledger", words[0], NAME, *words[1:]], env={"COLUMNS": "150"})


def shown(*words: str) -> dict[str, Any]:
    result = asked("show", *words, "--json")
    assert result.exit_code == 0, result.output
    found: dict[str, Any] = json.loads(result.stdout)
    return found


def sent(ledger: Ledger, key: str = "77", obj: str = "requester") -> None:
    ledger.intend(TARGET, Entry(obj, key, PENDING, payload_hash="abc", external_id=f"st:demo:{obj}:{key}"))


# --- verify --------------------------------------------------------------------------------------------


def test_a_whole_ledger_is_told_with_its_length_its_head_and_its_sums(ledger: Ledger) -> None:
    length, head = ledger.head()
    result = asked("verify")
    assert result.exit_code == 0
    assert f"{length:,} rows" in result.output
    assert head in result.output
    assert "flushed to the disk" in result.output
    found = json.loads(asked("verify", "--json").stdout)
    assert (found["ok"], found["length"], found["head"]) == (True, length, head)
    assert found["records"][TARGET] == ledger.counts(TARGET)


def test_what_a_report_names_is_found_in_the_ledger_that_was_there_and_in_no_other(home: Path, ledger: Ledger) -> None:
    length, head = ledger.head()
    assert summary.collect(Engagement(home, NAME))["ledger"] == {"rows": length, "head": head}
    sent(ledger)
    found = asked("verify", "--has", head)
    assert found.exit_code == 0
    assert f"number {length:,}, of {datetime.now(UTC):%Y-}" in found.output
    other = asked("verify", "--has", head[::-1])
    assert other.exit_code == 1
    assert "not the one that a report speaks of" in other.output


@pytest.mark.parametrize("harm", ["UPDATE record SET target_id = '1'", "DELETE FROM journal WHERE seq = 3"])
def test_a_ledger_that_was_changed_is_told_with_what_to_do(ledger: Ledger, harm: str) -> None:
    with ledger.engine.begin() as connection:
        connection.execute(sa.text(harm))
    result = asked("verify")
    assert result.exit_code == 1
    assert "changed outside this program" in result.output
    assert "copy made after the last load" in result.output
    told = asked("verify", "--json")
    assert told.exit_code == 1
    assert json.loads(told.stdout)["ok"] is False


# --- show ----------------------------------------------------------------------------------------------


def test_the_life_of_a_ticket_is_told_from_its_row_to_its_address(ledger: Ledger) -> None:
    entry = ledger.entry(TARGET, "ticket", "2")
    assert entry is not None
    life = shown("ticket:2")
    assert (life["state"], life["url"]) == ("created", f"{URL}/app/ticket/{entry.target_id}")
    assert life["source"]["TicketID"] == "2"
    assert life["payload_hash"] == life["sent_hash"] == entry.payload_hash
    assert life["payload"]["external_id"] == "st:demo:ticket:2"
    assert [event["words"] for event in life["events"]] == ["about to be created", "created"]
    assert life["events"][1]["facts"]["id"] == entry.target_id
    parts = {part["what"]: part for part in life["parts"]}
    assert parts["st:demo:ticket_message:299"]["state"] == "created"
    assert parts["st:demo:ticket_message:299"]["facts"]["by"] == "customer"
    assert parts["attachment:2"]["state"] == "created"
    assert parts["attachment:2"]["facts"]["url"].startswith("http")
    assert parts["ticket_message"]["facts"]["number"] == str(sum("ticket_message:" in what for what in parts))


def test_it_is_found_by_whatever_somebody_has_of_it(ledger: Ledger) -> None:
    entry = ledger.entry(TARGET, "ticket", "2")
    file = ledger.entry(TARGET, "attachment", "2")
    assert entry is not None
    assert file is not None
    for text in ("ticket:2", "st:demo:ticket:2", f"{URL}/app/ticket/{entry.target_id}", "st:demo:ticket_message:299",
                 "ticket_message:299", f"{URL}/api/tickets/{entry.target_id}/messages"):  # fmt: skip
        assert shown(text)["key"] == "2", text
    assert shown(str(file.target_id))["object"] == "attachment"
    assert shown("TN-9-DELETED")["becomes"] == "left out by the rule deleted_ticket"
    assert shown("TN-OLD")["becomes"] == "merged into ticket:2 by the rule merged_in_smartertrack"
    assert shown("requester:u101")["url"].startswith(f"{URL}/api/customers/")


def test_what_several_may_be_meant_by_is_asked_back_and_what_nothing_is_told(ledger: Ledger) -> None:
    result = asked("show", "1")
    assert result.exit_code == 1
    assert "ticket:1" in result.output
    assert "write which" in result.output
    ledger.settle(TARGET, [Entry("probe", "a", "gone", target_id="987654")])
    assert asked("show", "987654").exit_code == 1
    nothing = asked("show", "nothing-like-it")
    assert nothing.exit_code == 1
    assert "a SmarterTrack ticket number" in nothing.output
    assert asked("show", "ticket:2", "--target", "another").exit_code == 2


def test_no_text_of_a_message_is_shown_and_people_are_masked(ledger: Ledger) -> None:
    refused = "messages.0: guest@there.example is no address"
    ledger.settle(TARGET, [Entry("ticket", "2", "quarantined", reason=refused)], before={"name": "Ann Olsen"})
    for words in (("ticket:2",), ("ticket:2", "--json"), ("requester:u101",), ("user:2",)):
        output = asked("show", *words).output
        for secret in (
            SECRET_WORDS,
            "for Ann",
            "Ann Olsen",
            "Dana",
            "@home.example",
            "@there.example",
            "@demo.example",
        ):
            assert secret not in output, (words, secret)
    assert "g***@***.example is no address" in asked("show", "ticket:2").output
    assert "kept: name" in asked("show", "ticket:2").output


def test_a_record_that_was_never_sent_and_one_without_a_mapping_are_told(home: Path) -> None:
    assert shown("ticket:2", "--target", "sandbox")["state"] == "never sent"
    (home / "parameters" / NAME / "mapping.yaml").unlink()
    assert "there is no mapping" in shown("ticket:2")["becomes"]


# --- settle --------------------------------------------------------------------------------------------


def test_what_a_person_says_of_an_intent_stands_in_the_journal(ledger: Ledger) -> None:
    sent(ledger)
    assert "not known" in shown("requester:77")["state_words"]
    result = asked("settle", "requester:77", "--is", "4711", "--by", "Margit Olsen")
    assert result.exit_code == 0, result.output
    entry = ledger.entry(TARGET, "requester", "77")
    assert entry is not None
    assert (entry.state, entry.target_id, entry.payload_hash) == ("created", "4711", "abc")
    facts = shown("requester:77")["events"][-1]["facts"]
    assert (facts["by"], facts["stated"]) == ("Margit Olsen", "requester:77 is 4711 in Gorgias")
    assert ledger.verify()
    assert ledger.lease() is None


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("ticket:2", "--is", "5"), "waits for no answer"),
        (("requester:77", "--is", "12x"), "no id of Gorgias"),
        (("requester:77",), "give either --is"),
        (("requester:77", "--is", "5", "--is-not-there"), "give either --is"),
        (("requester:77", "--is", "5", "--by", " "), "--by is empty"),
    ],
)
def test_an_answer_that_cannot_be_is_refused(ledger: Ledger, words: tuple[str, ...], told: str) -> None:
    sent(ledger)
    result = asked("settle", *words, *(() if "--by" in words else ("--by", "Margit")))
    assert result.exit_code == 1
    assert told in result.output
    entry = ledger.entry(TARGET, "requester", "77")
    assert entry is not None
    assert entry.state == PENDING


def test_the_id_of_another_record_is_refused(ledger: Ledger) -> None:
    sent(ledger)
    other = ledger.entry(TARGET, "requester", "u101")
    assert other is not None
    result = asked("settle", "requester:77", "--is", str(other.target_id), "--by", "Margit")
    assert result.exit_code == 1
    assert "is requester:u101 already" in result.output


# --- take-over -----------------------------------------------------------------------------------------


def test_a_lease_is_taken_over_when_that_is_wanted_and_told_of(ledger: Ledger) -> None:
    assert "Nobody holds the lease" in asked("take-over").output
    ledger.take_lease()
    refused = CliRunner().invoke(app, ["ledger", "take-over", NAME], input="n\n")
    assert refused.exit_code == 1
    assert f"process {os.getpid()}" in refused.output
    ledger.renew_lease()
    taken = asked("take-over", "--yes")
    assert taken.exit_code == 0
    assert f"Taken from {this_process()['process']}" in taken.output
    assert ledger.lease() is None


HOLDER = """
import sys
from pathlib import Path
from migrator_lib.engagement import Engagement
from migrator_lib.errors import LeaseHeld
from migrator_lib.ledger import PENDING, Entry
ledger = Engagement(Path(sys.argv[1]), "demo").ledger
ledger.take_lease()
print("held", flush=True)
sys.stdin.readline()
try:
    ledger.intend("production", Entry("ticket", "88", PENDING))
except LeaseHeld as error:
    print(error.message)
ledger.close()
"""


def test_a_second_driver_is_told_who_runs_and_takes_over_and_the_first_sends_nothing_more(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(driver, "LEASE_PATIENCE_SECONDS", 0.0)
    for name in ("MIGRATOR_RUN_ID", "MIGRATOR_DRIVER"):
        monkeypatch.setenv(name, "")  # the driver sets them for its kernels
    shutil.copytree(PROJECT / "notebooks", home / "notebooks")
    holder = subprocess.Popen([sys.executable, "-c", HOLDER, str(home)], cwd=PROJECT, stdin=subprocess.PIPE,
                              stdout=subprocess.PIPE, text=True)  # fmt: skip
    assert holder.stdout is not None
    assert holder.stdout.readline() == "held\n"
    refused = CliRunner().invoke(app, ["run", NAME, "--only", "06"])
    assert refused.exit_code == 1
    assert f"process {holder.pid}, since {datetime.now(UTC):%Y-}" in refused.output
    assert "migrator ledger take-over demo" in refused.output
    assert f"Taken from {socket.gethostname()} process {holder.pid}" in asked("take-over", "--yes").output
    said, _ = holder.communicate("go on\n")
    assert said == "The lease of this engagement was taken over by another run.\n"
    ledger = Engagement(home, NAME).ledger
    assert ledger.entry(TARGET, "ticket", "88") is None
    assert ledger.verify()
    ledger.close()
