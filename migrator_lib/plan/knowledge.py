"""What the plan proposes for the knowledge base: a locale for every language, a name for every category."""

from __future__ import annotations

import re
from collections.abc import Iterable

from migrator_lib.chunks import Row
from migrator_lib.mapping import KbCategory, Language

LOCALE = re.compile(r"([A-Za-z]{2})(?:[-_]([A-Za-z]{2}))?")
REGIONS = {
    "ar": "SA", "cs": "CZ", "da": "DK", "de": "DE", "en": "US", "es": "ES", "fi": "FI", "fr": "FR", "he": "IL",
    "hu": "HU", "it": "IT", "ja": "JP", "ko": "KR", "nl": "NL", "no": "NO", "pl": "PL", "pt": "PT", "ro": "RO",
    "ru": "RU", "sv": "SE", "tr": "TR", "uk": "UA", "zh": "CN",
}  # fmt: skip
"""Language to the region that is meant where none is said."""
NAMES = {
    "arabic": "ar", "chinese": "zh", "czech": "cs", "danish": "da", "dutch": "nl", "english": "en", "finnish": "fi",
    "french": "fr", "german": "de", "hebrew": "he", "hungarian": "hu", "italian": "it", "japanese": "ja",
    "korean": "ko", "norwegian": "no", "polish": "pl", "portuguese": "pt", "romanian": "ro", "russian": "ru",
    "spanish": "es", "swedish": "sv", "turkish": "tr", "ukrainian": "uk",
}  # fmt: skip
"""English name of a language to its code."""
NAME_MAXIMUM = 255


def propose_languages(rows: Iterable[Row]) -> dict[str, Language]:
    """Return a locale for every row of Languages; one that nothing tells the locale of is English, and unsure."""
    return {str(row["LanguageID"]): _language(row) for row in rows}


def _language(row: Row) -> Language:
    culture, name = (row.get("CultureName") or "").strip(), (row.get("LanguageName") or "").strip()
    shown = name or culture or f"Language {row['LanguageID']}"
    said = LOCALE.fullmatch(culture)
    if said and said[2]:
        becomes, confidence, reason = f"{said[1].lower()}-{said[2].upper()}", 1.0, f"its culture is {culture}"
    elif said:
        becomes = _with_region(said[1].lower())
        confidence, reason = 0.7, f"its culture is {culture}, which names no region: the usual one"
    elif name.partition(" ")[0].lower() in NAMES:
        becomes = _with_region(NAMES[name.partition(" ")[0].lower()])
        confidence, reason = 0.6, "by its name; the usual region"
    else:
        becomes, confidence, reason = "en-US", 0.1, "neither culture nor name tells its locale: say which it is"
    return Language(name=shown, becomes=becomes, confidence=confidence, reason=reason)


def _with_region(code: str) -> str:
    return f"{code}-{REGIONS[code]}" if code in REGIONS else code


def propose_categories(rows: Iterable[Row]) -> dict[str, KbCategory]:
    """Return an entry for every row of KbCategories: it keeps its name; one without a name is unsure."""
    return {str(row["KbCategoryID"]): _category(row) for row in rows}


def _category(row: Row) -> KbCategory:
    name = " ".join((row.get("CategoryName") or "").split())[:NAME_MAXIMUM]
    hidden = row.get("IsPrivate") or row.get("IsVisible") is False
    reason = "it keeps its name"
    if hidden:
        reason += "; for agents alone or not shown, so its articles count as private"
    if not name:
        name, reason = f"Category {row['KbCategoryID']}", "it has no name: give it one"
        return KbCategory(name=name, category=name, confidence=0.2, reason=reason)
    return KbCategory(name=name, category=name, reason=reason)
