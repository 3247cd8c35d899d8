"""The files root: attachments lie somewhere below it, under the name that their row gives.

The layout of the tree is not documented, so it is walked once and indexed by name. It may be a folder of this machine,
a mounted share, or any URL that fsspec opens (``s3://``, ``sftp://``, ``smb://``, ``zip://App_Data::/srv/backup.zip``).
"""

from __future__ import annotations

import os
import re
import unicodedata
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from typing import Any, BinaryIO, cast

from migrator_lib.errors import FilesMissing, ParameterError
from migrator_lib.storage import scratch

IN_MEMORY = 50_000
"""Files of one folder that are put in order in memory; more are put in order on disk."""
LOCAL_THREADS = 4
_SURROGATES = re.compile("[\ud800-\udfff]")
_CODE = re.compile(r"[a-z][a-z0-9+.-]+://|[a-z0-9+.-]+::", re.IGNORECASE)
Listing = tuple[list[str], Iterable[tuple[str, int]]]
"""Names of the folders in a folder, and (name, size in bytes) of its files, both in any order; the first may be filled
while the second is gone through."""


@dataclass(frozen=True)
class FileOnDisk:
    """A file: its name, its path relative to the root (with ``/``), its size in bytes."""

    name: str
    path: str
    size: int


def is_url(place: str) -> bool:
    """Return whether a place is for fsspec; a Windows drive (``D:\\``) is none."""
    return _CODE.match(place) is not None


class FilesRoot(ABC):
    """A tree of files that is only read."""

    threads = 1
    """How many may read at once."""

    def __init__(self, place: str) -> None:
        self.place = place

    @staticmethod
    def at(place: str | Path, options: Mapping[str, Any] | None = None) -> FilesRoot:
        """Return the tree at a path or URL; nothing is opened yet but the driver of a URL.

        Args:
            place: a path, or a URL without a password.
            options: what the protocol's driver is given: keys, user, endpoint.

        Raises:
            ParameterError: no driver of that protocol is installed, or it refuses the options.
        """
        return RemoteRoot(str(place), options or {}) if is_url(str(place)) else LocalRoot(Path(place))

    def walk(self, after: str = "") -> Iterator[FileOnDisk]:
        """Yield every file, in a fixed order: a folder's files by name, then its folders by name.

        Symbolic links are not followed. A file that is removed meanwhile is left out; a folder or the root that
        is not there any more is an error, not the end.

        Args:
            after: path of the last file seen; what comes before it and itself are passed over, without a look at the
                folders that lie wholly before it.

        Raises:
            FilesMissing: the root is not there, or a folder cannot be listed.
        """
        self.require_present()
        pending = [("", after.split("/") if after else [])]
        while pending:
            folder, behind = pending.pop()
            folders, files = self._listed(folder)
            before = f"{folder}/" if folder else ""
            last = _order(behind[0]) if behind else b""
            with self._listing(folder):
                for name, size in _in_order(files):
                    if len(behind) < 2 and _order(name) > last:
                        yield FileOnDisk(name, before + name, size)
            for name in sorted(folders, key=_order, reverse=True):
                if len(behind) < 2 or _order(name) > _order(behind[0]):
                    pending.append((before + name, []))
                elif name == behind[0]:
                    pending.append((before + name, behind[1:]))
        self.require_present()

    def is_empty(self) -> bool:
        """Return whether nothing is in the root, as where a share is not mounted.

        Raises:
            FilesMissing: it cannot be listed.
        """
        self.require_present()
        with self._listing(""):
            return self._is_empty("")

    def _is_empty(self, folder: str) -> bool:
        folders, files = self._list(folder)
        return next(iter(files), None) is None and not folders

    def require_mounted(self, path: str) -> None:
        """Pass unless the folder of ``path`` is gone and the nearest one that is there is empty: a share's, unmounted.

        A folder that is gone from among others was purged, and so was a file that is gone from its folder.

        Raises:
            FilesMissing: a share is not mounted any more.
        """
        parent = path.rpartition("/")[0]
        folder = parent
        while folder:
            with suppress(OSError):
                if self._is_empty(folder) and folder != parent:
                    raise self._emptied(folder)
                return
            folder = folder.rpartition("/")[0]

    def _listed(self, folder: str) -> Listing:
        with self._listing(folder):
            return self._list(folder)

    @contextmanager
    def _listing(self, folder: str) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise FilesMissing(
                f"{error.filename or self._name(folder)} cannot be listed: {error.strerror or error}.",
                next_step="give this user the right to read the whole tree, or mount the share again; then run again: "
                "what is indexed stays indexed.",
            ) from error

    def _name(self, path: str) -> str:
        return f"{self.place.rstrip('/')}/{path}" if path else self.place

    @abstractmethod
    def _list(self, folder: str) -> Listing:
        """List a folder, or raise OSError."""

    @abstractmethod
    def open(self, path: str) -> BinaryIO:
        """Open a file to read it in blocks; it can be told to seek.

        Raises:
            OSError: it cannot be opened.
        """

    @abstractmethod
    def require_present(self, path: str = "") -> None:
        """Pass if the root is still the one that was first seen, and something is in the folder of ``path``.

        A file that went away alone is a file; one that went with its folder, or with the root, tells of a share that
        is not mounted any more.

        Raises:
            FilesMissing: it is not.
        """

    def _gone(self, what: str) -> FilesMissing:
        return FilesMissing(
            f"{what} is not there.",
            next_step="mount the share or correct source.files_root, then run again; without it every attachment "
            "would be lost.",
        )

    def _emptied(self, folder: str) -> FilesMissing:
        return FilesMissing(
            f"The folder {self._name(folder)} had files, and is gone or empty now.",
            next_step="mount the share again, and run again: what is indexed stays indexed. If SmarterTrack purged the "
            "folder: 04_extract with start_again = True.",
        )


