"""A small shop as SmarterTrack's tables hold it: rows that say only what a test is about, staged or as look-ups."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from migrator_lib.chunks import to_staged, write_chunk
from migrator_lib.lookups import Lookups
from migrator_lib.mapping import EngagementMapping
from migrator_lib.objects.base import Record
from migrator_lib.parameters import Parameters
from migrator_lib.plan import proposal
from migrator_lib.smartertrack.contents import examine
from migrator_lib.smartertrack.file_index import as_table
from migrator_lib.smartertrack.files import FilesRoot, reading
from migrator_lib.smartertrack.matching import IndexedFile
from migrator_lib.smartertrack.tables import CALL_FAMILY, CHAT_FAMILY, Family, source_table
from migrator_lib.staging import ConversationRecord, Row, Staged, TicketRecord

OPENED = datetime(2024, 3, 1, 9, 0, tzinfo=UTC)
QUEUE, DANA, GONE = 1, 2, 3
"""The queue pseudo-user, an agent who is there, and one who is not any more."""
ANN, BOB = 101, 102


def minutes(n: int) -> datetime:
    """Return a moment after the tickets were opened."""
    return OPENED + timedelta(minutes=n)


BASE: dict[str, list[Row]] = {
    "Brands": [{"BrandID": 1, "BrandName": "Fernhill"}],
    "Departments": [{"DepartmentID": 1, "DisplayName": "Support", "BrandID": 1, "IsDeleted": False}],
    "Groups": [{"DepartmentID": 1, "GroupID": 11, "GroupName": "Orders", "IsDeleted": False}],
    "Users": [
        {"UserID": QUEUE, "Email": "", "DisplayName": "Unassigned", "IsQueue": True, "IsDeleted": False},
        {"UserID": DANA, "Email": "dana@demo.example", "DisplayName": "Dana Agent", "IsDeleted": False},
        {"UserID": GONE, "Email": "gus@demo.example", "DisplayName": "Gus Gone", "IsDeleted": True},
        {"UserID": ANN, "Email": "ann@home.example", "DisplayName": "Ann", "IsDeleted": False, "UserName": "ann"},
        {"UserID": BOB, "Email": "bob@home.example", "DisplayName": "Bob", "IsDeleted": False},
    ],
    "UsersInGroups": [
        {"DepartmentID": 1, "GroupID": 11, "UserID": DANA},
        {"DepartmentID": 1, "GroupID": 11, "UserID": GONE},
    ],
    "TicketStatuses": [
        {"TicketStatusID": 1, "EnglishName": "Active", "IsOpen": True, "IsActive": True},
        {"TicketStatusID": 2, "EnglishName": "Waiting", "IsOpen": True, "IsActive": False},
        {"TicketStatusID": 3, "EnglishName": "Closed", "IsOpen": False, "IsActive": False},
    ],
    "TicketPriorities": [
        {"TicketPriorityID": 1, "EnglishName": "Normal"},
        {"TicketPriorityID": 2, "EnglishName": "Urgent"},
    ],
    "CommentTypes": [
        {"CommentTypeID": 1, "EnglishName": "General"},
        {"CommentTypeID": 2, "EnglishName": "Resolution"},
    ],
}
DEFAULTS: dict[str, Row] = {
    "Tickets": {
        "DateOpenedUTC": OPENED, "TicketPriorityID": 1, "TicketStatusID": 1, "DepartmentID": 1, "GroupID": 11,
        "UserID": DANA, "UserID_Customer": ANN, "CustomerEmailAddress": "ann@home.example", "Subject": "A question",
        "IsDeleted": False, "IsSpam": False,
    },
    "TicketMessages": {
        "DateReceivedUTC": OPENED, "Subject": "A question", "BodyText": "Hello", "MessageDirection": 0,
        "FromAddress": "Ann <ann@home.example>", "ToAddress": "help@demo.example", "IsDraft": False,
    },
    "TicketComments": {"CommentTypeID": 1, "UserID": DANA, "DateEnteredUTC": OPENED, "CommentText": "Noted"},
    "TicketAttachments": {"TicketMessageID": 0, "FileNameOriginal": "photo.png", "IsDeleted": False},
    "Users": {"IsDeleted": False, "Email": "", "DisplayName": ""},
    "Tags": {"IsDeleted": False},
    "KbArticles": {
        "IsDeleted": False, "IsDraft": False, "IsPrivate": False, "DisplayInAllBrands": True, "LanguageID": 1,
        "Subject": "How to return a parcel", "Body": "<p>In 30 days.</p>", "DateCreatedUTC": OPENED,
        "DateModifiedUTC": OPENED,
    },
    "KbCategories": {"IsPrivate": False, "IsVisible": True},
    "Tasks": {"IsDeleted": False, "UserID": DANA, "TaskStatusID": 1, "Subject": "Call back", "DateCreatedUTC": OPENED},
    "TimeLogs": {
        "IsDeleted": False, "UserID": DANA, "Subject": "On the phone", "IsBillable": False, "DateCreatedUTC": OPENED,
        "DateStartUTC": OPENED, "DateEndUTC": OPENED,
    },
    "Chats": {
        "ChatNumber": "C-240301-00007", "DepartmentID": 1, "GroupID": 11, "UserID": DANA, "CustomerUserID": ANN,
        "CustomerDisplayName": "Ann", "CustomerEmailAddress": "ann@home.example", "CustomerLanguage": "en",
        "InitialQuestion": "", "DateStartedUTC": OPENED, "DateQueuedUTC": OPENED, "DateEndedUTC": minutes(10),
        "IsDeleted": False, "SessionLengthInSeconds": 600,
    },
    "ChatMessages": {"DateSubmittedUTC": OPENED, "ChatSenderType": 0, "ViewRestriction": 0, "IsHTML": False},
    "ChatComments": {"CommentTypeID": 1, "UserID": DANA, "DateEnteredUTC": OPENED, "CommentText": "Noted"},
    "ChatAttachments": {
        "FileNameOriginal": "photo.png", "CreationDateUTC": OPENED, "IsDeleted": False, "IsOutgoing": False,
    },
    "CallLogs": {
        "CallNumber": "T-240301-00004", "DepartmentID": 1, "GroupID": 11, "UserID": DANA, "CustomerUserID": ANN,
        "CustomerName": "Ann", "CustomerPhoneNumber": "+44 1632 960123", "CustomerEmailAddress": "ann@home.example",
        "Subject": "When will it come?", "Description": "Told her: on Thursday.", "IsOutgoing": False,
        "IsDeleted": False, "DateStartUTC": OPENED, "DateEndUTC": OPENED + timedelta(seconds=200),
    },
    "CallLogAttachments": {"FileNameOriginal": "recording.wav", "CreationDateUTC": OPENED, "IsDeleted": False},
}  # fmt: skip


def full(table: str, row: Mapping[str, Any]) -> Row:
    """Return a row with every column that is read; what is not said is the table's usual value, else NULL."""
    known = source_table(table)
    values = {**DEFAULTS.get(table, {}), **row}
    if table == "Tickets":
        values.setdefault("TicketNumber", f"100-{row['TicketID']:08d}-0001")
    unknown = values.keys() - set(known.columns)
    assert not unknown, unknown
    return {column: values.get(column) for column in known.columns}


