"""What notebooks show of an account's own doing: what was on, what was done about it, what the canaries showed."""

from __future__ import annotations

from collections.abc import Sequence

from migrator_lib import pages
from migrator_lib.engagement import Engagement
from migrator_lib.pages import Html
from migrator_lib.quiet.canaries import PRODUCTION
from migrator_lib.quiet.making import Quiet
from migrator_lib.side_effects import Done

TONES: dict[str, pages.Tone] = {
    "switched off": "good", "would switch off": "good", "restored": "good", "left on": "bad", "refused": "bad",
    "left alone": "warn", "off already": "good",
}  # fmt: skip


def _rows(done: Sequence[Done]) -> list[dict[str, object]]:
    why = any(one.words for one in done)
    return [
        {
            "what": one.what,
            "outcome": pages.badge(one.outcome, TONES[one.outcome]),
            **({"why": one.words} if why else {}),
        }
        for one in done
    ]


def side_effects(quiet: Quiet | None) -> Html:
    """Return what acted in the account, and what was done about it; first, what somebody switched on meanwhile."""
    if quiet is None:
        return pages.note("A rehearsal does not look at what the sandbox does.")
    names = {one.what for one in quiet.done}
    before = [Done(one.words, one.kind, "off already") for one in quiet.off_before if one.words not in names]
    caption = f"What would have acted on imported tickets in the {quiet.target} account"
    shown = pages.table(
        _rows([*before, *quiet.done]), caption=caption, empty="nothing was switched on that this program can see."
    )
    if not quiet.came_since:
        return shown
    came = ", ".join(one.words for one in quiet.came_since)
    detail = (
        f"{came}. It may have acted on what was written then: look at those tickets in Gorgias. The next step that "
        "writes switches it off first, or waits at the gate side_effects."
    )
    return pages.join([pages.status("Somebody switched something on while records were written.", "bad", detail=detail),
                       shown])  # fmt: skip


def hands_off(engagement: Engagement, quiet: Quiet) -> Html:
    """Return what no API can switch off, and who looked at it."""
    return pages.join(
        [
            pages.paragraph(
                "What no API can switch off, so that a person looks at it. ", _stated(engagement, "hands_off")
            ),
            pages.bullets(quiet.found.by_hand),
        ]
    )


def _stated(engagement: Engagement, gate: str) -> str:
    state = engagement.gate_state(gate)
    if state.state != "met":
        return f"Nobody has stated it yet (gate {gate})."
    return f"Stated by {state.by} on {state.on[:10]} (gate {gate})."


def canaries(engagement: Engagement, quiet: Quiet | None) -> Html:
    """Return what the three canaries showed, and who looked into their mailbox."""
    proof = quiet.proof if quiet else None
    if quiet is None or proof is None:
        return pages.note("A rehearsal sends no canaries.")
    if not proof.quiet:
        rows = [{"canary": one.canary, "what": one.what, "probably by": one.by} for one in proof.findings]
        return pages.table(rows, caption="The canaries were not left alone")
    when = "in this run" if proof.now else "in an earlier run"
    rows = [
        {"looked at": "Threads: number, dates of sending, none by a rule", "seen": "as they were sent"},
        {"looked at": "Status, assignee, tags, date of change", "seen": "as they were sent"},
        {"looked at": "Surveys, merges", "seen": "none"},
        {"looked at": "Events", "seen": "none but of their arrival" if proof.events else "not told by this account"},
    ]
    if proof.mails is not None:
        rows.append({"looked at": "Mail and calls, says the simulated account", "seen": str(proof.mails)})
    sent = f"{proof.sent_at[:16].replace('T', ' ')} UTC"
    words = (
        f"Three made-up tickets, the canaries, went ahead {when} ({sent}), were watched for "
        f"{proof.watched_seconds:g} s of the account's clock, and are removed again. "
    )
    mailbox = f"What only the mailbox shows is for a person: {_stated(engagement, 'silence')}"
    return pages.join(
        [
            pages.table(rows, caption="The canaries stayed silent"),
            pages.note(words, mailbox if quiet.target == PRODUCTION else ""),
        ]
    )


def restored(done: Sequence[Done], *, by_hand: str = "") -> Html:
    """Return what was put back, and what was left alone.

    Args:
        done: what was done with each thing.
        by_hand: why nothing was put back, where that is so.
    """
    if by_hand:
        return pages.note(by_hand)
    return pages.table(_rows(done), caption="Put back as it was", empty="nothing was switched off any more.")
