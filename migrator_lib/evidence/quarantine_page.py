"""The quarantine's page: each record with its reason, since when, what mends it, and the command that tries it again.

``reports/<engagement>/quarantine.html`` shows the first records, ``quarantine.csv`` beside it has all. A payload holds
what people wrote, so the page names its file and shows nothing of it.
"""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path

from migrator_lib import pages
from migrator_lib.csv_file import csv_lines
from migrator_lib.engagement import Engagement
from migrator_lib.evidence.records import FOLDER
from migrator_lib.objects import PARTS
from migrator_lib.pages import Html
from migrator_lib.purge import is_purged, told
from migrator_lib.quarantine import payloads
from migrator_lib.quarantine.held import Held, held
from migrator_lib.quarantine.mends import KINDS, Kind, Mend, mender
from migrator_lib.quiet import PRODUCTION

PAGE, LIST = "quarantine.html", "quarantine.csv"
SHOWN = 1000
"""Records that the page lists."""
IN_STATE = f"state/{payloads.FOLDER}"
COLUMNS = (
    "object", "key", "number", "records", "kind", "reason", "since", "tries", "what_mends_it", "payload", "try_again",
)  # fmt: skip


def write(engagement: Engagement, titles: Mapping[str, str]) -> list[Path]:
    """Write page and list, from the lists behind the accounts as they stand; return both.

    Args:
        engagement: the migration.
        titles: object to what people call it.

    Raises:
        StorageError: the disk is full or cannot be written.
    """
    reports, name, state = engagement.paths.reports, engagement.name, engagement.paths.state
    mend = mender(engagement.parameters, engagement.behaviour.upload_limit_bytes)
    kinds, first = Counter[Kind](), list[Held]()

    def noted() -> Iterator[Held]:
        for one in held(engagement.ledger, PRODUCTION, reports / FOLDER, mend):
            kinds[one.mend.kind] += one.records
            if len(first) < SHOWN:
                first.append(one)
            yield one

    with csv_lines(reports / LIST, COLUMNS) as line:
        for one in noted():
            line(_line(one, name, _file(state, one, reports)))
    rows = [_row(one, name, titles, _file(state, one, reports)) for one in first]
    gone = purged(engagement)
    text = page(engagement.parameters.company, name, kinds, {one.mend.kind: one.mend for one in first}, rows, gone)
    return [pages.write(reports / PAGE, text), reports / LIST]


def purged(engagement: Engagement) -> str:
    """Return in words that what was staged is purged, so that nothing can be tried again; empty where it is there."""
    found = is_purged(engagement.ledger)
    anew = f"migrator run {engagement.name} --only 04 stages the source anew; only then a record can be tried again."
    return f"{told(found.as_json())} {anew}" if found else ""


def retry_command(engagement: str, one: Held) -> str:
    """Return the command that tries a record again; empty where its record has to be staged whole first."""
    options = one.mend.kind.retry
    return f"migrator retry {engagement} {one.object} {shlex.quote(one.key)} {options}" if options else ""


def _file(state: Path, one: Held, reports: Path) -> str:
    """Return the payload's file as it is named from the folder of reports; empty where there is none yet."""
    file = payloads.place(state, one.entry.object, one.entry.source_key)
    return file.relative_to(reports).as_posix() if file.exists() else ""


def _line(one: Held, engagement: str, file: str) -> tuple[object, ...]:
    return (
        one.object, one.key, one.number, one.records, one.mend.kind.words, one.mend.reason, one.since[:19], one.tries,
        one.mend.advice, file, retry_command(engagement, one),
    )  # fmt: skip


def _row(one: Held, engagement: str, titles: Mapping[str, str], file: str) -> dict[str, object]:
    show = f"migrator quarantine show {engagement} {one.entry.object} {shlex.quote(one.entry.source_key)}"
    command = retry_command(engagement, one)
    inside = f" ({one.records:,})" if one.object in PARTS and one.records > 1 else ""
    return {
        "Object": titles.get(one.object, one.object) + inside,
        "Key": one.key,
        "Number": one.number,
        "Reason": one.mend.reason,
        "Since": pages.tag("time", one.since[:16].replace("T", " ")),
        "Tries": one.tries,
        "Payload": pages.code(file.removeprefix(f"{IN_STATE}/") or show),
        "Try again": pages.code(command) if command else "by the next load, once it is staged anew",
    }


def page(
    company: str, engagement: str, kinds: Counter[Kind], mends: Mapping[Kind, Mend], rows: list[dict[str, object]],
    gone: str = "",
) -> str:  # fmt: skip
    """Return the page.

    Args:
        company: whose help desk it is.
        engagement: its name.
        kinds: kind of reason to number of records.
        mends: kind of reason to what mends it, in words of the engagement.
        rows: of the table of records.
        gone: why nothing can be tried again, in words.
    """
    total = kinds.total()
    if not total:
        words = pages.status("Nothing is in quarantine.", "good", detail="Every record went where its rule says.")
        return pages.page("Quarantine", words, _back(), subtitle=f"{company}.")
    few = "" if total == 1 else "s"
    status = pages.status(
        f"{total:,} record{few} could not be moved.", "warn",
        detail=gone or "Each is kept with its reason, and counted in the accounts: none is lost.",
    )  # fmt: skip
    more = pages.note(f"The first {SHOWN:,}; ", pages.link(LIST, LIST), " has all.") if len(rows) == SHOWN else ""
    return pages.page(
        "Quarantine",
        status,
        pages.heading("What mends them"),
        pages.table(list(_kinds(kinds, mends)), caption="By kind of reason"),
        _how(engagement),
        pages.heading("Each record"),
        pages.table(rows, caption="In quarantine"),
        more,
        _back(),
        subtitle=f"{company}: what could not be moved, why, and what mends it.",
    )


def _kinds(kinds: Counter[Kind], mends: Mapping[Kind, Mend]) -> Iterator[dict[str, object]]:
    for kind in KINDS:
        if kinds[kind]:
            advice = mends[kind].advice if kind in mends else kind.advice
            yield {
                "Reason": kind.words, "What mends it": advice[:1].upper() + advice[1:],
                "Records": kinds[kind], "Mended in": kind.mended_in,
            }  # fmt: skip


def _how(engagement: str) -> Html:
    return pages.join(
        [
            pages.heading("Trying again", 3),
            pages.paragraph(
                pages.code(f"migrator retry {engagement}"), " says what would be tried. With ",
                pages.code("--execute"), " it is tried, behind the same gates as a load, and with it what waits for "
                "it; nothing else is touched. An object, or an object and a key, take up these alone. ",
                pages.code("--reread"), " reads tickets, chats and calls, and their files, from SmarterTrack anew "
                "first.",
            ),
            pages.paragraph(
                "A payload's file lies in ", pages.code(IN_STATE), " beside this page, which is confidential: it holds "
                "what people wrote. Where there is none yet, the command makes it.",
            ),
        ]
    )  # fmt: skip


def _back() -> Html:
    return pages.note(
        pages.link(LIST, "The list as a CSV file"), " · ", pages.link(f"{FOLDER}/index.html", "All accounts"), " · ",
        pages.link("index.html", "The engagement"),
    )  # fmt: skip
