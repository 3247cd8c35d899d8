"""What the audit's notebook and the scope document show of the facts: a function for each part, all escaped."""

from __future__ import annotations

from collections import Counter
from typing import Any

from migrator_lib import charts, object_map, pages
from migrator_lib.audit.facts import Audit
from migrator_lib.audit.quality import notes
from migrator_lib.masking import mask_text
from migrator_lib.pages import Html, Tone

GATE_TONES: dict[str, Tone] = {"met": "good", "stale": "bad", "open": "warn"}
MONTHS = 24


def size(number: int | None) -> str:
    """Return bytes as people say them; empty for None."""
    if number is None:
        return ""
    for unit, least in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if number >= least:
            return f"{number / least:,.1f} {unit}"
    return f"{number} bytes"


def percentage(share: float) -> str:
    """Return a share (0 to 1) as people say it; what is there is never said to be 0 %."""
    return "below 0.1%" if 0 < share < 0.001 else f"{share:.1%}"


def status(audit: Audit) -> Html:
    """Return the line that the notebook begins with."""
    failed = [access for access in audit.access if not access.ok]
    if failed or audit.unmapped:
        return pages.status(
            "Stopped, once everything had been looked at: " + _stops(audit) + ".", "bad", detail=_mend(audit)
        )
    waiting = [gate for gate in audit.gates if gate.name in ("backup_proof", "licence", "worker_threads")
               and gate.state != "met"]  # fmt: skip
    detail = "To be signed before notebook 04: " + ", ".join(gate.name for gate in waiting) if waiting else ""
    words = f"{audit.tickets.number:,} tickets were counted, and source and both accounts can be reached."
    return pages.status(words, "warn" if waiting else "good", detail=detail)


def _stops(audit: Audit) -> str:
    columns = Counter(code.column for code in audit.unmapped)
    stops = {
        "could not be reached": ", ".join(access.name for access in audit.access if not access.ok),
        "codes without a meaning": ", ".join(f"{n} of {column}" for column, n in columns.items()),
    }
    return "; ".join(f"{what}: {which}" for what, which in stops.items() if which)


def _mend(audit: Audit) -> str:
    return "What to do about the codes stands below, and at the end of this page." if audit.unmapped else ""


def access(audit: Audit) -> Html:
    """Return what could be reached."""
    rows = [
        {
            "What": one.name,
            "State": pages.badge("reached", "good") if one.ok else pages.badge("failed", "bad"),
            "Found": mask_text(one.words),
            "Next": mask_text(one.next_step),
        }
        for one in audit.access
    ]
    return pages.table(rows, caption="Access")


def counts(audit: Audit) -> Html:
    """Return every row of the object map with its number."""
    return object_map.counted(audit.counts)


def parts_inside(audit: Audit) -> Html:
    """Return what travels inside other records."""
    rows = [{"Part": name.replace("_", " "), "Number": number} for name, number in audit.parts.items()]
    return pages.table(rows, caption="Inside them")


def tickets(audit: Audit) -> Html:
    """Return tickets by status, priority, department and origin."""
    t = audit.tickets
    span = f"{t.first:%d %B %Y} to {t.last:%d %B %Y}" if t.first and t.last else "no usable date"
    tiles = {"tickets": t.number, "of them moved": t.moved, "messages": audit.messages.number,
             "comments": audit.messages.comments}  # fmt: skip
    by = {"status": t.by_status, "priority": t.by_priority, "department": t.by_department, "origin": t.by_origin}
    tables = [
        pages.table([{name.capitalize(): key, "Tickets": n} for key, n in numbers.items()], caption=f"By {name}")
        for name, numbers in by.items()
    ]
    return pages.join([pages.tiles(tiles), pages.paragraph(f"Opened {span}."), *tables])


def by_month(audit: Audit) -> Html:
    """Return a chart of the tickets opened in each of the last two years' months."""
    recent = dict(list(audit.tickets.by_month.items())[-MONTHS:])
    if not recent:
        return Html("")
    return pages.figure(
        charts.bars(dict(recent), label="tickets"), f"Tickets opened by month, {min(recent)} to {max(recent)}"
    )


def fields(audit: Audit) -> Html:
    """Return custom fields with their lengths against the column's."""
    rows = [
        {
            "Field": field.name,
            "Type code": str(field.type_code),
            "Options": field.options,
            "In tickets": field.in_tickets,
            "In people": field.in_people,
            "Longest": field.longest,
            "500 to 512": field.near_ceiling,
            "Column full": field.at_ceiling,
        }
        for field in audit.fields
    ]
    return pages.table(rows, caption="Custom fields, and their values against the real length of the column")


def storage(audit: Audit) -> Html:
    """Return attachments and the health of the files root."""
    s = audit.storage
    seen: dict[str, object] = {
        "Rows": s.rows, "of them deleted": s.deleted_rows, "Bytes by rows": size(s.row_bytes),
        "Files on disk": s.files, "Bytes on disk": size(s.file_bytes), "Rows whose file is missing": s.missing,
        "Files that no row names": s.orphans, "Rows that share a file": s.shared,
        "Names in several folders": s.ambiguous, "Files of no bytes": s.empty,
        f"Larger than {size(s.limit)}": s.oversized, "Size is not the row's": s.different_size,
    }  # fmt: skip
    rows = [{"Attachments": what, "Found": "not looked at" if n in (None, "") else n} for what, n in seen.items()]
    years = [{"Year": year, "Size": size(n)} for year, n in s.by_year.items()]
    return pages.join([pages.table(rows, caption="Attachments"), pages.folded("By year", pages.table(years))])


def quality(audit: Audit) -> Html:
    """Return the data quality notes."""
    rows: list[dict[str, Any]] = [
        {"Found": note.what, "Number": note.number, "Of": note.of, "Share": percentage(note.share),
         "What becomes of it": note.becomes}
        for note in notes(audit)
    ]  # fmt: skip
    return pages.table(rows, caption="Data quality", empty="nothing was found.")


def readiness(audit: Audit) -> Html:
    """Return background threads, and the gates: backup, licence and the others."""
    state = audit.threads.state
    tone: Tone = "good" if state == "running" else "bad" if state == "stopped" else "warn"
    words = f" {audit.threads.words} {audit.threads.timers} timers for closing, locking or deleting are on."
    rows = [
        {
            "Gate": gate.name,
            "State": pages.badge(gate.state, GATE_TONES.get(gate.state, "warn")),
            "By": gate.by,
            "On": gate.on[:10],
            "Why": mask_text(gate.reason),
        }
        for gate in audit.gates
    ]
    threads = pages.paragraph("Background threads: ", pages.badge(state, tone), words)
    return pages.join([threads, pages.table(rows, caption="Gates")])
