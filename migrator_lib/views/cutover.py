"""What notebook 07 shows of a cutover."""

from __future__ import annotations

from migrator_lib import pages
from migrator_lib.delta import Found
from migrator_lib.engagement import Engagement
from migrator_lib.pages import Html
from migrator_lib.runbook import CutoverResult
from migrator_lib.views.counts import accounts_chart, accounts_table
from migrator_lib.views.reconcile import findings_table, reconcile_counts, reconcile_status


def cutover_status(result: CutoverResult) -> Html:
    """Return the status line of a cutover."""
    n, missed, changed = result.found.number, result.found.missed.number, result.found.words
    if result.load.rehearsal:
        return pages.status(f"Rehearsal: {changed} changed since the last stage. Nothing was written.", "good")
    assert result.reconciliation is not None
    wrong = result.reconciliation.reconciliation.wrong
    taken = f"Taken over: {changed}. Nothing else" if n else "Nothing"
    words = f"{taken} changed in SmarterTrack since the last stage: everything was compared."
    if missed and result.found.candidates is not None:
        words += f" {missed:,} of them left no trace behind the watermark; the comparison found them."
    if wrong:
        return pages.status(f"{words} {wrong:,} records are not as they should be: see below.", "bad")
    return pages.status(f"{words} Everything is verified: Gorgias can take over.", "good")


def changes_tables(found: Found | None) -> Html:
    """Return what changed in the source since it was staged, and how it was found."""
    if found is None:
        return pages.note("What changed since is read when delta = True.")
    by_table = [{"table": table, "tickets that differ": n} for table, n in found.by_table.items()]
    parts = [
        pages.table(by_table, caption="What changed since the last stage", empty="Nothing changed."),
        pages.folded("How changes were found", pages.table(found.signals()), pages.note(_how(found))),
    ]
    if found.definitions:
        parts.append(pages.note("Read whole, since they differ: ", ", ".join(found.definitions), "."))
    if found.purged or found.others_purged:
        purged = pages.counted(len(found.purged) + len(found.others_purged), "ticket, chat or call",
                               "tickets, chats or calls")  # fmt: skip
        parts.append(pages.note(purged, " purged in SmarterTrack since, or not to be read any more: as it was staged, "
                                "each stays."))  # fmt: skip
    if found.ownerless:
        parts.append(pages.note(f"Rows changed that belong to {len(found.ownerless):,} tickets that are not there; "
                                "they are left where they are."))  # fmt: skip
    return pages.join(parts)


def frozen(engagement: Engagement, result: CutoverResult) -> Html:
    """Return what the freeze check says, and what it cannot say: a restored backup knows nothing of what came after."""
    last = f"{result.last:%Y-%m-%d %H:%M} UTC" if result.last else "an unknown moment"
    words = f"The last that happened in the source was on {last}. "
    if result.load.rehearsal:
        words += "Whether it stands still is asked at the cutover itself."
    else:
        words += "Nothing changed in it from the beginning of the cutover until everything was read back."
    kind = engagement.parameters.source.read_from
    if kind == "live":
        return pages.note(words)
    return pages.join([pages.note(words), pages.status(
        f"What was asked is a {kind}, and says nothing of the live SmarterTrack after it was made.", "warn",
        detail="It must have been made after the freeze began; the gate 'freeze' is a person's word for that.",
    )])  # fmt: skip


def _how(found: Found) -> str:
    if found.candidates is None:
        return "No watermark was taken when the last stage was read, so everything was compared."
    words = (
        "A signal is a date or an id behind the watermark (with its overlap), or a small table that is compared whole. "
        "Changed: those of its tickets that differ from what is staged, bodies of messages included. "
    )
    if found.compared:
        words += "Then everything but the bodies of messages was compared: its line shows what no signal led to."
    else:
        words += "What leaves no trace is found at the cutover, where everything is compared."
    missing = [f"{signal} ({why})" for signal, why in found.candidates.unavailable.items()]
    return words + (f" Not available: {', '.join(missing)}." if missing else " Every signal was available.")


def verified_again(result: CutoverResult) -> Html:
    """Return the reconciliation after the delta, and the accounts; after a rehearsal there is none."""
    found = result.reconciliation
    if found is None:
        return pages.note("A rehearsal verifies nothing.")
    return pages.join(
        [
            reconcile_status(found),
            reconcile_counts(found.reconciliation, found.accounts),
            accounts_table(found.accounts),
            accounts_chart(found.accounts),
            findings_table(found.reconciliation),
        ]
    )
