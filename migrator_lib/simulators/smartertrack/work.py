"""Tasks and time logs of tickets, which carry the tags (SmarterTrack 2018 tags no tickets), and links between tickets."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from migrator_lib.simulators.smartertrack.schema import NOW, Writer
from migrator_lib.simulators.smartertrack.shop import AGENTS, Shop
from migrator_lib.simulators.smartertrack.thread import Ticket

TAGS = {
    "Delivery": (3, 10),
    "Return": (6, 13),
    "Warranty": (4, 9, 12),
    "Advice": (8,),
    "Invoice": (7, 11),
    "Stock": (5,),
}
"""Topic to tags (people.tags); 1 and 2 are the same word in two spellings, 14 is deleted."""
NO_SUCH_STATUS = 9
NO_SUCH_TICKET = 9_999_999
TASKS = ("Call back", "Ask {carrier}", "Check stock of {product}", "Second look at order {order}")


def codes(write: Writer) -> None:
    """Write statuses and priorities of tasks."""
    for n, (name, is_open) in enumerate((("Not started", 1), ("In progress", 1), ("Completed", 0), ("Rejected", 0)), 1):
        write.add("TaskStatuses", TaskStatusID=n, EnglishName=name, DisplayName=name, SortOrder=n, IsActive=n == 2,
                  IsOpen=bool(is_open))  # fmt: skip
    for n, name in enumerate(("Low", "Normal", "High"), 1):
        write.add("TaskPriorities", TaskPriorityID=n, EnglishName=name, DisplayName=name, SortOrder=n)


def tasks_and_time(shop: Shop, ticket: Ticket) -> None:
    """Write about 7 tasks, 9 time logs and 2 links for 100 tickets."""
    rng = shop.world.rng("work", ticket.id)
    tags = [*TAGS[ticket.topic], *rng.choices((1, 2, 5, 14), (5, 2, 3, 1))]
    if rng.random() < 0.07:
        _task(shop, ticket, rng.choice(TASKS).format(**ticket.values), rng.sample(tags, rng.choice((1, 1, 2))))
    if rng.random() < 0.09:
        tag = rng.choice(tags) if rng.random() < 0.7 else None
        _time_log(shop, ticket, tag, minutes=rng.choice((5, 10, 15, 30, 45)))
    if rng.random() < 0.02 and ticket.id > 10:
        shop.write.add("TicketLinks", TicketLinkID=shop.next_id("TicketLinks"), TicketID=ticket.id,
                       TicketID_Secondary=ticket.id - rng.randint(1, 9))  # fmt: skip


def _task(shop: Shop, ticket: Ticket, subject: str, tags: list[int]) -> None:
    task, done, deleted = shop.next_id("Tasks"), ticket.closed is not None, ticket.id % 13 == 0
    shop.write.add(
        "Tasks", TaskID=task, TicketID=ticket.id, TaskPriorityID=2, TaskStatusID=3 if done else 1,
        UserID=ticket.agent or AGENTS[0].user_id, Subject=subject, Description="", IsStarted=done, IsDeleted=deleted,
        DateCreatedUTC=ticket.last, DateModifiedUTC=ticket.last, DateDueUTC=ticket.last + timedelta(days=2),
        DateDeletedUTC=ticket.last if deleted else None, DateCompletedUTC=ticket.closed,
    )  # fmt: skip
    for tag in dict.fromkeys(tags):
        shop.write.add("TagsInTasks", TagsInTasksID=shop.next_id("TagsInTasks"), TaskID=task, TagID=tag,
                       DateAddedUTC=ticket.last)  # fmt: skip


def _time_log(shop: Shop, ticket: Ticket, tag: int | None, *, minutes: int) -> None:
    end = ticket.last
    deleted = ticket.id % 17 == 0
    shop.write.add(
        "TimeLogs", TimeLogID=shop.next_id("TimeLogs"), TicketID=ticket.id, UserID=ticket.agent or AGENTS[0].user_id,
        CustomerUserID=ticket.customer, CustomerEmailAddress=ticket.address, Subject=ticket.subject[:200],
        Description=f"{minutes} minutes", DateCreatedUTC=end, DateModifiedUTC=end,
        DateDeletedUTC=end if deleted else None, DateStartUTC=end - timedelta(minutes=minutes), DateEndUTC=end,
        IsBillable=ticket.group in (4, 5), IsDeleted=deleted, TagID=tag,
    )  # fmt: skip


def oddities(shop: Shop) -> None:
    """Write what real help desks hold besides good tasks, time logs and links, each on a ticket of its own."""
    inactive = next(agent for agent in AGENTS if not agent.active).user_id
    tickets = [max(1, shop.world.tickets * n // 9) for n in range(1, 8)]
    _odd_task(shop, "task_of_inactive_agent", TicketID=tickets[0], UserID=inactive)
    _odd_task(shop, "task_in_html", TicketID=tickets[1], Description="<p>Ask <b>first</b> &amp; then send.</p>")
    _odd_task(shop, "task_of_unknown_status", TicketID=tickets[2], TaskStatusID=NO_SUCH_STATUS, Subject="")
    _odd_task(shop, "task_of_chat", ChatID=1)
    _odd_task(shop, "task_of_nothing")
    _odd_time(shop, "time_log_that_ends_first", TicketID=tickets[3], DateEndUTC=NOW - timedelta(hours=3))
    _odd_time(shop, "time_log_of_inactive_agent", TicketID=tickets[4], UserID=inactive, IsBillable=True)
    _odd_time(shop, "time_log_of_call", CallLogID=1)
    for name, secondary in (("link_to_itself", tickets[5]), ("link_to_purged_ticket", NO_SUCH_TICKET)):
        key = shop.next_id("TicketLinks")
        shop.write.add("TicketLinks", TicketLinkID=key, TicketID=tickets[5], TicketID_Secondary=secondary)
        shop.world.note(name, key)


def _odd_task(shop: Shop, name: str, **row: Any) -> None:
    made = NOW - timedelta(days=1)
    plain = {"TaskPriorityID": 2, "TaskStatusID": 2, "UserID": AGENTS[0].user_id, "Subject": "Look again"}
    key = shop.next_id("Tasks")
    shop.write.add("Tasks", TaskID=key, DateCreatedUTC=made, DateModifiedUTC=made, **plain | row)
    shop.world.note(name, key)


def _odd_time(shop: Shop, name: str, **row: Any) -> None:
    start = NOW - timedelta(hours=2)
    plain = {"UserID": AGENTS[0].user_id, "Subject": "Looked again", "DateEndUTC": NOW - timedelta(hours=1)}
    key = shop.next_id("TimeLogs")
    shop.write.add("TimeLogs", TimeLogID=key, DateCreatedUTC=NOW - timedelta(hours=1), DateStartUTC=start,
                   DateModifiedUTC=NOW - timedelta(hours=1), **plain | row)  # fmt: skip
    shop.world.note(name, key)
