"""Both gates: odd data is counted and stops nothing, what is guaranteed stops, and nothing of a record is told."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Collection, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from migrator_lib import pages, runbook
from migrator_lib.engagement import Engagement
from migrator_lib.errors import ExpectationsFailed
from migrator_lib.expectations import facts, gate, running, suites
from migrator_lib.expectations.pages import section
from migrator_lib.expectations.result import Checked, Outcome, Result
from migrator_lib.expectations.running import run
from migrator_lib.ledger import Ledger
from migrator_lib.progress import Progress
from migrator_lib.reconcile.readback import ReadBack
from tests.desk import Desk, desk
from tests.loading import filled, load
from tests.shop import GONE, Shop, minutes
from tests.simulated_account import SimulatedGorgias

pytestmark = pytest.mark.xdist_group("expectations")  # what checks them is imported once
TELLING = ("ticket", "ticket_message", "ticket_link", "time_log", "user", "tag", "live_chat", "survey_context")
BOUNDS = {"earliest": 631_152_000, "latest": 1_800_000_000}
SECRETS = ("ann@home.example", "Ann", "Hello", "A question", "photo.png", "Fernhill", "vip", "Parcels")
"""Texts of the filled shop: none of them may be in facts or results."""


def unmet(result: Result) -> dict[str, tuple[int, ...]]:
    """Return table and sentence of what is not met, with the number of records."""
    return {f"{one.name}: {outcome.says}": (outcome.number,) for one, outcome in result.unmet}


def texts_of(engagement: Engagement) -> set[str]:
    """Return addresses, names, subjects and longer lines of bodies of what is staged."""
    staged = engagement.all_stages
    texts = {str(row[name]) for row in staged.rows("Users") for name in ("Email", "DisplayName")}
    texts |= {
        row[name] for row in staged.columns("Tickets", ["CustomerEmailAddress", "Subject"]) for name in list(row)[1:]
    }
    texts |= {line for row in staged.columns("TicketMessages", ["BodyText"]) for line in row["BodyText"].splitlines()}
    found = {text.strip() for text in texts if text and len(text.strip()) > 12}
    assert len(found) > 100
    return found - {engagement.parameters.company}


def checked(gate_of: suites.Gate, file: Path, rows: dict[str, int], only: Collection[str] = ()) -> Result:
    """Check the facts of a gate by all of its suites, or by some."""
    chosen = [suite for suite in suites.suites(gate_of) if not only or suite.name in only]
    progress = Progress(file.with_suffix(".json"), "test")
    return Result("demo", gate_of, "now", tuple(run(file, chosen, rows, BOUNDS, progress)))


# --- staged data -----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def staged(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    with desk(tmp_path_factory.mktemp("expected"), expectations={"run": True}) as made:
        engagement = made.open("04_extract")
        runbook.extract(engagement)
        engagement.close()
        yield made


def test_an_odd_help_desk_is_counted_and_nothing_of_it_stops_or_is_told(
    staged: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the suites that tell of something; the whole run has all of them checked, at both gates."""

    def of_some(file: Path, known: Collection[suites.Suite], *rest: Any) -> list[Checked]:
        return run(file, [suite for suite in known if suite.name in TELLING], *rest)

    monkeypatch.setattr(running, "run", of_some)
    engagement = staged.open("04_extract")
    result = gate.check_staged(engagement)
    result.require()
    assert result.stops == []
    told, world = unmet(result), staged.world.expected
    odd = {sentence.partition(": ")[2]: n for sentence, (n,) in told.items()}
    assert odd["Every ticket has a message."] == len(world["ticket_without_message"])
    assert odd["Every ticket has a priority that is defined."] == len(world["unusable_priority"])
    assert odd["No ticket is linked to itself."] == 1
    assert odd["No time log ends before it begins."] == 1
    assert len(odd) < result.expectations / 4
    rows = {one.name: one.rows for one in result.checked}
    assert rows["ticket"] == engagement.all_stages.count("Tickets") > 50
    (file,) = (engagement.paths.reports / gate.FOLDER).iterdir()
    assert Result.from_json(json.loads(file.read_text())) == result == gate.last(engagement, "staged")
    page = pages.write(engagement.paths.reports / "page.html", pages.page("Expected", section(result)))
    for shown in (file, page, engagement.paths.documents / gate.DOCUMENT):
        assert [text for text in texts_of(engagement) if text in shown.read_text()] == []
    assert list((engagement.paths.state / gate.FOLDER).iterdir()) == []
    engagement.close()


