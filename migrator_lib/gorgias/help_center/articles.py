"""A knowledge base in a form of its own: neither the source's nor the Help Center's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from migrator_lib.errors import RecordUnusable

Status = Literal["draft", "published", "unlisted"]
"""A draft is seen by nobody, what is unlisted by whoever has its address."""
Locale = Annotated[str, Field(pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})?$")]
"""``en-US``, as the Help Center writes it."""


class Neutral(BaseModel):
    """What these models share."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class CategoryText(Neutral):
    """A category in one language."""

    name: str
    slug: str = ""
    description: str = ""


class Category(Neutral):
    """A category, maybe below another one."""

    external_id: str
    texts: dict[Locale, CategoryText]
    parent: str | None = None
    """The external id of the one it is below."""
    position: int = 0


class Link(Neutral):
    """A link of an article's HTML to another article."""

    reference: str
    """What the HTML says, in ``href``."""
    article: str
    """External id of the other one."""
    locale: Locale
    """The language of it that is meant."""


class Translation(Neutral):
    """An article in one language."""

    title: str
    html: str | Callable[[], str]
    """The text, or what reads it: the texts of a whole knowledge base need not be in memory."""
    slug: str = ""
    """The end of its address; empty: made of the title."""
    excerpt: str = ""
    seo_title: str = ""
    seo_description: str = ""
    status: Status | None = None
    """Who may see it in this language, where that is not as of the whole article."""
    old_urls: tuple[str, ...] = ()
    """Where it was read before in this language; each is to lead to it."""
    links: tuple[Link, ...] = ()
    created: str = ""
    """When it was written, changed and reviewed, ISO 8601: the Help Center keeps none of it."""
    modified: str = ""
    reviewed: str = ""

    @property
    def text(self) -> str:
        """The HTML, without halves of letters, which no file can hold."""
        html = self.html if isinstance(self.html, str) else self.html()
        return html.encode("utf-8", "replace").decode()


class Media(Neutral):
    """A file that an article's HTML shows or links to."""

    reference: str
    """What the HTML calls it, in ``src`` or ``href``."""
    name: str
    content_type: str
    key: str = ""
    """By which it is known whether it is uploaded already; empty: it is uploaded anew."""
    read: Callable[[], bytes]
    """Returns the file, or raises RecordUnusable where it is not there."""


class Article(Neutral):
    """An article, in every language that it has."""

    external_id: str
    category: str | None
    status: Status
    translations: dict[Locale, Translation]
    brand: str = ""
    media: tuple[Media, ...] | Callable[[], tuple[Media, ...]] = ()
    """The files of its HTML, or what finds them: pictures inside a text may be large."""
    old_urls: tuple[str, ...] = ()
    """Where it was read before; each is to lead to it."""

    @property
    def files(self) -> tuple[Media, ...]:
        """What its HTML shows or links to."""
        return self.media if isinstance(self.media, tuple) else self.media()

    def status_of(self, locale: str) -> Status:
        """Return who may see it in a language."""
        return self.translations[locale].status or self.status

    def old_addresses(self, locales: list[str]) -> list[tuple[str, str]]:
        """Return (old address, the language it leads to); ``locales`` are those of the article, the first one first."""
        found = [(url, locales[0]) for url in self.old_urls if locales]
        return found + [(url, locale) for locale in locales for url in self.translations[locale].old_urls]


class KnowledgeBase(Neutral):
    """Everything that is to be in one help center."""

    categories: tuple[Category, ...] = ()
    articles: tuple[Article, ...] = ()
    default_locale: Locale = "en-US"

    def locales(self, things: dict[str, Translation] | dict[str, CategoryText]) -> list[str]:
        """Return the locales of an article or a category, the default one first."""
        return sorted(things, key=lambda locale: (locale != self.default_locale, locale))


def read_media(media: Media) -> bytes | None:
    """Return a file, or None where it is not there."""
    try:
        return media.read()
    except RecordUnusable:
        return None
