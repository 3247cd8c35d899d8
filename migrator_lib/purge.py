"""Retention: what was staged is removed when hypercare is over, and what proves the migration stays.

Of the confidential folder everything goes but what :data:`KEPT` names: stages with their message texts, files and
pictures, the sample's review page, withheld reports, payloads of quarantined records, lists with addresses, whatever
was read back. What stays holds keys, hashes, numbers and outcomes, and in the ledger what :data:`IN_THE_LEDGER` says.

It is written down before the first file goes and after the last, so that a purge that was cut off is known to be under
way, and goes on when it is run again.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from hashlib import sha256
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from migrator_lib.errors import OutOfTurn, ParameterError
from migrator_lib.ledger import Ledger
from migrator_lib.storage import flush, refusals

if TYPE_CHECKING:
    from migrator_lib.engagement import Engagement

KEPT = {
    "ledger.sqlite3*": "the ledger", "ledger.place": "where the ledger is",
    "hash_tree.key": "the secret of the hash tree's digests",
    "snapshot_*.sqlite3*": "inventories for a roll-back: ids and hashes",
    "roll_back_*.sqlite3*": "plans of roll-backs: ids and hashes",
    "verdicts.sqlite3*": "what the last verification found: keys, states and names of fields",
    "sample_verdicts.json": "what people said of the sample before they signed it",
    "progress.json": "how far the last step was", "accounts.json": "of which ledger the lists of records are",
}  # fmt: skip
"""Patterns of what stays in ``state/``, and what it is."""
SIMULATED = "simulated"
"""What the simulators keep; it goes only where that is asked for."""
IN_THE_LEDGER = (
    "The ledger stays whole, since its chain covers every row. Of people it holds what stood in Gorgias before the "
    "migration changed it (before-images of customers, teams, tags, fields and settings), reasons of quarantine, which "
    "may quote an address, addresses of uploaded files with their names, and who signed. None of that can be taken out "
    "without breaking the chain; when nobody needs the proof any more, the whole folder can be deleted."
)
OBJECT, BEGUN, ENDED = "purge", "begun", "ended"
"""The journal's rows of a purge: their object, and their events."""
META = "purge"
UNDER_WAY, DONE, STAGED_ANEW = "under way", "done", "staged anew"
AT_ONCE = 1000
Going = Callable[[], None]
"""Is called for each file that went."""


@dataclass(frozen=True)
class Part:
    """One thing in the confidential folder that goes."""

    name: str
    files: int
    bytes: int


@dataclass(frozen=True)
class Purge:
    """A purge, as the ledger keeps it."""

    state: str
    by: str
    at: str
    """When it began, ISO, UTC."""
    reason: str = ""
    """Why before the end of hypercare; empty behind it."""
    parts: Sequence[Part] = ()
    chunks: int = 0
    chunks_sha256: str = ""
    """Over the hashes of all staged chunks, one a line, in the order of stage, table and part."""
    ended_at: str = ""

    @property
    def files(self) -> int:
        """How many files went."""
        return sum(part.files for part in self.parts)

    @property
    def bytes(self) -> int:
        """How many bytes these had."""
        return sum(part.bytes for part in self.parts)

    @classmethod
    def of(cls, ledger: Ledger) -> Purge | None:
        """Return the last purge; None where there was none."""
        kept = ledger.meta(META)
        return None if kept is None else cls(**{**kept, "parts": [Part(**one) for one in kept["parts"]]})

    def as_json(self) -> dict[str, Any]:
        """Return it as it is kept."""
        return {**asdict(self), "files": self.files, "bytes": self.bytes}


@dataclass
class Plan:
    """What a purge would do."""

    parts: list[Part] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)
    """Names in the confidential folder that stay."""
    too_early: str = ""
    """Why hypercare is not over, in words; empty where it is."""

    @property
    def files(self) -> int:
        """How many files would go."""
        return sum(part.files for part in self.parts)

    @property
    def bytes(self) -> int:
        """How many bytes these have."""
        return sum(part.bytes for part in self.parts)


def is_purged(ledger: Ledger) -> Purge | None:
    """Return the purge since which nothing was staged anew; None where what was staged is there."""
    found = Purge.of(ledger)
    return found if found is not None and found.state in (UNDER_WAY, DONE) else None