def test_a_load_checks_what_changed_since_it_was_checked_and_nothing_else(
    staged: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    engagement, again = staged.open("05_load"), list[str]()
    well = Result("desk", "staged")

    def check(one: Engagement) -> Result:
        again.append(one.step)
        return well

    monkeypatch.setattr(gate, "check_staged", check)
    engagement.ledger.set_meta(gate.CHECKED, {"of": gate._digest(engagement), "well": True})
    gate.require_staged(engagement)
    assert again == []
    engagement.ledger.set_meta("deltas", ["delta-001"])
    gate.require_staged(engagement)
    assert again == []  # a delta that holds nothing changes nothing
    engagement.ledger.take_lease()
    engagement.ledger.add_chunk("delta-001", "Tags", 0, rows=1, last_key="[1]", sha256="ab", final=True)
    gate.require_staged(engagement)
    assert again == ["05_load"]
    engagement.ledger.set_meta(gate.CHECKED, {"of": gate._digest(engagement), "well": False})
    gate.require_staged(engagement)
    assert again == ["05_load", "05_load"]
    engagement.close()


def test_an_engagement_may_go_without(staged: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    before = staged.file.read_text()
    staged.change(expectations={"run": False})
    engagement = staged.open("04_extract")
    monkeypatch.setattr(facts, "of_stage", None)
    monkeypatch.setattr(facts, "of_target", None)
    gate.require_staged(engagement)
    for result in (gate.check_staged(engagement), gate.check_target(engagement, Path("none")),
                   gate.last(engagement, "staged")):  # fmt: skip
        result.require()
        assert "expectations.run is false" in section(result)
    engagement.close()
    staged.file.write_text(before)


def odd_shop(folder: Path) -> Shop:
    """Return a shop in which one thing after the other is not as expected."""
    shop = filled(folder)
    shop.add("Tickets", {"TicketID": 2, "TicketNumber": "T-2"})  # twice
    shop.add("Tickets", {"TicketID": 50, "DateOpenedUTC": minutes(-30_000_000), "UserID": 999, "UserID_Customer": None,
                         "CustomerEmailAddress": "", "GroupID": 12, "DepartmentID": 9,
                         "TicketStatusID": 77})  # fmt: skip
    shop.add("TicketMessages", {"TicketID": 404, "TicketMessageID": 9001})
    shop.add("TicketMessages", {"TicketID": 1, "TicketMessageID": 9002, "DateReceivedUTC": minutes(-5)},
             {"TicketID": 3, "TicketMessageID": 9002, "BodyText": " \n", "MessageDirection": 7})  # fmt: skip
    shop.add("TicketAttachments", {"TicketID": 1, "TicketAttachmentID": 70, "TicketMessageID": 4711, "Length": -1})
    shop.add("CustomDataFieldsInTickets", {"TicketID": 1, "CustomFieldID": 99, "DataContent": "x" * 600})
    shop.add("Tags", {"TagID": 2, "Name": "vip"})
    return shop


ODD = {
    "ticket: Every ticket is staged once.": (2,),
    "ticket: No ticket began before 1990 or begins in the future.": (1,),
    "ticket: Every ticket has a status that is defined.": (1,),
    "ticket: Every ticket's department is there.": (1,),
    "ticket: Every ticket's group is a group of its department.": (1,),
    "ticket: Every ticket's agent is there.": (1,),
    "ticket: Every ticket says who asked, by account or by address.": (1,),
    "ticket: Every ticket has a message.": (1,),
    "ticket: No message is older than its ticket.": (1,),
    "ticket_message: No message hangs on two tickets.": (2,),
    "ticket_message: Every message's ticket is there.": (1,),
    "ticket_message: Every message holds something.": (1,),
    "ticket_message: A message has one of the two known directions, or none: 0 is incoming, 1 outgoing.": (1,),
    "ticket_attachment: Every attachment's message is there; one without a message belongs to the ticket itself.": (1,),
    "ticket_attachment: No attachment has a negative length.": (1,),
    "ticket_field_value: Every value's field is defined.": (1,),
    "ticket_field_value: A value has no more than 512 characters; what becomes of a longer one is mapped.": (1,),
    "tag: No two tags have one name.": (2,),
}


def test_what_is_not_as_expected_is_named_with_its_keys_and_a_key_that_is_staged_twice_stops(tmp_path: Path) -> None:
    shop, file = odd_shop(tmp_path), tmp_path / "facts.sqlite3"
    with facts.facts_file(file) as made:
        rows = facts.of_stage(made, suites.suites("staged"), shop.stage(), Progress(tmp_path / "p.json", "test"))
        made.close()
        content = file.read_bytes()
        result = checked("staged", file, rows, {says.partition(":")[0] for says in ODD})
    assert not file.exists()
    assert [text for text in SECRETS if text.encode() in content] == []
    found = unmet(result)
    assert {says: found.get(says) for says in ODD} == ODD
    with pytest.raises(ExpectationsFailed) as stopped:
        result.require()
    assert "Every ticket is staged once. Not so: 2 (2)." in stopped.value.message
    assert "start_again" in stopped.value.next_step
    assert "Every message's ticket" not in stopped.value.message


# --- what was read back ----------------------------------------------------------------------------------


@pytest.fixture
def snapshot(shop: Shop, gorgias: SimulatedGorgias, ledger: Ledger, tmp_path: Path) -> Iterator[Path]:
    """What is read back of a loaded account."""
    shop.add("SurveysOffered", {"SurveyOfferedID": 1, "SurveyOfferedUserContextID": 1, "OfferedAt": minutes(60),
                                "AnsweredAt": minutes(90), "Rating": 5.0})  # fmt: skip
    shop.add("SurveyOfferedUserContext", {"SurveyOfferedUserContextID": 1, "TicketID": 1})
    shop.add("SurveyQuestions", {"SurveyQuestionID": 1, "Question": "How was it?"})
    answer = {"SurveyOfferedID": 1, "SurveyQuestionAnswerID": 1, "SurveyQuestionID": 1, "NumericAnswerValue": 5.0,
              "MaxQuestionValueAsAsked": 5.0, "WeightAsAsked": 1.0}  # fmt: skip
    shop.add("SurveyQuestionAnswers", answer)
    shop.mapped["survey_questions"] = {"1": {"name": "How was it?", "becomes": "score"}}
    load(shop, gorgias.api, ledger)
    read = ReadBack(tmp_path / "readback.sqlite3", "demo")
    read.read(gorgias.api, Progress(tmp_path / "progress.json", "06_reconcile"))
    yield tmp_path / "readback.sqlite3"
    read.close()


def of_snapshot(file: Path) -> tuple[Result, bytes]:
    place = file.with_name("facts.sqlite3")
    with facts.facts_file(place) as made:
        rows = facts.of_target(
            made, suites.suites("target"), file, "st:demo:", Progress(file.with_name("p.json"), "test")
        )
        made.close()
        return checked("target", place, rows), place.read_bytes()


IN_THE_TRASH = """\
INSERT INTO thing SELECT kind, id + 800, object, source_key, natural,
  json_set(body, '$.trashed_datetime', '2026-01-01T00:00:00'), 0 FROM thing WHERE object='ticket' AND source_key='6';
INSERT INTO message SELECT ticket + 800, at, id + 800, external_id, body FROM message
  WHERE ticket IN (SELECT id FROM thing WHERE object='ticket' AND source_key='6');
"""
CHANGES = {
    "ticket: There is one ticket of each external id (beside those in the trash).":
        "INSERT INTO thing SELECT kind, id + 900, object, source_key, natural, body, 0 FROM thing "
        "WHERE object='ticket' AND source_key='1'",
    "ticket: Every ticket's customer is there.":
        "UPDATE thing SET body=json_set(body, '$.customer.id', 4711) WHERE object='ticket' AND source_key='2'",
    "ticket: A priority is critical, high, normal or low.":
        "UPDATE thing SET body=json_set(body, '$.priority', 'soon') WHERE object='ticket' AND source_key='2'",
    "ticket: No ticket was closed before it began.":
        "UPDATE thing SET body=json_set(body, '$.closed_datetime', '2020-01-01T00:00:00') "
        "WHERE object='ticket' AND source_key='3'",
    "message: No note is public.":
        "UPDATE message SET body=json_set(body, '$.public', json('true')) WHERE external_id='st:demo:ticket_comment:1'",
    "message: No comment, and nothing else that was internal, is public.": "",
    "message: Every message of an agent says when it was sent: Gorgias sends what does not.":
        "UPDATE message SET body=json_set(body, '$.sent_datetime', null, '$.from_agent', json('true'), "
        "'$.public', json('true')) WHERE external_id='st:demo:ticket_message:200'",
    "message: Every message says who wrote it.":
        "UPDATE message SET body=json_set(body, '$.sender', null) WHERE external_id='st:demo:ticket_message:300'",
    "message: No message is there twice in one ticket.":
        "INSERT INTO message SELECT ticket, at, id + 900, external_id, body FROM message "
        "WHERE external_id='st:demo:ticket_message:400'",
    "message: No message is there in two tickets (beside those in the trash).":
        "INSERT INTO message SELECT (SELECT id FROM thing WHERE object='ticket' AND source_key='3'), at, id + 950, "
        "external_id, body FROM message WHERE external_id='st:demo:ticket_message:500'",
    "survey: No survey that was migrated has a date on which Gorgias would mail it.":
        "UPDATE thing SET body=json_set(body, '$.should_send_datetime', '2030-01-01T00:00:00') WHERE kind='survey'",
    "survey: A score is one from 1 to 5.":
        "UPDATE thing SET body=json_set(body, '$.score', 6) WHERE kind='survey'",
    "customer: There is one customer of each external id.":
        "INSERT INTO thing SELECT kind, id + 900, object, source_key, natural, body, 0 FROM thing "
        "WHERE object='requester' AND source_key='u101'",
    "customer: No two customers have one address.": "",
    "attachment: Every attachment has its file.":
        "UPDATE message SET body=json_remove(body, '$.attachments[0].url') WHERE body LIKE '%photo.png%'",
    "ticket_value: A value has no more than 512 characters.":
        "UPDATE thing SET body=json_set(body, '$.custom_fields', json_array(json_object('id', 1, 'value', "
        "hex(zeroblob(300))))) WHERE object='ticket' AND source_key='4'",
    "ticket_tag: Every tag on a ticket is a tag of the account.":
        "UPDATE thing SET body=json_set(body, '$.tags', json('[{\"name\": \"new\"}]')) "
        "WHERE object='ticket' AND source_key='5'",
}  # fmt: skip
"""Sentence to what is changed in the snapshot so that it is not met; empty: what another one changes does it."""
STOPPING = 4
"""Those of the above that stop: what customers may read, or would be mailed."""


def test_what_was_loaded_is_as_expected_and_what_is_changed_behind_its_back_is_named(snapshot: Path) -> None:
    with sqlite3.connect(snapshot) as connection:
        connection.executescript(IN_THE_TRASH)  # as a ticket lies there that the source merged into another one
    connection.close()
    result, content = of_snapshot(snapshot)
    assert result.unmet == []
    assert [text for text in SECRETS if text.encode() in content] == []
    assert all(one.rows for one in result.checked if one.name not in ("macro", "customer_field", "customer_value"))
    changed = shutil.copy(snapshot, snapshot.with_name("changed.sqlite3"))
    with sqlite3.connect(changed) as connection:
        for sentence, statement in CHANGES.items():
            assert not statement or connection.execute(statement).rowcount > 0, sentence
    connection.close()
    result, content = of_snapshot(Path(changed))
    found = unmet(result)
    assert [sentence for sentence in CHANGES if sentence not in found] == []
    assert [text for text in SECRETS if text.encode() in content] == []
    assert len(result.stops) == STOPPING
    with pytest.raises(ExpectationsFailed) as stopped:
        result.require()
    assert "No note is public. Not so: 1 (ticket_comment:1)." in stopped.value.message
    well = replace(result, checked=tuple(replace(one, outcomes=_counted(one)) for one in result.checked))
    well.require()
    assert "Nothing of it stops a run. What to do stands in the table." in section(well)
    assert "migrator sweep demo lists them" in section(well)  # what is there twice, the reconciliation counts
    shown = section(result)
    assert f"{STOPPING} guarantees of {result.expectations} expectations not kept" in shown
    assert [text for text in SECRETS if text in shown and text not in ("Ann",)] == []


def _counted(one: Checked) -> tuple[Outcome, ...]:
    return tuple(outcome for outcome in one.outcomes if not outcome.stops)


def test_what_an_account_does_not_keep_stops_nothing() -> None:
    def stopping(found: Collection[suites.Suite]) -> set[str]:
        return {each.of for one in found for each in one.expectations if each.stops}

    known = suites.suites("target")
    assert stopping(known) == {"message.public", "message.sent_datetime", "survey.should_send_datetime"}
    assert stopping(suites.without(known, ("message.public", "ticket.subject"))) == {
        "message.sent_datetime", "survey.should_send_datetime",
    }  # fmt: skip


def test_what_cannot_be_checked_of_what_was_read_back_is_told_once_everything_else_is_shown(
    staged: Desk, tmp_path: Path
) -> None:
    engagement, snapshot = staged.open("06_reconcile"), tmp_path / "empty.sqlite3"
    sqlite3.connect(snapshot).close()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(facts, "of_target", lambda *_: dict.fromkeys((one.name for one in suites.suites("target")), 1))
        result = gate.check_target(engagement, snapshot)
    assert (result.ran, result.stops) == (False, [])
    assert "nobody knows" in section(result)
    assert gate.last(engagement, "target") == result
    with pytest.raises(ExpectationsFailed, match=r"could not be checked(.|\n)*Next: report this"):
        result.require()
    engagement.close()


def test_an_expectation_that_cannot_be_checked_is_neither_met_nor_not(tmp_path: Path) -> None:
    (suite, *_) = (one for one in suites.suites("staged") if one.name == "tag")
    with facts.facts_file(tmp_path / "facts.sqlite3") as made:
        made.execute("CREATE TABLE tag (key INTEGER)")
        made.execute("INSERT INTO tag VALUES (1)")
        made.close()
        progress = Progress(tmp_path / "p.json", "test")
        with pytest.raises(ExpectationsFailed, match=r"Tags\) could not be checked: .*name"):
            run(tmp_path / "facts.sqlite3", [suite], {"tag": 1}, BOUNDS, progress)


def test_a_deleted_agent_of_the_shop_is_an_agent_who_is_there(tmp_path: Path) -> None:
    """References lead to whoever is in the table, deleted or not: what becomes of them is the mapping's."""
    shop = Shop(tmp_path).add("Tickets", {"TicketID": 1, "UserID": GONE})
    shop.add("TicketMessages", {"TicketID": 1, "TicketMessageID": 1})
    file = tmp_path / "facts.sqlite3"
    with facts.facts_file(file) as made:
        facts.of_stage(made, suites.suites("staged"), shop.stage(), Progress(tmp_path / "p.json", "test"))
        query = "SELECT count(*) FROM ticket WHERE agent IN (SELECT key FROM user)"
        assert made.execute(query).fetchone() == (1,)
