"""The page of the mapping, as an operations lead sees it: questions first, how sure each entry is, a choice of rows."""

from __future__ import annotations

from pathlib import Path

import pytest

from migrator_lib import mapping, pages
from migrator_lib.mapping import EngagementMapping
from migrator_lib.plan import mapping_pages as parts
from tests.browser_support import DESKTOP, PHONE, Chromium, chromium

__all__ = ["chromium"]
ENTRIES = EngagementMapping.model_validate({
    "priorities": {
        "1": {"name": "Low", "becomes": "low", "reason": "by its name"},
        "7": {"name": "Whenever", "becomes": "normal", "confidence": 0.3, "reason": "name not known: please choose"},
    },
    "teams": {
        f"d{n}": {"name": f"Desk {n}", "team": f"Desk {n}", "reason": "same name",
                  "confidence": 0.75 if n == 3 else 1.0}
        for n in range(20)
    },
    "added_fields": {"ticket_number": {"becomes": "text", "label": "Number", "reason": "to be found by"}},
})  # fmt: skip
CONCERNS = {"priorities": {"1": 96, "7": 1234}}


@pytest.fixture
def page(tmp_path: Path) -> Path:
    file = tmp_path / "mapping.yaml"
    mapping.merge_into_file(file, ENTRIES)
    asked = mapping.questions(file)
    tables = parts.mapping_parts(mapping.load_as_proposed(file), parts.keys(asked), CONCERNS)
    body = pages.join([pages.heading("Plan", 1), pages.heading("Questions"), parts.questions(asked, CONCERNS),
                       pages.heading("Mapping"), parts.filtered(tables)])  # fmt: skip
    return pages.write(tmp_path / "page.html", pages.document("Plan", body, extra_style=parts.FILTER_STYLE))


def test_a_question_says_what_where_why_how_many_and_what_to_write(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    first = text.index("Questions that wait for an answer")
    for words in ("<b>Whenever</b>", "name not known: please choose", "1,234", "<code>becomes: normal</code>",
                  "or critical, high, low"):  # fmt: skip
        assert text.index(words) > first
    assert text.index("Ticket priorities</h3>") > first


def test_a_mapping_without_a_question_has_no_table_of_them() -> None:
    assert parts.questions([], {}) == ""


@pytest.mark.browser
@pytest.mark.parametrize("width", [PHONE, DESKTOP])
def test_the_rows_that_are_not_sure_are_shown_alone_without_a_script(
    chromium: Chromium, page: Path, width: int
) -> None:
    with chromium.open(page, width=width) as opened:

        def shown() -> list[str]:
            rows = opened.page.locator(".mapping tbody tr:visible")
            return [rows.nth(n).locator("td").first.inner_text() for n in range(rows.count())]

        assert len(shown()) == 23
        opened.page.check("#show-unsure")
        assert shown() == ["7", "d3"]
        opened.page.evaluate("() => document.querySelectorAll('details').forEach(fold => { fold.open = false })")
        assert shown() == ["7", "d3"]  # folds are no hindrance
        opened.page.check("#show-asked")
        assert shown() == ["7"]
        assert opened.page.locator(".mapping h3:visible").all_inner_texts() == ["Ticket priorities"]
        opened.page.check("#show-all")
        assert (opened.requests, opened.complaints, opened.overflow(), opened.low_contrast()) == ([], [], 0, [])
        assert opened.headings_in_order()
