"""What was altered in the files of a hash tree is found and named, whatever it was."""

from __future__ import annotations

import json
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from migrator_lib.hash_tree import Problem, check
from migrator_lib.hash_tree.check import MOVED
from migrator_lib.hash_tree.line import digest
from tests.hash_tree.written import SECRET, of_ticket, tickets, write

COUNT = 12
TOLD = [
    *tickets(COUNT),
    ("ticket", "13", of_ticket(13), of_ticket(13, status="closed", tags=["vip"])),
    ("ticket", "14", of_ticket(14), None),
    ("ticket", "15", None, {"id": 900}),
    ("tag", "a,b", {"name": "a,b"}, {"name": "a,b"}),
]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("whole") / "hash_tree"
    write(folder, TOLD)
    return folder


@pytest.fixture
def folder(whole: Path, tmp_path: Path) -> Path:
    """A copy that a test may alter."""
    shutil.copytree(whole, tmp_path / "hash_tree")
    return tmp_path / "hash_tree"


def key_of_line(file: Path, at: int) -> str:
    """The key of the line that a byte is in."""
    data = file.read_bytes()
    return data[data.rfind(b"\n", 0, at) + 1 :].split(b",")[0].decode().replace("%2C", ",")


def altered(file: Path, change: Callable[[list[str]], list[str]]) -> None:
    lines = file.read_text().splitlines(keepends=True)
    file.write_text("".join(change(lines)))


def named(problems: list[Problem]) -> set[tuple[str, str]]:
    return {(one.file, one.key) for one in problems}


def test_what_is_whole_has_no_problem_in_a_folder_and_in_a_zip(whole: Path, tmp_path: Path) -> None:
    assert check(whole) == []
    bundle = Path(shutil.make_archive(str(tmp_path / "bundle"), "zip", whole.parent, "hash_tree"))
    assert check(zipfile.Path(bundle, "hash_tree/")) == []


@pytest.mark.parametrize("name", ["ticket.csv", "ticket.leaves", "tag.csv", "roots.json"])
def test_one_byte_that_is_altered_anywhere_is_found_and_names_its_record(name: str, folder: Path) -> None:
    file = folder / name
    data = file.read_bytes()
    for at in range(0, len(data), 1 if len(data) < 500 else 23):
        file.write_bytes(data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :])
        found = check(folder)
        assert any(one.file == name for one in found), at
        file.write_bytes(data)
        key, is_key = key_of_line(file, at), data[at : at + 1] not in b"\n" and "," in data[:at].decode()
        if (
            name == "ticket.csv"
            and at > data.index(b"\n")
            and is_key
            and data[data.rfind(b"\n", 0, at) : at].count(b",")
        ):
            assert (name, key) in named(found), at


def test_a_digest_that_is_altered_names_its_field(folder: Path) -> None:
    text = (folder / "ticket.csv").read_text()
    status = digest(SECRET, "ticket", "5", "status", "open")
    for at, digit in enumerate(status):
        slip = f"{status[:at]}{int(digit, 16) ^ 1:x}{status[at + 1 :]}"
        (folder / "ticket.csv").write_text(text.replace(status, slip))
        assert [str(one) for one in check(folder)] == ["ticket.csv: ticket 5: was altered, in the field status"]


def test_a_line_that_is_altered_with_its_checksums_is_named_all_the_same(folder: Path) -> None:
    text = (folder / "ticket.csv").read_text()
    open_, closed = (digest(SECRET, "ticket", "5", "status", one) for one in ("open", "closed"))
    (folder / "ticket.csv").write_text(text.replace(open_, closed))
    assert [str(one) for one in check(folder)] == ["ticket.csv: ticket 5: was altered"]