def require_not_purged(ledger: Ledger, engagement: str) -> None:
    """Pass if what was staged was not purged.

    Raises:
        OutOfTurn: it was; naming when, by whom, and what stages anew.
    """
    found = is_purged(ledger)
    if found is None:
        return
    if found.state == UNDER_WAY:
        raise OutOfTurn(
            f"A purge of {engagement} was begun on {found.at[:10]} by {found.by}, and is not finished.",
            next_step=f'migrator purge {engagement} --yes --by "{found.by}" finishes it.',
        )
    raise OutOfTurn(
        f"What was staged of {engagement} was purged on {found.at[:10]} by {found.by}: without it nothing can be "
        "compared, loaded or rolled back.",
        next_step=f"migrator run {engagement} --only 04 stages the source anew, as it is now; then run this again.",
    )


def note_staged_anew(ledger: Ledger) -> None:
    """Keep that everything is staged again, where it was purged."""
    found = is_purged(ledger)
    if found is not None:
        ledger.set_meta(META, {**_kept(found), "state": STAGED_ANEW})


def _kept(purge: Purge) -> dict[str, Any]:
    return {name: value for name, value in purge.as_json().items() if name not in ("files", "bytes")}


# --- what goes ------------------------------------------------------------------------------------------


def plan(engagement: Engagement, *, simulated: bool = False) -> Plan:
    """Return what a purge would remove, and whether it is time."""
    found, state = Plan(too_early=too_early(engagement)), engagement.paths.state
    spared = _source_files(engagement)
    with refusals(f"{state} cannot be read"):
        for place in sorted(state.iterdir()):
            if _stays(place, simulated=simulated):
                found.kept.append(place.name)
            else:
                sizes = [os.lstat(file).st_size for file in _files(place, spared)]
                found.parts.append(Part(place.name, len(sizes), sum(sizes)))
    return found


def _stays(place: Path, *, simulated: bool) -> bool:
    if place.name == SIMULATED:
        return not simulated
    return any(place.match(pattern) for pattern in KEPT)


def too_early(engagement: Engagement) -> str:
    """Return why hypercare is not over, in words; empty where it is."""
    from migrator_lib.evidence.summary import hypercare, is_over  # it opens engagements itself

    day = hypercare(engagement.ledger.steps(), since_cutover=True)
    if day is None:
        return "no day of hypercare was looked at since the cutover"
    if not is_over(day):
        left = f", {day['lost']:,} records are lost or wrong" if day["lost"] else ""
        late = f", {day['late']:,} tickets changed in SmarterTrack since" if day["late"] else ""
        return f"hypercare is at day {day['day']} of {day['of']}{left}{late}"
    return ""


def _source_files(engagement: Engagement) -> Path | None:
    """Return the folder of SmarterTrack's own files, which no purge touches; None where it is none of this machine."""
    root = engagement.parameters.source.files_root
    return Path(root).resolve() if root and "://" not in root else None


def _leads_to(place: Path, spared: Path | None) -> bool:
    """Whether a link leads to the source's files, or to what holds them."""
    there = place.resolve()
    return spared is not None and place.is_symlink() and (spared.is_relative_to(there) or there.is_relative_to(spared))


def _files(place: Path, spared: Path | None) -> Iterator[Path]:
    """Yield the files of a place; a link, which leads to a larger disk maybe, leads to what is there."""
    if _leads_to(place, spared):
        return
    place = place.resolve()
    if place.is_file():
        yield place
    for folder, folders, names in os.walk(place, followlinks=True):
        folders[:] = [name for name in folders if not _leads_to(Path(folder, name), spared)]
        yield from (file for name in names if not _leads_to(file := Path(folder, name), spared))


# --- doing it -------------------------------------------------------------------------------------------


