"""What the Help Center's API answers with, as far as a migration reads it: all unverified."""

from __future__ import annotations

from migrator_lib.gorgias.contract.replies import Reply


class TokenReply(Reply):
    """What signs all other requests."""

    access_token: str
    expires_in: float | None = None


class Center(Reply):
    """A help center."""

    id: int
    type: str = "faq"


class SeoReply(Reply):
    """What search engines are told."""

    title: str | None = None
    description: str | None = None


class TranslationReply(Reply):
    """An article or a category in one language."""

    locale: str
    title: str = ""
    slug: str = ""
    content: str = ""
    excerpt: str | None = None
    description: str | None = None
    seo_meta: SeoReply | None = None
    visibility_status: str | None = None
    is_current: bool | None = None
    updated_datetime: str | None = None


class Row(Reply):
    """An article or a category."""

    id: int
    category_id: int | None = None
    parent_category_id: int | None = None
    translation: TranslationReply | None = None
    available_locales: list[str] = []


class RedirectReply(Reply):
    """An address that leads to an article."""

    id: int
    from_url: str = ""
    article_id: int | None = None
