"""Whole runs of the real notebooks on a small demo: to the end, again, killed, and with everything that goes wrong.

What is about kernels runs in kernels: to the end, killed, and cell by cell.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import nbformat
import pytest

from migrator_lib import progress
from migrator_lib.engagement import STEPS
from migrator_lib.evidence import scan
from migrator_lib.load.order import FIRST
from migrator_lib.simulators.gorgias import Account, read_seed
from migrator_lib.simulators.gorgias.admin.looks import COUNTED
from tests import kernel_less
from tests.browser_support import Chromium, chromium
from tests.homes import change, demo_as_it_is, demo_home

__all__ = ["chromium"]
pytestmark = pytest.mark.whole_run
GATES = ("mapping", "voice", "backup_proof", "licence", "worker_threads", "freeze")


def migrator(home: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "migrator_lib.cli", *arguments],
        cwd=home, env=clean() | environment, capture_output=True, text=True, check=False, timeout=300,
    )  # fmt: skip


def clean() -> dict[str, str]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith("MIGRATOR_") and k != "GORGIAS_DEMO_API_KEY"}
    return {**kept, "COLUMNS": "120"}


def sign(home: Path, *gates: str) -> None:
    for gate in gates:
        note = ["--note", "made up: nobody looks at a test's sample"] if gate == "sample" else []
        done = kernel_less.run(home, "sign", "demo", gate, "--by", "Margit Olsen", *note)
        assert done.returncode == 0, done.stderr


def ready(home: Path) -> Path:
    """Run to the sample and sign everything, so that the load may begin."""
    sign(home, *GATES)
    done = kernel_less.run(home, "run", "demo", "--execute", "--to", "04")
    assert done.returncode == 0, done.stdout + done.stderr
    sign(home, "sample")
    return home


@pytest.fixture(scope="module")
def staged_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home whose next step is the load; tests copy it."""
    return ready(demo_home(tmp_path_factory.mktemp("staged") / "home"))


