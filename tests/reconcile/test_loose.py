"""Tasks and time logs of no ticket are read, accounted for by what they are of, and listed for people."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

from migrator_lib.chunks import to_staged, write_chunk
from migrator_lib.handoff import loose_work
from migrator_lib.ledger import GONE, Ledger
from migrator_lib.reconcile import loose
from migrator_lib.reconcile.accounts import accounts, require_balanced, settle_strays
from migrator_lib.smartertrack.tables import LOOSE_WORK, source_table
from migrator_lib.staging import Staged
from tests.extracting import Desk
from tests.loading import TARGET
from tests.shop import DANA, Shop, minutes
from tests.smartertrack.source_desk import create, tables_of, writing

TASKS: list[dict[str, Any]] = [
    {"TaskID": 1, "ChatID": 9, "Subject": "=Call back", "UserID": DANA, "TaskStatusID": 7, "DateDueUTC": minutes(5)},
    {"TaskID": 2, "Subject": "Tidy up"}, {"TaskID": 3, "IsDeleted": True},
]  # fmt: skip
LOGS: list[dict[str, Any]] = [
    {"TimeLogID": 1, "CallLogID": 4, "Subject": "Talk", "UserID": DANA, "DateStartUTC": minutes(0),
     "DateEndUTC": minutes(12), "IsBillable": True},
]  # fmt: skip


def staged(shop: Shop, tasks: list[dict[str, Any]] = TASKS, logs: list[dict[str, Any]] = LOGS) -> Staged:
    folder = shop.stage().folders[0]
    for table, rows in zip(LOOSE_WORK, (tasks, logs), strict=True):
        write_chunk(folder / table.stage, 0, to_staged(table, [{"IsDeleted": False, **row} for row in rows]))
    return Staged([folder])


def test_an_extract_reads_them_beside_those_of_tickets(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'source.sqlite3'}"
    tables = tables_of()
    create(url, tables)
    with writing(url, tables) as write:
        for n, row in enumerate(
            ({"TicketID": None}, {"TicketID": 4}, {"ChatID": 7}, {"CallLogID": 8}, {"TicketID": 2}), 1
        ):
            write.add("Tasks", TaskID=n, **row)
    desk = Desk(url, tmp_path / "work")
    with desk.reader(page_rows=2) as reader:
        for table in (*LOOSE_WORK, source_table("Tasks")):
            reader.table(table)
    found = desk.staged("full")
    assert [(key, loose.rule_of(row)) for _, key, row in loose.rows(found)] == [
        ("1", loose.OF_NOTHING), ("3", loose.OF_CHAT), ("4", loose.OF_CALL),
    ]  # fmt: skip
    assert (found.count("LooseTasks"), found.count("Tasks"), found.count("LooseTimeLogs")) == (3, 2, 0)


def test_each_has_one_outcome_that_says_what_it_is_of(tmp_path: Path) -> None:
    shop, ledger = Shop(tmp_path), Ledger.in_folder(tmp_path / "state", inline=True)
    now = staged(shop)
    settle_strays(ledger, TARGET, now)
    found = {one.object: one for one in accounts(ledger, TARGET, now, shop.lookups(now))}
    require_balanced([found["task"], found["time_log"]])
    assert found["task"].source == 3
    assert found["task"].rules == {
        ("handed_over", "of_a_live_chat"): 1, ("handed_over", "of_nothing"): 1, ("skipped", "deleted_task"): 1,
    }  # fmt: skip
    assert found["time_log"].rules == {("handed_over", "of_a_call_log"): 1}
    ledger.close()


def test_what_was_put_on_a_ticket_since_leaves_the_accounts_and_what_was_deleted_changes_them(tmp_path: Path) -> None:
    shop, ledger = Shop(tmp_path), Ledger.in_folder(tmp_path / "state", inline=True)
    settle_strays(ledger, TARGET, staged(shop))
    later = staged(shop, [{**TASKS[1], "IsDeleted": True}, TASKS[2]])
    settle_strays(ledger, TARGET, later)
    states = {key: ledger.entry(TARGET, "task", key) for key in ("1", "2", "3")}
    assert {key: entry and (entry.state, entry.rule) for key, entry in states.items()} == {
        "1": (GONE, "of_a_live_chat"), "2": ("skipped", "deleted_task"), "3": ("skipped", "deleted_task"),
    }  # fmt: skip
    log = ledger.entry(TARGET, "time_log", "1")
    assert log is not None
    assert (log.state, log.rule) == ("handed_over", "of_a_call_log")
    ledger.close()


def test_people_get_a_list_of_them_that_a_spreadsheet_can_open(tmp_path: Path) -> None:
    shop = Shop(tmp_path)
    shop.add("TaskStatuses", {"TaskStatusID": 7, "EnglishName": "Waiting"})
    now = staged(shop)
    with loose_work.write(tmp_path / "loose_work.csv", now, shop.lookups(now)).open(
        encoding="utf-8", newline=""
    ) as file:
        rows = list(csv.DictReader(file))
    assert [(row["what"], row["of"], row["of_id"]) for row in rows] == [
        ("task", "live chat", "9"), ("task", "nothing", ""), ("time log", "call log", "4"),
    ]  # fmt: skip
    assert (rows[0]["subject"], rows[0]["agent"], rows[0]["status"]) == ("'=Call back", "Dana Agent", "Waiting")
    assert rows[0]["due"] == "2024-03-01T09:05:00Z"
    assert (rows[2]["minutes"], rows[2]["billable"]) == ("12", "yes")
