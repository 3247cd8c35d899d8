"""What a reconciliation shows, in notebooks 06 and 07."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from migrator_lib import pages
from migrator_lib.engagement import Engagement
from migrator_lib.pages import Html
from migrator_lib.reconcile import ADDED_TITLE, ALWAYS, CHANGED, RECONCILED, Finding, Reconciliation
from migrator_lib.reconcile.accounts import Account
from migrator_lib.runbook import ReconcileResult
from migrator_lib.views.counts import LISTED

MADE_OTHERWISE = (
    "The mapping, or a parameter, was changed since the last load: some may differ by that alone, and migrator remap "
    "shows which. The next load takes it up."
)


def reconcile_status(result: ReconcileResult) -> Html:
    """Return the status line of a reconciliation."""
    found = result.reconciliation
    changed = found.counted(CHANGED)
    by_others = f" {changed:,} were changed in Gorgias since, which is other people's work." if changed else ""
    if found.wrong:
        words = f"{found.wrong:,} records are not as they should be; {found.validated:,} are.{by_others}"
        return pages.status(words, "bad", detail=MADE_OTHERWISE if found.made_otherwise else "")
    one_by_one = "all " if not changed else ""
    words = f"Verified: {one_by_one}{found.validated:,} records are in Gorgias as they should be.{by_others}"
    left_out = ", ".join(found.not_compared)
    detail = f"Not compared, since this account does not keep it: {left_out}." if left_out else ""
    return pages.status(words, "good", detail=detail)


def reconcile_counts(found: Reconciliation, accounts: Sequence[Account]) -> Html:
    """Return the states of every object."""
    shown = [state for state in RECONCILED if state in ALWAYS or found.counted(state)]
    rows = [
        {"object": account.title, **{state: found.counts[account.object][state] for state in shown}}
        for account in accounts
        if account.object in found.counts
    ]
    notes = found.beside(account.object for account in accounts)
    if notes:
        rows.append({"object": ADDED_TITLE, **{state: notes[state] for state in shown}})
    return pages.table(rows, caption="Compared field by field with what was read back")


def findings_table(found: Reconciliation) -> Html:
    """Return the first records that are not as they should be, each with its differences; and what others changed."""
    rows = [finding_row(finding) for finding in found.findings[:LISTED]]
    wrong = pages.table(rows, caption="Not as they should be", empty="Nothing differs.")
    return pages.join([wrong, changes_table(found)]) if found.changes else wrong


def changes_table(found: Reconciliation) -> Html:
    """Return the first records that others changed in Gorgias since, folded away."""
    rows = [finding_row(finding) for finding in found.changes[:LISTED]]
    n = found.counted(CHANGED)
    more = pages.note(f"The first {LISTED}.") if len(found.changes) > LISTED else ""
    return pages.folded(f"Changed in Gorgias since, by other people ({n:,})", pages.table(rows), more)


def finding_row(finding: Finding) -> dict[str, Any]:
    """Return a record that is not as it was sent, as a row of a table."""
    differences = [f"{d.field}: {d.expected} expected, {d.actual} found" for d in finding.differences]
    return {
        "object": finding.object.replace("_", " "),
        "record": finding.source_key,
        "state": finding.state,
        "Gorgias id": str(finding.target_id or ""),
        "what": "; ".join([*differences, *([finding.words] if finding.words else [])]),
    }


def duplicates(engagement: Engagement, found: Reconciliation) -> Html:
    """Return what is in Gorgias more than once, beside which one, and how it is taken away."""
    rows = [
        {
            "object": extra.object.replace("_", " "), "record": extra.source_key, "Gorgias id": str(extra.target_id),
            "beside": str(extra.kept), "stays": f"yes: it {extra.why_left}" if extra.why_left else "no",
        }
        for extra in found.extras[:LISTED]
    ]  # fmt: skip
    shown = pages.table(rows, caption="More than once in Gorgias", empty="Nothing of ours is there more than once.")
    removable = sum(not extra.why_left for extra in found.extras)
    if not removable:
        return shown
    command = f"migrator sweep {engagement.name} --mend --execute"
    words = f"Nobody touched {removable:,} of them. This takes them away, tickets into the trash: "
    return pages.join([shown, pages.note(words, pages.code(command))])
