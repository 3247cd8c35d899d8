"""A purge takes what was staged, leaves what proves the migration, and says of itself what it did; also after kills."""

from __future__ import annotations

import json
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from migrator_lib import hash_tree, purge, runbook
from migrator_lib.cli import app
from migrator_lib.csv_file import write_csv
from migrator_lib.engagement import Engagement
from migrator_lib.errors import OutOfTurn, ParameterError
from migrator_lib.evidence import publish
from migrator_lib.evidence.bundle.checking import check
from migrator_lib.evidence.bundle.making import make
from migrator_lib.evidence.records import Line
from migrator_lib.ledger import Entry
from migrator_lib.purge import Purge
from migrator_lib.simulators.smartertrack import build
from tests.crash.nursery import nursery
from tests.evidence import bundled
from tests.homes import change

PLANTED = "Nobody at your shop has told me where my tent poles are"
DAY = {"day": 3, "of": 3, "changed": 0, "late": 0, "lost": 0}
STAYS = {"ledger.sqlite3", "hash_tree.key", "snapshot_production.sqlite3", "verdicts.sqlite3", "sample_verdicts.json"}


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home whose demo is at the end of hypercare, with something of everything in its confidential folder."""
    home = bundled.made(tmp_path_factory.mktemp("done"))
    state = home / "reports/demo/state"
    for place in ("staged/sample/TicketMessages/part-0.parquet", "staged/blobs/ab/cd", "withheld/run/05_load.html",
                  "quarantine/ticket/7.json", "handoff/agents.html", "sample_review_full.html", "readback.sqlite3",
                  "expectations/staged.sqlite3", "simulated/production.sqlite3",
                  *STAYS - {"ledger.sqlite3"}):  # fmt: skip
        (state / place).parent.mkdir(parents=True, exist_ok=True)
        (state / place).write_text("6b657074" if place in STAYS else PLANTED)
    engagement = Engagement(home, "demo", step="08_hypercare", run_id=bundled.RUN)
    engagement.ledger.mark_step("08_hypercare", "done", {"hypercare": DAY})
    engagement.ledger.settle("production", [Entry("ticket", "7", "quarantined", reason="Gorgias answered no")])
    row = Line("ticket", "7", "20304057", "quarantined", 1, "", "Gorgias answered no", "", "", "", "2026-11-20")
    write_csv(home / "reports/demo/accounts/ticket-quarantined.csv", Line._fields, [row])
    engagement.ledger.add_chunk("full", "Tickets", 0, rows=1, last_key="[1]", sha256="ab" * 32, final=True)
    engagement.close()
    return home


@pytest.fixture
def home(done: Path, tmp_path: Path) -> Path:
    return shutil.copytree(done, tmp_path / "home", symlinks=True)


@pytest.fixture
def engagement(home: Path) -> Iterator[Engagement]:
    found = Engagement(home, "demo", step="purge")
    yield found
    found.close()


def names(home: Path) -> set[str]:
    return {place.name for place in (home / "reports/demo/state").iterdir()}


def migrator(home: Path, *arguments: str) -> tuple[int, str]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MIGRATOR_HOME", str(home))
        result = CliRunner().invoke(app, arguments)
    return result.exit_code, " ".join(result.output.split())


def test_it_says_first_what_would_go_and_removes_nothing(home: Path) -> None:
    before = names(home)
    code, told = migrator(home, "purge", "demo")
    assert code == 0
    for words in ("staged", "withheld", "sample_review_full.html", "Nothing was removed", "before-images",
                  'migrator purge demo --yes --by "YOUR NAME"'):  # fmt: skip
        assert words in told
    assert "too early" not in told
    assert names(home) == before


def test_what_was_staged_is_gone_and_the_proof_is_not(home: Path) -> None:
    code, told = migrator(home, "purge", "demo", "--yes", "--by", "Margit Olsen")
    assert (code, "by Margit Olsen" in told) == (0, True)
    assert names(home) - {"progress.json"} == STAYS | {"simulated"}
    reports = home / "reports/demo"
    files = [file for file in reports.rglob("*") if file.is_file() and "simulated" not in file.parts]
    assert not [file for file in files if file.suffix == ".parquet"]
    for text in (PLANTED, bundled.MESSAGE, bundled.ADDRESS):
        assert not [file for file in files if text.encode() in file.read_bytes()], text
    assert hash_tree.check(reports / "hash_tree") == []
    assert (reports / "accounts/ticket-created.csv").read_text().count("\n") == 3
    found = Engagement(home, "demo", step="06_reconcile")
    begun, ended = found.ledger.journal("", purge.OBJECT, "demo")
    assert (begun["event"], ended["event"]) == ("begun", "ended")
    assert ended["detail"]["by"] == "Margit Olsen"
    assert ended["detail"]["chunks"] == 1
    assert {part["name"]: part["files"] for part in ended["detail"]["parts"]}["staged"] > 2
    assert found.ledger.chunks("full")[0]["sha256"] == "ab" * 32
    document = json.loads((reports / "summary.json").read_text())["purged"]
    assert (document["state"], document["files"]) == ("done", Purge.of(found.ledger).files)  # type: ignore[union-attr]
    assert "was removed on" in (reports / "index.html").read_text()
    assert "only then a record can be tried again" in (reports / "quarantine.html").read_text()
    assert ("20304057" in (listed := (reports / "quarantine.csv").read_text()), "7.json" in listed) == (True, False)
    with pytest.raises(OutOfTurn, match=r"was purged on .* by Margit Olsen") as caught:
        found.check_turn()
    assert "migrator run demo --only 04" in caught.value.next_step
    found.ledger.verify()
    bundle = make(found, "engineer")
    assert check(bundle.file).is_whole
    rows = found.ledger.head()[0]
    found.close()
    assert migrator(home, "purge", "demo", "--yes", "--by", "Somebody")[0] == 0
    assert "by Margit Olsen" in (reports / "index.html").read_text()
    found = Engagement(home, "demo")
    assert found.ledger.head()[0] == rows
    found.close()


def test_while_another_run_writes_nothing_is_removed(engagement: Engagement, home: Path) -> None:
    engagement.ledger.take_lease()
    before = names(home)
    code, told = migrator(home, "purge", "demo", "--yes", "--by", "Margit Olsen")
    assert (code == 0, names(home)) == (False, before), told
    assert purge.Purge.of(engagement.ledger) is None


def test_before_hypercare_is_over_it_needs_a_reason_and_always_a_name(engagement: Engagement, home: Path) -> None:
    with pytest.raises(ParameterError, match="Nobody is named"):
        purge.purge(engagement, by=" ")
    engagement.ledger.mark_step("08_hypercare", "done", {"hypercare": {**DAY, "day": 2, "late": 4}})
    for given in ({}, {"early": True}, {"reason": "because"}):
        with pytest.raises(ParameterError, match="day 2 of 3, 4 tickets changed in SmarterTrack since") as caught:
            purge.purge(engagement, by="Margit Olsen", **given)  # type: ignore[arg-type]
        assert "--early" in caught.value.next_step
    assert "staged" in names(home)
    assert engagement.ledger.journal("", purge.OBJECT, "demo") == []
    found = purge.purge(engagement, by="Margit Olsen", early=True, reason="the contract ended")
    assert found.reason == "the contract ended"
    assert "before hypercare was over: the contract ended" in purge.told(found.as_json())


def test_links_to_another_disk_are_followed_and_simulators_emptied_if_asked(
    engagement: Engagement, home: Path, tmp_path: Path
) -> None:
    state, disk = home / "reports/demo/state", tmp_path / "disk"
    (disk / "inner").mkdir(parents=True)
    (disk / "inner" / "file").write_text(PLANTED)
    (state / "staged" / "inner").symlink_to(disk / "inner")
    (state / "staged" / "gone").symlink_to(disk / "nothing")
    (state / "staged").rename(disk / "staged")
    (state / "staged").symlink_to(disk / "staged")
    source = tmp_path / "smartertrack"
    (source / "files").mkdir(parents=True)
    (source / "files" / "7.att").write_text("theirs")
    for name, to in (("files", source / "files"), ("disk", source), ("7", source / "files" / "7.att")):
        (state / "staged" / name).symlink_to(to)
    theirs = engagement.parameters.source.model_copy(update={"files_root": str(source / "files")})
    engagement.parameters = engagement.parameters.model_copy(update={"source": theirs})
    found = purge.purge(engagement, by="Margit Olsen", simulated=True)
    assert [file.read_text() for file in source.rglob("*.att")] == ["theirs"]
    assert list(disk.iterdir()) == []
    assert not {"staged", "simulated"} & names(home)
    assert {part.name for part in found.parts} >= {"staged", "simulated"}


def test_killed_anywhere_it_is_known_to_be_under_way_and_goes_on(home: Path) -> None:
    with nursery("tests.crash.purge_until") as born:
        for kill in (0, 1, 2, 3, 9, 20, 10_000):
            ended = born.run("tests.crash.purge_until:run", str(home), kill)
            assert ended == (0 if kill == 10_000 else -signal.SIGKILL)
            found = Engagement(home, "demo", step="05_load")
            if kill in (2, 3, 9, 20):
                assert purge.is_purged(found.ledger).state == "under way"  # type: ignore[union-attr]
                with pytest.raises(OutOfTurn, match=r"was begun on .* and is not finished"):
                    found.check_turn()
            found.close()
    assert names(home) - {"progress.json"} == STAYS | {"simulated"}
    found = Engagement(home, "demo")
    events = [row["event"] for row in found.ledger.journal("", purge.OBJECT, "demo")]
    assert (events.count("ended"), events[-1]) == (1, "ended")
    assert Purge.of(found.ledger).state == "done"  # type: ignore[union-attr]
    assert Purge.of(found.ledger).files > 15  # type: ignore[union-attr]
    found.ledger.verify()
    publish.pages_of(found)
    found.close()


def test_what_was_purged_is_staged_anew_as_if_it_never_was(home: Path) -> None:
    build(f"sqlite:///{home / 'source.sqlite3'}", home / "files", seed=3, tickets=5)
    change(home, "source", {"url": f"sqlite:///{home / 'source.sqlite3'}", "files_root": str(home / "files")})
    found = Engagement(home, "demo", step="04_extract", execute=True)
    found.ledger.set_meta("deltas", ["delta-001"])
    purge.purge(found, by="Margit Olsen")
    with pytest.raises(OutOfTurn, match="purged"):
        found.lookups(found.all_stages)
    with pytest.raises(OutOfTurn, match="purged"):
        runbook.extract_delta(found)
    report = runbook.extract(found)
    assert report.read_now["Tickets"] > 0
    assert found.ledger.meta("deltas") == []
    assert purge.is_purged(found.ledger) is None
    assert purge.told(Purge.of(found.ledger).as_json()).endswith("Since then it was staged anew.")  # type: ignore[union-attr]
    assert found.all_stages.count("Tickets") == report.rows["Tickets"]
    found.close()
