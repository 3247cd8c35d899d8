"""Loading the knowledge base: every article ends in a help center, in a package for one, or with its reason.

By the API an intent is durable before anything of a record is sent, and the ledger keeps what was sent, by help center
and language: so nothing is made twice, and what editors have changed since is told apart.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from migrator_lib.gorgias.help_center.api import LEFT_OVER
from migrator_lib.gorgias.help_center.articles import KnowledgeBase, read_media
from migrator_lib.gorgias.help_center.outcome import Outcome as Published
from migrator_lib.gorgias.help_center.way import way_in
from migrator_lib.knowledge.assembling import Assembler, file_row, folder_name
from migrator_lib.knowledge.memory import CENTERS, LedgerMemory
from migrator_lib.knowledge.rules import ONLY
from migrator_lib.ledger import GONE, Entry
from migrator_lib.load.context import LoadContext, entry_of, is_same
from migrator_lib.load.files import read_file
from migrator_lib.objects import KNOWLEDGE
from migrator_lib.objects.attachment import problem_of
from migrator_lib.objects.base import MigrationObject, Record, Send
from migrator_lib.staging import Staged

PACKAGE = "help_center_package"
"""Rule of what is handed over: it is in the package, for whoever imports it."""
NOT_MOVED, NOT_SHOWN = "article_not_moved", "no_article_shows_it"
MIND = ("changed in Gorgias", "deleted in Gorgias", "another text there", "category named otherwise", LEFT_OVER)
"""Problems that are conflicts: somebody worked on it."""


@dataclass
class Publisher:
    """Loads the knowledge base of one stage into one account's help centers."""

    context: LoadContext
    staged: Staged
    packages: Path
    """Folder that packages are written into."""
    rehearsal: bool = False

    def run(self) -> None:
        """Bring everything where it goes, and account for every record.

        Raises:
            TargetDenied: the undocumented API was asked for, and does not do what is needed; nothing was written to it.
            TargetUnreachable: the service keeps failing; the next run goes on.
            StorageError: the package cannot be written.
        """
        lookups, context = self.context.lookups, self.context
        if not lookups.knowledge.articles and not lookups.knowledge.categories:
            return
        records = [(obj, record) for obj in KNOWLEDGE for record in obj.records(self.staged, lookups)]
        context.progress.begin("Knowledge base", len(records))
        if self.rehearsal:
            for obj, record in records:
                context.count(obj.name, self._would(obj, record))
            context.progress.advance(len(records))
            context.progress.end()
            return
        reader = partial(read_file, context.files_root, context.blobs)
        bases = Assembler(lookups, reader).bases()
        published = {center: self._publish(center, base) for center, base in bases.items()}
        for obj, record in records:
            self._settle(obj, record, published)
            context.progress.advance()
        self._settle_files(bases)
        context.progress.end()

    def _would(self, obj: MigrationObject, record: Record) -> str:
        outcome = obj.transform(record, self.context.lookups)
        known = self.context.ledger.entry(self.context.target, obj.name, record.key)
        if not isinstance(outcome, Send):
            entry = entry_of(record, obj, outcome)
            return "unchanged" if is_same(known, entry) else entry.state
        if known is not None and known.state in ("created", "matched", "handed_over"):
            return "unchanged" if known.payload_hash == outcome.hash else "would update"
        return "handed_over" if self._by_package else "would create"

    @property
    def _by_package(self) -> bool:
        return self.context.lookups.parameters.help_center.way == "package"

    def _publish(self, center: int, base: KnowledgeBase) -> Published:
        settings, context = self.context.lookups.parameters, self.context
        which = "" if center == ONLY else f", help center {center}"
        way = way_in(
            settings.help_center.model_copy(update={"id": center if center != ONLY else None}),
            context.api,
            self.packages / folder_name(center),
            company=f"{settings.company}{which}",
            memory=LedgerMemory(context.ledger, context.target, settings.engagement, center),
        )
        with context.progress.alive():
            return way.publish(base)

    # --- the accounts ------------------------------------------------------------------------------

    def _settle(self, obj: MigrationObject, record: Record, published: Mapping[int, Published]) -> None:
        """Account for one record; what the API made is in the ledger already, as its memory wrote it."""
        context = self.context
        known = context.ledger.entry(context.target, obj.name, record.key)
        outcome = obj.transform(record, context.lookups)
        if not isinstance(outcome, Send):
            self._without_call(obj, entry_of(record, obj, outcome), known)
            return
        wrong = list(_wrong(outcome.payload["external_id"], published))
        for words in wrong:
            context.report.conflicts.append(f"{obj.name} {record.key}: {words}")
        if self._by_package:
            entry = Entry(
                obj.name, record.key, "handed_over", rule=PACKAGE, payload_hash=outcome.hash,
                external_id=outcome.payload["external_id"], detail=known.detail if known is not None else {},
            )  # fmt: skip
        elif known is not None and known.detail.get(CENTERS):
            entry = replace(known, payload_hash=outcome.hash)
        else:
            reason = "; ".join(wrong) or "the Help Center did not take it"
            entry = Entry(obj.name, record.key, "quarantined", payload_hash=outcome.hash, reason=reason)
        self._note(obj, entry, known, published)

    def _note(
        self, obj: MigrationObject, entry: Entry, known: Entry | None, published: Mapping[int, Published]
    ) -> None:
        done = _done(entry.external_id, published)
        same = known is not None and known.payload_hash == entry.payload_hash and known.state == entry.state
        if not same:
            self.context.ledger.settle(self.context.target, [entry])
        if done["created"]:
            what = "created"
        elif done["updated"]:
            what = "updated"
        elif same:
            what = "unchanged"
        else:
            what = entry.state
        self.context.count(obj.name, what)

    def _without_call(self, obj: MigrationObject, entry: Entry, known: Entry | None) -> None:
        if known is not None and known.detail.get(CENTERS):
            self.context.report.conflicts.append(
                f"{obj.name} {entry.source_key}: loaded, and now {entry.state} ({entry.rule or entry.reason}); "
                "it stays in the Help Center: take it out by hand"
            )
            self.context.count(obj.name, "unchanged")
            return
        if not is_same(known, entry):
            self.context.ledger.settle(self.context.target, [entry])
        self.context.count(obj.name, "unchanged" if is_same(known, entry) else entry.state)

    def _settle_files(self, bases: Mapping[int, KnowledgeBase]) -> None:
        """Account for the files that articles show, which go up with them."""
        context, lookups = self.context, self.context.lookups
        moving = self._moving_files(bases)
        self._forget_files()
        for number, moves in lookups.article_rules.files.items():
            key = file_row(number, lookups)["AttachmentKey"]
            known = context.ledger.entry(context.target, "attachment", key)
            if known is not None and known.target_id is not None:
                if known.state == GONE:
                    context.ledger.settle(context.target, [replace(known, state="created", rule=None)])
                continue
            entry = Entry("attachment", key, "skipped", rule=NOT_MOVED)
            if moves and moving.get(key):
                entry = Entry("attachment", key, "handed_over", rule=PACKAGE)
            elif moves:
                entry = Entry("attachment", key, "quarantined", reason=self._why(number))
            if not is_same(known, entry):
                context.ledger.settle(context.target, [entry])
                context.count("attachment", entry.state)

    def _forget_files(self) -> None:
        """Take files out of the accounts that no article shows any more; a URL stays, in case that one does again."""
        context, lookups = self.context, self.context.lookups
        shown = lookups.article_rules.files
        keys = [file_row(number, lookups)["AttachmentKey"] for number in lookups.knowledge.files if number not in shown]
        over = [
            replace(entry, state=GONE, rule=NOT_SHOWN)
            for entry in context.ledger.known(context.target, "attachment", keys).values()
            if entry.state != GONE
        ]
        context.ledger.settle(context.target, over)

    def _moving_files(self, bases: Mapping[int, KnowledgeBase]) -> dict[str, bool]:
        """Return the keys of files in packages, and whether each could be read."""
        if not self._by_package:
            return {}
        found: dict[str, bool] = {}
        for base in bases.values():
            for article in base.articles:
                for media in article.files:
                    if media.key.startswith("f") and media.key not in found:
                        found[media.key] = read_media(media) is not None
        return found

    def _why(self, number: int) -> str:
        lookups = self.context.lookups
        row = file_row(number, lookups)
        limit = lookups.parameters.target.upload_limit_bytes
        return problem_of(lookups.files.match(row), row, limit) or "its file cannot be read, or was not taken"


def _wrong(record: str, published: Mapping[int, Published]) -> Iterator[str]:
    """Yield what a person should look at of a record, in words."""
    for one in published.values():
        stuck = {entry.article for entry in one.entries if entry.state in ("left", "quarantined")}
        for problem in one.problems:
            if problem.record == record and (problem.kind in MIND or "refused" in problem.kind or record in stuck):
                yield f"{problem.kind}: {problem.words}"


def _done(record: str | None, published: Mapping[int, Published]) -> Counter[Any]:
    return Counter(entry.state for one in published.values() for entry in one.entries if entry.article == record)
