"""References inside HTML: which are found, and that everything else stays as it is."""

from __future__ import annotations

from html import escape
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from migrator_lib.gorgias.help_center.html import rewritten, shown, without_references


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ('<img src="a.png">', ["a.png"]),
        ("<img src='a.png'>", ["a.png"]),
        ("<img src=a.png>", ["a.png"]),
        ("<IMG ALT=x SRC = a.png />", ["a.png"]),
        ('<img alt="5 > 3 < 4" src="a.png">', ["a.png"]),
        ('<img\n  class="x"\n  src="a.png"\n>', ["a.png"]),
        ('<img src="K&amp;B/Gr&ouml;&szlig;e.png">', ["K&B/Größe.png"]),
        ('<img data-src="lazy.png">', []),
        ('<a href="a.png">', []),
        ('<img src="data:image/png;base64,AA">', []),
        ('<img src="a.png"><img src="b.png"><img src="a.png">', ["a.png", "b.png"]),
        ('<video src="a.mp4"></video>', ["a.mp4"]),
        ('text src="a.png"', []),
        ('<img src="">', []),
    ],
)
def test_what_is_shown_is_found(text: str, names: list[str]) -> None:
    assert shown(text) == names


def test_only_what_is_known_is_pointed_elsewhere() -> None:
    text = '<p>a.png</p><img alt="a.png" src=a.png><a href=\'a.png\'>x</a><img src="b.png">'
    there = "https://x.example/?a=1&b=2"
    assert rewritten(text, {"a.png": there}) == (
        '<p>a.png</p><img alt="a.png" src="https://x.example/?a=1&amp;b=2">'
        '<a href="https://x.example/?a=1&amp;b=2">x</a><img src="b.png">'
    )


def test_texts_that_differ_in_places_alone_are_alike() -> None:
    one, other = '<img src="a"><a href=b>x</a>', '<img src="https://c"><a href="d">x</a>'
    assert without_references(one) == without_references(other)
    assert without_references('<img src="a">x') != without_references('<img src="a">y')


@given(st.text(alphabet="<img src=\"'> a"))
def test_nothing_changes_where_nothing_is_known(text: str) -> None:
    assert rewritten(text, {}) == text


class Sources(HTMLParser):
    """What another parser than ours finds that images are called."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found += [value or "" for name, value in attrs if tag == "img" and name == "src"]


NAMES = st.text(alphabet="ab/.&ö %'\">", min_size=1, max_size=8).map(lambda name: f"K{name}g")
PICTURES = st.tuples(
    st.sampled_from(["<img ", '<IMG alt="a > b" ', "<img\n data-src='lazy' ", "<p>src=x<img class=y "]),
    NAMES,
    st.sampled_from(["", " width=5", "/"]),
)


@given(st.lists(PICTURES, max_size=4))
def test_another_parser_finds_the_same_before_and_after(pictures: list[tuple[str, str, str]]) -> None:
    text = "".join(f'{before}src="{escape(name)}"{after}>' for before, name, after in pictures)
    names = Sources(text).found
    assert names == [name for _, name, _ in pictures]
    assert shown(text) == list(dict.fromkeys(names))
    there = {name: f"https://x.example/?n={number}&s=1" for number, name in enumerate(dict.fromkeys(names))}
    assert Sources(rewritten(text, there)).found == [there[name] for name in names]


def test_a_long_broken_page_is_read_in_no_time() -> None:
    text = '<img alt="' + "x " * 20_000 + "<img " * 2000
    assert shown(text) == []
