"""Live chats with their messages and the fields asked before them; call logs."""

from __future__ import annotations

from datetime import datetime, timedelta
from random import Random
from uuid import UUID

from migrator_lib.simulators.smartertrack import catalog, worktime
from migrator_lib.simulators.smartertrack.files import png
from migrator_lib.simulators.smartertrack.odd_talks import (
    AGENT,
    CUSTOMER,
    SYSTEM,
    Chat,
    Line,
    odd_call,
    odd_chat,
    recording,
)
from migrator_lib.simulators.smartertrack.people import Customer
from migrator_lib.simulators.smartertrack.shop import AGENTS, BRAND_OF, DEPARTMENT_OF, Agent, Shop

EVERYONE, AGENTS_ONLY = 0, 1
GROUPS = (1, 3, 6, 7)


def chats(shop: Shop) -> None:
    """Write about 80 chats for 1,000 tickets."""
    total = max(3, round(shop.world.tickets * 0.08))
    for n in range(1, total + 1):
        rng = shop.world.rng("chat", n)
        _chat(shop, n, worktime.in_hours(worktime.arrival((n - rng.random()) / (total + 1)), rng), rng)


def _chat(shop: Shop, n: int, started: datetime, rng: Random) -> None:
    customer, agent, group = _people(shop, rng)
    values = catalog.blanks(rng, BRAND_OF[DEPARTMENT_OF[group]], customer.name)
    opening, answers = rng.choice(catalog.CHATS)
    lines = [Line(CUSTOMER, opening.format(**values)), Line(SYSTEM, f"{agent.name} has joined the chat.")]
    lines += [Line(AGENT if k % 2 == 0 else CUSTOMER, line.format(**values)) for k, line in enumerate(answers)]
    missed, deleted = n % 17 == 5, n % 29 == 2
    if missed:
        lines = lines[:1]
        shop.world.note("missed_chat", n)
    late = [rng.randint(5, 40) for _ in lines]
    known = customer.user_id if rng.random() < 0.7 else None
    row = {
        "UserID": None if missed else agent.user_id, "CustomerUserID": known, "CustomerDisplayName": customer.name,
        "ChatGuid": str(UUID(int=rng.getrandbits(128), version=4)),
        "CustomerEmailAddress": customer.email if known or rng.random() < 0.8 else "",
        "AverageSurveyRating": float(rng.randint(3, 5)) if rng.random() < 0.2 else None,
    }  # fmt: skip
    ended = started + timedelta(seconds=45 * (len(lines) - 1) + late[-1] + 60)
    chat = Chat(n, agent, {"DateEndedUTC": ended, "SessionLengthInSeconds": (ended - started).seconds, **row}, lines)
    odd_chat(shop, chat)
    late += [5] * (len(chat.lines) - len(late))
    moments = [started + timedelta(seconds=chat.pace * k + late[k]) for k in range(len(chat.lines))]
    if chat.row["DateEndedUTC"] is not None:
        ended = max(ended, moments[-1] + timedelta(seconds=60))
        chat.row |= {"DateEndedUTC": ended, "SessionLengthInSeconds": int((ended - started).total_seconds())}
    shop.write.add(
        "Chats", ChatID=n, DepartmentID=DEPARTMENT_OF[group], GroupID=group, ChatNumber=f"C-{started:%y%m%d}-{n:05d}",
        DateStartedUTC=started, DateQueuedUTC=started, DateDeletedUTC=ended if deleted else None,
        CustomerIp=f"203.0.113.{n % 250}", CustomerLanguage=customer.language, IsDeleted=deleted,
        InitialQuestion=chat.lines[0].text, MessageCountIn=sum(line.kind == CUSTOMER for line in chat.lines),
        MessageCountOut=sum(line.kind == AGENT for line in chat.lines), **chat.row,
    )  # fmt: skip
    if deleted:
        shop.world.note("deleted_chat", n)
    for moment, line in zip(moments, chat.lines, strict=True):
        own = {CUSTOMER: chat.row["CustomerUserID"], AGENT: agent.user_id, SYSTEM: None}[line.kind]
        _say(shop, n, line.kind, line.text, moment, line.writer or own)
    _extras(shop, n, agent, ended, rng)


def _say(shop: Shop, chat: int, kind: int, line: str, moment: datetime, user_id: int | None, restriction: int = EVERYONE) -> None:  # fmt: skip
    shop.write.add(
        "ChatMessages", ChatMessageID=shop.next_id("ChatMessages"), ChatID=chat, UserID=user_id, DateSubmittedUTC=moment,
        ChatSenderType=kind, TextSubmitted=line, ViewRestriction=restriction, IsHTML=line.startswith("<"),
    )  # fmt: skip


