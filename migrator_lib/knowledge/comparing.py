"""Reading the knowledge base back: the package, or the help center, compared field by field with what was staged."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from migrator_lib.external_id import parse
from migrator_lib.gorgias.api import GorgiasApi, Json
from migrator_lib.gorgias.help_center.articles import KnowledgeBase, Media
from migrator_lib.gorgias.help_center.prepare import prepared
from migrator_lib.gorgias.help_center.way import endpoints
from migrator_lib.knowledge.assembling import Assembler, folder_name
from migrator_lib.knowledge.memory import LedgerMemory
from migrator_lib.knowledge.sides import HelpCenter, Package, Side
from migrator_lib.ledger import Ledger
from migrator_lib.load.files import read_file
from migrator_lib.lookups import Lookups
from migrator_lib.objects.kb_article import KbArticle
from migrator_lib.objects.kb_category import KbCategory
from migrator_lib.reconcile.contents import Contents
from migrator_lib.reconcile.differences import compare
from migrator_lib.reconcile.files import NOT_THERE, of_article
from migrator_lib.reconcile.result import CHANGED, Finding, Reconciliation
from migrator_lib.reconcile.witness import NoWitness, Witness
from migrator_lib.smartertrack.files import FilesRoot

EXPECTED = ("created", "handed_over")
"""States of records that should be there as they were sent."""
ELSEWHERE = "in another category there: an editor moved it, or SmarterTrack did since it was loaded; move it by hand"
"""The API moves no article, and what was sent does not tell who did."""
Found = dict[tuple[str, str], Finding | None]
"""Object and source key to what is wrong with it, first of all; None where nothing is."""


@dataclass(frozen=True)
class Comparer:
    """Compares one stage with what is there."""

    lookups: Lookups
    ledger: Ledger
    target: str
    api: GorgiasApi
    packages: Path
    files_root: FilesRoot | None
    blobs: Path
    witness: Witness = field(default_factory=NoWitness)
    """Is told of every language of every category and article, as ``KEY/LOCALE``."""
    contents: Contents | None = None
    """What is known of the files that were uploaded."""

    def run(self, result: Reconciliation) -> None:
        """Compare everything that was handed over or created, and add it up in ``result``.

        Raises:
            TargetError: the help center cannot be read.
            StorageError: the package cannot be read.
        """
        found: Found = {}
        assembler = Assembler(self.lookups, partial(read_file, self.files_root, self.blobs))
        for center, base in assembler.bases().items():
            base, _ = prepared(base)
            side = self._side(center, base)
            for (obj, key), finding in self._findings(side, base):
                found[obj, key] = _both(found.get((obj, key)), finding)
        for (obj, _), finding in found.items():
            if finding is None:
                result.count(obj, "validated")
            else:
                result.add(finding)

    def _side(self, center: int, base: KnowledgeBase) -> Side:
        settings = self.lookups.parameters.help_center
        if settings.way == "package":
            return Package(self.packages / folder_name(center), base)
        memory = LedgerMemory(self.ledger, self.target, self.lookups.parameters.engagement, center)
        return HelpCenter(endpoints(settings.model_copy(update={"id": center}), self.api), memory, base)

    def _expected(self, obj: str, key: str) -> bool:
        entry = self.ledger.entry(self.target, obj, key)
        return entry is not None and entry.state in EXPECTED

    def _findings(self, side: Side, base: KnowledgeBase) -> Iterator[tuple[tuple[str, str], Finding | None]]:
        for category in base.categories:
            record = KbCategory.name, category.external_id.rpartition(":")[2]
            for locale in category.texts if self._expected(*record) else ():
                wanted = side.meant_category(category, locale)
                found = side.category(category, locale)
                self._saw(record, locale, wanted, found)
                yield record, _finding(record, locale, wanted, found)
        files = set[str]()
        for article in base.articles:
            record = KbArticle.name, article.external_id.rpartition(":")[2]
            if not self._expected(*record):
                continue
            for locale in article.translations:
                there, meant = side.there(article, locale), side.meant(article, locale)
                self._saw(record, locale, meant, there)
                others = partial(side.is_others_work, article, locale)
                yield record, _finding(record, locale, meant, there, others_work=there != meant and others(),
                                       is_live=isinstance(side, HelpCenter))  # fmt: skip
            for media in article.files:
                if media.key.startswith("f") and media.key not in files and self._expected("attachment", media.key):
                    files.add(media.key)
                    yield ("attachment", media.key), self._file(side, media)

        for external_id, locale in side.unexpected():
            record = parse(external_id, self.lookups.parameters.engagement) or (KbArticle.name, external_id)
            yield record, Finding(*record, "unexpected", words=f"should not be there in {locale}")

    def _file(self, side: Side, media: Media) -> Finding | None:
        record = ("attachment", media.key)
        meant, there = of_article(self.contents, side.url_of(media) if isinstance(side, HelpCenter) else None, media)
        shown = there if side.shows(media) else None
        self.witness.saw(*record, meant, shown)
        if shown is None:
            words = "no article shows it there, or the file is not what it was" if there is not None else NOT_THERE
            return Finding(*record, "missing", words=words)
        differences = tuple(compare(meant, shown))
        return Finding(*record, "mismatched", differences, words="a picture of an article") if differences else None

    def _saw(self, record: tuple[str, str], locale: str, meant: Json, there: Json | None) -> None:
        obj, key = record
        self.witness.saw(obj, f"{key}/{locale}", meant, there)


def _both(one: Finding | None, other: Finding | None) -> Finding | None:
    """Return what is wrong with a record in several languages as one; what is wrong goes before others' work."""
    if one is None or other is None:
        return one or other
    first, second = (other, one) if one.state == CHANGED else (one, other)
    return replace(first, differences=first.differences + second.differences, words=f"{first.words}; {second.words}")


def _finding(
    record: tuple[str, str],
    locale: str,
    meant: Mapping[str, object],
    there: Json | None,
    *,
    others_work: bool = False,
    is_live: bool = False,
) -> Finding | None:
    if there is None:
        return Finding(*record, "missing", words=f"not there in {locale}")
    differences = tuple(compare(dict(meant), there))
    if not differences:
        return None
    if others_work:
        return Finding(*record, CHANGED, differences, words=f"changed in the Help Center, in {locale}")
    if is_live and {one.field for one in differences} == {"category"}:
        return Finding(*record, CHANGED, differences, words=ELSEWHERE)
    return Finding(*record, "mismatched", differences, words=f"in {locale}")
