"""From a ticket as it was thought up to its rows and files; what is odd about it is noted on the way."""

from __future__ import annotations

from migrator_lib.simulators.smartertrack import history, surveys, work
from migrator_lib.simulators.smartertrack.people import QUEUE_USER
from migrator_lib.simulators.smartertrack.shop import AGENTS, Shop
from migrator_lib.simulators.smartertrack.thread import CLOSED, LOCKED, Attachment, Message, Ticket

INACTIVE = frozenset(agent.user_id for agent in AGENTS if not agent.active)
EVERYBODY = frozenset(agent.user_id for agent in AGENTS)


def write(shop: Shop, ticket: Ticket) -> None:
    """Write a ticket with everything that belongs to it."""
    _ticket(shop, ticket)
    message_ids = [_message(shop, ticket, message, first=k == 0) for k, message in enumerate(ticket.messages)]
    for attachment in ticket.attachments:
        _attachment(shop, ticket.id, 0, attachment)
    for comment in ticket.comments:
        comment_id = shop.next_id("TicketComments")
        shop.write.add(
            "TicketComments", TicketCommentID=comment_id, TicketID=ticket.id, CommentTypeID=comment.kind,
            UserID=comment.user_id, DateEnteredUTC=comment.moment, CommentText=comment.text,
        )  # fmt: skip
        _note(shop, comment_id, comment.notes)
    for field_id, text in ticket.fields.items():
        content = text if shop.length_limit is None else text[: shop.length_limit]
        shop.write.add("CustomDataFieldsInTickets", TicketID=ticket.id, CustomFieldID=field_id, DataContent=content)
    for number in ticket.merged:
        shop.write.add("TicketMerges", TicketNumber=number, TicketID=ticket.id)
    _addresses(shop, ticket)
    history.events(shop, ticket, message_ids)
    history.timings(shop, ticket)
    work.tasks_and_time(shop, ticket)
    surveys.answered(shop, ticket)


def _ticket(shop: Shop, ticket: Ticket) -> None:
    incoming = sum(message.incoming for message in ticket.messages)
    shop.write.add(
        "Tickets", TicketID=ticket.id, TicketNumber=ticket.number, DateOpenedUTC=ticket.opened,
        DateClosedUTC=ticket.closed, DateDeletedUTC=ticket.deleted, TicketPriorityID=ticket.priority,
        TicketStatusID=ticket.status, DepartmentID=ticket.department, GroupID=ticket.group, UserID=ticket.agent,
        UserID_Customer=ticket.customer, CustomerEmailAddress=ticket.address, Subject=ticket.subject,
        IdleStartTimeUTC=ticket.last, ReplyCountIn=incoming, ReplyCountOut=len(ticket.messages) - incoming,
        IsIndexed=True, IsDeleted=ticket.deleted is not None, IsSpam=ticket.spam, IsPinnedToAgent=ticket.pinned,
        RequiresFollowUp=ticket.follow_up is not None, DateFollowUpUTC=ticket.follow_up,
        ShowInFollowUpView=ticket.follow_up is not None, AverageSurveyRating=ticket.rating,
    )  # fmt: skip
    found = {
        "spam": ticket.spam,
        "deleted": ticket.deleted is not None,
        "merged": bool(ticket.merged),
        "unassigned_null": ticket.agent is None,
        "unassigned_queue": ticket.agent == QUEUE_USER,
        "ticket_of_inactive_agent": ticket.agent in INACTIVE,
        "agent_is_requester": ticket.customer in EVERYBODY,
        "requester_without_account_or_address": ticket.customer is None and not ticket.address,
        "ticket_without_message": not ticket.messages,
        "closed_without_date": ticket.status in (CLOSED, LOCKED) and ticket.closed is None,
    }
    _note(shop, ticket.id, [*ticket.notes, *(name for name, there in found.items() if there)])


def _message(shop: Shop, ticket: Ticket, message: Message, *, first: bool) -> int:
    message_id = shop.next_id("TicketMessages")
    shop.write.add(
        "TicketMessages", TicketMessageID=message_id, TicketID=ticket.id, DateReceivedUTC=message.moment,
        UserID_From=message.user_id, Subject=message.letter.subject, BodyText=message.text, BodyHTML=message.html,
        MessageDirection=message.direction, FromAddress=message.sender, ToAddress=message.to, CcAddresses=message.cc,
        DeliveryStatus=message.delivery, LastDeliveryError=message.error, IsFirstMessageOfTicket=first,
        IsDraft=message.draft,
    )  # fmt: skip
    found = {
        "draft": message.draft,
        "undeliverable": message.error is not None,
        "html_only": bool(message.html) and not message.text,
        "text_only": bool(message.text) and not message.html,
        "empty_body": not message.text and not message.html,
        "null_direction": message.direction is None,
    }
    _note(shop, message_id, [*message.notes, *(name for name, there in found.items() if there)])
    for attachment in message.attachments:
        attachment.notes += ["attachment_of_draft"] if message.draft else []
        _attachment(shop, ticket.id, message_id, attachment)
    return message_id


def _attachment(shop: Shop, ticket_id: int, message_id: int, attachment: Attachment) -> None:
    attachment_id = shop.next_id("TicketAttachments")
    if attachment.content is not None:
        shop.files.put(attachment.stored, attachment.content, attachment.folder, packed=attachment.packed)
    shop.write.add(
        "TicketAttachments", TicketAttachmentID=attachment_id, TicketID=ticket_id, TicketMessageID=message_id,
        FileNameOriginal=attachment.name, FileNameOnDisk=attachment.stored.name_on_disk, CidTagName=attachment.cid,
        Length=attachment.stored.length, Crc=attachment.stored.crc, CreationDateUTC=attachment.moment,
        IsDeleted=attachment.deleted, UserID=attachment.user_id,
    )  # fmt: skip
    found = {
        "deleted_attachment": attachment.deleted,
        "compressed_file": attachment.packed and attachment.content is not None,
        "ticket_level_attachment": message_id == 0,
        "cid_image": bool(attachment.cid),
    }
    _note(shop, attachment_id, [*attachment.notes, *(name for name, there in found.items() if there)])


def _addresses(shop: Shop, ticket: Ticket) -> None:
    found = {ticket.address: ticket.values.get("name", "")} if ticket.address else {}
    for message in ticket.messages:
        found |= {part.strip(): "" for part in message.cc.replace(";", ",").split(",") if part.strip()}
    for email, name in found.items():
        shop.write.add(
            "TicketEmails", TicketEmailID=shop.next_id("TicketEmails"), TicketID=ticket.id, Email=email,
            FriendlyName=name, DomainName=email.partition("@")[2],
        )  # fmt: skip


def _note(shop: Shop, key: int, names: list[str]) -> None:
    for name in names:
        shop.world.note(name, key)
