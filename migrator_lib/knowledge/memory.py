"""What the ledger remembers of help centers: what was made there by the API, and what it was sent as."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from migrator_lib.external_id import parse
from migrator_lib.gorgias.help_center.memory import Kind, Known, Memory
from migrator_lib.ledger import PENDING, Entry, Ledger
from migrator_lib.ledger.sent_files import FILE, digest_of
from migrator_lib.objects.kb_article import KbArticle
from migrator_lib.objects.kb_category import KbCategory

NAMES: Mapping[Kind, str] = {"categories": KbCategory.name, "articles": KbArticle.name}
CENTERS, INTENDED = "centers", "intended"
"""In the detail of an entry: what a record is in each help center; the one that it is about to be sent to."""


class LedgerMemory(Memory):
    """What the ledger knows of one help center."""

    def __init__(self, ledger: Ledger, target: str, engagement: str, center: int) -> None:
        self._ledger = ledger
        self._target = target
        self._engagement = engagement
        self.center = str(center)

    def _entry(self, kind: Kind, record: str) -> Entry:
        parsed = parse(record, self._engagement)
        assert parsed is not None
        obj, key = parsed
        known = self._ledger.entry(self._target, obj, key)
        return known or Entry(NAMES[kind], key, PENDING, external_id=record)

    def known(self, kind: Kind, record: str) -> Known | None:
        """Return what an earlier run made, or was about to make when it died."""
        entry = self._entry(kind, record)
        there = entry.detail.get(CENTERS, {}).get(self.center)
        if there is not None:
            return Known(there["id"], there["sent"], there["ours"])
        return Known(None) if entry.detail.get(INTENDED) == self.center and entry.state == PENDING else None

    def intend(self, kind: Kind, record: str) -> None:
        """Write the intent down."""
        entry = self._entry(kind, record)
        is_there = self.center in entry.detail.get(CENTERS, {})
        detail = entry.detail if is_there else {**entry.detail, INTENDED: self.center}
        self._ledger.intend(
            self._target, replace(entry, state=PENDING, detail=detail), action="update" if is_there else "create"
        )

    def settle(self, kind: Kind, record: str, known: Known) -> None:
        """Write down what a record is now."""
        entry = self._entry(kind, record)
        there = {"id": known.id, "sent": {name: dict(sent) for name, sent in known.sent.items()}, "ours": known.ours}
        detail = {name: value for name, value in entry.detail.items() if name != INTENDED}
        detail[CENTERS] = {**detail.get(CENTERS, {}), self.center: there}
        state = "created" if any(one["ours"] for one in detail[CENTERS].values()) else "matched"
        first = next(iter(detail[CENTERS].values()))["id"]
        self._ledger.settle(
            self._target,
            [replace(entry, state=state, rule=None, reason=None, target_id=str(first), detail=detail)],
        )

    def url_of(self, key: str) -> str | None:
        """Return where a file is that is up already."""
        if key.startswith("d"):
            return self._pictures().get(key)
        entry = self._ledger.entry(self._target, "attachment", key)
        return entry.target_id if entry is not None else None

    def keep_url(self, key: str, url: str, content: bytes) -> None:
        """Write down where a file is, and its digest; a picture inside a text is no record of the source."""
        if key.startswith("d"):
            self._ledger.set_meta(self._place, {**self._pictures(), key: url})
        else:
            sent = {FILE: digest_of(content)}
            self._ledger.settle(self._target, [Entry("attachment", key, "created", target_id=url, detail=sent)])

    @property
    def _place(self) -> str:
        return f"article_pictures_{self._target}"

    def _pictures(self) -> dict[str, str]:
        found: dict[str, str] = self._ledger.meta(self._place, {})
        return found
