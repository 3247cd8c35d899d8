"""The walk over the files root."""

from __future__ import annotations

import os
from pathlib import Path

import fsspec
import pytest

from migrator_lib.errors import FilesMissing, ParameterError
from migrator_lib.smartertrack import files
from migrator_lib.smartertrack.files import FileOnDisk, FilesRoot


def _tree(root: Path, *paths: str) -> None:
    for path in paths:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(path.encode())


def test_every_file_is_found_with_its_relative_path_and_size(tmp_path: Path) -> None:
    _tree(tmp_path, "a.pdf", "2024/01/b.png", "2024/02/b.png", "2024/c (1).txt")
    found = {file.path: file for file in FilesRoot.at(tmp_path).walk()}
    assert set(found) == {"a.pdf", "2024/01/b.png", "2024/02/b.png", "2024/c (1).txt"}
    assert found["2024/01/b.png"] == FileOnDisk("b.png", "2024/01/b.png", len("2024/01/b.png"))


def test_the_order_is_the_same_whatever_the_order_of_making(tmp_path: Path) -> None:
    names = ["b/2", "a/1", "c", "b/1", "a/x/9", "A"]
    _tree(tmp_path / "one", *names)
    _tree(tmp_path / "two", *reversed(names))
    one, two = ([file.path for file in FilesRoot.at(tmp_path / name).walk()] for name in ("one", "two"))
    assert one == two
    assert sorted(one) == sorted(names)


def test_symbolic_links_are_not_followed(tmp_path: Path) -> None:
    _tree(tmp_path, "root/a.txt", "elsewhere/private.txt")
    root = tmp_path / "root"
    (root / "link.txt").symlink_to(tmp_path / "elsewhere" / "private.txt")
    (root / "folder").symlink_to(tmp_path / "elsewhere")
    (root / "loop").symlink_to(root)
    assert [file.path for file in FilesRoot.at(root).walk()] == ["a.txt"]


def test_the_root_itself_may_be_a_link(tmp_path: Path) -> None:
    _tree(tmp_path, "mount/a.txt")
    (tmp_path / "files").symlink_to(tmp_path / "mount")
    assert [file.path for file in FilesRoot.at(tmp_path / "files").walk()] == ["a.txt"]


@pytest.mark.parametrize("make", [lambda root: None, lambda root: root.write_text("no folder")], ids=["none", "a file"])
def test_a_root_that_is_not_there_is_said(tmp_path: Path, make: object) -> None:
    make(tmp_path / "files")  # type: ignore[operator]
    with pytest.raises(FilesMissing, match="files root") as caught:
        list(FilesRoot.at(tmp_path / "files").walk())
    assert "mount the share" in caught.value.next_step


def _failing_scandir(monkeypatch: pytest.MonkeyPatch, folder: Path, error: OSError) -> None:
    real = os.scandir

    def scandir(path: Path) -> object:
        if Path(path) == folder:
            raise error
        return real(path)

    monkeypatch.setattr(files.os, "scandir", scandir)


def test_a_folder_that_may_not_be_read_stops_the_walk_and_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _tree(tmp_path, "open/a.txt", "closed/b.txt")
    folder = tmp_path / "closed"
    _failing_scandir(monkeypatch, folder, PermissionError(13, "Permission denied", str(folder)))
    with pytest.raises(FilesMissing, match=r"closed cannot be listed: Permission denied") as caught:
        list(FilesRoot.at(tmp_path).walk())
    assert "right to read" in caught.value.next_step


def test_a_root_that_vanishes_during_the_walk_is_not_taken_for_its_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _tree(tmp_path, "1/a.txt", "2/b.txt")
    found = FilesRoot.at(tmp_path).walk()
    next(found)
    for name in ("1", "2"):
        (tmp_path / name).rename(tmp_path.parent / f"{tmp_path.name}-{name}")
    with pytest.raises(FilesMissing):
        list(found)


