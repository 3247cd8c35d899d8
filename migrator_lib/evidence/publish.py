"""Publishing: what a step leaves for others to read. Rendered, searched for secrets, and found from one page."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from migrator_lib import pages
from migrator_lib.engagement import Engagement
from migrator_lib.errors import ParameterError
from migrator_lib.evidence import accounts_pages, index, overview, quarantine_page, summary
from migrator_lib.evidence.records import FOLDER
from migrator_lib.evidence.render import render
from migrator_lib.evidence.scan import find_bodies, find_secrets, refuse
from migrator_lib.evidence.standing import gate_rows, step_rows
from migrator_lib.masking import mask_text
from migrator_lib.purge import is_purged
from migrator_lib.secret import resolve_secret
from migrator_lib.storage import refusals
from migrator_lib.views import quarantine_rows

SNIPPETS = 200
"""Message texts that reports are searched for."""
WITHHELD = "withheld"
HYPERCARE = "hypercare"
"""Folder of a page for each day after the cutover."""
TITLES = {
    "freeze": "How long the freeze will take", "remapping": "Re-mapping", "sla_inventory": "SLA inventory",
    "expectations": "What is expected of the data", "brand_guide": "Multi-brand guide",
    "object_map": "Object map, field by field",
    "redirects.iis": "Redirects, for IIS", "redirects.nginx": "Redirects, for nginx",
    "roll_back": "Roll-back", "roll_back_protected": "Roll-back: what is protected",
    "roll_back_sandbox": "Roll-back of the sandbox",
    "roll_back_sandbox_protected": "Roll-back of the sandbox: what is protected",
}  # fmt: skip
"""Names of documents to their titles, where the name itself is none."""
WELL = ("done", "rehearsed", "rolled back")
"""What the ledger says of steps of a run that ended well."""


def secrets_of(engagement: Engagement) -> dict[str, str]:
    """Return reference to value of every secret of an engagement that is set."""
    source, target = engagement.parameters.source, engagement.parameters.target
    found = {}
    others = (source.password, engagement.parameters.ledger.password, engagement.parameters.mapping_assistant.api_key)
    for reference in (*others, *target.secrets):
        if reference is not None:
            try:
                found[reference] = resolve_secret(reference)
            except ParameterError:
                continue  # not set, so it cannot be in a report
    return found


def snippets(engagement: Engagement) -> Iterator[str]:
    """Yield texts of staged messages that are long enough to be told from chance."""
    for batch in engagement.staged("full").ticket_batches():
        for ticket in batch:
            for message in ticket.messages:
                text = " ".join((message["BodyText"] or "").split())
                if len(text) >= 60:
                    yield text[:80]


def search(engagement: Engagement, files: Sequence[Path], place: str) -> None:
    """Pass if no file holds a secret or a message's text; what does is moved to the confidential folder.

    A notebook and its page go together: what one shows, the other may hold too.

    Raises:
        SecretFound: naming file and line. The files lie in ``state/withheld/<place>`` now.
    """
    found = find_secrets(files, secrets_of(engagement))
    found = found or find_bodies(files, islice(snippets(engagement), SNIPPETS))
    if found:
        stems = {one.file.stem for one in found}
        _withhold([file for file in files if file.stem in stems], engagement.paths.state / WITHHELD / place)
    refuse(found)


def _withhold(files: Sequence[Path], aside: Path) -> None:
    with refusals(f"What must not be shown could not be moved to {aside}", next_step=f"delete {files[0].parent}."):
        aside.mkdir(parents=True, exist_ok=True)
        for file in files:
            file.replace(aside / file.name)


def mask_errors(executed: Path) -> None:
    """Mask addresses in the errors of an executed notebook: an error that nobody foresaw may quote one."""
    document = json.loads(executed.read_text(encoding="utf-8"))
    outputs = [output for cell in document["cells"] for output in cell.get("outputs", ())]
    errors = [output for output in outputs if output["output_type"] == "error"]
    for output in errors:
        output["evalue"] = mask_text(output["evalue"])
        output["traceback"] = [mask_text(line) for line in output["traceback"]]
    if errors:
        pages.write(executed, json.dumps(document, indent=1, ensure_ascii=False) + "\n")


def notebook(engagement: Engagement, executed: Path) -> None:
    """Render an executed notebook, and withhold both forms if they hold what they must not.

    Raises:
        SecretFound: see :func:`search`.
    """
    if not executed.exists():
        return
    mask_errors(executed)
    search(engagement, [executed, render(executed)], executed.parent.name)


# --- the index -----------------------------------------------------------------------------------------


def pages_of(engagement: Engagement) -> None:
    """Bring ``summary.json``, the engagement's page and the page of all engagements up to date.

    Raises:
        SecretFound: a document, or one of these, holds what it must not; the pages are up to date all the same.
    """
    try:
        search(engagement, documents(engagement), "documents")
    finally:
        _write_pages(engagement)


def _write_pages(engagement: Engagement) -> None:
    document = summary.write(engagement)
    if is_purged(engagement.ledger):  # the lists stay as they are, with the numbers of the tickets
        written = quarantine_page.write(engagement, document["titles"])
    else:
        written = accounts_pages.write(engagement, summary.accounts_of(engagement))
    search(engagement, written, FOLDER)
    text = index.engagement_page(
        document,
        steps=step_rows(engagement),
        gates=gate_rows(engagement),
        runs=run_rows(engagement),
        documents=document_links(engagement),
        quarantine=quarantine_rows(engagement),
    )
    file = pages.write(engagement.paths.reports / "index.html", text)
    search(engagement, [file, engagement.paths.reports / "summary.json"], "pages")
    overview.write(engagement.paths.reports.parent)


def documents(engagement: Engagement) -> list[Path]:
    """Return the written documents, and the pages of hypercare's days."""
    found = [*engagement.paths.documents.glob("*"), *(engagement.paths.reports / HYPERCARE).glob("*")]
    return sorted(file for file in found if file.is_file() and not file.name.endswith(".tmp"))


def document_links(engagement: Engagement) -> list[tuple[str, str]]:
    """Return (title, link) of the written documents, and of the pages of packages for help centers."""
    found = [(_title(file), f"{file.parent.name}/{file.name}") for file in documents(engagement)]
    for file in sorted(engagement.paths.documents.glob("help_center*/README.html")):
        title = file.parent.name.replace("_", " ").capitalize()
        found.append((f"{title}: what to do with it", file.relative_to(engagement.paths.reports).as_posix()))
    return found


def _title(file: Path) -> str:
    if file.suffix == ".xlsx":
        return f"{_title(file.with_suffix('.html'))}, as a workbook"
    if file.stem in TITLES:
        return TITLES[file.stem]
    before = "Hypercare, " if file.parent.name == HYPERCARE else ""
    words = file.stem.replace("_", " ").replace("day-", "day ")
    return before + words if before else words.capitalize()


def run_rows(engagement: Engagement) -> list[dict[str, Any]]:
    """Return the runs that left reports, latest first, with links to them."""
    attempts = engagement.ledger.steps()
    rows = []
    for folder in sorted((f for f in engagement.paths.runs.glob("*") if f.is_dir()), reverse=True):
        steps = [(f.stem, f"runs/{folder.name}/{f.name}") for f in sorted(folder.glob("*.html"))]
        bad = [a for a in attempts if a["run_id"] == folder.name and a["status"] not in WELL]
        result = f"{bad[-1]['step']}: {bad[-1]['status']}" if bad else "done"
        rows.append({"run_id": folder.name, "steps": steps, "result": result})
    return rows
