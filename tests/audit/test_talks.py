"""Live chats and call logs in numbers."""

from __future__ import annotations

from datetime import datetime

from migrator_lib.audit import run_audit
from migrator_lib.objects.thread import CALL_LIMIT
from migrator_lib.simulators.smartertrack.schema import Writer
from tests.audit.desk import Open

DAY = datetime(2026, 5, 20, 8)


def talks(write: Writer) -> None:
    for n, deleted in ((1, False), (2, True)):
        write.add("Chats", ChatID=n, IsDeleted=deleted, DateStartedUTC=DAY)
        write.add("CallLogs", CallLogID=n, IsDeleted=deleted, DateStartUTC=DAY.replace(year=2999))
    for n in range(CALL_LIMIT + 3):
        write.add("ChatMessages", ChatMessageID=n, ChatID=1, ChatSenderType=0, ViewRestriction=0)
    write.add("ChatComments", ChatCommentID=1, ChatID=1, CommentTypeID=1, UserID=2, CommentText="x")
    write.add("ChatAttachments", ChatAttachmentID=1, ChatID=1, FileNameOriginal="a.png", FileNameOnDisk="a.att")


def test_what_moves_is_counted_with_its_lines_its_files_and_its_months(engage: Open) -> None:
    engagement = engage(more=talks)
    audit = run_audit(engagement)
    found = audit.talks
    assert (found.chats, found.chats_moved, found.calls, found.calls_moved, found.moved) == (2, 1, 2, 1, 2)
    assert (found.lines, found.long_chats, found.overflow) == (CALL_LIMIT + 4, 1, 4)
    assert (found.chats_by_month, found.calls_by_month) == ({"2026-05": 2}, {})
    assert audit.storage.rows == (engagement.source.count("TicketAttachments") or 0) + 1
    assert "voice" in {gate.name for gate in audit.gates}


def test_a_source_without_chats_and_calls_has_none(engage: Open) -> None:
    audit = run_audit(engage())
    assert (audit.talks.moved, audit.talks.lines) == (0, 0)
    assert "voice" not in {gate.name for gate in audit.gates}
