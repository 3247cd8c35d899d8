"""The audit finds the same whatever the engine."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from migrator_lib.audit import environment, fields, storage, tickets
from migrator_lib.audit.codes import code_facts
from migrator_lib.audit.live import Live
from migrator_lib.mapping import EngagementMapping
from migrator_lib.simulators.smartertrack import build
from migrator_lib.smartertrack.database import SourceDatabase
from tests.audit.test_demo import PARAMETERS
from tests.smartertrack.source_desk import scratch_database

NOW = datetime(2026, 7, 1, tzinfo=UTC)
NAMES = {"postgresql": "PostgreSQL ", "mariadb": "MariaDB "}


def found(url: str, folder: Path) -> dict[str, Any]:
    build(url, folder / "files", tickets=15)
    source = SourceDatabase(url)
    try:
        live = Live(source, 500)
        lookups = live.lookups(PARAMETERS)
        codes = code_facts(live, EngagementMapping(), lookups.filter_kind)
        facts = environment.source_facts(source, "snapshot")
        return {
            "engine": facts.engine_version,
            "source": replace(facts, engine="", engine_version="", connection={}, file_paths=()),
            "codes": sorted(codes, key=str),
            "fields": fields.field_facts(source, lookups),
            "ceilings": fields.ceilings(source),
            "storage": storage.storage_facts(live, None, limit=1),
            "messages": tickets.message_facts(source, codes, NOW),
        }
    finally:
        source.close()


@pytest.fixture(scope="module")
def on_sqlite(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder = tmp_path_factory.mktemp("sqlite")
    return found(f"sqlite:///{folder / 's.sqlite3'}", folder)


@pytest.mark.parametrize("server", ["postgresql", "mariadb"])
def test_every_server_is_found_to_hold_what_sqlite_holds(
    server: str, on_sqlite: dict[str, Any], tmp_path: Path
) -> None:
    with scratch_database(server, tmp_path) as url:
        there = found(url, tmp_path)
    assert there.pop("engine").startswith(NAMES[server])
    assert there == {name: value for name, value in on_sqlite.items() if name != "engine"}
