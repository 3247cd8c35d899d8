"""CSV files are whole, and nothing in them is a formula."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

import pytest

from migrator_lib.csv_file import write_csv


def read(file: Path) -> list[list[str]]:
    with file.open(encoding="utf-8", newline="") as stream:
        return list(csv.reader(stream))


@pytest.mark.parametrize("text", ["=1+1", '=HYPERLINK("x")', "+49 30 1", "-2+3", "@SUM(A1)", "\t=1", "\r=1"])
def test_a_text_that_a_spreadsheet_would_compute_is_written_as_text(tmp_path: Path, text: str) -> None:
    write_csv(tmp_path / "list.csv", ["a"], [[text]])
    assert read(tmp_path / "list.csv") == [["a"], ["'" + text]]


def test_other_texts_and_numbers_stay_as_they_are(tmp_path: Path) -> None:
    write_csv(tmp_path / "list.csv", ["a", "b", "c"], [["168-24F2", -5, 'Müller, "A"\nB']])
    assert read(tmp_path / "list.csv")[1:] == [["168-24F2", "-5", 'Müller, "A"\nB']]


def test_a_list_that_could_not_be_made_to_its_end_leaves_the_old_one(tmp_path: Path) -> None:
    def rows() -> Iterator[list[int]]:
        yield [2]
        raise KeyError("source")

    write_csv(tmp_path / "list.csv", ["a"], [[1]])
    with pytest.raises(KeyError):
        write_csv(tmp_path / "list.csv", ["a"], rows())
    assert read(tmp_path / "list.csv") == [["a"], ["1"]]
    assert [file.name for file in tmp_path.iterdir()] == ["list.csv"]
