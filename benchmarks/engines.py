"""``python -m benchmarks.engines [--tickets 1000]``: the same help desk on every engine, read, and compared.

The simulated help desk, all 166 tables with its oddities, is built on SQLite and on every server that is there
(:mod:`benchmarks.servers`), and extracted from each. Printed is a table: object by engine, the rows read, whether the
staged files are byte for byte those of SQLite. ``reports/engines.json`` holds the same. Exit codes: 0 all are equal, 1
one differs.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.servers import ENGINES, ServerMissing, scratch_database
from migrator_lib.extract import Extractor
from migrator_lib.ledger import Ledger
from migrator_lib.progress import Progress
from migrator_lib.simulators.smartertrack import build
from migrator_lib.smartertrack.connection import connection_facts
from migrator_lib.smartertrack.database import SourceDatabase
from migrator_lib.smartertrack.tables import AUDITED
from migrator_lib.storage import beside

OUTPUT = Path(__file__).resolve().parent.parent / "reports" / "engines.json"
REFERENCE = "sqlite"


@dataclass(frozen=True)
class ReadObject:
    """What was read of one table."""

    rows: int
    digest: str
    """SHA-256 of its staged files in their order; of what the audit counts alone, empty."""


def read_all(url: str, folder: Path, *, page_rows: int = 10_000) -> dict[str, ReadObject]:
    """Extract a database into a new folder; return what was read, by table."""
    folder.mkdir()
    source, ledger = SourceDatabase(url), Ledger.in_folder(folder / "state")
    try:
        source.preflight()
        progress = Progress(folder / "progress.json", "04_extract")
        reader = Extractor(
            source=source, ledger=ledger, folder=folder, stage="full", page_rows=page_rows, progress=progress
        )
        reader.definitions()
        reader.conversations()
        read = {name: ReadObject(rows, _digest(folder / "full" / name)) for name, rows in reader.report.rows.items()}
        counted = {table.name: source.count(table.name) for table in AUDITED}
        return read | {name: ReadObject(rows, "") for name, rows in counted.items() if rows is not None}
    finally:
        source.close()
        ledger.close()


def _digest(folder: Path) -> str:
    whole = hashlib.sha256()
    for chunk in sorted(folder.glob("*.parquet")):
        whole.update(chunk.read_bytes())
    return whole.hexdigest()


def try_engine(server: str, tickets: int, folder: Path) -> tuple[str, dict[str, ReadObject]]:
    """Build the help desk on a server and read it; return the engine's own words and what was read.

    Raises:
        ServerMissing: there is no such server.
    """
    with scratch_database(server, folder) as url:
        build(url, folder / "files", tickets=tickets, strict=True)
        found = read_all(url, folder / "read")
        source = SourceDatabase(url)
        with source.engine.connect() as connection:
            version = ".".join(str(part) for part in connection.dialect.server_version_info or ())
        source.close()
        return f"{connection_facts(source.engine).engine} {version}".strip(), found


def table(words: Mapping[str, str], found: Mapping[str, Mapping[str, ReadObject]], tickets: int) -> Table:
    """Return the comparison as a table for people."""
    shown = Table(title=f"One help desk of {tickets:,} tickets, read from every engine")
    shown.add_column("object", no_wrap=True)
    for engine in found:
        shown.add_column(words[engine], justify="right")
    for name in found[REFERENCE]:
        cells = []
        for engine, objects in found.items():
            rows = f"{objects[name].rows:,}"
            equal = objects[name] == found[REFERENCE][name]
            cells.append(rows if engine == REFERENCE else f"{rows} {'equal' if equal else '[red]DIFFERS[/red]'}")
        counted = "" if found[REFERENCE][name].digest else " (counted)"
        shown.add_row(name + counted, *cells)
    return shown


def main(arguments: Sequence[str] | None = None, *, output: Path = OUTPUT, console: Console | None = None) -> int:
    """Try all engines, and return the exit code."""
    console = console or Console()
    parser = argparse.ArgumentParser(prog="python -m benchmarks.engines", description="Compare the engines.")
    parser.add_argument("--tickets", type=int, default=1000, help="size of the help desk")
    tickets = parser.parse_args(arguments).tickets
    words: dict[str, str] = {}
    found: dict[str, dict[str, ReadObject]] = {}
    for server in ENGINES:
        with tempfile.TemporaryDirectory(prefix="migrator-engines-") as folder:
            try:
                words[server], found[server] = try_engine(server, tickets, Path(folder))
            except ServerMissing as missing:
                console.print(f"Not tried: {missing}", highlight=False)
    lines = [
        {"engine": words[engine], "object": name, "rows": one.rows, "equal": one == found[REFERENCE][name]}
        for engine, objects in found.items()
        for name, one in objects.items()
    ]
    words_of_failure = {"what": f"{output} could not be written", "next_step": "make room there, and run again."}
    output.parent.mkdir(exist_ok=True)
    with beside(output, **words_of_failure) as place:
        place.write_text(json.dumps({"tickets": tickets, "objects": lines}, indent=1) + "\n", encoding="utf-8")
    console.print(table(words, found, tickets))
    console.print(f"Written to {output}", highlight=False, soft_wrap=True)
    return 0 if all(line["equal"] for line in lines) else 1


if __name__ == "__main__":
    sys.exit(main())
