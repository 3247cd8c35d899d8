"""The cutover's delta: the watermark first, the comparison as the proof, and both said honestly."""

from __future__ import annotations

import json
import shutil
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from typer.testing import CliRunner

from migrator_lib import progress, runbook, views
from migrator_lib.cli import app
from migrator_lib.delta import Changes, Found, history
from migrator_lib.delta import pages as delta_pages
from migrator_lib.engagement import Engagement
from migrator_lib.errors import GateClosed
from migrator_lib.extract import Extractor
from migrator_lib.freeze import is_quick, kept
from migrator_lib.freeze import pages as freeze
from migrator_lib.load import LoadReport
from migrator_lib.plan import proposal
from migrator_lib.runbook import CutoverResult, LoadResult
from migrator_lib.simulators.smartertrack import advance
from migrator_lib.smartertrack.tables import CHAT_FAMILY, TICKET_FAMILY, chosen_of
from tests.delta.moving import everything
from tests.desk import Desk, desk

pytestmark = pytest.mark.xdist_group("cutover")  # what its tests share is made once

ONE_TICKET = "(SELECT MIN(TicketID) FROM st_Tickets WHERE IsDeleted = 0)"
RENAMED = f"UPDATE st_Tickets SET Subject = 'another' WHERE TicketID = {ONE_TICKET}"
CHASED = (
    "INSERT INTO st_TicketMessages (TicketMessageID, TicketID, DateReceivedUTC, Subject, BodyText, IsDraft) "
    f"VALUES (990001, {ONE_TICKET}, '2026-07-02 10:00:00.000000', 's', 'b', 0)"
)
ASSIGNED = "FROM st_Tickets WHERE UserID IN (SELECT UserID FROM st_UsersInGroups)"
TASK = f"INSERT INTO st_Tasks (TaskID, TicketID, IsDeleted) VALUES (990001, {ONE_TICKET}, 0)"
TAGGED = "INSERT INTO st_TagsInTasks (TagsInTasksID, TaskID, TagID) SELECT 990001, 990001, MIN(TagID) FROM st_Tags"


class Cutover:
    """A desk that was staged, and whose loads note what they were asked for instead of loading it."""

    def __init__(self, made: Desk, patch: pytest.MonkeyPatch) -> None:
        self.desk = made
        self.asked: list[set[int] | None] = []
        self.asked_of_chats: list[set[int] | None] = []
        self.meanwhile: Callable[[], None] = lambda: None
        self.engagement = made.open("07_cutover")
        patch.setattr(runbook, "load", self.load)
        patch.setattr(runbook, "reconcile", lambda _: None)

    def load(self, engagement: Engagement, tickets: Any = None) -> LoadResult:
        self.asked.append(None if tickets is None else set(chosen_of(tickets, TICKET_FAMILY)))
        self.asked_of_chats.append(None if tickets is None else set(chosen_of(tickets, CHAT_FAMILY)))
        engagement.ledger.set_meta("deltas_loaded", engagement.ledger.meta("deltas", []))
        self.meanwhile()
        return LoadResult(LoadReport(), [], rehearsal=False)

    def do(self, statement: str) -> None:
        engine = sa.create_engine(self.url)
        with engine.begin() as connection:
            connection.execute(sa.text(statement))
        engine.dispose()

    @property
    def url(self) -> str:
        return f"sqlite:///{self.desk.root / 'source.sqlite3'}"

    def live_a_day(self) -> dict[str, int]:
        return advance(self.url, self.desk.root / "files", seed=3)

    def run(self) -> CutoverResult:
        return runbook.cut_over(self.engagement)

    def fresh(self) -> dict[str, Any]:
        """Return what a new extract of everything reads."""
        reader = runbook.extractor(self.engagement, "fresh")
        reader.start_again()
        reader.tickets()
        return everything(self.engagement.staged("fresh"))


