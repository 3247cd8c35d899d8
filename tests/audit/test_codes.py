"""Codes: every value is listed with what is made of it, and one that decides something and means nothing stops."""

from __future__ import annotations

import html
from datetime import datetime
from pathlib import Path

import pytest

from migrator_lib import mapping
from migrator_lib.audit import Audit, codes, parts, preflight, run_audit
from migrator_lib.audit.codes import EMPTY, LISTED
from migrator_lib.errors import ExitCode, HaltError, ParameterError, UnmappedCodes, exit_code_for
from migrator_lib.plan import codes as plan_codes
from migrator_lib.simulators.smartertrack.schema import Writer
from tests.audit.desk import Open, message, ticket

DAY = datetime(2026, 6, 1)
MAPPED = """\
statuses: {77: {name: Parked, becomes: open}}
priorities: {88: {name: Board, becomes: critical}}
directions: {2: {becomes: outgoing}}
comment_types: {9: {name: Call-back}}
chat_senders: {3: {becomes: agent}}
chat_views: {1: {becomes: internal}}
"""


def unmapped(write: Writer) -> None:
    ticket(write, 11, DAY, TicketStatusID=77, TicketPriorityID=88)
    ticket(write, 12, DAY, TicketStatusID=77)
    message(write, 20, 11, DAY, 2)
    write.add("TicketComments", TicketID=11, TicketCommentID=9, CommentTypeID=9, UserID=2, CommentText="Call her")
    write.add("ChatMessages", ChatMessageID=1, ChatID=1, ChatSenderType=3, ViewRestriction=1)


def mapping_file(folder: Path) -> Path:
    return folder / "parameters" / "fernhill" / "mapping.yaml"


def code(audit: Audit, column: str, value: str) -> codes.Code:
    return next(one for one in audit.codes if (one.column, one.code) == (column, value))


def test_a_source_whose_codes_are_all_explained_passes(audit: Audit) -> None:
    codes.require_mapped(audit)
    assert audit.unmapped == ()
    assert preflight.unmapped(audit) == ""


def test_every_unmapped_code_of_every_column_is_in_one_error_with_what_to_write(engage: Open) -> None:
    with pytest.raises(UnmappedCodes) as caught:
        codes.require_mapped(run_audit(engage(more=unmapped)))
    for line in ("Tickets.TicketStatusID 77: 2 rows", "Tickets.TicketPriorityID 88: 1 row",
                 "TicketMessages.MessageDirection 2: 1 row", "TicketComments.CommentTypeID 9: 1 row",
                 "ChatMessages.ChatSenderType 3: 1 row", "ChatMessages.ViewRestriction 1: 1 row"):  # fmt: skip
        assert f"\n  {line}\n" in caught.value.message + "\n"
    assert len(caught.value.codes) == 6
    assert ("priorities", "88", "Tickets.TicketPriorityID 88: 1 row") in caught.value.codes
    assert "parameters/fernhill/mapping.yaml" in caught.value.next_step
    assert "in a section that is there already, only add the lines of the codes" in caught.value.next_step
    assert "migrator run fernhill" in caught.value.next_step


def test_it_halts_the_run(engage: Open) -> None:
    assert issubclass(UnmappedCodes, HaltError)
    assert exit_code_for("UnmappedCodes") == ExitCode.FAILED


def test_what_the_error_says_to_write_lets_the_audit_pass_once_a_person_chose(engage: Open, tmp_path: Path) -> None:
    engagement = engage(more=unmapped)
    text = codes.entries(run_audit(engagement))
    mapping_file(tmp_path).write_text(text)
    with pytest.raises(
        ParameterError, match=r"priorities\.88\.becomes: .*'critical', 'high', 'normal' or 'low'"
    ) as refused:
        run_audit(engagement)
    for key in ("statuses.77.name", "directions.2.becomes", "comment_types.9.name"):
        assert f"\n  {key}: " in refused.value.message
    for choice in ("open", "high", "outgoing", "customer", "public"):
        text = text.replace("CHOOSE", choice, 1)
    mapping_file(tmp_path).write_text(text.replace("name: ", "name: Call-back"))
    codes.require_mapped(run_audit(engagement))