def purge(
    engagement: Engagement, *, by: str, reason: str = "", early: bool = False, simulated: bool = False
) -> Purge:  # fmt: skip
    """Remove what was staged, and write down that it was; one that was cut off goes on, one that is done stays.

    Args:
        engagement: the migration, whose lease this process holds.
        by: who has it removed.
        reason: why before the end of hypercare.
        early: whether it may be done before.
        simulated: also what the simulators keep.

    Raises:
        ParameterError: nobody is named, or hypercare is not over and no reason given.
        StorageError: a file cannot be removed; what is left goes with the next purge.
    """
    found = Purge.of(engagement.ledger)
    if found is None or found.state != UNDER_WAY:
        planned = plan(engagement, simulated=simulated)
        if found is not None and found.state == DONE and not planned.parts:
            return found
        found = _begin(engagement, planned, by, reason, early)
    state = engagement.paths.state
    engagement.progress.begin("Removing what was staged", found.files)
    with refusals(f"{state} could not be emptied", next_step="mend the rights there, and purge again: it goes on."):
        for place in sorted(state.iterdir()):
            if not _stays(place, simulated=simulated or any(part.name == SIMULATED for part in found.parts)):
                _remove(place, engagement.progress.advance, _source_files(engagement))
        flush(state)
    engagement.progress.end()
    return _end(engagement, found)


def _begin(engagement: Engagement, planned: Plan, by: str, reason: str, early: bool) -> Purge:
    if not by.strip():
        raise ParameterError("Nobody is named who has it removed.", next_step='give --by "YOUR NAME".')
    if planned.too_early and not (early and reason.strip()):
        raise ParameterError(
            f"It is too early: {planned.too_early}. What was staged is needed to compare, and to roll back.",
            next_step=f"wait until migrator status {engagement.name} says that hypercare is done; or give --early and "
            "--reason, which are recorded.",
        )
    digests = [chunk["sha256"] for stage in _stages(engagement) for chunk in engagement.ledger.chunks(stage)]
    purge = Purge(
        UNDER_WAY, by.strip(), engagement.clock_now.isoformat(timespec="seconds"),
        reason.strip() if planned.too_early else "", planned.parts, len(digests),
        sha256("".join(f"{one}\n" for one in digests).encode()).hexdigest(),
    )  # fmt: skip
    engagement.ledger.note(OBJECT, engagement.name, BEGUN, _kept(purge))
    engagement.ledger.set_meta(META, _kept(purge))
    return purge


def _stages(engagement: Engagement) -> list[str]:
    staged = engagement.paths.staged
    return sorted(place.name for place in staged.iterdir() if place.is_dir()) if staged.is_dir() else []


def _end(engagement: Engagement, begun: Purge) -> Purge:
    at = engagement.clock_now.isoformat(timespec="seconds")
    purge = Purge(**{**_kept(begun), "parts": begun.parts, "state": DONE, "ended_at": at})
    engagement.ledger.note(OBJECT, engagement.name, ENDED, _kept(purge))
    engagement.ledger.set_meta(META, _kept(purge))
    return purge


def _remove(place: Path, gone: Going, spared: Path | None) -> None:
    """Remove a file or a folder with all that is in it, and what a link leads to, but for the source's own files."""
    if _leads_to(place, spared):
        place.unlink()
        return
    there = place.resolve()
    if there.is_dir():
        while some := _first(there):
            for name in some:
                _remove(there / name, gone, spared)
        there.rmdir()
    elif there.exists():
        there.unlink()
        gone()
    if place.is_symlink():
        place.unlink()


def _first(folder: Path) -> list[str]:
    """Return the names of the first things in a folder, which may hold millions."""
    with os.scandir(folder) as found:
        return [one.name for one in islice(found, AT_ONCE)]


def told(purge: Mapping[str, Any]) -> str:
    """Return in a sentence what was removed, when and by whom, of :meth:`Purge.as_json`."""
    size = f"{purge['files']:,} files, {purge['bytes'] / 1e6:,.1f} MB"
    words = f"What was staged ({size}) was removed on {purge['at'][:10]} by {purge['by']}"
    if purge["state"] == UNDER_WAY:
        words = f"Since {purge['at'][:10]} {purge['by']} has what was staged ({size}) removed; that is not finished"
    why = f", before hypercare was over: {purge['reason']}" if purge["reason"] else ""
    anew = " Since then it was staged anew." if purge["state"] == STAGED_ANEW else ""
    return f"{words}{why}.{anew}"
