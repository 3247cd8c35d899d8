"""Where an engagement's ledger is: by engagement.yaml, and never in two places."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import sqlalchemy as sa

from migrator_lib.engagement import Engagement
from migrator_lib.errors import LedgerBroken, OutOfTurn, StorageError
from migrator_lib.evidence.publish import secrets_of
from migrator_lib.ledger import Ledger, open_ledger
from migrator_lib.ledger.places import schema_of
from migrator_lib.parameters import LedgerPlace
from tests.ledger.ledgers import PRODUCTION, created, raw


def test_without_a_url_it_is_a_file_in_the_state_folder(tmp_path: Path) -> None:
    ledger = open_ledger(tmp_path, "acme", run_id="r")
    assert ledger.engine.url.database == str(tmp_path / "ledger.sqlite3")
    assert (ledger.run_id, ledger.engagement) == ("r", "acme")
    ledger.close()


def test_on_a_server_each_engagement_has_a_schema_of_its_own(tmp_path: Path, server: str) -> None:
    for name in ("acme-a", "acme-b"):
        ledger = open_ledger(tmp_path / name, name, url=server, password="of no use here")
        ledger.settle(PRODUCTION, [created("1")])
        assert ledger.verify() == 1
        ledger.close()
    engine = sa.create_engine(server)
    assert {"migrator_acme_a", "migrator_acme_b"} <= set(sa.inspect(engine).get_schema_names())
    engine.dispose()
    again = open_ledger(tmp_path / "acme-a", "acme-a", url=server)
    assert again.verify() == 1
    again.close()


def test_an_engagement_says_where_its_ledger_is(tmp_path: Path, server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    account = {"email": "a@acme.example", "api_key": "env:KEY"}
    document = {
        "engagement": "acme-gmbh", "company": "Acme", "source": {"url": "sqlite:///x"},
        "target": {"production": account, "sandbox": account, "mailbox": "help@acme.example"},
        "agents": {"fallback": "a@acme.example"},
        "ledger": {"url": server, "password": "env:LEDGER_PASSWORD", "patience_seconds": 7},
    }  # fmt: skip
    file = tmp_path / "parameters" / "acme-gmbh" / "engagement.yaml"
    file.parent.mkdir(parents=True)
    file.write_text(json.dumps(document))
    monkeypatch.setenv("LEDGER_PASSWORD", "hunter2")
    opened = Engagement(tmp_path, "acme-gmbh")
    database = opened.ledger.database
    assert (database.schema, database.patience_seconds) == ("migrator_acme_gmbh", 7)
    assert database.engine.url.password == "hunter2"
    assert secrets_of(opened)["env:LEDGER_PASSWORD"] == "hunter2"
    opened.close()


def test_a_schema_that_an_admin_made_for_a_login_without_rights_to_make_one_is_taken(
    tmp_path: Path, server: str
) -> None:
    admin = sa.create_engine(server, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.exec_driver_sql("DROP ROLE IF EXISTS migrator_poor")
        connection.exec_driver_sql("CREATE ROLE migrator_poor LOGIN")
        connection.exec_driver_sql("CREATE SCHEMA migrator_poor AUTHORIZATION migrator_poor")
    url = sa.make_url(server).set(username="migrator_poor").render_as_string()
    ledger = open_ledger(tmp_path, "poor", url=url)
    ledger.settle(PRODUCTION, [created("1")])
    assert ledger.verify() == 1
    ledger.close()
    with pytest.raises(StorageError, match="permission denied") as caught:
        open_ledger(tmp_path / "another", "another", url=url)
    assert "CREATE SCHEMA migrator_another AUTHORIZATION" in caught.value.next_step
    with admin.connect() as connection:
        connection.exec_driver_sql("DROP SCHEMA migrator_poor CASCADE")
        connection.exec_driver_sql("DROP ROLE migrator_poor")
    admin.dispose()


def test_a_ledger_that_holds_something_is_not_left_for_an_empty_one(tmp_path: Path) -> None:
    ledger = open_ledger(tmp_path, "acme")
    ledger.settle(PRODUCTION, [created("1")])
    ledger.close()
    with pytest.raises(OutOfTurn, match="once more") as caught:
        open_ledger(tmp_path, "acme", url="postgresql://db/ledgers")
    assert "set ledger.url back" in caught.value.next_step


def test_one_on_a_server_is_not_left_either(tmp_path: Path, server: str) -> None:
    Ledger.in_folder(tmp_path).close()  # nothing was loaded by it yet
    open_ledger(tmp_path, "moving", url=server).close()
    for url in ("", "postgresql://elsewhere/ledgers"):
        with pytest.raises(OutOfTurn, match="migrator_test_"):
            open_ledger(tmp_path, "moving", url=url)


@pytest.mark.parametrize("loss", ["an older copy", "nothing"])
def test_a_server_whose_ledger_was_restored_from_an_older_copy_or_is_empty_is_refused(
    tmp_path: Path, server: str, loss: str
) -> None:
    ledger = open_ledger(tmp_path, "loss", url=server)
    ledger.settle(PRODUCTION, [created("1")])
    older = raw(ledger, "SELECT value FROM meta WHERE name = 'head'")[0][0]
    ledger.settle(PRODUCTION, [created("2")])
    ledger.close()
    open_ledger(tmp_path, "loss", url=server).close()  # as long as it is the same
    if loss == "nothing":
        raw(ledger, "DROP SCHEMA migrator_loss CASCADE")
    else:
        raw(ledger, "DELETE FROM journal WHERE seq = 2")
        raw(ledger, "DELETE FROM record WHERE source_key = '2'")
        raw(ledger, "UPDATE meta SET value = ? WHERE name = 'head'", older)
    with pytest.raises(LedgerBroken, match="restored from an older copy") as caught:
        open_ledger(tmp_path, "loss", url=server)
    assert "restore the newest copy" in caught.value.next_step
    (tmp_path / "ledger.place").unlink()
    opened = open_ledger(tmp_path, "loss", url=server)
    assert opened.verify() == (0 if loss == "nothing" else 1)
    raw(opened, "DROP SCHEMA migrator_loss CASCADE")
    opened.engine.dispose()


@pytest.mark.parametrize("name", ["a", "a-b", "x" * 63, "x" * 62 + "y"])
def test_a_name_of_a_schema_fits_and_is_no_other_engagements(name: str) -> None:
    assert len(schema_of(name)) <= 63
    assert schema_of(name) not in {schema_of(other) for other in ("ab", "x" * 62, "x" * 61 + "yx")}


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("postgresql://migrator:hunter2@db/ledgers", "holds a password"),
        ("mysql://migrator@db/ledgers", "kept in PostgreSQL"),
        ("sqlite:///ledger.db", "kept in PostgreSQL"),
        ("no url", "no SQLAlchemy URL"),
    ],
)
def test_a_url_that_is_no_good_is_refused(url: str, words: str) -> None:
    with pytest.raises(ValueError, match=words) as caught:
        LedgerPlace(url=url)
    assert "hunter2" not in str(caught.value)
