"""Attachments that the database itself holds: found by the column's type, read in pieces, staged once."""

from __future__ import annotations

import hashlib
import zlib
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from migrator_lib import extract
from migrator_lib.errors import SchemaMismatch
from migrator_lib.load.files import read_file
from migrator_lib.smartertrack import blobs
from migrator_lib.smartertrack.file_index import FileIndex
from migrator_lib.smartertrack.files import FilesRoot
from tests.extracting import Desk
from tests.smartertrack.source_desk import add_ticket, create, sqlite_url, tables_of, writing

CONTENTS = {1: b"first " * 9, 2: b"second", 3: b"", 4: b"second", 5: b"large " * 50}
COLUMN = "ALTER TABLE st_TicketAttachments ADD COLUMN FileContent BLOB"


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """A source whose attachments 1 to 5 are in the database; number 1 is on the disk too, differently spelled."""
    tables, url = tables_of(), sqlite_url(tmp_path)
    create(url, tables)
    with writing(url, tables) as write:
        add_ticket(write, 1)
        for key, content in CONTENTS.items():
            write.add("TicketAttachments", TicketAttachmentID=key, TicketID=1, FileNameOnDisk=f"{key}.att",
                      Length=len(content), Crc=zlib.crc32(content))  # fmt: skip
        write.add("TicketAttachments", TicketAttachmentID=9, TicketID=1, FileNameOnDisk="", IsDeleted=True)
    (tmp_path / "files").mkdir()
    (tmp_path / "files" / "1.ATT").write_bytes(CONTENTS[1])
    return Desk(url, tmp_path / "state")


def execute(desk: Desk, *statements: str, **values: Any) -> None:
    engine = sa.create_engine(desk.url)
    with engine.begin() as connection:
        for statement in statements:
            connection.execute(sa.text(statement), values)
    engine.dispose()


@pytest.fixture
def holding(desk: Desk) -> Desk:
    execute(desk, COLUMN)
    for key, content in {**CONTENTS, 9: b"deleted"}.items():
        statement = "UPDATE st_TicketAttachments SET FileContent = :content WHERE TicketAttachmentID = :key"
        execute(desk, statement, content=content, key=key)
    return desk


def stage(desk: Desk, named: str = "", limit: int = 200) -> FileIndex:
    with desk.reader() as reader:
        reader.tickets()
        reader.files(FilesRoot.at(desk.folder.with_name("files")))
        reader.blobs(named, limit)
    return FileIndex(desk.staged("full"))


def row(key: int) -> dict[str, Any]:
    content = CONTENTS.get(key, b"?")
    return {
        "AttachmentKey": str(key),
        "FileNameOnDisk": f"{key}.att",
        "Length": len(content),
        "Crc": zlib.crc32(content),
    }


def test_a_database_as_it_is_known_holds_nothing(desk: Desk) -> None:
    assert stage(desk).match(row(2)).state == "missing"
    assert not (desk.folder / "staged" / "blobs").exists()
    assert desk.chunks("Blobs") == []


def test_what_has_no_file_is_staged_once_under_its_hash(holding: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blobs, "PIECE", 4)
    index = stage(holding)
    folder = holding.folder / "staged" / "blobs"
    digest = hashlib.sha256(b"second").hexdigest()
    assert [file.name for file in folder.rglob("*") if file.is_file()] == [digest]
    for key in (2, 4):
        found = index.match(row(key))
        assert read_file(None, folder, found) == b"second"
    assert index.match(row(1)).file.path == "1.ATT"  # type: ignore[union-attr]
    assert [index.match(row(key)).state for key in (3, 9)] == ["missing", "missing"]


def test_what_is_larger_than_may_go_up_is_not_read(holding: Desk) -> None:
    found = stage(holding).match(row(5))
    assert found.file is not None
    assert (found.state, found.size, found.file.sha256) == ("matched", 300, None)


def test_reading_goes_on_behind_the_last_chunk(holding: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(extract, "BLOB_PAGE", 1)
    whole = Desk(holding.url, holding.folder.with_name("whole"))
    stage(whole)
    real, read = blobs.BlobColumn.read, list[int]()

    def dying(self: Any, source: Any, row: Any, folder: Path, limit: int) -> Any:
        read.append(row["TicketAttachmentID"])
        if read == [2, 3, 4]:
            raise KeyboardInterrupt
        return real(self, source, row, folder, limit)

    monkeypatch.setattr(blobs.BlobColumn, "read", dying)
    with pytest.raises(KeyboardInterrupt):
        stage(holding)
    stage(holding)
    assert read == [2, 3, 4, 3, 4, 5]
    assert holding.bytes_of() == whole.bytes_of()
    stage(holding)
    assert len(read) == 6


def test_what_another_tree_has_no_file_for_is_read_from_the_database(holding: Desk, tmp_path: Path) -> None:
    stage(holding)
    (empty := tmp_path / "other tree").mkdir()
    (empty / "web.log").touch()
    with holding.reader() as reader:
        reader.files(FilesRoot.at(empty))
        reader.blobs("", 200)
    assert FileIndex(holding.staged("full")).match(row(1)).file.path.startswith("blob:")  # type: ignore[union-attr]


def test_a_column_may_be_named_or_left_out(holding: Desk) -> None:
    assert stage(holding, "none").match(row(2)).state == "missing"
    assert stage(holding, "ticketattachments.filecontent").match(row(2)).state == "matched"


def test_a_named_column_that_is_not_there_stops(holding: Desk) -> None:
    with pytest.raises(SchemaMismatch, match=r"TicketAttachments\.Nowhere"):
        stage(holding, "TicketAttachments.Nowhere")


def test_of_several_columns_none_is_guessed(holding: Desk) -> None:
    execute(holding, "ALTER TABLE st_Files ADD COLUMN Content BLOB")
    with pytest.raises(SchemaMismatch, match=r"TicketAttachments\.FileContent, Files\.Content") as caught:
        stage(holding)
    assert "source.blob_column" in caught.value.next_step
    assert stage(holding, "TicketAttachments.FileContent").match(row(2)).state == "matched"


def test_a_table_of_files_is_read_by_the_name_on_disk(desk: Desk) -> None:
    execute(desk, "ALTER TABLE st_Files ADD COLUMN Content BLOB")
    with writing(desk.url, tables_of()) as write:
        write.add("Files", FileID=1, FileNameOnDisk="2.att")
    execute(desk, "UPDATE st_Files SET Content = :content", content=b"second")
    found = stage(desk).match(row(2))
    assert read_file(None, desk.folder / "staged" / "blobs", found) == b"second"


@pytest.mark.parametrize(
    ("kind", "holds"),
    [(sa.LargeBinary(), True), (sa.dialects.mssql.IMAGE(), True), (sa.dialects.mysql.LONGBLOB(), True),
     (sa.dialects.mssql.VARBINARY("max"), True), (sa.BINARY(16), False), (sa.dialects.mssql.ROWVERSION(), False),
     (sa.Text(), False)],
)  # fmt: skip
def test_ids_and_versions_are_no_files(kind: Any, holds: bool) -> None:
    assert blobs._holds(kind) is holds
