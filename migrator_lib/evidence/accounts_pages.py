"""The pages of the accounts: a table whose every number leads to the records behind it.

``reports/<engagement>/accounts/index.html``, and a page for each object and outcome with the first records of its list.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from migrator_lib import charts, pages
from migrator_lib.engagement import Engagement
from migrator_lib.evidence import flows, quarantine_page, records
from migrator_lib.evidence.records import FINDINGS, FOLDER, Lists, linked, list_name
from migrator_lib.ledger import SETTLED
from migrator_lib.objects import PARTS
from migrator_lib.pages import Html
from migrator_lib.reconcile.accounts import Account
from migrator_lib.storage import beside

SHOWN = 1000
"""Records that a page lists; the CSV file beside it has all."""
KEPT = "accounts.json"
"""In the state folder: what the lists were made of, and their sums."""
BACK = "../index.html"
COLUMNS = {
    "key": "Key in SmarterTrack", "number": "Number", "rule": "Rule", "reason": "Reason", "records": "Records",
    "gorgias_id": "In Gorgias", "found": "Compared", "day": "Day",
}  # fmt: skip
"""Columns that a page shows, those without a value left out."""


def write(engagement: Engagement, found: Sequence[Account]) -> list[Path]:
    """Write lists and pages where the ledger, a comparison or the accounts say something new.

    Before the first load there is nothing to write. After a roll-back the lists are empty.

    Returns:
        What was written and holds words of anybody, to be searched; the rest is keys, numbers, rules and states.

    Raises:
        StorageError: the disk is full or cannot be written.
    """
    folder, kept = engagement.paths.reports / FOLDER, engagement.paths.state / KEPT
    if not found and not folder.exists():
        return []
    stamp = records.stamp_of(engagement, [account.as_json() for account in found])
    if _kept(kept).get("stamp") == stamp and (folder / "index.html").exists():
        return []
    lists = records.write(engagement, counted=bool(found))
    titles = {account.object: account.title for account in found}
    written = write_pages(folder, lists, found, engagement.parameters.company)
    written += quarantine_page.write(engagement, titles)
    with beside(kept) as place:
        place.write_text(json.dumps({"stamp": stamp, **lists.as_json()}), encoding="utf-8")
    return written


def _kept(file: Path) -> dict[str, Any]:
    kept: dict[str, Any] = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
    return kept


def write_pages(folder: Path, lists: Lists, found: Sequence[Account], company: str) -> list[Path]:
    """Write the pages of lists that are there; return those that hold words, with their lists."""
    titles = {account.object: account.title for account in found}
    names = {list_name(*place): place for place in lists.lines}
    files = sorted(file for file in folder.glob("*.csv") if file.name != FINDINGS)
    written = [pages.write(folder / "index.html", _index(lists, found, company)), folder / FINDINGS]
    for file in files:
        obj, outcome = names.get(file.stem, ("", ""))
        text = _list_page(file, obj, outcome, lists, titles.get(obj, obj), company)
        page = pages.write(file.with_suffix(".html"), text)
        written += [page, file] if lists.worded[obj, outcome] else []
    return written


# --- all of them ---------------------------------------------------------------------------------------


def _index(lists: Lists, found: Sequence[Account], company: str) -> str:
    differing = lists.differing(found)
    used = [state for state in SETTLED if state == "quarantined" or any(a.outcomes.get(state) for a in found)]
    rows = [
        {
            "Object": account.title,
            "In the source": account.source,
            **{charts.OUTCOMES[state][0].capitalize(): _number(account, state) for state in used},
            "Check": _check(account, differing),
            "wrong": not account.balanced or any(one[0] == account.object for one in differing),
        }
        for account in found
        if account.source or account.accounted
    ]
    return pages.page(
        "Accounts",
        _status(found, differing, lists),
        flows.figure({account.object: account.outcomes for account in found}),
        pages.table(rows, caption="Records by outcome; each number leads to its records", different="wrong"),
        _how_to_read(),
        pages.note(pages.link(BACK, "Back to the engagement")),
        subtitle=f"{company}: every record of the source, and what became of it.",
    )


def _number(account: Account, state: str) -> int:
    return linked(account.object, state, account.outcomes.get(state, 0), base="")


def _check(account: Account, differing: Sequence[tuple[str, str, int, int]]) -> Html:
    if not account.balanced:
        return pages.badge(f"{account.source - account.accounted:+,} open", "bad")
    if any(one[0] == account.object for one in differing):
        return pages.badge("list differs", "warn")
    return pages.badge("adds up", "good")


def _status(found: Sequence[Account], differing: Sequence[tuple[str, str, int, int]], lists: Lists) -> Html:
    if not found:
        return pages.status("Nothing is counted: nothing is loaded, or what was is rolled back.", "plain")
    if any(not account.balanced for account in found):
        return pages.status("The numbers do not add up to the source.", "bad")
    if differing:
        words = ", ".join(f"{obj} {state}: {n:,} counted, {listed:,} listed" for obj, state, n, listed in differing)
        detail = f"{words.replace('_', ' ')}. A load that has not ended yet changes the lists before the numbers."
        return pages.status("Lists and numbers are not of the same moment.", "warn", detail=detail)
    total = sum(lists.records.values())
    return pages.status(f"Every one of {total:,} records is in a list, and every number adds up to the source.", "good")


def _how_to_read() -> Html:
    return pages.join(
        [
            pages.heading("How to read the lists"),
            pages.bullets(
                [
                    "Every list is complete as a CSV file; its page shows the first "
                    f"{SHOWN:,} lines. The column “records” of a file adds up to the number here.",
                    "A record of its own is one line. Messages, comments, tasks, time logs, links and values of fields "
                    "travel inside their ticket, chat or call, and are counted with it: there a line is that ticket, "
                    "with how many it holds. What of them hangs on no ticket has a line of its own.",
                    "“Compared” says what the last comparison with Gorgias found of a record that is there. It is "
                    "empty for what was written after it.",
                    pages.join(["All that is not validated, field by field: ", pages.link(FINDINGS, FINDINGS), "."]),
                ]
            ),
        ]
    )


# --- one of them ---------------------------------------------------------------------------------------


def _list_page(file: Path, obj: str, outcome: str, lists: Lists, title: str, company: str) -> str:
    if not outcome:  # it had records once, and older reports lead here
        return pages.page(
            "No record", pages.paragraph("There is no such record now."), _ways(file), subtitle=f"{company}."
        )
    words, number = charts.OUTCOMES[outcome][0], lists.records[obj, outcome]
    inside = obj in PARTS and lists.lines[obj, outcome] != number
    more = pages.note(f"The first {SHOWN:,} of {lists.lines[obj, outcome]:,} lines.", " ", pages.link(file.name, "All"))
    return pages.page(
        f"{title}: {words}",
        pages.tiles({"records": number, **_tiles(lists, obj, outcome)}),
        pages.note("Each line is a ticket, chat or call, with how many of these it holds.") if inside else "",
        _rules(lists, obj, outcome),
        pages.table(list(_rows(file)), caption="The records"),
        more if lists.lines[obj, outcome] > SHOWN else "",
        _ways(file),
        subtitle=f"{company}.",
    )


def _tiles(lists: Lists, obj: str, outcome: str) -> Mapping[str, object]:
    found = {what: n for (name, state, what), n in sorted(lists.found.items()) if (name, state) == (obj, outcome)}
    return {f"of them {what}": n for what, n in found.items()}


def _rules(lists: Lists, obj: str, outcome: str) -> Html:
    rows = [
        {"Rule": rule.replace("_", " "), "Records": n}
        for (name, state, rule), n in lists.rules.most_common()
        if (name, state) == (obj, outcome)
    ]
    return pages.table(rows, caption="By which rule") if rows else Html("")


def _rows(file: Path) -> Iterator[dict[str, object]]:
    """Yield the first lines of a list as rows of a table, without the columns that are empty in all of them."""
    with file.open(encoding="utf-8", newline="") as stream:
        first = list(islice(csv.DictReader(stream), SHOWN))
    used = [name for name in COLUMNS if any(row[name] for row in first)]
    if all(row["records"] == "1" for row in first):
        used.remove("records")
    for row in first:
        cells: dict[str, object] = {COLUMNS[name]: row[name].replace("_", " ") for name in used if name == "rule"}
        cells = {COLUMNS[name]: cells.get(COLUMNS[name], row[name]) for name in used}
        if "records" in used:
            cells[COLUMNS["records"]] = int(row["records"])
        if row["gorgias_link"]:
            cells[COLUMNS["gorgias_id"]] = pages.link(row["gorgias_link"], row["gorgias_id"])
        yield cells


def _ways(file: Path) -> Html:
    return pages.note(
        pages.link(file.name, "The list as a CSV file"), " · ", pages.link("index.html", "All accounts"), " · ",
        pages.link(BACK, "The engagement"),
    )  # fmt: skip
