"""Pausing and stopping a run from outside: by a file, by a signal, by a command.

``PAUSE`` and ``STOP`` in the engagement's report folder are looked at between records (and pages), so that nothing is
left half done: whatever is on its way ends first, with its outcome in the ledger. A run that is paused keeps its lease.
A signal does no more than to make or remove these files: SIGTERM and SIGINT stop, SIGUSR1 pauses, SIGUSR2 resumes.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType
from typing import Any

from migrator_lib.clock import Clock, ScaledClock
from migrator_lib.errors import StopRequested
from migrator_lib.storage import refusals

LOOK_SECONDS = 1.0
"""How often the files are looked at, at most."""
MEND = "make or remove the file by hand, or mend the folder's rights."


class Control:
    """What an engagement's run was asked to do.

    Args:
        folder: ``reports/<engagement>``.
        name: the engagement's, for what is said.
        clock: of the wall; what pauses are spent on.
    """

    def __init__(self, folder: Path, name: str, *, clock: Clock | None = None) -> None:
        self.pause_file = folder / "PAUSE"
        self.stop_file = folder / "STOP"
        self._name = name
        self._clock = clock or ScaledClock()
        self._look_at = 0.0
        self._paused = False
        self._stopped = False
        self._asked = False
        self._lock = threading.Lock()
        self._before: dict[int, Any] = {}

    # --- asking ------------------------------------------------------------------------------------

    def pause(self) -> None:
        """Ask the run to pause.

        Raises:
            StorageError: the file cannot be made.
        """
        self._make(self.pause_file)

    def resume(self) -> bool:
        """Ask a paused run to go on; return whether it was asked to pause.

        Raises:
            StorageError: the file cannot be removed.
        """
        return self._remove(self.pause_file)

    def stop(self) -> None:
        """Ask the run to stop.

        Raises:
            StorageError: the file cannot be made.
        """
        self._make(self.stop_file)

    def forget_stop(self) -> bool:
        """Remove a ``STOP`` that was obeyed, or was meant for an earlier run; return whether there was one."""
        self._asked = False
        return self._remove(self.stop_file)

    def _make(self, file: Path) -> None:
        with refusals(f"{file} could not be made", next_step=MEND):
            file.touch()

    def _remove(self, file: Path) -> bool:
        with refusals(f"{file} could not be removed", next_step=MEND):
            there = file.exists()
            file.unlink(missing_ok=True)
        return there

    # --- obeying -----------------------------------------------------------------------------------

    @property
    def is_paused(self) -> bool:
        """Whether ``PAUSE`` is there."""
        return self.pause_file.exists()

    @property
    def is_stopped(self) -> bool:
        """Whether the run is asked to stop."""
        return self._asked or self.stop_file.exists()

    def heed(self, tell: Callable[[str], None] = lambda words: None) -> None:
        """Do what was asked, if anything was.

        Args:
            tell: called every second of a pause with what people should know; it may keep a lease.

        Raises:
            StopRequested: the run is asked to stop, and so is everybody who calls this after.
        """
        if not (self._stopped or self._paused) and self._clock.monotonic() < self._look_at:
            return
        with self._lock:  # while one waits for the end of a pause, all do
            if self._stopped:
                raise self.stop_words()
            self._look_at = self._clock.monotonic() + LOOK_SECONDS
            self._obey_stop()
            if self.is_paused:
                self._wait_out(tell)

    def _obey_stop(self) -> None:
        if self.is_stopped:
            self._stopped = True
            self.forget_stop()
            raise self.stop_words()

    def _wait_out(self, tell: Callable[[str], None]) -> None:
        self._paused, since = True, datetime.now(UTC)
        words = (
            f"paused since {since:%H:%M} UTC; 'migrator resume {self._name}' goes on, and so does removing "
            f"{self.pause_file.parent.parent.name}/{self._name}/PAUSE"
        )
        try:
            while self.is_paused:
                tell(words)
                self._clock.sleep(LOOK_SECONDS)
                self._obey_stop()
        finally:
            self._paused = False

    def stop_words(self) -> StopRequested:
        """Return what ends a run that is asked to stop."""
        return StopRequested(
            "The run was stopped, as it was asked to be; everything that was on its way has ended.",
            next_step=f"migrator run {self._name} again (with --execute, if it was): it goes on where it stopped.",
        )

    # --- signals -----------------------------------------------------------------------------------

    def listen(self) -> None:
        """Take signals for requests, until :meth:`listen_no_more`; only a process's main thread can."""
        if threading.current_thread() is not threading.main_thread():
            return
        for name in ("SIGINT", "SIGTERM", "SIGUSR1", "SIGUSR2"):
            number = getattr(signal, name, None)  # Windows has the first two alone
            if number is not None and signal.getsignal(number) != self._heard:
                self._before.setdefault(number, signal.getsignal(number))
                signal.signal(number, self._heard)

    def listen_in_cells(self) -> None:
        """Listen, in a notebook too, whose kernel takes SIGINT back before every cell."""
        self.listen()
        try:
            from IPython import get_ipython
        except ImportError:
            return
        shell = get_ipython()
        if shell is not None:
            shell.events.register("pre_run_cell", self._listen_again)

    def _listen_again(self, *_: object) -> None:
        """A cell that a person runs after one that was stopped is to be run."""
        self._stopped = False
        if self._before:
            self.listen()

    def listen_no_more(self) -> None:
        """Leave signals to whoever had them before."""
        for number, handler in self._before.items():
            if signal.getsignal(number) == self._heard:
                signal.signal(number, handler)
        self._before = {}

    def _heard(self, number: int, frame: FrameType | None) -> None:
        """Ask for what a signal means; a second SIGINT does not wait for the end of a record."""
        name = signal.Signals(number).name
        if name == "SIGINT" and self._asked:
            raise KeyboardInterrupt
        self._look_at = 0.0
        with suppress(Exception):  # a disk that is full does not keep a run from stopping
            if name == "SIGUSR1":
                self.pause()
            elif name == "SIGUSR2":
                self.resume()
            else:
                self._asked = True
                self.stop()
