"""One message of a ticket: from a turn of its story to addresses, bodies and files."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from random import Random

from migrator_lib.simulators.smartertrack import stories
from migrator_lib.simulators.smartertrack.catalog import BRANDS
from migrator_lib.simulators.smartertrack.files import any_file, csv, pdf, png
from migrator_lib.simulators.smartertrack.letters import PROGRAMS, Letter, html_of, text_of
from migrator_lib.simulators.smartertrack.people import Customer
from migrator_lib.simulators.smartertrack.schema import NOW
from migrator_lib.simulators.smartertrack.shop import BRAND_OF, GROUP_NAME, Agent, Shop, mailbox
from migrator_lib.simulators.smartertrack.stories import Story
from migrator_lib.simulators.smartertrack.thread import INCOMING, OUTGOING, Attachment, Message, Ticket

MARKS = re.compile(r"^\[([a-z ]+)\] ")
REPLY = {"de": "AW: ", "fr": "RE: "}
LOGO_CID = "logo@fernhill"


@dataclass
class Writers:
    """Who writes in a ticket: the requester, and agents with the assignee first."""

    customer: Customer
    agents: list[Agent]
    story: Story
    rng: Random
    quotes: bool = True

    @property
    def language(self) -> str:
        """Language of the dialogue."""
        foreign = stories.FOREIGN.get(self.customer.language, ())
        return self.customer.language if self.story in foreign else "en"


def message(shop: Shop, ticket: Ticket, writers: Writers, turn: int, moment: datetime) -> Message:
    """Return the message of this turn."""
    rng, outgoing = writers.rng, turn % 2 == 1
    told = rng.choice(writers.story.turns[turn % len(writers.story.turns)]).format(**ticket.values)
    marks = MARKS.match(told)
    body = told[marks.end() :] if marks else told
    made = (_outgoing if outgoing else _incoming)(ticket, writers, body, moment)
    made.attachments += [attach(shop, ticket, kind, moment) for kind in (marks[1].split() if marks else ())]
    if rng.random() < 0.012:
        if outgoing:
            inline(made, Attachment("logo.png", shop.logo, moment, cid=LOGO_CID), f"cid:{LOGO_CID}")
        else:
            made.attachments.append(attachment(shop, ticket, *any_file(rng), moment))
    for item in made.attachments:
        item.user_id = made.user_id
    return made


def inline(made: Message, picture: Attachment, source: str) -> None:
    """Put a picture into the HTML of a message that has one."""
    if "</div>" in made.html:
        made.html = made.html.replace("</div>", f'<img src="{source}" alt=""></div>', 1)
        made.attachments.append(picture)


def _subject(ticket: Ticket, language: str) -> str:
    return (REPLY.get(language, "Re: ") if ticket.messages else "") + ticket.subject


def _paragraphs(greeting: str, body: str, rng: Random) -> list[str]:
    """Return greeting and body as paragraphs; a long body is sometimes broken in two."""
    head, dot, tail = body.partition(". ")
    broken = [head + ".", tail] if dot and len(tail) > 80 and rng.random() < 0.3 else [body]
    return [greeting, *broken] if greeting else broken


def _incoming(ticket: Ticket, writers: Writers, body: str, moment: datetime) -> Message:
    rng, customer, language = writers.rng, writers.customer, writers.language
    program = rng.choices(PROGRAMS, (40, 28, 14, 18))[0]
    greeting = (
        rng.choice(stories.GREETINGS[language][0][: 2 if ticket.messages else None])
        if len(ticket.messages) < 2 or rng.random() < 0.4
        else ""
    )
    name = customer.name if customer.user_id is not None or rng.random() < 0.7 else ""
    thanked = "thank" in body.lower()
    sign_offs = [words for words in stories.SIGN_OFFS[language] if not (thanked and "hank" in words)]
    signature = [] if rng.random() < 0.12 or not customer.name else [rng.choice(sign_offs), customer.name]
    if language == "en" and signature and program != "outlook" and rng.random() < 0.08:
        signature = [stories.MOBILE]
    letter = Letter(
        _paragraphs(greeting, body, rng), name or customer.email, customer.email, moment, _subject(ticket, language),
        language, signature, _last(ticket, writers),
    )  # fmt: skip
    made = _made(
        letter, program, INCOMING, ticket.customer, address(name, customer.email), address(*mailbox(ticket.department))
    )
    if rng.random() < 0.05:
        made.cc = rng.choice(("; ", ", ")).join((f"office@{customer.email.split('@')[1]}", "partner@inbox-one.example"))
    if program != "text" and rng.random() < 0.05:
        made.text = ""
    return made


def _outgoing(ticket: Ticket, writers: Writers, body: str, moment: datetime) -> Message:
    rng, language = writers.rng, writers.language
    agent = rng.choice(writers.agents) if rng.random() < 0.12 else writers.agents[0]
    brand, sender = mailbox(ticket.department)
    greeting = rng.choice(stories.GREETINGS[language][1]).format(**ticket.values) if ticket.values["name"] else "Hello,"
    team = (
        f"Your {GROUP_NAME[ticket.group]} team at {brand}"
        if language == "en"
        else BRANDS[BRAND_OF[ticket.department] - 1][1]
    )
    sign_off = "Kind regards" if language == "en" else stories.SIGN_OFFS[language][0]
    letter = Letter(
        _paragraphs(greeting, body, rng), agent.name, sender, moment, _subject(ticket, language), language,
        [sign_off, agent.name, team], _last(ticket, writers),
    )  # fmt: skip
    made = _made(
        letter,
        "desk",
        OUTGOING,
        agent.user_id,
        address(agent.name, sender),
        address(writers.customer.name, ticket.address),
    )
    if rng.random() < 0.004:
        made.delivery, made.error = 2, f"550 5.1.1 <{ticket.address}>: Recipient address rejected: User unknown"
    return made


def _last(ticket: Ticket, writers: Writers) -> Letter | None:
    return ticket.messages[-1].letter if ticket.messages and writers.quotes else None


def _made(letter: Letter, program: str, direction: int, user_id: int | None, sender: str, to: str) -> Message:
    return Message(letter, letter.moment, direction, user_id, sender, to, "", text_of(letter), html_of(letter, program))


def address(name: str, email: str) -> str:
    """Return an address as a header shows it."""
    if not name:
        return email
    return f'"{name}" <{email}>' if re.search(r"[^\w '\-]", name) else f"{name} <{email}>"


def attachment(shop: Shop, ticket: Ticket, name: str, content: bytes, moment: datetime) -> Attachment:
    """Return an attachment with a file of its own; what is older than two years is often compressed on disk."""
    packed = (NOW - moment).days > 730 and ticket.rng.random() < 0.15
    return Attachment(name, shop.files.describe(content, ticket.rng), moment, content, packed)


def attach(shop: Shop, ticket: Ticket, kind: str, moment: datetime) -> Attachment:
    """Return an attachment of the kind that a turn of a story names."""
    if kind == "leaflet":
        return Attachment("Care and sizes.pdf", shop.leaflet, moment)
    rng, values = ticket.rng, ticket.values
    match kind:
        case "photo":
            name, content = f"IMG_{rng.randint(1000, 9999)}.png", png(rng)
        case "picture":
            name, content = "return code.png", png(rng)
        case "list":
            name, content = "order list.csv", csv(rng)
        case "label" | "invoice":
            name, content = f"{'Return label' if kind == 'label' else 'Invoice'} {values['order']}.pdf", pdf(rng)
        case _:
            name, content = f"{kind.capitalize()} {values['ref']}.pdf", pdf(rng)
    return attachment(shop, ticket, name, content, moment)
