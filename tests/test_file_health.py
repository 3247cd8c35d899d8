"""The health of attachments: everything is counted once, and what needs a person is listed without customers' names."""

from __future__ import annotations

import csv
import gzip
import zlib
from pathlib import Path
from typing import Any

import pytest

from migrator_lib import views
from migrator_lib.chunks import write_chunk
from migrator_lib.file_health import COLUMNS, FileHealth, look
from migrator_lib.progress import Progress
from migrator_lib.smartertrack.file_index import as_table
from migrator_lib.smartertrack.matching import IndexedFile
from tests.shop import Shop

CONTENT = b"what was attached"


def attachment(key: int, name: str, content: bytes = CONTENT, **row: Any) -> dict[str, Any]:
    return {"TicketID": 1, "TicketAttachmentID": key, "TicketMessageID": 1, "FileNameOnDisk": name,
            "FileNameOriginal": "Ida Bloom.pdf", "Length": len(content), "Crc": zlib.crc32(content), **row}  # fmt: skip


@pytest.fixture
def health(tmp_path: Path) -> FileHealth:
    shop = Shop(tmp_path / "shop")
    shop.target["upload_limit_bytes"] = 100
    shop.file("good.att", CONTENT)
    shop.file("packed.att", gzip.compress(CONTENT, mtime=0))
    shop.file("damaged.att", b"x" + CONTENT[1:])
    shop.file("large.att", CONTENT * 9)
    shop.file("longer.att", CONTENT)
    shop.file("empty.att", b"")
    for folder, content in (("1", b"one"), ("2", b"two")):
        for name in ("several.att", "told.att"):
            (shop.files / folder).mkdir(exist_ok=True)
            (shop.files / folder / name).write_bytes(content)
    shop.add("Tickets", {"TicketID": 1})
    pictures = '<img src="cid:nobody@1"><img src="cid:mine@1"><img src="https://x.example/a.png">'
    shop.add("TicketMessages", {"TicketID": 1, "TicketMessageID": 1, "BodyHTML": pictures},
             {"TicketID": 1, "TicketMessageID": 2, "IsDraft": True, "BodyHTML": pictures})  # fmt: skip
    shop.add(
        "TicketAttachments",
        attachment(1, "good.att", CidTagName="mine@1"), attachment(2, "GOOD.att"), attachment(3, "packed.att"),
        attachment(4, "damaged.att"), attachment(5, "large.att", CONTENT * 9), attachment(6, "gone.att"),
        attachment(7, "longer.att", Length=3), attachment(8, "several.att", Length=3, Crc=None),
        attachment(9, "told.att", b"two"), attachment(10, "gone.att", IsDeleted=True),
        attachment(11, "good.att", TicketMessageID=2), attachment(12, "empty.att", b""),
    )  # fmt: skip
    return look(shop.stage(), 100, Progress(tmp_path / "p.json", "04"), tmp_path / "documents" / "attachments.csv")


def test_everything_is_counted_once(health: FileHealth) -> None:
    assert dict(health.counts) == {
        "attachments": 10, "files": 10, "file_bytes": health.counts["file_bytes"], "matched": 7, "shared": 1,
        "compressed": 1, "differs": 1, "oversized": 1, "missing": 1, "size differs": 1, "ambiguous": 1,
        "of several": 1, "empty": 1, "picture without attachment": 1,
    }  # fmt: skip
    assert health.checksums_hold
    assert health.problems == 4


def test_what_needs_a_person_is_listed_with_ids_and_reasons_and_no_name_that_a_customer_gave(
    health: FileHealth, tmp_path: Path
) -> None:
    text = (tmp_path / "documents" / "attachments.csv").read_text(encoding="utf-8")
    rows = list(csv.DictReader(text.splitlines()))
    assert tuple(rows[0]) == COLUMNS
    assert [(row["what"], row["attachment_id"]) for row in rows] == [
        ("differs", "4"), ("oversized", "5"), ("missing", "6"), ("ambiguous", "8"), ("picture without attachment", ""),
    ]  # fmt: skip
    assert all(row["ticket_id"] == "1" and row["why"] for row in rows)
    shown = views.attachments(health)
    assert "gone.att" in shown
    assert "Ida Bloom" not in text + shown


def test_a_file_that_no_row_names_is_listed_by_its_path(tmp_path: Path) -> None:
    shop = Shop(tmp_path / "shop")
    shop.file("stray.att", CONTENT)
    staged = shop.stage()
    write_chunk(staged.folders[0] / "Files", 0, as_table([("stray.att", IndexedFile("a/stray.att", 3))]))
    found = look(staged, 100, Progress(tmp_path / "p.json", "04"), tmp_path / "attachments.csv")
    assert (found.counts["orphaned"], found.listed) == (1, [])
    assert "a/stray.att" in (tmp_path / "attachments.csv").read_text(encoding="utf-8")
