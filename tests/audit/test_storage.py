"""The audit's look at the files root: whatever its names are."""

from __future__ import annotations

import os
from pathlib import Path

from migrator_lib.audit.storage import read_tree
from migrator_lib.progress import Progress
from migrator_lib.smartertrack.files import FilesRoot


def test_a_name_that_is_no_utf_8_is_counted_too(tmp_path: Path) -> None:
    (tmp_path / "files" / "folder").mkdir(parents=True)
    for name in (os.fsdecode(b"gr\xfc\xdfe.att"), "folder/GR.att", "gr.att"):
        (tmp_path / "files" / name).write_bytes(b"x")
    tree = read_tree(FilesRoot.at(tmp_path / "files"), Progress(tmp_path / "p.json", "01"))
    assert tree.ask("SELECT count(*), count(DISTINCT name) FROM file") == (3, 2)
    tree.close()
