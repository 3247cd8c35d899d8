"""Assessments of what Gorgias has no place for: community threads and news items, each with advice and its reason.

Advice goes by age and by what the rows say of themselves; what is "old" is counted from the newest thing of its kind,
so an archive that ended years ago is not all old. Bodies are never shown, only their sizes. Who knows the content
decides.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from migrator_lib.lookups import Lookups
from migrator_lib.reconcile.differences import shortened
from migrator_lib.staging import Staged

Row = dict[str, object]
RECENT = timedelta(days=365)
DAY_ZERO = datetime(1970, 1, 1, tzinfo=UTC)
LIVELY = 3
"""Replies from which a thread is a discussion that people want to go on."""
LASTING = ("recall", "warranty", "return", "shipping", "delivery", "opening hours", "holiday", "payment", "safety")
"""Words of news that customers look up long after."""
ARTICLE, ARCHIVE, TOOL = "turn into an article", "archive", "move to a community tool"
TICKET, MODERATE, LEAVE = "answer from a ticket", "moderate first", "leave out"
CHANNEL, ANNOUNCEMENT = "another channel", "publish as an announcement"


def _newest(rows: Iterable[Mapping[str, Any]], column: str) -> datetime:
    return max((row[column] for row in rows if row.get(column)), default=DAY_ZERO)


def _day(moment: datetime | None) -> str:
    return f"{moment:%Y-%m-%d}" if moment else ""


def _size(html: object) -> int:
    """Return the letters of a text without its mark-up."""
    return len(" ".join(re.sub(r"<[^<>]*>", " ", str(html or "")).split()))


# --- the community -------------------------------------------------------------------------------------


def community(staged: Staged, lookups: Lookups) -> list[Row]:
    """Return every thread in full, without its texts, with what should become of it."""
    threads = sorted(staged.rows("Threads"), key=lambda row: int(row["ThreadID"]))
    newest = _newest(threads, "DateLastPostUTC")
    posts, tags = _posts(staged), _thread_tags(staged)
    found: list[Row] = []
    for row in threads:
        own = posts.get(row["ThreadID"], Counter())
        advice, reason = _thread_advice(row, own, newest)
        found.append(
            {
                "thread": f"{shortened(row['Subject'] or '(no subject)')} ({row['ThreadID']})",
                "brand": lookups.brands.get(row["BrandID"], {}).get("BrandName") or "",
                "advice": advice,
                "reason": reason,
                "state": _thread_state(row),
                "tags": ", ".join(tags.get(row["ThreadID"], ())),
                "opened": _day(row.get("DateCreatedUTC")),
                "last post": _day(row.get("DateLastPostUTC")),
                "replies": row.get("ReplyCount"),
                "by the company": own["employee"],
                "answers": own["answer"],
                "comments": own["comment"],
                "to moderate": own["moderation"],
                "votes": row.get("Score"),
                "type code": row.get("CategoryType"),
                "status code": row.get("Status"),
                "characters": own["size"],
                "ticket": row.get("TicketID"),
            }
        )
    return found


OF_THREADS = ("thread", "brand", "advice", "reason", "state", "last post", "replies", "by the company", "votes")
OF_NEWS = ("item", "advice", "reason", "date", "shown to", "brands", "language")
"""What a decision needs; the rest stands on a sheet of its own."""


def for_decision(rows: Iterable[Row], columns: Sequence[str]) -> list[Row]:
    """Return the columns that a decision needs."""
    return [{name: row[name] for name in columns} for row in rows]


def in_full(rows: Iterable[Row], columns: Sequence[str]) -> list[Row]:
    """Return the other columns, behind the first of these."""
    return [{name: row[name] for name in row if name == columns[0] or name not in columns} for row in rows]


def _posts(staged: Staged) -> dict[int, Counter[str]]:
    """Return thread to what its posts and comments are, counted."""
    found: dict[int, Counter[str]] = {}
    thread_of: dict[int, int] = {}
    for row in staged.stream("ThreadPosts"):
        thread_of[row["ThreadPostID"]] = row["ThreadID"]
        own = found.setdefault(row["ThreadID"], Counter())
        own.update(
            {
                "employee": int(bool(row.get("IsEmployeePost"))),
                "answer": int(bool(row.get("IsAnswer"))),
                "moderation": int(bool(row.get("NeedsModeration"))),
                "size": _size(row.get("BodyHTML")),
            }
        )
    for row in staged.rows("ThreadComments"):
        own = found.setdefault(thread_of.get(row["ThreadPostID"], 0), Counter())
        own.update({"comment": 1, "moderation": int(bool(row.get("NeedsModeration")))})
    return found


def _thread_tags(staged: Staged) -> dict[int, list[str]]:
    names = {row["ThreadTagID"]: str(row.get("Tag") or "") for row in staged.rows("ThreadTags")}
    found: dict[int, list[str]] = {}
    for row in staged.rows("ThreadTagsInThreads"):
        found.setdefault(row["ThreadID"], []).append(names.get(row["ThreadTagID"], f"tag {row['ThreadTagID']}"))
    return found


def _thread_state(row: Mapping[str, Any]) -> str:
    states = ["hidden"] if row.get("Visible") is False else []
    states += ["locked"] if row.get("IsLocked") else []
    states += ["pinned"] if row.get("IsSticky") else []
    return ", ".join([*states, "answered" if row.get("HasAnswer") else "not answered"])


def _thread_advice(row: Mapping[str, Any], posts: Counter[str], newest: datetime) -> tuple[str, str]:
    replies, last = int(row.get("ReplyCount") or 0), row.get("DateLastPostUTC") or DAY_ZERO
    recent = newest - last <= RECENT
    if row.get("Visible") is False:
        return LEAVE, "hidden: it was moderated away"
    if posts["moderation"]:
        return MODERATE, f"{posts['moderation']} of its posts wait for moderation: decide on them before anything else"
    if row.get("HasAnswer"):
        whom = "the company's" if posts["employee"] else "a customer's, so check it first"
        return ARTICLE, f"answered in {replies} replies ({whom}): its answer makes a Help Center article"
    if not replies:
        return (TICKET, "a recent question nobody answered: answer its author from a new ticket") \
            if recent else (ARCHIVE, "nobody answered, and it is more than a year old")  # fmt: skip
    if recent and (replies >= LIVELY or row.get("IsSticky")):
        return TOOL, "a discussion that goes on: customers will look for a place to continue it"
    if recent:
        return (
            TOOL,
            "a recent discussion without an answer: it goes on in a community tool, or product management reads it",
        )
    return ARCHIVE, "a discussion that ended more than a year ago"


def thread_tags(staged: Staged, lookups: Lookups) -> list[Row]:
    """Return the community's tags, with how many threads have each."""
    uses = Counter(row["ThreadTagID"] for row in staged.rows("ThreadTagsInThreads"))
    return [
        {
            "tag": f"{row.get('Tag') or ''} ({row['ThreadTagID']})",
            "brand": lookups.brands.get(row.get("BrandID") or 0, {}).get("BrandName") or "all",
            "category": "yes" if row.get("IsCategory") else "no",
            "threads": uses[row["ThreadTagID"]],
        }
        for row in staged.rows("ThreadTags")
    ]


