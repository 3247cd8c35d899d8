"""Attachments: which file goes up, under which name, and whether it is what the row says."""

from __future__ import annotations

import gzip
import zlib
from pathlib import Path
from typing import Any

import pytest

from migrator_lib.errors import RecordUnusable
from migrator_lib.inline import embed, is_embedded
from migrator_lib.lookups import StagedFile
from migrator_lib.objects import ATTACHMENT
from migrator_lib.objects.attachment import read_file, upload_name
from migrator_lib.objects.base import Outcome, Quarantine, Record, Send, Skip
from tests.shop import Shop, full

CONTENT = b"what was attached " * 20


def outcome(shop: Shop, size: int = 10, **row: Any) -> Outcome:
    lookups = shop.lookups()
    lookups.files = {"abc.att": StagedFile("App_Data/abc.att", size)}
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


# --- the bytes -----------------------------------------------------------------------------------------


def read(tmp_path: Path, content: bytes, crc: int | None, length: int | None) -> bytes:
    (tmp_path / "f").write_bytes(content)
    return read_file(tmp_path, {"file": "f", "crc": crc, "length": length})


CRC = zlib.crc32(CONTENT)
SIGNED = CRC - 2**32


@pytest.mark.parametrize(
    ("crc", "length"),
    [(CRC, len(CONTENT)), (SIGNED, None), (None, len(CONTENT)), (12, len(CONTENT)), (CRC, 3), (None, None), (0, 0)],
)
def test_a_file_is_taken_where_checksum_or_length_agree_or_nothing_is_said(
    tmp_path: Path, crc: int | None, length: int | None
) -> None:
    assert read(tmp_path, CONTENT, crc, length) == CONTENT


@pytest.mark.parametrize("crc", [CRC, None, 12])
def test_a_file_that_the_disk_holds_packed_is_unpacked(tmp_path: Path, crc: int | None) -> None:
    assert read(tmp_path, gzip.compress(CONTENT, mtime=0), crc, len(CONTENT)) == CONTENT


def test_a_gzip_that_was_attached_as_such_stays_packed(tmp_path: Path) -> None:
    packed = gzip.compress(CONTENT, mtime=0)
    assert read(tmp_path, packed, zlib.crc32(packed), len(packed)) == packed


@pytest.mark.parametrize(
    "content",
    [
        b"something else",
        gzip.compress(b"something else", mtime=0),
        gzip.compress(CONTENT, mtime=0)[:-20],
        b"\x1f\x8bbroken",
    ],
)
def test_a_damaged_file_is_refused(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(RecordUnusable, match="damaged or replaced"):
        read(tmp_path, content, CRC, len(CONTENT))


def test_a_bomb_is_not_unpacked_beyond_the_length_that_is_expected(tmp_path: Path) -> None:
    with pytest.raises(RecordUnusable, match="damaged or replaced"):
        read(tmp_path, gzip.compress(bytes(50_000_000), mtime=0), 1, 1000)


def test_a_file_that_cannot_be_read_is_refused_with_the_reason(tmp_path: Path) -> None:
    with pytest.raises(RecordUnusable, match="No such file"):
        read_file(tmp_path, {"file": "gone"})


def test_of_a_file_that_cannot_be_read_or_is_damaged_it_is_said_that_a_load_does_not_send_it_behind(
    tmp_path: Path,
) -> None:
    with pytest.raises(RecordUnusable) as gone:
        read_file(tmp_path, {"file": "gone"})
    with pytest.raises(RecordUnusable) as damaged:
        read(tmp_path, CONTENT, 12, 3)
    for caught in (gone, damaged):
        assert "before the load" in caught.value.next_step
        assert caught.value.next_step.endswith("by hand: attach the file there.")
        assert "run again" not in caught.value.next_step


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
