"""Switching over: what people do, in order, once everything is verified in Gorgias."""

from __future__ import annotations

from pathlib import Path

from migrator_lib import pages
from migrator_lib.engagement import Engagement
from migrator_lib.pages import Html

FILE = "switch_over.html"
STEPS: tuple[tuple[str, str, str], ...] = (
    (
        "Look at the verdict",
        "Notebook 07 says that nothing changed in SmarterTrack since the last delta, and that every "
        "record is verified.",
        "engineer",
    ),
    (
        "Let agents look",
        "Three agents each find five tickets of theirs in Gorgias: by customer, by subject, by the old ticket number.",
        "operations lead",
    ),
    (
        "Switch on what was switched off",
        "Notebook 07 put rules, HTTP integrations and settings back as they were, and lists what it left alone. Look "
        "at those, and at what was switched off by hand (gate hands_off): one at a time, watching the outbox.",
        "Gorgias admin",
    ),
    (
        "Build what has no place to move to",
        "SLA policies and rules from the inventories; each brand and the teams' routing by their guides.",
        "Gorgias admin",
    ),
    (
        "Open the Help Center",
        "Import the articles, if they are in a package (help_center/README.html says how); finish what the content "
        "gaps name; then publish.",
        "editor",
    ),
    (
        "Turn the mail",
        "Forward every support address of SmarterTrack's mail accounts to Gorgias, then change MX or the "
        "mailbox. Test each address with one mail from outside.",
        "mail admin",
    ),
    (
        "Turn chat and telephone",
        "Replace SmarterTrack's chat link on every page by Gorgias' widget; point the telephone "
        "lines to the new place.",
        "web admin",
    ),
    (
        "Turn the portal",
        "Let old links of tickets and articles lead on: put redirects.html with its folder where the portal was, or "
        "include redirects.nginx.conf or redirects.iis.config. All else leads to a page that says where to write now.",
        "web admin",
    ),
    (
        "Tell agents and customers",
        "Agents work in Gorgias from now on; SmarterTrack stays readable, and read-only.",
        "operations lead",
    ),
    (
        "Keep SmarterTrack",
        "Leave the server, its database and files as they are until the migration is signed off, and "
        "a full backup for as long as the law asks for.",
        "system admin",
    ),
)


def table() -> Html:
    """Return the steps in order, each with a box to tick."""
    rows = [
        {"done": "☐", "step": n, "what": what, "how": how, "by whom": who}
        for n, (what, how, who) in enumerate(STEPS, 1)
    ]
    return pages.table(rows, caption="In this order")


def write(engagement: Engagement) -> Path:
    """Write ``documents/switch_over.html`` and return its path."""
    company = engagement.parameters.company
    told = pages.status("To do by hand, in this order, after the last delta.", "warn")
    subtitle = f"{company}: from SmarterTrack to Gorgias, after the last delta"
    text = pages.page("Switch over", told, table(), subtitle=subtitle)
    return pages.write(engagement.paths.documents / FILE, text)
