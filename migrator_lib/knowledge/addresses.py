"""Where old addresses of articles lead: for the static page of redirects, and whoever serves the old portal."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from migrator_lib.gorgias.help_center.contract import article_address
from migrator_lib.gorgias.help_center.prepare import prepared
from migrator_lib.knowledge.assembling import Assembler
from migrator_lib.knowledge.memory import CENTERS
from migrator_lib.ledger import Ledger
from migrator_lib.lookups import Lookups
from migrator_lib.objects.kb_article import KbArticle
from migrator_lib.smartertrack.matching import Match


@dataclass(frozen=True)
class OldAddress:
    """An address of SmarterTrack's portal, and what it leads to."""

    path: str
    """``/kb/a7/how-to-return.aspx``; what stands behind the number says nothing."""
    source: int
    """KbArticleID in ``path``: a translation's, a forward's or the article's own."""
    article: int
    """KbArticleID of the article that leads its group."""
    center: int
    """Number of the help center; 0 where an export package has none."""
    locale: str
    slug: str
    address: str
    """Its path in the help center; empty where it was imported from a package, whose numbers nobody knows."""


def old_addresses(lookups: Lookups, ledger: Ledger, target: str) -> Iterator[OldAddress]:
    """Yield every old address of articles that moved, those of forwards too, by help center."""
    for center, base in Assembler(lookups, _read_nothing).bases().items():
        base, _ = prepared(base)
        for article in base.articles:
            key = article.external_id.rpartition(":")[2]
            entry = ledger.entry(target, KbArticle.name, key)
            made = entry.detail.get(CENTERS, {}).get(str(center)) if entry is not None else None
            for path, locale in article.old_addresses(base.locales(article.translations)):
                slug = article.translations[locale].slug
                address = article_address(locale, slug, made["id"]) if made else ""
                yield OldAddress(path, number_in(path), int(key), center, locale, slug, address)


def number_in(path: str) -> int:
    """Return the KbArticleID in an old address, as :func:`migrator_lib.objects.kb_article.old_url` makes it."""
    return int(path.removeprefix("/kb/a").partition("/")[0])


def _read_nothing(_: Match) -> bytes:
    raise AssertionError("addresses need no file")
