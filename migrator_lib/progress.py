"""Progress, rate and time left of a running step: one small file that the command line and `status` read.

In JupyterLab the same numbers appear below the running cell, and are updated in place.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from migrator_lib.bar import Bar
from migrator_lib.control import Control
from migrator_lib.errors import MigratorError

EVERY_SECONDS = 0.25
BEAT_SECONDS = 10.0


@dataclass(frozen=True)
class Snapshot:
    """How far a step is. ``rate`` is in units per second, ``seconds_left`` None until there is a rate."""

    step: str
    what: str
    done: int
    total: int
    rate: float
    seconds_left: float | None
    at: float

    def line(self) -> str:
        """Return one line for people."""
        if not self.total:
            return f"{self.step}  {self.what}: {self.done:,}, {self.rate:,.1f}/s"
        share = f"{self.done / self.total:6.1%}"
        left = "" if self.seconds_left is None else f", {duration(self.seconds_left)} left"
        return f"{self.step}  {self.what}: {self.done:,} of {self.total:,} {share}, {self.rate:,.1f}/s{left}"


def duration(seconds: float) -> str:
    """Return seconds as people say them: 42 s, 3 min 20 s, 5 h 12 min."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


def read(file: Path) -> Snapshot | None:
    """Return the last snapshot that was written, or None."""
    try:
        return Snapshot(**json.loads(file.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None


class Progress:
    """Counts the work of one stage of a step, and says so.

    Args:
        file: where the driver looks for it.
        step: the notebook's name.
        beat: called now and then while work goes on, to say that this process is alive.
        control: what a run is asked to do from outside; it is heeded wherever work is counted or begun.
    """

    def __init__(
        self, file: Path, step: str, beat: Callable[[], None] | None = None, control: Control | None = None
    ) -> None:
        self._file = file
        self._step = step
        self._beat = beat
        self._control = control
        self._paused_at: float | None = None
        self._beaten = time.monotonic()
        self._bar = Bar()
        self._written = 0.0
        self._lock = threading.Lock()
        self._begin("starting", 0)

    def begin(self, what: str, total: int, *, done: int = 0) -> None:
        """Start a stage of ``total`` units, ``done`` of which were done in an earlier run.

        Raises:
            StopRequested: the run is asked to stop.
        """
        self._begin(what, total, done)
        self.heed()

    def _begin(self, what: str, total: int, done: int = 0) -> None:
        self._what, self._total, self._done, self._before = what, total, done, done
        self._waiting = ""
        self._start = time.monotonic()
        self._write()

    def expect(self, units: int) -> None:
        """Say that the running stage is larger by ``units`` than was known when it began."""
        with self._lock:
            self._total += units

    def advance(self, units: int = 1) -> None:
        """Count ``units`` more; none, where work that is not counted went on. Then do what is asked from outside.

        Raises:
            StopRequested: the run is asked to stop.
        """
        self._advance(units)
        self.heed()

    def heed(self) -> None:
        """Wait as long as the run is paused; call this where nothing is half done.

        Raises:
            StopRequested: the run is asked to stop.
        """
        if self._control is None:
            return
        try:
            self._control.heed(self._pause)
        finally:
            if self._paused_at is not None:
                self._start += time.monotonic() - self._paused_at  # a pause is not slowness
                self._paused_at = None
                self._waiting = ""

    def _pause(self, words: str) -> None:
        if self._paused_at is None:
            self._paused_at = time.monotonic()
        self._waiting = words
        self._advance(0)
        self._write()

    def _advance(self, units: int) -> None:
        with self._lock:
            now = time.monotonic()
            self._done += units
            self._waiting = "" if units else self._waiting
            due = now - self._written >= EVERY_SECONDS
            beat = self._beat if now - self._beaten >= BEAT_SECONDS else None
            if beat:
                self._beaten = now
        if beat:
            beat()
        if due:
            self._write()

    def say(self, what: str) -> None:
        """Say the running stage's work in other words; count and rate go on."""
        self._what = what

    def wait(self, words: str) -> None:
        """Say why nothing is done, until something is; and that this process is alive."""
        self._waiting = words
        self.advance(0)
        self._write()

    @contextmanager
    def alive(self) -> Iterator[None]:
        """Say now and then that this process is alive, also while it waits for what gives no sign.

        So does a database that sorts a large table before it sends the first row. A lease that was lost meanwhile is
        told by the next thing that is written.
        """
        over = threading.Event()

        def beat() -> None:
            with suppress(MigratorError):
                while self._beat is not None and not over.wait(BEAT_SECONDS):
                    self._beat()

        thread = threading.Thread(target=beat, name="alive", daemon=True)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()

    def end(self) -> None:
        """Write the last state of this stage."""
        self._write()

    def leave(self, *, well: bool) -> None:
        """Say in the bar that its cell has ended, and how."""
        self._bar.end(well=well)

    def snapshot(self) -> Snapshot:
        """Return where the stage stands."""
        passed = max(1e-6, (self._paused_at or time.monotonic()) - self._start)
        rate = (self._done - self._before) / passed
        known = rate > 0 and self._total and self._total >= self._done
        left = (self._total - self._done) / rate if known else None
        return Snapshot(self._step, self._waiting or self._what, self._done, self._total, rate, left, time.time())

    def _write(self) -> None:
        self._written = time.monotonic()
        snapshot = self.snapshot()
        temporary = self._file.with_suffix(".tmp")
        try:
            temporary.write_text(json.dumps(asdict(snapshot)), encoding="utf-8")
            temporary.replace(self._file)
        except OSError:
            return  # progress is a courtesy: a full disk is reported by what must be written
        self._bar.show(snapshot, self._what, self._waiting)
