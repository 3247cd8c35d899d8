"""The scope document: what moves and what does not, what was found, what it takes, and what the company must do."""

from __future__ import annotations

from pathlib import Path

from migrator_lib import pages
from migrator_lib.audit import members_page, parts, preflight, verdict
from migrator_lib.audit.estimate import estimate
from migrator_lib.audit.facts import Audit
from migrator_lib.audit.grade import grade
from migrator_lib.audit.risks import register
from migrator_lib.engagement import Engagement
from migrator_lib.pages import Html

FILE = "scope.html"
DUTIES = (
    ("backup_proof", "Make a full backup of database and files at the same moment, and try a restore. Backup is "
     "the company's own duty, before, during and after."),
    ("licence", "See that the SmarterTrack licence allows what is planned: one active installation, a second one for "
     "at most 30 days. Reading a restored database needs none."),
    ("worker_threads", "See that SmarterTrack's background threads run before the backup is taken, and decide on "
     "timers for closing, locking and deleting."),
    ("mapping", "Read and confirm the mapping that notebook 02 proposes."),
    ("sample", "Look at the sample in the sandbox account, and approve it."),
    ("freeze", "At the cutover: make SmarterTrack read-only for agents and customers, and send the support addresses' "
     "mail to Gorgias (forwarding or MX), tested with one mail to each address."),
)  # fmt: skip
"""Gate to what the company does for it."""
OTHER_DUTIES = (
    "Choose the Gorgias plan, and get Gorgias' word in writing on whether imported tickets are billed.",
    "Invite the agents who need a Gorgias user, from the list that is handed over.",
    "Have data protection agree: roles in Gorgias do not keep personal data from agents.",
    "Do not start Gorgias' own import of mail history: it would bring the same tickets again.",
)
CREDENTIALS = (
    "a login to the SmarterTrack database, or to its restored copy, that may only SELECT",
    "read access to the whole tree of files below App_Data, of the same moment as the database",
    "an API key of an admin of the Gorgias account, and one of the sandbox account, if there is one",
)


def write(engagement: Engagement, audit: Audit) -> Path:
    """Write ``documents/scope.html`` and return its path."""
    return pages.write(engagement.paths.documents / FILE, document(audit))


def document(audit: Audit) -> str:
    """Return the whole page. It holds no address and no name of a requester."""
    effort = estimate(audit)
    graded = grade(audit, effort)
    sections: tuple[tuple[str, Html], ...] = (
        ("The object map, and what is in scope", pages.join([parts.counts(audit), parts.parts_inside(audit)])),
        ("What the company must do", duties(audit)),
        ("What needs a manual export, or credentials", by_hand(audit)),
        ("Data quality", parts.quality(audit)),
        ("Organizations and their members", members_page.members(audit)),
        ("Source and access", pages.join([preflight.preflight(audit), parts.access(audit), parts.readiness(audit)])),
        ("Complexity", verdict.complexity(graded)),
        ("Estimate", verdict.effort(effort)),
        ("Gorgias' price", verdict.cost(effort)),
        ("Risks", verdict.risks(register(audit, effort))),
    )
    tiles = {"tickets to move": audit.tickets.moved, "complexity": f"{graded.grade} of 4, {graded.word}",
             "hours of load": f"{effort.hours:,.1f}"}  # fmt: skip
    body = [part for title, content in sections for part in (pages.heading(title), content)]
    return pages.page(
        f"Scope: {audit.company}",
        parts.status(audit),
        pages.tiles(tiles),
        *body,
        subtitle=f"SmarterTrack to Gorgias, engagement {audit.engagement}, audited {audit.at:%Y-%m-%d %H:%M} UTC",
    )


def duties(audit: Audit) -> Html:
    """Return what the company must do, and where each duty stands."""
    rows = [
        {"Duty": words, "Gate": name,
         "State": pages.badge(audit.gate(name), parts.GATE_TONES.get(audit.gate(name), "warn"))}
        for name, words in DUTIES
    ]  # fmt: skip
    return pages.join([pages.table(rows, caption="Signed by name"), pages.bullets(OTHER_DUTIES)])


def by_hand(audit: Audit) -> Html:
    """Return what no step moves, with its number, and what access is needed."""
    exports = [
        f"{row.title}: {row.number:,}, in a written document; an admin rebuilds what is wanted"
        for row in audit.counts
        if row.way == "handed over" and row.number
    ]
    return pages.join(
        [
            pages.heading("By hand", 3), pages.bullets(exports or ["Nothing."]),
            pages.heading("Credentials", 3), pages.bullets(CREDENTIALS),
        ]
    )  # fmt: skip
