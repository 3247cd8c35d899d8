"""The page of an engagement, which people open first.

It is made of the summary and of relative links, so a folder of reports can be zipped and opened anywhere.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from migrator_lib import pages, purge
from migrator_lib.evidence import figures, index_records
from migrator_lib.hash_tree.report import told
from migrator_lib.objects import CONVERSATIONS, TICKET
from migrator_lib.progress import duration

Row = Mapping[str, Any]
STEP_TONES: dict[str, pages.Tone] = {
    "done": "good",
    "running": "warn",
    "waiting": "warn",
    "stopped": "warn",
    "failed": "bad",
    "rolled back": "warn",
}
GATE_TONES: dict[str, pages.Tone] = {"met": "good", "open": "warn", "stale": "bad"}
RATE_USED = "of the allowed rate used, by all loads"
KINDS = {"xlsx": "as a workbook", "csv": "as a list", "zip": "packed"}
"""What else than a page a document is, by the end of its name."""


def engagement_page(
    summary: Row,
    *,
    steps: Sequence[Row],
    gates: Sequence[Row],
    runs: Sequence[Row],
    documents: Sequence[tuple[str, str]],
    quarantine: Sequence[Row],
) -> str:
    """Return ``reports/<engagement>/index.html``.

    Args:
        summary: the document ``summary.json``.
        steps: ``step, title, status, started, took, html`` (relative link or None).
        gates: ``gate, state, by, on, reason, before``.
        runs: ``run_id, steps`` (pairs of step and link), ``result``; the latest first.
        documents: pairs of title and relative link.
        quarantine: ``object, key, reason``; persons in the reason are masked already.
    """
    status = summary["status"]
    parts = [
        pages.status(status["text"], status["tone"]),
        _simulated() if summary["simulated"] else "",
        *(_switched_off(summary["engagement"], account, off) for account, off in summary["switched_off"].items()),
        _tiles(summary),
        _steps(steps),
        index_records.accounts(summary),
        index_records.compared(summary),
        index_records.quarantined(
            () if summary.get("rolled_back") and not summary["objects"] else quarantine, summary["titles"]
        ),
        index_records.rules(summary["rules"]),
        figures.source_charts(summary.get("source", {})),
        _calls(summary["api"], summary.get("clock_speed", 1.0)),
        _gates(gates, steps),
        _documents(documents),
        _runs(runs),
        _proof(summary),
        _ledger(summary["ledger"], summary["engagement"]),
        _purged(summary),
    ]
    subtitle = f"Help desk migration from SmarterTrack to Gorgias, engagement “{summary['engagement']}”"
    finished = f"; finished {moment(summary['finished_at'])}" if summary["finished_at"] else ""
    return pages.page(summary["company"], *parts, subtitle=subtitle + finished + ".")


def _simulated() -> pages.Html:
    return pages.status(
        "Simulated.", "plain", detail="Source and Gorgias account are made up; nothing of this happened to a company."
    )


def _switched_off(engagement: str, account: str, off: Sequence[str]) -> pages.Html:
    """Return what of the company's own is off because of the migration: nobody should have to find that out alone."""
    by = "Notebook 03 puts it back when the sample was read" if account == "sandbox" else "The cutover puts it back"
    detail = (
        f"{', '.join(off)}. {by}. Sooner, or where the migration is given up or restores by hand: "
        f"migrator restore-target {engagement} --target {account}."
    )
    return pages.status(f"Switched off by this migration in the {account} account.", "warn", detail=detail)


def _tiles(summary: Row) -> pages.Html:
    objects = summary["objects"]
    tickets, moved = _moved(objects, TICKET.name)
    talks, talked = _moved(objects, *(obj.name for obj in CONVERSATIONS if obj is not TICKET))
    if not objects:  # nothing is counted yet, or any more
        return pages.Html("")
    return pages.tiles(
        {
            f"tickets moved, of {tickets:,}": moved,
            **({f"chats and calls moved, of {talks:,}": talked} if talks else {}),
            "records read back and found equal": index_records.summed(objects, "validated"),
            "e-mails sent to anybody": "not known yet" if summary["mail_sent"] is None else summary["mail_sent"],
            "records quarantined": index_records.summed(objects, "quarantined"),
        }
    )


def _moved(objects: Mapping[str, Row], *names: str) -> tuple[int, int]:
    """Return how many records of these objects the source has, and how many are in Gorgias."""
    found = [objects.get(name, {}) for name in names]
    return sum(one.get("source", 0) for one in found), sum(one.get("created", 0) for one in found)


def _steps(steps: Sequence[Row]) -> pages.Html:
    rows = [
        {
            "Step": pages.link(one["html"], one["title"]) if one.get("html") else one["title"],
            "Status": pages.badge(one["status"], STEP_TONES.get(one["status"], "plain")),
            "Started": pages.tag("time", moment(one.get("started"))),
            "Took": pages.tag("time", _took(one.get("took"))),
        }
        for one in steps
    ]
    return pages.join([pages.heading("Steps"), pages.table(rows, caption="The latest run of each")])


