"""What is shown of a message's HTML: its looks, and nothing that acts or loads."""

from __future__ import annotations

import pytest

from migrator_lib.sample.markup import shown, text


def none(_: str) -> None:
    return None


@pytest.mark.parametrize(
    "body",
    [
        "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", '<a href="javascript:alert(1)">x</a>',
        '<iframe src="http://tracker.example/"></iframe>', '<link rel="dns-prefetch" href="//tracker.example">',
        '<meta http-equiv="refresh" content="0;url=http://tracker.example">', '<base href="http://tracker.example/">',
        '<form action="http://tracker.example"><input name=a></form>',
        '<svg onload="alert(1)"><image href="http://tracker.example"/></svg>',
        '<p style="background: url(http://tracker.example/p.gif)">x</p>',
        '<div background="http://tracker.example">x</div>',
        '<p style="background:u\\72l(http://tracker.example)">x</p>',
        '<style>@import "http://tracker.example";</style>',
        '<img src="http://tracker.example/pixel.gif" width=1 height=1>', '<video src="http://tracker.example"></video>',
        '<object data="http://tracker.example"></object>', "<p onclick=alert(1)>x</p>",
        "<scr<script>ipt>alert(1)</script>",
    ],
)  # fmt: skip
def test_nothing_of_it_acts_or_loads(body: str) -> None:
    found = shown(body, none).lower()
    assert "tracker.example" not in found
    for word in ("<script", "onerror", "onclick", "onload", "javascript", "href", "src="):
        assert word not in found


def test_looks_stay() -> None:
    body = '<table border="1"><tr><td style="color: red" align=right>a &lt; b</td></tr></table><br><b>c</b>'
    assert shown(body, none) == (
        '<table border="1"><tr><td style="color: red" align="right">a &lt; b</td></tr></table><br><b>c</b>'
    )


def test_a_picture_of_the_record_is_shown_and_another_is_named() -> None:
    body = '<img src="st-attachment:5" width="9"><img src="http://there.example/a.png" alt="Our &quot;logo&quot;">'
    found = shown(body, {"st-attachment:5": "data:image/png;base64,AA=="}.get)
    assert '<img src="data:image/png;base64,AA==" width="9">' in found
    assert "[picture not shown: Our &quot;logo&quot;]" in found


def test_text_behind_what_is_left_out_is_shown() -> None:
    assert shown("<style>p {}</style><p>after<select><option>no</select>more", none) == "<p>aftermore"


def test_a_body_is_read_as_text_a_line_for_each_block() -> None:
    body = "<style>p{}</style><p>Hello&nbsp;<b>you</b></p><script>alert('x')</script><p>&lt;i&gt;</p><img src=x>"
    assert text(body) == "Hello\xa0you\n<i>[picture]"