class LocalRoot(FilesRoot):
    """A folder of this machine, or a share that is mounted on it."""

    threads = LOCAL_THREADS

    def __init__(self, folder: Path) -> None:
        super().__init__(str(folder))
        self.folder = folder
        self._seen: tuple[int, int] | None = None

    def _list(self, folder: str) -> Listing:
        folders: list[str] = []
        found = os.scandir(self.folder / folder)
        return folders, self._files(found, folders)

    def _files(self, found: Any, folders: list[str]) -> Iterator[tuple[str, int]]:
        with found as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    folders.append(entry.name)
                elif entry.is_file(follow_symlinks=False):
                    with suppress(FileNotFoundError):
                        yield entry.name, entry.stat(follow_symlinks=False).st_size

    def open(self, path: str) -> BinaryIO:
        """Open a file."""
        return (self.folder / path).open("rb")

    def require_present(self, path: str = "") -> None:
        """Compare the root with what it was: an unmounted share leaves an empty folder of another disk."""
        try:
            found = self.folder.stat()
        except OSError:
            found = None
        identity = (found.st_dev, found.st_ino) if found and self.folder.is_dir() else None
        self._seen = self._seen or identity
        if identity is None or identity != self._seen:
            raise self._gone(f"The files root {self.place}")
        if path:
            folder = path.rpartition("/")[0]
            try:
                with os.scandir(self.folder / folder) as entries:
                    empty = next(entries, None) is None
            except OSError:
                empty = True
            if empty:
                raise self._emptied(folder)