def test_what_a_person_wrote_is_what_codes_are_taken_as(engage: Open, tmp_path: Path) -> None:
    engagement = engage(more=unmapped)
    mapping_file(tmp_path).write_text(MAPPED)
    audit = run_audit(engagement)
    codes.require_mapped(audit)
    assert code(audit, "Tickets.TicketStatusID", "77").meaning == "Parked: open"
    assert code(audit, "Tickets.TicketPriorityID", "88").meaning == "Board: critical"
    assert code(audit, "TicketMessages.MessageDirection", "2").meaning == "outgoing: from an agent"
    assert code(audit, "TicketComments.CommentTypeID", "9").meaning == "internal note, Call-back"
    assert audit.tickets.answered_by_month == {"2026-05": 1, "2026-06": 1}


def test_an_entry_without_a_sense_is_refused_by_file_and_key(engage: Open, tmp_path: Path) -> None:
    engagement = engage(more=unmapped)
    mapping_file(tmp_path).write_text(MAPPED.replace("becomes: outgoing", "becomes: sideways"))
    with pytest.raises(ParameterError, match=r"directions\.2\.becomes: .*'incoming' or 'outgoing'"):
        run_audit(engagement)


def test_a_message_without_a_direction_stops_nothing_and_its_rule_is_named(engage: Open) -> None:
    audit = run_audit(engage(more=lambda write: message(write, 20, 1, DAY, None)))
    codes.require_mapped(audit)
    assert "whoever wrote the message decides" in code(audit, "TicketMessages.MessageDirection", EMPTY).meaning


def test_an_empty_code_is_asked_for_and_mapped_whatever_the_database_holds_for_nothing(
    engage: Open, tmp_path: Path
) -> None:
    def more(write: Writer) -> None:
        ticket(write, 11, DAY)
        message(write, 20, 11, DAY, 0)

    engagement = engage(
        more=more,
        sql=("UPDATE st_Tickets SET TicketStatusID = '' WHERE TicketID = 11",
             "UPDATE st_TicketMessages SET MessageDirection = '' WHERE TicketMessageID = 20"),
    )  # fmt: skip
    audit = run_audit(engagement)
    assert [(one.column, one.code) for one in audit.unmapped] == [("Tickets.TicketStatusID", EMPTY)]
    mapping_file(tmp_path).write_text(codes.entries(audit).replace("name: ", "name: Gone").replace("CHOOSE", "closed"))
    codes.require_mapped(run_audit(engagement))


def test_the_page_is_whole_and_says_at_its_head_that_it_stops(engage: Open) -> None:
    audit = run_audit(engage(more=unmapped))
    status = parts.status(audit)
    assert "Stopped" in status
    assert "1 of TicketMessages.MessageDirection" in status
    asked = html.unescape(preflight.unmapped(audit))
    for text in ("statuses:", "'77'", "directions:", "'2'", "parameters/fernhill/mapping.yaml"):
        assert text in asked
    assert preflight.code_columns(audit).count('class="different"') == 6
    assert audit.tickets.number == 5


def test_an_account_out_of_reach_and_unmapped_codes_are_both_told(engage: Open) -> None:
    status = parts.status(run_audit(engage(more=unmapped, sandbox="http://127.0.0.1:9")))
    assert "could not be reached: sandbox" in status
    assert "1 of Tickets.TicketStatusID" in status


