"""The manifest: every file of a bundle with its digest, and what the bundle is of."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from migrator_lib.evidence.bundle.archive import Entry, is_stored

Profile = Literal["engineer", "share"]
MANIFEST, README, LEDGER, PROGRAM = "manifest.json", "README.html", "ledger.json", "program.json"
MADE = (README, LEDGER, PROGRAM, MANIFEST)
"""What is written for the bundle."""
MAPPING, SIGNOFFS = "parameters/mapping.yaml", "parameters/signoffs.yaml"
VERSION = 1
Json = dict[str, Any]


@dataclass(frozen=True)
class Manifest:
    """What ``manifest.json`` says."""

    engagement: str
    company: str
    profile: str
    made_at: str
    """When the ledger took down what the bundle is of; ISO, UTC."""
    program: str
    ledger: Json
    """``rows`` and ``head`` of its journal."""
    roots: Json | None
    """``expected`` and ``actual`` over all records, as hexadecimal digits; None where nothing was verified."""
    mapping: str
    """Hash of the mapping as it is in the bundle before any masking."""
    scan: Json
    """What was looked for in the bundle, and by which knowledge."""
    left_out: Sequence[Json]
    unsettled: Mapping[str, Sequence[str]]
    """Check to what it found when the bundle was made: a step was under way then."""
    files: Sequence[Entry] = ()
    masked: Mapping[str, str] = field(default_factory=dict)
    """Path of a file in which something was masked to a keyed digest of the file before, from which nobody guesses what
    was masked."""

    def text(self) -> str:
        """Return the text of the file."""
        document = {**asdict(self), "version": VERSION, "files": [self._file(entry) for entry in self.files]}
        del document["masked"]
        return json.dumps(document, indent=1, sort_keys=True, ensure_ascii=True) + "\n"

    def _file(self, entry: Entry) -> Json:
        told: Json = {
            "path": entry.path, "size": entry.size, "sha256": entry.sha256, "crc32": f"{entry.crc32:08x}",
        }  # fmt: skip
        if not is_stored(entry.path):
            told["packed"] = {"size": entry.packed_size, "sha256": entry.packed_sha256}
        if entry.path in self.masked:
            told["masked_from"] = self.masked[entry.path]
        return told

    @classmethod
    def read(cls, text: str) -> Manifest:
        """Return what a manifest says.

        Raises:
            ValueError, KeyError, TypeError, AttributeError: it is none.
        """
        document = json.loads(text)
        files = [_entry(one) for one in document["files"]]
        masked = {one["path"]: one["masked_from"] for one in document["files"] if "masked_from" in one}
        if document["version"] != VERSION:
            raise ValueError("it is of another version")
        names = ("engagement", "company", "profile", "made_at", "program", "ledger", "roots", "mapping", "scan")
        return cls(
            **{name: document[name] for name in names}, left_out=document["left_out"], files=files, masked=masked,
            unsettled={name: list(words) for name, words in document["unsettled"].items()},
        )  # fmt: skip


def _entry(told: Json) -> Entry:
    packed = told.get("packed") or {"size": told["size"], "sha256": told["sha256"]}
    return Entry(
        str(told["path"]), int(told["size"]), str(told["sha256"]), int(told["crc32"], 16),
        int(packed["size"]), str(packed["sha256"]),
    )  # fmt: skip


def comment(manifest: bytes) -> str:
    """Return what the archive says of itself: the digest of its manifest."""
    return f"manifest sha256:{hashlib.sha256(manifest).hexdigest()}"
