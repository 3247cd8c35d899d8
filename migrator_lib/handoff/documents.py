"""Handoff: the written documents for what Gorgias has no place for, and for what people finish by hand.

Each is a page in ``documents/`` with a box to tick. Addresses are masked there; ``state/handoff/`` holds the two
pages that an admin cannot work from without addresses.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from migrator_lib import pages
from migrator_lib.agents import all_agents
from migrator_lib.delta import history
from migrator_lib.engagement import Engagement
from migrator_lib.gorgias.contract.replies import User
from migrator_lib.handoff import assessments, sla_inventory, workflow_inventory
from migrator_lib.handoff.lists import agent_rows, quarantine_rows, write_numbers
from migrator_lib.lookups import Lookups
from migrator_lib.masking import mask_email, mask_text
from migrator_lib.membership import lists as membership
from migrator_lib.objects import USER
from migrator_lib.pages import Html
from migrator_lib.plan.pages import mapping_parts
from migrator_lib.staging import Staged

TARGET = "production"
Mask = Callable[[str], str]


@dataclass(frozen=True)
class Material:
    """What all documents are made of, read once."""

    engagement: Engagement
    staged: Staged
    lookups: Lookups
    users: dict[str, User]
    """Users of the production account by lowered address."""

    @classmethod
    def of(cls, engagement: Engagement) -> Material:
        """Read it.

        Raises:
            OutOfTurn: there is no mapping yet.
            TargetError: the account cannot be read.
        """
        staged = engagement.all_stages
        return cls(engagement, staged, engagement.lookups(staged), USER.existing(engagement.api(TARGET)))


def write_all(engagement: Engagement) -> list[Path]:
    """Write every document anew; return their paths, those to be shared first.

    Raises:
        TargetError: the account cannot be read.
        StorageError: the disk is full or cannot be written.
    """
    began = time.perf_counter()
    material, paths = Material.of(engagement), engagement.paths
    shared = [
        _write(paths.documents, material, name, title, make(material, mask_text))
        for name, (title, make) in DOCUMENTS.items()
    ]
    numbers = write_numbers(engagement, material.staged, paths.documents / "ticket_numbers.csv")
    membership.write(paths.documents, material.staged, material.lookups, engagement.progress)
    members = [paths.documents / name for name in membership.LISTS]
    confidential = [
        _write(paths.state / "handoff", material, name, DOCUMENTS[name][0], DOCUMENTS[name][1](material, str))
        for name in WITH_ADDRESSES
    ]
    history.note_measured(engagement.ledger, history.DOCUMENTS, time.perf_counter() - began)
    return [*shared, numbers, *members, *confidential]


def _write(folder: Path, material: Material, name: str, title: str, parts: Iterator[Html]) -> Path:
    company = material.engagement.parameters.company
    text = pages.page(title, *parts, subtitle=f"{company}: handed over from the move from SmarterTrack to Gorgias.")
    return pages.write(folder / f"{name}.html", text)


def written(engagement: Engagement, files: list[Path]) -> Html:
    """Return a table of the documents, with links, for a notebook."""
    rows = [
        {
            "document": pages.code(file.relative_to(engagement.paths.reports).as_posix()),
            "what it is for": PURPOSE.get(file.stem, ""),
            "may be shared": "yes" if file.parent == engagement.paths.documents else "no: it holds addresses",
        }
        for file in files
    ]
    return pages.table(rows, caption=f"{len(rows)} documents")


def _ticked(rows: Sequence[Mapping[str, object]], *, caption: str = "", empty: str) -> Html:
    """Return a table with a box to tick behind each row, for paper."""
    return pages.table([{**row, "done": "☐"} for row in rows], caption=caption, empty=empty)


# --- the documents -------------------------------------------------------------------------------------


def _sla(material: Material, mask: Mask) -> Iterator[Html]:
    staged, lookups = material.staged, material.lookups
    yield pages.paragraph(
        "SmarterTrack knows no service levels by that name. What acts like one is listed here, with the set-up in "
        "Gorgias that takes its place. SLA policies are made by hand (Settings, Productivity, SLAs; by an admin or "
        "lead agent), and apply when a ticket is created, so switch them on after the load."
    )
    yield pages.heading("Events that wait")
    yield _ticked(sla_inventory.waiting_events(staged), empty="No ticket event waits for a time.")
    yield pages.heading("Timers of departments")
    yield _ticked(sla_inventory.timers(staged, lookups), empty="No department has a timer switched on.")
    yield pages.heading("Business hours")
    yield pages.paragraph(
        "SmarterTrack keeps these hours in UTC. Where clocks change in summer, the local hours differ by the season: "
        "ask the company which are meant."
    )
    yield _ticked(sla_inventory.business_hours(staged, lookups), empty="None are set.")
    yield pages.heading("Holidays")
    yield pages.paragraph("Whether an account can keep holidays depends on its plan; otherwise put them in a calendar.")
    yield _ticked(sla_inventory.holidays(staged, lookups), empty="None are set.")


def _workflow(material: Material, mask: Mask) -> Iterator[Html]:
    events = workflow_inventory.rows(material.staged, material.lookups.agent_name, mask)
    yield pages.paragraph(
        "SmarterTrack's events as they stand, with the rule of Gorgias (Settings, Rules) that does the same. Rebuild "
        "them after the load, one by one, and test each before the next: a rule acts on every ticket it fits."
    )
    yield _ticked(events, caption=f"{len(events)} events", empty="There are no events.")
    yield pages.note(
        "Keys are SmarterTrack's own words; it publishes no list of them, so the advice goes by the words in them."
    )


def _community(material: Material, mask: Mask) -> Iterator[Html]:
    threads = assessments.community(material.staged, material.lookups)
    yield pages.paragraph(
        "Gorgias has no community, so no thread is moved. Every thread is listed with advice: article (its answer is "
        "worth a Help Center article), ticket (answer the author), ask (read it first), archive, or leave out."
    )
    yield pages.tiles(assessments.by_advice(threads) or {"threads": 0})
    yield _ticked(threads, empty="There are no threads.")
    yield pages.note(
        "Before the portal is switched off, save its public pages (a static copy is enough) and let their addresses "
        "lead to the Help Center."
    )


def _news(material: Material, mask: Mask) -> Iterator[Html]:
    items = assessments.news(material.staged)
    yield pages.paragraph(
        "Gorgias has no news. Each item is archived (it stays in the backup), becomes a Help Center article, or goes "
        "elsewhere; the reason stands beside it. A translation is an item of its own and follows its original."
    )
    yield pages.tiles(assessments.by_advice(items) or {"items": 0})
    yield _ticked(items, empty="There are no news items.")


def _agents(material: Material, mask: Mask) -> Iterator[Html]:
    people = list(all_agents(material.staged, material.lookups))
    fallback = mask_email(material.lookups.parameters.agents.fallback)
    groups = agent_rows(people, material.users, mask)
    yield pages.paragraph(
        "For an admin of the Gorgias account. Addresses are needed to create a user; where they are masked here, the "
        "copy in ", pages.code("state/handoff/agents.html"), " has them."
    )  # fmt: skip
    yield pages.heading("To be created")
    yield pages.paragraph(
        f"Agents of SmarterTrack without a user in Gorgias. Until they are there, their tickets belong to {fallback}; "
        "their names are kept on the tickets. Gorgias sends each an invitation that is valid for a week."
    )
    yield _ticked(groups["create"], empty="Nobody: every active agent has a user.")
    yield pages.heading("To be deactivated")
    yield pages.paragraph(
        "Agents who may no longer sign in to SmarterTrack, but can in Gorgias. Deactivate them; deleting a user would "
        "unassign their tickets and delete their statistics."
    )
    yield _ticked(groups["deactivate"], empty="Nobody.")
    yield pages.heading("Roles to be checked")
    yield pages.paragraph(
        "Users who were matched or created, and whose role differs from what they had in SmarterTrack."
    )
    yield _ticked(groups["role"], empty="All roles fit.")
    yield pages.heading("At the end")
    yield pages.bullets(
        ["☐ Revoke the API key of the migration.", "☐ Switch rules, surveys and integrations on again."]
    )


def _quarantine(material: Material, mask: Mask) -> Iterator[Html]:
    rows = quarantine_rows(material.engagement, material.staged)
    tone: pages.Tone = "warn" if rows else "good"
    yield pages.status(f"{len(rows)} records are in quarantine." if rows else "Nothing is in quarantine.", tone)
    yield pages.paragraph(
        "These records are not in Gorgias, each for its own reason. Mend the cause, then load again: ",
        pages.code(f"migrator run {material.engagement.name} --from 05 --execute"),
        " tries only what is missing.",
    )
    yield _ticked(rows, empty="Nothing to do.")


def _mapping(material: Material, mask: Mask) -> Iterator[Html]:
    state, chosen = material.engagement.gate_state("mapping"), material.lookups.mapping
    if state.state == "met":
        yield pages.status(f"Signed by {state.by} on {state.on[:10]}.", "good")
    else:
        yield pages.status(f"Not signed as it stands: {state.reason}.", "bad")
    yield pages.paragraph("Hash of what is signed: ", pages.code(chosen.hash))
    yield mapping_parts(chosen)


DOCUMENTS: dict[str, tuple[str, Callable[[Material, Mask], Iterator[Html]]]] = {
    "sla_inventory": ("SLA inventory", _sla),
    "workflow_inventory": ("Workflow inventory", _workflow),
    "community_assessment": ("Community assessment", _community),
    "news_assessment": ("News assessment", _news),
    "agents": ("Agents to create or deactivate", _agents),
    "quarantine": ("Quarantine", _quarantine),
    "mapping_as_signed": ("Mapping as signed", _mapping),
}
"""File name to title, and what makes it."""
WITH_ADDRESSES = ("agents", "workflow_inventory")
PURPOSE = {
    "switch_over": "go live, step by step",
    "sla_inventory": "set up SLA policies and business hours",
    "workflow_inventory": "rebuild automation as rules",
    "community_assessment": "decide on every community thread",
    "news_assessment": "decide on every news item",
    "agents": "create, deactivate and check users",
    "quarantine": "mend what could not be moved",
    "mapping_as_signed": "keep: what was agreed",
    "ticket_numbers": "find a ticket by its old number",
    "organization_members": "see who belongs to which organization, and by which filter",
    "organization_counts": "see how many members every organization has",
    "organization_filters": "see what became of every filter of organizations",
}
