"""A help desk of three tickets, small enough that every number of the audit can be counted by hand."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from migrator_lib.clock import ManualClock
from migrator_lib.engagement import Engagement
from migrator_lib.simulators.smartertrack.schema import Writer, metadata

SECRET = "s3cr3t-smtp-password"
ADDRESS = "ida.bloom@postbox.example"
BODY = "The tent pole broke on the first night."
SEED = {
    "credentials": {"email": "migration@demo.example", "api_key": "demo-key"},
    "users": [{"email": "migration@demo.example", "name": "Migration", "role": "admin"}],
}
More = Callable[[Writer], None]
Open = Callable[..., Engagement]


def write_definitions(write: Writer) -> None:
    write.add("GlobalSettings", SettingCategory="System", SettingName="ProductVersion", SettingValue="100.0.9651")
    write.add("GlobalSettings", SettingCategory="System", SettingName="Edition", SettingValue="Enterprise")
    write.add("GlobalSettings", SettingCategory="Mail", SettingName="SmtpPassword", SettingValue=SECRET)
    write.add("Servers", ServerID=1, MachineName="DESK", DateLastHeartbeatUTC=datetime(2026, 6, 10, 9, 30),
              IsActiveServer=True, LicensingMode="Active", FilePath="D:\\Files")  # fmt: skip
    write.add("Brands", BrandID=1, BrandName="Fernhill", IsDefaultBrand=True)
    write.add("Departments", DepartmentID=1, DisplayName="Care", BrandID=1, AutoCloseEnabled=True, AutoCloseHours=168)
    write.add("Groups", DepartmentID=1, GroupID=1, GroupName="Orders")
    for key, name, is_open in ((1, "Active", True), (3, "Closed", False)):
        write.add("TicketStatuses", TicketStatusID=key, EnglishName=name, DisplayName=name, IsOpen=is_open,
                  IsActive=is_open)  # fmt: skip
    write.add("TicketPriorities", TicketPriorityID=2, EnglishName="Normal", DisplayName="Normal")
    write.add("CommentTypes", CommentTypeID=1, EnglishName="General", DisplayName="General")
    write.add("Roles", RoleID=1, RoleName="Everyone")
    write.add("Roles", RoleID=4, RoleName="Agent", RoleCategory=1)
    write.add("CustomDataFields", CustomFieldID=1, DisplayName="Order number", DataType=0)
    write.add("CustomDataFields", CustomFieldID=2, DisplayName="Reason", DataType=4, Options="Return\nDelivery")


def write_people(write: Writer) -> None:
    people = ((1, "", "Unassigned"), (2, "margit@fernhill.example", "Margit"), (101, ADDRESS, "Ida Bloom"))
    for user_id, email, name in people:
        write.add("Users", UserID=user_id, UserName=name.lower(), Email=email, LoweredEmail=email.lower(),
                  DisplayName=name, IsQueue=user_id == 1, Password=SECRET)  # fmt: skip
        write.add("UsersInRoles", UserID=user_id, RoleID=1)
    write.add("UsersInRoles", UserID=2, RoleID=4)
    write.add("UsersInGroups", DepartmentID=1, GroupID=1, UserID=2)
    write.add("Organizations", OrganizationID=1, OrganizationName="Alpine Club")


def ticket(write: Writer, key: int, opened: datetime | None, **more: Any) -> None:
    values = {
        "TicketNumber": f"100-0000000{key}-0001", "DepartmentID": 1, "GroupID": 1, "TicketStatusID": 3,
        "TicketPriorityID": 2, "UserID": 2, "UserID_Customer": 101, "CustomerEmailAddress": ADDRESS,
        "Subject": "Tent", "DateClosedUTC": None, "DateDeletedUTC": None, "DateFollowUpUTC": None,
    }  # fmt: skip
    write.add("Tickets", TicketID=key, DateOpenedUTC=opened, **{**values, **more})


def message(write: Writer, key: int, ticket_id: int, at: datetime, direction: int | None, **more: Any) -> None:
    values = {"BodyText": BODY, "Subject": "Tent", "FromAddress": ADDRESS, "LastDeliveryError": None, **more}
    write.add("TicketMessages", TicketMessageID=key, TicketID=ticket_id, DateReceivedUTC=at,
              MessageDirection=direction, **values)  # fmt: skip


def write_tickets(write: Writer) -> None:
    ticket(write, 1, datetime(2026, 5, 20, 8), DateClosedUTC=datetime(2026, 6, 1))
    message(write, 1, 1, datetime(2026, 5, 20, 8), 0)
    message(write, 2, 1, datetime(2026, 5, 21, 8), 1)
    write.add("TicketComments", TicketID=1, TicketCommentID=1, CommentTypeID=1, UserID=2, CommentText="Call her")
    ticket(write, 2, datetime(2026, 6, 10, 9), TicketStatusID=1, UserID_Customer=None,
           CustomerEmailAddress="new@postbox.example")  # fmt: skip
    message(write, 3, 2, datetime(2026, 6, 10, 9), 0)
    message(write, 4, 2, datetime(2026, 6, 10, 10), 1, IsDraft=True)
    ticket(write, 3, datetime(2026, 4, 2), IsDeleted=True)
    message(write, 5, 3, datetime(2026, 4, 2), 0)
    write.add("CustomDataFieldsInTickets", TicketID=1, CustomFieldID=1, DataContent="FO-1")
    write.add("CustomDataFieldsInTickets", TicketID=2, CustomFieldID=1, DataContent="x" * 512)


def write_files(write: Writer, root: Path) -> None:
    for name, content in (("a.att", b"12345"), ("b.att", b""), ("stray.att", b"123"), ("kb.att", b"12")):
        (root / "2026").mkdir(parents=True, exist_ok=True)
        (root / "2026" / name).write_bytes(content)
    write.add("Files", FileID=1, FileNameOnDisk="kb.att", Length=2)
    for key, on_disk, length in ((1, "A.att", 5), (2, "a.att", 5), (3, "b.att", 0), (4, "gone.att", 7)):
        write.add("TicketAttachments", TicketAttachmentID=key, TicketID=1, TicketMessageID=1, FileNameOnDisk=on_disk,
                  FileNameOriginal="photo.png", Length=length, CreationDateUTC=datetime(2026, 5, 20))  # fmt: skip


@cache
def blank() -> bytes:
    """Return an SQLite database with all 166 tables and no row."""
    engine = sa.create_engine("sqlite://")
    with engine.begin() as connection:
        metadata("st_").create_all(connection)
    with engine.connect() as connection:
        return bytes(connection.connection.dbapi_connection.serialize())


def build(folder: Path, *, more: More | None = None, without: tuple[str, ...] = (), sql: tuple[str, ...] = ()) -> Path:
    """Build the database and its files; ``more`` adds rows, tables of ``without`` are left out, ``sql`` is run last."""
    file = folder / "smartertrack.sqlite3"
    file.write_bytes(blank())
    engine = sa.create_engine(f"sqlite:///{file}")
    with engine.begin() as connection:
        write = Writer(connection, metadata("st_"), "st_")
        write_definitions(write)
        write_people(write)
        write_tickets(write)
        write_files(write, folder / "files")
        if more:
            more(write)
        write.close()
        for table in without:
            connection.execute(sa.text(f"DROP TABLE st_{table}"))
        for statement in sql:
            connection.execute(sa.text(statement))
    engine.dispose()
    return file


YAML = """\
engagement: fernhill
company: Fernhill Outfitters
source: {{url: "sqlite:///{file}", files_root: "{files}"}}
target:
  production: {{url: "{production}", email: migration@demo.example, api_key: env:TEST_KEY}}
  sandbox: {{url: "{sandbox}", email: migration@demo.example, api_key: env:TEST_KEY}}
  mailbox: support@fernhill.example
agents: {{fallback: migration@demo.example}}
"""


def open_engagement(folder: Path, accounts: Mapping[str, str], *, more: More | None = None,
                    without: tuple[str, ...] = (), sql: tuple[str, ...] = ()) -> Engagement:  # fmt: skip
    """Open an engagement over a freshly built source; ``accounts`` replaces what is in its YAML."""
    file = build(folder, more=more, without=without, sql=sql)
    parameters = folder / "parameters" / "fernhill"
    parameters.mkdir(parents=True)
    known = {"file": str(file), "files": str(folder / "files"), **accounts}
    (parameters / "engagement.yaml").write_text(YAML.format(**known))
    engagement = Engagement(folder, "fernhill", step="01_audit")
    engagement.clock = ManualClock()
    return engagement
