"""A ticket as it is thought up, before it becomes rows."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from random import Random

from migrator_lib.simulators.smartertrack.files import Stored
from migrator_lib.simulators.smartertrack.letters import Letter

INCOMING, OUTGOING = 0, 1
ACTIVE, WAITING, CLOSED, LOCKED = 1, 2, 3, 4


@dataclass
class Attachment:
    """An attachment row and its file; ``content`` is None where no file is to be written (shared, or lost)."""

    name: str
    stored: Stored
    moment: datetime
    content: bytes | None = None
    packed: bool = False
    cid: str = ""
    deleted: bool = False
    user_id: int | None = None
    notes: list[str] = field(default_factory=list)

    @property
    def folder(self) -> str:
        """Where the file lies below ``App_Data``."""
        return f"TicketAttachments/{self.moment:%Y/%m}"


@dataclass
class Message:
    """A message row. ``letter`` is kept for whoever answers it."""

    letter: Letter
    moment: datetime
    direction: int | None
    user_id: int | None
    sender: str
    to: str
    cc: str
    text: str
    html: str
    draft: bool = False
    delivery: int = 0
    error: str | None = None
    attachments: list[Attachment] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def incoming(self) -> bool:
        """Whether a customer wrote it (also where the direction is not noted)."""
        return self.direction != OUTGOING


@dataclass
class Comment:
    """An internal comment."""

    kind: int
    user_id: int
    moment: datetime
    text: str
    notes: list[str] = field(default_factory=list)


@dataclass
class Ticket:
    """A ticket row with everything that hangs on it. ``notes`` name the oddities that it shows."""

    id: int
    rng: Random
    opened: datetime
    number: str
    subject: str
    topic: str
    values: dict[str, str]
    department: int
    group: int
    agent: int | None
    customer: int | None
    address: str
    status: int = ACTIVE
    priority: int = 2
    closed: datetime | None = None
    deleted: datetime | None = None
    spam: bool = False
    pinned: bool = False
    follow_up: datetime | None = None
    rating: float | None = None
    messages: list[Message] = field(default_factory=list)
    comments: list[Comment] = field(default_factory=list)
    attachments: list[Attachment] = field(default_factory=list)
    """Those of no message (TicketMessageID 0)."""
    fields: dict[int, str] = field(default_factory=dict)
    merged: list[str] = field(default_factory=list)
    """Numbers of tickets that were merged into this one."""
    notes: list[str] = field(default_factory=list)

    @property
    def last(self) -> datetime:
        """When something was last said."""
        moments = [message.moment for message in self.messages] + [comment.moment for comment in self.comments]
        return max(moments, default=self.opened)
