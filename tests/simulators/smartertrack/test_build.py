"""Building: the same every time, in every size, and never half."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa

from migrator_lib.errors import ParameterError
from migrator_lib.simulators.smartertrack import advance, build
from tests.simulated_shop import Shop, folder


def test_same_seed_and_size_give_the_same_rows_and_files(tmp_path: Path) -> None:
    made = [Shop(folder(tmp_path, name), tickets=90) for name in ("one", "two")]
    assert made[0].digest() == made[1].digest()
    assert made[0].world.expected == made[1].world.expected


def test_another_seed_gives_other_rows(tmp_path: Path) -> None:
    made = [Shop(folder(tmp_path, str(seed)), tickets=20, seed=seed) for seed in (7, 8)]
    assert made[0].digest() != made[1].digest()


def test_prefix_names_the_tables(tmp_path: Path) -> None:
    other = Shop(tmp_path, tickets=20, prefix="help_")
    assert all(name.startswith("help_") for name in sa.inspect(other.engine).get_table_names())
    assert other.count("Tickets") == 20
    assert advance(other.url, other.root, prefix="help_")["new_tickets"] == 8


def test_small_size_has_its_tickets_and_no_long_thread(small: Shop) -> None:
    assert small.count("Tickets") == 30
    assert "long_thread" not in small.world.expected
    assert small.column("SELECT MAX(n) FROM (SELECT COUNT(*) AS n FROM st_TicketMessages GROUP BY TicketID)")[0] < 20
    assert small.noted("unusable_priority")


def test_middle_size_has_one_thread_longer_than_a_call_takes(tmp_path: Path) -> None:
    middle = Shop(tmp_path, tickets=60)
    counts = middle.column("SELECT COUNT(*) AS n FROM st_TicketMessages GROUP BY TicketID HAVING n > 500")
    assert counts == [520]


def test_what_is_there_already_is_not_touched(small: Shop, tmp_path: Path) -> None:
    before = small.digest()
    with pytest.raises(ParameterError, match="there already"):
        build(small.url, small.root, tickets=30)
    with pytest.raises(ParameterError, match="there already"):
        build(f"sqlite:///{tmp_path / 'other.sqlite3'}", small.root, tickets=40)
    assert small.digest() == before
    assert not (tmp_path / "other.sqlite3").exists()


def test_build_that_dies_leaves_nothing_and_the_next_begins_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        pass

    def die(*_: object, **__: object) -> None:
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr("migrator_lib.simulators.smartertrack.chats.chats", die)
        with pytest.raises(Killed):
            Shop(tmp_path, tickets=20)
    assert not (tmp_path / "smartertrack.sqlite3").exists()
    assert not (tmp_path / "files").exists()
    again = Shop(tmp_path, tickets=20)
    assert again.digest() == Shop(folder(tmp_path, "fresh"), tickets=20).digest()


def test_build_that_dies_between_its_two_renames_is_finished_by_the_next(tmp_path: Path) -> None:
    first = Shop(tmp_path, tickets=20)
    wanted = first.digest()
    first.engine.dispose()
    (tmp_path / "smartertrack.sqlite3").unlink()
    assert Shop(tmp_path, tickets=20).digest() == wanted
    assert {path.name for path in tmp_path.iterdir()} == {"files", "smartertrack.sqlite3"}
