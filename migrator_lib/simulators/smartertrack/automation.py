"""The shop's events (SmarterTrack's automation), and its canned replies."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from migrator_lib.simulators.smartertrack import catalog
from migrator_lib.simulators.smartertrack.schema import NOW
from migrator_lib.simulators.smartertrack.shop import AGENTS, Shop

HOUR = 3600


def events(shop: Shop) -> None:
    """Write events with conditions, actions and their inputs; one is switched off, one is an agent's own."""
    for n, group in enumerate(dict.fromkeys(event[1] for event in catalog.EVENTS), 1):
        shop.write.add("EventGroups", EventGroupID=n, EventGroupName=group)
    for n, (name, group, key, conditions, actions, repeating) in enumerate(catalog.EVENTS, 1):
        shop.write.add(
            "Events", EventID=n, Name=name, EventGroup=group, EventGuid=n, IsRepeating=repeating, IsActive=True,
            Guid=str(UUID(int=shop.world.rng("event", n).getrandbits(128), version=4)),
            RepeatFrequency=HOUR if repeating else None, Enabled=n != 4, Owner=AGENTS[0].user_id if n == 5 else None,
            DateLastModifiedUTC=NOW - timedelta(days=30 * n),
        )  # fmt: skip
        for what, how, value in conditions:
            shop.write.add("EventConditions", EventConditionID=shop.next_id("EventConditions"), EventID=n, EventKey=what,
                           EventCondition=how, EventValue1=value, EventType=key)  # fmt: skip
        for what, inputs in actions:
            action = shop.next_id("EventActions")
            shop.write.add("EventActions", EventActionID=action, EventID=n, EventKey=what)
            for field, value in inputs:
                shop.write.add("EventInputs", EventInputID=shop.next_id("EventInputs"), EventActionID=action, EventKey=field,
                               EventValue=value)  # fmt: skip


def canned_replies(shop: Shop) -> None:
    """Write canned replies with placeholders; one personal, one a draft, one deleted, one German, one for chats.

    Two are called alike, one has a placeholder that nothing stands for, one a picture of its own, one no text.
    """
    for n, name in enumerate(("Orders", "Returns", "Closing words"), 1):
        shop.write.add("CannedCategories", CannedCategoryID=n, CategoryName=name,
                       CannedCategoryID_Parent=1 if n == 2 else None)  # fmt: skip
    for n, (category, subject, body, language) in enumerate(catalog.CANNED, 1):
        shop.write.add(
            "CannedReplies", CannedReplyID=n, CannedCategoryID=category, DepartmentID=1, Subject=subject, Body=body,
            UserID=AGENTS[4].user_id if n == 5 else None, DateCreatedUTC=NOW - timedelta(days=400),
            DateModifiedUTC=NOW - timedelta(days=100), IsDraft=n == 6, IsDeleted=n == 7, IsForTickets=n != 9,
            IsForChats=n in (1, 3, 9), LanguageID=language, IsFlaggedForReview=n == 10,
        )  # fmt: skip
    for oddity, key in (("personal_reply", 5), ("draft_reply", 6), ("deleted_reply", 7), ("reply_called_alike", 8),
                        ("reply_for_chats", 9), ("reply_with_picture", 10), ("empty_reply", 11)):  # fmt: skip
        shop.world.note(oddity, key)