@dataclass
class Shop:
    """Tables of a source; ``rows`` given by a test replace those of the base."""

    folder: Path
    tables: dict[str, list[Row]] = field(default_factory=dict)
    policy: dict[str, Any] = field(default_factory=dict)
    agents: dict[str, Any] = field(default_factory=dict)
    target: dict[str, Any] = field(default_factory=dict)
    load: dict[str, Any] = field(default_factory=dict)
    delta: dict[str, Any] = field(default_factory=dict)
    help_center: dict[str, Any] = field(default_factory=dict)
    thresholds: dict[str, Any] = field(default_factory=dict)
    mapped: dict[str, Any] = field(default_factory=dict)
    """Sections of the mapping that replace the proposed ones."""

    @property
    def files(self) -> Path:
        """The files root."""
        root = self.folder / "files"
        root.mkdir(parents=True, exist_ok=True)
        return root

    def add(self, table: str, *rows: Mapping[str, Any]) -> Shop:
        """Add rows to a table."""
        self.tables.setdefault(table, list(BASE.get(table, []))).extend(dict(row) for row in rows)
        return self

    def file(self, name: str, content: bytes) -> None:
        """Put a file below the files root."""
        place = self.files / "App_Data" / "TicketAttachments"
        place.mkdir(parents=True, exist_ok=True)
        (place / name).write_bytes(content)

    def stage(self, name: str = "full") -> Staged:
        """Write the tables as a stage, and return read access to it."""
        return Staged([self.write(name)])

    def write(self, name: str, only: tuple[str, ...] = ()) -> Path:
        """Write the tables (or only some) as a stage; return its folder."""
        folder = self.folder / "staged" / name
        for table in only or {**BASE, **self.tables}:
            rows = [full(table, row) for row in self.tables.get(table, BASE.get(table, []))]
            known = source_table(table)
            rows.sort(key=lambda row: tuple(row[column] for column in known.key))
            write_chunk(folder / known.stage, 0, to_staged(known, rows))
        if not only:
            self._index(folder)
        return folder

    def _index(self, folder: Path) -> None:
        root, found = FilesRoot.at(self.files), list[tuple[str, IndexedFile]]()
        for file in root.walk():
            with reading(root, file.path) as stream:
                found.append((file.name, IndexedFile.of(file.path, examine(stream))))
        write_chunk(folder / "Files", 0, as_table(found))

    def parameters(self) -> Parameters:
        """Return the engagement's parameters."""
        account = {"email": "migration@demo.example", "api_key": "env:KEY"}
        return Parameters.model_validate(
            {
                "engagement": "demo",
                "company": "Fernhill",
                "source": {"url": "sqlite:///x"},
                "target": {"production": account, "sandbox": account, "mailbox": "help@demo.example", **self.target},
                "agents": {"fallback": "support@demo.example", **self.agents},
                "policy": self.policy,
                "delta": self.delta,
                "help_center": self.help_center,
                "load": self.load,
                "thresholds": self.thresholds,
            }
        )

    def mapping(self, staged: Staged) -> EngagementMapping:
        """Return the proposed mapping, with the sections that the test gives."""
        proposed = proposal.propose(staged.rows, {}, {})
        return EngagementMapping.model_validate({**proposed.model_dump(), **self.mapped})

    def lookups(self, staged: Staged | None = None) -> Lookups:
        """Return the look-ups of the shop."""
        staged = staged or self.stage()
        return Lookups.of(staged, self.mapping(staged), self.parameters())


