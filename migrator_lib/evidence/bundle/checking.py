"""Checking a bundle from the file alone: no account, database, parameters or network is asked."""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import IO, Any, Literal
from zlib import crc32

from ruamel.yaml.error import YAMLError

from migrator_lib.errors import StorageError
from migrator_lib.evidence.bundle.archive import Damage, Entry, damages
from migrator_lib.evidence.bundle.manifest import LEDGER, MADE, MANIFEST, Json, Manifest, comment
from migrator_lib.storage import refusals

State = Literal["passed", "failed", "not settled", "not possible"]
"""Not settled is what did not fit together when the bundle was made, as its manifest says."""
NAMED = 20
"""Problems of a check that are named; the last line says how many more there are."""
THE_ARCHIVE = "the archive itself"
LARGEST = 64_000_000
"""Bytes of a file that is read whole: what this program writes is far smaller, and a few bytes may be gigabytes packed.
"""
MAY_BE_UNSETTLED = ("Roots", "Accounts", "Signatures", "Reports")
"""Checks that may find something while a step is under way. What a hash tree or the ledger's chain holds is whole then,
too."""


class NotPossible(Exception):
    """A check has nothing to check in this bundle; the words say why."""


@dataclass(frozen=True)
class Check:
    """What was checked, and what was found."""

    name: str
    covers: str
    state: State
    words: tuple[str, ...] = ()
    """What is wrong, a line each: the file or the record comes first. Or why it could not be checked."""


class Source:
    """What a bundle is, or is going to be: its files, and what manifest and ledger say of them."""

    manifest: Manifest
    paths: frozenset[str]
    """The paths of the files."""
    ledger: Json
    """What ``ledger.json`` holds."""

    def stream(self, path: str) -> IO[bytes]:
        """Open a file.

        Raises:
            NotPossible: it is not there.
        """
        raise NotImplementedError

    def bytes(self, path: str) -> bytes:
        """Return a file, as :meth:`stream` does.

        Raises:
            ValueError: it is larger than what this program writes.
        """
        with self.stream(path) as stream:
            return _small(stream, path)

    def json(self, path: str) -> Any:
        """Return a JSON document, as :meth:`stream` does."""
        return json.loads(self.bytes(path))

    @cached_property
    def stated(self) -> Json:
        """What the ledger's last row here states."""
        found: Json = json.loads(self.ledger["chained"][-1]["detail"])
        return found


class Opened(Source):
    """A bundle whose manifest was read."""

    def __init__(self, file: Path, manifest: Manifest, text: bytes, archive: zipfile.ZipFile) -> None:
        self.file = file
        self.manifest = manifest
        self.text = text
        self.archive = archive
        self.paths = frozenset(entry.path for entry in manifest.files)

    def stream(self, path: str) -> IO[bytes]:
        """Open a file of the bundle."""
        if path not in self.paths:
            raise NotPossible(f"{path} is not in this bundle")
        return self.archive.open(path)

    @cached_property
    def ledger(self) -> Json:  # type: ignore[override]  # read when it is asked for: it may be damaged
        """What ``ledger.json`` holds."""
        found: Json = self.json(LEDGER)
        return found


@dataclass(frozen=True)
class Result:
    """All checks of one bundle."""

    checks: tuple[Check, ...]
    manifest: str
    """SHA-256 of the manifest; empty where it could not be read."""
    profile: str
    engagement: str

    @property
    def is_whole(self) -> bool:
        """Whether nothing failed."""
        return all(check.state != "failed" for check in self.checks)


def _small(stream: IO[bytes], path: str) -> bytes:
    content = stream.read(LARGEST + 1)
    if len(content) > LARGEST:
        raise ValueError(f"{path} is larger than {LARGEST:,} bytes")
    return content


def check(bundle: Path, *, manifest: str | None = None, root: str | None = None) -> Result:
    """Check a bundle.

    Args:
        bundle: the file.
        manifest: SHA-256 of its manifest, as whoever made it told; not compared where it is None.
        root: root over all records that were read back, likewise.

    Raises:
        StorageError: there is no such file, or it cannot be read.
    """
    from migrator_lib.evidence.bundle.checks import CHECKS

    mend = "see that the file is there, and may be read."
    with refusals(f"{bundle} could not be read", next_step=mend):
        if bundle.exists() and not (bundle.is_file() or bundle.is_dir()):  # a pipe would be waited for
            raise StorageError(f"{bundle} is no file.", next_step=mend)
        with bundle.open("rb") as stream:
            stream.read(1)
    try:
        with zipfile.ZipFile(bundle) as archive:
            with archive.open(MANIFEST) as stream:
                text = _small(stream, MANIFEST)
            opened = Opened(bundle, Manifest.read(text.decode()), text, archive)
            structure = _structure(opened)
            digest = hashlib.sha256(text).hexdigest()
            given = [] if manifest is None else [_given("Manifest", MANIFEST, manifest, digest)]
            roots = opened.manifest.roots or {}
            given += [] if root is None else [_given("Root", "hash_tree", root, roots.get("actual", "none"))]
            found = [_carried_out(opened, *one) for one in CHECKS]
        return Result((*structure, *given, *found), digest, opened.manifest.profile, opened.manifest.engagement)
    except Exception as error:  # a damaged archive may raise anything
        return Result((_unreadable(error),), "", "", "")


