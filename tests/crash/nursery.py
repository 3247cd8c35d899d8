"""A process that forks others, which have everything imported already: each can be killed for real, and costs little.

The test process has threads and cannot be forked itself. The nursery may run with ``power.c`` preloaded, so that a
power cut can be played, and a disk that is full.
"""

from __future__ import annotations

import ctypes
import gc
import json
import os
import shutil
import signal
import subprocess
import sys
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from importlib import import_module
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).parents[2]
SHIM = Path(__file__).with_name("power.c")
FAILED = 99
"""Exit code of a child that raised what it should not."""
STOPPED = "stopped"
PR_SET_CHILD_SUBREAPER = 36
"""From Linux' ``prctl.h``."""


# --- in the test process -------------------------------------------------------------------------------


def compiled(folder: Path) -> Path | None:
    """Return the shim, compiled; None where there is no C compiler, or no Linux."""
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None or sys.platform != "linux":
        return None
    library = folder / "power.so"
    subprocess.run([compiler, "-shared", "-fPIC", "-O1", "-o", str(library), str(SHIM), "-ldl"], check=True)
    return library


class Nursery:
    """Starts functions in processes of their own."""

    def __init__(self, *modules: str, shim: Path | None = None, root: Path | None = None) -> None:
        """Import ``modules`` in a process that is forked again and again.

        Args:
            modules: what the functions stand in.
            shim: the compiled ``power.c``; ``root`` is the folder whose disk it plays, which is made anew.
            root: see ``shim``.
        """
        environment = dict(os.environ) | {"MIGRATOR_DRIVER": "1"}  # no notebook watches: nothing need be shown
        self.root = root
        if shim is not None and root is not None:
            self.disk = root.with_name(root.name + ".disk")
            self.disk.mkdir(parents=True)
            environment |= {"LD_PRELOAD": str(shim), "POWER_ROOT": str(root), "POWER_DISK": str(self.disk)}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.crash.nursery", *modules],
            cwd=PROJECT, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip

    def _ask(self, what: str, *given: Any) -> Any:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps([what, *given]) + "\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())

    def start(self, function: str, *given: Any) -> int:
        """Start ``module:function`` with arguments that JSON can hold; return its process id."""
        return int(self._ask("start", function, given))

    def wait(self, pid: int) -> int | str:
        """Wait until a child ended, or stopped itself; return its exit code, minus its signal, or ``STOPPED``."""
        found: int | str = self._ask("wait", pid)
        return found

    def run(self, function: str, *given: Any) -> int | str:
        """Start a function and wait for it."""
        return self.wait(self.start(function, *given))

    def prepare(self, function: str, *given: Any) -> None:
        """Call a function in the nursery itself, so that every child has what it made."""
        self._ask("prepare", function, given)

    def cut_the_power(self) -> None:
        """Let the folder hold what a disk would have kept; whoever wrote there is dead."""
        assert self.root is not None
        before = self.root.with_name(self.root.name + ".before")
        self.root.rename(before)
        _rebuild(self.disk, _name(self.disk, before), self.root)
        shutil.rmtree(before)
        self.flush_all()

    def flush_all(self) -> None:
        """Put all that the folder holds on the disk that is played, and forget what it held."""
        self._ask("flush", str(self.root), str(self.disk))

    def close(self) -> None:
        """End."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(30)
        assert self._process.stdout is not None
        self._process.stdout.close()


@contextmanager
def nursery(*modules: str, shim: Path | None = None, root: Path | None = None) -> Iterator[Nursery]:
    """A nursery for the length of a block."""
    found = Nursery(*modules, shim=shim, root=root)
    try:
        yield found
    finally:
        found.close()


def _name(disk: Path, folder: Path) -> str:
    """Return the name under which the disk keeps a folder."""
    (found,) = [each.name for each in disk.glob(f"d-{folder.stat().st_ino}-*")]
    return found


def _rebuild(disk: Path, name: str, folder: Path) -> None:
    folder.mkdir()
    for line in (disk / name).read_text().splitlines() if (disk / name).exists() else ():
        meant, _, called = line.partition("\t")
        if meant[0] == "d":
            _rebuild(disk, meant, folder / called)
        elif (disk / meant).exists():
            shutil.copyfile(disk / meant, folder / called)
        else:
            (folder / called).touch()  # its name was flushed, and its bytes were not


# --- in the nursery ------------------------------------------------------------------------------------


def fill_the_disk(full: bool) -> None:
    """Let writes below the folder fail in this process, as on a full disk, or not any more."""
    ctypes.CDLL(None).power_fill(int(full))


def _flush(root: str, disk: str) -> None:
    for each in Path(disk).iterdir():
        each.unlink()
    for folder, _, files in os.walk(root):
        for place in (*(Path(folder, file) for file in files), Path(folder)):
            handle = os.open(place, os.O_RDONLY)
            os.fsync(handle)
            os.close(handle)


def _call(function: str, given: Sequence[Any]) -> Any:
    module, _, name = function.partition(":")
    return getattr(import_module(module), name)(*given)


def _start(function: str, given: Sequence[Any]) -> int:
    pid = os.fork()
    if pid:
        return pid
    code = FAILED
    try:
        os.dup2(2, 1)  # what it says is no answer of the nursery
        code = _call(function, given) or 0
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(code)


_ended: dict[int, int | str] = {}


def _wait(pid: int) -> int | str:
    """Wait for one child; whoever else ends meanwhile is taken note of, also a grandchild that was left alone."""
    while pid not in _ended:
        found, status = os.waitpid(-1, os.WUNTRACED)
        _ended[found] = STOPPED if os.WIFSTOPPED(status) else os.waitstatus_to_exitcode(status)
    return _ended.pop(pid)


def _adopt_grandchildren() -> None:
    """Become the parent of whoever loses its own, else nobody might notice its end: a zombie seems to be alive."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def main(modules: Sequence[str]) -> None:
    """Do what is asked, line by line, until nobody asks any more."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _adopt_grandchildren()
    for module in modules:
        import_module(module)
    gc.freeze()
    doing = {"start": _start, "wait": _wait, "prepare": _call, "flush": _flush}
    for line in sys.stdin:
        what, *given = json.loads(line)
        print(json.dumps(doing[what](*given)), flush=True)


if __name__ == "__main__":
    with suppress(KeyboardInterrupt):
        main(sys.argv[1:])
