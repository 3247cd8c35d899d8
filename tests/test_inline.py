"""Images in a message's HTML: found in every form, pointed to their upload, and counted where they show nothing."""

from __future__ import annotations

import html
import unicodedata
from typing import Any, Literal
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from migrator_lib.inline import embed, is_embedded, unresolved

ROW = {"CidTagName": "<image001.png@01D9>", "FileNameOnDisk": "abc.att"}


@pytest.mark.parametrize(
    ("body", "wanted"),
    [
        ('<img src="cid:image001.png@01D9">', '<img src="URL">'),
        ("<IMG SRC='CID:image001.png@01D9'>", "<IMG SRC='URL'>"),
        ('<img src="cid:image001.png%4001D9">', '<img src="URL">'),
        ("<td style='background:url(cid:image001.png@01D9)'>", "<td style='background:url(URL)'>"),
        ('<img src="/Attachments/abc.att?x=1" alt="a">', '<img src="URL" alt="a">'),
        ('<img src="/App_Data/2024/ABC.ATT">', '<img src="URL">'),
        ('<img src="Download.ashx?id=1&amp;file=2024%5Cabc.att&amp;y=2">', '<img src="URL">'),
        ("<img src=/App_Data/abc.att alt=a>", "<img src=URL alt=a>"),
        ('<body background = "cid:image001.png@01D9">', '<body background = "URL">'),
        ("<td style=\"background:url('/x/abc.att')\">", "<td style=\"background:url('URL')\">"),
        ('<td style="background:url(&quot;/x/abc.att&quot;)">', '<td style="background:url(&quot;URL&quot;)">'),
        ('<a href="cid:image001.png@01D9">x</a>', '<a href="URL">x</a>'),
        ('<img src="cid:&lt;image001.png&#64;01D9&gt;">', '<img src="URL">'),
    ],
)
def test_an_image_is_pointed_to_its_upload(body: str, wanted: str) -> None:
    assert is_embedded(body, ROW)
    assert embed(body, ROW, "URL") == wanted


@pytest.mark.parametrize("body", ['<img src="cid:image001.png@01D9AA">', "abc.att is attached", "", "<p>no</p>"])
def test_what_only_looks_alike_is_left_alone(body: str) -> None:
    assert not is_embedded(body, ROW)
    assert embed(body, ROW, "URL") == body


@pytest.mark.parametrize(
    "row", [{"CidTagName": None, "FileNameOnDisk": None}, {"CidTagName": "<>", "FileNameOnDisk": ""}]
)
def test_a_row_that_names_nothing_is_shown_nowhere(row: dict[str, Any]) -> None:
    assert not is_embedded('<img src="cid:">', row)
    assert not is_embedded(None, row)


def test_a_name_with_the_signs_of_a_pattern_is_taken_as_it_is() -> None:
    row = {"CidTagName": r"a(b)\1+[c", "FileNameOnDisk": None}
    assert embed(r'<img src="cid:a(b)\1+[c">', row, r"st-attachment:5") == '<img src="st-attachment:5">'


@pytest.mark.parametrize("name", ["caf\u00e9.att", "cafe\u0301.att", "0\u0130.att"])
@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_a_name_is_found_however_its_accents_are_written(name: str, form: Literal["NFC", "NFD"]) -> None:
    row = {"CidTagName": None, "FileNameOnDisk": name}
    body = f'<img src="/x/{quote(unicodedata.normalize(form, name))}">'
    assert embed(body, row, "URL") == '<img src="URL">'


LONG = {"FileNameOnDisk": "0123456789abcdef.att", "CidTagName": None}


def test_a_url_with_a_host_is_ours_only_by_a_name_that_nobody_else_has() -> None:
    assert embed('<img src="https://help.example.com/x/0123456789abcdef.att">', LONG, "URL") == '<img src="URL">'
    theirs = '<img src="https://elsewhere.example/abc.att">'
    assert embed(theirs, ROW, "URL") == theirs


def test_a_link_to_a_file_is_no_image() -> None:
    link = '<a href="/App_Data/abc.att">the file</a>'
    assert not is_embedded(link, ROW)
    assert embed(link, ROW, "URL") == link


@pytest.mark.parametrize(
    ("body", "n"),
    [
        (None, 0),
        ('<img src="cid:image001.png@01D9">', 0),
        ('<img src="cid:other@1"><img src="cid:other@1">', 2),
        ('<img src="/App_Data/other.att"><img src="pictures/abc.att">', 1),
        ('<img src="https://elsewhere.example/a.png"><img src="data:image/png;base64,AAAA"><a href="/x">x</a>', 0),
        ("<td style='background:url(cid:none)'>", 1),
        ("the word src is in a text, and cid: too", 0),
    ],
)
def test_images_that_no_attachment_is_for_are_counted(body: str | None, n: int) -> None:
    assert unresolved(body, [ROW]) == n


def test_a_long_body_full_of_open_quotes_is_gone_through_in_a_moment() -> None:
    assert not is_embedded('src="' * 20_000, ROW)


TEXT = st.text(
    st.characters(exclude_characters="<>\"'\\/?#&=% \t\r\n\x0b\x0c", codec="utf-8", categories=("L", "N", "P", "S")),
    min_size=1,
)


@given(
    TEXT, st.sampled_from(["plain", "quoted", "escaped"]), st.sampled_from(["cid:{}", "/App_Data/x/{}", "x.ashx?f={}"])
)
def test_any_name_is_found_however_it_is_written(name: str, written: str, url: str) -> None:
    form = {"plain": html.escape(name), "quoted": quote(name), "escaped": html.escape(quote(name))}[written]
    if written == "plain" and ("%" in name or ("?" in url and "+" in name) or name.strip("<>") != name):
        return
    row = {"CidTagName": name, "FileNameOnDisk": name}
    assert embed(f'<p><img src="{url.format(form)}"></p>', row, "URL") == '<p><img src="URL"></p>'
