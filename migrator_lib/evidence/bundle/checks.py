"""What is checked of a bundle beyond its bytes: that its parts say the same, and add up."""

from __future__ import annotations

import csv
import io
import json
import tempfile
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from migrator_lib import hash_tree, mapping
from migrator_lib.evidence.bundle.checking import NotPossible, Opened, Source
from migrator_lib.evidence.bundle.manifest import LEDGER, MAPPING, SIGNOFFS
from migrator_lib.evidence.bundle.statement import EVENT, roots_in
from migrator_lib.hash_tree.files import LONGEST
from migrator_lib.ledger import SETTLED
from migrator_lib.ledger.chain import row_hash

ROOTS = f"{hash_tree.FOLDER}/roots.json"
SUMMARY = "summary.json"
Look = Callable[[Any], Iterator[str]]


def hash_trees(opened: Opened) -> Iterator[str]:
    """Compute every root anew from the records."""
    _require(opened, ROOTS, "nothing was verified against Gorgias yet")
    folder = zipfile.Path(opened.archive, f"{hash_tree.FOLDER}/")
    yield from (f"{hash_tree.FOLDER}/{problem}" for problem in hash_tree.check(folder))


def roots(opened: Source) -> Iterator[str]:
    """Compare the roots wherever they stand."""
    if ROOTS not in opened.paths and (opened.stated["roots"] or opened.manifest.roots):
        yield f"{ROOTS}: is not in the bundle, and ledger or manifest state its roots"
        return
    _require(opened, ROOTS, "nothing was verified against Gorgias yet")
    document = opened.json(ROOTS)
    found = roots_in(document)
    if opened.manifest.roots != {name: found[name] for name in ("expected", "actual")}:
        yield "manifest.json: its roots are not those of the hash tree"
    if opened.stated["roots"] != found:
        yield f"{LEDGER}: the roots that the ledger states are not those of the hash tree"
    noted = [_detail(row) for row in opened.ledger["chained"] if row["object"] == hash_tree.FOLDER]
    if not noted or [noted[-1][name] for name in ("root_expected", "root_actual", "objects")] != [
        found["expected"], found["actual"], found["objects"]
    ]:  # fmt: skip
        yield f"{LEDGER}: the roots that the verification noted last are not those of the hash tree"
    page = f"runs/{document['run_id']}/{document['step']}.html"
    if page in opened.paths and found["actual"] not in opened.bytes(page).decode("utf-8", errors="replace"):
        yield f"{page}: it does not show the root over what was read back"
    yield from _in_summary(opened, found)


def _in_summary(opened: Source, found: Mapping[str, Any]) -> Iterator[str]:
    told = opened.json(SUMMARY).get("hash_tree") if SUMMARY in opened.paths else None
    if told is not None and told.get("root_actual") != found["actual"]:
        yield f"{SUMMARY}: its root is not that of the hash tree"


def ledger(opened: Source) -> Iterator[str]:
    """Compute the hash of every row of the ledger anew."""
    rows: Sequence[Mapping[str, Any]] = opened.ledger["chained"]
    before: Mapping[str, Any] | None = None
    for row in rows:
        if row_hash(row["previous"], row) != row["hash"]:
            yield f"{LEDGER}: row {row['seq']} was altered: its hash is another"
        if before is not None and row["seq"] <= before["seq"]:
            yield f"{LEDGER}: row {row['seq']} is not in its place"
        if before is not None and row["seq"] == before["seq"] + 1 and row["previous"] != before["hash"]:
            yield f"{LEDGER}: row {row['seq']} does not follow the row before it"
        before = row
    last = rows[-1]
    if (last["seq"], last["hash"], last["event"]) != (opened.ledger["rows"], opened.ledger["head"], EVENT):
        yield f"{LEDGER}: it does not end with the row that it names as its head"
    if opened.manifest.ledger != {name: opened.ledger[name] for name in ("rows", "head")}:
        yield "manifest.json: its head of the ledger is not that of ledger.json"


