"""Handoff: the written documents for what Gorgias has no place for, and for what people finish by hand.

Each is a page and a workbook in ``documents/``, with a column to tick. Addresses are masked there; ``state/handoff/``
holds those that an admin cannot work from without addresses.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from migrator_lib import pages
from migrator_lib.csv_file import write_csv
from migrator_lib.delta import history
from migrator_lib.engagement import Engagement
from migrator_lib.handoff import field_map, guides, inventories, loose_work, redirects, workbook
from migrator_lib.handoff.document import ADMIN, SHARED, Audience, Document, page_of
from migrator_lib.handoff.lists import write_numbers
from migrator_lib.handoff.material import Material
from migrator_lib.membership import lists as membership
from migrator_lib.objects import survey
from migrator_lib.pages import Html
from migrator_lib.plan.pages import mapping_parts


def write_all(engagement: Engagement) -> list[Path]:
    """Write every document anew; return their paths, those to be shared first.

    Raises:
        TargetError: the account cannot be read.
        StorageError: the disk is full or cannot be written.
    """
    began = time.perf_counter()
    material, paths = Material.of(engagement), engagement.paths
    shared = [file for name in DOCUMENTS for file in _write(paths.documents, material, name, SHARED)]
    shared.append(_write_mapping(material, paths.documents / f"{MAPPING}.html"))
    numbers = write_numbers(engagement, material.staged, paths.documents / "ticket_numbers.csv")
    old_links = redirects.write(engagement, material.staged, material.lookups, paths.documents).files
    membership.write(paths.documents, material.staged, material.lookups, engagement.progress)
    members = [paths.documents / name for name in membership.LISTS]
    folder = paths.state / "handoff"
    confidential = [file for name in WITH_ADDRESSES for file in _write(folder, material, name, ADMIN)]
    confidential.append(loose_work.write(folder / "loose_work.csv", material.staged, material.lookups))
    ratings = folder / f"{survey.DOCUMENT}.csv"
    write_csv(ratings, survey.HANDED_OVER_COLUMNS, survey.to_hand_over(material.staged, material.lookups))
    confidential.append(ratings)
    history.note_measured(engagement.ledger, history.DOCUMENTS, time.perf_counter() - began)
    return [*shared, numbers, *old_links, *members, *confidential]


def _write(folder: Path, material: Material, name: str, audience: Audience) -> tuple[Path, Path]:
    """Write a document as a page and as a workbook."""
    document, subtitle = DOCUMENTS[name](material, audience), _subtitle(material)
    if audience is SHARED and name in WITH_ADDRESSES:
        document = replace(document, notes=(*document.notes, MASKED))
    page = pages.write(folder / f"{name}.html", page_of(document, subtitle))
    return page, workbook.write(document, subtitle, folder / f"{name}.xlsx")


def _subtitle(material: Material) -> str:
    company = material.engagement.parameters.company
    return f"{company}: handed over from the move from SmarterTrack to Gorgias."


def _write_mapping(material: Material, file: Path) -> Path:
    state, chosen = material.engagement.gate_state("mapping"), material.lookups.mapping
    if state.state == "met":
        signed = pages.status(f"Signed by {state.by} on {state.on[:10]}.", "good")
    else:
        signed = pages.status(f"Not signed as it stands: {state.reason}.", "bad")
    hashed = pages.paragraph("Hash of what is signed: ", pages.code(chosen.hash))
    parts = [signed, hashed, pages.heading("What each thing of SmarterTrack's becomes"), mapping_parts(chosen)]
    text = pages.page("Mapping as signed", *parts, subtitle=_subtitle(material))
    return pages.write(file, text)


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


DOCUMENTS: dict[str, Callable[[Material, Audience], Document]] = {
    "sla_inventory": inventories.sla,
    "workflow_inventory": inventories.workflow,
    "routing_guide": guides.routing,
    "brand_guide": guides.brands,
    "tag_taxonomy": guides.tags,
    "community_assessment": inventories.community,
    "news_assessment": inventories.news,
    "content_gaps": guides.gaps,
    "agents": guides.agents,
    "quarantine": guides.quarantine,
    "object_map": field_map.object_map_document,
}
"""File name to what makes the document."""
MAPPING = "mapping_as_signed"
MASKED = "Addresses are masked here, so that this may be shared; the copy in state/handoff has them."
WITH_ADDRESSES = ("agents", "workflow_inventory", "routing_guide", "brand_guide")
PURPOSE = {
    "switch_over": "go live, step by step",
    "sla_inventory": "set up SLA policies and business hours",
    "workflow_inventory": "rebuild automation as rules",
    "routing_guide": "bring new tickets to their teams",
    "brand_guide": "set up each brand's addresses, chat and Help Center",
    "tag_taxonomy": "see what became of every tag, and tidy up",
    "community_assessment": "decide on every community thread",
    "news_assessment": "decide on every news item",
    "content_gaps": "finish articles, translations, macros and placeholders",
    "agents": "create, deactivate and check users",
    "quarantine": "mend what could not be moved",
    "ratings": "keep: ratings that no ticket in Gorgias has, with their words",
    "mapping_as_signed": "keep: what was agreed",
    "object_map": "see where every field went",
    "redirects": "lead from old numbers and links to tickets and articles: a page, the folder beside it, and a list",
    "loose_work": "tasks and time logs of chats, calls or nothing, which no ticket carries: enter what still matters",
    "redirects.nginx": "the same for the old portal's web server, nginx",
    "redirects.iis": "the same for IIS",
    "ticket_numbers": "find a ticket by its old number",
    "organization_members": "see who belongs to which organization, and by which filter",
    "organization_counts": "see how many members every organization has",
    "organization_filters": "see what became of every filter of organizations",
}
