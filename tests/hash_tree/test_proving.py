"""One record's way up to the root, the roots of an engagement's verifications, and the commands that ask for both."""

from __future__ import annotations

import json
import shutil
import zipfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from typer.testing import CliRunner

from migrator_lib import hash_tree
from migrator_lib.cli import app
from migrator_lib.engagement import Engagement
from migrator_lib.errors import OutOfTurn, ParameterError
from migrator_lib.hash_tree import keeping
from migrator_lib.hash_tree.files import Roots
from migrator_lib.hash_tree.proving import opened, prove
from migrator_lib.hash_tree.recorder import secret_of
from migrator_lib.hash_tree.tree import root_by
from tests.hash_tree.written import of_ticket, tickets, write
from tests.homes import demo_home

KEY = "e0123456789abcdef"
TOLD = [
    ("requester", KEY, {"name": ""}, {"name": ""}),
    *tickets(6),
    ("ticket", "7", of_ticket(7), of_ticket(7, status="closed")),
    ("ticket", "8", of_ticket(8), None),
]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = demo_home(tmp_path_factory.mktemp("home") / "home", tickets=1)
    (made / "reports" / "demo" / "state").mkdir(parents=True)
    write(made / "reports/demo/hash_tree", TOLD, secret_of(made / "reports/demo/state"))
    return made


@pytest.fixture
def engagement(home: Path) -> Iterator[Engagement]:
    found = Engagement(home, "demo", step="06_reconcile", run_id="run-2")
    yield found
    found.close()


def migrator(home: Path, *arguments: str) -> tuple[int, str]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MIGRATOR_HOME", str(home))
        result = CliRunner().invoke(app, ["hash-tree", *arguments])
    return result.exit_code, result.output


def test_a_record_is_led_up_to_both_roots_and_a_forged_path_to_neither(home: Path) -> None:
    folder = opened(home / "reports/demo")
    roots = Roots.from_json(json.loads((folder / "roots.json").read_text(encoding="utf-8")))
    for key, differing in (("3", []), ("7", ["status"])):
        found = prove(folder, "ticket", key)
        assert (found.holds, found.differing, found.size) == (True, differing, 8)
        assert (found.expected.root, found.actual.root) == (roots.objects[1].expected, roots.objects[1].actual)
        path = [bytes.fromhex(one) for one in found.actual.path]
        assert root_by(bytes.fromhex(found.actual.leaf), found.index, 8, path) == bytes.fromhex(found.actual.root)
    assert prove(folder, "ticket", "8").sides == "expected"
    for obj, key in (("ticket", "99"), ("user", "1")):
        with pytest.raises(ParameterError, match="not under the roots") as caught:
            prove(folder, obj, key)
        assert "ledger show" in caught.value.next_step


def test_the_commands_prove_and_check_an_engagement_and_a_bundle(home: Path, tmp_path: Path) -> None:
    code, told = migrator(home, "prove", "demo", "ticket:3")
    assert (code, "in every field" in told, told.count("to which leaf and path lead")) == (0, True, 2)
    code, told = migrator(home, "prove", "demo", "ticket:7", "--json")
    assert (code, json.loads(told)["differing"], json.loads(told)["holds"]) == (0, ["status"], True)
    assert "was not there" in migrator(home, "prove", "demo", "ticket:8")[1]
    assert migrator(home, "check", "demo")[0] == 0

    code, told = migrator(home, "prove", "demo", f"requester:{KEY}", "--json")
    assert (code, json.loads(told)["key"][:2], json.loads(told)["holds"]) == (0, "xe", True)

    bundle = Path(shutil.make_archive(str(tmp_path / "bundle"), "zip", home / "reports/demo", "hash_tree"))
    assert migrator(home, "prove", str(bundle), "ticket:3")[0] == 0
    assert migrator(home, "prove", str(bundle), f"requester:{json.loads(told)['key']}")[0] == 0
    assert migrator(home, "check", str(bundle))[0] == 0
    assert "write an object and its key" in migrator(home, "prove", str(bundle), "4711")[1]

    altered = shutil.copytree(home / "reports/demo/hash_tree", tmp_path / "altered")
    lines = (altered / "ticket.csv").read_text().splitlines(keepends=True)
    (altered / "ticket.csv").write_text("".join([*lines[:3], *lines[4:]]))
    code, told = migrator(home, "check", str(altered))
    assert (code, "ticket.csv: ticket 3: was dropped" in told) == (1, True)
    assert json.loads(migrator(home, "check", str(altered), "--json")[1])["problems"][0]["key"] == "3"
    assert migrator(home, "prove", str(altered), "ticket:4")[0] == 1


def test_where_nothing_was_verified_it_is_said_what_does(tmp_path: Path) -> None:
    with pytest.raises(OutOfTurn, match="nothing was verified yet") as caught:
        opened(tmp_path)
    assert "06_reconcile" in caught.value.next_step
    (tmp_path / "no.zip").write_bytes(b"no zip")
    with pytest.raises(OutOfTurn, match="cannot be read"):
        opened(tmp_path / "no.zip")
    with zipfile.ZipFile(tmp_path / "other.zip", "w") as archive:
        archive.writestr("a", "b")
    with pytest.raises(OutOfTurn, match="holds no hash tree"):
        opened(tmp_path / "other.zip")


def test_roots_stand_in_the_journal_and_the_files_take_the_place_of_the_last_ones(engagement: Engagement) -> None:
    reports = engagement.paths.reports
    (reports / "hash_tree.new").mkdir()
    (reports / "hash_tree.new" / "half.csv").touch()
    before = engagement.ledger.head()
    with closing(keeping.recorder(engagement)) as recorder:
        for one in (*tickets(2), ("chat_system_lines", "1", {"a": 1}, {"a": 2}), ("kb_article", "1/en", {}, {})):
            recorder.saw(*one)
        states = {"ticket": {"validated": 2}, "chat_system_lines": {"changed": 1}}
        roots = keeping.keep(engagement, recorder, states, "2026-11-21T10:00:00+00:00")
    assert {file.name for file in reports.iterdir()} >= {"hash_tree"}
    assert not list(reports.glob("hash_tree.*"))
    assert hash_tree.check(reports / "hash_tree") == []
    assert (roots.step, roots.run_id, roots.records, roots.differ) == ("06_reconcile", "run-2", 4, 1)
    assert (roots.ledger_rows, roots.ledger_head) == before
    (row,) = engagement.ledger.journal("", "hash_tree", "06_reconcile")
    assert row["detail"] == json.loads(json.dumps(keeping.noted(roots)))
    engagement.ledger.verify()
    assert [one.title for one in roots.objects] == [
        "Ticket",
        "Chat system lines",
        "Knowledge base article, by language",
    ]

    page = hash_tree.proof(roots, "demo")
    assert roots.expected in page
    assert roots.actual in page
    assert "1 changed in Gorgias since" in page
    assert "migrator hash-tree check demo" in page
    assert page.count("the same") >= 2
    assert "rehearsal" in hash_tree.proof(None, "demo")
    same = keeping.Roots(**{**vars(roots), "objects": roots.objects[:1]})
    shown = hash_tree.proof(same, "demo")
    assert f"{same.expected}</code>, the same on both sides." in shown
    assert "Differ" not in shown
