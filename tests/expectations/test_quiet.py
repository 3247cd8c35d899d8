"""What checks expectations is loaded where it runs alone, asks nobody, and leaves nothing on the machine."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

PROJECT = Path(__file__).parent.parent.parent
PROGRAM = """\
import sys
import migrator_lib.cli, migrator_lib.runbook, migrator_lib.views
assert "great_expectations" not in sys.modules

def refuse(event, arguments):
    if event in ("socket.connect", "socket.getaddrinfo", "socket.gethostbyname", "urllib.Request"):
        print("asked for the network:", event, arguments)

sys.addaudithook(refuse)
from pathlib import Path
from migrator_lib.expectations import facts, suites
from migrator_lib.expectations.running import run
from migrator_lib.progress import Progress

(tags,) = (suite for suite in suites.suites("staged") if suite.name == "tag")
file = Path("facts.sqlite3")
with facts.facts_file(file) as made:
    made.execute(suites.create(tags, "staged"))
    made.execute("INSERT INTO tag VALUES (1, 11, 1, 3), (2, 11, 1, 300)")
    made.close()
    (found,) = run(file, [tags], {"tag": 2}, {"earliest": 0, "latest": 1}, Progress(Path("progress.json"), "test"))
assert [(one.number, one.keys) for one in found.unmet] == [(2, ("1", "2")), (1, ("2",))], found.unmet
assert "great_expectations" in sys.modules
import jsonschema, rfc3987_syntax  # the one that was left out is there for whoever wants it
"""


def test_it_is_loaded_where_it_runs_and_neither_asks_anybody_nor_writes_anything(tmp_path: Path) -> None:
    home, work = tmp_path / "home", tmp_path / "work"
    home.mkdir()
    work.mkdir()
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("XDG_", "GX_"))}
    environment |= {"HOME": str(home), "USERPROFILE": str(home), "TMPDIR": str(tmp_path), "PYTHONPATH": str(PROJECT)}
    ran = subprocess.run([sys.executable, "-W", "default", "-c", PROGRAM], cwd=work, env=environment,
                         capture_output=True, text=True, check=False)  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    assert [line for line in ran.stdout.splitlines() if "asked for the network" in line] == []
    assert "it/s" not in ran.stderr + ran.stdout, "a bar of its own"
    assert [line for line in ran.stderr.splitlines() if "great_expectations" in line] == []
    assert list(home.iterdir()) == []
    assert {file.name for file in work.iterdir()} == {"progress.json"}
    assert {file.name for file in tmp_path.iterdir()} == {"home", "work"}
