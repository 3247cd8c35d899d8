"""``state/sample_review_full.html``: both sides of every message as text, for those who may read tickets.

Nothing of a body's markup is kept, and the page loads nothing.
"""

from __future__ import annotations

from html.parser import HTMLParser

from migrator_lib import pages
from migrator_lib.engagement import Engagement
from migrator_lib.pages import Html
from migrator_lib.sample.reviewer import Part, Review, Reviewed
from migrator_lib.sample.rows import kind, moment

PRE = "white-space: pre-wrap; overflow-wrap: anywhere; margin: 0"


def full_page(engagement: Engagement, review: Review, top: Html) -> str:
    """Return the page; ``top`` tells how to sign."""
    return pages.page(
        "Sample review, in full",
        pages.status("Confidential: this page holds what customers wrote. Do not pass it on.", "warn"),
        top,
        *(_full_ticket(review, ticket) for ticket in review.tickets if ticket.parts),
        subtitle=f"{engagement.parameters.company}: text of both sides; markup and images are left out.",
    )


def _full_ticket(review: Review, ticket: Reviewed) -> Html:
    rows = [
        {
            "": pages.join([f"{n}. {kind(message)}", pages.tag("div", moment(message.get("created_datetime")))]),
            "SmarterTrack": pages.tag("pre", body_text(part.expected), style=PRE),
            "Gorgias": pages.tag("pre", body_text(part.actual), style=PRE),
            "differs": bool(part.differences),
        }
        for n, (part, message) in enumerate(_with_message(ticket), 1)
    ]
    row = ticket.ticket.row
    title = f"Ticket {row['TicketNumber']}: {row['Subject'] or '(no subject)'}"
    return pages.join([pages.heading(title, 2), pages.table(rows, different="differs")])


def _with_message(ticket: Reviewed) -> list[tuple[Part, dict[str, object]]]:
    return [(part, part.expected or part.actual or {}) for part in ticket.parts]


class _Text(HTMLParser):
    """Gathers the text of a body, with a line for each block, and nothing of scripts and styles."""

    BREAKS = {"br", "p", "div", "li", "tr", "blockquote", "h1", "h2", "h3", "table"}
    HIDDEN = {"script", "style"}

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[str] = []
        self._hidden = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._hidden += tag in self.HIDDEN
        if tag in self.BREAKS:
            self.found.append("\n")
        if tag == "img":
            self.found.append("[image]")

    def handle_endtag(self, tag: str) -> None:
        self._hidden -= tag in self.HIDDEN and self._hidden > 0

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self.found.append(data)


def body_text(message: dict[str, object] | None) -> str:
    """Return what a reader sees of a message's body."""
    if message is None:
        return "(not there)"
    if not message.get("body_html"):
        return str(message.get("body_text") or "(empty)")
    reader = _Text()
    reader.feed(str(message["body_html"]))
    reader.close()
    lines = (line.strip() for line in "".join(reader.found).splitlines())
    return "\n".join(line for line in lines if line) or "(no text)"
