"""Indexes files until one is read, and there kills itself as ``kill -9`` would: run as a process by its test."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import BinaryIO

from migrator_lib.smartertrack import file_index
from migrator_lib.smartertrack.files import LocalRoot
from tests.extracting import Desk


class Deadly(LocalRoot):
    left = 0

    def open(self, path: str) -> BinaryIO:
        self.left -= 1
        if self.left < 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return super().open(path)


def main(url: str, folder: str, files: str, left: int) -> None:
    """Index a source's files; ``left`` are read before one is deadly."""
    file_index.PAGE_FILES = 4
    with Desk(url, Path(folder)).reader() as reader:
        root = Deadly(Path(files))
        root.left = left
        reader.tickets()
        reader.files(root)
