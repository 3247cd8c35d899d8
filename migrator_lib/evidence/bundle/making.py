"""Making a bundle: gathered, masked where it is to be shared, packed, searched, and only then put in its place."""

from __future__ import annotations

import hashlib
import json
import os
import platform
import re
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache, partial
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import IO

import sqlalchemy as sa

from migrator_lib import __version__, gates, hash_tree, mapping, pages
from migrator_lib.engagement import Engagement
from migrator_lib.errors import OutOfTurn, ParameterError
from migrator_lib.evidence.bundle import facts, masked, searching, statement
from migrator_lib.evidence.bundle.archive import Entry, Writer
from migrator_lib.evidence.bundle.checking import NotPossible, Source, unsettled
from migrator_lib.evidence.bundle.contents import Contents, Member, contents, without_dead_links
from migrator_lib.evidence.bundle.manifest import (
    LEDGER,
    MADE,
    MANIFEST,
    MAPPING,
    PROGRAM,
    README,
    Json,
    Manifest,
    Profile,
    comment,
)
from migrator_lib.evidence.bundle.people import People, of_stage
from migrator_lib.evidence.bundle.private import Private
from migrator_lib.evidence.bundle.readme import readme
from migrator_lib.evidence.publish import secrets_of
from migrator_lib.hash_tree.keys import keyed
from migrator_lib.hash_tree.recorder import secret_of
from migrator_lib.objects import OBJECTS
from migrator_lib.storage import beside, refusals

Printer = Callable[[Path, Path], object]
"""Prints a page (the first) as PDF (the second)."""
WORKED_WITH = ("papermill", "nbconvert", "pydantic", "sqlalchemy", "pyarrow")
"""Libraries whose versions a bundle names."""
RENEWED_SECONDS = 10
NOT_PRINTED = ("accounts/", "documents/redirects", "documents/help_center")
"""Beginnings of the paths of pages that serve on a screen alone."""
LOCK = Path(__file__).parent.parent.parent.parent / "requirements.lock"


@dataclass(frozen=True)
class Bundle:
    """What was made."""

    file: Path
    manifest: str
    """SHA-256 of its manifest: whoever knows it can tell whether anything in the bundle was changed."""
    size: int
    files: int
    row: int
    """Number of the ledger's row that notes the manifest."""
    scan: Json
    unsettled: Mapping[str, Sequence[str]]
    """What does not fit together yet, by check: empty once a migration is at its end."""


def make(engagement: Engagement, profile: Profile, to: Path | None = None, printer: Printer | None = None) -> Bundle:
    """Make the bundle of an engagement, whose lease is held, so that no run changes what it is made of.

    Args:
        engagement: the migration.
        profile: ``engineer``, or ``share``: requesters masked, no text of a message.
        to: where it goes; in the engagement's folder of reports, if not given.
        printer: prints pages as PDF, which go beside them; none are printed, if not given.

    Raises:
        OutOfTurn: nothing was run yet.
        SecretFound, PersonalDataFound: it would have held what it must not; no bundle is made.
        StorageError: a file cannot be read, or the disk is full.
    """
    found = contents(engagement, profile)
    if not any(member.path.startswith("runs/") for member in found.members):
        raise OutOfTurn(
            f"Nothing of {engagement.name} is done yet, so there is no evidence.",
            next_step=f"migrator run {engagement.name} first.",
        )
    file = to or engagement.paths.reports / f"{engagement.name}-evidence{'-share' * (profile == 'share')}.zip"
    maker = _Maker(engagement, profile, found)
    with beside(file, what=f"{file} could not be made") as place:
        with tempfile.TemporaryDirectory(dir=engagement.paths.state, prefix="bundle-") as folder:
            manifest = maker.write(place, Path(folder), printer)
        searching.refuse(searching.search(place, secrets_of(engagement), maker.private, maker.messages, maker.alive))
    digest, size = hashlib.sha256(manifest.text().encode()).hexdigest(), file.stat().st_size
    pages.write(file.with_name(f"{file.name}.sha256"), f"{_digest_of(file)}  {file.name}\n")
    row, _ = statement.note_bundle(engagement.ledger, profile, digest, size)
    return Bundle(file, digest, size, len(manifest.files) + 1, row, manifest.scan, manifest.unsettled)