def _gates(gates: Sequence[Row], steps: Sequence[Row]) -> pages.Html:
    titles = {one["step"]: one["title"] for one in steps}
    rows = [
        {
            "Gate": pages.named(one["gate"]),
            "State": pages.badge(one["state"], GATE_TONES.get(one["state"], "plain")),
            "Needed before": titles.get(one["before"], one["before"]),
            "By": one["by"],
            "On": pages.tag("time", moment(one["on"])),
            "Why not, or with which note": one["reason"],
        }
        for one in gates
    ]
    return pages.join(
        [pages.heading("Gates"), pages.table(rows, caption="What has to be so, or to be stated, before a step")]
    )


def _documents(documents: Sequence[tuple[str, str]]) -> pages.Html:
    """Return links to the documents, a page and what is made of the same (workbook, list) in one line."""
    if not documents:
        return pages.Html("")
    together: dict[str, list[tuple[str, str]]] = {}
    for title, href in documents:
        together.setdefault(href.rpartition(".")[0], []).append((title, href))
    items = (_document(sorted(found, key=lambda one: not one[1].endswith(".html"))) for found in together.values())
    links = pages.tag("ul", pages.join(pages.tag("li", item) for item in items), class_="documents")
    return pages.join([pages.heading("Documents"), links])


def _document(found: Sequence[tuple[str, str]]) -> pages.Html:
    (title, href), *others = found
    kinds = ((other, KINDS.get(other.rpartition(".")[2], words)) for words, other in others)
    more = (pages.join([", ", pages.link(other, kind)]) for other, kind in kinds)
    alone = KINDS.get(href.rpartition(".")[2])
    return pages.join([pages.link(href, f"{title}, {alone}" if alone and alone not in title else title), *more])


def _calls(api: Row, speed: float) -> pages.Html:
    if not api["calls"]:
        return pages.Html("")
    values: dict[str, object] = {"calls": api["calls"], "answered “too many requests”": api["throttled"]}
    if api["calls_per_ticket"] is not None:
        values["calls for each ticket"] = api["calls_per_ticket"]
    if api["share_of_allowed_rate"] is not None:
        values[RATE_USED] = f"{api['share_of_allowed_rate']:.0%}"
    chart = figures.calls_over_time(api.get("course"), of=" of the largest load")
    told = figures.clock(speed) if chart or RATE_USED in values else ""
    return pages.join([pages.heading("Calls to Gorgias"), pages.tiles(values), chart, told])


def _proof(summary: Row) -> pages.Html:
    """Return the roots of the hash trees over everything that was compared, and how they are checked."""
    if not summary.get("hash_tree"):
        return pages.Html("")
    over, *more = told(summary["hash_tree"], summary["engagement"])
    return pages.join([pages.heading("Proof of completeness"), over, pages.folded("Each root", *more)])


def _ledger(ledger: Row, engagement: str) -> pages.Html:
    """Return where the ledger stood: with it anybody can prove later that nothing before it was changed."""
    if not ledger["rows"]:
        return pages.Html("")
    command = f"migrator ledger verify {engagement} --has {ledger['head']}"
    words = (
        f"When this page was written its journal had {ledger['rows']:,} rows. That they are unchanged is checked by "
    )
    return pages.join(
        [pages.heading("The ledger"), pages.tag("p", pages.join([words, pages.tag("code", command), "."]))]
    )


def _purged(summary: Row) -> pages.Html:
    """Return what was removed after hypercare, by whom, and what stays."""
    if not summary.get("purged"):
        return pages.Html("")
    words = pages.paragraph(purge.told(summary["purged"]))
    return pages.join([pages.heading("Removed after hypercare"), words, pages.note(purge.IN_THE_LEDGER)])


def _runs(runs: Sequence[Row]) -> pages.Html:
    if not runs:
        return pages.Html("")
    items = (
        pages.join(
            [
                pages.tag("b", run["run_id"]),
                f": {run['result']}. ",
                *(pages.join([pages.link(href, step), " "]) for step, href in run["steps"]),
            ]
        )
        for run in runs
    )
    return pages.join([pages.heading("Runs"), pages.folded(pages.counted(len(runs), "run"), pages.bullets(items))])


def moment(value: object) -> str:
    """Return an ISO moment as people read it; a day alone, and other words, as they are."""
    text = str(value or "")
    try:
        found = datetime.fromisoformat(text if len(text) > len("2026-01-01") else "")
    except ValueError:
        return text
    if found.tzinfo is None:
        return f"{found:%Y-%m-%d %H:%M}"
    return f"{found.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def _took(value: object) -> str:
    return duration(value) if isinstance(value, int | float) else str(value or "")
