"""The bytes of an attachment: taken as they are or unpacked, if they are what the row and the index say."""

from __future__ import annotations

import gzip
import io
import tracemalloc
import zipfile
import zlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from migrator_lib.errors import FilesMissing, RecordUnusable, StorageError
from migrator_lib.load.files import read_file
from migrator_lib.smartertrack.blobs import BLOB
from migrator_lib.smartertrack.contents import examine, unpacked
from migrator_lib.smartertrack.files import FilesRoot
from migrator_lib.smartertrack.matching import IndexedFile, Match, match

CONTENT = b"what was attached " * 20
CRC = zlib.crc32(CONTENT)
SIGNED = CRC - 2**32
NOWHERE = Path("no-blobs")


class NoSeek(io.BytesIO):
    """A stream as a program that packs while it sends has: sizes and checksums follow behind the content."""

    def seekable(self) -> bool:
        return False

    def tell(self) -> int:
        raise OSError


def zipped(*contents: bytes, method: int = zipfile.ZIP_DEFLATED, buffer: io.BytesIO | None = None) -> bytes:
    buffer = buffer or io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for number, content in enumerate(contents):
            made = zipfile.ZipInfo(f"{number}")  # dated 1980: a date of now would be another one in each worker
            made.external_attr = 0o600 << 16
            archive.writestr(made, content, method)
    return buffer.getvalue()


def encrypted(packed: bytes) -> bytes:
    """Return a zip whose one file says that it needs a password."""
    marked, central = bytearray(packed), packed.index(b"PK\x01\x02")
    marked[6] |= 1
    marked[central + 8] |= 1
    return bytes(marked)


def found(root: Path, content: bytes, crc: int | None, length: int | None, *, checksums_hold: bool = False) -> Match:
    (root / "f").write_bytes(content)
    c = examine(io.BytesIO(content))
    file = IndexedFile("f", c.size, c.crc, c.sha256, c.packing, c.unpacked_size, c.unpacked_crc)
    return match({"Crc": crc, "Length": length}, [file], checksums_hold=checksums_hold)


def read(root: Path, content: bytes, crc: int | None, length: int | None) -> bytes | None:
    """Return what goes up, or None where the file is not what the row says."""
    what = found(root, content, crc, length)
    return read_file(FilesRoot.at(root), NOWHERE, what) if what.state == "matched" else None


@pytest.mark.parametrize(
    ("crc", "length"),
    [
        (CRC, len(CONTENT)),
        (SIGNED, None),
        (None, len(CONTENT)),
        (12, len(CONTENT)),
        (CRC, 3),
        (None, None),
        (0, 0),
        (None, -1),
        (CRC, -1),
    ],
)
def test_a_file_is_taken_where_checksum_or_length_agree_or_nothing_is_said(
    tmp_path: Path, crc: int | None, length: int | None
) -> None:
    assert read(tmp_path, CONTENT, crc, length) == CONTENT


def test_where_checksums_are_known_to_be_ours_one_that_differs_tells_of_a_damaged_file(tmp_path: Path) -> None:
    assert found(tmp_path, CONTENT, 12, len(CONTENT), checksums_hold=True).state == "differs"
    assert found(tmp_path, CONTENT, CRC, len(CONTENT), checksums_hold=True).state == "matched"
    assert found(tmp_path, CONTENT, None, len(CONTENT), checksums_hold=True).state == "matched"


@pytest.mark.parametrize(
    "packed",
    [gzip.compress(CONTENT, mtime=0), gzip.compress(CONTENT[:50]) + gzip.compress(CONTENT[50:]),
     zlib.compress(CONTENT), zipped(CONTENT), zipped(CONTENT, buffer=NoSeek())],
    ids=["gzip", "gzip of two", "zlib", "zip", "zip that was streamed"],
)  # fmt: skip
@pytest.mark.parametrize("crc", ["of the content", "of the disk", None, 12])
def test_a_file_that_the_disk_holds_packed_is_unpacked(tmp_path: Path, packed: bytes, crc: str | int | None) -> None:
    said = {"of the content": CRC, "of the disk": zlib.crc32(packed)}.get(str(crc), crc)
    assert read(tmp_path, packed, said, len(CONTENT)) == CONTENT  # type: ignore[arg-type]


