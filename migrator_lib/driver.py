"""The driver: runs an engagement's notebooks with papermill, one after the other, and leaves its reports.

A notebook is executed beside its place and renamed when it has ended, rendered, and searched for secrets. What ends a
run early (a gate, an error, kill -9) loses nothing: the next run goes on at the step that was not done.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import papermill
from papermill.exceptions import PapermillExecutionError

from migrator_lib import pages
from migrator_lib.engagement import ALL_STEPS, ROLL_BACK, STEPS, WRITES, Engagement
from migrator_lib.errors import (
    STATUS,
    ExitCode,
    LeaseHeld,
    MigratorError,
    ParameterError,
    StorageError,
    exit_code_for,
    is_ours,
)
from migrator_lib.evidence import summary
from migrator_lib.simulators import embedded
from migrator_lib.storage import flush, refusals
from migrator_lib.watch import Watch

LEASE_PATIENCE_SECONDS = 15
"""A kernel outlives a killed driver by a moment; this long a run waits for it to give the lease back."""
GO_ON = "Next: run again, it goes on where it stopped."
QUIET = ["--IPKernelApp.log_level=CRITICAL"]
"""A kernel warns on the terminal that it talks over loopback; it says its errors in the notebook."""
HYPERCARE = "08_hypercare"
GIVEN = ("engagement_name", "execute")
"""Parameters that the driver itself gives to every notebook."""


@dataclass(frozen=True)
class Ended:
    """How one notebook ended."""

    code: ExitCode
    words: str = ""
    """What the error said, with what to do next."""


@dataclass
class Run:
    """One run of an engagement."""

    root: Path
    name: str
    execute: bool = False
    values: Mapping[str, Any] = field(default_factory=dict)
    """Notebook parameters given on the command line."""
    say: Callable[[str], None] = print
    """Where one line for people goes."""
    run_id: str = ""

    def __post_init__(self) -> None:
        """Open the engagement for reading."""
        self.run_id = self.run_id or datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
        os.environ.update(MIGRATOR_RUN_ID=self.run_id, MIGRATOR_DRIVER="1", MIGRATOR_HOME=str(self.root))
        self.engagement = Engagement(self.root, self.name, run_id=self.run_id)
        self.folder = self.engagement.paths.runs / self.run_id
        self.control = self.engagement.control

    # --- which steps -------------------------------------------------------------------------------

    def steps(self, first: str | None = None, last: str | None = None, only: str | None = None) -> list[str]:
        """Return the steps to run.

        Without ``first``, a run that executes goes on behind the last step that was done, and a rehearsal begins at 01;
        without ``last`` it goes to the end, or as far as a rehearsal can: to 05 where nothing was loaded yet, to 07
        before the cutover. What no run takes by itself (90) is named by ``only``.

        Raises:
            ParameterError: there is no such step, or the run would end before it begins.
        """
        if only:
            return [step_named(only)]
        start = _place(first) if first else self._resume_at()
        end = _place(last) if last else self._end()
        if end < start:
            begins = f"--from {STEPS[start][:2]}" if first else f"{STEPS[start][:2]}, where the last run stopped"
            ends = f"--to {STEPS[end][:2]}" if last else f"{STEPS[end][:2]}, where a rehearsal ends so far"
            raise ParameterError(
                f"The run would begin at {begins}, and end at {ends}.",
                next_step="give --from and --to in this order, and --execute for what lies behind the load.",
            )
        return list(STEPS[start : end + 1])

    def _resume_at(self) -> int:
        if not self.execute:
            return 0
        done = self.engagement.ledger.meta("cycle", [])
        left = [n for n, step in enumerate(STEPS) if step not in done]
        return left[0] if left else 0

    def _end(self) -> int:
        """Return the last step: a rehearsal ends with the load before there was one, and with the cutover likewise."""
        for step in ("05_load", "07_cutover"):
            if not self.execute and not self.engagement.ledger.step_is_done(step):
                return STEPS.index(step)
        return len(STEPS) - 1

    def _note_done(self, step: str) -> None:
        """Keep what is done of the runbook, so that the next run goes on behind it; 90 says itself what is due."""
        if self.execute and step in STEPS:
            cycle: list[str] = self.engagement.ledger.meta("cycle", [])
            done = [s for s in cycle if STEPS.index(s) < STEPS.index(step)]
            self.engagement.ledger.set_meta("cycle", [] if step == STEPS[-1] else [*done, step])

    # --- the run -----------------------------------------------------------------------------------

    def run(self, steps: Sequence[str]) -> ExitCode:
        """Run these steps until one does not end well, or it is asked to stop, and leave the reports.

        Raises:
            ParameterError: a parameter that no notebook knows.
            LeaseHeld: another run is at work.
        """
        self._check_parameters(steps)
        self._wait_for_lease()
        self._prepare()
        if self.control.forget_stop():
            self.say("A file STOP was there from before this run: it is removed.")
        if self.control.is_paused:
            self.say(f"A file PAUSE is there: the run waits until 'migrator resume {self.name}'.")
        self.control.listen()
        try:
            with embedded.accounts(self.engagement.parameters, self.engagement.paths):
                ended = self._steps(steps)
        finally:
            self.control.listen_no_more()
        self.control.forget_stop()  # one that came too late for the last step
        if ended.words:
            self.say(ended.words)
        return self._result(ended, steps)

    def _steps(self, steps: Sequence[str]) -> Ended:
        for step in steps:
            if self.control.is_stopped:
                return Ended(ExitCode.STOPPED, f"The run was stopped before {step}.\n{GO_ON}")
            ended = self._step(step)
            if ended.code != ExitCode.DONE:
                return ended
        return Ended(ExitCode.DONE)

    def _result(self, ended: Ended, steps: Sequence[str]) -> ExitCode:
        if ended.code == ExitCode.DONE and steps[-1] == HYPERCARE:
            return self._hypercare()
        if ended.code == ExitCode.DONE and self.execute and steps[-1] == ROLL_BACK:
            return self._rolled_back()
        if ended.code == ExitCode.DONE and self.execute and steps[-1] in STEPS[STEPS.index("05_load") :]:
            return ExitCode.EXCEPTIONS if self._exceeded() else ExitCode.DONE
        return ended.code

    def _hypercare(self) -> ExitCode:
        """Return how a day of hypercare ended: what was lost is an exception, however little it is."""
        exceeded = self._exceeded() if self.execute else []
        day = summary.hypercare(self.engagement.ledger.steps())
        if day and day["lost"]:
            page = self.engagement.paths.reports / "hypercare" / f"day-{day['day']}.html"
            lost = pages.counted(day["lost"], "record")
            self.say(f"Lost since the cutover: {lost}.\nNext: see {page}, and do what it says.")
        return ExitCode.EXCEPTIONS if exceeded or (day and day["lost"]) else ExitCode.DONE

    def _rolled_back(self) -> ExitCode:
        """Return how a roll-back ended: what differs from the snapshot and nobody can explain is an exception."""
        last = summary.latest_done(self.engagement.ledger.steps(), ROLL_BACK)
        left = int(((last or {}).get("summary") or {}).get("unexplained", 0))
        if left:
            self.say(f"Not as before the load: {left:,} things.\nNext: {self.folder / ROLL_BACK}.html lists them.")
        return ExitCode.EXCEPTIONS if left else ExitCode.DONE

    def _exceeded(self) -> list[str]:
        """Say which thresholds are exceeded, and return it."""
        exceeded = summary.exceeded(self.engagement, summary.collect(self.engagement)["objects"])
        for words in exceeded:
            self.say(f"Beyond the threshold: {words}.")
        return exceeded

    def _check_parameters(self, steps: Sequence[str]) -> None:
        known = {name for step in steps for name in parameters_of(self.root, step)} - set(GIVEN)
        unknown = sorted(set(self.values) - known)
        if unknown:
            raise ParameterError(
                f"No notebook of this run knows the parameter {', '.join(unknown)}.",
                next_step="choose of: " + (", ".join(sorted(known)) or "none, these notebooks take no more") + ".",
            )

    def _wait_for_lease(self) -> None:
        until = time.monotonic() + LEASE_PATIENCE_SECONDS
        while True:
            try:
                self.engagement.ledger.take_lease()
                self.engagement.ledger.release_lease()
                return
            except LeaseHeld:
                if time.monotonic() > until:
                    raise
                time.sleep(0.5)

    def _prepare(self) -> None:
        """Build the embedded help desk, if this engagement has one and it is not there yet."""
        parameters, paths = self.engagement.parameters, self.engagement.paths
        if parameters.source.simulator and not parameters.source.url and not embedded.is_built(paths):
            size = parameters.source.simulator.tickets
            self.say(f"Building the embedded SmarterTrack help desk with {size:,} tickets ...")
            embedded.source_url(parameters, paths)

    # --- one step ----------------------------------------------------------------------------------

    def _step(self, step: str) -> Ended:
        if self.execute and step == "07_cutover":
            passed = embedded.live_a_day(self.engagement.parameters, self.engagement.paths)
            if any(passed.values()):
                self.say("A working day passes in the embedded SmarterTrack, so that the cutover has a delta.")
        began = time.monotonic()
        with Watch(step, self.engagement.paths.state / "progress.json", self.say):
            ended = self._execute(step)
        ended = self._publish(step, ended)
        seconds = time.monotonic() - began
        words = {ExitCode.DONE: "done", ExitCode.GATE: "waits at a gate", ExitCode.STOPPED: "stopped"}.get(
            ended.code, "failed"
        )
        if ended.code == ExitCode.DONE:
            self._note_done(step)
        if ended.code == ExitCode.DONE and step in WRITES and not self.execute:
            words = "rehearsed, nothing was written"
        self.say(f"{step}  {words} after {seconds:.0f} s")
        return ended

    def _execute(self, step: str) -> Ended:
        """Execute one notebook beside its place, and rename it when it has ended, however it ended."""
        final = self.folder / f"{step}.ipynb"
        partial = self.folder / f".{step}.partial.ipynb"
        mine = {k: v for k, v in self.values.items() if k in parameters_of(self.root, step)}
        ended = Ended(ExitCode.DONE)
        try:
            with refusals(f"{final} could not be written"):
                self.folder.mkdir(parents=True, exist_ok=True)
                papermill.execute_notebook(
                    str(self.root / "notebooks" / f"{step}.ipynb"),
                    str(partial),
                    {"engagement_name": self.name, "execute": self.execute, **mine},
                    kernel_name="python3",
                    progress_bar=False,
                    extra_arguments=QUIET,
                    cwd=str(self.root / "notebooks"),
                )
        except PapermillExecutionError as error:
            ended = self._failed(step, error.ename, error.evalue)
        except KeyboardInterrupt:
            ended = self._failed(step, "KeyboardInterrupt", f"Interrupted.\n{GO_ON}")
        except RuntimeError as error:  # nbclient's DeadKernelError and time-outs
            ended = self._failed(step, type(error).__name__, f"The kernel of {step} ended: {error}.\n{GO_ON}")
        except StorageError as error:
            ended = self._failed(step, type(error).__name__, str(error))
        if partial.exists():
            with refusals(f"{final} could not be written"):  # a step is noted as done: its evidence stays, too
                flush(partial)
                partial.replace(final)
                flush(self.folder)
        return ended

    def _failed(self, step: str, error: str, words: str) -> Ended:
        code = exit_code_for(error)
        self.engagement.ledger.mark_step(step, STATUS.get(code, "failed"), {"words": words})
        return Ended(code, words if is_ours(error) else f"{error}: {words}\nNext: see {self.folder / step}.html.")

    def _publish(self, step: str, ended: Ended) -> Ended:
        """Render and search the notebook, and bring summary and index up to date."""
        from migrator_lib.evidence import publish

        try:
            publish.notebook(self.engagement, self.folder / f"{step}.ipynb")
            publish.pages_of(self.engagement)
        except MigratorError as error:
            return self._failed(step, type(error).__name__, str(error))
        return ended


def step_named(text: str) -> str:
    """Return the step that a number or a name means.

    Raises:
        ParameterError: there is none.
    """
    for step in ALL_STEPS:
        if text in (step, step[:2], step[:2].lstrip("0")):
            return step
    raise ParameterError(f"There is no step '{text}'.", next_step="choose of: " + ", ".join(ALL_STEPS) + ".")


def _place(text: str) -> int:
    """Return the place of a step in the runbook.

    Raises:
        ParameterError: there is no such step, or no run takes it by itself.
    """
    step = step_named(text)
    if step not in STEPS:
        raise ParameterError(
            f"No run takes {step} on its way.", next_step=f"run it alone: --only {step[:2]}, with --execute or without."
        )
    return STEPS.index(step)


def parameters_of(root: Path, step: str) -> set[str]:
    """Return the names in a notebook's parameters cell.

    Raises:
        ParameterError: the notebook is not there.
    """
    file = root / "notebooks" / f"{step}.ipynb"
    if not file.exists():
        raise ParameterError(
            f"{file} is not there.",
            next_step="run in the project's folder, or set MIGRATOR_HOME to one with notebooks/ and parameters/.",
        )
    return set(papermill.inspect_notebook(str(file)))