@pytest.fixture(scope="module")
def finished_home(staged_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home that was migrated to the end."""
    home = copied(staged_home, tmp_path_factory.mktemp("finished"))
    change(home, "expectations.run", True)  # in this run alone: what checks them takes seconds to import
    done = migrator(home, "run", "demo", "--execute")
    assert done.returncode == 0, done.stdout + done.stderr
    return home


@pytest.fixture(scope="module")
def moved_home(staged_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same, without kernels, for another worker."""
    home = copied(staged_home, tmp_path_factory.mktemp("moved"))
    done = kernel_less.run(home, "run", "demo", "--execute")
    assert done.returncode == 0, done.stdout + done.stderr
    return home


def copied(home: Path, folder: Path) -> Path:
    return shutil.copytree(home, folder / "home")


def summary(home: Path) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((home / "reports/demo/summary.json").read_text(encoding="utf-8"))
    return document


def account(home: Path, kind: str, name: str = "production") -> list[dict[str, Any]]:
    with sqlite3.connect(home / f"reports/demo/state/simulated/{name}.sqlite3") as connection:
        return [json.loads(row[0]) for row in connection.execute("SELECT body FROM thing WHERE kind=?", (kind,))]


def outbox(home: Path) -> int:
    found = 0
    for name in ("production", "sandbox"):
        with sqlite3.connect(home / f"reports/demo/state/simulated/{name}.sqlite3") as connection:
            found += connection.execute("SELECT count(*) FROM outbox").fetchone()[0]
    return found


def external_ids(home: Path) -> Counter[str]:
    """Return the external ids of what agents see, each with how often it is there."""
    tickets = [ticket for ticket in account(home, "ticket") if not ticket["trashed_datetime"]]
    shown = {ticket["id"] for ticket in tickets}
    messages = [message for message in account(home, "message") if message["ticket_id"] in shown]
    things = [*tickets, *account(home, "customer"), *messages]
    return Counter(thing["external_id"] for thing in things if thing.get("external_id"))


# --- to the end ----------------------------------------------------------------------------------------


@pytest.mark.xdist_group("finished")
def test_a_finished_run_leaves_reports_and_balanced_accounts(finished_home: Path) -> None:
    document = summary(finished_home)
    for obj, one in document["objects"].items():
        outcomes = ("created", "matched", "merged", "skipped", "handed_over", "quarantined")
        assert one["source"] == sum(one[state] for state in outcomes), obj
        assert one["mismatched"] + one["missing"] + one["unexpected"] == 0, obj
    ticket = document["objects"]["ticket"]
    assert ticket["created"] == ticket["validated"] > 40
    assert document["mail_sent"] == 0
    assert document["finished_at"]
    assert {"calls", "throttled", "calls_per_ticket", "share_of_allowed_rate", "course"} == set(document["api"])
    assert 0 < sum(document["api"]["course"]["calls"]) <= document["api"]["calls"]
    assert set(document["gates"].values()) == {"met"}
    assert outbox(finished_home) == 0
    for gate in ("staged", "target"):
        kept = json.loads((finished_home / f"reports/demo/expectations/{gate}.json").read_text(encoding="utf-8"))
        expected = [outcome for one in kept["checked"] for outcome in one["outcomes"]]
        assert len(expected) > 80
        assert [outcome["says"] for outcome in expected if outcome["stops"] and not outcome["met"]] == []


@pytest.mark.xdist_group("finished")
def test_what_acts_in_the_accounts_is_as_it_was_and_the_canaries_are_gone(finished_home: Path, tmp_path: Path) -> None:
    seed = read_seed(finished_home / "parameters/demo/gorgias.json")
    planted = Account("planted", tmp_path / "planted.sqlite3", seed=seed)
    for name in ("production", "sandbox"):
        for kind in ("rule", "integration", "setting"):
            there = [_chosen(thing) for thing in sorted(account(finished_home, kind, name), key=lambda one: one["id"])]
            assert there == [_chosen(thing) for thing in planted.store.by_kind(kind)], kind
        assert not [t for t in account(finished_home, "ticket", name) if ":canary:" in (t["external_id"] or "")]
        assert not [c for c in account(finished_home, "customer", name) if ":canary:" in (c["external_id"] or "")]
    planted.store.close()
    shown = next((finished_home / "reports/demo/runs").glob("*/05_load.html")).read_text(encoding="utf-8")
    assert "The canaries stayed silent" in shown
    assert "Auto-reply outside business hours" in shown


def _chosen(thing: dict[str, Any]) -> dict[str, Any]:
    """Return what people choose of a rule, an integration or a setting."""
    return {key: value for key, value in thing.items() if value and not key.endswith("updated_datetime")}


@pytest.mark.xdist_group("finished")
def test_every_step_leaves_a_notebook_and_a_page_that_the_index_links_to(finished_home: Path) -> None:
    index = (finished_home / "reports/demo/index.html").read_text(encoding="utf-8")
    pages = sorted((finished_home / "reports/demo/runs").glob("*/*.html"))
    assert {page.stem for page in pages} == set(STEPS)
    for page in pages:
        assert page.with_suffix(".ipynb").exists()
        assert page.relative_to(finished_home / "reports/demo").as_posix() in index
    assert not list((finished_home / "reports/demo/runs").glob("*/.*"))


@pytest.mark.xdist_group("finished")
def test_no_report_holds_a_message_or_an_address_of_a_requester(finished_home: Path) -> None:
    customers = {c["email"].lower() for c in account(finished_home, "customer") if c.get("email")}
    addresses = {address for address in customers if not address.startswith("office@")}
    texts = [" ".join((m.get("body_text") or "").split()) for m in account(finished_home, "message")]
    snippets = {text[:60] for text in texts if len(text) > 80}
    assert len(addresses) > 30
    assert len(snippets) > 50
    shared = [f for f in (finished_home / "reports").rglob("*") if f.is_file() and "state" not in f.parts]
    assert len(shared) > 15
    for file in shared:
        with scan.opened(file) as stream:
            text = " ".join(stream.read().lower().split())
        assert [a for a in addresses if a in text] == [], file
        assert [s for s in snippets if s.lower() in text] == [], file


@pytest.mark.xdist_group("finished")
def test_a_second_run_creates_nothing_and_says_so(finished_home: Path, tmp_path: Path) -> None:
    home = copied(finished_home, tmp_path)
    change(home, "expectations.run", False)
    before = external_ids(home)
    done = kernel_less.run(home, "run", "demo", "--execute")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "This run created nothing new in Gorgias." in done.stdout
    assert external_ids(home) == before
    assert set(before.values()) == {1}


KINDS_OF_PAGES = (
    "demo/index.html", "demo/quarantine.html", "demo/accounts/ticket-created.html",
    "demo/hypercare/day-1.html", "demo/runs/*/05_load.html", "demo/documents/brand_guide.html",
    "demo/documents/mapping_as_signed.html", "demo/documents/help_center/README.html",
)  # fmt: skip


@pytest.mark.browser
@pytest.mark.xdist_group("staged")
def test_every_kind_of_page_can_be_read_by_everybody_fits_and_asks_for_nothing(
    moved_home: Path, chromium: Chromium
) -> None:
    reports = moved_home / "reports"
    found = {page: sorted(reports.glob(page)) for page in KINDS_OF_PAGES}
    assert all(found.values()), found
    assert {page: problems for page, (file, *_) in found.items() if (problems := chromium.problems(file, rows=3))} == {}


@pytest.mark.xdist_group("staged")
def test_no_page_names_anything_that_a_browser_would_load_and_every_link_leads_to_a_file(moved_home: Path) -> None:
    elements, given = r"<(?:link|iframe|object|embed|audio|video|base)\b", r"(?:src|srcset|action)=\"(?!data:)"
    asks = re.compile(rf"{elements}|{given}|@import|\burl\((?!#)")
    pages = [page for page in (moved_home / "reports").rglob("*.html") if "help_center/html" not in page.as_posix()]
    assert len(pages) > 30
    shown = {page: re.sub(r"<script>.*?</script>", "", page.read_text(encoding="utf-8"), flags=re.S) for page in pages}
    assert [page for page, text in shown.items() if asks.search(text)] == []
    files = {page: re.findall(r'<a\b[^>]*\bhref="(?!https?:|mailto:|#)([^"#?]+)', text) for page, text in shown.items()}
    assert sum(map(len, files.values())) > 300
    dead = [(page.name, link) for page, links in files.items() for link in links if not (page.parent / link).exists()]
    assert dead == []
    assert all("Content-Security-Policy\" content=\"default-src 'none';" in text for text in shown.values())


@pytest.mark.xdist_group("staged")
def test_a_mapping_that_is_as_it_was_changes_nothing_and_a_changed_one_is_told_before_it_is_loaded(
    moved_home: Path, tmp_path: Path
) -> None:
    home = copied(moved_home, tmp_path)
    same = kernel_less.run(home, "remap", "demo")
    assert "The next load would send nothing." in same.stdout, same.stdout + same.stderr
    mapping = home / "parameters/demo/mapping.yaml"
    mapping.write_text(mapping.read_text(encoding="utf-8").replace("tag: waiting", "tag: on hold"), encoding="utf-8")
    changed = kernel_less.run(home, "remap", "demo")
    assert "records would be taken up" in changed.stdout
    page = (home / "reports/demo/documents/remapping.html").read_text(encoding="utf-8")
    assert "on hold" in page
    assert not {c["email"] for c in account(home, "customer") if c.get("email") and c["email"] in page}


@pytest.mark.xdist_group("staged")
def test_hypercare_tells_peoples_work_and_a_late_message_from_a_loss_which_ends_with_4(
    moved_home: Path, tmp_path: Path
) -> None:
    home = copied(moved_home, tmp_path)
    index = (home / "reports/demo/index.html").read_text(encoding="utf-8")
    assert "Hypercare, day 1 of 3: nothing was lost." in index
    assert 'href="hypercare/day-1.html"' in index
    sent = outbox(home)
    assert kernel_less.run(home, "simulate", "day", "demo").stdout.startswith("A day of work: closed")
    day = kernel_less.run(home, "run", "demo", "--only", "08", "-p", "day=2")
    assert day.returncode == 0, day.stdout + day.stderr
    assert "Hypercare, day 2 of 3: nothing was lost, 1 ticket changed in SmarterTrack since." in day.stdout
    assert outbox(home) == sent
    assert "This run created nothing new in Gorgias." in day.stdout
    numbers = summary(home)["objects"]["ticket"]
    assert numbers["changed"] > 5
    assert numbers["changed"] + numbers["validated"] == numbers["created"]
    with sqlite3.connect(home / "reports/demo/state/simulated/production.sqlite3") as connection:
        lost = connection.execute(
            "SELECT id FROM thing WHERE kind='ticket' AND external_id LIKE '%:ticket:%'"
        ).fetchone()
        connection.execute("DELETE FROM thing WHERE kind='ticket' AND id=?", lost)
    day = kernel_less.run(home, "run", "demo", "--only", "08", "-p", "day=3")
    assert day.returncode == 4, day.stdout + day.stderr
    assert "Lost since the cutover: 1 record." in day.stdout
    page = (home / "reports/demo/hypercare/day-3.html").read_text(encoding="utf-8")
    assert "no ticket carries its external id" in page
    assert page.count("Day 2") == 1, "the chart shows the days before"


@pytest.mark.xdist_group("staged")
def test_what_came_into_gorgias_twice_is_counted_as_wrong_and_swept_away(moved_home: Path, tmp_path: Path) -> None:
    home = copied(moved_home, tmp_path)
    state = home / "reports/demo/state/simulated/production.sqlite3"
    simulated = Account("production", state, seed=read_seed(home / "parameters/demo/gorgias.json"))
    with simulated.store.transaction():
        first = next(one for one in simulated.store.by_kind("ticket") if one["external_id"] == "st:demo:ticket:1")
        second = {**first, "id": simulated.store.next_id("ticket")}
        simulated.store.put("ticket", second, parent=first["customer"]["id"])
        for message in simulated.store.by("message", "parent", first["id"]):
            copy = {**message, "id": simulated.store.next_id("message"), "ticket_id": second["id"]}
            simulated.store.put("message", copy, parent=second["id"])
    simulated.store.close()
    looked = kernel_less.run(home, "run", "demo", "--only", "06", "--execute")
    assert looked.returncode == 4, looked.stdout + looked.stderr
    shown = max((home / "reports/demo/runs").glob("*/06_reconcile.html"), key=lambda page: page.stat().st_mtime_ns)
    assert "migrator sweep demo --mend --execute" in shown.read_text(encoding="utf-8")
    found = kernel_less.run(home, "sweep", "demo")
    assert found.returncode == 4
    assert f"ticket 1: Gorgias id {second['id']} there beside {first['id']}" in " ".join(found.stdout.split())
    rehearsed = kernel_less.run(home, "sweep", "demo", "--mend")
    assert rehearsed.returncode == 4
    assert "would be trashed" in rehearsed.stdout
    assert external_ids(home)["st:demo:ticket:1"] == 2
    mended = kernel_less.run(home, "sweep", "demo", "--mend", "--execute")
    assert mended.returncode == 0, mended.stdout + mended.stderr
    assert external_ids(home)["st:demo:ticket:1"] == 1
    assert [one["id"] for one in account(home, "ticket") if one["id"] == second["id"] and one["trashed_datetime"]]
    rules = [[_chosen(rule) for rule in account(one, "rule")] for one in (home, moved_home)]
    assert rules[0] == rules[1]  # switched off for the sweep, and put back
    again = kernel_less.run(home, "sweep", "demo")
    assert again.returncode == 0
    assert "nothing is there more than once" in again.stdout
    assert kernel_less.run(home, "run", "demo", "--only", "06", "--execute").returncode == 0
    assert outbox(home) == outbox(moved_home)


@pytest.mark.xdist_group("staged")
def test_a_roll_back_leaves_the_account_as_it_was_before_the_load_and_a_new_load_fills_it_again(
    moved_home: Path, staged_home: Path, tmp_path: Path
) -> None:
    home = copied(moved_home, tmp_path)
    done = kernel_less.run(home, "run", "demo", "--only", "90")
    assert done.returncode == 0, done.stdout + done.stderr
    assert account(home, "ticket") == account(moved_home, "ticket")
    sign(home, "roll_back")
    done = migrator(home, "run", "demo", "--only", "90", "--execute")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Rolled back on" in done.stdout
    for kind in ("ticket", "message", "customer", "tag", "team", "user", "rule", "integration", "setting"):
        then, now = (sorted(map(_chosen, account(one, kind)), key=str) for one in (staged_home, home))
        assert now == then, kind
    left = [field for field in account(home, "custom_field") if not field["deactivated_datetime"]]
    assert left == account(staged_home, "custom_field")
    assert outbox(home) == 0
    done = kernel_less.run(home, "run", "demo", "--execute", "--to", "05")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "05_load  done" in done.stdout
    assert external_ids(home) == external_ids(moved_home)


def test_a_rehearsal_writes_nothing_to_gorgias(tmp_path: Path) -> None:
    home = demo_home(tmp_path / "home")
    sign(home, "backup_proof", "licence", "worker_threads")
    done = kernel_less.run(home, "run", "demo")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "rehearsed, nothing was written" in done.stdout
    for name in ("production", "sandbox"):
        assert account(home, "ticket", name) == []
        assert all(c["external_id"] is None for c in account(home, "customer", name))
        seed = read_seed(home / "parameters/demo/gorgias.json")
        planted = Account(name, tmp_path / f"{name}.sqlite3", seed=seed)
        assert {k: len(account(home, k, name)) for k in COUNTED} == {k: planted.store.count(k) for k in COUNTED}
        planted.store.close()
    assert outbox(home) == 0


@pytest.mark.xdist_group("finished")
def test_a_new_address_of_the_cutover_is_in_gorgias(finished_home: Path) -> None:
    latest = max(m["created_datetime"] for m in account(finished_home, "message"))
    assert latest > "2026-06-30T12", "what happened after the extract was taken over"
    assert "nadine.vogel@postbox.example" in {customer["email"] for customer in account(finished_home, "customer")}


def test_the_signatures_of_the_demo_fit_the_demo(tmp_path: Path) -> None:
    """They are bound to hashes, which must be the same on every machine."""
    home = demo_as_it_is(tmp_path / "home")
    done = kernel_less.run(home, "run", "demo", "--execute", "--to", "03")
    assert done.returncode == 0, done.stdout + done.stderr
    gates = summary(home)["gates"]
    assert {gate for gate, state in gates.items() if state != "met"} <= {"side_effects", "hands_off", "silence"}


# --- killed --------------------------------------------------------------------------------------------


def start(home: Path, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "migrator_lib.cli", *arguments],
        cwd=home, env=clean(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip


def wait_until_loading(home: Path, tickets: int) -> None:
    file, until = home / "reports/demo/state/progress.json", time.monotonic() + 120
    while time.monotonic() < until:
        seen = progress.read(file)
        if seen and seen.step == "05_load" and seen.what in ("Ticket", FIRST) and seen.done >= tickets:
            return
        time.sleep(0.02)
    raise AssertionError("the load did not begin")


@pytest.mark.xdist_group("finished")
def test_killed_in_the_middle_of_the_load_a_run_ends_complete_with_no_ticket_twice(
    staged_home: Path, finished_home: Path, tmp_path: Path
) -> None:
    home = copied(staged_home, tmp_path)
    change(home, "target.simulator.speed", 300.0)
    change(home, "load.order", "open_first")  # what is there in the end does not depend on it
    running = start(home, "run", "demo", "--execute")
    wait_until_loading(home, 5)
    running.send_signal(signal.SIGKILL)
    running.wait()
    cut = len(account(home, "ticket"))
    state = migrator(home, "status", "demo")
    assert state.returncode == 0
    assert "05_load" in state.stdout
    assert "running" in state.stdout
    assert "migrator run demo --execute" in state.stdout
    again = kernel_less.run(home, "run", "demo", "--execute")
    assert again.returncode == 0, again.stdout + again.stderr
    assert again.stdout.splitlines()[0].split(": ")[1].startswith("05_load to 08_hypercare")
    assert cut < len(account(home, "ticket"))
    assert external_ids(home) == external_ids(finished_home)
    assert set(external_ids(home).values()) == {1}
    assert summary(home)["objects"] == summary(finished_home)["objects"]


# --- what goes wrong -----------------------------------------------------------------------------------


@pytest.mark.xdist_group("staged")
@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("source.url", "sqlite:////nowhere/smartertrack.sqlite3", "could not be"),
        ("source.files_root", "nowhere/files", "files root nowhere/files is not there"),
        ("source.prefix", "zz_", "No SmarterTrack table"),
        ("target.production.url", "http://127.0.0.1:9", "did not answer"),
        ("target.sandbox.api_key", "env:ANOTHER_KEY", "refused"),
        ("free_disk_bytes", 10**18, "left"),
    ],
    ids=["source unreachable", "files root", "prefix", "target unreachable", "wrong password", "full disk"],
)
def test_what_is_wrong_is_told_with_the_next_step_and_nothing_is_lost(
    staged_home: Path, tmp_path: Path, key: str, value: object, words: str
) -> None:
    home = copied(staged_home, tmp_path)
    change(home, key, value)
    done = kernel_less.run(home, "run", "demo", "--only", "01", "--execute", ANOTHER_KEY="wrong")
    assert done.returncode == 1, done.stdout + done.stderr
    assert words in done.stdout
    assert "Next:" in done.stdout
    assert "Traceback" not in done.stdout + done.stderr
    with sqlite3.connect(home / "reports/demo/state/ledger.sqlite3") as ledger:
        chunks = ledger.execute("SELECT count(*) FROM chunk").fetchone()[0]
    assert chunks > 20, "what was staged stays staged"