def signatures(opened: Source) -> Iterator[str]:
    """Compare the signatures with what the ledger states, and what was signed with what is here."""
    stated = {one["gate"]: one for one in opened.stated["signatures"]}
    if stated and SIGNOFFS not in opened.paths:
        yield f"{SIGNOFFS}: is not in the bundle, and the ledger states that {', '.join(sorted(stated))} were signed"
        return
    _require(opened, SIGNOFFS, "nobody has signed anything yet")
    document = YAML(typ="safe").load(opened.bytes(SIGNOFFS).decode()) or {}
    for gate in sorted({*stated, *document}):
        here = {name: str(document.get(gate, {}).get(name, "")) for name in ("by", "on", "hash")}
        there = {name: stated.get(gate, {}).get(name, "") for name in ("by", "on", "hash")}
        if here != there and gate in stated:
            yield f"{SIGNOFFS}: the signature of {gate} is not the one that the ledger states"
    signed = stated.get("mapping", {}).get("hash", "")
    if opened.manifest.mapping != opened.stated["mapping"]:
        yield "manifest.json: its hash of the mapping is not the one that the ledger states"
    if MAPPING in opened.paths and MAPPING not in opened.manifest.masked:
        own = _mapping_hash(opened)
        if own != opened.manifest.mapping:
            yield f"{MAPPING}: its hash is {own or 'none'}, not the one that the ledger states"
    if MAPPING not in opened.paths and opened.stated["mapping"]:
        yield f"{MAPPING}: is not in the bundle, and the ledger states its hash"
    if signed and signed != opened.manifest.mapping:
        yield f"{MAPPING}: what was signed is another mapping"


def _mapping_hash(opened: Source) -> str:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "mapping.yaml"
        file.write_bytes(opened.bytes(MAPPING))
        return mapping.load(file).hash


def reports(opened: Source) -> Iterator[str]:
    """See that the report of every step is there that the ledger states."""
    if not opened.stated["steps"]:
        raise NotPossible("no step is done yet")
    for step in opened.stated["steps"]:
        page = f"runs/{step['run']}/{step['step']}.html"
        if page not in opened.paths:
            yield f"{page}: is not in the bundle, and the ledger states that the step is done"


def accounts(opened: Source) -> Iterator[str]:
    """Add the accounts up again, from the lists of records."""
    if SUMMARY not in opened.paths and opened.stated["steps"]:
        yield f"{SUMMARY}: is not in the bundle, and the ledger states that steps are done"
        return
    objects: Mapping[str, Mapping[str, int]] = opened.json(SUMMARY)["objects"]
    names = sorted(path for path in opened.paths if path.startswith("accounts/") and path.endswith(".csv"))
    if not names and not any(one[state] for one in objects.values() for state in SETTLED):
        raise NotPossible("no record was counted yet")
    listed: Counter[tuple[str, str]] = Counter()
    for path in names:
        listed.update(_listed(opened, path))
    for obj, one in objects.items():
        if one["source"] != sum(one[state] for state in SETTLED):
            yield f"{SUMMARY}: the outcomes of {obj} do not add up to the source"
        for state in SETTLED:
            if one[state] != listed[obj, state]:
                yield f"accounts: {obj}, {state}: {listed[obj, state]:,} records are listed, not {one[state]:,}"


def _listed(opened: Source, path: str) -> Counter[tuple[str, str]]:
    found: Counter[tuple[str, str]] = Counter()
    with opened.stream(path) as stream:
        text = io.TextIOWrapper(stream, encoding="utf-8", newline="")
        for row in csv.DictReader(iter(lambda: text.readline(LONGEST), "")):
            if row.get("records"):
                found[row["object"], row["outcome"]] += int(row["records"])
    return found


def _detail(row: Mapping[str, Any]) -> Any:
    return json.loads(row["detail"])


def _require(opened: Source, path: str, words: str) -> None:
    if path not in opened.paths:
        raise NotPossible(words)


CHECKS: tuple[tuple[str, str, Look], ...] = (
    ("Hash tree", "every root, computed anew from a line for every record, both sides", hash_trees),
    ("Roots", "that manifest, ledger, report and summary tell the roots of the hash tree", roots),
    ("Ledger", "the hash of every row of the ledger that is here, up to its head", ledger),
    (
        "Accounts",
        "that source = created + matched + merged + skipped + handed over + quarantined, from the lists",
        accounts,
    ),
    (
        "Signatures",
        "who signed what, as the ledger states it, and that the mapping is the one that was signed",
        signatures,
    ),
    ("Reports", "that the report of every step is here that the ledger states as done", reports),
)
"""Name, what it covers, and how it looks: yields what is wrong."""