def chat(
    row: Mapping[str, Any] | None = None,
    *,
    lines: list[Mapping[str, Any]] | None = None,
    comments: list[Mapping[str, Any]] | None = None,
    attachments: list[Mapping[str, Any]] | None = None,
    fields: list[Mapping[str, Any]] | None = None,
) -> Record:
    """Return a chat's record; without a word about lines it has one."""
    parts = {"ChatMessages": [{"ChatMessageID": 1, "TextSubmitted": "Hello"}] if lines is None else lines,
             "ChatComments": comments, "ChatAttachments": attachments, "CustomDataFieldsInChats": fields}  # fmt: skip
    return _conversation(CHAT_FAMILY, 7, row, parts)


def call(
    row: Mapping[str, Any] | None = None,
    *,
    attachments: list[Mapping[str, Any]] | None = None,
    fields: list[Mapping[str, Any]] | None = None,
) -> Record:
    """Return a call log's record."""
    parts = {"CallLogAttachments": attachments, "CustomDataFieldsInCallLogs": fields}
    return _conversation(CALL_FAMILY, 4, row, parts)


def _conversation(
    family: Family, number: int, row: Mapping[str, Any] | None, parts: Mapping[str, list[Mapping[str, Any]] | None]
) -> Record:
    number = int((row or {}).get(family.key, number))
    rows = {table: [full(table, {family.key: number, **one}) for one in given or []] for table, given in parts.items()}
    for attachment in rows[family.attachments]:
        attachment |= {"AttachmentKey": family.attachment_key(attachment), "OfDraft": False, "Embedded": False}
    data = ConversationRecord(
        family.name, full(family.root.name, {family.key: number, **(row or {})}), rows.get(family.messages, []),
        rows.get(family.comments, []), rows[family.attachments], rows[family.fields],
    )  # fmt: skip
    return Record(str(number), data)


def ticket(
    row: Mapping[str, Any] | None = None,
    *,
    messages: list[Mapping[str, Any]] | None = None,
    comments: list[Mapping[str, Any]] | None = None,
    attachments: list[Mapping[str, Any]] | None = None,
    fields: list[Mapping[str, Any]] | None = None,
    merges: list[str] | None = None,
    tag_ids: list[int] | None = None,
    tasks: list[Mapping[str, Any]] | None = None,
    time_logs: list[Mapping[str, Any]] | None = None,
    links: list[Mapping[str, Any]] | None = None,
) -> Record:
    """Return a ticket's record; without a word about messages it has one."""
    number = int((row or {}).get("TicketID", 7))

    def rows(table: str, given: list[Mapping[str, Any]] | None) -> list[Row]:
        return [full(table, {"TicketID": number, **one}) for one in given or []]

    plain = [{k: v for k, v in one.items() if k not in ("OfDraft", "Embedded")} for one in attachments or []]
    data = TicketRecord(
        row=full("Tickets", {"TicketID": number, **(row or {})}),
        messages=rows("TicketMessages", [{"TicketMessageID": 1}] if messages is None else messages),
        comments=rows("TicketComments", comments),
        attachments=[
            {
                **row,
                "AttachmentKey": str(row["TicketAttachmentID"]),
                "OfDraft": one.get("OfDraft", False),
                "Embedded": one.get("Embedded", False),
            }
            for one, row in zip(attachments or [], rows("TicketAttachments", plain), strict=True)
        ],
        fields=rows("CustomDataFieldsInTickets", fields),
        merges=rows("TicketMerges", [{"TicketNumber": name} for name in merges or []]),
        tag_ids=tag_ids or [],
        tasks=rows("Tasks", tasks),
        time_logs=rows("TimeLogs", time_logs),
        links=rows("TicketLinks", links),
    )
    return Record(str(number), data)
