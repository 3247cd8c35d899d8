"""The audit's look at the files root: whatever its names are."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from migrator_lib.audit import run_audit
from migrator_lib.audit.storage import OTHER_OWNERS, read_tree
from migrator_lib.progress import Progress
from migrator_lib.simulators.smartertrack.schema import Writer
from migrator_lib.smartertrack.database import SourceDatabase
from migrator_lib.smartertrack.files import FilesRoot
from tests.audit.desk import Open


def test_a_name_that_is_no_utf_8_is_counted_too(tmp_path: Path) -> None:
    (tmp_path / "files" / "folder").mkdir(parents=True)
    for name in (os.fsdecode(b"gr\xfc\xdfe.att"), "folder/GR.att", "gr.att"):
        (tmp_path / "files" / name).write_bytes(b"x")
    tree = read_tree(FilesRoot.at(tmp_path / "files"), Progress(tmp_path / "p.json", "01"))
    assert tree.ask("SELECT count(*), count(DISTINCT name) FROM file") == (3, 2)
    tree.close()


def test_what_other_tables_name_is_no_orphan_and_is_never_read_at_once(
    engage: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = {"ChatAttachments": "ChatAttachmentID", "CallLogAttachments": "CallLogAttachmentID",
                 "ThreadPostAttachments": "ThreadPostAttachmentID", "Files": "FileID"}  # fmt: skip

    def more(write: Writer) -> None:
        for table in OTHER_OWNERS:
            for n in range(100, 200):
                write.add(table, **{keys[table]: n}, FileNameOnDisk=f"{table}{n}.att" if n % 10 else None)

    engagement = engage(more=more)
    for table in OTHER_OWNERS:
        (tmp_path / "files" / f"{table.upper()}155.ATT").write_bytes(b"x")
    together: list[int] = []
    select = SourceDatabase.select

    def counting(source: SourceDatabase, *statement: Any) -> list[dict[str, Any]]:
        rows = select(source, *statement)
        together.append(len(rows))
        return rows

    monkeypatch.setattr(SourceDatabase, "select", counting)
    assert run_audit(engagement).storage.orphans == 1
    assert max(together) < 50
