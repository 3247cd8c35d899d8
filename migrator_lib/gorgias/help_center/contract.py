"""What the Help Center's API takes, as far as public clients of it show. Every line of it is unverified.

Known from such clients: the token, the list of help centers with their types, and the creation of an article. By
analogy, and asked for by the probe before anything is written: categories, translations, redirects.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from migrator_lib.gorgias.contract.fields import Strict

AUTH = "help-center/auth"
CENTERS = "help-center/help-centers"
WRITABLE_TYPES = ("faq",)
"""Types of help centers for people; guidance and snippets feed the AI Agent, and nothing is ever written to them."""
API_URL = "https://internal-help-center-api.gorgias.com"
"""The service behind help centers. The account's own address was seen to answer some requests too."""
TOKEN_SECONDS = 1800.0
"""How long a token lives where neither the answer nor the token says."""
Slug = Annotated[str, Field(min_length=1, max_length=255, pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")]
LocaleCode = Annotated[str, Field(pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})?$")]


class AuthRequest(Strict):
    """What is sent for a token: nothing."""


class SeoMeta(Strict):
    """What search engines are told."""

    title: str = ""
    description: str = ""


class ArticleTranslation(Strict):
    """An article in one language. One that is not current is a draft."""

    locale: LocaleCode
    title: Annotated[str, Field(min_length=1)]
    content: str
    excerpt: str = ""
    slug: Slug
    seo_meta: SeoMeta = SeoMeta()
    visibility_status: Literal["PUBLIC", "UNLISTED"]
    is_current: bool = True


class ArticleCreate(Strict):
    """A new article, in its first language."""

    category_id: int | None
    translation: ArticleTranslation


class CategoryTranslation(Strict):
    """A category in one language."""

    locale: LocaleCode
    title: Annotated[str, Field(min_length=1)]
    slug: Slug
    description: str = ""


class CategoryCreate(Strict):
    """A new category, in its first language."""

    parent_category_id: int | None
    translation: CategoryTranslation


class RedirectCreate(Strict):
    """An address that leads to an article."""

    from_url: Annotated[str, Field(min_length=1)]
    article_id: int
    locale: LocaleCode


def visibility(status: str) -> tuple[Literal["PUBLIC", "UNLISTED"], bool]:
    """Return ``visibility_status`` and ``is_current`` of a status: only what is published is seen by everybody."""
    return ("PUBLIC" if status == "published" else "UNLISTED"), status != "draft"


def article_address(locale: str, slug: str, article: int) -> str:
    """Return the path of an article in its help center, as docs.gorgias.com, which is one, has it."""
    return f"/{locale}/{slug}-{article}"
