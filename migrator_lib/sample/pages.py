"""The sample for people: parts for notebook 03, and the page that is reviewed, which holds no body and no address."""

from __future__ import annotations

from pathlib import Path

from migrator_lib import pages
from migrator_lib.engagement import Engagement
from migrator_lib.masking import mask_text
from migrator_lib.pages import Html
from migrator_lib.reconcile.differences import Difference
from migrator_lib.sample import confidence_statement
from migrator_lib.sample.choice import Choice
from migrator_lib.sample.full_page import full_page
from migrator_lib.sample.reviewer import Review, Reviewed
from migrator_lib.sample.rows import TicketRows, mapping_line

REVIEW_FILE = "sample_review.html"
FULL_FILE = "sample_review_full.html"


# --- parts for the notebook ----------------------------------------------------------------------------


def choice_table(choice: Choice) -> Html:
    """Return which tickets were chosen, and why; and the kinds that the source has none of."""
    drawn = [str(ticket) for ticket in choice.reasons if choice.is_random(ticket)]
    rows = [
        {"ticket": str(ticket), "chosen for": ", ".join(kinds)}
        for ticket, kinds in choice.reasons.items()
        if not choice.is_random(ticket)
    ]
    n = len(choice.reasons)
    by_chance = pages.paragraph(f"Drawn at random: {', '.join(drawn)}.") if drawn else ""
    missing = pages.note("None in the source: " + ", ".join(choice.not_found) + ".") if choice.not_found else ""
    return pages.join(
        [pages.table(rows, caption=f"{len(rows)} of {n} tickets, each chosen for being hard"), by_chance, missing]
    )


def status(review: Review) -> Html:
    """Return the status line: how many tickets are as they were meant."""
    n = len(review.tickets)
    if review.rehearsal:
        return pages.status(f"Rehearsal: {n} tickets were chosen and made ready; nothing was loaded.", "warn")
    if review.right == n:
        return pages.status(f"All {n} tickets of the sample are as they were meant.", "good")
    return pages.status(f"Not as they were meant: {n - review.right} of {n} tickets.", "bad")


def tiles(review: Review) -> Html:
    """Return the numbers of the sample."""
    return pages.tiles(
        {
            "tickets": len(review.tickets),
            "as meant": review.right,
            "left out by a rule": sum(ticket.outcome.startswith("left out") for ticket in review.tickets),
            "messages and notes": sum(len(ticket.parts) for ticket in review.tickets),
            "fields that differ": sum(len(ticket.all_differences) for ticket in review.tickets),
        }
    )


def differences(review: Review) -> Html:
    """Return what differs, and the line of mapping.yaml that decides it; also tickets that could not move."""
    rows = [
        {
            "ticket": ticket.key,
            "field": difference.field,
            "meant": difference.expected,
            "in Gorgias": difference.actual,
            "decided by": mapping_line(ticket, difference.field, review.lookups) or "no line of mapping.yaml",
        }
        for ticket in review.tickets
        for difference in [*_not_moved(ticket), *ticket.all_differences]
    ]
    return pages.table(rows, caption="What differs", empty="Nothing differs.")


def _not_moved(ticket: Reviewed) -> list[Difference]:
    if ticket.is_right or ticket.all_differences:
        return []
    field = next((word for word in ("priority", "status") if f": {word} " in ticket.outcome), "the ticket")
    return [Difference(field, "in Gorgias", mask_text(ticket.outcome))]


def what_it_tells(review: Review) -> Html:
    """Return what the sample says about all tickets."""
    return pages.paragraph(
        "Nothing was loaded, so nothing can be said." if review.rehearsal else confidence_statement(review)
    )