@pytest.mark.xdist_group("staged")
def test_a_password_whose_variable_is_not_set_says_how_to_set_it(staged_home: Path, tmp_path: Path) -> None:
    home = copied(staged_home, tmp_path)
    change(home, "source.url", "mssql+pyodbc://reader@127.0.0.1:9/St?driver=NoSuchDriver")
    change(home, "source.password", "env:NOT_SET_ANYWHERE")
    done = kernel_less.run(home, "run", "demo", "--only", "01", "--execute")
    assert done.returncode == 1
    assert "env:NOT_SET_ANYWHERE is empty or not set" in done.stdout
    assert "export NOT_SET_ANYWHERE" in done.stdout


def test_a_closed_gate_ends_the_run_with_3_and_the_command_that_opens_it(tmp_path: Path) -> None:
    home = demo_home(tmp_path / "home")
    done = kernel_less.run(home, "run", "demo", "--execute")
    assert done.returncode == 3, done.stdout + done.stderr
    assert 'migrator sign demo mapping --by "YOUR NAME"' in done.stdout


@pytest.mark.xdist_group("staged")
def test_a_mapping_changed_after_it_was_signed_closes_the_gate(staged_home: Path, tmp_path: Path) -> None:
    home = copied(staged_home, tmp_path)
    file = home / "parameters/demo/mapping.yaml"
    file.write_text(file.read_text(encoding="utf-8").replace("becomes: critical", "becomes: high"), encoding="utf-8")
    done = kernel_less.run(home, "run", "demo", "--from", "03", "--execute")
    assert done.returncode == 3
    assert "changed since Margit Olsen signed it" in done.stdout
    assert "priorities.4 ('Urgent'): becomes was 'critical', and is 'high'" in " ".join(done.stdout.split())


