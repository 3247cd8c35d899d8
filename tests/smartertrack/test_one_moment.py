"""A live source that is read in one transaction gives what was there at one moment."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

import pytest
import sqlalchemy as sa

from migrator_lib.errors import SourceError
from migrator_lib.smartertrack.database import SourceDatabase
from migrator_lib.smartertrack.tables import source_table
from tests.smartertrack.source_desk import add_ticket, create, everything, execute, tables_of, writing

TICKETS = source_table("Tickets")


@pytest.fixture
def source(url: str) -> Iterator[SourceDatabase]:
    """A source of three tickets, which others can write to meanwhile."""
    tables = tables_of(["Tickets", "TicketMessages"])
    create(url, tables)
    if url.startswith("sqlite"):
        execute(url, "PRAGMA journal_mode=WAL")
    with writing(url, tables) as write:
        for key in (1, 2, 3):
            add_ticket(write, key)
    database = SourceDatabase(url)
    assert database.binding
    yield database
    database.close()


def _tickets(source: SourceDatabase) -> list[int]:
    return [key for block in source.stream(TICKETS, rows=2) for key in block.columns["TicketID"]]


def test_what_others_write_meanwhile_is_not_seen_until_later(url: str, source: SourceDatabase) -> None:
    began: list[datetime] = []
    with source.one_moment(began.append):
        assert source.count("Tickets") == 3
        with writing(url, tables_of(["Tickets", "TicketMessages"])) as write:
            add_ticket(write, 4)
        assert _tickets(source) == [1, 2, 3]
        assert source.count("TicketMessages") == 3
        assert len(everything(source, "TicketMessages")) == 3
    assert len(began) == 1
    assert _tickets(source) == [1, 2, 3, 4]
    with source.one_moment():
        assert source.count("TicketMessages") == 4


def test_an_error_ends_the_moment_and_the_next_statement_begins_another(source: SourceDatabase) -> None:
    began: list[datetime] = []
    with source.one_moment(began.append):
        assert source.count("Tickets") == 3
        with pytest.raises(SourceError):
            source.select(sa.select(sa.column("nothing")).select_from(sa.table("nowhere")), "nowhere")
        assert _tickets(source) == [1, 2, 3]
        assert len(began) == 2


def test_a_table_that_is_not_read_to_its_end_ends_the_moment(source: SourceDatabase) -> None:
    began: list[datetime] = []
    with source.one_moment(began.append):
        blocks = source.stream(TICKETS, rows=1)
        assert next(blocks).rows == 1
        del blocks
        assert source.count("Tickets") == 3
        assert len(began) == 2
