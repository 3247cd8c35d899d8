"""A small help desk that works while it is read: what SmarterTrack, its agents and its database's admin do to it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import sqlalchemy as sa

from migrator_lib import delta
from migrator_lib.chunks import Row, to_staged
from migrator_lib.delta import Candidates, Changes, Watermark
from migrator_lib.progress import Progress
from migrator_lib.simulators.smartertrack.schema import DEFAULTS
from migrator_lib.smartertrack.database import SourceDatabase
from migrator_lib.smartertrack.tables import (
    FAMILIES,
    TAGS_IN_TASKS,
    TICKET_FAMILY,
    Chosen,
    SourceTable,
    chosen_of,
    family_of,
    known_schema,
)
from migrator_lib.staging import Staged, write_gone
from tests.smartertrack.source_desk import known_tables, tables_of

STAGED: tuple[SourceTable, ...] = (TAGS_IN_TASKS, *(table for family in FAMILIES for table in family.tables))
"""In the order in which an extract reads them: the small ones first."""
NAMES = (*(table.name for table in STAGED), "TicketEventLogs")
OPENED = datetime(2026, 6, 1, 8)
LAST = datetime(2026, 6, 30, 12)
"""When something last happened before the help desk is read for the first time."""
OVERLAP = timedelta(minutes=60)
TICKETS = 6
FIRST_NEW = 1000
"""What comes later has ids from here on; an import may use the gap below."""
PARTS = (
    "TicketMessages",
    "TicketComments",
    "TicketAttachments",
    "Tasks",
    "TimeLogs",
    "TicketLinks",
    "TicketMerges",
    "TicketEventLogs",
)
"""Tables whose rows follow a merged ticket into the surviving one."""
Doing = Callable[[], None]


class Moving:
    """A database that is filled, worked on, and staged several times."""

    def __init__(self, url: str, folder: Path, *, without: Sequence[str] = ()) -> None:
        self.folder = folder
        self.engine = sa.create_engine(url)
        if self.engine.dialect.name == "sqlite":
            sa.event.listen(self.engine, "connect", lambda made, _: made.execute("PRAGMA synchronous = OFF"))
        tables_of([name for name in NAMES if name not in without]).create_all(self.engine)
        self.database = SourceDatabase(url)
        self.progress = Progress(folder / "progress.json", "07")
        self.examples = 0
        self.begin()

    def begin(self) -> None:
        """Forget what was staged, and turn the time back."""
        self.examples += 1
        self.stages: list[Path] = []
        self.last_id, self.last_of_the_gap, self.now, self.events = FIRST_NEW, FIRST_NEW // 2, LAST, 0

    def close(self) -> None:
        self.database.close()
        self.engine.dispose()

    # --- rows --------------------------------------------------------------------------------------

    def table(self, name: str) -> sa.Table:
        return known_tables("st_").tables[f"st_{name}"]

    def do(self, *statements: sa.Executable) -> None:
        with self.engine.begin() as connection:
            for statement in statements:
                connection.execute(statement)

    def ask(self, name: str, column: str, **where: Any) -> list[Any]:
        table = self.table(name)
        conditions = [table.c[key] == value for key, value in where.items()]
        with self.engine.connect() as connection:
            return list(connection.scalars(sa.select(table.c[column]).where(*conditions).order_by(table.c[column])))

    def insert(self, name: str, **values: Any) -> sa.Executable:
        blank = {column: DEFAULTS.get(kind) for column, kind in known_schema()[name].items()}
        return self.table(name).insert().values(blank | values)

    def update(self, name: str, where: dict[str, Any], **values: Any) -> sa.Executable:
        table = self.table(name)
        return table.update().where(*(table.c[key] == value for key, value in where.items())).values(**values)

    def delete(self, name: str, **where: Any) -> sa.Executable:
        table = self.table(name)
        return table.delete().where(*(table.c[key] == value for key, value in where.items()))

    def number(self) -> int:
        self.last_id += 1
        return self.last_id

    def moment(self) -> datetime:
        """Return a moment that is later than all before it, by more than the overlap."""
        self.now += 1.5 * OVERLAP
        return self.now

    def tickets(self) -> list[int]:
        return self.ask("Tickets", "TicketID")

    def ticket(self, key: int, at: datetime) -> list[sa.Executable]:
        return [
            self.insert("Tickets", TicketID=key, TicketNumber=f"100-{key:08X}-0001", DateOpenedUTC=at,
                        Subject=f"T {key}", TicketPriorityID=2, TicketStatusID=1,
                        CustomerEmailAddress=f"c{key}@postbox.example"),
            self.message(key, key, at),
        ]  # fmt: skip

    def message(self, ticket: int, key: int, at: datetime, **more: Any) -> sa.Executable:
        values = {"Subject": "Re", "BodyText": f"text {key}", "BodyHTML": f"<p>{key}</p>", "FromAddress": "a@b.example",
                  "ToAddress": "support@demo.example", "CcAddresses": "", "MessageDirection": key % 2}  # fmt: skip
        return self.insert(
            "TicketMessages", TicketID=ticket, TicketMessageID=key, DateReceivedUTC=at, **{**values, **more}
        )

    def comment(self, ticket: int, key: int, at: datetime) -> sa.Executable:
        return self.insert("TicketComments", TicketID=ticket, TicketCommentID=key, DateEnteredUTC=at, CommentTypeID=1,
                           UserID=2, CommentText=f"comment {key}")  # fmt: skip

    def attachment(self, ticket: int, key: int, at: datetime) -> sa.Executable:
        return self.insert("TicketAttachments", TicketID=ticket, TicketAttachmentID=key, TicketMessageID=0,
                           FileNameOriginal="a.pdf", FileNameOnDisk=f"{key}.bin", CreationDateUTC=at)  # fmt: skip

    def task(self, ticket: int, key: int, at: datetime) -> sa.Executable:
        return self.insert("Tasks", TicketID=ticket, TaskID=key, DateModifiedUTC=at)

    def time_log(self, ticket: int, key: int, at: datetime) -> sa.Executable:
        return self.insert("TimeLogs", TicketID=ticket, TimeLogID=key, TagID=1, DateModifiedUTC=at)

    def link_row(self, ticket: int, key: int) -> sa.Executable:
        return self.insert("TicketLinks", TicketID=ticket, TicketLinkID=key, TicketID_Secondary=ticket + 1)

    def event(self, ticket: int, at: datetime) -> sa.Executable:
        self.events += 1
        return self.insert("TicketEventLogs", TicketID=ticket, EventDateUTC=at, Uniquifier=self.events)

    def fill(self) -> None:
        """Begin anew: a few tickets that have something of everything."""
        self.begin()
        rows: list[sa.Executable] = [self.table(name).delete() for name in NAMES]
        for n in range(1, TICKETS + 1):
            at = LAST - timedelta(days=2 * (TICKETS - n))
            rows += [*self.ticket(n, at), self.message(n, 100 + n, at, IsDraft=True), self.comment(n, n, at),
                     self.attachment(n, n, at), self.task(n, n, at), self.time_log(n, n, at), self.event(n, at),
                     self.link_row(n, n),
                     self.insert("CustomDataFieldsInTickets", TicketID=n, CustomFieldID=1, DataContent="blue"),
                     self.insert("TagsInTasks", TagsInTasksID=n, TaskID=n, TagID=1)]  # fmt: skip
        self.do(*rows)

    # --- what SmarterTrack and agents do: it leaves a trace ------------------------------------------

    def open_ticket(self, _: int) -> None:
        key, at = self.number(), self.moment()
        self.do(*self.ticket(key, at), self.event(key, at))

    def receive(self, ticket: int) -> None:
        self.do(self.message(ticket, self.number(), self.moment()))

    def receive_late(self, ticket: int) -> None:
        """Import old mail with the date that it had."""
        self.do(self.message(ticket, self.number(), OPENED))

    def receive_from_a_slow_clock(self, ticket: int) -> None:
        """Log an event by a server whose clock is behind, as a transaction does that was open for long."""
        self.do(self.event(ticket, self.now - OVERLAP * 0.9), self.update("Tickets", {"TicketID": ticket}, UserID=9))

    def change_status(self, ticket: int) -> None:
        at = self.moment()
        (status,) = self.ask("Tickets", "TicketStatusID", TicketID=ticket)
        self.do(
            self.update("Tickets", {"TicketID": ticket}, TicketStatusID=4 - status, DateClosedUTC=None),
            self.event(ticket, at),
        )

    def close_ticket(self, ticket: int) -> None:
        self.do(self.update("Tickets", {"TicketID": ticket}, TicketStatusID=3, DateClosedUTC=self.moment()))

    def delete_ticket(self, ticket: int) -> None:
        self.do(self.update("Tickets", {"TicketID": ticket}, IsDeleted=True, DateDeletedUTC=self.moment()))

    def add_comment(self, ticket: int) -> None:
        self.do(self.comment(ticket, self.number(), self.moment()))

    def attach(self, ticket: int) -> None:
        self.do(self.attachment(ticket, self.number(), self.moment()))

    def set_field(self, ticket: int) -> None:
        at, key = self.moment(), self.number()
        self.do(
            self.insert("CustomDataFieldsInTickets", TicketID=ticket, CustomFieldID=key, DataContent="new"),
            self.event(ticket, at),
        )

    def add_task(self, ticket: int) -> None:
        self.do(self.task(ticket, self.number(), OPENED))

    def finish_task(self, ticket: int) -> None:
        self.do(self.update("Tasks", {"TicketID": ticket}, IsDeleted=True, DateModifiedUTC=self.moment()))

    def log_time(self, ticket: int) -> None:
        self.do(self.time_log(ticket, self.number(), self.moment()))

    def correct_time(self, ticket: int) -> None:
        self.do(self.update("TimeLogs", {"TicketID": ticket}, TagID=self.number(), DateModifiedUTC=self.moment()))

    def tag_task(self, ticket: int) -> None:
        for task in self.ask("Tasks", "TaskID", TicketID=ticket)[:1]:
            key = self.number()
            self.do(self.insert("TagsInTasks", TagsInTasksID=key, TaskID=task, TagID=key))

    def link(self, ticket: int) -> None:
        self.do(self.link_row(ticket, self.number()))

    def send_draft(self, ticket: int) -> None:
        for key in self.ask("TicketMessages", "TicketMessageID", TicketID=ticket, IsDraft=True)[:1]:
            sent = {"IsDraft": False, "DateReceivedUTC": self.moment(), "BodyText": f"as sent {key}"}
            self.do(self.update("TicketMessages", {"TicketMessageID": key}, **sent))

    def rewrite_message(self, ticket: int) -> None:
        """Change nothing but a body, and say so in the event log."""
        for key in self.ask("TicketMessages", "TicketMessageID", TicketID=ticket)[:1]:
            self.do(
                self.update("TicketMessages", {"TicketMessageID": key}, BodyHTML=f"<p>again {self.number()}</p>"),
                self.event(ticket, self.moment()),
            )

    def merge(self, ticket: int) -> None:
        """Merge a ticket into the next one; its row goes, its parts move, and its number stays."""
        tickets = self.tickets()
        survivor = tickets[(tickets.index(ticket) + 1) % len(tickets)]
        if survivor == ticket:
            return
        (number,) = self.ask("Tickets", "TicketNumber", TicketID=ticket)
        self.do(
            *(self.update(name, {"TicketID": ticket}, TicketID=survivor) for name in PARTS),
            self.delete("CustomDataFieldsInTickets", TicketID=ticket),
            self.insert("TicketMerges", TicketNumber=number, TicketID=survivor),
            self.delete("Tickets", TicketID=ticket),
            self.event(survivor, self.moment()),
        )

    # --- what leaves no trace ------------------------------------------------------------------------

    def rename(self, ticket: int) -> None:
        self.do(self.update("Tickets", {"TicketID": ticket}, Subject=f"another {self.number()}"))

    def restore(self, ticket: int) -> None:
        self.do(self.update("Tickets", {"TicketID": ticket}, IsDeleted=False, DateDeletedUTC=None))

    def change_field(self, ticket: int) -> None:
        self.do(self.update("CustomDataFieldsInTickets", {"TicketID": ticket}, DataContent=f"red {self.number()}"))

    def clear_fields(self, ticket: int) -> None:
        self.do(self.delete("CustomDataFieldsInTickets", TicketID=ticket))

    def edit_comment(self, ticket: int) -> None:
        self.do(self.update("TicketComments", {"TicketID": ticket}, CommentText=f"edited {self.number()}"))

    def remove_messages(self, ticket: int) -> None:
        self.do(self.delete("TicketMessages", TicketID=ticket))

    def remove_comments(self, ticket: int) -> None:
        self.do(self.delete("TicketComments", TicketID=ticket))

    def hide_attachments(self, ticket: int) -> None:
        self.do(self.update("TicketAttachments", {"TicketID": ticket}, IsDeleted=True))

    def remove_tasks(self, ticket: int) -> None:
        self.do(self.delete("Tasks", TicketID=ticket), self.delete("TimeLogs", TicketID=ticket))

    def unlink(self, ticket: int) -> None:
        self.do(self.delete("TicketLinks", TicketID=ticket))

    def rewrite_task(self, ticket: int) -> None:
        self.do(self.update("Tasks", {"TicketID": ticket}, Subject=f"another {self.number()}"))

    def fill_gap(self, _: int) -> None:
        """Restore a ticket from an old backup, with its old id and its old date."""
        self.last_of_the_gap += 1
        self.do(*self.ticket(self.last_of_the_gap, OPENED))

    def correct_sender(self, ticket: int) -> None:
        self.do(self.update("TicketMessages", {"TicketID": ticket}, FromAddress=f"n{self.number()}@b.example"))

    def purge(self, ticket: int) -> None:
        self.do(*(self.delete(name, TicketID=ticket) for name in ("Tickets", "CustomDataFieldsInTickets", *PARTS)))

    # --- reading -----------------------------------------------------------------------------------

    def stage(self, name: str, only: Chosen | None, meanwhile: Sequence[Doing] = ()) -> Path:
        """Stage everything, or these tickets (chats, calls); between two tables, something of ``meanwhile`` is done."""
        folder, doing = self.folder / str(self.examples) / name, list(meanwhile)
        for table in STAGED:
            family = family_of(table.name)
            among = None if family is None or only is None else sorted(chosen_of(only, family))
            rows = self.database.page(table, after=None, rows=100_000, only=among)  # none of a table that is missing
            (folder / table.name).mkdir(parents=True)
            pq.write_table(to_staged(table, rows), folder / table.name / "part-00000.parquet")
            if doing:
                doing.pop(0)()
        return folder

    @property
    def staged(self) -> Staged:
        return Staged(self.stages)

    def extract(self, meanwhile: Sequence[Doing] = ()) -> Watermark:
        mark = delta.take(self.database)
        self.stages = [self.stage("full", None, meanwhile)]
        return mark

    def follow(self, mark: Watermark, meanwhile: Sequence[Doing] = ()) -> Watermark:
        """Lay a delta over that the watermark leads to, and return the next one."""
        began = delta.take(self.database)
        found = self.changes(only=self.since(mark).by_family)
        self.lay_over(found, meanwhile)
        return began

    def lay_over(self, found: Changes, meanwhile: Sequence[Doing] = ()) -> None:
        changed = {family.name: found.ids(family) for family in FAMILIES}
        folder = self.stage(f"delta-{len(self.stages):03d}", changed, meanwhile)
        write_gone(folder, found.merged)
        self.stages.append(folder)

    def since(self, mark: Watermark, overlap: timedelta = OVERLAP) -> Candidates:
        return delta.since(self.database, self.staged, mark, overlap, self.progress, page_rows=50)

    def changes(self, **options: Any) -> Changes:
        return delta.changes(self.database, self.staged, self.progress, page_rows=50, **options)

    def fresh(self) -> Staged:
        """Return a new extract of everything."""
        return Staged([self.stage(f"fresh-{len(self.stages)}", None)])


TRACED = (
    "open_ticket", "receive", "receive_late", "receive_from_a_slow_clock", "change_status", "close_ticket",
    "delete_ticket", "add_comment", "attach", "set_field", "add_task", "finish_task", "log_time", "correct_time",
    "tag_task", "link", "send_draft", "rewrite_message", "merge",
)  # fmt: skip
UNTRACED = (
    "rename", "restore", "change_field", "clear_fields", "edit_comment", "remove_messages", "remove_comments",
    "hide_attachments", "remove_tasks", "rewrite_task", "unlink", "fill_gap", "correct_sender", "purge",
)  # fmt: skip


def everything(
    staged: Staged, *, without: frozenset[int] = frozenset(), only: frozenset[int] | None = None
) -> dict[str, list[tuple[Any, ...]]]:
    """Return all rows of every table of tickets, in the order of their keys."""
    found = {}
    for table in TICKET_FAMILY.tables:
        rows = staged.columns(table.name, table.columns)
        told = [row for row in rows if row["TicketID"] not in without and (only is None or row["TicketID"] in only)]
        found[table.name] = sorted((_values(table, row) for row in told), key=lambda row: row[: len(table.key)])
    return found


def _values(table: SourceTable, row: Row) -> tuple[Any, ...]:
    return tuple(row[column] for column in table.columns)


@contextmanager
def moving(folder: Path) -> Iterator[Moving]:
    """A help desk on SQLite that things happen to."""
    made = Moving(f"sqlite:///{folder / 'source.sqlite3'}", folder)
    yield made
    made.close()
