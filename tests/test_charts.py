"""Charts: the numbers are in them, and nothing of the machine that drew them."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET

import pytest

from migrator_lib import charts
from migrator_lib.charts.course import calls_over_time
from migrator_lib.charts.sankey import sankey

OBJECTS = {
    "ticket": {"source": 12_000, "created": 11_200, "skipped": 700, "quarantined": 100},
    "user": {"source": 26, "created": 13, "matched": 13},
    "nothing": {"source": 0},
}
DAYS = {
    "Day 1": {"by people": 4, "late": 1, "lost": 0},
    "Day 2": {"by people": 1300, "late": 0, "lost": 2},
}
PAPERS = {"light": "#ffffff", "dark": "#14181e"}


def texts(svg: str) -> list[str]:
    return [node.text or "" for node in ET.fromstring(svg).iter("{http://www.w3.org/2000/svg}text")]


ALL = {
    "bars": lambda: charts.bars({"Support": 1200, "Sales & billing": 3}, label="tickets"),
    "by_day": lambda: charts.by_day(DAYS),
    "calls_over_time": lambda: calls_over_time(512.0, [1000, 900, 0, 950], [2.0, 2.0, 2.0, 1.8]),
    "sankey": lambda: sankey(OBJECTS),
}


@pytest.mark.parametrize("name", ALL)
def test_the_same_numbers_give_the_same_bytes(name: str) -> None:
    assert ALL[name]() == ALL[name]()


@pytest.mark.parametrize("name", ALL)
def test_a_chart_takes_colour_and_font_from_the_page_and_loads_nothing(name: str) -> None:
    svg = ALL[name]()
    assert svg.startswith("<svg")
    assert "currentColor" in svg
    assert "<style" not in svg
    assert "<metadata" not in svg
    assert "DejaVu" not in svg
    assert not re.search(r"#010203|#fcfdfe|@import|<image|url\((?!#)", svg)


@pytest.mark.parametrize("name", ALL)
def test_a_chart_is_small_and_text_stays_text(name: str) -> None:
    svg = ALL[name]()
    assert len(svg) < 20_000
    assert texts(svg)


def test_charts_on_one_page_share_ids_of_equal_content_only() -> None:
    seen: dict[str, str] = {}
    for draw in ALL.values():
        found = {node.attrib["id"]: node for node in ET.fromstring(draw()).iter() if "id" in node.attrib}
        assert found
        for name, node in found.items():
            content = ET.tostring(node, encoding="unicode").strip()
            assert seen.setdefault(name, content) == content


def test_no_records_is_an_empty_chart_and_no_error() -> None:
    assert texts(sankey({"a": {"created": 0}})) == ["quarantined", "0"]
    assert charts.bars({}).startswith("<svg")


def test_a_name_with_markup_stays_text() -> None:
    shown = texts(charts.bars({"<b>&": 1}))
    assert "<b>&" in shown


def test_a_long_name_is_shortened() -> None:
    shown = texts(charts.bars({"Returns, refunds and complaints of the north": 1}))
    assert any(text.startswith("Returns") and text.endswith("…") for text in shown)


@pytest.mark.parametrize("paper", PAPERS.values(), ids=PAPERS)
@pytest.mark.parametrize("colour", [colour for _, colour in charts.OUTCOMES.values()])
def test_fills_stand_out_from_light_and_dark_paper(colour: str, paper: str) -> None:
    """WCAG asks 3 for what is no text."""
    light, dark = sorted((_luminance(colour), _luminance(paper)), reverse=True)
    assert (light + 0.05) / (dark + 0.05) >= 3


def _luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def test_every_day_has_a_bar_for_each_kind_with_its_number() -> None:
    shown = texts(charts.by_day(DAYS))
    assert [text for text in shown if text in (*DAYS, *DAYS["Day 1"])] == [*DAYS, *DAYS["Day 1"]]
    assert {"4", "1,300", "2"} < set(shown)
    assert charts.by_day({}).startswith("<svg")


def test_a_sankey_counts_both_sides_and_shows_quarantine_though_it_is_empty() -> None:
    shown = texts(sankey({"Tickets": {"created": 1500, "merged": 2}, "Nothing": {"source": 3}}))
    assert shown == ["Tickets", "1,502", "created", "1,500", "merged", "2", "quarantined", "0"]


def bands(svg: str) -> dict[str, float]:
    """Return colour to height, at its left end, of the bands of a Sankey chart with one band of each colour."""
    found = {}
    for path, colour in re.findall(r'<path d="([^"]+C[^"]+)"[^>]*style="fill: (#\w+)', svg):
        points = [tuple(map(float, pair)) for pair in re.findall(r"(-?[\d.]+) (-?[\d.]+)", path)]
        left = min(x for x, _ in points)
        ends = [y for x, y in points if x == left]
        found[colour] = max(ends) - min(ends)
    return found


def test_a_band_is_as_wide_as_the_root_of_its_number_and_one_record_among_millions_is_seen() -> None:
    fills = {outcome: colour for outcome, (_, colour) in charts.OUTCOMES.items()}
    wide = bands(sankey({"a": {"created": 90_000, "merged": 10_000}}))
    assert wide[fills["created"]] == pytest.approx(3 * wide[fills["merged"]], rel=0.02)
    few = bands(sankey({"a": {"created": 2_000_000, "quarantined": 1}}))
    assert few[fills["quarantined"]] > 1
    assert few[fills["created"]] > 100


def test_calls_are_drawn_over_the_time_that_they_took() -> None:
    for seconds, unit in ((4.0, "seconds"), (1200.0, "minutes"), (3600.0, "hours")):
        assert f"{unit} since the first call" in texts(calls_over_time(seconds, [60] * 4, [2.0] * 4))
    assert calls_over_time(1.0, [], []).startswith("<svg")
