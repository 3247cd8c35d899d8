"""Tickets: who asks, what about, who answers, how it ends. Every ticket is thought up by itself, from its number."""

from __future__ import annotations

from datetime import datetime, timedelta
from random import Random

from migrator_lib.simulators.smartertrack import catalog, stories, worktime
from migrator_lib.simulators.smartertrack.mail import Writers, message
from migrator_lib.simulators.smartertrack.people import QUEUE_USER, Customer
from migrator_lib.simulators.smartertrack.schema import NOW
from migrator_lib.simulators.smartertrack.shop import AGENTS, DEPARTMENT_OF, Agent, Shop
from migrator_lib.simulators.smartertrack.stories import Story
from migrator_lib.simulators.smartertrack.thread import ACTIVE, CLOSED, LOCKED, WAITING, Comment, Ticket

EPOCH = datetime(2000, 1, 1)
GROUPS = {
    # topic to groups of the first and of the second brand
    "Delivery": ((1,), (6, 7)), "Return": ((2,), (6, 7)), "Warranty": ((2,), (6, 7)), "Advice": ((3,), (6, 7)),
    "Invoice": ((1, 4, 5), (6, 7)), "Stock": ((8,), (8,)),
}  # fmt: skip
MAIL_ORDER = 9
"""A group that was given up; only old tickets are in it."""
BACKLOG = (ACTIVE, WAITING, CLOSED, LOCKED)
PLAIN = 5
"""How much likelier a story without files is."""
SPAMMERS = ("seo-expert@rank-first.example", "claims@prize-office.example", "sales@ripstop-mill.example")


def number(opened: datetime, n: int, rng: Random) -> str:
    """Return a ticket number: chance, seconds since 2000 in hex, a counter in hex."""
    seconds = int((opened - EPOCH).total_seconds())
    return f"{rng.randint(1, 999):03d}-{seconds:08X}-{n & 0xFFFF:04X}"


def opened_at(shop: Shop, n: int) -> datetime:
    """Return when ticket ``n`` (from 1) comes in. Later numbers come later."""
    chance = shop.world.rng("opened", n).random()
    return worktime.arrival((n - 1 + chance) / shop.world.tickets)


def think_up(shop: Shop, n: int, opened: datetime, until: datetime = NOW, *, attempt: int = 0) -> Ticket:
    """Return ticket ``n``; nothing in it is later than ``until``. Another attempt gives another ticket."""
    rng = shop.world.rng("ticket", n, attempt)
    if n % 5 and rng.random() < 0.019:
        return _spam(shop, n, opened, rng, until)
    customer = requester(shop, n, rng)
    brand = rng.choices((1, 2), (72, 28))[0]
    story = _story(customer, brand, rng)
    if story.topic == "Stock":
        brand, customer = 1, _colleague(rng)
    ticket = _blank(n, opened, rng, story, brand, customer)
    writers = Writers(customer, _agents(ticket), story, rng)
    for moment, turn in _turns(story, opened, until, rng):
        ticket.messages.append(message(shop, ticket, writers, turn, moment))
    _settle(ticket, story, until)
    _draft(shop, ticket, writers, until)
    _comments(ticket, writers, until)
    return ticket