CHANGES: dict[str, tuple[Callable[[list[str]], list[str]], list[tuple[str, str]]]] = {
    "dropped": (lambda rows: [*rows[:5], *rows[6:]], [("5", "was dropped")]),
    "the last dropped": (lambda rows: rows[:-1], [("15", "was dropped")]),
    "added": (lambda rows: [*rows[:5], rows[4].replace("4,", "4x,", 1), *rows[5:]], [("4x", "was added")]),
    "added at the end": (lambda rows: [*rows, rows[4].replace("4,", "99,", 1)], [("99", "was added")]),
    "there twice": (lambda rows: [*rows[:6], *rows[5:]], [("5", MOVED)]),
    "exchanged with the next": (lambda rows: [*rows[:5], rows[6], rows[5], *rows[7:]], [("6", MOVED)]),
    "exchanged with one far away": (
        lambda rows: [*rows[:3], rows[11], *rows[4:11], rows[3], *rows[12:]],
        [("11", MOVED), ("3", MOVED)],
    ),
    "moved to the end": (lambda rows: [*rows[:5], *rows[6:], rows[5]], [("5", MOVED)]),
    "all dropped": (lambda rows: rows[:1], [(str(n), "was dropped") for n in range(1, 16)]),
}
"""What was done to the lines, and what is said of which records."""


@pytest.mark.parametrize("change", list(CHANGES))
def test_records_that_are_dropped_added_or_moved_are_named(change: str, folder: Path) -> None:
    alter, said = CHANGES[change]
    altered(folder / "ticket.csv", alter)
    found = check(folder)
    assert {(one.key, one.words) for one in found} == set(said)
    assert {one.file for one in found} == {"ticket.csv"}


def test_leaves_that_are_altered_are_told_from_records_that_are(folder: Path) -> None:
    altered(folder / "ticket.leaves", lambda rows: [*rows[:4], "5,0123456789abcdef\n", *rows[5:8], *rows[9:]])
    assert [str(one) for one in check(folder)] == [
        "ticket.leaves: ticket 5: was altered",
        "ticket.leaves: ticket 9: was dropped",
    ]


def test_many_records_are_counted_and_the_first_of_them_named(tmp_path: Path) -> None:
    write(tmp_path / "hash_tree", tickets(250))
    altered(tmp_path / "hash_tree" / "ticket.csv", lambda rows: rows[:51])
    found = check(tmp_path / "hash_tree")
    assert [one.key for one in found[:2]] == ["51", "52"]
    assert (len(found), str(found[-1])) == (101, "ticket.csv: ticket: and 100 more of this object")


@pytest.mark.parametrize("what", ["expected", "actual", "records", "differ"])
def test_a_root_or_a_number_that_was_altered_is_found_though_its_own_hash_was_made_anew(
    what: str, whole: Path, folder: Path
) -> None:
    from dataclasses import replace

    from migrator_lib.hash_tree.files import Roots

    roots = Roots.from_json(json.loads((whole / "roots.json").read_text()))
    first, *others = roots.objects
    other = {"expected": "00" * 32, "actual": "00" * 32, "records": 16, "differ": 2}[what]
    forged = replace(roots, objects=[replace(first, **{what: other}), *others])
    (folder / "roots.json").write_text(forged.text())
    assert named(check(folder)) == {("roots.json", "")}
    assert check(folder)[0].obj == "ticket"


def test_files_that_are_missing_more_or_cannot_be_read_are_named(folder: Path, whole: Path, tmp_path: Path) -> None:
    (folder / "tag.csv").unlink()
    (folder / "ticket.leaves").write_bytes(b"")
    (folder / "note.txt").write_text("beside")
    found = check(folder)
    assert {one.file for one in found} == {"tag.csv", "ticket.leaves", "note.txt"}
    (folder / "roots.json").write_bytes(b"\xff" * 100)
    assert [one.file for one in check(folder)] == ["roots.json"]
    (folder / "roots.json").write_text('{"objects": [[]]}')
    assert [one.words for one in check(folder)] == ["is damaged: it is not what was written"]
    (folder / "roots.json").unlink()
    assert check(folder)[0].words.startswith("cannot be read")


def test_a_damaged_member_of_a_zip_names_the_file_and_the_record_before(whole: Path, tmp_path: Path) -> None:
    bundle = Path(shutil.make_archive(str(tmp_path / "bundle"), "zip", whole.parent, "hash_tree"))
    with zipfile.ZipFile(bundle) as archive:
        info = archive.getinfo("hash_tree/ticket.csv")
    data = bytearray(bundle.read_bytes())
    for at in range(info.header_offset + 60, info.header_offset + info.compress_size, 97):
        data[at] ^= 0xFF
        bundle.write_bytes(data)
        found = check(zipfile.Path(bundle, "hash_tree/"))
        assert any(one.file == "ticket.csv" and one.obj == "ticket" for one in found), at
        data[at] ^= 0xFF
