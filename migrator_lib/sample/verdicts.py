"""What people found of the sample: right or wrong, with a remark and the line of the mapping that should change.

Kept in ``state/sample_verdicts.json``, since remarks may quote customers. A verdict is about what a record became: when
the mapping or the record changes, it is to be given anew.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError

from migrator_lib.errors import ParameterError
from migrator_lib.ledger import Ledger
from migrator_lib.parameters import Model
from migrator_lib.sample import confidence
from migrator_lib.storage import beside

RECORDS = "sample_records"
"""What the ledger keeps of the sample: its records, how many the random ones were drawn from, and by which mapping."""


class Verdict(Model):
    """What a person says of one record."""

    verdict: Literal["right", "wrong"]
    fingerprint: Annotated[str, Field(max_length=100)]
    """Of what was looked at."""
    remark: Annotated[str, Field(max_length=2000)] = ""
    line: Annotated[str, Field(max_length=200)] = ""
    """Key of mapping.yaml that should change, such as ``statuses.3.becomes``; empty: none of them."""
    by: Annotated[str, Field(max_length=100)] = ""
    at: datetime | None = None


class Verdicts(Model):
    """All verdicts of an engagement, by record (``ticket:17``). Also what the page lets a person download."""

    engagement: str
    verdicts: dict[str, Verdict] = {}

    def of(self, record: Sampled) -> Verdict | None:
        """Return what was said of a record as it is now, or None."""
        found = self.verdicts.get(record.key)
        return found if found is not None and found.fingerprint == record.fingerprint else None

    def text(self) -> str:
        """Return it as it is written to a file."""
        return json.dumps(self.model_dump(mode="json"), indent=1, ensure_ascii=False) + "\n"


@dataclass(frozen=True)
class Sampled:
    """One record of the sample, as the ledger keeps it."""

    key: str
    """Object and source key: ``ticket:17``."""
    name: str
    """What people call it: ``Ticket 5E0-1A2B-0017``."""
    fingerprint: str
    """Hash of what it became, and of what differs."""
    is_random: bool
    differs: bool
    """Whether the program found that it is not as it was meant."""


@dataclass(frozen=True)
class Progress:
    """How far the review is."""

    records: Sequence[Sampled]
    verdicts: Verdicts
    population: int
    """How many the random ones were drawn from."""

    @property
    def unseen(self) -> list[Sampled]:
        """Return the records that nobody looked at, as they are now."""
        return [one for one in self.records if self.verdicts.of(one) is None]

    @property
    def wrong(self) -> list[tuple[Sampled, Verdict]]:
        """Return the records that somebody found wrong."""
        said = ((one, self.verdicts.of(one)) for one in self.records)
        return [(one, found) for one, found in said if found is not None and found.verdict == "wrong"]

    @property
    def words(self) -> str:
        """Return how far it is: ``12 of 30 looked at, 1 wrong``."""
        n, unseen = len(self.records), len(self.unseen)
        found = f", {len(self.wrong) or 'none'} wrong" if unseen < n else ""
        return f"{n - unseen} of {n} looked at{found}"

    @property
    def drawn(self) -> tuple[int, int]:
        """Return how many random ones there are, and how many are wrong; until a person says so, as compared."""
        drawn = [one for one in self.records if one.is_random]
        return len(drawn), sum(self._is_wrong(one) for one in drawn)

    def _is_wrong(self, record: Sampled) -> bool:
        said = self.verdicts.of(record)
        return record.differs if said is None else said.verdict == "wrong"

    @property
    def told(self) -> str:
        """Return what the random part tells about everything."""
        drawn, wrong = self.drawn
        return confidence.sentence(wrong, drawn, self.population)


def keep(ledger: Ledger, records: Sequence[Sampled], population: int, mapping: str = "") -> None:
    """Keep in the ledger what there is to be looked at, and the hash of the mapping that it was moved by."""
    listed = [[one.key, one.name, one.fingerprint, one.is_random, one.differs] for one in records]
    ledger.set_meta(RECORDS, {"records": listed, "population": population, "mapping": mapping})


def moved_by(ledger: Ledger) -> str:
    """Return the hash of the mapping that the sample was moved by; empty where there is no sample."""
    return str((ledger.meta(RECORDS) or {}).get("mapping") or "")


def progress(ledger: Ledger, file: Path, engagement: str) -> Progress:
    """Return how far the review of an engagement's sample is.

    Raises:
        ParameterError: the file of verdicts holds something else.
    """
    kept = ledger.meta(RECORDS) or {"records": [], "population": 0}
    return Progress([Sampled(*one) for one in kept["records"]], read(file, engagement), kept["population"])


def read(file: Path, engagement: str) -> Verdicts:
    """Read a file of verdicts; one that is not there holds none.

    Raises:
        ParameterError: it holds something else, or another engagement's verdicts.
    """
    if not file.exists():
        return Verdicts(engagement=engagement)
    try:
        found = Verdicts.model_validate_json(file.read_bytes())
    except (OSError, ValidationError) as error:
        raise ParameterError(
            f"{file} holds no verdicts of a review: {_short(error)}.",
            next_step="take the file that the review page made, or move it away and begin the review anew.",
        ) from error
    if found.engagement != engagement:
        raise ParameterError(
            f"{file} holds verdicts of the engagement '{found.engagement}', not of '{engagement}'.",
            next_step=f"take the file that the page of migrator review {engagement} made.",
        )
    return found


def _short(error: OSError | ValidationError) -> str:
    if isinstance(error, OSError):
        return error.strerror or str(error)
    first = error.errors(include_input=False, include_url=False)[0]
    return f"{'.'.join(map(str, first['loc'])) or 'the file'}: {first['msg']}"


def write(file: Path, verdicts: Verdicts) -> None:
    """Write all verdicts, durably.

    Raises:
        StorageError: the disk is full or cannot be written.
    """
    with beside(file, next_step="make room, and say it once more on the page.") as place:
        place.write_text(verdicts.text(), encoding="utf-8")


def merged(mine: Verdicts, others: Mapping[str, Verdict], records: Sequence[Sampled]) -> tuple[Verdicts, list[str]]:
    """Take other verdicts in, and return what was not taken: of no record of the sample, or of what it was before."""
    known = {one.key: one for one in records}
    left = [key for key, said in others.items() if key not in known or said.fingerprint != known[key].fingerprint]
    taken: dict[str, Any] = {key: said for key, said in others.items() if key not in left}
    return mine.model_copy(update={"verdicts": {**mine.verdicts, **taken}}), left