def _unreadable(error: Exception) -> Check:
    where = MANIFEST if MANIFEST in str(error) else THE_ARCHIVE
    words = f"{where}: cannot be read ({' '.join(str(error).split()) or type(error).__name__}); nothing else can be"
    return Check("Archive", "that it can be read at all", "failed", (f"{words} checked",))


def _structure(opened: Opened) -> list[Check]:
    """Compare every byte with what the manifest makes of it."""
    entries, note = [*opened.manifest.files], comment(opened.text)
    found: list[Damage] = []
    if opened.manifest.text().encode() != opened.text:
        found.append(Damage(MANIFEST, "it is not as this program writes it"))
    entries.append(_of_manifest(opened.text))
    found += damages(opened.file, entries, note)
    archive = [f"{THE_ARCHIVE}: {one.words}" for one in found if not one.path]
    files = [f"{one.path}: {one.words}" for one in found if one.path]
    extra = sorted({*opened.archive.namelist()} - {entry.path for entry in entries})
    files += [f"{path}: is in the archive, and not in the manifest" for path in extra]
    files += list(_names([entry.path for entry in opened.manifest.files]))
    covers = f"size and SHA-256 of {len(entries):,} files, and that there is none beside them"
    return [
        _check(
            "Archive", "every byte that is no content: headers, directory, order, and that nothing is between", archive
        ),
        _check("Files", covers, files),
    ]


def _names(paths: Sequence[str]) -> Iterator[str]:
    """Yield what no bundle is called or has twice: who unpacks it writes nowhere else, and nothing over another."""
    for before, path in pairwise(["", *paths]):
        parts = path.split("/")
        if not path.isprintable() or "\\" in path or ":" in parts[0] or not {"", ".", ".."}.isdisjoint(parts):
            yield f"{path}: no file of a bundle is called so"
        elif path <= before:
            yield f"{path}: is not in its place, or there twice"
    yield from (f"{path}: is not there, and every bundle has it" for path in MADE if path not in {*paths, MANIFEST})
    if MANIFEST in paths:
        yield f"{MANIFEST}: is there twice"


def _of_manifest(text: bytes) -> Entry:
    digest = hashlib.sha256(text).hexdigest()
    return Entry(MANIFEST, len(text), digest, crc32(text), len(text), digest)


def _check(name: str, covers: str, problems: list[str]) -> Check:
    more = [f"and {len(problems) - NAMED:,} more"] if len(problems) > NAMED else []
    return Check(name, covers, "failed" if problems else "passed", (*problems[:NAMED], *more))


def _given(name: str, where: str, given: str, found: str) -> Check:
    same = given.strip().lower().removeprefix("sha256:") == found
    covers = f"that it is the one that was given by --{name.lower()}"
    return _check(name, covers, [] if same else [f"{where}: it is {found}, not the one that was given"])


def _carried_out(opened: Opened, name: str, covers: str, look: Callable[[Any], Iterator[str]]) -> Check:
    try:
        found = _check(name, covers, list(look(opened)))
        told = opened.manifest.unsettled.get(name, ()) if name in MAY_BE_UNSETTLED else ()
        is_told = found.words and list(found.words) == list(told)
        return Check(name, covers, "not settled", found.words) if is_told else found
    except NotPossible as error:
        return Check(name, covers, "not possible", (str(error),))
    except Exception as error:  # whatever is in a file that was altered
        words = " ".join(str(error).split()) or type(error).__name__
        return Check(
            name, covers, "failed", (f"{THE_ARCHIVE}: this could not be checked, since it is damaged ({words})",)
        )


def unsettled(source: Source) -> dict[str, list[str]]:
    """Return what does not fit together in a bundle that is being made: check to what it would find.

    Raises:
        StorageError: a file is damaged.
    """
    from migrator_lib.evidence.bundle.checks import CHECKS

    found: dict[str, list[str]] = {}
    for name, covers, look in CHECKS:
        try:
            words = _check(name, covers, list(look(source))).words if name in MAY_BE_UNSETTLED else ()
        except NotPossible:
            continue
        except (ValueError, LookupError, TypeError, AttributeError, RecursionError, YAMLError) as error:
            raise StorageError(  # what the file says, the error may quote
                f"{name}: this cannot be counted, since a file is damaged ({type(error).__name__}).",
                next_step="run the step again that wrote summary.json, the accounts or the hash tree, or mend "
                "signoffs.yaml; then make the bundle.",
            ) from error
        if words:
            found[name] = list(words)
    return found
