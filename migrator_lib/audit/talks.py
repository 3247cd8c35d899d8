"""Live chats and call logs in numbers: what of them is moved, and how long chats are."""

from __future__ import annotations

from datetime import datetime

from migrator_lib.audit import queries
from migrator_lib.audit.facts import Talks
from migrator_lib.objects.thread import CALL_LIMIT
from migrator_lib.parameters import Parameters
from migrator_lib.smartertrack.database import SourceDatabase

LINES = ("ChatMessages", "ChatComments")


def talk_facts(source: SourceDatabase, parameters: Parameters, now: datetime) -> Talks:
    """Return chats and calls in numbers; calls that the engagement leaves out are counted, and not moved."""

    def by_month(table: str, column: str) -> dict[str, int]:
        found = sorted(queries.by_month(source, table, column).items())
        return {month: n for month, n in found if month <= f"{now:%Y-%m}"}

    chats, calls = source.count("Chats") or 0, source.count("CallLogs") or 0
    in_scope = parameters.policy.call_logs == "migrate"
    _, long_chats, overflow = queries.thread_lengths(source, CALL_LIMIT, [(table, []) for table in LINES], "ChatID")
    return Talks(
        chats=chats,
        chats_moved=chats - queries.flagged(source, "Chats", "IsDeleted"),
        lines=sum(source.count(table) or 0 for table in LINES),
        long_chats=long_chats,
        overflow=overflow,
        calls=calls,
        calls_moved=calls - queries.flagged(source, "CallLogs", "IsDeleted") if in_scope else 0,
        chats_by_month=by_month("Chats", "DateStartedUTC"),
        calls_by_month=by_month("CallLogs", "DateStartUTC"),
    )
