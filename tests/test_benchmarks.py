"""The harness of the benchmarks, with benchmarks that measure nothing."""

from __future__ import annotations

import io
import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest
from rich.console import Console

from benchmarks import calls, demo_run, gate, verify
from benchmarks.harness import Registry, discover
from benchmarks.run import main

DOWNLOAD = "GET {file_type}/download/{domain_hash}/{resource_name}"


@pytest.fixture
def registry() -> Registry:
    made = Registry()

    @made.benchmark(unit="s", goal=90)
    def quick_seconds() -> float:
        """Time of something quick,
        least of three.

        Not part of the method.
        """
        return 12.5

    @made.benchmark(unit="rows/s", goal=1000, more_is_better=True)
    def slow_rows() -> float:
        """Rows a second."""
        return 400

    return made


@pytest.fixture
def console() -> Console:
    return Console(file=io.StringIO(), width=100)


def printed(console: Console) -> str:
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_all_are_measured_and_written_as_a_list(registry: Registry, console: Console, tmp_path: Path) -> None:
    output = tmp_path / "reports" / "bench.json"
    assert main([], registry=registry, output=output, console=console) == 0
    assert json.loads(output.read_text()) == [
        {
            "name": "quick_seconds",
            "value": 12.5,
            "unit": "s",
            "goal": 90,
            "holds": True,
            "method": "Time of something quick, least of three.",
        },
        {
            "name": "slow_rows",
            "value": 400.0,
            "unit": "rows/s",
            "goal": 1000,
            "holds": False,
            "method": "Rows a second.",
        },
    ]
    assert [path.name for path in output.parent.iterdir()] == ["bench.json"]


def test_one_table_shows_value_goal_and_method(registry: Registry, console: Console, tmp_path: Path) -> None:
    main([], registry=registry, output=tmp_path / "bench.json", console=console)
    text = printed(console)
    assert text.count("Benchmarks") == 1
    quick = next(line for line in text.splitlines() if "quick_seconds" in line and "12.5" in line)
    assert "≤ 90" in quick
    assert "yes" in quick
    slow = next(line for line in text.splitlines() if "slow_rows" in line and "400" in line)
    assert "≥ 1,000" in slow
    assert "no" in slow.split("rows/s")[1]
    assert "Rows a second." in text


@pytest.mark.parametrize(("value", "holds"), [(99.0, False), (100.0, True), (101.0, True)])
def test_a_goal_that_is_a_floor_holds_from_there_up(value: float, holds: bool) -> None:
    registry = Registry()
    registry.benchmark(unit="rows/s", goal=100, more_is_better=True)(_named("rows", value))
    assert registry.select()[0].holds(value) is holds
    registry = Registry()
    registry.benchmark(unit="s", goal=100)(_named("seconds", value))
    assert registry.select()[0].holds(value) is (value <= 100)


def _named(name: str, value: float) -> Callable[[], float]:
    def measure() -> float:
        """A number."""
        return value

    measure.__name__ = name
    return measure


def test_only_measures_the_one_that_is_named(registry: Registry, console: Console, tmp_path: Path) -> None:
    output = tmp_path / "bench.json"
    assert main(["--only", "slow_rows"], registry=registry, output=output, console=console) == 0
    assert [line["name"] for line in json.loads(output.read_text())] == ["slow_rows"]
    assert "quick_seconds" not in printed(console)