def long_thread(shop: Shop, n: int, opened: datetime, messages: int) -> Ticket:
    """Return a standing order with this many messages, spread from its opening to the present."""
    rng = shop.world.rng("ticket", n)
    customer = shop.world.customers[n % shop.accounts]
    ticket = _blank(n, opened, rng, stories.STANDING, 1, customer)
    ticket.department, ticket.group, ticket.agent = 2, 5, AGENTS[6].user_id
    writers = Writers(customer, [AGENTS[6], AGENTS[0]], stories.STANDING, rng, quotes=False)
    step = (NOW - opened) / (messages + 1)
    moments = sorted(worktime.in_hours((opened + k * step).replace(microsecond=0), rng) for k in range(messages))
    for k, moment in enumerate([opened, *moments[1:]]):
        if k % 2 == 0:
            ticket.values |= {"week": str(k // 2 + 1), "pieces": str(rng.randint(2, 40))}
        ticket.values["ref"] = f"D{rng.randint(1000, 9999)}"
        ticket.messages.append(message(shop, ticket, writers, k, min(moment, NOW)))
    ticket.status = WAITING
    return ticket


def requester(shop: Shop, n: int, rng: Random) -> Customer:
    """Return who asks. Every fifth ticket is of the next one without an account, so that all of them ask."""
    customers, accounts = shop.world.customers, shop.accounts
    newcomer = accounts + n // 5 - 1
    if n % 5 == 0 and newcomer < len(customers):
        return customers[newcomer]
    if accounts < len(customers) and rng.random() < 0.1:
        return customers[rng.randrange(accounts, len(customers))]
    return customers[rng.randrange(accounts)]


def _colleague(rng: Random) -> Customer:
    agent = rng.choice([agent for agent in AGENTS if agent.active])
    return Customer(agent.user_id, agent.name, agent.email)


def _story(customer: Customer, brand: int, rng: Random) -> Story:
    if customer.user_id is not None and rng.random() < 0.015:
        return stories.INTERNAL
    told = stories.FOREIGN.get(customer.language, stories.STORIES)
    fitting = [story for story in told if catalog.products_with(brand, story.trait)]
    return rng.choices(fitting, [PLAIN if story.plain else 1 for story in fitting])[0]


def _blank(n: int, opened: datetime, rng: Random, story: Story, brand: int, customer: Customer) -> Ticket:
    values = catalog.blanks(rng, brand, customer.name, story.trait)
    ordered = opened - timedelta(days=rng.randint(7, 20))
    values |= {"date": f"{ordered.day} {ordered:%B}", "month": f"{opened - timedelta(days=60):%B}"}
    group = _group(story, brand, values["product"], opened, rng)
    anonymous = customer.user_id is not None and rng.random() < 0.04
    ticket = Ticket(
        id=n, rng=rng, opened=opened, number=number(opened, n, rng), subject=rng.choice(story.subjects).format(**values),
        topic=story.topic, values=values, department=DEPARTMENT_OF[group], group=group, agent=None,
        customer=None if anonymous else customer.user_id, address=customer.email,
        priority=rng.choices((1, 2, 3, 4), (8, 74, 14, 4))[0],
    )  # fmt: skip
    _fields(ticket, rng)
    return ticket


def _group(story: Story, brand: int, product: str, opened: datetime, rng: Random) -> int:
    if brand == 1 and story.topic != "Stock" and (opened - worktime.START).days < 500 and rng.random() < 0.25:
        return MAIL_ORDER
    if brand == 2:
        return 6 if "furniture" in catalog.PRODUCTS[2][product] else 7
    if story.trait == "trade":
        return rng.choice((4, 5))
    return GROUPS[story.topic][0][0]


def _agents(ticket: Ticket) -> list[Agent]:
    """Return who may answer, the assignee first: members of the group; those who left only while they were there."""
    recent = (NOW - ticket.opened).days < 600
    members = [a for a in AGENTS if ticket.group in a.groups and (a.active or not recent)]
    fallback = [a for a in AGENTS if a.active and 1 in a.groups]
    chosen = members or fallback
    ticket.rng.shuffle(chosen)
    return chosen


def _turns(story: Story, opened: datetime, until: datetime, rng: Random) -> list[tuple[datetime, int]]:
    """Return (moment, turn) of the messages. Most dialogues end with an answer or with a thank-you."""
    full = len(story.turns)
    length = rng.choices((1, 2, min(4, full), full), (5, 23, 20, 52))[0]
    moments = [opened]
    for turn in range(1, length):
        after = worktime.answered if turn % 2 else worktime.replied
        pause = timedelta(days=rng.randint(2, 8) if turn in story.pauses else 0)
        moments.append(after(moments[-1] + pause, rng))
    return [(moment, turn) for turn, moment in enumerate(moments) if moment <= until]


def _settle(ticket: Ticket, story: Story, until: datetime) -> None:
    """Give the ticket its state, assignee and flags, as its age and last message suggest."""
    rng, last = ticket.rng, ticket.messages[-1]
    answers = [m for m in ticket.messages if not m.incoming]
    nobody = None if rng.random() < 0.5 else QUEUE_USER
    unassigned = rng.random() < (0.03 if answers else 0.6)
    ticket.agent = nobody if unassigned or not answers else answers[0].user_id
    if (until - last.moment).days < 14 and len(ticket.messages) < len(story.turns):
        ticket.status = ACTIVE if last.incoming else rng.choices((WAITING, CLOSED), (65, 35))[0]
    else:
        ticket.status = rng.choices(BACKLOG, (4, 6, 81, 9))[0]
    _close(ticket, until)
    _flags(ticket, until)


def _draft(shop: Shop, ticket: Ticket, writers: Writers, until: datetime) -> None:
    """Let an agent have begun a letter, now and then, and perhaps never sent it."""
    turn = len(ticket.messages) | 1
    moment = ticket.messages[-1].moment + timedelta(minutes=9)
    share = 0.2 if ticket.status in (ACTIVE, WAITING) else 0.01
    if turn < len(writers.story.turns) and moment <= until and ticket.rng.random() < share:
        ticket.messages.append(message(shop, ticket, writers, turn, moment))
        ticket.messages[-1].draft = True


def _close(ticket: Ticket, until: datetime) -> None:
    rng, last = ticket.rng, ticket.messages[-1].moment
    if ticket.status in (CLOSED, LOCKED):
        ticket.closed = min(worktime.in_hours(last + timedelta(minutes=rng.randint(5, 4000)), rng), until)
        if rng.random() < 0.12:
            ticket.rating = float(rng.choices((1, 2, 3, 4, 5), (4, 5, 11, 30, 50))[0])
    if rng.random() < 0.02:
        ticket.deleted = min((ticket.closed or last) + timedelta(days=rng.randint(1, 60)), until)
        ticket.status, ticket.closed = LOCKED, ticket.closed or ticket.deleted


def _flags(ticket: Ticket, until: datetime) -> None:
    rng, moment = ticket.rng, ticket.messages[-1].moment
    if ticket.status == WAITING and rng.random() < 0.3:
        ticket.follow_up = (until + timedelta(days=rng.randint(1, 9))).replace(hour=8, minute=0, second=0)
    ticket.pinned = ticket.status == ACTIVE and rng.random() < 0.1
    if rng.random() < 0.012 and len(ticket.messages) > 1:
        earlier = ticket.opened + timedelta(minutes=rng.randint(5, 400))
        ticket.merged.append(number(min(earlier, moment), ticket.id + 7, rng))


def _comments(ticket: Ticket, writers: Writers, until: datetime) -> None:
    rng = ticket.rng
    for _ in range(rng.choices((0, 1, 2, 3), (58, 28, 10, 4))[0]):
        between = (ticket.last - ticket.opened) * rng.random()
        moment = worktime.in_hours(
            (ticket.opened + between + timedelta(seconds=rng.randint(60, 900))).replace(microsecond=0), rng
        )
        topic = ticket.topic if rng.random() < 0.75 else ""
        known = {comment.text for comment in ticket.comments}
        fresh = [note for note in stories.NOTES[topic] if note.format(**ticket.values) not in known]
        text = rng.choice(fresh or stories.NOTES[""]).format(**ticket.values)
        if rng.random() < 0.25:
            text = f"<p>{text.replace('&', '&amp;')}</p>"
        kind = rng.choices((1, 2, 3, 4, 5, 6), (70, 8, 8, 5, 4, 5))[0]
        ticket.comments.append(Comment(kind, writers.agents[0].user_id, min(moment, until), text))
    ticket.comments.sort(key=lambda comment: comment.moment)


def _fields(ticket: Ticket, rng: Random) -> None:
    def put(field_id: int, share: float, text: str) -> None:
        if rng.random() < share:
            ticket.fields[field_id] = text

    put(1, 0.6, ticket.values["order"])
    put(2, 0.85 if ticket.topic != "Stock" else 0, ticket.topic)
    put(3, 0.1, rng.choice(("True", "False")))
    put(4, 0.2, f"{ticket.opened - timedelta(days=rng.randint(3, 90)):%Y-%m-%d}")
    put(5, 0.15, str(rng.randint(1, 4)))
    put(
        6, 0.08, rng.choice(("Ring twice", "Leave with the neighbour on the left", "Gate code 4711#", "Not on Fridays"))
    )
    put(7, 0.1, rng.choice(("Leith", "Porto", "Utrecht")))
    put(8, 0.1, f"OLD/{rng.randint(10000, 99999)}")
    put(9, 0.9, rng.choices(("E-mail", "Web form", "Phone"), (65, 25, 10))[0])


def _spam(shop: Shop, n: int, opened: datetime, rng: Random, until: datetime) -> Ticket:
    subject, body = rng.choice(stories.SPAM)
    spammer = Customer(None, "", rng.choice(SPAMMERS))
    story = Story("Advice", (subject,), ((body,),))
    ticket = _blank(n, opened, rng, story, 1, spammer)
    ticket.fields, ticket.spam = {}, True
    ticket.messages.append(message(shop, ticket, Writers(spammer, [], story, rng), 0, opened))
    ticket.status, ticket.closed = CLOSED, min(opened + timedelta(hours=rng.randint(1, 30)), until)
    return ticket