def test_a_file_that_is_removed_meanwhile_is_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _tree(tmp_path, "a.txt", "b.txt")
    real = os.scandir

    class Listed:
        """Lists a folder, and removes a file of it before anybody looks closer."""

        def __init__(self, path: Path) -> None:
            self._entries = list(real(path))
            (tmp_path / "a.txt").unlink(missing_ok=True)

        def __enter__(self) -> list[os.DirEntry[str]]:
            return self._entries

        def __exit__(self, *_: object) -> None:
            return None

    monkeypatch.setattr(files.os, "scandir", Listed)
    assert [file.path for file in FilesRoot.at(tmp_path).walk()] == ["b.txt"]


def test_a_walk_goes_on_behind_any_file_and_looks_into_no_folder_before_it(tmp_path: Path) -> None:
    _tree(tmp_path, "a", "c", "b/1", "b/2/x", "b/2/y", "b/10", "d/e/f/z", "ü/ö", "Z")
    paths = [file.path for file in FilesRoot.at(tmp_path).walk()]
    assert paths == ["Z", "a", "c", "b/1", "b/10", "b/2/x", "b/2/y", "d/e/f/z", "ü/ö"]
    for number, path in enumerate(paths):
        listed: list[str] = []

        class Watched(files.LocalRoot):
            def _list(self, folder: str) -> files.Listing:
                listed.append(folder)  # noqa: B023
                return super()._list(folder)

        assert [file.path for file in Watched(tmp_path).walk(path)] == paths[number + 1 :]
        assert all(folder >= path.rpartition("/")[0] or path.startswith(folder) for folder in listed)


def test_a_walk_goes_on_behind_a_file_that_is_gone(tmp_path: Path) -> None:
    _tree(tmp_path, "a", "c", "b/1", "d/1")
    assert [file.path for file in FilesRoot.at(tmp_path).walk("b")] == ["c", "b/1", "d/1"]
    assert [file.path for file in FilesRoot.at(tmp_path).walk("b/0")] == ["b/1", "d/1"]
    assert [file.path for file in FilesRoot.at(tmp_path).walk("bb/1")] == ["d/1"]


def test_a_name_that_windows_takes_and_unicode_does_not_becomes_text() -> None:
    assert files.storable("a\ud800b") == "a\ufffdb"
    assert files.as_compared("A\udcffB. ") == "a\ufffdb"
    assert files.as_compared("...") == "..."


def test_a_folder_of_very_many_files_is_put_in_the_same_order_on_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = ["B", "a", "ä", "\uffff", "\U0001f600", os.fsdecode(b"\xff"), *(f"{n:02d}" for n in range(20))]
    _tree(tmp_path, *names[:5], *names[6:])
    (tmp_path / names[5]).write_bytes(b"x")
    in_memory = list(FilesRoot.at(tmp_path).walk())
    monkeypatch.setattr(files, "IN_MEMORY", 3)
    assert list(FilesRoot.at(tmp_path).walk()) == in_memory
    assert {file.name for file in in_memory} == set(names)


@pytest.mark.parametrize(
    ("place", "url"),
    [("/srv/App_Data", False), (r"D:\App_Data", False), (r"\\server\share", False), ("App_Data", False),
     ("s3://bucket/App_Data", True), ("zip://App_Data::/srv/backup.zip", True), ("smb://server/share", True)],
)  # fmt: skip
def test_a_path_of_any_system_is_no_url(place: str, url: bool) -> None:
    assert files.is_url(place) is url


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("nothing://x", r"nothing://.*not installed|cannot be opened \(nothing\)"),
        ("sftp://x/y", "not installed.*paramiko"),
    ],
)
def test_a_url_that_nothing_here_reads_says_what_to_install(url: str, words: str) -> None:
    with pytest.raises(ParameterError, match=words) as caught:
        FilesRoot.at(url)
    assert caught.value.next_step


def test_an_empty_url_is_told_from_one_with_files(tmp_path: Path) -> None:
    memory = fsspec.filesystem("memory")
    memory.pipe(f"/{tmp_path.name}/a/1.txt", b"x")
    assert not FilesRoot.at(f"memory://{tmp_path.name}").is_empty()
    with pytest.raises(FilesMissing):
        FilesRoot.at(f"memory://{tmp_path.name}-nowhere").is_empty()
