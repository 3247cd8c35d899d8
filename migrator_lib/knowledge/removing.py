"""Taking out of the help centers what the API made there and nobody has touched since.

An article goes when every language of it says what was sent, and it has no other; a category, when no article is in it
or below it any more. Of a package nothing is taken back: what was imported from it is the admin's. Old addresses go
with their articles. A person signs the list of what goes (``Radius.going``); nothing else goes by that signature.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field, replace

from migrator_lib.errors import RecordRejected
from migrator_lib.gorgias.api import GorgiasApi
from migrator_lib.gorgias.help_center.endpoints import Endpoints
from migrator_lib.gorgias.help_center.memory import fingerprints, is_as
from migrator_lib.gorgias.help_center.there import There
from migrator_lib.gorgias.help_center.way import endpoints
from migrator_lib.knowledge.memory import CENTERS
from migrator_lib.ledger import REMOVED, Entry, Ledger
from migrator_lib.objects.kb_article import KbArticle
from migrator_lib.objects.kb_category import KbCategory
from migrator_lib.parameters import HelpCenterSettings

NOT_FOUND = 404
NOT_SIGNED = "it is not in the list that was signed: plan the roll-back anew"


@dataclass
class Radius:
    """What of the knowledge base goes, and what stays since somebody touched it."""

    goes: int = 0
    stays: int = 0
    removed: int = 0
    words: list[str] = field(default_factory=list)
    """Why something stays, by record."""
    going: list[str] = field(default_factory=list)
    """What goes, a line for each."""

    def stay(self, entry: Entry, why: str) -> None:
        """Note that a record stays."""
        self.stays += 1
        self.words.append(f"{entry.object} {entry.source_key}: {why}")

    def let_go(self, entry: Entry, center: str, only: Collection[str] | None) -> bool:
        """Note that a record goes, if it may; return whether it does."""
        line = f"{entry.object} {entry.source_key} of help center {center}"
        if only is not None and line not in only:
            self.stay(entry, NOT_SIGNED)
            return False
        self.goes += 1
        self.going.append(line)
        return True


@dataclass(frozen=True)
class Remover:
    """Removes what one account's help centers were given."""

    ledger: Ledger
    target: str
    api: GorgiasApi
    settings: HelpCenterSettings

    def look(self, only: Collection[str] | None = None) -> Radius:
        """Return what would go. Nothing is read where nothing was made.

        Args:
            only: lines of ``Radius.going`` that may go; None: all.
        """
        return self._go(only, remove=False)

    def remove(self, only: Collection[str] | None = None) -> Radius:
        """Remove what nobody has touched; stopped anywhere, it goes on with what is left. For ``only`` see ``look``."""
        return self._go(only, remove=True)

    def _go(self, only: Collection[str] | None, *, remove: bool) -> Radius:
        found = Radius()
        for center in sorted({center for entry in self._made(KbArticle.name, KbCategory.name)
                              for center in entry.detail[CENTERS]}, key=int):  # fmt: skip
            api = endpoints(self.settings.model_copy(update={"id": int(center)}), self.api)
            articles = There(api, "articles")
            left, above = dict(articles.above), There(api, "categories").above
            for entry in self._made(KbArticle.name):
                self._article(api, articles, center, entry, found, left, only, remove=remove)
            stay = _in_use(left, above)
            for entry in sorted(self._made(KbCategory.name), key=lambda one: -_depth(one, center, above)):
                self._category(api, center, entry, found, stay, only, remove=remove)
        return found

    def _made(self, *names: str) -> Iterator[Entry]:
        """Yield the records that the API made in some help center, by number."""
        for name in names:
            entries = [one for one in self.ledger.entries(self.target, name, "created") if one.detail.get(CENTERS)]
            yield from sorted(entries, key=lambda one: int(one.source_key))

    def _article(
        self, api: Endpoints, there: There, center: str, entry: Entry, found: Radius, left: dict[int, int | None],
        only: Collection[str] | None, *, remove: bool,
    ) -> None:  # fmt: skip
        made = entry.detail[CENTERS].get(center)
        if made is None or not made["ours"]:
            return
        if self._is_touched(there, made["id"], made["sent"]):
            found.stay(entry, f"somebody has changed it in help center {center}")
        elif found.let_go(entry, center, only):
            left.pop(made["id"], None)
            if remove:
                self._delete(api, "articles", center, entry)
                found.removed += 1

    def _is_touched(self, there: There, article: int, sent: dict[str, dict[str, str]]) -> bool:
        """Whether an article says something else than was sent; one that is gone is not touched."""
        for locale in there.locales(article):
            text = there.text(article, locale)
            if text is None or locale not in sent or not is_as(fingerprints(text), sent[locale]):
                return True
        return False

    def _category(
        self, api: Endpoints, center: str, entry: Entry, found: Radius, stay: set[int], only: Collection[str] | None,
        *, remove: bool,
    ) -> None:  # fmt: skip
        made = entry.detail[CENTERS].get(center)
        if made is None or not made["ours"]:
            return
        if made["id"] in stay:
            found.stay(entry, "there are articles in it, or below it")
        elif found.let_go(entry, center, only) and remove:
            self._delete(api, "categories", center, entry)
            found.removed += 1

    def _delete(self, api: Endpoints, kind: str, center: str, entry: Entry) -> None:
        """Delete one thing of one help center, and settle its record once it is in none any more."""
        self.ledger.intend(self.target, entry, action="remove")
        try:
            api.delete(kind, entry.detail[CENTERS][center]["id"])
        except RecordRejected as error:
            if error.status != NOT_FOUND:
                raise
        now = self.ledger.entry(self.target, entry.object, entry.source_key) or entry
        rest = {name: value for name, value in now.detail[CENTERS].items() if name != center}
        if rest:
            after = replace(now, detail={**now.detail, CENTERS: rest})
        else:
            was = {"state": now.state, "rule": now.rule, "target_id": now.target_id}
            after = replace(now, state=REMOVED, rule=None, payload_hash=None, target_id=None, detail={"was": was})
        self.ledger.settle(self.target, [after])


def _in_use(articles: dict[int, int | None], above: dict[int, int | None]) -> set[int]:
    """Return the categories that articles are in which stay, with those above them."""
    found: set[int] = set()
    for place in articles.values():
        while place is not None and place not in found:
            found.add(place)
            place = above.get(place)
    return found


def _depth(entry: Entry, center: str, above: dict[int, int | None]) -> int:
    """Return how many categories one is below: what is below another one goes before it."""
    made = entry.detail[CENTERS].get(center)
    place, seen = above.get(made["id"]) if made else None, set[int]()
    while place is not None and place not in seen:
        seen.add(place)
        place = above.get(place)
    return len(seen)
