"""Pausing and stopping: the files, the signals, and a load that is asked to by either."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from migrator_lib import cli
from migrator_lib.clock import ManualClock, ScaledClock
from migrator_lib.control import LOOK_SECONDS, Control
from migrator_lib.driver import Run
from migrator_lib.errors import ExitCode, StopRequested, StorageError, exit_code_for
from migrator_lib.ledger import PENDING, Ledger
from migrator_lib.load import LoadReport
from migrator_lib.progress import Progress, read
from migrator_lib.simulators.gorgias import running
from migrator_lib.simulators.gorgias.admin_client import stats
from tests.homes import trivial_home
from tests.loading import filled, loader
from tests.shop import Shop
from tests.simulated_account import SEED, SimulatedGorgias, client

PROJECT = Path(__file__).parents[1]
TICKETS, SPEED = 60, 10.0
"""20 calls a second: a load is to be stopped in the middle, also where the machine has more to do."""


@pytest.fixture
def control(tmp_path: Path) -> Control:
    return Control(tmp_path, "acme", clock=ManualClock())


def until(what: Callable[[], bool]) -> None:
    """Wait for something that another thread or process brings about."""
    limit = time.monotonic() + 60
    while not what():
        assert time.monotonic() < limit, "it never came about"
        time.sleep(0.01)


# --- the files -----------------------------------------------------------------------------------------


def test_nothing_asked_is_nothing_done(control: Control) -> None:
    control.heed()
    assert not control.is_paused
    assert not control.is_stopped


def test_a_stop_is_obeyed_by_everybody_and_its_file_is_used_up(control: Control) -> None:
    control.stop()
    assert control.is_stopped
    for _ in range(3):
        with pytest.raises(StopRequested) as caught:
            control.heed()
    assert "migrator run acme" in caught.value.next_step
    assert not control.stop_file.exists()
    assert int(exit_code_for("StopRequested")) == 5


def test_files_are_looked_at_once_a_second(tmp_path: Path) -> None:
    clock = ManualClock()
    control = Control(tmp_path, "acme", clock=clock)
    control.heed()
    control.stop()
    clock.advance(LOOK_SECONDS - 0.01)
    control.heed()
    clock.advance(0.02)
    with pytest.raises(StopRequested):
        control.heed()


def test_a_pause_lasts_until_its_file_is_gone_and_says_how_to_go_on(control: Control) -> None:
    control.pause()
    told: list[str] = []

    def tell(words: str) -> None:
        told.append(words)
        if len(told) == 5:
            assert control.resume()

    control.heed(tell)
    assert "paused since" in told[0]
    assert "migrator resume acme" in told[0]
    control.heed(tell)
    assert len(told) == 5
    assert not control.resume()


def test_a_stop_while_paused_stops(control: Control) -> None:
    control.pause()
    with pytest.raises(StopRequested):
        control.heed(lambda _: control.stop())
    assert control.is_paused, "the next run waits, too"


def test_a_stop_from_before_is_forgotten(control: Control) -> None:
    assert not control.forget_stop()
    control.stop()
    assert control.forget_stop()
    control.heed()


def test_a_folder_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="PAUSE could not be made"):
        Control(tmp_path / "gone", "acme").pause()


def test_a_pause_is_told_keeps_the_lease_and_is_not_slowness(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    control, wall, beats = Control(tmp_path, "acme", clock=ManualClock()), [1000.0], []

    class Wall:
        monotonic = staticmethod(lambda: wall[0])
        time = staticmethod(lambda: wall[0])

    monkeypatch.setattr("migrator_lib.progress.time", Wall)
    file = tmp_path / "progress.json"
    progress = Progress(file, "05_load", lambda: beats.append(wall[0]), control)
    progress.begin("Tickets", 1000)
    wall[0] += 50
    control._look_at = 0.0
    control.pause()
    seen: list[str] = []
    pause = progress._pause

    def paused(words: str) -> None:
        pause(words)
        found = read(file)
        assert found is not None
        seen.append(found.line())
        wall[0] += 100
        if len(seen) == 3:
            control.resume()

    monkeypatch.setattr(progress, "_pause", paused)
    progress.advance(100)
    assert all("paused since" in line and "100 of 1,000" in line and "2.0/s, 7 min 30 s" in line for line in seen)
    assert len(beats) == 3
    assert (progress.snapshot().what, progress.snapshot().rate) == ("Tickets", 2.0)


# --- signals -------------------------------------------------------------------------------------------


@pytest.fixture
def listening(tmp_path: Path) -> Iterator[Control]:
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    control = Control(tmp_path, "acme", clock=ManualClock())
    control.heed()
    control.listen()
    yield control
    control.listen_no_more()
    assert {number: signal.getsignal(number) for number in before} == before


def test_signals_pause_resume_and_stop(listening: Control) -> None:
    os.kill(os.getpid(), signal.SIGUSR1)
    assert listening.pause_file.exists()
    os.kill(os.getpid(), signal.SIGUSR2)
    assert not listening.pause_file.exists()
    os.kill(os.getpid(), signal.SIGTERM)
    with pytest.raises(StopRequested):
        listening.heed()


def test_a_second_interrupt_does_not_wait_for_the_record(listening: Control) -> None:
    os.kill(os.getpid(), signal.SIGINT)
    with pytest.raises(KeyboardInterrupt):
        os.kill(os.getpid(), signal.SIGINT)


def test_a_signal_stops_also_where_the_disk_takes_no_file(tmp_path: Path) -> None:
    control = Control(tmp_path / "gone", "acme", clock=ManualClock())
    control.listen()
    try:
        os.kill(os.getpid(), signal.SIGTERM)
        with pytest.raises(StopRequested):
            control.heed()
    finally:
        control.listen_no_more()


# --- commands and the driver ---------------------------------------------------------------------------


def test_commands_make_and_remove_the_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MIGRATOR_HOME", str(trivial_home(tmp_path / "home")))
    reports = tmp_path / "home" / "reports" / "demo"
    for command, file, there in (("pause", "PAUSE", True), ("resume", "PAUSE", False), ("stop", "STOP", True)):
        assert CliRunner().invoke(cli.app, [command, "demo"]).exit_code == 0
        assert (reports / file).exists() is there
    assert CliRunner().invoke(cli.app, ["pause", "nobody"]).exit_code == int(ExitCode.FAILED)


def test_a_driver_removes_a_stop_from_before_and_stops_before_the_next_step(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "environ", dict(os.environ))
    said: list[str] = []
    run = Run(trivial_home(tmp_path / "home"), "demo", execute=True, say=said.append)
    begun: list[str] = []

    def step(name: str) -> object:
        begun.append(name)
        run.control.stop()
        from migrator_lib.driver import Ended

        return Ended(ExitCode.DONE)

    monkeypatch.setattr(run, "_step", step)
    monkeypatch.setattr(run, "_prepare", lambda: None)
    monkeypatch.setattr("migrator_lib.driver.embedded.accounts", lambda *_: __import__("contextlib").nullcontext())
    run.control.stop()
    assert run.run(["01_audit", "02_schema_design"]) == ExitCode.STOPPED
    assert begun == ["01_audit"]
    assert any("STOP was there from before" in line for line in said)
    assert "stopped before 02_schema_design" in said[-1]
    assert not run.control.stop_file.exists()


# --- a load --------------------------------------------------------------------------------------------


def test_a_load_pauses_between_records_goes_on_and_stops_while_paused(
    gorgias: SimulatedGorgias, ledger: Ledger, shop: Shop, tmp_path: Path
) -> None:
    control = Control(tmp_path, "demo", clock=ScaledClock(500.0))
    staged = shop.stage()
    ended: list[LoadReport | StopRequested] = []
    ledger.take_lease()

    def run() -> None:
        try:
            ended.append(loader(shop, gorgias.api, ledger, staged, control).run())
        except StopRequested as error:
            ended.append(error)

    def paused() -> bool:
        seen = read(shop.folder / "progress.json")
        return seen is not None and "paused since" in seen.what

    control.pause()
    thread = threading.Thread(target=run)
    thread.start()
    until(paused)
    calls = gorgias.account.stats.calls
    until(paused)
    assert gorgias.account.stats.calls == calls
    control.stop()
    thread.join(60)
    assert isinstance(ended.pop(), StopRequested)
    assert not any(ledger.entries("production", state=PENDING))
    control = Control(tmp_path, "demo", clock=ScaledClock(500.0))
    thread = threading.Thread(target=run)
    thread.start()
    until(paused)
    control.resume()
    thread.join(60)
    assert not isinstance(ended[0], StopRequested)
    assert gorgias.account.stats.calls > calls


def test_a_load_that_is_stopped_by_a_signal_leaves_no_intent_and_the_next_one_goes_on(tmp_path: Path) -> None:
    seed = tmp_path / "seed.json"
    seed.write_text(json.dumps(SEED))
    shop = filled(tmp_path / "shop", TICKETS)
    staged = shop.stage()
    shop.write("full")
    with running(tmp_path / "accounts", ["stopped"], speed=SPEED, seed=seed) as simulator:
        url = simulator.base_url("stopped")
        command = [sys.executable, "-m", "tests.crash.load_process", str(tmp_path), url, str(TICKETS), str(SPEED)]
        process = subprocess.Popen(command, cwd=PROJECT)
        until(lambda: stats(url)["objects"]["ticket"] >= 3)
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=60) == int(ExitCode.STOPPED)
        ledger = Ledger.in_folder(tmp_path / "state")
        made = sum(1 for _ in ledger.entries("production", "ticket", state="created"))
        assert not any(ledger.entries("production", state=PENDING))
        assert 3 <= made < TICKETS
        assert stats(url)["objects"]["ticket"] == made
        ledger.take_lease()
        loader(shop, client(url, ScaledClock(SPEED)), ledger, staged).run()
        ledger.close()
        assert stats(url)["objects"]["ticket"] == TICKETS
