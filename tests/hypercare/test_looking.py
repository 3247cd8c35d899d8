"""A day's look: late changes, loss, what was known before, and what is left to do are told apart, and shown."""

from __future__ import annotations

import html
import re
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from migrator_lib import hypercare, runbook
from migrator_lib.engagement import Engagement
from migrator_lib.errors import OutOfTurn, SourceUnreachable
from migrator_lib.hypercare import Look, pages
from migrator_lib.hypercare.looking import LATE, NEW, STAGED
from migrator_lib.reconcile import Finding, Reconciliation
from migrator_lib.reconcile.accounts import Account
from migrator_lib.reconcile.differences import Difference
from migrator_lib.rollback.standing import ROLLED_BACK
from migrator_lib.runbook import ReconcileResult
from migrator_lib.simulators.smartertrack.day_after import write_late
from tests.desk import Desk, desk

pytestmark = pytest.mark.xdist_group("hypercare")  # what its tests share is made once
MISSING = Finding("ticket", "4", "missing", target_id=104, words="no ticket carries its external id")
CHANGED = Finding("ticket", "5", "changed", (Difference("status", "open", "closed"),
                  Difference("closed_datetime", "(nothing)", "2026-11-20")), 105)  # fmt: skip
TRASHED = Finding(
    "ticket", "6", "changed", target_id=106, words="put into the trash in Gorgias on 2026-11-20 10:00 UTC"
)


