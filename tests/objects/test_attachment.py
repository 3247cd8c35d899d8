"""Attachments: which file goes up, under which name, and whether it is what the row says."""

from __future__ import annotations

from typing import Any

import pytest

from migrator_lib.objects import ATTACHMENT
from migrator_lib.objects.attachment import upload_name
from migrator_lib.objects.base import Outcome, Quarantine, Record, Send, Skip
from migrator_lib.smartertrack.matching import Files, IndexedFile
from tests.shop import Shop, full


def outcome(shop: Shop, size: int = 10, **row: Any) -> Outcome:
    lookups = shop.lookups()
    lookups.files = Files({"abc.att": [IndexedFile("App_Data/abc.att", size)]})
    extra = {"AttachmentKey": "5", **{name: row.pop(name, False) for name in ("OfDraft", "Embedded")}}
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
    assert upload_name({"FileNameOriginal": name, "AttachmentKey": "5"}) == wanted
