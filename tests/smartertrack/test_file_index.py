"""The index of the files root: what is read, going on, what goes wrong, stages laid over each other."""

from __future__ import annotations

import gzip
import hashlib
import os
import shutil
import threading
import tracemalloc
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

import fsspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from migrator_lib.chunks import write_chunk
from migrator_lib.errors import FilesMissing
from migrator_lib.lookups import Lookups
from migrator_lib.progress import Progress
from migrator_lib.smartertrack import file_index
from migrator_lib.smartertrack.contents import examine
from migrator_lib.smartertrack.file_index import FileIndex, Indexer, WantedNames, as_table
from migrator_lib.smartertrack.files import FilesRoot, Listing, LocalRoot
from migrator_lib.smartertrack.matching import Files, IndexedFile, blob_name, match
from migrator_lib.staging import Staged
from tests.extracting import Desk
from tests.shop import Shop
from tests.smartertrack.source_desk import add_ticket, create, sqlite_url, tables_of, writing

Row = dict[str, Any]


@pytest.fixture(scope="module")
def source_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A source whose attachments name a.pdf to i.pdf, and one that is deleted."""
    folder, tables = tmp_path_factory.mktemp("source"), tables_of()
    create(sqlite_url(folder), tables)
    with writing(sqlite_url(folder), tables) as write:
        add_ticket(write, 1)
        for key, name in enumerate("abcdefghi", start=1):
            write.add("TicketAttachments", TicketAttachmentID=key, TicketID=1, FileNameOnDisk=f"{name}.PDF",
                      Length=len(name), Crc=zlib.crc32(name.encode()))  # fmt: skip
        write.add("TicketAttachments", TicketAttachmentID=99, TicketID=1, FileNameOnDisk="z.pdf", IsDeleted=True)
    return folder / "smartertrack.sqlite3"


@pytest.fixture
def desk(tmp_path: Path, source_file: Path) -> Desk:
    return Desk(f"sqlite:///{source_file}", tmp_path / "state")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "files"
    for name in "abcdefghi":
        place = folder / ("1" if name < "e" else "2/x") / f"{name}.pdf"
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(name.encode())
    (folder / "z.pdf").write_bytes(b"zz")
    (folder / "web.log").write_bytes(b"log")
    return folder


def extract(desk: Desk, root: FilesRoot | Path | None) -> list[Row]:
    with desk.reader() as reader:
        reader.tickets()
        reader.files(root if isinstance(root, FilesRoot | None) else FilesRoot.at(root))
    return desk.staged("full").rows("Files")


class Broken(LocalRoot):
    """A root that does something else when a file is opened."""

    def __init__(self, folder: Path, instead: Callable[[str], None]) -> None:
        super().__init__(folder)
        self.instead = instead
        self.opened: list[str] = []

    def open(self, path: str) -> BinaryIO:
        self.opened.append(path)
        self.instead(path)
        return super().open(path)


# --- what is read --------------------------------------------------------------------------------------


def test_every_file_is_indexed_and_only_what_a_row_names_is_read(desk: Desk, root: Path) -> None:
    watched = Broken(root, lambda path: None)
    rows = {row["Path"]: row for row in extract(desk, watched)}
    assert sorted(rows) == sorted(
        ["web.log", "z.pdf", *(f"1/{n}.pdf" for n in "abcd"), *(f"2/x/{n}.pdf" for n in "efghi")]
    )
    assert sorted(watched.opened) == [path for path in sorted(rows) if path not in ("web.log", "z.pdf")]
    assert (rows["web.log"]["Size"], rows["web.log"]["Sha256"]) == (3, None)
    a = rows["1/a.pdf"]
    assert (a["Name"], a["Size"], a["Crc"]) == ("a.pdf", 1, zlib.crc32(b"a"))
    assert a["Sha256"] == "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb"


def test_a_compressed_file_is_seen_as_what_it_holds(desk: Desk, root: Path) -> None:
    (root / "1" / "a.pdf").write_bytes(gzip.compress(b"content" * 9, mtime=0))
    row = next(row for row in extract(desk, root) if row["Name"] == "a.pdf")
    assert (row["Packing"], row["UnpackedSize"], row["UnpackedCrc"]) == ("gzip", 63, zlib.crc32(b"content" * 9))
    assert row["UnpackedSha256"] == hashlib.sha256(b"content" * 9).hexdigest()


def test_a_zip_of_one_file_is_seen_as_what_it_holds_and_a_damaged_one_has_no_digest(tmp_path: Path) -> None:
    place = tmp_path / "a.zip"
    with zipfile.ZipFile(place, "w") as archive:
        archive.writestr("a.txt", b"content" * 9)
    whole = place.read_bytes()
    with place.open("rb") as stream:
        assert examine(stream).unpacked_sha256 == hashlib.sha256(b"content" * 9).hexdigest()
    place.write_bytes(whole.replace(b"content", b"CONTENT", 1))
    with place.open("rb") as stream:
        damaged = examine(stream)
    assert (damaged.unpacked_size, damaged.unpacked_sha256) == (63, None)


def test_a_name_that_is_no_utf_8_is_indexed_with_a_mark(desk: Desk, root: Path) -> None:
    (root / os.fsdecode(b"gr\xfc\xdfe.txt")).write_bytes(b"x")
    assert "gr��e.txt" in [row["Name"] for row in extract(desk, root)]


def test_a_file_below_a_folder_whose_name_is_no_utf_8_says_so_while_there_is_time(desk: Desk, root: Path) -> None:
    folder = root / os.fsdecode(b"gr\xfc\xdfe")
    (root / "1").rename(folder)
    assert len(extract(desk, root)) == 11
    index = FileIndex(desk.staged("full"))
    rows = desk.staged("full").attachments(["FileNameOnDisk", "Length", "Crc"])
    states = {row["FileNameOnDisk"]: index.match(row) for row in rows}
    assert (states["a.PDF"].state, states["i.PDF"].state) == ("unreadable", "matched")
    assert "rename" in states["a.PDF"].file.error  # type: ignore[union-attr]


def test_without_a_files_root_there_is_no_index(desk: Desk) -> None:
    assert extract(desk, None) == []
    assert desk.chunks("Files") == []


@pytest.mark.parametrize("kind", ["memory", "zip"])
def test_a_url_is_indexed_like_the_folder_that_it_holds(desk: Desk, root: Path, tmp_path: Path, kind: str) -> None:
    here = extract(desk, root)
    url = f"memory://{tmp_path.name}" if kind == "memory" else f"zip://::file://{tmp_path}/files.zip"
    if kind == "memory":
        fsspec.filesystem("memory").put(str(root), f"/{tmp_path.name}", recursive=True)
    else:
        shutil.make_archive(str(tmp_path / "files"), "zip", root)
    other = Desk(desk.url, desk.folder.with_name("other"))
    assert extract(other, FilesRoot.at(url)) == here
    assert len(here) == 11


# --- going on ------------------------------------------------------------------------------------------


class Died(Exception):
    """The process ended here."""


@pytest.mark.parametrize("file", [1, 4, 8])
def test_an_index_that_was_cut_off_goes_on_and_reads_no_finished_chunk_anew(
    desk: Desk, root: Path, monkeypatch: pytest.MonkeyPatch, file: int
) -> None:
    monkeypatch.setattr(file_index, "PAGE_FILES", 2)
    whole = Desk(desk.url, desk.folder.with_name("whole"))
    extract(whole, root)

    def dying(path: str) -> None:
        if path.endswith(f"{'abcdefghi'[file]}.pdf"):
            raise Died

    with pytest.raises(Died):
        extract(desk, Broken(root, dying))
    finished = [row["Path"] for row in desk.staged("full").rows("Files") if row["Sha256"]]
    watched = Broken(root, lambda path: None)
    extract(desk, watched)
    assert not set(watched.opened) & set(finished)
    assert desk.bytes_of() == whole.bytes_of()
    assert desk.chunks("Files") == whole.chunks("Files")


def test_a_chunk_ends_behind_so_many_bytes_too(desk: Desk, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(file_index, "PAGE_BYTES", 4)
    extract(desk, root)
    assert [chunk["rows"] for chunk in desk.chunks("Files")] == [6, 4, 1]  # two of the first are not read


def test_the_index_is_made_once(desk: Desk, root: Path) -> None:
    extract(desk, root)
    watched = Broken(root, lambda path: None)
    with desk.reader() as reader:
        reader.files(watched)
    assert (watched.opened, reader.report.rows["Files"], "Files" in reader.report.read_now) == ([], 11, False)


def test_fewer_files_than_before_leave_no_old_chunk(desk: Desk, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(file_index, "PAGE_FILES", 2)
    extract(desk, root)
    with desk.reader() as reader:
        reader.ledger.forget_chunks("full", "Files", 2)  # as if it had been cut off there
    for name in "fgh":
        (root / "2" / "x" / f"{name}.pdf").unlink()
    assert [row["Path"] for row in extract(desk, root)][-2:] == ["2/x/e.pdf", "2/x/i.pdf"]


@pytest.mark.parametrize("cut_off", [True, False], ids=["in the middle", "behind its end"])
def test_an_index_does_not_go_on_in_another_tree(
    desk: Desk, root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cut_off: bool
) -> None:
    monkeypatch.setattr(file_index, "PAGE_FILES", 4)
    extract(desk, root)
    if cut_off:
        with desk.reader() as reader:
            reader.ledger.forget_chunks("full", "Files", 1)
    other = tmp_path / "other tree"
    shutil.copytree(root, other)
    (other / "1" / "a.pdf").unlink()
    (other / "1" / "b.pdf").write_bytes(b"another")
    rows = {row["Path"]: row for row in extract(desk, other)}
    assert "1/a.pdf" not in rows
    assert (rows["1/b.pdf"]["Size"], len(rows)) == (7, 10)


def test_the_lease_is_renewed_during_a_long_walk(desk: Desk, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("migrator_lib.progress.BEAT_SECONDS", -1.0)
    renewed = 0

    def renew() -> None:
        nonlocal renewed
        renewed += 1

    with desk.reader() as reader:
        monkeypatch.setattr(reader.ledger, "renew_lease", renew)
        reader.files(FilesRoot.at(root))
    assert renewed >= 11


def test_a_share_that_does_not_answer_is_waited_for_with_words_and_the_lease_is_kept(
    desk: Desk, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("migrator_lib.progress.BEAT_SECONDS", -1.0)
    monkeypatch.setattr(file_index, "WAIT_SECONDS", 0.001)
    answers = threading.Event()

    def hangs(path: str) -> None:
        assert answers.wait(60)

    with desk.reader() as reader:
        reader.tickets()

        def renew() -> None:
            if "does not answer" in reader.progress.snapshot().line():
                answers.set()

        monkeypatch.setattr(reader.ledger, "renew_lease", renew)
        reader.files(Broken(root, hangs))
        assert "does not answer" not in reader.progress.snapshot().line()
    assert all(row["Sha256"] for row in desk.staged("full").rows("Files") if row["Name"] == "a.pdf")


def test_progress_tells_the_bytes_that_were_read_and_their_rate(desk: Desk, root: Path) -> None:
    (root / "1" / "a.pdf").write_bytes(bytes(30_000_000))
    extract(desk, root)
    with desk.reader() as reader:
        reader.ledger.forget_stage("full")
        reader.tickets()
        reader.files(FilesRoot.at(root))
        assert "0.03 GB read" in reader.progress.snapshot().line()


# --- what goes wrong -----------------------------------------------------------------------------------


def failing(*names: str, error: OSError) -> Callable[[str], None]:
    def instead(path: str) -> None:
        if path.rpartition("/")[2] in names:
            raise error

    return instead


@pytest.mark.parametrize("error", [PermissionError(13, "Permission denied"), OSError(5, "Input/output error"),
                                   FileNotFoundError(2, "No such file or directory")])  # fmt: skip
def test_a_file_that_cannot_be_read_is_indexed_with_the_reason_and_the_rest_goes_on(
    desk: Desk, root: Path, error: OSError
) -> None:
    rows = {row["Name"]: row for row in extract(desk, Broken(root, failing("b.pdf", error=error)))}
    assert (rows["b.pdf"]["Error"], rows["b.pdf"]["Sha256"]) == (error.strerror, None)
    assert [name for name, row in rows.items() if row["Error"]] == ["b.pdf"]
    assert FileIndex(desk.staged("full")).match({"AttachmentKey": "2", "FileNameOnDisk": "b.pdf", "Length": 1,
                                                 "Crc": 1}).state == "unreadable"  # fmt: skip


def test_many_files_in_a_row_that_cannot_be_read_stop_the_run(
    desk: Desk, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(file_index, "IN_A_ROW", 4)
    every = [f"{name}.pdf" for name in "abcdefghi"]
    error = PermissionError(13, "Permission denied")
    with pytest.raises(FilesMissing, match=r"4 files in a row cannot be read.*Permission denied"):
        extract(desk, Broken(root, failing(*every, error=error)))
    assert desk.chunks("Files") == []
    others = [name for name in every if name not in ("c.pdf", "f.pdf", "h.pdf")]
    other = Desk(desk.url, desk.folder.with_name("other"))
    assert len(extract(other, Broken(root, failing(*others, error=error)))) == 11


def unmount(root: Path) -> None:
    """Leave what a mount point is without its share: an empty folder."""
    root.rename(root.with_name("share"))
    root.mkdir()


def mount(root: Path) -> None:
    root.rmdir()
    root.with_name("share").rename(root)


@pytest.mark.parametrize("below", ["", "2", "2/x"])
def test_a_share_that_goes_away_in_the_middle_stops_the_run_and_another_one_goes_on(
    desk: Desk, root: Path, monkeypatch: pytest.MonkeyPatch, below: str
) -> None:
    monkeypatch.setattr(file_index, "PAGE_FILES", 2)
    whole = Desk(desk.url, desk.folder.with_name("whole"))
    extract(whole, root)

    class Unmounted(Broken):
        threads = 1

    def going(path: str) -> None:
        if path.endswith("g.pdf") and (root / path).exists():
            unmount(root / below)

    with pytest.raises(FilesMissing):
        extract(desk, Unmounted(root, going))
    assert not any(chunk["final"] for chunk in desk.chunks("Files"))
    with pytest.raises(FilesMissing):
        extract(desk, root)
    mount(root / below)
    extract(desk, root)
    assert desk.bytes_of() == whole.bytes_of()


def test_an_empty_root_is_refused_where_rows_name_files(desk: Desk, tmp_path: Path) -> None:
    (tmp_path / "mountpoint").mkdir()
    with pytest.raises(FilesMissing, match="is empty, while attachments name 9 files") as caught:
        extract(desk, tmp_path / "mountpoint")
    assert "mount the share" in caught.value.next_step
    assert desk.chunks("Files") == []


def test_an_empty_root_is_well_where_no_row_names_a_file(desk: Desk, tmp_path: Path) -> None:
    (tmp_path / "mountpoint").mkdir()
    with desk.reader() as reader:
        reader.files(FilesRoot.at(tmp_path / "mountpoint"))
    assert [chunk["final"] for chunk in desk.chunks("Files")] == [True]


# --- memory --------------------------------------------------------------------------------------------


class Endless(FilesRoot):
    """A tree of so many files that are not there, in folders of 500."""

    def __init__(self, files: int) -> None:
        super().__init__("endless")
        self.files = files

    def _list(self, folder: str) -> Listing:
        if not folder:
            return [f"{n:05d}" for n in range(self.files // 500)], []
        return [], ((f"{folder}-{n:03d}.att", n) for n in range(500))

    def open(self, path: str) -> BinaryIO:
        raise AssertionError(path)

    def require_present(self, path: str = "") -> None:
        return


def peak(files: int, tmp_path: Path) -> int:
    indexer = Indexer(Endless(files), WantedNames([]), Progress(tmp_path / "progress.json", "04"))
    tracemalloc.start()
    try:
        assert sum(chunk.data.num_rows for chunk in indexer.chunks()) == files
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_memory_is_that_of_a_page_whatever_the_number_of_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(file_index, "PAGE_FILES", 1000)
    assert peak(50_000, tmp_path) < 1.5 * peak(10_000, tmp_path)


# --- looking up ----------------------------------------------------------------------------------------


def stage(folder: Path, *files: tuple[str, IndexedFile], table: str = "Files") -> Path:
    write_chunk(folder / table, 0, as_table(files))
    return folder


def indexed(path: str, content: bytes, *, read: bool = True) -> tuple[str, IndexedFile]:
    name = path.rpartition("/")[2]
    if not read:
        return name, IndexedFile(path, len(content))
    return name, IndexedFile(path, len(content), zlib.crc32(content), content.hex())


def wants(name: str, content: bytes | None = None, key: int = 1) -> Row:
    crc = {} if content is None else {"Length": len(content), "Crc": zlib.crc32(content)}
    return {"AttachmentKey": str(key), "FileNameOnDisk": name, **crc}


def of_ticket(wanted: Row, key: int) -> Row:
    return {"TicketID": 1, "TicketAttachmentID": key, **{k: v for k, v in wanted.items() if k != "AttachmentKey"}}


def test_a_file_that_a_later_stage_did_not_read_keeps_its_checksums_if_its_size_is_the_same(tmp_path: Path) -> None:
    full = stage(tmp_path / "full", indexed("a", b"aa"), indexed("b", b"bb"), indexed("gone", b"gone"))
    delta = stage(tmp_path / "delta", indexed("a", b"xx", read=False), indexed("b", b"other", read=False),
                  indexed("new", b"new"))  # fmt: skip
    index = FileIndex(Staged([full, delta]))
    (a,), (b,), (gone,), (new,) = (index.named(name) for name in ("a", "b", "gone", "new"))
    assert (a.crc, a.sha256) == (zlib.crc32(b"aa"), b"aa".hex())
    assert (b.size, b.crc, b.sha256) == (5, None, None)
    assert (gone.size, new.crc) == (4, zlib.crc32(b"new"))


def test_of_a_tree_that_was_moved_between_two_stages_the_file_that_is_there_is_taken(tmp_path: Path) -> None:
    full = stage(tmp_path / "full", indexed("App_Data/1/a", b"aa"), indexed("App_Data/2/a", b"other"))
    delta = stage(tmp_path / "delta", indexed("x/1/a", b"aa"))
    index = FileIndex(Staged([full, delta]))
    assert index.match(wants("a", b"aa")).file.path == "x/1/a"  # type: ignore[union-attr]
    assert index.match(wants("a", b"other")).file.path == "App_Data/2/a"  # type: ignore[union-attr]
    alone = FileIndex(Staged([full, tmp_path / "delta without files"]))
    assert alone.match(wants("a", b"aa")).file.path == "App_Data/1/a"  # type: ignore[union-attr]


def test_a_file_that_can_be_read_again_has_no_error_any_more(tmp_path: Path) -> None:
    full = stage(tmp_path / "full", ("a", IndexedFile("a", 2, error="Input/output error")))
    assert FileIndex(Staged([full])).match(wants("a", b"aa")).state == "unreadable"
    delta = stage(tmp_path / "delta", indexed("a", b"aa"))
    assert FileIndex(Staged([full, delta])).match(wants("a", b"aa")).state == "matched"


def test_filling_the_look_up_and_going_through_all_rows_say_that_this_process_is_alive(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(file_index, "SLICE", 1)
    shop, beats = Shop(tmp_path), 0

    def alive() -> None:
        nonlocal beats
        beats += 1

    for key in range(1, 6):
        shop.file(f"{key}.att", b"content")
        shop.add("TicketAttachments", of_ticket(wants(f"{key}.att", b"other"), key))
    staged = shop.stage()
    index = Lookups.of(staged, shop.mapping(staged), shop.parameters(), alive).files
    assert index.named("1.att")
    assert beats == 5
    assert not index.checksums_hold
    assert beats == 10


def test_one_checksum_that_agrees_makes_the_others_count(tmp_path: Path) -> None:
    for proof, state in ((b"other", "matched"), (b"proof", "differs")):
        shop = Shop(tmp_path / proof.decode())
        shop.file("a.att", b"damag")
        shop.file("b.att", b"proof")
        shop.add("TicketAttachments", of_ticket(wants("a.att", b"whole"), 1), of_ticket(wants("b.att", proof), 2))
        assert shop.lookups().files.match(wants("a.att", b"whole")).state == state


def test_what_the_database_holds_is_taken_where_no_file_has_the_name(tmp_path: Path) -> None:
    blobs = stage(tmp_path / "full", (blob_name(7), IndexedFile("blob:ab", 2, zlib.crc32(b"xx"))), table="Blobs")
    stage(blobs, indexed("there", b"xx"))
    index = FileIndex(Staged([blobs]))
    assert index.match(wants("gone", b"xx", 7)).file == IndexedFile("blob:ab", 2, zlib.crc32(b"xx"))
    assert index.match(wants("there", b"xx", 7)).file.path == "there"  # type: ignore[union-attr]
    assert index.match(wants("gone", b"xx", 8)).state == "missing"


@pytest.mark.parametrize("name", ["ABC.att", r"2024\01\abc.att", "App_Data/abc.ATT"])
def test_a_name_is_compared_without_case_and_folders(name: str) -> None:
    assert Files({"abc.att": [IndexedFile("x/abc.att", 3)]}).match(wants(name)).state == "matched"


@pytest.mark.parametrize(
    ("row", "disk"),
    [("Fr\u00fchling.att", "fru\u0308hling.att"), ("fru\u0308hling.att", "FR\u00dcHLING.att"),
     ("report.att. ", "report.att"), ("\u0416.att", "\u0436.att")],
    ids=["an accent apart on disk", "an accent apart in the row", "what Windows takes away", "no Latin letters"],
)  # fmt: skip
def test_a_name_that_a_share_gives_in_another_form_is_the_same_name(
    desk: Desk, root: Path, tmp_path: Path, row: str, disk: str
) -> None:
    tables, folder = tables_of(), tmp_path / "named"
    folder.mkdir()
    create(sqlite_url(folder), tables)
    with writing(sqlite_url(folder), tables) as write:
        add_ticket(write, 1)
        write.add("TicketAttachments", TicketAttachmentID=1, TicketID=1, FileNameOnDisk=row)
    (root / disk).write_bytes(b"here")
    extract(named := Desk(sqlite_url(folder), tmp_path / "other"), root)
    (staged,) = named.staged("full").attachments(["FileNameOnDisk"])
    found = FileIndex(named.staged("full")).match(staged)
    assert (found.state, found.crc) == ("matched", zlib.crc32(b"here"))


def test_what_differs_by_more_than_its_form_is_another_file() -> None:
    assert Files({"strasse.att": [IndexedFile("x", 3)]}).match(wants("stra\u00dfe.att")).state == "missing"


CONTENTS = st.sampled_from([b"", b"a", b"b", b"aa", b"ab", gzip.compress(b"a", mtime=0), gzip.compress(b"ab", mtime=0)])


def _read(path: str, content: bytes) -> IndexedFile:
    inside = gzip.decompress(content) if content[:2] == b"\x1f\x8b" else None
    more = (
        {} if inside is None else {"packing": "gzip", "unpacked_size": len(inside), "unpacked_crc": zlib.crc32(inside)}
    )
    return IndexedFile(path, len(content), zlib.crc32(content), content.hex(), **more)  # type: ignore[arg-type]


@given(st.lists(CONTENTS, max_size=5), CONTENTS, st.booleans(), st.randoms())
def test_where_a_file_is_what_its_row_says_that_content_is_found_among_any_others(
    others: list[bytes], wanted: bytes, hold: bool, rng: Any
) -> None:
    files = [_read(f"{n}/x", content) for n, content in enumerate([*others, wanted])]
    rng.shuffle(files)
    found = match(wants("x", wanted), files, checksums_hold=hold)
    if not wanted:
        return  # such a row says nothing
    assert found.state == "matched"
    assert (found.size, found.crc) == (len(wanted), zlib.crc32(wanted))


@given(st.lists(CONTENTS, max_size=5), st.one_of(st.none(), st.integers(0, 3)), st.sampled_from([None, 0, 7]),
       st.booleans(), st.randoms())  # fmt: skip
def test_the_order_of_files_says_nothing_and_nothing_that_differs_is_taken_by_guess(
    contents: list[bytes], length: int | None, crc: int | None, hold: bool, rng: Any
) -> None:
    files = [_read(f"{n}/x", content) for n, content in enumerate(contents)]
    row = {"Length": length, "Crc": crc}
    found = match(row, files, checksums_hold=hold)
    rng.shuffle(files)
    assert match(row, files, checksums_hold=hold) == found
    if found.state == "matched" and length:
        assert found.size == length
        sent = {(f.size, f.crc) for f in files} | {(f.unpacked_size, f.unpacked_crc) for f in files if f.packing}
        assert len({pair for pair in sent if pair[0] == length}) == 1 or not crc
    if found.state == "missing":
        assert not files


def test_files_of_one_name_and_different_content_are_not_guessed_between() -> None:
    several = [_read("1/x", b"a"), _read("2/x", b"b")]
    assert match({"Length": 1, "Crc": None}, several, checksums_hold=True).state == "ambiguous"
    assert match({"Length": None, "Crc": None}, several, checksums_hold=True).state == "ambiguous"
    assert match({"Length": 1, "Crc": zlib.crc32(b"b")}, several, checksums_hold=False).file == several[1]
    same = [_read("2/x", b"a"), _read("1/x", b"a")]
    assert match({"Length": 1, "Crc": None}, same, checksums_hold=True).file == same[1]
