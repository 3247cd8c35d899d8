"""Staged data: one chunk, one stage, and later stages laid over it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from migrator_lib import staged_table
from migrator_lib.chunks import arrow_schema, bad_dates, is_intact, path_of, remove_from, to_staged, write_chunk
from migrator_lib.errors import StorageError
from migrator_lib.smartertrack.tables import ALL_TABLES, TICKET_CHILDREN, TICKETS, SourceTable, source_table
from migrator_lib.staging import Row, Staged, TicketRecord

MESSAGES = source_table("TicketMessages")
COMMENTS = source_table("TicketComments")
ATTACHMENTS = source_table("TicketAttachments")


def stage(folder: Path, rows: dict[str, list[Row]], *, size: int = 1000) -> Path:
    """Write a stage by hand, in chunks of ``size`` rows."""
    for name, given_rows in rows.items():
        table = source_table(name)
        for part, start in enumerate(range(0, max(1, len(given_rows)), size)):
            write_chunk(folder / name, part, to_staged(table, given_rows[start : start + size]))
    return folder


def tickets(*keys: int, **more: Any) -> list[Row]:
    return [{"TicketID": key, "Subject": f"Ticket {key}", **more} for key in keys]


def messages(*keys: tuple[int, int], **more: Any) -> list[Row]:
    return [{"TicketID": key, "TicketMessageID": number, "BodyText": f"{key}-{number}", **more} for key, number in keys]


def records(staged: Staged, size: int = 250) -> dict[int, TicketRecord]:
    found = [record for batch in staged.ticket_batches(size) for record in batch]
    by_key = {record.id: record for record in found}
    assert len(by_key) == len(found), "a ticket came twice"
    return by_key


# --- one chunk -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("table", [table for table in ALL_TABLES if table.key], ids=lambda table: table.name)
def test_a_table_without_rows_has_its_whole_schema(table: SourceTable) -> None:
    assert to_staged(table, []).schema == arrow_schema(table)
    assert to_staged(table, []).schema.names == list(table.columns)


def test_a_chunk_is_known_to_be_intact_or_not(tmp_path: Path) -> None:
    digest = write_chunk(tmp_path / "Tickets", 3, to_staged(TICKETS, tickets(1, 2)))
    assert is_intact(tmp_path / "Tickets", 3, digest)
    assert not is_intact(tmp_path / "Tickets", 4, digest)
    assert not is_intact(tmp_path / "Tickets", 3, digest[::-1])
    file = path_of(tmp_path / "Tickets", 3)
    file.write_bytes(file.read_bytes() + b"\0")
    assert not is_intact(tmp_path / "Tickets", 3, digest)


def test_the_same_rows_make_the_same_bytes(tmp_path: Path) -> None:
    digests = {write_chunk(tmp_path / name, 0, to_staged(TICKETS, tickets(1, 2, 3))) for name in ("a", "b")}
    assert len(digests) == 1


def test_bad_dates_travel_with_their_chunk() -> None:
    rows = [{"TicketID": n, "DateOpenedUTC": date} for n, date in enumerate(("soon", "", None, "2026-01-01"))]
    assert bad_dates(to_staged(TICKETS, rows).schema) == {"DateOpenedUTC": 1}
    assert bad_dates(to_staged(TICKETS, rows[1:]).schema) == {}


def test_old_chunks_are_removed_from_a_number_on(tmp_path: Path) -> None:
    for name in ("part-00000.parquet", "part-00001.parquet", "part-00001.tmp", "part-00002.tmp", "notes.txt"):
        (tmp_path / name).touch()
    remove_from(tmp_path, 1)
    assert sorted(file.name for file in tmp_path.iterdir()) == ["notes.txt", "part-00000.parquet"]
    remove_from(tmp_path / "not there", 0)


def test_a_chunk_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "full").write_text("a file where a folder should be")
    with pytest.raises(StorageError, match="could not be written") as caught:
        write_chunk(tmp_path / "full" / "Tickets", 0, to_staged(TICKETS, []))
    assert "make room" in caught.value.next_step


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"])) | st.none(), max_size=20))
def test_text_is_staged_unchanged(texts: list[str | None]) -> None:
    rows = [{"TicketID": n, "Subject": text} for n, text in enumerate(texts)]
    assert to_staged(TICKETS, rows)["Subject"].to_pylist() == texts


def test_a_long_number_stays_exact() -> None:
    row = {"TicketID": 1, "TicketMessageID": 2**62 + 1}
    assert to_staged(MESSAGES, [row])["TicketMessageID"].to_pylist() == [2**62 + 1]


# --- a stage -------------------------------------------------------------------------------------------


def test_what_was_not_extracted_is_empty(tmp_path: Path) -> None:
    staged = Staged([tmp_path / "full"])
    assert staged.rows("Users") == []
    assert staged.frame("Users").empty
    assert staged.ticket_ids() == set()
    assert list(staged.columns("Tickets", [])) == []
    assert staged.count("Tickets") == 0
    assert list(staged.ticket_batches()) == []


@pytest.mark.parametrize("size", [1, 2, 3, 250])
@pytest.mark.parametrize("chunk", [1, 2, 5, 1000])
def test_a_ticket_has_what_belongs_to_it_whatever_the_sizes(tmp_path: Path, size: int, chunk: int) -> None:
    keys = [(key, key * 10 + n) for key in range(1, 12) for n in range(key % 4)]
    comments = [{"TicketID": key, "TicketCommentID": number, "CommentText": "x"} for key, number in keys if number % 2]
    stage(tmp_path, {"Tickets": tickets(*range(1, 12)), "TicketMessages": messages(*keys), "TicketComments": comments},
          size=chunk)  # fmt: skip
    found = records(Staged([tmp_path]), size)
    assert list(found) == list(range(1, 12))
    for key, record in found.items():
        assert [m["TicketMessageID"] for m in record.messages] == [number for k, number in keys if k == key]
        assert [c["TicketCommentID"] for c in record.comments] == [n for k, n in keys if k == key and n % 2]
        assert record.attachments == record.fields == record.merges == record.tag_ids == []


@pytest.mark.parametrize("size", [1, 7, 250])
def test_a_batch_is_never_larger_than_asked(tmp_path: Path, size: int) -> None:
    stage(tmp_path, {"Tickets": tickets(*range(600))}, size=90)
    sizes = [len(batch) for batch in Staged([tmp_path]).ticket_batches(size)]
    assert max(sizes) <= size
    assert sum(sizes) == 600


def test_the_footers_of_a_table_are_read_once_however_many_batches_there_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage(
        tmp_path, {"Tickets": tickets(*range(100)), "TicketMessages": messages(*((n, n) for n in range(100)))}, size=9
    )
    opened: list[Any] = []
    real = staged_table.pq.read_metadata
    monkeypatch.setattr(staged_table.pq, "read_metadata", lambda file: opened.append(file) or real(file))
    assert len(list(Staged([tmp_path]).ticket_batches(5))) > 20
    assert len(opened) == len(set(opened)) == len(list(tmp_path.glob("*/*.parquet")))


def test_what_a_row_group_may_hold_is_looked_up_once_however_many_batches_there_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = range(100)
    stage(tmp_path, {"Tickets": tickets(*keys), "TicketMessages": messages(*((n, n) for n in keys))}, size=9)
    asked: list[Any] = []
    real = staged_table._range
    monkeypatch.setattr(staged_table, "_range", lambda group: asked.append(group) or real(group))
    assert len(list(Staged([tmp_path]).ticket_batches(5))) > 20
    assert len(asked) == len(list(tmp_path.glob("TicketMessages/*.parquet")))


def cut_short(content: bytes) -> bytes:
    return content[: len(content) // 2]


def overwritten(content: bytes) -> bytes:
    return content[:4] + bytes(60) + content[64:]


@pytest.mark.parametrize("harm", [cut_short, overwritten, lambda content: b""])
@pytest.mark.parametrize("table", ["Tickets", "TicketMessages"])
def test_a_damaged_chunk_is_said_with_what_to_do_next(
    tmp_path: Path, harm: Callable[[bytes], bytes], table: str
) -> None:
    stage(tmp_path, {"Tickets": tickets(1, 2), "TicketMessages": messages((1, 10), (2, 20))})
    file = path_of(tmp_path / table, 0)
    file.write_bytes(harm(file.read_bytes()))
    for read in (lambda: Staged([tmp_path]).rows(table), lambda: list(Staged([tmp_path]).ticket_batches())):
        with pytest.raises(StorageError, match=rf"{table}.+ is damaged, or cannot be read: .+") as caught:
            read()
        assert caught.value.next_step.startswith("run 04_extract again: it reads that chunk and all behind it anew")


def test_an_attachment_knows_whether_its_message_is_a_draft(tmp_path: Path) -> None:
    attachments = [
        {"TicketID": 1, "TicketAttachmentID": n, "TicketMessageID": n, "FileNameOnDisk": f"{n}.bin"}
        for n in (10, 11, 12)
    ]
    drafts = [*messages((1, 10), IsDraft=True), *messages((1, 11), IsDraft=False)]
    stage(tmp_path, {"Tickets": tickets(1), "TicketMessages": drafts, "TicketAttachments": attachments})
    (record,) = records(Staged([tmp_path])).values()
    assert [(a["TicketMessageID"], a["OfDraft"]) for a in record.attachments] == [(10, True), (11, False), (12, False)]


def test_a_ticket_has_the_tags_of_its_tasks_and_time_logs_once_and_none_of_deleted_ones(tmp_path: Path) -> None:
    tasks = [
        {"TicketID": 1, "TaskID": 5},
        {"TicketID": 1, "TaskID": 6, "IsDeleted": True},
        {"TicketID": 2, "TaskID": 7},
    ]
    logs = [
        {"TicketID": 1, "TimeLogID": 1, "TagID": 9}, {"TicketID": 1, "TimeLogID": 2, "TagID": None},
        {"TicketID": 2, "TimeLogID": 3, "TagID": 8, "IsDeleted": True},
    ]  # fmt: skip
    tagged = [{"TagsInTasksID": n, "TaskID": task, "TagID": tag} for n, (task, tag) in enumerate(
        ((5, 3), (5, 9), (6, 4), (7, 2)))]  # fmt: skip
    stage(tmp_path, {"Tickets": tickets(1, 2, 3), "Tasks": tasks, "TimeLogs": logs, "TagsInTasks": tagged})
    assert {key: record.tag_ids for key, record in records(Staged([tmp_path])).items()} == {1: [3, 9], 2: [2], 3: []}


def test_dates_come_back_aware_and_in_utc(tmp_path: Path) -> None:
    moment = datetime(2026, 7, 1, 12, 0, 0, 500)
    stage(tmp_path, {"Tickets": tickets(1, DateOpenedUTC=moment)})
    (row,) = Staged([tmp_path]).rows("Tickets")
    assert row["DateOpenedUTC"].utcoffset().total_seconds() == 0
    assert row["DateOpenedUTC"].replace(tzinfo=None) == moment


def test_only_the_tickets_that_are_asked_for_are_put_together(tmp_path: Path) -> None:
    keys = [(key, key * 10) for key in range(1, 12)]
    stage(tmp_path, {"Tickets": tickets(*range(1, 12)), "TicketMessages": messages(*keys)}, size=3)
    found = [record for batch in Staged([tmp_path]).ticket_batches(4, only=[9, 2, 3, 99]) for record in batch]
    assert [(record.id, [m["TicketMessageID"] for m in record.messages]) for record in found] == [
        (2, [20]), (3, [30]), (9, [90]),
    ]  # fmt: skip
    assert list(Staged([tmp_path]).ticket_batches(only=[])) == []


# --- later stages --------------------------------------------------------------------------------------


@pytest.fixture
def overlaid(tmp_path: Path) -> Staged:
    """Tickets 1 to 4; ticket 2 changed in a first delta and again in a second, which also brings ticket 5."""
    full = stage(tmp_path / "full", {
        "Tickets": tickets(1, 2, 3, 4), "Brands": [{"BrandID": 1, "BrandName": "Old"}],
        "TicketMessages": messages((1, 10), (2, 20), (2, 21), (4, 40)),
    })  # fmt: skip
    first = stage(tmp_path / "delta-1", {
        "Tickets": tickets(2, 3, Subject="first"), "TicketMessages": messages((2, 20), (2, 21), (2, 22), (3, 30)),
    })  # fmt: skip
    second = stage(tmp_path / "delta-2", {
        "Tickets": tickets(2, 5, Subject="second"), "TicketMessages": messages((2, 22), (5, 50)),
        "Brands": [{"BrandID": 1, "BrandName": "New"}],
    })  # fmt: skip
    return Staged([full, first, second])


def test_a_ticket_is_what_the_latest_stage_says_with_its_children_of_the_same_stage(overlaid: Staged) -> None:
    found = records(overlaid)
    subjects = {key: record.row["Subject"] for key, record in found.items()}
    assert subjects == {1: "Ticket 1", 2: "second", 3: "first", 4: "Ticket 4", 5: "second"}
    children = {key: [m["TicketMessageID"] for m in record.messages] for key, record in found.items()}
    assert children == {1: [10], 2: [22], 3: [30], 4: [40], 5: [50]}


def test_columns_ids_and_counts_are_laid_over_too(overlaid: Staged) -> None:
    assert {row["TicketID"]: row["Subject"] for row in overlaid.columns("Tickets", ["Subject"])} == {
        1: "Ticket 1", 2: "second", 3: "first", 4: "Ticket 4", 5: "second",
    }  # fmt: skip
    keys = sorted(row["TicketMessageID"] for row in overlaid.columns("TicketMessages", ["TicketMessageID"]))
    assert keys == [10, 22, 30, 40, 50]
    assert overlaid.ticket_ids() == {1, 2, 3, 4, 5}
    assert overlaid.count("Tickets") == 5
    assert overlaid.count("TicketMessages") == 5


def test_the_columns_of_chosen_tickets_are_laid_over_too(overlaid: Staged) -> None:
    found = {row["TicketID"]: row["Subject"] for row in overlaid.columns_of([1, 2, 9], "Tickets", ["Subject"])}
    assert found == {1: "Ticket 1", 2: "second"}
    assert list(overlaid.columns_of([], "Tickets", ["Subject"])) == []


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Staged:
    """Messages of every third ticket, in chunks that end within a ticket."""
    rows = messages(*((key, 10 * key + n) for key in range(0, 40, 3) for n in range(key % 4)))
    return Staged([stage(tmp_path_factory.mktemp("many"), {"TicketMessages": rows}, size=5)])


@given(chosen=st.sets(st.integers(-2, 45), max_size=15))
def test_the_columns_of_chosen_tickets_are_those_that_a_pass_over_all_would_find(
    many: Staged, chosen: set[int]
) -> None:
    expected = [row for row in many.columns("TicketMessages", ["BodyText"]) if row["TicketID"] in chosen]
    assert list(many.columns_of(chosen, "TicketMessages", ["BodyText"])) == expected


@pytest.mark.parametrize("size", [1, 2, 250])
def test_tickets_come_in_the_order_that_is_asked_with_what_belongs_to_them(overlaid: Staged, size: int) -> None:
    plain = records(overlaid)
    asked = [*sorted(plain, reverse=True), 4711]  # one that is not staged
    batches = list(overlaid.tickets_in_order(asked, size))
    assert [ticket for batch in batches for ticket in batch] == [plain[ticket] for ticket in asked[:-1]]
    assert max(len(batch) for batch in batches) <= size


def test_a_small_table_is_taken_whole_from_the_latest_stage_that_has_it(overlaid: Staged) -> None:
    assert [row["BrandName"] for row in overlaid.rows("Brands")] == ["New"]
    assert overlaid.count("Brands") == 1
    assert [row["BrandName"] for row in Staged(overlaid.folders[:2]).rows("Brands")] == ["Old"]


def test_a_delta_of_nothing_changes_nothing(tmp_path: Path) -> None:
    full = stage(tmp_path / "full", {"Tickets": tickets(1, 2), "TicketMessages": messages((1, 10))})
    empty: dict[str, list[Row]] = {table.name: [] for table in (TICKETS, *TICKET_CHILDREN)}
    delta = stage(tmp_path / "delta", empty)
    plain, laid_over = Staged([full]), Staged([full, delta])
    assert records(plain) == records(laid_over)
    assert laid_over.count("TicketMessages") == 1


@given(st.lists(st.sets(st.integers(1, 30), max_size=12), min_size=1, max_size=4))
def test_every_ticket_comes_once_and_from_the_last_stage_that_has_it(
    tmp_path_factory: pytest.TempPathFactory, held: list[set[int]]
) -> None:
    root = tmp_path_factory.mktemp("stages")
    folders = [
        stage(root / str(n), {"Tickets": tickets(*sorted(keys), Subject=str(n)),
                              "TicketMessages": messages(*((key, key) for key in sorted(keys)), Subject=str(n))})
        for n, keys in enumerate(held)
    ]  # fmt: skip
    expected = {key: str(n) for n, keys in enumerate(held) for key in keys}
    found = records(Staged(folders), 5)
    assert {key: record.row["Subject"] for key, record in found.items()} == expected
    assert {key: [m["Subject"] for m in record.messages] for key, record in found.items()} == {
        key: [subject] for key, subject in expected.items()
    }
    assert Staged(folders).count("TicketMessages") == len(expected)


def test_a_frame_holds_every_ticket_once_with_the_columns_that_are_asked(overlaid: Staged) -> None:
    frame = overlaid.frame("Tickets", ["TicketID"])
    assert list(frame.columns) == ["TicketID"]
    assert sorted(frame["TicketID"].tolist()) == [1, 2, 3, 4, 5]


def test_distinct_values_are_those_of_all_stages(overlaid: Staged) -> None:
    assert overlaid.distinct("Tickets", "TicketID") == {1, 2, 3, 4, 5}