@pytest.mark.parametrize("packed", [gzip.compress(CONTENT, mtime=0), zlib.compress(CONTENT), zipped(CONTENT),
                                    encrypted(zipped(CONTENT))])  # fmt: skip
def test_what_was_attached_packed_stays_packed(tmp_path: Path, packed: bytes) -> None:
    assert read(tmp_path, packed, zlib.crc32(packed), len(packed)) == packed
    assert read(tmp_path, packed, None, None) == packed


@pytest.mark.parametrize(
    "content",
    [
        b"something else",
        gzip.compress(b"something else", mtime=0),
        gzip.compress(CONTENT, mtime=0)[:-20],
        gzip.compress(CONTENT, mtime=0) + b"and more",
        zlib.compress(CONTENT)[:-2],
        zipped(CONTENT, b"a second file"),
        encrypted(zipped(CONTENT)),
        zipped(CONTENT, method=zipfile.ZIP_LZMA),
        b"\x1f\x8bbroken",
        b"PK\x03\x04broken",
    ],
)
def test_a_damaged_file_is_refused(tmp_path: Path, content: bytes) -> None:
    assert found(tmp_path, content, CRC, len(CONTENT)).state == "differs"


def test_the_list_of_a_zip_of_very_many_files_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(zipped(*[b""] * 10_000))
    tracemalloc.start()
    try:
        with (tmp_path / "f").open("rb") as stream:
            assert examine(stream).packing == ""
        assert tracemalloc.get_traced_memory()[1] < 4_000_000
    finally:
        tracemalloc.stop()


@given(st.sampled_from([zipped(CONTENT), gzip.compress(CONTENT, mtime=0), zlib.compress(CONTENT)]),
       st.lists(st.tuples(st.integers(2, 10_000), st.integers(0, 255)), max_size=4), st.integers(0, 20))  # fmt: skip
def test_whatever_a_file_holds_it_is_measured_and_what_is_unpacked_is_what_was_measured(
    packed: bytes, changes: list[tuple[int, int]], lost: int
) -> None:
    content = bytearray(packed)
    for place, value in changes:
        content[place % len(content)] = value
    del content[len(content) - lost :]
    c = examine(io.BytesIO(content))
    assert (c.size, c.crc) == (len(content), zlib.crc32(content))
    if c.packing in ("gzip", "zlib"):
        assert c.unpacked_size is not None
        inside = unpacked(io.BytesIO(content), c.packing, c.unpacked_size)
        assert inside is not None
        assert zlib.crc32(inside) == c.unpacked_crc


def test_a_bomb_is_not_unpacked_beyond_the_length_that_is_expected(tmp_path: Path) -> None:
    packed = gzip.compress(bytes(5_000_000), mtime=0)
    assert read(tmp_path, packed, 1, 1000) is None
    was = found(tmp_path, packed, None, 5_000_000)
    (tmp_path / "f").write_bytes(gzip.compress(bytes(50_000_000), mtime=0))
    with pytest.raises(RecordUnusable, match="damaged or replaced"):
        read_file(FilesRoot.at(tmp_path), NOWHERE, was)


@pytest.mark.parametrize("now", [b"x" + CONTENT[1:], CONTENT + b"more", CONTENT[:-1], b""])
def test_a_file_that_changed_behind_the_index_is_refused(tmp_path: Path, now: bytes) -> None:
    was = found(tmp_path, CONTENT, CRC, len(CONTENT))
    (tmp_path / "f").write_bytes(now)
    with pytest.raises(RecordUnusable, match="when it was indexed"):
        read_file(FilesRoot.at(tmp_path), NOWHERE, was)


