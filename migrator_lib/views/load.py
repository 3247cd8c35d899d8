"""What a load shows, in notebooks 05 and 07."""

from __future__ import annotations

from migrator_lib import pages
from migrator_lib.load import LoadReport
from migrator_lib.masking import mask_text
from migrator_lib.pages import Html
from migrator_lib.runbook import LoadResult
from migrator_lib.views.counts import LISTED


def load_status(result: LoadResult) -> Html:
    """Return the status line of a load."""
    report = result.report
    if result.rehearsal:
        n = sum(count for (_, what), count in report.counts.items() if what in ("would create", "would update"))
        words = f"Rehearsal: {n:,} records would be sent. Nothing was written." if n else (
            "Rehearsal: everything is in Gorgias already, nothing would be sent. Nothing was written."
        )  # fmt: skip
        return pages.status(words, "good")
    changed = f" {report.updated():,} that were there are changed." if report.updated() else ""
    if not report.created():
        return pages.status(f"Nothing new was created: everything was in Gorgias already.{changed}", "good")
    quarantined = sum(account.outcomes.get("quarantined", 0) for account in result.accounts)
    words = f"Loaded: {report.created():,} records were created.{changed}"
    if quarantined:
        return pages.status(f"{words} {quarantined:,} are in quarantine, with their reasons below.", "warn")
    return pages.status(words, "good")


def load_order(report: LoadReport) -> Html:
    """Return since when agents can start, where what they go on working with went first."""
    first = report.first
    if first is None:
        return pages.note("Tickets go by their number: load.order is by_id.")
    what = f"{first.tickets:,} tickets that are open or were active lately"
    if not first.at:
        return pages.note(f"The {what} would go first, with the people they need, so that agents can start.")
    at = f"{first.at[:16].replace('T', ' ')} UTC"
    return pages.note(f"The {what} were in Gorgias at {at}, with the people they need: since then agents can start.")


def load_counts(report: LoadReport) -> Html:
    """Return what this run did, by object."""
    names = list(dict.fromkeys(obj for obj, _ in report.counts))
    columns = list(dict.fromkeys(what for _, what in sorted(report.counts, key=lambda pair: pair[1])))
    rows = [
        {"object": n.replace("_", " "), **{w.replace("_", " "): report.counts.get((n, w), 0) for w in columns}}
        for n in names
    ]
    return pages.table(rows, caption="Records by what was done with them")


def conflicts(report: LoadReport) -> Html:
    """Return what a load left alone, or left behind: changed or refused in Gorgias, or gone from the source since.

    That is nothing mostly; then nothing is shown.
    """
    found = report.conflicts
    if not found:
        return pages.join([])
    more = [f"and {len(found) - LISTED:,} more"] if len(found) > LISTED else []
    shown = [mask_text(words) for words in found[:LISTED]]
    return pages.join([pages.heading("Left by this load", 3), pages.bullets([*shown, *more])])
