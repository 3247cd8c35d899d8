"""The audit of a small help desk: every fact is one that was put there."""

from __future__ import annotations

import csv
import json
import os
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from migrator_lib.audit import Audit, members_page, parts, run_audit
from migrator_lib.audit.environment import build_date
from migrator_lib.audit.estimate import Volume
from migrator_lib.audit.facts import InSeveral
from migrator_lib.audit.quality import notes
from migrator_lib.audit.tickets import is_garbled
from migrator_lib.errors import (
    FilesMissing,
    ParameterError,
    SourceUnreachable,
    TargetDenied,
    TargetUnreachable,
)
from migrator_lib.membership.lists import MEMBERS_FILE
from migrator_lib.objects import OBJECTS
from migrator_lib.simulators.smartertrack.schema import Writer
from tests.audit.desk import ADDRESS, BODY, SECRET, Open, message, open_engagement, ticket


def failed(audit: Audit, name: str) -> str:
    return next(access.error for access in audit.access if access.name == name)


def found(audit: Audit, what: str) -> int:
    return next((note.number for note in notes(audit) if what in note.what), 0)


class TestSource:
    def test_version_edition_and_build_date_are_read(self, audit: Audit) -> None:
        source = audit.source
        assert (source.product_version, source.edition) == ("100.0.9651", "Enterprise")
        assert source.built == date(2026, 6, 4)

    def test_all_tables_are_there(self, audit: Audit) -> None:
        assert (audit.source.engine, audit.source.tables, audit.source.missing) == ("sqlite", 166, ())

    @pytest.mark.parametrize("version", [None, "", "100", "100.0", "100.0.x", "1.2.999999999"])
    def test_a_version_without_a_day_has_no_build_date(self, version: str | None) -> None:
        assert build_date(version) is None

    def test_missing_optional_tables_are_named_and_the_rest_is_audited(self, engage: Open) -> None:
        gone = ("Chats", "ChatMessages", "CallLogs", "KbArticles", "GlobalSettings", "Servers", "TicketLinks",
                "TicketMerges", "ThreadPosts", "Files", "Tasks", "CannedReplies")  # fmt: skip
        audit = run_audit(engage(without=gone))
        assert {f"st_{name}" for name in gone if name != "CannedReplies"} <= set(audit.source.missing)
        assert audit.source.product_version is None
        assert audit.threads.state == "unknown"
        named = ("live_chat", "call_log", "kb_article")
        assert {row.name: row.number for row in audit.counts if row.name in named} == dict.fromkeys(named)
        assert next(row.number for row in audit.counts if row.name == "macro") is None
        assert audit.tickets.number == 3

    def test_what_is_not_there_is_said_not_guessed(self, engage: Open) -> None:
        audit = run_audit(engage(without=("Chats",)))
        assert "table is not there" in parts.counts(audit)

    def test_unknown_tables_are_named(self, engage: Open) -> None:
        def more(write: Writer) -> None:
            write._connection.exec_driver_sql("CREATE TABLE st_agents (id int)")

        assert run_audit(engage(more=more)).source.unknown == ("st_agents",)