class TestMany:
    def test_statuses_beyond_fifty_are_all_looked_at(self, engage: Open) -> None:
        def more(write: Writer) -> None:
            for n in range(100, 160):
                ticket(write, n, DAY, TicketStatusID=n)

        audit = run_audit(engage(more=more))
        assert len(audit.unmapped) == 60
        assert codes.entries(audit).count("becomes: CHOOSE") == 60

    def test_a_deciding_column_of_more_values_than_there_can_be_codes_stops(
        self, engage: Open, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(codes, "LIMIT", 3)

        def more(write: Writer) -> None:
            for n in range(100, 103):
                write.add("TicketPriorities", TicketPriorityID=n, EnglishName=f"P{n}", DisplayName=f"P{n}")
                ticket(write, n, DAY, TicketPriorityID=n)

        audit = run_audit(engage(more=more))
        with pytest.raises(
            UnmappedCodes, match="TicketPriorityID more values: more than 3 values are no codes"
        ) as caught:
            codes.require_mapped(audit)
        assert "source.prefix" in caught.value.next_step
        page = preflight.unmapped(audit)
        assert "more than 3 values are no codes" in page
        assert "mapping.yaml" not in page

    def test_a_column_that_decides_nothing_says_how_many_more_there_are(self, engage: Open) -> None:
        def more(write: Writer) -> None:
            for n in range(LISTED + 5):
                write.add("Threads", ThreadID=n, BrandID=1, CategoryType=n, Status=2, Subject="x")

        audit = run_audit(engage(more=more))
        found = [one for one in audit.codes if one.column == "Threads.CategoryType"]
        assert (len(found), found[-1].code, found[-1].number) == (LISTED + 1, "5 more values", 5)
        codes.require_mapped(audit)


class TestDecidingNothing:
    def test_every_column_of_the_checklist_is_looked_at(self, engage: Open) -> None:
        def more(write: Writer) -> None:
            write.add("ChatMessages", ChatMessageID=1, ChatID=1, ChatSenderType=3, ViewRestriction=1)
            write.add("OrganizationFilters", OrganizationFilterID=1, OrganizationID=1, FilterType="Domain")
            write.add("Threads", ThreadID=1, BrandID=1, CategoryType=4, Status=2, Subject="x")

        columns = {one.column for one in run_audit(engage(more=more)).codes}
        assert columns >= {
            "Tickets.TicketStatusID", "Tickets.TicketPriorityID", "TicketMessages.MessageDirection",
            "TicketMessages.DeliveryStatus", "TicketComments.CommentTypeID", "ChatMessages.ChatSenderType",
            "ChatMessages.ViewRestriction", "CustomDataFields.DataType", "CustomDataFields.SpecialMapping",
            "OrganizationFilters.FilterType", "Roles.RoleCategory", "Files.CompressionType", "Threads.CategoryType",
            "Threads.Status", "Servers.LicensingMode",
        }  # fmt: skip

    def test_a_kind_of_filter_is_told_and_one_that_is_not_known_makes_nobody_a_member(self, engage: Open) -> None:
        def more(write: Writer) -> None:
            for n, kind in enumerate(("Domain", "Web Site"), 1):
                write.add("OrganizationFilters", OrganizationFilterID=n, OrganizationID=1, FilterType=kind)

        audit = run_audit(engage(more=more))
        kinds = {one.code: one.meaning for one in audit.codes if one.column == "OrganizationFilters.FilterType"}
        assert kinds["Domain"] == "members by domain"
        assert "nobody" in kinds["Web Site"]
        codes.require_mapped(audit)

    def test_departments_and_groups_that_are_gone_are_named_and_stop_nothing(self, engage: Open) -> None:
        def more(write: Writer) -> None:
            ticket(write, 11, DAY, GroupID=9)
            ticket(write, 12, DAY, DepartmentID=7)

        audit = run_audit(engage(more=more))
        strays = {one.code: one.meaning for one in audit.codes if "GroupID" in one.column}
        assert strays == {"1 / 9": "no such group: moved to the department's team",
                          "7 / 1": "no such department: moved without a team"}  # fmt: skip
        assert audit.tickets.without_team == 2
        assert audit.tickets.unknown_codes == 0
        codes.require_mapped(audit)


def test_every_column_that_decides_has_its_section_in_the_mapping() -> None:
    assert {column.section for column in plan_codes.DECIDING} <= set(mapping.EngagementMapping.model_fields)
