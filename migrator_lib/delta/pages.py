"""What notebooks show of deltas: their history, each to be smaller than the one before it."""

from __future__ import annotations

from itertools import pairwise

from migrator_lib import pages
from migrator_lib.delta.history import Delta, deltas
from migrator_lib.delta.reach import Reach
from migrator_lib.engagement import Engagement
from migrator_lib.pages import Html
from migrator_lib.progress import duration

NONE_YET = "No delta was read yet. Read one some days before the cutover, and another on its eve: each is smaller."


def history(engagement: Engagement) -> Html:
    """Return every delta that was staged, with what it held and how long it took, and a chart of their sizes."""
    found = deltas(engagement.ledger)
    if not found:
        return pages.note(NONE_YET)
    rows = [_row(one) for one in found]
    parts = [pages.table(rows, caption="Deltas so far"), pages.note(_in_words(found), _of_clock(engagement))]
    if len(found) > 1:
        from migrator_lib import charts  # slow to import, and not every notebook draws

        sizes = {one.stage: float(one.tickets) for one in found}
        parts.append(pages.figure(charts.bars(sizes, label="tickets that had changed"), "Tickets in each delta"))
    return pages.join(parts)


def reached(reach: Reach) -> Html:
    """Return what was loaded beside the tickets that changed, and why; nothing, where it is nothing."""
    if reach.definitions:
        tables = ", ".join(sorted(reach.definitions))
        return pages.note(f"{tables} changed, which any ticket may show: all tickets were made anew and compared with "
                          "what was sent. Those that are as they were sent took no call.")  # fmt: skip
    parts = [_people(reach)] if reach.people else []
    if reach.filed:
        number = pages.counted(len(reach.filed), "ticket")
        parts.append(pages.note(f"{number} went without a file that was not there, and went through the load again in "
                                "case that it has come."))  # fmt: skip
    if reach.others:
        number = pages.counted(len(reach.others), "chat or call log", "chats and call logs")
        parts.append(pages.note(f"{number} that did not change went through the load again, for the same reasons."))
    return pages.join(parts)


def _people(reach: Reach) -> Html:
    who = f"{pages.counted(reach.people, 'person', 'people')} came, went or changed: agents, or requesters who have an "
    who += "account or a ticket of their own now, or none any more. "
    if not reach.tickets:
        return pages.note(who, "No ticket shows any of them but those that changed themselves.")
    number = pages.counted(len(reach.tickets), "ticket")
    return pages.note(who, f"{number} that did not change may show them, and went through the load, too. What is as it "
                      "was sent took no call.")  # fmt: skip


def _row(one: Delta) -> dict[str, object]:
    took = "with the full extract" if one.loaded_at else "not yet"
    if one.load_seconds is not None:
        took = duration(one.load_seconds)
    if one.loaded_with:
        took += f" (with {', '.join(one.loaded_with)})"
    return {
        "delta": one.stage, "read": one.at[:16].replace("T", " "), "tickets changed": one.tickets,
        "more messages": one.messages, "to read": duration(one.read_seconds), "to load": took, "calls": one.calls,
    }  # fmt: skip


def _of_clock(engagement: Engagement) -> str:
    simulated = engagement.parameters.target.simulator
    if simulated is None or simulated.speed == 1:
        return ""
    return f" Times to load are those of the simulated account, whose clock runs {simulated.speed:g} times as fast."


def _in_words(found: list[Delta]) -> str:
    sizes = [one.tickets for one in found]
    if len(sizes) == 1:
        return "The next one brings only what changes from here on."
    if all(later <= earlier for earlier, later in pairwise(sizes)):
        return "Each was smaller than the one before it, or as small."
    return (
        "Not each was smaller than the one before it: the time between two deltas, or the work of that time, was "
        "larger. Read one shortly before the freeze."
    )