class _Maker:
    """Everything that goes into one bundle."""

    def __init__(self, engagement: Engagement, profile: Profile, found: Contents) -> None:
        self.engagement = engagement
        self.profile = profile
        self.contents = found
        self.masked: dict[str, str] = {}
        self.messages: searching.Messages | None = None
        self.private: Private | None = None
        self._people: People | None = None
        self.chained: Json = {}
        self.unsettled: dict[str, list[str]] = {}
        self._mapping = _mapping_hash(found)
        self._secret = secret_of(engagement.paths.state)
        self._seen = time.monotonic()
        if profile == "share":
            self._know()

    def _know(self) -> None:
        """Learn whom and what must not be in what is shared."""
        staged, signers = self.engagement.all_stages, [one["by"] for one in facts.signatures(self.engagement)]
        own = _own_words(self.engagement)
        if staged.count("Users"):
            self._people = of_stage(staged, [*signers, self.engagement.parameters.company], own)
            self.messages = searching.Messages(staged, self.alive)
        self.private = Private(self._people or People(()), _places(self.engagement, own), self._secret)

    def alive(self) -> None:
        """Keep the lease, whose renewal waits for the disk, every few seconds."""
        if time.monotonic() - self._seen > RENEWED_SECONDS:
            self._seen = time.monotonic()
            self.engagement.ledger.renew_lease()

    @property
    def scan(self) -> Json:
        """What is looked for in the bundle, and by which knowledge."""
        if self.profile == "engineer":
            return {"secrets": "known and by shape"}
        people, messages = self._people, self.messages
        return {
            "secrets": "known and by shape",
            "people": people and {"names": people.names, "numbers": len(people.numbers)},
            "messages": messages and {"read": messages.read, "of": messages.of, "letters": 40},
        }

    def write(self, place: Path, folder: Path, printer: Printer | None) -> Manifest:
        """Write the archive, and return its manifest."""
        self.chained = statement.state(self.engagement.ledger, facts.stated(self.engagement, self._mapping))
        self.unsettled = unsettled(_Gathered(self))
        made = {
            README: readme(self.engagement.parameters.company, self.profile, self.contents, self._facts()),
            LEDGER: json.dumps(self.chained, indent=1, sort_keys=True) + "\n",
            PROGRAM: json.dumps(_program(), indent=1, sort_keys=True) + "\n",
        }
        members = [*self.contents.members, *(_written(folder / name, text, name) for name, text in made.items())]
        with place.open("w+b") as stream:
            writer = Writer(stream)
            for member in sorted(members, key=lambda one: one.path):
                self._add(writer, member, folder, printer)
            manifest = self.manifest(writer.entries)
            text = manifest.text().encode()
            writer.add(MANIFEST, masked.opener(text)(), len(text))
            writer.close(comment(text))
        return manifest

    def _add(self, writer: Writer, member: Member, folder: Path, printer: Printer | None) -> None:
        source = self._as_shown(member, folder)
        with source.open("rb") as stream:
            writer.add(member.path, stream, source.stat().st_size)
        if printer is not None and _is_printed(member.path):
            page, printed = folder / "page.html", folder / "page.pdf"
            page.write_bytes(source.read_bytes())
            printer(page, printed)
            with printed.open("rb") as stream:
                writer.add(str(Path(member.path).with_suffix(".pdf").as_posix()), stream, printed.stat().st_size)
        if source != member.source:
            source.unlink()
        self.alive()

    def _as_shown(self, member: Member, folder: Path) -> Path:
        """Return a member's content as the bundle holds it: without dead links, and masked."""
        source, linked, hidden = member.source, folder / "linked", folder / "masked"
        if member.path.endswith(".html"):
            text = source.read_text(encoding="utf-8", errors="surrogateescape")
            kept = without_dead_links(member.path, text, self.contents.paths)
            if kept != text:
                linked.write_text(kept, encoding="utf-8", errors="surrogateescape", newline="")
                source = linked
        if self.private is None or member.path in MADE or member.path.startswith(f"{hash_tree.FOLDER}/"):
            return source  # digests and keys alone are in a hash tree: were one masked, it would lead to no root
        mask = partial(self.private.mask, ids=member.path.startswith(masked.OF_RECORDS))
        if masked.write(member.path, source, hidden, mask):
            self.masked[member.path] = keyed(self._secret, _digest_of(member.source), digits=64)
            return hidden
        return source

    def _facts(self) -> Json:
        roots = facts.roots_of(self.engagement)
        return {
            "engagement": self.engagement.name,
            "stated_at": self.chained["stated_at"],
            "ledger": {name: self.chained[name] for name in ("rows", "head")},
            "roots": roots and {name: roots[name] for name in ("expected", "actual")},
            "scan": self.scan,
            "unsettled": self.unsettled,
        }

    def manifest(self, entries: Sequence[Entry] = ()) -> Manifest:
        """Return the manifest of these members."""
        told = self._facts()
        left = [{"files": path, "number": n, "what": words} for path, n, words in self.contents.left_out]
        return Manifest(
            told["engagement"], self.engagement.parameters.company, self.profile, told["stated_at"], __version__,
            told["ledger"], told["roots"], self._mapping, told["scan"], left, told["unsettled"],
            tuple(entries), self.masked,
        )  # fmt: skip


