"""What a way into a help center remembers from run to run: what was made there, and what it was sent as."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from migrator_lib.gorgias.help_center.contract import ArticleTranslation
from migrator_lib.gorgias.help_center.replies import TranslationReply

Kind = Literal["articles", "categories"]
Sent = Mapping[str, str]
"""Field of a translation to a fingerprint of what it was sent as."""
COMPARED = ("title", "content", "excerpt", "visibility_status", "is_current")
SLUG = "slug"
"""Remembered beside them: an editor who gives an article another address has not changed what it says."""


@dataclass(frozen=True)
class Known:
    """What is remembered of an article or a category that was sent."""

    id: int | None
    """Its number in the help center; None where it was sent, and nobody knows whether it arrived."""
    sent: Mapping[str, Sent] = field(default_factory=dict)
    """Locale to what was sent."""
    ours: bool = True
    """Whether we made it; else it was there before, and says the same."""


class Memory:
    """Remembers nothing: every run finds by address and text what there is."""

    def known(self, kind: Kind, record: str) -> Known | None:
        """Return what is remembered of a record, by its external id; None where it was never sent."""
        return None

    def intend(self, kind: Kind, record: str) -> None:
        """Remember, before anything is sent, that a record is about to be."""

    def settle(self, kind: Kind, record: str, known: Known) -> None:
        """Remember what a record is in the help center."""

    def url_of(self, key: str) -> str | None:
        """Return where a file is that was uploaded before, by its key."""
        return None

    def keep_url(self, key: str, url: str, content: bytes) -> None:
        """Remember where a file is, and what was sent."""


def fingerprints(text: ArticleTranslation | TranslationReply) -> dict[str, str]:
    """Return fingerprints of what a translation says; of a reply, of those fields that it has."""
    said = {name: getattr(text, name) for name in COMPARED}
    if text.seo_meta is not None:
        said["seo_meta"] = f"{text.seo_meta.title or ''}\n{text.seo_meta.description or ''}"
    return {name: fingerprint(value) for name, value in said.items() if value is not None}


def sent_as(body: ArticleTranslation, slug: str) -> dict[str, str]:
    """Return what is remembered of a translation that was sent: its address too, which an update leaves as it is."""
    return {**fingerprints(body), SLUG: slug}


def fingerprint(value: object) -> str:
    """Return 16 hexadecimal digits by which a value is known again, blanks aside."""
    plain = " ".join(value.split()) if isinstance(value, str) else str(value)  # spaces may be set anew
    return hashlib.sha256(plain.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def is_as(there: Sent, meant: Sent) -> bool:
    """Whether what is there is what was meant, as far as the help center tells."""
    return all(meant.get(name) == value for name, value in there.items())
