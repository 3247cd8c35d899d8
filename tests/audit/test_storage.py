"""The audit's look at the files root: what is not mounted is told, and names are kept on disk."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from migrator_lib.audit.storage import read_tree
from migrator_lib.errors import FilesMissing
from migrator_lib.progress import Progress
from migrator_lib.smartertrack.files import FilesRoot


def test_an_empty_root_is_taken_for_a_share_that_is_not_mounted(tmp_path: Path) -> None:
    (tmp_path / "mountpoint").mkdir()
    with pytest.raises(FilesMissing, match="is empty") as caught:
        read_tree(FilesRoot.at(tmp_path / "mountpoint"), Progress(tmp_path / "p.json", "01"))
    assert "leave source.files_root out" in caught.value.next_step


def test_a_name_that_is_no_utf_8_is_counted_too(tmp_path: Path) -> None:
    (tmp_path / "files" / "folder").mkdir(parents=True)
    for name in (os.fsdecode(b"gr\xfc\xdfe.att"), "folder/GR.att", "gr.att"):
        (tmp_path / "files" / name).write_bytes(b"x")
    tree = read_tree(FilesRoot.at(tmp_path / "files"), Progress(tmp_path / "p.json", "01"))
    assert tree.ask("SELECT count(*), count(DISTINCT name) FROM file") == (3, 2)
    tree.close()
