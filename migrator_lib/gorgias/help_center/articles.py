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


class Translation(Neutral):
    """An article in one language."""

    title: str
    html: str
    slug: str = ""
    """The end of its address; empty: made of the title."""
    excerpt: str = ""
    seo_title: str = ""
    seo_description: str = ""


class Media(Neutral):
    """A file that an article's HTML shows or links to."""

    reference: str
    """What the HTML calls it, in ``src`` or ``href``."""
    name: str
    content_type: str
    read: Callable[[], bytes]
    """Returns the file, or raises RecordUnusable where it is not there."""


class Article(Neutral):
    """An article, in every language that it has."""

    external_id: str
    category: str | None
    status: Status
    translations: dict[Locale, Translation]
    brand: str = ""
    media: tuple[Media, ...] = ()
    old_urls: tuple[str, ...] = ()
    """Where it was read before; each is to lead to it."""


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
