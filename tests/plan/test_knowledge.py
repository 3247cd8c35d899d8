"""Proposals for the knowledge base."""

from __future__ import annotations

import pytest

from migrator_lib.mapping import CONFIDENT
from migrator_lib.plan.knowledge import propose_categories, propose_languages


@pytest.mark.parametrize(("culture", "name", "becomes", "sure"), [
    ("en-US", "English", "en-US", True), ("DE_at", "German", "de-AT", True), ("fr", "", "fr-FR", True),
    ("", "Arabic", "ar-SA", True), (None, "Portuguese (Brazil)", "pt-PT", True), ("sl", "Slovenian", "sl", True),
    (None, "Klingon", "en-US", False), ("zh-Hans", None, "en-US", False),
])  # fmt: skip
def test_a_language_gets_a_locale_or_is_asked_for(
    culture: str | None, name: str | None, becomes: str, sure: bool
) -> None:
    (found,) = propose_languages([{"LanguageID": 1, "CultureName": culture, "LanguageName": name}]).values()
    assert (found.becomes, found.confidence >= CONFIDENT) == (becomes, sure)


def test_a_category_keeps_its_name_and_one_without_is_asked_for() -> None:
    found = propose_categories(
        [
            {"KbCategoryID": 1, "CategoryName": " Returns  and refunds", "IsPrivate": False, "IsVisible": True},
            {"KbCategoryID": 2, "CategoryName": None, "IsPrivate": True, "IsVisible": True},
        ]
    )
    assert (found["1"].category, found["1"].confidence) == ("Returns and refunds", 1.0)
    assert found["2"].confidence < CONFIDENT
    assert "its articles count as private" not in found["1"].reason
