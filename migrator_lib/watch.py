"""Watching a step from outside: its progress, rate and time left, as the notebook's process writes them down."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType

from rich.console import Console
from rich.status import Status

from migrator_lib import progress

LOOK_SECONDS = 0.3
LINE_SECONDS = 15.0
"""How often a line is written where the output is no terminal."""


class Watch:
    """Shows a running step: a line that is redrawn on a terminal, a line now and then elsewhere."""

    def __init__(self, step: str, file: Path, say: Callable[[str], None]) -> None:
        self._step = step
        self._file = file
        self._say = say
        self._ended = threading.Event()
        self._since = time.time()
        self._thread = threading.Thread(target=self._look, daemon=True, name="watch")

    def __enter__(self) -> Watch:
        """Begin to look."""
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop looking."""
        self._ended.set()
        self._thread.join()

    def line(self) -> str:
        """Return where the step stands, in one line."""
        seen = progress.read(self._file)
        if seen is None or seen.at < self._since or seen.step != self._step:
            return f"{self._step}  starting"
        return seen.line()

    def _look(self) -> None:
        if sys.stdout.isatty():
            with Status(self.line(), console=Console()) as shown:
                while not self._ended.wait(LOOK_SECONDS):
                    shown.update(self.line())
            return
        while not self._ended.wait(LINE_SECONDS):
            self._say(self.line())
