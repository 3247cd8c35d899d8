"""What is in a help center already: articles and categories by address, so that nothing is made twice."""

from __future__ import annotations

from migrator_lib.gorgias.help_center.contract import ArticleTranslation, CategoryTranslation
from migrator_lib.gorgias.help_center.endpoints import Endpoints
from migrator_lib.gorgias.help_center.replies import TranslationReply


class There:
    """Articles, or categories, of a help center, known by their addresses, which are unique for a language."""

    def __init__(self, api: Endpoints, kind: str) -> None:
        self._api = api
        self._kind = kind
        self._ids: dict[tuple[str, str], int] = {}
        self._texts: dict[int, dict[str, TranslationReply]] = {}
        self.above: dict[int, int | None] = {}
        """Article or category to the category that it is in, as far as the list tells."""
        self.look()

    def look(self) -> None:
        """Read the list anew: what was sent and not answered may be in it."""
        for row in self._api.rows(self._kind):
            if row.id in self._texts:
                continue
            self.above[row.id] = row.category_id or row.parent_category_id
            several = row.translation is None or len(row.available_locales) > 1
            found = self._api.translations(self._kind, row.id) if several else []
            for one in found or ([row.translation] if row.translation else []):
                self._note(row.id, one)

    def look_at(self, thing: int) -> None:
        """Read the languages of one anew."""
        for one in self._api.translations(self._kind, thing):
            self._note(thing, one)

    def note(self, thing: int, sent: ArticleTranslation | CategoryTranslation) -> None:
        """Note what was just made, or changed."""
        fields = set(TranslationReply.model_fields)
        said = {name: value for name, value in sent.model_dump().items() if name in fields}
        self._note(thing, TranslationReply.model_validate(said))

    def __contains__(self, thing: object) -> bool:
        return thing in self._texts

    def locales(self, thing: int) -> list[str]:
        """Return the languages that one has."""
        return sorted(self._texts.get(thing, {}))

    def _note(self, thing: int, one: TranslationReply) -> None:
        self._ids[one.locale, one.slug] = thing
        self._texts.setdefault(thing, {})[one.locale] = one

    def id_of(self, locale: str, slug: str) -> int | None:
        """Return the id of what has an address, or None."""
        return self._ids.get((locale, slug))

    def text(self, thing: int, locale: str) -> TranslationReply | None:
        """Return one language of it, or None where it has not that one."""
        return self._texts.get(thing, {}).get(locale)