class TestAccess:
    def test_both_accounts_are_reached_with_an_admins_key(self, audit: Audit) -> None:
        assert [access.ok for access in audit.access] == [True] * 4
        audit.require_access()

    def test_access_is_the_check_of_its_gate(self, audit: Audit) -> None:
        assert audit.gate("api_access") == "met"

    def test_an_unreachable_account_hides_nothing_of_the_source_but_fails_after(self, engage: Open) -> None:
        engagement = engage(production="http://127.0.0.1:9")
        audit = run_audit(engagement)
        assert audit.tickets.number == 3
        assert failed(audit, "production") == "TargetUnreachable"
        assert failed(audit, "sandbox") == ""
        assert audit.gate("api_access") == "open"
        with pytest.raises(TargetUnreachable, match="Next: "):
            audit.require_access()

    def test_a_wrong_key_is_denied(self, engage: Open, monkeypatch: pytest.MonkeyPatch) -> None:
        engagement = engage()
        monkeypatch.setenv("TEST_KEY", "another-key")
        with pytest.raises(TargetDenied):
            run_audit(engagement).require_access()

    def test_a_missing_secret_is_a_parameter_that_is_wrong(self, engage: Open, monkeypatch: pytest.MonkeyPatch) -> None:
        engagement = engage()
        monkeypatch.delenv("TEST_KEY")
        with pytest.raises(ParameterError, match="TEST_KEY"):
            run_audit(engagement).require_access()

    def test_a_key_of_an_agent_is_not_enough(self, engage: Open, accounts: dict[str, str]) -> None:
        audit = run_audit(engage(sandbox=accounts["agents"]))
        assert failed(audit, "sandbox") == "TargetDenied"
        assert "role agent" in parts.access(audit)

    def test_a_wrong_address_is_told_as_such(self, engage: Open, accounts: dict[str, str]) -> None:
        audit = run_audit(engage(sandbox=accounts["sandbox"] + "-not"))
        assert failed(audit, "sandbox") == "TargetUnreachable"
        assert "target.sandbox.url" in next(access.next_step for access in audit.access if access.name == "sandbox")

    def test_an_unreachable_source_stops_at_once(self, engage: Open, tmp_path: Path) -> None:
        engagement = engage(file=str(tmp_path / "nowhere.sqlite3"))
        with pytest.raises(SourceUnreachable):
            run_audit(engagement)

    def test_missing_files_root_fails_after_the_audit(self, engage: Open, tmp_path: Path) -> None:
        audit = run_audit(engage(files=str(tmp_path / "nowhere")))
        assert audit.storage.files is None
        assert audit.storage.missing is None
        with pytest.raises(FilesMissing):
            audit.require_access()

    def test_an_empty_files_root_while_attachments_name_files_fails_after_the_audit(
        self, engage: Open, tmp_path: Path
    ) -> None:
        (tmp_path / "unmounted").mkdir()
        audit = run_audit(engage(files=str(tmp_path / "unmounted")))
        assert (audit.tickets.number, audit.storage.rows, audit.storage.missing) == (3, 4, None)
        assert "could not be reached: files root" in parts.status(audit)
        with pytest.raises(FilesMissing, match="is empty, while 4 attachments name a file"):
            audit.require_access()

    def test_a_folder_of_files_that_cannot_be_listed_fails_after_the_audit_too(
        self, engage: Open, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        engagement, listed = engage(), os.scandir

        def scandir(path: Path) -> object:
            if Path(path).name == "2026":
                raise PermissionError(13, "Permission denied", str(path))
            return listed(path)

        monkeypatch.setattr("migrator_lib.smartertrack.files.os.scandir", scandir)
        audit = run_audit(engagement)
        assert (audit.tickets.number, audit.storage.rows, audit.storage.files) == (3, 4, None)
        with pytest.raises(FilesMissing, match="2026 cannot be listed: Permission denied"):
            audit.require_access()


class TestCounts:
    def test_every_row_of_the_map_is_counted(self, audit: Audit) -> None:
        assert [row.name for row in audit.counts] == [obj.name for obj in OBJECTS]
        assert all(row.number is not None for row in audit.counts)

    def test_numbers_are_those_of_the_records(self, audit: Audit) -> None:
        expected = {"user": 2, "department": 2, "ticket_field": 1, "requester": 2, "organization": 1, "ticket": 3,
                    "attachment": 4, "sla_rule": 1, "live_chat": 0}  # fmt: skip
        assert {name: audit.count(name) for name in expected} == expected
        assert (audit.parts["ticket_message"], audit.parts["ticket_comment"]) == (5, 1)

    def test_merged_numbers_have_accounts_of_their_own(self, engage: Open) -> None:
        audit = run_audit(engage(more=lambda write: write.add("TicketMerges", TicketNumber="9-9", TicketID=1)))
        assert audit.count("ticket") == 4
        assert audit.tickets.number == 3

    def test_rows_tell_what_of_them_is_deleted(self, engage: Open) -> None:
        def more(write: Writer) -> None:
            for key in (1, 2, 3):
                write.add("Chats", ChatID=key, IsDeleted=key == 3)

        row = next(row for row in run_audit(engage(more=more)).counts if row.name == "live_chat")
        assert (row.number, row.detail) == (3, "1 deleted")

    def test_more_redirects_than_there_are_codes_of_anything_are_all_counted(self, engage: Open) -> None:
        def more(write: Writer) -> None:
            for key in range(1, 202):
                write.add("KbArticles", KbArticleID=key, KbArticleID_ForwardTo=key % 201 and 1000 + key)

        row = next(row for row in run_audit(engage(more=more)).counts if row.name == "kb_article")
        assert row.detail == "0 deleted, 0 drafts, 0 private, 200 redirects"


class TestTickets:
    def test_dates_statuses_and_what_moves(self, audit: Audit) -> None:
        tickets = audit.tickets
        assert (tickets.first, tickets.last) == (date(2026, 4, 2), date(2026, 6, 10))
        assert tickets.by_status == {"Closed": 2, "Active": 1}
        assert (tickets.number, tickets.deleted, tickets.moved) == (3, 1, 2)

    def test_answered_tickets_count_in_the_month_of_the_first_answer_without_drafts(self, engage: Open) -> None:
        def more(write: Writer) -> None:
            message(write, 10, 1, datetime(2026, 6, 2), 1)
            message(write, 11, 3, datetime(2026, 4, 3), 1)

        assert run_audit(engage(more=more)).tickets.answered_by_month == {"2026-04": 1, "2026-05": 1}

    def test_newest_message_leaves_out_the_future(self, engage: Open) -> None:
        ahead = datetime.now(UTC).replace(tzinfo=None) + timedelta(days=900)
        audit = run_audit(engage(more=lambda write: message(write, 10, 1, ahead, 0)))
        assert audit.messages.newest == datetime(2026, 6, 10, 10, tzinfo=UTC)
        assert audit.messages.odd_dates == 1

    def test_odd_tickets_are_found(self, engage: Open) -> None:
        def more(write: Writer) -> None:
            ahead = datetime.now(UTC).replace(tzinfo=None) + timedelta(days=900)
            ticket(write, 11, datetime(1899, 12, 30))
            ticket(write, 12, ahead, UserID_Customer=None, CustomerEmailAddress="", Subject="GrÃ¶ÃŸe")
            ticket(write, 13, datetime(2026, 6, 1), DateClosedUTC=datetime(2026, 5, 1), TicketPriorityID=99)
            ticket(write, 14, None, Subject="x" * 999)

        tickets = run_audit(engage(more=more)).tickets
        assert (tickets.before_2000, tickets.in_future, tickets.closed_before_opened) == (1, 1, 1)
        assert (tickets.without_date, tickets.without_requester, tickets.without_messages) == (1, 1, 4)
        assert (tickets.garbled_subjects, tickets.long_subjects, tickets.unknown_codes) == (1, 1, 1)
        assert tickets.last == date(2026, 6, 10)

    def test_flags_that_the_database_holds_as_words_say_what_the_words_say(self, engage: Open) -> None:
        words = ("UPDATE st_Tickets SET IsDeleted = CASE IsDeleted WHEN 1 THEN 'True' ELSE 'False' END, "
                 "IsSpam = 'False'", "UPDATE st_TicketAttachments SET IsDeleted = 'False'",
                 "UPDATE st_TicketMessages SET IsDraft = CASE IsDraft WHEN 1 THEN 'True' ELSE 'False' END")  # fmt: skip
        audit = run_audit(engage(sql=words))
        assert (audit.tickets.deleted, audit.tickets.spam, audit.tickets.moved) == (1, 0, 2)
        assert (audit.storage.deleted_rows, audit.storage.row_bytes) == (0, 17)
        assert next(row.detail for row in audit.counts if row.name == "ticket").startswith("1 deleted, 0 spam")
        assert (audit.messages.drafts, audit.messages.longest_thread, audit.tickets.without_messages) == (1, 3, 0)
        assert audit.tickets.answered_by_month == {"2026-05": 1}

    def test_long_threads_count_messages_and_comments(self, engage: Open) -> None:
        def more(write: Writer) -> None:
            for n in range(500):
                message(write, 100 + n, 2, datetime(2026, 6, 11), 0)

        messages = run_audit(engage(more=more)).messages
        assert (messages.longest_thread, messages.long_threads, messages.overflow) == (501, 1, 1)

    def test_messages_that_are_drafts_undeliverable_or_without_direction_are_counted(self, engage: Open) -> None:
        def more(write: Writer) -> None:
            message(write, 10, 1, datetime(2026, 6, 1), None)
            message(write, 11, 1, datetime(2026, 6, 1), 1, DeliveryStatus=2, LastDeliveryError="550 unknown")

        messages = run_audit(engage(more=more)).messages
        assert (messages.drafts, messages.undeliverable, messages.without_direction) == (1, 1, 1)

    @pytest.mark.parametrize("text", ["Größe", "Ça va?", "prix: 5 €", "Âge", "İstanbul", "", None])
    def test_honest_letters_are_not_garbled(self, text: str | None) -> None:
        assert not is_garbled(text)

    @pytest.mark.parametrize("text", ["Größe — 5 €", "naïve", "é"])
    def test_utf8_read_as_windows_1252_is_garbled(self, text: str) -> None:
        assert is_garbled(text.encode().decode("cp1252"))


class TestPeople:
    def test_requesters_without_account_and_agents(self, audit: Audit) -> None:
        people = audit.people
        assert (people.agents, people.accounts, people.addresses, people.merged) == (1, 1, 1, 0)

    def test_shared_and_unusable_addresses_are_found(self, engage: Open) -> None:
        def more(write: Writer) -> None:
            for key, email in ((201, ADDRESS.upper()), (202, "no address")):
                write.add("Users", UserID=key, UserName=str(key), Email=email, DisplayName="X")

        people = run_audit(engage(more=more)).people
        assert (people.merged, people.unusable_addresses) == (1, 1)


def in_organizations(write: Writer) -> None:
    """Add people, organizations and filters of which some are of no use."""
    for key, email in ((201, "al@alpine.example"), (202, "bo@alpine.example"), (203, "cy@gmail.com"),
                       (204, "di@gmail.com"), (205, "no address")):  # fmt: skip
        write.add("Users", UserID=key, UserName=str(key), Email=email, DisplayName="X")
    write.add("CustomDataFields", CustomFieldID=30, DisplayName="Phone", DataType=0, SpecialMapping="Phone")
    write.add("CustomDataFieldsForUsers", UserID=205, CustomFieldID=30, DataContent="0044 20 7946 0000")
    for key in (2, 3, 4):
        write.add("Organizations", OrganizationID=key, OrganizationName=f"Company {key}")
    filters = ((1, "Domain", "postbox.example"), (2, "Domain", "postbox.example"), (2, "Email", ADDRESS),
               (2, "Phone Number", "+44 20 7946 0000"), (3, "Domain", "nobody.example"), (3, "Web site", ADDRESS),
               (3, "Domain", "NOBODY.example"), (3, "User", "Gone"))  # fmt: skip
    for n, (organization, kind, value) in enumerate(filters, 1):
        write.add("OrganizationFilters", OrganizationFilterID=n, OrganizationID=organization, FilterType=kind,
                  FilterValue=value, UserID=999 if kind == "User" else None)  # fmt: skip


@pytest.fixture(scope="module")
def peopled(tmp_path_factory: pytest.TempPathFactory, accounts: dict[str, str]) -> tuple[Audit, Path]:
    """The audit of a help desk with organizations, and the folder of what it wrote."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TEST_KEY", "demo-key")
        engagement = open_engagement(tmp_path_factory.mktemp("peopled"), accounts, more=in_organizations)
        audit = run_audit(engagement)
        engagement.close()
    return audit, engagement.paths.documents


class TestMembers:
    def test_who_is_in_which_in_several_and_in_none(self, peopled: tuple[Audit, Path]) -> None:
        m = peopled[0].members
        assert (m.people, m.in_none, m.in_several, m.most) == (7, 4, 2, 2)
        assert (m.organizations, m.without_filter, m.without_members) == (4, 1, 2)
        assert m.by_first == {"domain": 1, "email": 1, "phone": 1}
        assert m.several[0] == InSeveral("u101", ((2, "email"), (1, "domain")))
        assert [(one.id, one.members, one.first, one.shared, one.by) for one in m.largest] == [
            (2, 3, 2, 2, {"domain": 1, "email": 1, "phone": 1}),
            (1, 2, 1, 2, {"domain": 2}),
        ]

    def test_filters_that_make_nobody_a_member_are_named(self, peopled: tuple[Audit, Path]) -> None:
        m = peopled[0].members
        assert (m.filters, m.shared_values, m.unknown_kinds) == (8, 1, {"Web site": 1})
        assert m.filter_states == {
            "in use": 4, "duplicate": 1, "matches nobody": 1, "no such user": 1, "unknown kind": 1,
        }  # fmt: skip
        assert [(one.id, one.state) for one in m.faulty] == [
            (5, "matches nobody"), (6, "unknown kind"), (7, "duplicate"), (8, "no such user"),
        ]  # fmt: skip

    def test_domains_of_people_in_none_are_shown_where_they_are_shared(self, peopled: tuple[Audit, Path]) -> None:
        m = peopled[0].members
        assert (m.none_by_domain, m.none_by_free_mail) == ({"alpine.example": 2}, {"gmail.com": 2})
        assert (m.none_without_address, m.with_phone, m.phone_fields) == (0, 1, (30,))

    def test_numbers_are_those_of_the_written_list_and_notes_follow(self, peopled: tuple[Audit, Path]) -> None:
        audit, documents = peopled
        with (documents / MEMBERS_FILE).open(encoding="utf-8", newline="") as stream:
            rows = list(csv.DictReader(stream))
        assert len(rows) == sum(one.members for one in audit.members.largest) == 5
        assert len([row for row in rows if row["first"] == "yes"]) == audit.members.people - audit.members.in_none
        assert (found(audit, "in several organizations"), found(audit, "cannot be evaluated")) == (2, 2)

    def test_the_page_and_the_lists_show_nobody(self, peopled: tuple[Audit, Path]) -> None:
        audit, documents = peopled
        page = members_page.members(audit)
        assert "Web site" in page
        assert "alpine.example" in page
        written = "".join(file.read_text(encoding="utf-8") for file in documents.glob("*.csv"))
        assert "i***@***.example" in written
        for private in (ADDRESS, "ida", "7946", "Company", "nobody.example"):
            assert private not in page
            assert private not in written

    def test_a_source_without_organizations_has_none_to_show(self, audit: Audit) -> None:
        without = replace(audit, members=replace(audit.members, organizations=0))
        assert "There are no organizations" in members_page.members(without)


class TestFieldsAndCodes:
    def test_values_near_and_at_the_real_length_are_counted(self, engage: Open) -> None:
        def more(write: Writer) -> None:
            for key, n in ((3, 499), (1, 500)):
                write.add("CustomDataFieldsInTickets", TicketID=key, CustomFieldID=2, DataContent="y" * n)

        audit = run_audit(engage(more=more))
        order, reason = audit.fields
        assert audit.ceiling == 512
        assert (order.in_tickets, order.longest, order.near_ceiling, order.at_ceiling) == (2, 512, 1, 1)
        assert (reason.in_tickets, reason.longest, reason.near_ceiling, reason.at_ceiling) == (2, 500, 1, 0)
        assert reason.options == 2

    def test_codes_that_decide_are_known_or_said_to_be_unknown(self, engage: Open) -> None:
        def more(write: Writer) -> None:
            ticket(write, 11, datetime(2026, 6, 1), TicketStatusID=77)

        codes = {(code.column, code.code): code for code in run_audit(engage(more=more)).codes}
        assert codes["Tickets.TicketStatusID", "1"].meaning == "Active: open"
        assert codes["TicketMessages.MessageDirection", "1"].meaning == "outgoing: from an agent"
        assert not codes["Tickets.TicketStatusID", "77"].known


class TestStorage:
    def test_health_of_the_files_root(self, audit: Audit) -> None:
        storage = audit.storage
        assert (storage.rows, storage.row_bytes, storage.files, storage.file_bytes) == (4, 17, 4, 10)
        assert (storage.missing, storage.shared, storage.empty, storage.orphans) == (1, 1, 1, 1)
        assert storage.by_year == {"2026": 17}

    def test_deleted_rows_are_not_missed_but_keep_their_file_from_being_an_orphan(self, engage: Open) -> None:
        def more(write: Writer) -> None:
            for key, name in ((10, "stray.att"), (11, "never.att")):
                write.add("TicketAttachments", TicketAttachmentID=key, TicketID=1, FileNameOnDisk=name, IsDeleted=True)

        storage = run_audit(engage(more=more)).storage
        assert (storage.deleted_rows, storage.missing, storage.orphans) == (2, 1, 0)

    def test_attachments_are_counted_where_no_column_says_which_are_deleted(self, engage: Open) -> None:
        audit = run_audit(engage(sql=("ALTER TABLE st_TicketAttachments DROP COLUMN IsDeleted",)))
        assert audit.source.missing == ("st_TicketAttachments.IsDeleted",)
        assert (audit.storage.rows, audit.storage.deleted_rows, audit.storage.row_bytes) == (4, 0, 17)

    def test_oversized_by_row_or_by_disk(self, engage: Open) -> None:
        def more(write: Writer) -> None:
            write.add("TicketAttachments", TicketAttachmentID=10, TicketID=1, FileNameOnDisk="a.att",
                      FileNameOriginal="film.mp4", Length=30_000_000)  # fmt: skip

        storage = run_audit(engage(more=more)).storage
        assert (storage.oversized, storage.different_size) == (1, 1)

    def test_what_is_missing_is_taken_from_the_uploads_once_however_large_it_is(self, engage: Open) -> None:
        def more(write: Writer) -> None:
            for key in range(10, 15):
                write.add("TicketAttachments", TicketAttachmentID=key, TicketID=1, FileNameOnDisk=f"never{key}.att",
                          FileNameOriginal="film.mp4", Length=30_000_000)  # fmt: skip

        audit = run_audit(engage(more=more))
        assert (audit.storage.rows, audit.storage.missing, audit.storage.oversized) == (9, 6, 0)
        assert Volume.of(audit).uploads == 3

    def test_without_a_files_root_to_look_at_the_rows_say_what_is_too_large(self, engage: Open, tmp_path: Path) -> None:
        def more(write: Writer) -> None:
            write.add("TicketAttachments", TicketAttachmentID=10, TicketID=1, FileNameOnDisk="never.att",
                      FileNameOriginal="film.mp4", Length=30_000_000)  # fmt: skip

        storage = run_audit(engage(more=more, files=str(tmp_path / "nowhere"))).storage
        assert (storage.missing, storage.oversized) == (None, 1)


class TestThreads:
    def test_a_heartbeat_as_young_as_the_mail_means_running(self, audit: Audit) -> None:
        assert (audit.threads.state, audit.threads.timers, audit.threads.licensing) == ("running", 1, ("Active",))

    def test_mail_long_after_the_last_heartbeat_means_stopped(self, engage: Open) -> None:
        later = datetime(2026, 6, 10, 10, 31)
        assert run_audit(engage(more=lambda write: message(write, 10, 1, later, 0))).threads.state == "stopped"


class TestKeeping:
    def test_the_ledger_keeps_the_audit(self, engage: Open) -> None:
        engagement = engage()
        assert run_audit(engagement).as_json() == engagement.ledger.meta("audit")

    def test_nothing_personal_and_no_secret_is_kept(self, audit: Audit) -> None:
        text = json.dumps(audit.as_json())
        for private in (ADDRESS, "Ida Bloom", BODY, SECRET, "Tent", "FO-1"):
            assert private not in text

    def test_notes_name_what_is_there_and_nothing_else(self, audit: Audit) -> None:
        assert found(audit, "deleted in SmarterTrack") == 1
        assert found(audit, "file is missing") == 1
        assert found(audit, "spam") == 0
        assert all(note.number for note in notes(audit))

    def test_the_status_line_says_what_could_not_be_reached(self, engage: Open) -> None:
        assert "sandbox" in parts.status(run_audit(engage(sandbox="http://127.0.0.1:9")))
