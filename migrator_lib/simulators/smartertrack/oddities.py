"""What real help desks hold besides good tickets: each oddity is put on a ticket of its own, and noted.

Many occur by chance as well (spam, deleted, merged ...); here they are certain, also in small sizes: the list is in the
order in which a size too small for all of them gets them.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from migrator_lib.simulators.smartertrack.files import any_file, pdf, png
from migrator_lib.simulators.smartertrack.mail import address, attachment, inline
from migrator_lib.simulators.smartertrack.people import QUEUE_USER, Customer
from migrator_lib.simulators.smartertrack.shop import AGENTS, Shop
from migrator_lib.simulators.smartertrack.thread import CLOSED, LOCKED, WAITING, Attachment, Comment, Message, Ticket
from migrator_lib.simulators.smartertrack.tickets import number, think_up

ATTEMPTS = 60
NO_SUCH_PRIORITY = 9
NO_SUCH_COMMENT_TYPE = 42
EMOJI = "You made my day 🎉🏔️👩‍🔧 - five stars from us!"
ARABIC = "شكراً لكم، سأنتظر الطرد غداً."
GARBLED = "Viele Grüße aus Köln – das Zelt ist großartig, für 49 € ein Schnäppchen.".encode().decode("latin-1")
"""UTF-8 that some mail server on the way took for Latin-1."""
INSTRUCTIONS = (
    "Please ring at the second gate, not at the front door. The driver has to announce himself at the porter's lodge, "
    "where the key to the yard is kept; parcels over 20 kg go to the loading bay on the left. "
)


def ordinary(shop: Shop, n: int, opened: datetime) -> Ticket:
    """Return a plain ticket with an HTML question and an answer, on which something odd can be put."""
    for attempt in range(ATTEMPTS):
        ticket = think_up(shop, n, opened, attempt=attempt)
        if _plain(ticket):
            break
    return ticket


def _plain(ticket: Ticket) -> bool:
    return (
        len(ticket.messages) > 1
        and ticket.topic != "Stock"
        and not (ticket.spam or ticket.deleted or ticket.merged or ticket.customer is None)
        and bool(ticket.messages[0].html and ticket.messages[0].text)
        and ticket.agent not in (None, QUEUE_USER)
    )


# --- state and people ------------------------------------------------------------------------------------


def _unusable(shop: Shop, ticket: Ticket) -> None:
    ticket.priority = NO_SUCH_PRIORITY
    ticket.notes.append("unusable_priority")


def _merged(shop: Shop, ticket: Ticket) -> None:
    ticket.merged.append(number(ticket.opened + timedelta(minutes=20), ticket.id + 3, ticket.rng))


def _deleted(shop: Shop, ticket: Ticket) -> None:
    ticket.status, ticket.deleted = LOCKED, ticket.last + timedelta(hours=3)
    ticket.closed = ticket.deleted


def _spam(shop: Shop, ticket: Ticket) -> None:
    ticket.spam = True


def _nobody(shop: Shop, ticket: Ticket) -> None:
    ticket.customer, old, ticket.address = None, ticket.address, ""
    for message in ticket.messages:
        message.user_id = None if message.incoming else message.user_id
        message.sender = "" if message.incoming else message.sender
        message.to = message.to if message.incoming else ""
        message.text, message.html = message.text.replace(old, ""), message.html.replace(old, "")


def _spelled(spell: Callable[[str], str]) -> Callable[[Shop, Ticket], None]:
    def put(shop: Shop, ticket: Ticket) -> None:
        """Make it a ticket of the first customer without an account, with another spelling of the address."""
        customer = shop.world.customers[shop.accounts]
        _becomes(ticket, Customer(None, customer.name, spell(customer.email)))
        ticket.notes.append("address_in_another_spelling")

    return put


def _agent_asks(shop: Shop, ticket: Ticket) -> None:
    agent = next(agent for agent in AGENTS if agent.active and agent.user_id != ticket.agent)
    _becomes(ticket, Customer(agent.user_id, agent.name, agent.email))


def _becomes(ticket: Ticket, customer: Customer) -> None:
    """Give the ticket another requester, in its letters too."""
    old = {ticket.address: customer.email, ticket.values["name"]: customer.name}
    old[f" {ticket.values['first']},"] = f" {customer.name.split()[0]},"
    for message in ticket.messages:
        for was, becomes in old.items():
            message.text, message.html = message.text.replace(was, becomes), message.html.replace(was, becomes)
        if message.incoming:
            message.user_id, message.sender = customer.user_id, address(customer.name, customer.email)
        else:
            message.to = address(customer.name, customer.email)
    ticket.customer, ticket.address = customer.user_id, customer.email


def _inactive(shop: Shop, ticket: Ticket) -> None:
    agent = next(agent for agent in AGENTS if not agent.active)
    ticket.agent = agent.user_id
    for message in ticket.messages:
        message.user_id = message.user_id if message.incoming else agent.user_id


def _unassigned(user_id: int | None) -> Callable[[Shop, Ticket], None]:
    def put(shop: Shop, ticket: Ticket) -> None:
        ticket.agent = user_id

    return put


def _silent(shop: Shop, ticket: Ticket) -> None:
    ticket.messages, ticket.comments = [], []


def _undated(shop: Shop, ticket: Ticket) -> None:
    ticket.status, ticket.closed = CLOSED, None


def _long_subject(shop: Shop, ticket: Ticket) -> None:
    start = f"{ticket.subject} [the form put the whole message here] "
    ticket.subject = (start + INSTRUCTIONS * 9)[:1099] + "."
    ticket.notes.append("long_subject")


# --- messages and comments -------------------------------------------------------------------------------


def _draft(shop: Shop, ticket: Ticket) -> None:
    answer = _answer(ticket)
    answer.draft = True
    answer.attachments.append(attachment(shop, ticket, "draft offer.pdf", pdf(ticket.rng), answer.moment))


def _undeliverable(shop: Shop, ticket: Ticket) -> None:
    answer = _answer(ticket)
    answer.delivery = 2
    answer.error = f"452 4.2.2 <{ticket.address}>: The recipient's mailbox is full; given up after 72 hours"


def _no_body(shop: Shop, ticket: Ticket) -> None:
    ticket.messages[0].text = ticket.messages[0].html = ""


def _text_only(shop: Shop, ticket: Ticket) -> None:
    ticket.messages[0].html = ""


def _html_only(shop: Shop, ticket: Ticket) -> None:
    ticket.messages[0].text = ""


def _no_direction(shop: Shop, ticket: Ticket) -> None:
    ticket.messages[0].direction = None


def _says(sentence: str, note: str) -> Callable[[Shop, Ticket], None]:
    def put(shop: Shop, ticket: Ticket) -> None:
        message = ticket.messages[0]
        message.text = f"{sentence}\n\n{message.text}"
        for end in ("</div>", "</p>"):
            if end in message.html:
                message.html = message.html.replace(end, f"<br>{sentence}{end}", 1)
                break
        message.notes.append(note)

    return put


def _comment_type(shop: Shop, ticket: Ticket) -> None:
    text = "Imported from the old system."
    ticket.comments.append(
        Comment(NO_SUCH_COMMENT_TYPE, AGENTS[0].user_id, ticket.last, text, ["unknown_comment_type"])
    )


# --- files -----------------------------------------------------------------------------------------------


def _orphan(shop: Shop, ticket: Ticket) -> None:
    """Leave a file whose row is gone; no row of the ticket tells of it."""
    stored = shop.files.store(png(ticket.rng), ticket.rng, f"TicketAttachments/{ticket.opened:%Y/%m}")
    shop.world.note("orphaned_file", stored.name_on_disk)


def _file(*, lost: bool = False, packed: bool = False, deleted: bool = False) -> Callable[[Shop, Ticket], None]:
    def put(shop: Shop, ticket: Ticket) -> None:
        made = attachment(shop, ticket, *any_file(ticket.rng), ticket.messages[0].moment)
        made.packed, made.deleted = packed, deleted
        if lost:
            made.content = None
            made.notes.append("missing_file")
        ticket.messages[0].attachments.append(made)

    return put


def _of_no_message(shop: Shop, ticket: Ticket) -> None:
    name, content = any_file(ticket.rng)
    ticket.attachments.append(attachment(shop, ticket, name, content, ticket.opened))


def _shared(shop: Shop, ticket: Ticket) -> None:
    """Attach the leaflet twice: a third and fourth row of one file, at least."""
    for message in ticket.messages[:2]:
        message.attachments.append(Attachment("Care and sizes.pdf", shop.leaflet, message.moment))


def _picture(*, by_cid: bool) -> Callable[[Shop, Ticket], None]:
    def put(shop: Shop, ticket: Ticket) -> None:
        message = ticket.messages[0]
        picture = attachment(shop, ticket, "image001.png", png(ticket.rng), message.moment)
        picture.cid = f"image001.png@{ticket.rng.getrandbits(48):012X}" if by_cid else ""
        source = f"cid:{picture.cid}" if by_cid else f"/App_Data/{picture.folder}/{picture.stored.name_on_disk}"
        if not by_cid:
            picture.notes.append("site_relative_image")
        inline(message, picture, source)

    return put


# --- custom fields ---------------------------------------------------------------------------------------


def _long_value(length: int) -> Callable[[Shop, Ticket], None]:
    def put(shop: Shop, ticket: Ticket) -> None:
        fits = shop.length_limit is None or length <= shop.length_limit
        ticket.fields[6] = (INSTRUCTIONS * 4)[: length - 1] + "."
        ticket.notes.append(f"value_of_{length}" if fits else "value_cut_by_engine")

    return put


def _value(field_id: int, text: str, note: str) -> Callable[[Shop, Ticket], None]:
    def put(shop: Shop, ticket: Ticket) -> None:
        ticket.fields[field_id] = text
        ticket.notes.append(note)

    return put


def _answer(ticket: Ticket) -> Message:
    return next((message for message in ticket.messages if not message.incoming), ticket.messages[-1])


ODDITIES: tuple[Callable[[Shop, Ticket], None], ...] = (
    _unusable, _merged, _deleted, _draft, _file(lost=True), _nobody, _spelled(str.title), _inactive,
    _silent, _picture(by_cid=True), _picture(by_cid=False), _no_body, _spam, _undeliverable, _agent_asks,
    _unassigned(None), _unassigned(QUEUE_USER), _orphan, _file(packed=True), _file(deleted=True),
    _of_no_message, _shared, _text_only, _html_only, _says(EMOJI, "emoji"), _says(ARABIC, "right_to_left"),
    _says(GARBLED, "mojibake"), _long_value(511), _long_value(512), _long_value(513), _long_subject,
    _value(8, "Ref=A1234;src=old", "equals_sign"), _no_direction, _comment_type, _undated,
    _value(7, "Edinburgh", "value_not_an_option"), _spelled(str.upper), _orphan, _file(lost=True),
)  # fmt: skip


def place(tickets: int, long_ones: frozenset[int]) -> dict[int, Callable[[Shop, Ticket], None]]:
    """Return ticket number to oddity: evenly spread, beside long threads and the tickets of those without account."""
    free = [n for n in range(1, tickets + 1) if n % 5 and n not in long_ones]
    count = min(len(ODDITIES), len(free))
    return {free[i * len(free) // count]: ODDITIES[i] for i in range(count)}


def apply(shop: Shop, ticket: Ticket, oddity: Callable[[Shop, Ticket], None]) -> None:
    """Put an oddity on a ticket, where it has what that needs."""
    if ticket.messages:
        oddity(shop, ticket)
    if ticket.status == WAITING and not ticket.messages:
        ticket.status = CLOSED
        ticket.closed = ticket.opened + timedelta(days=1)