@pytest.fixture(scope="module")
def staged(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    with desk(tmp_path_factory.mktemp("cutover")) as made:
        engagement = made.open("04_extract")
        runbook.extract(engagement)
        engagement.close()
        shutil.copytree(made.root / "reports", made.root / "kept")
        shutil.copy(made.root / "source.sqlite3", made.root / "kept.sqlite3")
        yield made


@pytest.fixture
def cutover(staged: Desk, monkeypatch: pytest.MonkeyPatch) -> Iterator[Cutover]:
    shutil.rmtree(staged.root / "reports")
    shutil.copytree(staged.root / "kept", staged.root / "reports")
    for log in staged.root.glob("source.sqlite3-*"):  # of a test that wrote while the source was read
        log.unlink()
    shutil.copy(staged.root / "kept.sqlite3", staged.root / "source.sqlite3")
    made = Cutover(staged, monkeypatch)
    yield made
    made.engagement.close()


def signal(result: CutoverResult, name: str) -> dict[str, Any]:
    return next(row for row in result.found.signals() if row["found by"] == name)


def test_a_line_of_a_chat_that_came_is_staged_and_loaded_and_a_chat_that_moves_breaks_the_freeze(
    cutover: Cutover,
) -> None:
    line = (
        "INSERT INTO st_ChatMessages (ChatMessageID, ChatID, DateSubmittedUTC) VALUES ({}, {}, '2026-07-02 10:00:00')"
    )
    cutover.do(line.format(990001, 2))
    result = cutover.run()
    assert (result.found.traced.others, result.found.tickets) == ({("live_chat", 2)}, frozenset())
    assert (cutover.asked, cutover.asked_of_chats) == ([set()], [{2}])
    assert signal(result, "ChatMessages.ChatMessageID")["changed"] == 1
    cutover.meanwhile = lambda: cutover.do(line.format(990002, 3))
    with pytest.raises(GateClosed, match="1 chat changed"):
        cutover.run()


def test_a_day_of_work_is_found_by_the_watermark_alone_and_loaded_at_once(cutover: Cutover) -> None:
    passed = cutover.live_a_day()
    result = cutover.run()
    assert passed["new_tickets"] == 8
    assert passed["merged"] == 1
    assert result.found.candidates is not None
    assert (result.found.missed.tickets, result.found.missed.merged) == (frozenset(), frozenset())
    assert result.found.compared
    assert len(result.found.tickets) >= 8 + 6 + 1
    assert cutover.asked == [set(result.found.tickets)]
    assert result.stages == ["delta-001"]
    assert everything(cutover.engagement.all_stages) == cutover.fresh()


def test_what_left_no_trace_is_found_by_the_comparison_loaded_too_and_counted_apart(cutover: Cutover) -> None:
    cutover.live_a_day()
    cutover.do(RENAMED)
    result = cutover.run()
    assert len(result.found.missed.tickets) == 1
    assert cutover.asked == [set(result.found.traced.tickets), set(result.found.missed.tickets)]
    assert signal(result, "comparison of everything")["by this alone"] == 1
    assert result.summary()["delta"]["missed_by_the_watermark"] == 1
    assert "its line shows what no signal led to" in str(views.changes_tables(result.found))
    assert everything(cutover.engagement.all_stages) == cutover.fresh()


def test_a_second_cutover_stages_nothing_and_an_unchanged_source_has_nothing_to_take_over(cutover: Cutover) -> None:
    cutover.live_a_day()
    cutover.run()
    again = cutover.run()
    assert not again.found
    assert again.stages == ["delta-001"]
    assert cutover.asked[-1] == set()


def test_a_change_behind_the_beginning_of_the_cutover_closes_the_gate_and_the_next_run_takes_it_over(
    cutover: Cutover,
) -> None:
    cutover.meanwhile = lambda: cutover.do(CHASED)
    with pytest.raises(GateClosed, match="1 ticket changed in SmarterTrack while it should have been frozen"):
        cutover.run()
    cutover.meanwhile = lambda: None
    assert len(cutover.run().found.traced.tickets) == 1


def test_a_change_behind_what_the_comparison_has_passed_closes_the_gate(
    cutover: Cutover, monkeypatch: pytest.MonkeyPatch
) -> None:
    compare = runbook._compare

    def changed_after(engagement: Engagement) -> Changes:
        found = compare(engagement)
        cutover.do(CHASED)
        return found

    monkeypatch.setattr(runbook, "_compare", changed_after)
    with pytest.raises(GateClosed, match="frozen"):
        cutover.run()


def test_a_source_that_changes_without_a_trace_while_the_rest_is_loaded_closes_the_gate(cutover: Cutover) -> None:
    names = iter("abcdef")
    cutover.meanwhile = lambda: cutover.do(RENAMED.replace("another", next(names)))
    with pytest.raises(GateClosed, match="frozen"):
        cutover.run()


def test_a_rehearsal_finds_the_same_in_both_ways_and_stages_nothing(cutover: Cutover) -> None:
    cutover.live_a_day()
    cutover.do(RENAMED)
    rehearsal = cutover.desk.open("07_cutover", execute=False)
    found = runbook.cut_over(rehearsal).found
    assert len(found.missed.tickets) == 1
    assert rehearsal.ledger.meta("deltas", []) == []
    rehearsal.close()
    done = cutover.run().found
    assert (found.tickets, found.merged, found.by_table) == (done.tickets, done.merged, done.by_table)


def test_a_delta_days_before_leaves_less_for_the_cutover(cutover: Cutover) -> None:
    cutover.live_a_day()
    early = runbook.extract_delta(cutover.engagement)
    assert early.tickets
    cutover.do(CHASED)
    result = cutover.run()
    assert len(result.found.tickets) == 1
    assert result.stages == ["delta-001", "delta-002"]
    assert cutover.asked == [set(early.tickets | result.found.tickets)], "no load had finished with the first delta"
    assert everything(cutover.engagement.all_stages) == cutover.fresh()


def test_definitions_that_changed_are_staged_though_no_ticket_did(cutover: Cutover) -> None:
    cutover.do("UPDATE st_Departments SET DisplayName = 'Another'")
    result = cutover.run()
    assert (result.found.definitions, result.stages) == (["Departments"], ["delta-001"])
    assert {"Another"} == {row["DisplayName"] for row in cutover.engagement.all_stages.rows("Departments")}
    assert cutover.asked == [None]  # any ticket may show it
    assert "Departments changed, which any ticket may show" in str(delta_pages.reached(result.load.reach))
    cutover.run()
    assert cutover.asked[1:] == [set()]


def test_tickets_that_show_an_agent_who_is_called_otherwise_are_loaded_though_they_did_not_change(
    cutover: Cutover,
) -> None:
    cutover.do(f"UPDATE st_Users SET DisplayName = 'Another' WHERE UserID = (SELECT MAX(UserID) {ASSIGNED})")
    result = cutover.run()
    assert result.found.definitions == ["Users"]
    assert result.found.tickets == frozenset()
    (asked,) = cutover.asked
    assert asked == result.load.reach.tickets
    assert 0 < len(asked) < cutover.engagement.all_stages.count("Tickets")
    assert f"{len(asked):,} tickets that did not change may show them" in str(delta_pages.reached(result.load.reach))


def test_who_signed_in_is_staged_and_no_ticket_is_looked_at_for_it(cutover: Cutover) -> None:
    cutover.do("UPDATE st_Users SET DateLastLoginUTC = '2026-07-02 10:00:00.000000' WHERE UserID = 1")
    assert cutover.run().found.definitions == ["Users"]
    assert cutover.asked == [set()]


def test_without_a_watermark_everything_is_compared_and_that_is_said(cutover: Cutover) -> None:
    cutover.engagement.ledger.set_meta("watermarks", {})
    cutover.live_a_day()
    result = cutover.run()
    assert result.found.candidates is None
    assert [row["found by"] for row in result.found.signals()] == ["comparison of everything"]
    assert "No watermark was taken" in str(views.changes_tables(result.found))
    assert everything(cutover.engagement.all_stages) == cutover.fresh()


def test_the_watermark_of_an_extract_is_that_of_its_first_run(cutover: Cutover) -> None:
    """An extract that was cut off goes on; what came meanwhile is behind the marks of its beginning."""
    ledger = cutover.engagement.ledger
    before = ledger.meta("watermarks")
    cutover.live_a_day()
    runbook.extract(cutover.engagement)
    assert ledger.meta("watermarks") == before
    runbook.extract(cutover.engagement, start_again=True)
    assert ledger.meta("watermarks")["full"]["ids"] != before["full"]["ids"]


class Died(Exception):
    """The process ended here."""


def test_each_moment_of_an_extract_that_died_is_kept_and_shown(
    cutover: Cutover, monkeypatch: pytest.MonkeyPatch
) -> None:
    def die(self: Extractor) -> None:
        raise Died

    with monkeypatch.context() as patch:
        patch.setattr(Extractor, "conversations", die)
        with pytest.raises(Died):
            runbook.extract(cutover.engagement, start_again=True)
    first = cutover.engagement.ledger.meta("extract_moments")
    report = runbook.extract(cutover.engagement)
    assert len(first) == 1
    assert len(report.moments) == 2
    assert report.moments[0] == first[0]
    assert "A live source changed between them" in str(views.extract_tables(cutover.engagement, report))


def test_a_delta_is_staged_as_of_the_moment_it_was_looked_for(
    cutover: Cutover, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else a tag that came between would be staged, and its ticket never be read again."""
    cutover.do("PRAGMA journal_mode=WAL")
    look = runbook._look

    def tagged_after(engagement: Engagement) -> Found:
        found = look(engagement)
        cutover.do(TAGGED)
        return found

    cutover.do(TASK)
    with monkeypatch.context() as patch:
        patch.setattr(runbook, "_look", tagged_after)
        assert len(runbook.extract_delta(cutover.engagement).tickets) == 1
    assert 990001 not in {row["TagsInTasksID"] for row in cutover.engagement.all_stages.rows("TagsInTasks")}
    assert cutover.run().found.by_table.keys() == {"TagsInTasks"}


def test_an_extract_that_dies_while_it_starts_again_leaves_no_delta_over_what_is_read_next(
    cutover: Cutover, monkeypatch: pytest.MonkeyPatch
) -> None:
    def die(self: Extractor) -> None:
        raise Died

    cutover.live_a_day()
    cutover.run()
    with monkeypatch.context() as patch:
        patch.setattr(Extractor, "start_again", die)
        with pytest.raises(Died):
            runbook.extract(cutover.engagement, start_again=True)
    ledger = cutover.engagement.ledger
    assert (ledger.meta("deltas"), ledger.meta("deltas_loaded")) == ([], [])


def test_the_first_delta_of_an_extract_that_was_started_again_is_loaded(cutover: Cutover) -> None:
    cutover.live_a_day()
    cutover.run()
    runbook.extract(cutover.engagement, start_again=True)
    cutover.do(CHASED)
    result = cutover.run()
    assert len(result.found.tickets) == 1
    assert cutover.asked[-1] == set(result.found.tickets)


UNREADABLE = f"UPDATE st_Tickets SET DepartmentID = 'sales' WHERE TicketID = {ONE_TICKET}"


def test_a_ticket_that_cannot_be_read_any_more_stays_as_it_was_staged(cutover: Cutover) -> None:
    before = everything(cutover.engagement.all_stages)
    cutover.do(UNREADABLE)
    cutover.do(CHASED)
    result = cutover.run()
    assert len(result.found.purged) == 1
    assert cutover.engagement.ledger.meta(history.PURGED) == sorted(result.found.purged)
    assert everything(cutover.engagement.all_stages) == before


def test_what_belongs_to_a_ticket_that_never_could_be_read_is_staged_once(cutover: Cutover) -> None:
    cutover.do(UNREADABLE)
    report = runbook.extract(cutover.engagement, start_again=True)
    assert "Rows that cannot be read are not staged" in str(views.extract_tables(cutover.engagement, report))
    cutover.do(CHASED)
    assert len(cutover.run().found.tickets) == 1
    assert everything(cutover.engagement.all_stages) == cutover.fresh()
    assert len(cutover.engagement.all_stages.unreadable("Tickets")) == 1
    assert not cutover.run().found


def test_a_delta_is_known_to_be_alive_while_the_database_gives_no_sign(
    cutover: Cutover, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = threading.Semaphore(0)
    monkeypatch.setattr(progress, "BEAT_SECONDS", 0.01)
    monkeypatch.setattr(cutover.engagement.progress, "_beat", told.release)

    def waits(*_: Any, **__: Any) -> Changes:
        while told.acquire(blocking=False):
            pass
        assert all(told.acquire(timeout=30) for _ in range(2))
        return Changes()

    monkeypatch.setattr(runbook.delta, "changes", waits)
    monkeypatch.setattr(runbook, "_require_frozen", lambda *_: None)
    assert not cutover.run().found


def test_a_delta_is_kept_in_the_history_with_what_it_took_and_shown(cutover: Cutover) -> None:
    cutover.live_a_day()
    early = runbook.extract_delta(cutover.engagement)
    cutover.do(CHASED)
    cutover.run()
    first, second = history.deltas(cutover.engagement.ledger)
    assert (first.stage, first.tickets) == ("delta-001", len(early.tickets | early.merged))
    assert (second.stage, second.tickets, second.messages) == ("delta-002", 1, 1)
    assert first.messages > 1
    assert first.read_seconds > 0
    shown = str(delta_pages.history(cutover.engagement))
    assert "Each was smaller than the one before it" in shown
    assert "<svg" in shown
    runbook.extract(cutover.engagement, start_again=True)
    assert "No delta was read yet" in str(delta_pages.history(cutover.engagement))


def test_how_long_a_comparison_takes_is_kept_also_of_a_rehearsal(cutover: Cutover) -> None:
    rehearsal = cutover.desk.open("07_cutover", execute=False)
    runbook.cut_over(rehearsal)
    assert history.measured(rehearsal.ledger)[history.COMPARISON] > 0
    rehearsal.close()


def test_an_agent_who_is_made_while_it_should_be_frozen_closes_the_gate_and_one_who_signs_in_does_not(
    cutover: Cutover,
) -> None:
    one = "WHERE UserID = (SELECT MAX(UserID) FROM st_Users)"
    cutover.meanwhile = lambda: cutover.do(f"UPDATE st_Users SET DateLastLoginUTC = '2026-07-03 10:00:00.000000' {one}")
    cutover.run()
    cutover.meanwhile = lambda: cutover.do(f"UPDATE st_Users SET DisplayName = 'Another' {one}")
    with pytest.raises(GateClosed, match="Users changed in SmarterTrack while it should have been frozen"):
        cutover.run()


def test_a_change_while_everything_is_read_back_closes_the_gate(
    cutover: Cutover, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runbook, "reconcile", lambda _: cutover.do(CHASED))
    with pytest.raises(GateClosed, match="1 ticket changed"):
        cutover.run()


def test_a_restored_backup_is_said_to_know_nothing_of_the_live_system(cutover: Cutover) -> None:
    result = cutover.run()
    assert "says nothing of the live SmarterTrack" in str(views.frozen(cutover.engagement, result))
    assert result.last is not None
    assert f"{result.last:%Y-%m-%d %H:%M}" in str(views.frozen(cutover.engagement, result))


def test_a_freeze_is_rehearsed_with_what_is_staged_and_again_after_the_next_delta(cutover: Cutover) -> None:
    rehearsal = cutover.desk.open("07_cutover", execute=False)
    proposed = proposal.propose(rehearsal.all_stages.rows, {}, {})
    rehearsal.paths.mapping_file.write_text(json.dumps(proposed.model_dump(mode="json")))
    assert kept(rehearsal) is None
    assert is_quick(rehearsal), "else a notebook names the command"
    home = {"MIGRATOR_HOME": str(cutover.desk.root)}
    done = CliRunner().invoke(app, ["rehearse-freeze", "desk", "--days", "3"], env=home)
    assert done.exit_code == 0, done.output
    assert "The freeze will take about" in done.output
    result = kept(rehearsal)
    assert result is not None
    assert len(result.days) == 3
    assert sum(day.calls for day in result.days) > 3
    assert result.measured.comparison == history.measured(rehearsal.ledger)[history.COMPARISON]
    page = (rehearsal.paths.documents / freeze.FREEZE_FILE).read_text()
    assert "What is approximated" in page
    assert "documents/freeze.html" in (rehearsal.paths.reports / "index.html").read_text()
    assert "@" not in page.partition("</style>")[2]
    assert list(rehearsal.paths.state.glob("freeze-*")) == []
    assert freeze.in_words(result.predict(24)) in str(freeze.for_notebook(rehearsal))
    rehearsal.close()
    cutover.do(CHASED)
    cutover.run()
    assert kept(cutover.engagement) is None
    assert "The freeze will take about" in str(freeze.for_notebook(cutover.engagement)), "what had been predicted"
