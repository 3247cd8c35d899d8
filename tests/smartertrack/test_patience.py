"""A database that goes away while it is read: killed connections, refused ones, a server that does not come back."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from pathlib import Path
from random import Random
from types import SimpleNamespace
from typing import Any

import pytest
import sqlalchemy as sa

from benchmarks.engines import read_all
from migrator_lib.errors import HaltError, SchemaMismatch, SourceDenied, SourceUnreachable
from migrator_lib.extract import Extractor
from migrator_lib.ledger import Ledger
from migrator_lib.progress import Progress, read
from migrator_lib.smartertrack import database as database_module
from migrator_lib.smartertrack import patience as patience_module
from migrator_lib.smartertrack.connection import Waits, translated
from migrator_lib.smartertrack.database import SourceDatabase
from migrator_lib.smartertrack.patience import Patience
from migrator_lib.smartertrack.reading import staged_pages
from migrator_lib.smartertrack.tables import source_table
from tests.smartertrack.proxy import proxied
from tests.smartertrack.source_desk import (
    add_ticket,
    create,
    drop,
    end_connections,
    everything,
    sqlite_url,
    tables_of,
    writing,
)

SERVERS = ["postgresql", "mariadb"]
MESSAGES = source_table("TicketMessages")


# --- the rule, without a database ----------------------------------------------------------------------


@pytest.fixture
def naps(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """How long was slept; nothing waits for it."""
    slept: list[float] = []
    monkeypatch.setattr(patience_module, "time", SimpleNamespace(sleep=slept.append))
    return slept


def _answers(*answers: Any) -> Callable[[], Any]:
    """Return a reading that gives or raises one answer after the other."""
    waiting = iter(answers)

    def ask() -> Any:
        answer = next(waiting)
        with translated("reading st_Tickets"):
            if isinstance(answer, Exception):
                raise answer
        return answer

    return ask


def _lost(words: str = "server closed the connection unexpectedly") -> sa.exc.OperationalError:
    return sa.exc.OperationalError("SELECT 1", {}, Exception(words), connection_invalidated=True)


def _failed(words: str) -> sa.exc.OperationalError:
    return sa.exc.OperationalError("SELECT 1", {}, Exception(words))


def test_what_a_lost_connection_cut_off_is_read_again_until_it_is_there(naps: list[float]) -> None:
    said: list[str] = []
    patience = Patience(say=said.append)
    assert patience(_answers(1)) == 1
    assert patience(_answers(_lost(), _lost("connection refused"), _lost("starting up"), 2)) == 2
    assert naps == [0.5, 1.0]
    assert len(said) == 3
    assert said[0].startswith("Waiting up to 2 min 0 s for the database.")
    assert "starting up" in said[2]


@pytest.mark.parametrize(
    "words", ["database is locked", "deadlock detected", "canceling statement due to conflict with recovery"]
)
def test_an_error_that_passes_is_waited_for_too(naps: list[float], words: str) -> None:
    patience = Patience()
    patience(_answers(1))
    assert patience(_answers(_failed(words), 2)) == 2


def test_a_server_that_never_answered_is_an_error_at_once(naps: list[float]) -> None:
    with pytest.raises(SourceUnreachable):
        Patience()(_answers(_lost()))
    assert naps == []


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (_failed("permission denied for table st_Tickets"), SourceDenied),
        (_failed("no such column: IsSpam"), SchemaMismatch),
        (_failed("canceling statement due to statement timeout"), SourceUnreachable),
    ],
)
def test_what_the_database_answers_is_an_error_at_once(
    naps: list[float], error: Exception, expected: type[HaltError]
) -> None:
    patience = Patience()
    patience(_answers(1))
    with pytest.raises(expected):
        patience(_answers(error, 2))
    assert naps == []


def test_a_login_that_is_refused_while_the_database_is_away_ends_the_waiting(naps: list[float]) -> None:
    patience = Patience()
    patience(_answers(1))
    with pytest.raises(SourceDenied):
        patience(_answers(_lost(), _lost("password authentication failed"), 2))


def test_patience_of_no_seconds_tries_once_more_and_stops(naps: list[float]) -> None:
    patience = Patience(0)
    patience(_answers(1))
    with pytest.raises(SourceUnreachable, match="not back within 0 s") as caught:
        patience(_answers(_lost(), _lost(), 2))
    assert "source.patience_seconds" in caught.value.next_step


@pytest.mark.parametrize("seed", range(6))
def test_wherever_connections_break_no_row_is_lost_or_doubled(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    names = ["TicketMerges", "UsersInGroups", "TicketMessages"]
    url, tables = sqlite_url(tmp_path), tables_of(names)
    create(url, tables)
    with writing(url, tables) as write:
        for n in range(120):
            write.add("TicketMerges", TicketID=n // 9, TicketNumber=("A", "a", "a ", "Ä", "ä")[n % 5] + str(n // 5))
            write.add("UsersInGroups", DepartmentID=n // 50, GroupID=n // 7, UserID=n)
            write.add("TicketMessages", TicketID=n // 3, TicketMessageID=n - 60)
    fetch, chance = sa.CursorResult.fetchmany, Random(seed)
    said: list[str] = []

    def fetch_or_break(result: Any, size: int | None = None) -> Any:
        if chance.random() < 0.2:
            raise _lost()
        return fetch(result, size)

    monkeypatch.setattr(sa.CursorResult, "fetchmany", fetch_or_break)
    monkeypatch.setattr(database_module, "BATCH", 7)
    database = SourceDatabase(url, patience=Patience(say=said.append, shortest=0.001, longest=0.001))
    for name in names:
        table = source_table(name)
        expected = [[row[column] for column in table.key] for row in everything(database, name)]
        found: list[list[Any]] = []
        for page in staged_pages(database, table, chance.choice([5, 13, 1000])):
            found += [[row[column] for column in table.key] for row in page.data.to_pylist()]
        assert found == expected
        assert len(found) == 120
    assert len(said) > 3
    database.close()


# --- servers -------------------------------------------------------------------------------------------


@pytest.fixture
def desk(url: str) -> str:
    """A database of 200 messages."""
    tables = tables_of(["TicketMessages"])
    create(url, tables)
    with writing(url, tables) as write:
        for n in range(200):
            write.add("TicketMessages", TicketID=n // 7, TicketMessageID=n, BodyText=f"text {n} " * 200)
    return url


def _quick(said: list[str] | None = None, seconds: float = 30) -> Patience:
    return Patience(seconds, say=(said if said is not None else []).append, shortest=0.02, longest=0.1)


def _read_keys(database: SourceDatabase, between: Callable[[int], None]) -> list[int]:
    """Read all messages in pages of 30, doing something behind each."""
    keys: list[int] = []
    for number, page in enumerate(staged_pages(database, MESSAGES, 30)):
        keys += page.data["TicketMessageID"].to_pylist()
        between(number)
    return keys


@pytest.mark.parametrize("server", SERVERS, indirect=True)
def test_connections_that_the_server_ends_in_the_middle_lose_nothing(desk: str) -> None:
    said: list[str] = []
    database = SourceDatabase(desk, patience=_quick(said))
    assert _read_keys(database, lambda number: end_connections(desk) if number in (0, 1, 4) else None) == list(
        range(200)
    )
    assert said
    end_connections(desk)
    assert database.count("TicketMessages") == 200
    database.close()


@pytest.mark.parametrize("server", SERVERS, indirect=True)
def test_a_server_that_refuses_for_a_while_is_waited_for(desk: str) -> None:
    said: list[str] = []

    def say(words: str) -> None:
        said.append(words)
        if len(said) in (3, 6):
            proxy.up()

    with proxied(desk) as proxy:
        database = SourceDatabase(proxy.url, patience=Patience(30, say=say, shortest=0.02, longest=0.1))
        found = _read_keys(database, lambda number: proxy.down() if number in (0, 3) else None)
        assert found == list(range(200))
        assert len(said) in (3, 6)  # what the client had in its buffer at the second time needs no server
        database.close()


@pytest.mark.parametrize("server", SERVERS, indirect=True)
def test_a_server_that_does_not_come_back_ends_the_run_with_what_to_do(desk: str) -> None:
    with proxied(desk) as proxy:
        database = SourceDatabase(proxy.url, patience=_quick(seconds=0.2))
        with pytest.raises(SourceUnreachable, match="not back within 0 s") as caught:
            _read_keys(database, lambda _number: proxy.down())
        assert "run again" in caught.value.next_step
        database.close()


@pytest.mark.parametrize("server", SERVERS, indirect=True)
def test_a_statement_that_takes_too_long_is_not_tried_again(server: str, url: str) -> None:
    said: list[str] = []
    database = SourceDatabase(url, patience=_quick(said), waits=Waits(query=1))
    assert database.binding
    sleep = sa.func.pg_sleep(30) if server == "postgresql" else sa.func.sleep(30)
    with pytest.raises(SourceUnreachable, match="took too long") as caught:
        database.select(sa.select(sleep), "st_Tickets")
    assert "source.query_seconds" in caught.value.next_step
    assert said == []
    database.close()


@pytest.mark.parametrize("server", SERVERS, indirect=True)
def test_a_table_that_is_gone_when_the_server_is_back_is_said(desk: str) -> None:
    database = SourceDatabase(desk, patience=_quick())

    def between(_number: int) -> None:
        end_connections(desk)
        drop(desk, tables_of(["TicketMessages"]))

    with pytest.raises(SchemaMismatch):
        _read_keys(database, between)
    database.close()


def test_a_locked_sqlite_database_is_waited_for(tmp_path: Path) -> None:
    url = sqlite_url(tmp_path)
    create(url, tables_of(["TicketMessages"]))
    writer = sa.create_engine(url).connect()
    said: list[str] = []

    def say(words: str) -> None:
        said.append(words)
        writer.rollback()

    database = SourceDatabase(url, patience=Patience(30, say=say, shortest=0.02))
    sa.event.listen(database.engine, "connect", lambda connection, _: connection.execute("PRAGMA busy_timeout = 0"))
    assert database.count("TicketMessages") == 0
    writer.exec_driver_sql("BEGIN EXCLUSIVE")
    assert database.count("TicketMessages") == 0
    assert "locked" in said[0]
    database.close()
    writer.close()


@pytest.mark.parametrize("server", SERVERS, indirect=True)
def test_a_whole_extract_through_failures_is_that_without_them(url: str, tmp_path: Path) -> None:
    tables = tables_of()
    create(url, tables)
    with writing(url, tables) as write:
        for key in range(1, 31):
            add_ticket(write, key, messages=3)
    undisturbed = read_all(url, tmp_path / "undisturbed", page_rows=10)
    folder = tmp_path / "disturbed"
    folder.mkdir()
    progress = Progress(folder / "progress.json", "04_extract")
    shown: list[str] = []

    def say(words: str) -> None:
        progress.wait(words)
        now = read(folder / "progress.json")
        shown.append(now.line() if now else "")

    ledger = Ledger.in_folder(folder / "state")
    database = SourceDatabase(url, patience=Patience(30, say=say, shortest=0.02))
    database.preflight()
    reader = Extractor(source=database, ledger=ledger, folder=folder, stage="full", page_rows=10, progress=progress)
    statements = count(1)

    def kill_now_and_then(*_: Any) -> None:
        if next(statements) % 9 == 0:
            end_connections(url)

    sa.event.listen(database.engine, "before_cursor_execute", kill_now_and_then)
    reader.definitions()
    reader.conversations()
    assert len(shown) > 3
    assert all("Waiting up to" in line for line in shown)
    assert all(undisturbed[name].rows == rows for name, rows in reader.report.rows.items())
    for file in sorted((tmp_path / "undisturbed" / "full").rglob("*.parquet")):
        other = folder / "full" / file.relative_to(tmp_path / "undisturbed" / "full")
        assert other.read_bytes() == file.read_bytes()
    database.close()
    ledger.close()