@pytest.fixture(scope="module")
def staged(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    with desk(tmp_path_factory.mktemp("hypercare")) as made:
        engagement = made.open("04_extract")
        runbook.extract(engagement)
        engagement.ledger.mark_step("07_cutover", "running")
        engagement.close()
        shutil.copytree(made.root / "reports", made.root / "kept")
        shutil.copy(made.root / "source.sqlite3", made.root / "kept.sqlite3")
        yield made


class Days:
    """A desk after its cutover, whose reconciliation says what a test wants it to."""

    def __init__(self, made: Desk, patch: pytest.MonkeyPatch) -> None:
        self.desk = made
        self.patch = patch
        self.engagement = made.open("08_hypercare")
        self.found = Reconciliation()
        self.asked: dict[str, Any] = {}
        patch.setattr(runbook, "reconcile", self.reconcile)

    def reconcile(self, _: Engagement, **asked: Any) -> ReconcileResult:
        self.asked = asked
        return ReconcileResult(self.found, [Account("ticket", "Ticket", 9, {"created": 8, "quarantined": 1})])

    def cut_over(self, *wrong: Finding) -> None:
        self.engagement.ledger.mark_step("07_cutover", "running")
        said = [[one.object, one.source_key] for one in wrong]
        self.engagement.ledger.mark_step("07_cutover", "done", {"wrong": said})

    def look(self, *findings: Finding, day: int = 0) -> Look:
        self.found = Reconciliation()
        self.found.counts["ticket"].update(validated=9 - len(findings))
        for finding in findings:
            self.found.add(finding)
        return hypercare.look(self.engagement, day=day)

    def source(self) -> str:
        return f"sqlite:///{self.desk.root / 'source.sqlite3'}"

    def shown(self, look: Look) -> str:
        """Return the text of the day's page."""
        file = hypercare.write(self.engagement, look)
        return html.unescape(re.sub(r"<[^>]+>", " ", file.read_text(encoding="utf-8").partition("</style>")[2]))


@pytest.fixture
def days(staged: Desk, monkeypatch: pytest.MonkeyPatch) -> Iterator[Days]:
    shutil.rmtree(staged.root / "reports")
    shutil.copytree(staged.root / "kept", staged.root / "reports")
    shutil.copy(staged.root / "kept.sqlite3", staged.root / "source.sqlite3")
    made = Days(staged, monkeypatch)
    made.cut_over()
    yield made
    made.engagement.close()


def test_a_quiet_day_is_good_and_says_when_the_next_one_is(days: Days) -> None:
    look = days.look()
    assert (look.day.number, look.of, look.day.lost, look.day.late) == (1, 3, 0, 0)
    shown = days.shown(look)
    assert "Day 1 of 3: nothing is lost. 9 records as they were sent, 0 as people made them since." in shown
    assert "Read by list pages: 0 calls to Gorgias" in shown
    assert f"at {days.engagement.target_rate:.2g} calls a second" in shown
    assert look.to_do == ["`migrator run desk --only 08` on the next day, which is day 2 of 3."]
    assert look.summary()["hypercare"] == {"day": 1, "of": 3, "changed": 0, "late": 0, "lost": 0}


def test_what_people_changed_is_no_loss_and_is_named_by_what_they_did(days: Days) -> None:
    look = days.look(CHANGED, TRASHED)
    assert (look.day.changed, look.day.lost, look.lost) == (2, 0, [])
    shown = " ".join(days.shown(look).split())
    assert "ticket: status 1" in shown
    assert "ticket: put into the trash 1" in shown
    assert "ticket: closed datetime" not in shown, "it follows from the status"
    page = (days.engagement.paths.reports / "hypercare/day-1.html").read_text(encoding="utf-8")
    assert f'href="{days.engagement.account_url("production")}/app/ticket/105"' in page


def test_a_record_that_is_missing_is_lost_and_says_what_to_do(days: Days) -> None:
    look = days.look(MISSING)
    assert look.day.lost == look.summary()["hypercare"]["lost"] == 1
    shown = " ".join(days.shown(look).split())
    assert "Day 1 of 3: 1 record lost, or wrong, and no person's doing." in shown
    assert "migrator ledger settle desk ticket:4 --is-not-there" in shown
    assert "What was in a ticket that is missing is counted here with it" in shown


def test_what_differs_after_the_mapping_was_changed_may_be_that_alone(days: Days) -> None:
    look = days.look(MISSING)
    said = "The mapping, or a parameter, was changed since the last load"
    assert said not in days.shown(look)
    days.found.made_otherwise = True
    assert said in days.shown(look)


def test_what_to_do_is_said_once_for_all_that_are_lost_alike(days: Days) -> None:
    gone = Finding("ticket_message", "8", "missing")
    shown = days.shown(days.look(MISSING, replace(MISSING, source_key="5"), gone, replace(gone, source_key="9")))
    assert shown.count("--is-not-there") == shown.count("Put it back there, if it is needed") == 1


def test_what_the_cutover_said_already_is_known_and_not_lost_again(days: Days) -> None:
    days.cut_over(MISSING)
    look = days.look(MISSING, Finding("requester", "u9", "mismatched", (Difference("name", "A.", "B."),), 9))
    assert (look.day.lost, look.day.known) == (1, 1)
    assert [one.object for one in look.lost] == ["requester"]
    assert "Known since the cutover (1)" in days.shown(look)


def test_a_message_that_arrives_late_in_the_source_is_named_with_the_command_that_takes_it_over(days: Days) -> None:
    assert write_late(days.source(), days.desk.root / "files", seed=3) == 1
    assert write_late(days.source(), days.desk.root / "files", seed=3) == 0, "it comes once"
    look = days.look()
    (late,) = look.source.tickets
    assert (look.day.late, late.what, bool(late.number)) == (1, LATE, True)
    assert look.to_do[0] == "`migrator run desk --only 07 --execute` takes over what changed in SmarterTrack."
    shown = days.shown(look)
    assert "nothing is lost, but 1 ticket changed in SmarterTrack after the cutover" in shown
    assert late.number in shown


def test_a_ticket_that_is_new_in_the_source_is_named_too(days: Days) -> None:
    engine = sa.create_engine(days.source())
    with engine.begin() as connection:
        columns = [row[1] for row in connection.exec_driver_sql("PRAGMA table_info(st_Tickets)")]
        copied = [
            "900001" if name == "TicketID" else "'999-NEW'" if name == "TicketNumber" else name for name in columns
        ]
        connection.exec_driver_sql(
            f"INSERT INTO st_Tickets ({', '.join(columns)}) SELECT {', '.join(copied)} FROM st_Tickets LIMIT 1"
        )
    engine.dispose()
    look = days.look()
    assert [(one.ticket, one.number, one.what) for one in look.source.tickets] == [(900001, "999-NEW", NEW)]


def test_what_is_staged_and_not_loaded_is_late_and_not_compared(days: Days) -> None:
    write_late(days.source(), days.desk.root / "files", seed=3)
    found = runbook.extract_delta(days.engagement)
    look = days.look()
    assert [(one.ticket, one.what) for one in look.source.tickets] == [(*found.tickets, STAGED)]
    compared = days.asked["staged"]
    assert compared.count("TicketMessages") + 1 == days.engagement.all_stages.count("TicketMessages")


def test_a_source_that_is_switched_off_is_no_failure_and_is_said(days: Days) -> None:
    def away(_: Engagement) -> None:
        raise SourceUnreachable("The server does not answer.", next_step="start it.")

    days.patch.setattr(runbook, "changed_since", away)
    look = days.look()
    assert look.day.late is None
    assert look.summary()["hypercare"]["late"] is None
    shown = days.shown(look)
    assert "SmarterTrack could not be asked: The server does not answer." in shown
    assert "not known" in shown


def test_after_the_last_day_it_says_what_is_left_before_smartertrack_goes(days: Days) -> None:
    days.engagement.ledger.set_meta("hands_off", ["surveys"])
    look = days.look(day=3)
    assert look.is_over
    shown = days.shown(look)
    assert "Hypercare is done." in shown
    for words in ("gate hands_off", "In quarantine: 1 record,", "last full backup", "its API key in Gorgias"):
        assert words in shown


def test_every_day_shows_the_days_before_it_and_replaces_its_own_page(days: Days) -> None:
    hypercare.write(days.engagement, days.look(CHANGED, day=1))
    hypercare.write(days.engagement, days.look(CHANGED, day=2))
    look = days.look(CHANGED, TRASHED, day=2)
    page = hypercare.write(days.engagement, look).read_text(encoding="utf-8")
    assert [(one.number, one.changed) for one in look.days] == [(1, 1), (2, 2)]
    assert page.count("<svg") == 1
    assert sorted(file.name for file in page_folder(days).iterdir()) == ["day-1.html", "day-2.html"]
    assert "Day by day" in page


def page_folder(days: Days) -> Path:
    return days.engagement.paths.reports / "hypercare"


def test_what_is_still_switched_off_is_said_with_the_command_that_puts_it_back(days: Days) -> None:
    off = type("Off", (), {"words": "rule 'Auto-reply'"})()
    days.patch.setattr("migrator_lib.hypercare.looking.still_off", lambda *_: [off])
    look = days.look()
    assert look.day.still_off == ["rule 'Auto-reply'"]
    assert "migrator restore-target desk" in look.to_do[0]
    assert "Something is still switched off because of the migration" in pages.status(look)


def test_after_a_roll_back_there_is_nothing_to_look_after(days: Days) -> None:
    days.engagement.ledger.mark_step("07_cutover", ROLLED_BACK)
    with pytest.raises(OutOfTurn, match="was rolled back after its cutover"):
        days.look()


@pytest.mark.parametrize("lost", [True, False], ids=["lost", "late"])
def test_hypercare_goes_on_after_its_last_day_while_something_is_lost_or_late(days: Days, lost: bool) -> None:
    if not lost:
        write_late(days.source(), days.desk.root / "files", seed=3)
    look = days.look(*[MISSING][:lost], day=3)
    assert not look.is_over
    assert any(words.startswith("One day more") for words in look.to_do)
    assert not any("switch the server off" in words for words in look.to_do)
