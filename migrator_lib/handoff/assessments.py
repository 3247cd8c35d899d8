"""Assessments of what Gorgias has no place for: community threads and news items, each with advice and its reason.

Advice goes by age and by what the row says of itself; what is "old" is counted from the newest thing of its kind, so an
archive that ended years ago is not all old. Who knows the content decides.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from migrator_lib.lookups import Lookups
from migrator_lib.reconcile.differences import shortened
from migrator_lib.staging import Staged

Row = dict[str, object]
RECENT = timedelta(days=365)
DAY_ZERO = datetime(1970, 1, 1, tzinfo=UTC)
LASTING = ("recall", "warranty", "return", "shipping", "delivery", "opening hours", "holiday", "payment", "safety")
"""Words of news that customers look up long after."""


def _newest(rows: Iterable[Mapping[str, Any]], column: str) -> datetime:
    return max((row[column] for row in rows if row.get(column)), default=DAY_ZERO)


def community(staged: Staged, lookups: Lookups) -> list[Row]:
    """Return every thread with what should become of it."""
    threads = sorted(staged.rows("Threads"), key=lambda row: int(row["ThreadID"]))
    newest = _newest(threads, "DateLastPostUTC")
    found: list[Row] = []
    for row in threads:
        advice, reason = _thread_advice(row, newest)
        last = row.get("DateLastPostUTC")
        found.append(
            {
                "thread": f"{shortened(row['Subject'] or '(no subject)')} ({row['ThreadID']})",
                "brand": lookups.brands.get(row["BrandID"], {}).get("BrandName") or "",
                "replies": row.get("ReplyCount"),
                "last post": f"{last:%Y-%m-%d}" if last else "",
                "advice": advice,
                "reason": reason,
            }
        )
    return found


def _thread_advice(row: Mapping[str, Any], newest: datetime) -> tuple[str, str]:
    replies, last = int(row.get("ReplyCount") or 0), row.get("DateLastPostUTC") or DAY_ZERO
    if row.get("Visible") is False:
        return "leave out", "hidden: it was moderated away"
    if row.get("HasAnswer"):
        return "article", f"answered in {replies} replies: its answer makes a Help Center article"
    if not replies:
        return ("ticket", "a recent question nobody answered: answer its author from a new ticket") \
            if newest - last <= RECENT else ("archive", "nobody answered, and it is more than a year old")  # fmt: skip
    if newest - last <= RECENT:
        return "ask", "a recent discussion without an answer: product management should read it"
    return "archive", "a discussion that ended more than a year ago"


def news(staged: Staged) -> list[Row]:
    """Return every news item with what should become of it: archive, article or other."""
    items = sorted(staged.rows("NewsItems"), key=lambda row: int(row["NewsItemID"]))
    newest = _newest(items, "EventDateUTC")
    found: list[Row] = []
    for row in items:
        advice, reason = _news_advice(row, newest)
        moment = row.get("EventDateUTC")
        found.append(
            {
                "item": f"{shortened(row['Subject'] or '(no subject)')} ({row['NewsItemID']})",
                "date": f"{moment:%Y-%m-%d}" if moment else "",
                "shown to": _shown_to(row),
                "advice": advice,
                "reason": reason,
            }
        )
    return found


def _shown_to(row: Mapping[str, Any]) -> str:
    if row.get("IsDeleted") or row.get("IsDraft"):
        return "nobody (deleted)" if row.get("IsDeleted") else "nobody (draft)"
    return "agents" if row.get("IsPrivate") else "everybody"


def _news_advice(row: Mapping[str, Any], newest: datetime) -> tuple[str, str]:
    if row.get("IsDeleted"):
        return "archive", "deleted in SmarterTrack: it goes with the database's backup"
    if row.get("IsDraft"):
        return "other", "never published: its author finishes it or drops it"
    if row.get("IsPrivate"):
        return "other", "for agents only: put it where the team keeps notices; the Help Center is public"
    word = next((word for word in LASTING if word in str(row["Subject"]).lower()), None)
    if word:
        return "article", f"about '{word}': customers look that up long after the day"
    if newest - (row.get("EventDateUTC") or DAY_ZERO) <= RECENT:
        return "article", "of the last year: make a Help Center article of it while it still matters"
    return "archive", "more than a year older than the newest item: past news"


def by_advice(rows: Iterable[Row]) -> dict[str, object]:
    """Return advice to number of rows, most frequent first."""
    return dict(Counter(str(row["advice"]) for row in rows).most_common())