class RemoteRoot(FilesRoot):
    """A tree that fsspec reads. Its drivers raise errors of many kinds, which all become OSError."""

    def __init__(self, url: str, options: Mapping[str, Any]) -> None:
        super().__init__(url)
        import fsspec  # slow to import, and few engagements need it

        protocol = re.split("::|://", url)[0]
        try:
            self._fs, self._base = fsspec.core.url_to_fs(url, **{**options, "skip_instance_cache": True})
        except ImportError as error:
            raise ParameterError(
                f"source.files_root is {protocol}://..., and what reads it is not installed: {error}.",
                next_step=f"install the package named there (uv pip install ...), or mount what {protocol} reads and "
                "give its path; then run again.",
            ) from error
        except Exception as error:
            raise ParameterError(
                f"source.files_root cannot be opened ({protocol}): {type(error).__name__}.",
                next_step="check the protocol of source.files_root, and source.files_options; then run again.",
            ) from error
        self._base = self._base.rstrip("/")
        self.threads = LOCAL_THREADS if getattr(self._fs, "async_impl", False) else 1

    def _list(self, folder: str) -> Listing:
        place = self._at(folder)
        with _as_os_error():
            self._fs.invalidate_cache()
            found = self._fs.ls(place, detail=True)
        folders: list[str] = []
        files: list[tuple[str, int]] = []
        for entry in found:
            name = str(entry["name"]).rstrip("/")
            if name.strip("/") == place.strip("/"):
                continue  # an object store lists the folder itself
            if entry["type"] == "directory":
                folders.append(name.rpartition("/")[2])
            elif entry["type"] == "file":
                files.append((name.rpartition("/")[2], int(entry.get("size") or 0)))
        return folders, files

    def _at(self, path: str) -> str:
        return f"{self._base}/{path}" if self._base and path else self._base or path

    def open(self, path: str) -> BinaryIO:
        """Open a file; it is read in blocks."""
        with _as_os_error():
            return cast(BinaryIO, self._fs.open(self._at(path), "rb"))

    def require_present(self, path: str = "") -> None:
        """List the root, and the file's folder: an object store has no folders but those of its files."""
        try:
            self._list("")
        except OSError as error:
            raise self._gone(f"The files root {self.place} ({error.strerror or error})") from error
        folder = path.rpartition("/")[0]
        try:
            empty = path and not any(self._list(folder))
        except OSError:
            empty = True
        if empty:
            raise self._emptied(folder)


class DriverError(OSError):
    """What a driver of fsspec raised, by the name of its error: they have none in common."""


@contextmanager
def _as_os_error() -> Iterator[None]:
    try:
        yield
    except OSError:
        raise
    except Exception as error:
        raise DriverError(type(error).__name__) from error


@contextmanager
def reading(root: FilesRoot, path: str) -> Iterator[BinaryIO]:
    """Open a file to read it; whatever goes wrong with it is an OSError.

    Raises:
        OSError: it cannot be opened or read.
    """
    with closing(root.open(path)) as stream, _as_os_error():
        yield stream


def storable(name: str) -> str:
    """Return a file's name as text; what is no Unicode in it becomes U+FFFD, and no row of the source can mean it."""
    return _SURROGATES.sub("\ufffd", name)


def as_compared(name: str) -> str:
    """Return a file's name as names are compared.

    Without case; letters and their accents in one (a Mac, and shares that were copied by one, have them apart); without
    the dots and spaces at the end that Windows takes away when it makes a file.
    """
    plain = unicodedata.normalize("NFC", storable(name)).lower()
    return plain.rstrip(" .") or plain


def _order(name: str) -> bytes:
    """Return what names are ordered by, in memory as on disk; also where a name is no UTF-8."""
    return name.encode("utf-8", "surrogatepass")


def _in_order(files: Iterable[tuple[str, int]]) -> Iterator[tuple[str, int]]:
    """Yield (name, size) by name; a folder of a million files is put in order on disk."""
    rest = iter(files)
    some = list(islice(rest, IN_MEMORY))
    if len(some) < IN_MEMORY:
        yield from sorted(some, key=lambda file: _order(file[0]))
        return
    with closing(scratch()) as sorter:
        sorter.execute("CREATE TABLE file (name BLOB PRIMARY KEY, size INTEGER) WITHOUT ROWID")
        sorter.executemany("INSERT OR REPLACE INTO file VALUES (?, ?)", ((_order(n), s) for n, s in chain(some, rest)))
        for name, size in sorter.execute("SELECT name, size FROM file ORDER BY name"):
            yield name.decode("utf-8", "surrogatepass"), size