def test_a_step_started_before_its_turn_says_which_comes_first(tmp_path: Path) -> None:
    home = demo_home(tmp_path / "home")
    done = kernel_less.run(home, "run", "demo", "--only", "05", "--execute")
    assert done.returncode == 1
    assert "05_load was started before 04_extract was done" in done.stdout
    assert "migrator run demo --from 04" in done.stdout


@pytest.mark.xdist_group("staged")
def test_more_exceptions_than_allowed_end_with_4(moved_home: Path, tmp_path: Path) -> None:
    home = copied(moved_home, tmp_path)
    change(home, "thresholds.quarantined", 0.0)
    for step in ("06", "07"):
        done = kernel_less.run(home, "run", "demo", "--only", step, "--execute")
        assert done.returncode == 4, done.stdout + done.stderr
        assert "Beyond the threshold: attachment" in done.stdout


def test_codes_that_nobody_mapped_end_the_audit_when_all_is_shown_and_what_it_says_to_write_mends_it(
    tmp_path: Path,
) -> None:
    home = demo_home(tmp_path / "home")
    mapping = home / "parameters/demo/mapping.yaml"
    mapping.unlink()
    done = kernel_less.run(home, "run", "demo", "--only", "01")
    assert done.returncode == 1
    assert "Tickets.TicketPriorityID 9: 1 row" in done.stdout
    assert "TicketComments.CommentTypeID 42: 1 row" in done.stdout
    (page,) = (home / "reports/demo/runs").glob("*/01_audit.html")
    for shown in ("Stopped", "Preflight", "Codes that decide something", "Risk register"):
        assert shown in page.read_text(encoding="utf-8")
    lines = done.stdout.partition("again:\n")[2].partition("Not complete")[0]
    filled = lines.replace("name: ", "name: Call-back")
    for choices, chosen in (("critical", "normal"), ("customer,", "customer"), ("public", "public")):
        filled = re.sub(rf"CHOOSE(?=\}}  # {choices})", chosen, filled)
    assert "CHOOSE" not in filled
    mapping.write_text(filled, encoding="utf-8")
    done = kernel_less.run(home, "run", "demo", "--to", "02")
    assert done.returncode == 0, done.stdout
    assert "name: Active" in mapping.read_text(encoding="utf-8")


# --- the notebooks by themselves -----------------------------------------------------------------------


@pytest.mark.xdist_group("finished")
def test_the_notebooks_run_cell_by_cell_under_nbval(finished_home: Path, tmp_path: Path) -> None:
    home = copied(finished_home, tmp_path)
    joined(home / "notebooks", home / "cells" / "runbook.ipynb")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "--nbval-lax", "-p", "no:cacheprovider", "-p", "no:xdist", "-q", "cells"],
        cwd=home, env=clean() | {"MIGRATOR_HOME": str(home)}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr
    cells = sum(cell.cell_type == "code" for cell in nbformat.read(home / "cells/runbook.ipynb", 4).cells)
    assert f"{cells} passed" in done.stdout


def joined(folder: Path, file: Path) -> None:
    """Write the cells of all notebooks, in order, as one: they share a kernel, which takes seconds to start."""
    whole = nbformat.v4.new_notebook()
    for path in sorted(folder.glob("*.ipynb")):
        notebook = nbformat.read(path, as_version=4)
        whole.metadata = notebook.metadata
        for cell in notebook.cells:
            cell.id = f"{path.stem}-{cell.id}"
            whole.cells.append(cell)
    file.parent.mkdir()
    nbformat.write(whole, file)