def test_an_unknown_name_is_told_with_those_there_are(
    registry: Registry, console: Console, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "bench.json"
    assert main(["--only", "quick"], registry=registry, output=output, console=console) == 2
    assert "no benchmark named 'quick'. There are: quick_seconds, slow_rows." in capsys.readouterr().err
    assert not output.exists()


def test_one_that_fails_does_not_stop_the_others(registry: Registry, console: Console, tmp_path: Path) -> None:
    @registry.benchmark(unit="s", goal=1)
    def broken() -> float:
        """Fails before the others, by its name."""
        raise RuntimeError("the simulator [bold]did not start")

    output = tmp_path / "bench.json"
    assert main([], registry=registry, output=output, console=console) == 1
    lines = {line["name"]: line for line in json.loads(output.read_text())}
    assert list(lines) == ["broken", "quick_seconds", "slow_rows"]
    assert lines["broken"]["value"] is None
    assert lines["broken"]["holds"] is False
    assert lines["quick_seconds"]["value"] == 12.5
    assert "the simulator [bold]did not start" in printed(console)


def test_two_of_one_name_are_refused(registry: Registry) -> None:
    with pytest.raises(ValueError, match="two benchmarks named quick_seconds"):
        registry.benchmark(unit="s", goal=1)(_named("quick_seconds", 1.0))


def test_one_without_a_method_is_refused(registry: Registry) -> None:
    def untold() -> float:
        return 1.0

    with pytest.raises(ValueError, match="docstring"):
        registry.benchmark(unit="s", goal=1)(untold)


def test_the_projects_own_are_found_and_each_is_in_the_readme() -> None:
    found = {each.name: (each.unit, each.goal) for each in discover().select()}
    assert found["demo_run_seconds_per_1000_tickets"] == ("s", 90)
    assert found["papermill_overhead_seconds_per_notebook"] == ("s", 1.5)
    assert found["calls_per_plain_ticket"] == ("calls", 1.05)
    readme = Path(demo_run.__file__).with_name("README.md").read_text(encoding="utf-8")
    assert [name for name in found if f"`{name}`" not in readme and not name.startswith("gate_")] == []
    assert "`gate_share_<bucket>_<auth>_<traffic>_<latency>`" in readme


def test_the_gate_is_measured_on_both_kinds_of_limit_by_both_ways_of_signing_in_with_and_without_others() -> None:
    goals = {each.name: (each.goal, each.more_is_better) for each in discover().select() if "gate_" in each.name}
    assert len(goals) == 32
    assert goals["gate_share_leaky_api_key_own_50ms"] == (0.99, True)
    assert goals["gate_share_window_oauth_foreign_1s"] == (0.98, True)
    assert goals["gate_throttled_leaky_oauth_own_1s"] == (0.0, False)
    assert goals["gate_throttled_window_api_key_foreign_50ms"] == (0.001, False)


@pytest.mark.parametrize("way", list(gate.WAYS))
def test_a_way_is_measured_over_http_and_two_lines_are_of_one_run(way: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gate, "SPEEDS", {"leaky": 100.0})
    monkeypatch.setattr(gate, "USUAL_SPEED", 100.0)
    monkeypatch.setattr(gate, "WARM_WINDOWS", 1)
    monkeypatch.setattr(gate, "WINDOWS", 2)
    gate.outcome.cache_clear()
    scenario = gate.Scenario("leaky", "api_key", "foreign", "50ms")
    found = gate.outcome(scenario, way)
    assert 0.0 <= found.share < 2.0
    assert 0.0 <= found.throttled < 1.0
    assert gate.outcome(scenario, way) is found
    gate.outcome.cache_clear()


def test_the_comparison_shows_every_scenario_by_every_way(
    monkeypatch: pytest.MonkeyPatch, console: Console, tmp_path: Path
) -> None:
    monkeypatch.setattr(gate, "outcome", lambda scenario, way: gate.Outcome(0.5 if way == "gate" else 0.25, 0.002, 3))
    assert gate.main([], output=tmp_path / "gate.json", console=console) == 0
    lines = json.loads((tmp_path / "gate.json").read_text())
    assert len(lines) == 16 * len(gate.WAYS)
    assert lines[0] == {
        "bucket": "leaky", "auth": "api_key", "traffic": "own", "latency": "50ms", "way": "gate",
        "share": 0.5, "throttled": 0.002, "others_throttled": 3,
    }  # fmt: skip
    assert all(each.name in printed(console) for each in gate.SCENARIOS)


def test_calls_of_a_ticket_are_those_that_the_account_counts(tmp_path: Path) -> None:
    assert 1.0 < calls.measure(tmp_path, tickets=40) <= 1.05  # a call for each, and one that reads them back


def test_a_verification_costs_a_call_for_a_hundred_records_and_none_for_one_of_them(tmp_path: Path) -> None:
    cost = verify.measure(tmp_path, tickets=25)
    assert cost.found.looked.now == cost.by_endpoint.pop(DOWNLOAD) == 1
    records = sum(cost.found.read.values())
    assert sum(cost.by_endpoint.values()) <= records / 100 + len(cost.by_endpoint) + 3  # macros and fields by kind
    assert cost.share == cost.verified / cost.loaded < 0.1


@pytest.fixture
def finished(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> dict[str, object]:
    """Stand in for the run of the demo: it 'took' ten seconds and migrated 500 tickets."""
    for path in ("parameters/demo/engagement.yaml", "notebooks/01_audit.ipynb"):
        (tmp_path / path).parent.mkdir(parents=True)
        (tmp_path / path).write_text("as given")
    monkeypatch.setattr(demo_run, "PROJECT", tmp_path)
    seen: dict[str, object] = {"code": 0, "tickets": 500}

    def fake_run(command: list[str], *, cwd: Path, env: dict[str, str], **_: object) -> object:
        seen["command"], seen["env"] = command[1:], env
        assert (cwd / "parameters/demo/engagement.yaml").read_text() == "as given"
        assert (cwd / "notebooks/01_audit.ipynb").read_text() == "as given"
        reports = cwd / "reports" / "demo"
        reports.mkdir()
        summary = {"objects": {"ticket": {"source": seen["tickets"]}}}
        (reports / "summary.json").write_text(json.dumps(summary))
        return subprocess.CompletedProcess(command, int(str(seen["code"])), stdout="first\nthe last words\n")

    ticks = iter([100.0, 110.0])
    monkeypatch.setattr(demo_run.subprocess, "run", fake_run)
    monkeypatch.setattr(demo_run, "time", SimpleNamespace(perf_counter=lambda: next(ticks)))
    monkeypatch.setenv("MIGRATOR_RUN_ID", "someone-elses")
    return seen


@pytest.mark.parametrize("code", [0, 4])
def test_the_demo_run_is_timed_in_a_home_of_its_own(finished: dict[str, object], code: int) -> None:
    finished["code"] = code
    assert demo_run.demo_run_seconds_per_1000_tickets() == pytest.approx(20.0)
    assert finished["command"] == ["-m", "migrator_lib.cli", "run", "demo", "--execute"]
    environment = finished["env"]
    assert isinstance(environment, dict)
    assert "MIGRATOR_RUN_ID" not in environment
    home = Path(environment["MIGRATOR_HOME"])
    assert home != demo_run.PROJECT
    assert not home.exists()


@pytest.mark.parametrize("code", [1, 3])
def test_a_demo_run_that_did_not_end_fails_with_its_last_words(finished: dict[str, object], code: int) -> None:
    finished["code"] = code
    with pytest.raises(RuntimeError, match=rf"exit code {code}(?s:.*)the last words"):
        demo_run.demo_run_seconds_per_1000_tickets()


def test_a_demo_run_without_tickets_fails(finished: dict[str, object]) -> None:
    finished["tickets"] = 0
    with pytest.raises(RuntimeError, match="no ticket"):
        demo_run.demo_run_seconds_per_1000_tickets()
