"""HTML in one form: spellings that every browser shows alike are one, and whatever a reader can tell apart is not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from migrator_lib.canonical.markup import normal, sanitised, says, says_the_same

ALIKE = [
    ("<P>Hi</P>", "<p>Hi</p>"),
    ("<br/>", "<br>"),
    ("<BR />a", "<br>a"),
    ("<a href=x title='y'>z</a>", '<a title="y"  href="x">z</a>'),
    ("<input disabled>", '<input disabled="">'),
    ('<a href="/?a=1&b=2">z</a>', "<a href='/?a=1&amp;b=2'>z</a>"),
    ('<a title="say &quot;x&quot;">z</a>', "<a title='say \"x\"'>z</a>"),
    ("<p>a</p>\r\n  <p>b</p>", "<p>a</p><p>b</p>"),
    ("<p> a\n b </p>", "<p>a b</p>"),
    ("<b>a</b>\n<i>b</i>", "<b>a</b> <i>b</i>"),
    ("<td>a <b>b</b> </td>", "<td>a <b>b</b></td>"),
    ("5 &lt; 6 &amp; &eacute;&#233;", "5 < 6 & éé"),
    ("a&nbsp;b", "a\u00a0b"),
    ("<p>Cafe\u0301</p>", "<p>Caf\u00e9</p>"),
    ("<pre>a  b\r\nc</pre>", "<pre>a  b\nc</pre>"),
    ("a > b", "a &gt; b"),
    ("<!-- a --><p>b</p>", "<!-- a --> <p>b</p>"),
]
APART = [
    ("<p>a</p>", "<p>b</p>"),
    ("<b>a</b><i>b</i>", "<b>a</b> <i>b</i>"),
    ("<pre>a  b</pre>", "<pre>a b</pre>"),
    ('<p style="white-space: pre">a  b</p>', '<p style="white-space: pre">a b</p>'),
    ("a&nbsp;b", "a b"),
    ("a&nbsp;&nbsp;b", "a&nbsp;b"),
    ('<a href="x">z</a>', '<a href="y">z</a>'),
    ('<img src="a">', '<img src="b">'),
    ("<p>a</p><p>b</p>", "<p>b</p><p>a</p>"),
    ("<p>a</p>", "<div>a</div>"),
    ("<b>a</b>", "a"),
    ("<p>a</p>", "<p>a"),
    ("<p>a</p>", "<p>a</p><!-- b -->"),
    ('<p style="color:red">a</p>', '<p style="color:blue">a</p>'),
    ("&lt;b&gt;a&lt;/b&gt;", "<b>a</b>"),
    ("a<br>b", "a b"),
    ("a", "A"),
]


@pytest.mark.parametrize(("one", "other"), ALIKE)
def test_spellings_that_are_shown_alike_are_one(one: str, other: str) -> None:
    assert normal(one) == normal(other)


@pytest.mark.parametrize(("one", "other"), APART)
def test_what_a_reader_can_tell_apart_is_two(one: str, other: str) -> None:
    assert normal(one) != normal(other)


def test_what_is_no_tag_is_text_and_nothing_is_refused() -> None:
    assert normal("1 < 2 <3 <") == "1 &lt; 2 &lt;3 &lt;"
    assert normal('<a href="x') == '&lt;a href="x'
    assert normal("<!-- a <p>b</p>") == "<!-- a <p>b</p>"
    assert normal("") == ""


PIECES = st.sampled_from(
    ["<p>", "</p>", "<br/>", "<b a=1 c>", "</b>", "<pre>", "</pre>", "<!-- x -->", "<!--", "-->", "<", ">", "&", "&lt;",
     "&amp;lt;", "'", '"', " ", "\n", "\u00a0", "e\u0301", "x", "<a '", "<style>", "</style>"]
)  # fmt: skip


@given(st.lists(PIECES, max_size=12).map("".join))
def test_the_one_form_has_itself_as_its_form(text: str) -> None:
    assert normal(normal(text)) == normal(text)


@given(st.lists(st.sampled_from(["<p>", "</p>", "<b>", "</b>", "<br>"]), max_size=8), st.integers(0, 8))
def test_a_letter_more_is_another_text(tags: list[str], place: int) -> None:
    """Wherever it stands."""
    assert normal("".join([*tags[:place], "x", *tags[place:]])) != normal("".join(tags))


def test_without_what_no_mail_reader_shows_scripts_and_comments_make_no_difference_and_words_do() -> None:
    dirty = "<style>p{}</style><p onclick='x()'>a<!-- c --></p><script>1<2</script>b"
    assert sanitised(dirty) == sanitised("<p>a</p>b") == "<p>a</p>b"
    assert sanitised(dirty) != sanitised("<p>c</p>b")


def test_html_and_text_say_the_same_if_their_words_do() -> None:
    assert says("<p>Hello&nbsp;you,</p><ul><li>one<li><b>t</b>wo</ul>") == "Hello you, one two"
    assert says_the_same("<p>Hello<br>you &amp; me</p>", "Hello\nyou & me\n")
    assert not says_the_same("<p>Hello</p>", "Hello you")


@pytest.mark.parametrize("piece", ["<!--", "<!a", "<?", "<a ", '<a "', "&", "<p>don't <a href='"])
def test_what_never_ends_is_read_in_one_go(piece: str) -> None:
    """Looked for anew at each of its begins, the end that never comes would take hours."""
    text = piece * 50_000
    assert says(text)