class _Gathered(Source):
    """What is going to be a bundle, as it lies in the engagement's folders."""

    def __init__(self, maker: _Maker) -> None:
        self.paths = frozenset(member.path for member in maker.contents.members)
        self.ledger = maker.chained
        self.manifest = maker.manifest()
        self._files = {member.path: member.source for member in maker.contents.members}

    def stream(self, path: str) -> IO[bytes]:
        """Open a file that goes in."""
        if path not in self.paths:
            raise NotPossible(f"{path} is not there")
        return self._files[path].open("rb")


def _is_printed(path: str) -> bool:
    return path.endswith(".html") and not path.startswith(NOT_PRINTED)


def _written(file: Path, text: str, name: str) -> Member:
    file.write_text(text, encoding="utf-8", newline="\n")
    return Member(name, file)


def _digest_of(file: Path) -> str:
    with refusals(f"{file} could not be read"), file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _mapping_hash(found: Contents) -> str:
    """Return the hash of the mapping that goes in; empty where there is none, or it is not answered yet."""
    there = next((member.source for member in found.members if member.path == MAPPING), None)
    with suppress(ParameterError):
        return "" if there is None else mapping.load(there).hash
    return ""


def _program() -> Json:
    """Return the version of this program, by its own number, its lock and its commit."""
    libraries = {}
    for name in WORKED_WITH:
        with suppress(PackageNotFoundError):
            libraries[name] = version(name)
    return {
        "migrator": __version__,
        "python": platform.python_version(),
        "libraries": libraries,
        "lock_sha256": _digest_of(LOCK) if LOCK.exists() else None,
        "commit": _commit(),
    }


@cache
def _commit() -> str | None:
    """Return the commit that the program was checked out of, ``+changed`` where it was changed since; or None."""
    folder = LOCK.parent
    if not (folder / ".git").exists():
        return None
    given = {**os.environ, "GIT_OPTIONAL_LOCKS": "0"}
    ask = partial(subprocess.run, cwd=folder, env=given, capture_output=True, text=True, timeout=60, check=True)
    with suppress(OSError, subprocess.SubprocessError):
        commit = ask(["git", "rev-parse", "HEAD"]).stdout.strip()
        changed = ask(["git", "status", "--porcelain", "--", "migrator_lib", "notebooks"]).stdout.strip()
        return f"{commit}{'+changed' * bool(changed)}"
    return None


def _own_words(engagement: Engagement) -> str:
    """Return what the runbook itself says: no name of a person, whoever is called so."""
    notebooks = engagement.paths.parameters.parent.parent / "notebooks"
    texts = [json.loads(file.read_text(encoding="utf-8"))["cells"] for file in sorted(notebooks.glob("*.ipynb"))]
    words = ["".join(cell["source"]) for cells in texts for cell in cells]
    return "\n".join([*words, *(obj.title for obj in OBJECTS), *(gate.statement for gate in gates.GATES)])


def _places(engagement: Engagement, own: str) -> dict[str, str]:
    """Return what tells of the engineer's machine and of the source's, as patterns, to what is written instead."""
    source, root = engagement.parameters.source, engagement.paths.parameters.parent.parent
    found = {rf"{re.escape(str(folder))}(?![\w.-])": "(here)" for folder in (root, root.resolve(), LOCK.parent)}
    for folder in (Path(tempfile.gettempdir()), Path.home()):  # of what is elsewhere nothing is told
        if len(folder.parts) > 1:
            found.setdefault(rf"{re.escape(str(folder))}(?![\w.-])[^\s<>\"',;]*", "(here)")
    found[r"https?://(?:127\.0\.0\.1|localhost|\[::1\])(?::\d+)?"] = "https://simulated.example"
    node = platform.node()
    if len(node) > 3 and node.lower() not in own.lower():
        found[rf"\b{re.escape(node)}\b"] = "(this machine)"
    for url in (source.url, engagement.parameters.ledger.url):
        with suppress(sa.exc.ArgumentError, ValueError):
            host = sa.make_url(url).host if url else None
            if host and "." in host:
                found[rf"\b{re.escape(host)}\b"] = "(its host)"
    if source.files_root:
        found[re.escape(source.files_root)] = "(its files)"
    return found
