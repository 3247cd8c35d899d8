"""What a notebook shows of the running count."""

from __future__ import annotations

from migrator_lib import pages
from migrator_lib.load.context import LoadReport
from migrator_lib.objects import CONVERSATIONS
from migrator_lib.pages import Html

_TITLES = {obj.name: obj.title for obj in CONVERSATIONS}


def running_count(report: LoadReport) -> Html:
    """Return what was read back while it was loaded: tickets, chats and calls that were sent, found, and differ."""
    rows = [
        {
            "object": _TITLES[obj], "sent": count.sent, "found again": count.found, "differ": count.differing,
            "changed by somebody since": count.touched, "not found": count.missing,
        }
        for obj, count in report.running.items()
    ]  # fmt: skip
    empty = "Nothing was read back: nothing was sent, or load.running_count is off."
    told = [pages.table(rows, caption="Sent, and read back a hundred at a time", empty=empty)]
    left = sum(count.sent - count.found - count.missing for count in report.running.values())
    if report.not_counted:
        told.append(pages.note("Gorgias did not let tickets be read back by their ids: ", report.not_counted))
    elif left:
        told.append(pages.note(f"So few are not read back here ({left:,}): notebook 06 verifies all."))
    return pages.join(told)