def how_to_sign(engagement: Engagement, review: Review) -> Html:
    """Return how to review, where the gate stands, and the command that signs."""
    if review.rehearsal:
        return pages.paragraph(f"The sample is loaded into the {engagement.sample_account} account with: ",
                               pages.code(f"migrator run {engagement.name} --only 03 --execute"))  # fmt: skip
    state = engagement.gate_state("sample")
    if state.state == "met":
        return pages.paragraph(f"The sample is signed by {state.by} on {state.on[:10]}. Notebook 05 may load.")
    return pages.join(
        [
            pages.paragraph(
                f"Open each ticket in the {engagement.sample_account} account and in SmarterTrack, and compare them "
                "as an agent would. Where something is wrong, change the line of mapping.yaml that is named below, "
                "sign the mapping, and run notebook 03 again. If all is right, sign; notebook 05, which loads "
                "everything, waits for it."
            ),
            pages.tag("pre", f'migrator sign {engagement.name} sample --by "NAME"'),
            pages.note(f"Where the gate stands: {state.reason or state.state}."),
        ]
    )


# --- the page that is reviewed -------------------------------------------------------------------------


def write_pages(engagement: Engagement, review: Review) -> list[Path]:
    """Write the page that is reviewed and the one with bodies; return their paths."""
    return [
        pages.write(engagement.paths.documents / REVIEW_FILE, _review_page(engagement, review)),
        pages.write(engagement.paths.state / FULL_FILE, full_page(engagement, review, how_to_sign(engagement, review))),
    ]


def _review_page(engagement: Engagement, review: Review) -> str:
    return pages.page(
        "Sample review",
        status(review),
        tiles(review),
        how_to_sign(engagement, review),
        pages.note(
            "People are masked, and bodies are shown as their length and a fingerprint: equal fingerprints are equal "
            "texts. Those who may read tickets find both sides in full in ",
            pages.code(f"state/{FULL_FILE}"),
            ".",
        ),
        pages.heading("What differs"),
        differences(review),
        pages.heading("What the sample tells"),
        what_it_tells(review),
        pages.heading("Tickets"),
        _contents(review),
        *(_ticket(engagement, review, ticket) for ticket in review.tickets),
        subtitle=f"{engagement.parameters.company}: tickets in SmarterTrack beside what they became in the "
        f"{engagement.sample_account} account.",
    )


def _contents(review: Review) -> Html:
    rows = [
        {
            "ticket": pages.link(f"#ticket-{ticket.key}", str(ticket.ticket.row["TicketNumber"])),
            "chosen for": ", ".join(ticket.reasons),
            "outcome": _badge(ticket),
            "parts": len(ticket.parts),
            "differ": len(ticket.all_differences),
        }
        for ticket in review.tickets
    ]
    missing = pages.note("None in the source: " + ", ".join(review.not_found) + ".") if review.not_found else ""
    return pages.join([pages.table(rows), missing])


def _badge(ticket: Reviewed) -> Html:
    if not ticket.is_right:
        return pages.badge("differs" if ticket.all_differences else mask_text(ticket.outcome), "bad")
    return pages.badge(ticket.outcome, "plain" if ticket.outcome.startswith("left out") else "good")


def _ticket(engagement: Engagement, review: Review, ticket: Reviewed) -> Html:
    rows = TicketRows(review, ticket)
    title = f"Ticket {ticket.ticket.row['TicketNumber']}"
    thread = pages.table(rows.thread(), caption="Thread", different="differs", empty="No part of it moves.")
    body: list[object] = [
        pages.tag("h3", title, id=f"ticket-{ticket.key}"),
        pages.paragraph(_badge(ticket), " ", f"Chosen for: {', '.join(ticket.reasons)}. ", *_links(engagement, ticket)),
    ]
    if ticket.expected is not None:
        body += [pages.table(rows.fields(), different="differs"), pages.folded("Thread", thread) if
                 len(ticket.parts) > 12 and not any(part.differences for part in ticket.parts) else thread]  # fmt: skip
    return pages.join(body)


def _links(engagement: Engagement, ticket: Reviewed) -> list[object]:
    """Return links to both originals, as far as they can be opened."""
    found: list[object] = []
    if ticket.target_id is not None:
        url = f"{engagement.account_url(engagement.sample_account).rstrip('/')}/app/ticket/{ticket.target_id}"
        found += [pages.link(url, f"Gorgias ticket {ticket.target_id}")]
    portal = engagement.parameters.source.portal_url
    if portal:
        found += [", " if found else "", pages.link(portal, "SmarterTrack's portal"), " (search for the number)"]
    return found
