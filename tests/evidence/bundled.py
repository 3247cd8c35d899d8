"""A small engagement that is done, for tests of its evidence bundle: every kind of file, and a stage with people."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import nbformat
from openpyxl import Workbook

from migrator_lib import pages
from migrator_lib.csv_file import write_csv
from migrator_lib.engagement import STEPS, Engagement
from migrator_lib.evidence.bundle.archive import Writer
from migrator_lib.evidence.bundle.manifest import MANIFEST, Manifest, comment
from migrator_lib.evidence.records import Line
from migrator_lib.hash_tree.keeping import EVENT, noted
from tests.hash_tree.written import tickets, write
from tests.homes import demo_home
from tests.shop import Shop

PERSON, PHONE, ADDRESS = "Ingrid Sørensen-Holt", "+45 20 30 40 56", "ingrid.holt@nord.example"
MESSAGE = "I have waited three weeks for the tent poles, and nobody at your shop has told me where they are."
SECRET = "k3y-of-the-account-77"
CANNED = "Thank you for your order. It leaves our warehouse within two working days, and you get a message then."
HTML = "<p>Besides, the <b>groundsheet</b> has a tear &amp; the seam next to the door is coming undone.</p>"
RUN = "20261120T090000Z"


def made(folder: Path) -> Path:
    """Return a home whose engagement ``demo`` is done."""
    home = demo_home(folder, tickets=1, signed=True)
    (home / "notebooks" / "99_extra.ipynb").unlink(missing_ok=True)
    _stage(home / "reports" / "demo" / "state")
    _report(home)
    return home


def _stage(state: Path) -> None:
    shop = Shop(state)
    shop.add("Users", {"UserID": 201, "Email": ADDRESS, "DisplayName": PERSON},
             {"UserID": 202, "Email": "w@nord.example", "DisplayName": "May"},
             {"UserID": 203, "DisplayName": "Will Open"}, {"UserID": 204, "DisplayName": "Dana Agent"})  # fmt: skip
    shop.add("Tickets", {"TicketID": 1})
    shop.add("TicketMessages", {"TicketID": 1, "TicketMessageID": 1, "BodyText": MESSAGE,
                                "CcAddresses": '"Brandt, Cecilie" <c@nord.example>, Shop <s@shop.example>'},
             {"TicketID": 1, "TicketMessageID": 2, "BodyText": None, "BodyHTML": HTML})  # fmt: skip
    shop.add("CallLogs", {"CallLogID": 1, "CustomerName": "Jean O'Brien", "CustomerPhoneNumber": PHONE})
    shop.add("CannedReplies", {"CannedReplyID": 1, "Body": CANNED})
    shop.add("TicketMessages", {"TicketID": 1, "TicketMessageID": 3, "BodyText": f"Dear customer! {CANNED}"})
    shop.write("full")


def _report(home: Path) -> None:
    reports = home / "reports" / "demo"
    for step in STEPS:
        engagement = Engagement(home, "demo", step=step, run_id=RUN)
        engagement.ledger.mark_step(step, "running")
        roots = write(reports / "hash_tree", tickets(5)) if step == "06_reconcile" else None
        if roots is not None:
            roots = replace(roots, run_id=RUN)
            (reports / "hash_tree" / "roots.json").write_text(roots.text(), encoding="utf-8")
            engagement.ledger.note("hash_tree", step, EVENT, noted(roots))
        engagement.ledger.mark_step(step, "done", {})
        engagement.close()
        _run(reports / "runs" / RUN, step, roots.actual if roots else "no root")
    pages.write(reports / "index.html", pages.page("Demo", pages.link(f"runs/{RUN}/05_load.html", "the load"),
                pages.link("runs/earlier/05_load.html", "an earlier load"), footer="Made."))  # fmt: skip
    counts = {"source": 3, "created": 2, "matched": 0, "merged": 0, "skipped": 1, "handed_over": 0, "quarantined": 0}
    (reports / "summary.json").write_text(json.dumps({"objects": {"ticket": counts}}, indent=2), encoding="utf-8")
    for outcome, keys in (("created", "12"), ("skipped", "3")):
        rows = [Line("ticket", key, "", outcome, 1, "", "", "20304056", "", "", "2026-11-20") for key in keys]
        write_csv(reports / "accounts" / f"ticket-{outcome}.csv", Line._fields, rows)
    _documents(reports / "documents")


def _run(folder: Path, step: str, words: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    output = nbformat.v4.new_output("display_data", {"text/plain": words})
    cell = nbformat.v4.new_code_cell("show()", outputs=[output])
    cell["id"] = step[:2]
    nbformat.write(nbformat.v4.new_notebook(cells=[cell]), folder / f"{step}.ipynb")
    pages.write(folder / f"{step}.html", pages.page(step, pages.paragraph(words), footer="Run."))


def _documents(folder: Path) -> None:
    pages.write(folder / "scope.html", pages.page("Scope", pages.paragraph("What moves."), footer="Made."))
    write_csv(folder / "organization_members.csv", ("requester", "address"), [("u201", "i***@***.example")])
    write_csv(folder / "loose_work.csv", ("task", "words"), [(1, "Call back")])
    book = Workbook()
    book.active.append(["Rule", "What it does"])
    book.active.append(["1", "Sends a mail"])
    book.save(folder / "workflow_inventory.xlsx")


def rebuilt(bundle: Path, to: Path, changed: dict[str, bytes | None]) -> Path:
    """Return a bundle as somebody makes it who alters files and everything that the archive says of them."""
    with zipfile.ZipFile(bundle) as archive, to.open("w+b") as stream:
        old = Manifest.read(archive.read(MANIFEST).decode())
        files = {entry.path: archive.read(entry.path) for entry in old.files} | changed
        writer = Writer(stream)
        for path, content in sorted(files.items()):
            if content is not None and path != MANIFEST:
                writer.add(path, io.BytesIO(content), len(content))
        text = replace(old, files=tuple(writer.entries)).text().encode()
        writer.add(MANIFEST, io.BytesIO(text), len(text))
        writer.close(comment(text))
    return to


def read(bundle: Path) -> dict[str, bytes]:
    """Return the files of a bundle."""
    with zipfile.ZipFile(bundle) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def digest(content: bytes) -> str:
    """Return a SHA-256 in hexadecimal digits."""
    return hashlib.sha256(content).hexdigest()


Json = dict[str, Any]