def _extras(shop: Shop, chat: int, agent: Agent, ended: datetime, rng: Random) -> None:
    """Write pre-chat fields; now and then a whisper among agents, a comment, a picture, a link to a ticket."""
    for field_id, text in ((20, rng.choice(("Order", "Product", "Other"))), (21, f"/shop/{rng.randint(100, 999)}")):
        if rng.random() < 0.8:
            shop.write.add("CustomDataFieldsInChats", ChatID=chat, CustomFieldID=field_id, DataContent=text)
    if chat % 9 == 4:
        _say(shop, chat, AGENT, "Between us: is that discount still on?", ended, agent.user_id, AGENTS_ONLY)
        shop.world.note("agents_only_chat_line", chat)
    if chat % 12 == 3:
        shop.write.add("ChatComments", ChatCommentID=shop.next_id("ChatComments"), CommentTypeID=1, ChatID=chat,
                       UserID=agent.user_id, DateEnteredUTC=ended, CommentText="Wants to be told when it is back.")  # fmt: skip
    if chat % 20 == 7:
        stored = shop.files.store(png(rng), rng, f"ChatAttachments/{ended:%Y/%m}")
        shop.write.add("ChatAttachments", ChatAttachmentID=shop.next_id("ChatAttachments"), ChatID=chat,
                       FileNameOriginal="screenshot.png", FileNameOnDisk=stored.name_on_disk, Length=stored.length,
                       Crc=stored.crc, CreationDateUTC=ended)  # fmt: skip
    if chat % 15 == 6:
        ticket = rng.randint(1, shop.world.tickets)
        shop.write.add("TicketLinks", TicketLinkID=shop.next_id("TicketLinks"), TicketID=ticket, ChatID=chat)


def calls(shop: Shop) -> None:
    """Write about 60 call logs for 1,000 tickets."""
    total = max(2, round(shop.world.tickets * 0.06))
    for n in range(1, total + 1):
        rng = shop.world.rng("call", n)
        _call(shop, n, worktime.in_hours(worktime.arrival((n - rng.random()) / (total + 1)), rng), rng)


def _call(shop: Shop, n: int, start: datetime, rng: Random) -> None:
    customer, agent, group = _people(shop, rng)
    values = catalog.blanks(rng, BRAND_OF[DEPARTMENT_OF[group]], customer.name)
    subject, description = (text.format(**values) for text in rng.choice(catalog.CALLS))
    end = start + timedelta(seconds=rng.randint(40, 900))
    deleted = n % 23 == 9
    row = {
        "CustomerUserID": customer.user_id, "CustomerName": customer.name, "CustomerEmailAddress": customer.email,
        "CustomerPhoneNumber": f"+44 1632 960{rng.randint(0, 999):03d}" if n % 11 else "", "DateEndUTC": end,
    }  # fmt: skip
    odd_call(shop, n, row, start)
    shop.write.add(
        "CallLogs", CallLogID=n, DepartmentID=DEPARTMENT_OF[group], GroupID=group, UserID=agent.user_id,
        CallNumber=f"T-{start:%y%m%d}-{n:05d}", Subject=subject, Description=description, IsOutgoing=rng.random() < 0.35,
        IsDeleted=deleted, DateStartUTC=start, DateCreatedUTC=end, DateModifiedUTC=end,
        DateDeletedUTC=end if deleted else None, **row,
    )  # fmt: skip
    shop.write.add(
        "CustomDataFieldsInCallLogs", CallLogID=n, CustomFieldID=25, DataContent=rng.choice(catalog.DISPOSITIONS)
    )
    shop.write.add(
        "CustomDataFieldsInCallLogs", CallLogID=n, CustomFieldID=26, DataContent=rng.choice(("True", "False"))
    )
    if n % 10 == 3:
        ticket = rng.randint(1, shop.world.tickets)
        shop.write.add("TicketLinks", TicketLinkID=shop.next_id("TicketLinks"), TicketID=ticket, CallLogID=n)
    recording(shop, n, end, rng)


def _people(shop: Shop, rng: Random) -> tuple[Customer, Agent, int]:
    group = rng.choice(GROUPS)
    agent = rng.choice([agent for agent in AGENTS if group in agent.groups and agent.active])
    return rng.choice(shop.world.customers), agent, group
