"""The day after the build: what a delta at cutover has to find."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from migrator_lib.simulators.smartertrack import advance
from migrator_lib.simulators.smartertrack.day_after import KINDS
from tests.simulated_shop import NOW_TEXT, Shop, folder

Advanced = tuple[Shop, dict[str, int], dict[str, int]]


@pytest.fixture(scope="module")
def advanced(tmp_path_factory: pytest.TempPathFactory) -> Advanced:
    made = Shop(tmp_path_factory.mktemp("advanced"), tickets=300)
    before = {
        table: made.count(table)
        for table in ("Tickets", "TicketMessages", "TicketComments", "TicketMerges", "TicketAttachments")
    }
    return made, before, advance(made.url, made.root)


def test_a_day_brings_what_it_says(advanced: Advanced) -> None:
    made, before, done = advanced
    single = dict.fromkeys(("reopened", "attachments", "merged", "deleted"), 1)
    assert done == {"new_tickets": 8, "messages": 12, "comments": 5, "closed": 6, **single}
    assert made.count("Tickets") == before["Tickets"] + 8 - 1
    assert made.count("Tickets", "TicketID > 300") == 8
    old = "TicketID <= 300 AND {} > :now"
    assert made.column(
        f"SELECT COUNT(*) FROM st_TicketMessages WHERE {old.format('DateReceivedUTC')}", now=NOW_TEXT
    ) == [12]
    assert made.column(
        f"SELECT COUNT(*) FROM st_TicketComments WHERE {old.format('DateEnteredUTC')}", now=NOW_TEXT
    ) == [5]
    assert made.column(
        f"SELECT COUNT(*) FROM st_Tickets WHERE IsDeleted AND {old.format('DateDeletedUTC')}", now=NOW_TEXT
    ) == [1]
    closed = f"SELECT COUNT(*) FROM st_Tickets WHERE NOT IsDeleted AND {old.format('DateClosedUTC')}"
    assert made.column(closed, now=NOW_TEXT) == [6]


def test_everything_of_the_day_is_after_the_present_of_the_build(
    advanced: Advanced,
) -> None:
    made, before, _ = advanced
    assert made.column("SELECT COUNT(*) FROM st_TicketMessages WHERE DateReceivedUTC > :now", now=NOW_TEXT) == [
        made.count("TicketMessages") - before["TicketMessages"]
    ]
    new = "SELECT MIN(DateOpenedUTC) FROM st_Tickets WHERE TicketID > 300"
    assert made.column(new)[0] > NOW_TEXT


def test_merged_ticket_lives_on_in_the_surviving_one(advanced: Advanced) -> None:
    made, before, _ = advanced
    assert made.count("TicketMerges") == before["TicketMerges"] + 1
    gone = made.column("SELECT TicketID FROM st_TicketMessages WHERE TicketID NOT IN (SELECT TicketID FROM st_Tickets)")
    assert gone == []
    survivor = made.rows("SELECT TicketID, TicketNumber FROM st_TicketMerges ORDER BY rowid DESC LIMIT 1")[0]
    assert made.count("Tickets", f"TicketNumber = '{survivor['TicketNumber']}'") == 0
    merged = f"TicketID = {survivor['TicketID']} AND EventTypeID = 5 AND EventDateUTC > '{NOW_TEXT}'"
    assert made.count("TicketEventLogs", merged) == 1


def test_an_incoming_message_opens_a_closed_ticket_again(advanced: Advanced) -> None:
    made, _, _ = advanced
    opened = made.rows(
        "SELECT * FROM st_TicketEventLogs WHERE EventTypeID = 2 AND OldTicketStatusID = 3 AND TicketStatusID = 1"
    )
    assert len(opened) == 1
    assert (
        made.count("Tickets", f"TicketID = {opened[0]['TicketID']} AND TicketStatusID = 1 AND DateClosedUTC IS NULL")
        == 1
    )


def test_the_new_file_is_on_disk(advanced: Advanced) -> None:
    made, _, _ = advanced
    names = made.column(
        "SELECT FileNameOnDisk FROM st_TicketAttachments WHERE CreationDateUTC > :now AND TicketID <= 300", now=NOW_TEXT
    )
    assert len(names) == 1
    assert names[0] in made.files()


def test_a_day_passes_once(advanced: Advanced) -> None:
    made, _, done = advanced
    after = made.digest()
    assert advance(made.url, made.root) == dict.fromkeys(KINDS, 0)
    assert made.digest() == after
    marker = made.column("SELECT SettingValue FROM st_GlobalSettings WHERE SettingName = 'DayAfter'")
    assert [json.loads(text) for text in marker] == [done]


def test_the_same_day_follows_the_same_build(tmp_path: Path) -> None:
    made = [Shop(folder(tmp_path, name), tickets=60) for name in ("one", "two")]
    done = [advance(shop.url, shop.root) for shop in made]
    assert done[0] == done[1]
    assert made[0].digest() == made[1].digest()


def test_a_small_help_desk_has_a_day_too(small: Shop) -> None:
    assert advance(small.url, small.root)["new_tickets"] == 8