@pytest.mark.parametrize(("now", "goes_up"), [(CONTENT, True), (b"x" + CONTENT[1:], False)])
def test_a_file_that_was_not_read_for_the_index_is_verified_by_its_row_when_it_goes_up(
    tmp_path: Path, now: bytes, goes_up: bool
) -> None:
    (tmp_path / "f").write_bytes(now)
    unread = match({"Crc": CRC, "Length": len(CONTENT)}, [IndexedFile("f", len(CONTENT))], checksums_hold=True)
    if goes_up:
        assert read_file(FilesRoot.at(tmp_path), NOWHERE, unread) == CONTENT
    else:
        with pytest.raises(RecordUnusable, match="damaged or replaced"):
            read_file(FilesRoot.at(tmp_path), NOWHERE, unread)


def test_of_two_files_that_were_not_read_none_is_guessed() -> None:
    row = {"Crc": CRC, "Length": len(CONTENT)}
    unread = [IndexedFile(path, len(CONTENT)) for path in ("1/f", "2/f")]
    assert match(row, unread, checksums_hold=True).state == "ambiguous"


def test_a_file_that_cannot_be_read_is_refused_with_the_reason(tmp_path: Path) -> None:
    (tmp_path / "another").touch()
    with pytest.raises(RecordUnusable, match="No such file"):
        read_file(FilesRoot.at(tmp_path), NOWHERE, Match("matched", IndexedFile("gone", 1), size=1))


def test_an_empty_root_is_no_root_and_stops_instead(tmp_path: Path) -> None:
    gone = Match("matched", IndexedFile("gone", 1), size=1)
    with pytest.raises(FilesMissing, match="is empty now"):
        read_file(FilesRoot.at(tmp_path), NOWHERE, gone)
    with pytest.raises(FilesMissing, match=r"source\.files_root is empty"):
        read_file(None, NOWHERE, gone)


def test_a_share_below_the_root_that_is_not_mounted_stops_at_its_first_file(tmp_path: Path) -> None:
    (tmp_path / "web.config").touch()
    (tmp_path / "share").mkdir()
    gone = Match("matched", IndexedFile("share/2024/01/gone", 1), size=1)
    with pytest.raises(FilesMissing, match="share had files, and is gone or empty now") as caught:
        read_file(FilesRoot.at(tmp_path), NOWHERE, gone)
    assert "mount the share" in caught.value.next_step


@pytest.mark.parametrize("left", ["share/2024/02", "share/2024/01", "other"])
def test_a_folder_that_was_purged_is_told_from_a_share_that_is_gone(tmp_path: Path, left: str) -> None:
    (tmp_path / left).mkdir(parents=True)
    gone = Match("matched", IndexedFile("share/2024/01/gone", 1), size=1)
    with pytest.raises(RecordUnusable, match="No such file"):
        read_file(FilesRoot.at(tmp_path), NOWHERE, gone)


def test_where_what_was_staged_of_the_database_is_gone_the_load_stops_and_asks_for_no_share(tmp_path: Path) -> None:
    staged = Match("matched", IndexedFile(f"{BLOB}{'ab' * 32}", 1), size=1)
    with pytest.raises(StorageError, match="cannot be read below") as caught:
        read_file(FilesRoot.at(tmp_path), tmp_path / "blobs", staged)
    assert "04_extract" in caught.value.next_step


def test_of_a_file_that_cannot_be_read_or_is_damaged_it_is_said_that_the_next_load_sends_it_behind(
    tmp_path: Path,
) -> None:
    was = found(tmp_path, CONTENT, CRC, len(CONTENT))
    (tmp_path / "f").write_bytes(b"damaged")
    with pytest.raises(RecordUnusable) as damaged:
        read_file(FilesRoot.at(tmp_path), NOWHERE, was)
    (tmp_path / "f").rename(tmp_path / "g")
    with pytest.raises(RecordUnusable) as gone:
        read_file(FilesRoot.at(tmp_path), NOWHERE, was)
    for caught in (gone, damaged):
        assert caught.value.next_step.endswith("is replaced by one that has it.")
        assert "and load again" in caught.value.next_step
