"""Attachments: which file goes up, under which name, and whether it is what the row says."""

from __future__ import annotations

from typing import Any

import pytest

from migrator_lib.inline import embed, is_embedded
from migrator_lib.objects import ATTACHMENT
from migrator_lib.objects.attachment import upload_name
from migrator_lib.objects.base import Outcome, Quarantine, Record, Send, Skip
from migrator_lib.smartertrack.matching import Files, IndexedFile
from tests.shop import Shop, full


def outcome(shop: Shop, size: int = 10, **row: Any) -> Outcome:
    lookups = shop.lookups()
    lookups.files = Files({"abc.att": [IndexedFile("App_Data/abc.att", size)]})
    extra = {name: row.pop(name, False) for name in ("OfDraft", "Embedded")}
    given = {"TicketID": 1, "TicketAttachmentID": 5, "FileNameOnDisk": "ABC.att", "Length": size, **row}
    return ATTACHMENT.transform(Record("5", {**full("TicketAttachments", given), **extra}), lookups)


def test_a_file_is_found_by_its_name_on_disk_whatever_its_case(shop: Shop) -> None:
    found = outcome(shop, FileNameOriginal="invoice.pdf")
    assert isinstance(found, Send)
    assert (found.payload["file"], found.payload["name"]) == ("App_Data/abc.att", "invoice.pdf")
    assert found.payload["content_type"] == "application/pdf"


def test_only_what_a_message_shows_is_public(shop: Shop) -> None:
    hidden, shown = outcome(shop, CidTagName="a@b"), outcome(shop, CidTagName="a@b", Embedded=True)
    assert isinstance(hidden, Send)
    assert isinstance(shown, Send)
    assert (hidden.payload["public"], shown.payload["public"]) == (False, True)


@pytest.mark.parametrize(
    ("row", "wanted"),
    [
        ({"IsDeleted": True}, Skip("deleted_attachment")),
        ({"OfDraft": True}, Skip("draft_message")),
    ],
)
def test_deleted_ones_and_those_of_drafts_are_left_out(shop: Shop, row: dict[str, Any], wanted: Skip) -> None:
    assert outcome(shop, **row) == wanted


@pytest.mark.parametrize("name", ["gone.att", "", None])
def test_one_without_a_file_is_quarantined(shop: Shop, name: str | None) -> None:
    found = outcome(shop, FileNameOnDisk=name)
    assert isinstance(found, Quarantine)
    assert "not below the files root" in found.reason


def test_one_larger_than_the_limit_is_quarantined(shop: Shop) -> None:
    shop.target["upload_limit_bytes"] = 100
    assert isinstance(outcome(shop, size=100), Send)
    assert isinstance(outcome(shop, size=101), Quarantine)


@pytest.mark.parametrize(
    ("name", "wanted"),
    [(None, "attachment-5"), ("  ", "attachment-5"), (" a.txt ", "a.txt"), ("x" * 300 + ".pdf", "x" * 251 + ".pdf")],
)
def test_a_file_has_a_name_that_keeps_its_ending(name: str | None, wanted: str) -> None:
    assert upload_name({"FileNameOriginal": name, "TicketAttachmentID": 5}) == wanted


# --- images in HTML ------------------------------------------------------------------------------------

ROW = {"CidTagName": "<image001.png@01D9>", "FileNameOnDisk": "abc.att"}


@pytest.mark.parametrize(
    ("body", "wanted"),
    [
        ('<img src="cid:image001.png@01D9">', '<img src="URL">'),
        ("<IMG SRC='CID:image001.png@01D9'>", "<IMG SRC='URL'>"),
        ('<img src="cid:image001.png%4001D9">', '<img src="URL">'),
        ("<td style='background:url(cid:image001.png@01D9)'>", "<td style='background:url(URL)'>"),
        ('<img src="/Attachments/abc.att?x=1" alt="a">', '<img src="URL" alt="a">'),
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