# --- news ----------------------------------------------------------------------------------------------


def news(staged: Staged, lookups: Lookups) -> list[Row]:
    """Return every news item in full, without its texts, with what should become of it."""
    items = {row["NewsItemID"]: row for row in sorted(staged.rows("NewsItems"), key=lambda row: int(row["NewsItemID"]))}
    newest = _newest(items.values(), "EventDateUTC")
    original = {
        row["NewsItemID_Secondary"]: row["NewsItemID_Primary"]
        for row in staged.rows("NewsItemTranslations")
        if row["NewsItemID_Primary"] in items and row["NewsItemID_Primary"] != row["NewsItemID_Secondary"]
    }
    languages = {row["LanguageID"]: str(row.get("LanguageName") or "") for row in staged.rows("Languages")}
    brands: dict[int, list[str]] = {}
    for row in staged.rows("NewsItemsBrands"):
        name = lookups.brands.get(row["BrandID"], {}).get("BrandName")
        brands.setdefault(row["NewsItemID"], []).append(str(name or row["BrandID"]))
    found: list[Row] = []
    for number, row in items.items():
        advice, reason = _news_advice(row, newest)
        if number in original and not (row.get("IsDeleted") or row.get("IsDraft")):
            first = items[original[number]]
            advice = _news_advice(first, newest)[0]
            reason = f"a translation of item {original[number]}, and follows it"
        found.append(
            {
                "item": f"{shortened(row['Subject'] or '(no subject)')} ({number})",
                "advice": advice,
                "reason": reason,
                "date": _day(row.get("EventDateUTC")),
                "shown to": _shown_to(row),
                "brands": "all" if row.get("DisplayInAllBrands") is not False else ", ".join(brands.get(number, ())),
                "language": languages.get(row.get("LanguageID") or 0, str(row.get("LanguageID") or "")),
                "translation of": original.get(number),
                "look at": ", ".join(words for column, words in NEWS_FLAGS.items() if row.get(column)),
                "summary, characters": _size(row.get("SummaryLong") or row.get("SummaryShort")),
                "body, characters": _size(row.get("Body")),
            }
        )
    return found


NEWS_FLAGS = {"IsFlaggedForReview": "flagged for review", "HasBrokenLinks": "broken links"}


def _shown_to(row: Mapping[str, Any]) -> str:
    if row.get("IsDeleted") or row.get("IsDraft"):
        return "nobody (deleted)" if row.get("IsDeleted") else "nobody (draft)"
    return "agents" if row.get("IsPrivate") else "everybody"


def _news_advice(row: Mapping[str, Any], newest: datetime) -> tuple[str, str]:
    if row.get("IsDeleted"):
        return ARCHIVE, "deleted in SmarterTrack: it goes with the database's backup"
    if row.get("IsDraft"):
        return CHANNEL, "never published: its author finishes it or drops it"
    if row.get("IsPrivate"):
        return CHANNEL, "for agents only: put it where the team keeps notices; the Help Center is public"
    word = next((word for word in LASTING if word in str(row["Subject"]).lower()), None)
    if word:
        return (
            ANNOUNCEMENT,
            f"about '{word}': customers look that up long after the day; make a Help Center article of it",
        )
    if newest - (row.get("EventDateUTC") or DAY_ZERO) <= RECENT:
        return ANNOUNCEMENT, "of the last year: make a Help Center article of it, in a category 'Announcements'"
    return ARCHIVE, "more than a year older than the newest item: past news"


def by_advice(rows: Iterable[Row]) -> dict[str, object]:
    """Return advice to number of rows, most frequent first."""
    return dict(Counter(str(row["advice"]) for row in rows).most_common())
