"""What notebook 04 shows of an extract: rows, dates, values and files."""

from __future__ import annotations

from migrator_lib import pages
from migrator_lib.engagement import Engagement
from migrator_lib.extract import ExtractReport
from migrator_lib.file_health import FileHealth
from migrator_lib.pages import Html
from migrator_lib.runbook import source_rows
from migrator_lib.views.counts import LISTED


def extract_status(report: ExtractReport) -> Html:
    """Return the status line of an extract."""
    new = sum(report.read_now.values())
    total = sum(report.rows.values())
    if not new:
        return pages.status(f"Everything was staged already: {total:,} rows, none read again.", "good")
    return pages.status(f"Staged: {total:,} rows, {new:,} of them read now.", "good")


def extract_tables(engagement: Engagement, report: ExtractReport) -> Html:
    """Return the rows of every table, counted in the source and staged."""
    rows = [
        {**row, "differs": row["source"] is not None and row["source"] != row["staged"]}
        for row in source_rows(engagement, report)
    ]
    differing = [row["table"] for row in rows if row["differs"]]
    words = (
        pages.note("Source and staged data differ for: ", ", ".join(differing), ". Rows that cannot be read are not "
                   "staged, and listed below; other differences are changes since the extract, which the delta brings.")
        if differing
        else pages.note("Every table holds as many rows staged as in the source.")
    )  # fmt: skip
    told = [words, *_moments(report), pages.table(rows, caption="Rows by table", different="differs")]
    return pages.join(told)


def _moments(report: ExtractReport) -> list[Html]:
    """Return as of when the source was read: of one moment, unless it was READ COMMITTED or taken up again."""
    told = [f"{moment['began']} ({moment['isolation']})" for moment in report.moments]
    more = " A live source changed between them; the delta brings what did." if len(told) > 1 else ""
    return [pages.note("Read as of: ", ", ".join(told), ".", more)] if told else []


def bad_dates(report: ExtractReport) -> Html:
    """Return the columns that hold values that are no dates."""
    rows = [{"column": column, "values that are no date": n} for column, n in report.bad_dates.items()]
    return pages.table(rows, caption="Dates", empty="Every date could be read.")


def bad_values(report: ExtractReport) -> Html:
    """Return the values, and the rows, that could not be read; the values themselves are not shown."""
    rows = [
        {
            "table": bad.table,
            "key": "-".join(bad.key),
            "column": bad.column,
            "what was done": "staged with this value empty" if bad.staged else "not staged: the row is quarantined",
        }
        for bad in report.bad_values[:LISTED]
    ]
    more = len(report.bad_values) - len(rows)
    told = pages.table(rows, caption="Values that are not what their column holds", empty="Every other value, too.")
    return pages.join([told, pages.note(f"and {more:,} more.")]) if more else told


_HEALTH = {
    "Attachments (without deleted ones and those of drafts)": "attachments",
    "Files below the root": "files",
    "have their file": "matched",
    "share it with another": "shared",
    "unpacked before they go up": "compressed",
    "found among several files of one name": "of several",
    "held by the database itself": "in the database",
    "size is not the row's, the checksum is": "size differs",
    "checksum is not the row's, the size is": "checksum differs",
    "file of no bytes": "empty",
    "no file: quarantined": "missing",
    "several files, none of which is the row's alone: quarantined": "ambiguous",
    "neither size nor checksum is the row's: quarantined": "differs",
    "file cannot be read: quarantined": "unreadable",
    "larger than may go up: quarantined": "oversized",
    "Pictures in messages that no attachment is for: left as they are": "picture without attachment",
    "Files that no ticket attachment names (orphans, and those of chats and the knowledge base)": "orphaned",
}


def attachments(health: FileHealth) -> Html:
    """Return what became of attachments and their files, and the first that need a person."""
    rows = [{"Attachments and files": words, "Found": health.counts[what]} for words, what in _HEALTH.items()]
    words = (
        "Rows' checksums are CRC-32, as their files show, so one that differs tells of a damaged file."
        if health.checksums_hold
        else "No row's checksum is the CRC-32 of its file, so sizes alone tell whether a file is the right one."
    )
    caption = f"The first {len(health.listed)}; the file below has all" if health.listed else ""
    listed = pages.table(health.listed, caption=caption, empty="Nothing needs a person.")
    return pages.join([pages.table(rows, caption="Files"), pages.note(words), pages.folded("What to look at", listed)])
