"""Awkward chats and calls of the simulated shop, among the ordinary ones."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Any

from migrator_lib.simulators.smartertrack.files import wav
from migrator_lib.simulators.smartertrack.shop import AGENTS, Agent, Shop

CUSTOMER, AGENT, SYSTEM = 0, 1, 2
"""Sender types: this simulation's own codes, since the real ones are not published."""
LONG_CHAT = 520
"""Lines of the long chat: more than one call of Gorgias takes."""
LARGE = 60
"""Tickets from which a simulated shop has a long chat."""


@dataclass
class Line:
    """What is written in a chat."""

    kind: int
    text: str
    writer: int | None = None
    """Account, where it is not the chat's own agent or customer."""


@dataclass
class Chat:
    """A chat that is about to be written."""

    n: int
    agent: Agent
    row: dict[str, Any]
    lines: list[Line]
    pace: int = 45
    """Seconds between two lines."""
    notes: list[str] = field(default_factory=list)


def _transferred(chat: Chat) -> None:
    other = next(agent for agent in AGENTS if agent.active and agent.user_id != chat.agent.user_id)
    chat.lines[2:2] = [
        Line(AGENT, "I will bring in my colleague, one moment."),
        Line(SYSTEM, f"The chat was transferred to {other.name}."),
    ]
    for line in chat.lines[4:]:
        line.writer = other.user_id if line.kind == AGENT else line.writer
    chat.row["UserID"] = other.user_id
    chat.notes.append("transferred_chat")


def _inactive(chat: Chat) -> None:
    gone = next(agent for agent in AGENTS if not agent.active)
    chat.row["UserID"] = gone.user_id
    for line in chat.lines:
        line.writer = gone.user_id if line.kind == AGENT else line.writer
    chat.notes.append("chat_with_inactive_agent")


def _html(chat: Chat) -> None:
    chat.lines.append(Line(AGENT, '<p>Here it is: <a href="https://shop.example/find">the size guide</a>.</p>'))
    chat.notes.append("html_chat_line")


def _nameless(chat: Chat) -> None:
    chat.row |= {"CustomerUserID": None, "CustomerEmailAddress": "", "CustomerDisplayName": ""}
    chat.notes.append("chat_of_nobody")


def _by_name(chat: Chat) -> None:
    chat.row |= {"CustomerUserID": None, "CustomerEmailAddress": "", "CustomerDisplayName": "Mika"}
    chat.notes.append("chat_of_a_name_alone")


def _letters(chat: Chat) -> None:
    chat.lines += [Line(CUSTOMER, "Great, thanks 🦊🧵👍🏽"), Line(CUSTOMER, "שלום, תודה רבה! 👋")]
    chat.notes.append("right_to_left_chat_line")


def _without_end(chat: Chat) -> None:
    chat.row |= {"DateEndedUTC": None, "SessionLengthInSeconds": None}
    chat.notes.append("chat_without_end")


def _long(chat: Chat) -> None:
    more = LONG_CHAT - len(chat.lines)
    chat.lines += [Line(n % 2, ("And this one?", "Not in that size, sorry.")[n % 2]) for n in range(more)]
    chat.pace = 6
    chat.notes.append("long_chat")


def _system(chat: Chat) -> None:
    chat.lines = [
        entry for line in chat.lines for entry in (line, Line(SYSTEM, "The customer looks at another page."))
    ] + [Line(CUSTOMER, f"Row {n}?") if n % 2 else Line(SYSTEM, "The customer is typing.") for n in range(60)]
    chat.notes.append("chat_of_system_lines")


ODD_CHATS: dict[int, Callable[[Chat], None]] = {
    3: _transferred, 4: _inactive, 6: _html, 7: _nameless, 8: _letters, 9: _by_name, 10: _without_end, 11: _long,
    12: _system,
}  # fmt: skip
"""Number of a chat to what is odd about it."""


def odd_chat(shop: Shop, chat: Chat) -> None:
    """Make a chat odd, if its number is one of those."""
    apply = ODD_CHATS.get(chat.n)
    if apply is None or (apply is _long and shop.world.tickets < LARGE):
        return
    apply(chat)
    for note in chat.notes:
        shop.world.note(note, chat.n)


# --- calls ---------------------------------------------------------------------------------------------

NOBODY = {"CustomerUserID": None, "CustomerEmailAddress": "", "CustomerName": ""}
ODD_CALLS: dict[int, tuple[str, dict[str, Any]]] = {
    2: ("call_of_nobody", {**NOBODY, "CustomerPhoneNumber": "anonymous"}),
    4: ("call_of_a_number_alone", {**NOBODY, "CustomerPhoneNumber": "+44 1632 961999"}),
    5: ("call_of_a_number_alone", {**NOBODY, "CustomerPhoneNumber": "0044 (0)1632 961-999"}),
}
"""Number of a call to what is odd about it, and what its row says."""
RECORDED, BACKWARDS = (6, 12), 7
"""Calls with a recording; one that ends before it starts."""


def odd_call(shop: Shop, n: int, row: dict[str, Any], start: datetime) -> None:
    """Make a call odd, if its number is one of those."""
    if n in ODD_CALLS:
        note, changes = ODD_CALLS[n]
        row |= changes
        shop.world.note(note, n)
    if n == BACKWARDS:
        row["DateEndUTC"] = start - timedelta(minutes=4)
        shop.world.note("call_that_ends_before_it_starts", n)


def recording(shop: Shop, n: int, end: datetime, rng: Random) -> None:
    """Write the recording of a call, if it has one."""
    if n in RECORDED:
        stored = shop.files.store(wav(rng), rng, f"CallLogAttachments/{end:%Y/%m}")
        shop.write.add("CallLogAttachments", CallLogAttachmentID=shop.next_id("CallLogAttachments"), CallLogID=n,
                       FileNameOriginal=f"recording-{n}.wav", FileNameOnDisk=stored.name_on_disk,
                       Length=stored.length, Crc=stored.crc, CreationDateUTC=end)  # fmt: skip
        shop.world.note("call_with_recording", n)
