"""What notebooks 05 and 07 show of an account's own doing: what was on, what was done, that canaries stayed silent."""

from __future__ import annotations

from collections.abc import Sequence

from migrator_lib import pages
from migrator_lib.pages import Html
from migrator_lib.quiet.making import Quiet
from migrator_lib.side_effects import Done

TONES: dict[str, pages.Tone] = {
    "switched off": "good", "would switch off": "good", "restored": "good", "left on": "bad", "refused": "bad",
    "left alone": "warn",
}  # fmt: skip


def _rows(done: Sequence[Done]) -> list[dict[str, object]]:
    return [
        {"what": one.what, "outcome": pages.badge(one.outcome, TONES[one.outcome]), "why": one.words} for one in done
    ]


def side_effects(quiet: Quiet) -> Html:
    """Return what acted in the account, its state, and what was done about it."""
    badge = pages.badge("off since an earlier run", "good")
    done = {one.what for one in quiet.done}
    before: list[dict[str, object]] = [
        {"what": effect.words, "outcome": badge, "why": ""} for effect in quiet.off_before if effect.words not in done
    ]
    caption = f"What would have acted on imported tickets in the {quiet.target} account"
    rows = [*before, *_rows(quiet.done)]
    return pages.table(rows, caption=caption, empty="Nothing was switched on that would act.")


def hands_off(quiet: Quiet) -> Html:
    """Return what no API can switch off, which a person has looked at."""
    rows = [{"what": line} for line in quiet.found.by_hand]
    return pages.table(rows, caption="What no API can switch off: stated by a person (gate hands_off)")


def canaries(quiet: Quiet) -> Html:
    """Return what the three canaries showed."""
    proof = quiet.proof
    if proof is None:
        return pages.note("A rehearsal sends no canaries.")
    if not proof.quiet:
        rows = [{"canary": one.canary, "what": one.what, "probably by": one.by} for one in proof.findings]
        return pages.table(rows, caption="The canaries were not left alone")
    when = "in this run" if proof.now else "in an earlier run"
    rows = [
        {"looked at": "Threads: number, order, dates of sending, none by a rule", "seen": "as they were sent"},
        {"looked at": "Status, assignee, tags, date of change", "seen": "as they were sent"},
        {"looked at": "Surveys, merges, events", "seen": "none"},
        {"looked at": "Mail and calls, says the simulated account", "seen": str(proof.mails)},
    ]
    shown = rows if proof.mails is not None else rows[:-1]
    note = pages.note(
        f"Three canaries went {when}, at {proof.sent_at}, were watched for {proof.watched_seconds:g} s of the "
        "account's clock, and are removed again. What only the mailbox shows is stated by a person: gate silence."
    )
    return pages.join([pages.table(shown, caption="The canaries stayed silent"), note])


def restored(done: Sequence[Done], *, by_hand: str = "") -> Html:
    """Return what was put back, and what was left alone.

    Args:
        done: what was done with each thing.
        by_hand: why nothing was put back, where that is so.
    """
    if by_hand:
        return pages.note(by_hand)
    return pages.table(_rows(done), caption="Put back as it was", empty="Nothing was switched off any more.")
