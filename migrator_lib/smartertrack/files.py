"""The files root: attachments lie somewhere below it, under the name that their row gives.

The layout of the tree is not documented, so it is walked once and indexed by name.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from migrator_lib.errors import FilesMissing


@dataclass(frozen=True)
class FileOnDisk:
    """A file: its name, its path relative to the root (with ``/``), its size in bytes."""

    name: str
    path: str
    size: int


def walk(root: Path) -> Iterator[FileOnDisk]:
    """Yield every file below ``root``, in a fixed order, holding one folder's names at a time.

    Symbolic links are not followed. A file that is removed meanwhile is left out.

    Raises:
        FilesMissing: the root is not there, or a folder cannot be listed.
    """
    if not root.is_dir():
        raise FilesMissing(
            f"The files root {root} is not there.",
            next_step="mount the share or correct source.files_root, then run again; without it every attachment "
            "would be lost.",
        )
    pending = [root]
    while pending:
        try:
            folders, files = _list(pending.pop(), root)
        except OSError as error:
            raise FilesMissing(
                f"{error.filename or root} cannot be listed: {error.strerror or error}.",
                next_step="give this user the right to read the whole tree, or mount the share again; then run again.",
            ) from error
        pending += folders
        yield from files


def _list(folder: Path, root: Path) -> tuple[list[Path], list[FileOnDisk]]:
    """Return the folders in a folder, and its files by name."""
    folders, files = [], []
    with os.scandir(folder) as found:
        entries = sorted(found, key=lambda entry: entry.name)
    for entry in entries:
        if entry.is_dir(follow_symlinks=False):
            folders.append(Path(entry.path))
        elif entry.is_file(follow_symlinks=False):
            with suppress(FileNotFoundError):
                size = entry.stat(follow_symlinks=False).st_size
                files.append(FileOnDisk(entry.name, Path(entry.path).relative_to(root).as_posix(), size))
    return folders, files
