"""Chromium without a window, as a printer: one process that prints page after page, spoken to through two pipes.

It is told to resolve no name, so nothing is asked of any network, and works in a folder of its own, which is removed.
Messages are those of the DevTools protocol (chromedevtools.github.io/devtools-protocol): JSON, each ends with a zero.
"""

from __future__ import annotations

import base64
import json
import os
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack, suppress
from pathlib import Path
from types import TracebackType
from typing import Any

from migrator_lib.errors import BrowserMissing, PrintingFailed

NAMED_BY = "MIGRATOR_CHROMIUM"
"""Environment variable that names the browser, where it is not found by itself."""
NAMES = (
    "chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "microsoft-edge",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
)  # fmt: skip
PATIENCE_SECONDS = 120.0
"""How long one answer is waited for: a page of thousands of rows takes a while to be laid out."""
OPTIONS = (
    "--headless", "--remote-debugging-pipe", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
    "--disable-extensions", "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND",
)  # fmt: skip
# A4, with what page.css says of margins and page numbers; tagged, so that it can be listened to as the page can.
PRINTED = {"paperWidth": 8.27, "paperHeight": 11.69, "preferCSSPageSize": True, "printBackground": True,
           "generateTaggedPDF": True, "generateDocumentOutline": True}  # fmt: skip
# The browser reads descriptor 3 and writes 4, whatever numbers the pipes have here; so it is begun by what moves them.
WIRED = """
import fcntl, os, sys
ends = [fcntl.fcntl(int(end), fcntl.F_DUPFD, 10) for end in sys.argv[1:3]]
for place, end in zip((3, 4), ends):
    os.dup2(end, place)
    os.close(end)
os.execv(sys.argv[3], sys.argv[3:])
"""


def executable() -> str:
    """Return the browser that is there.

    Raises:
        BrowserMissing: there is none.
    """
    named = os.environ.get(NAMED_BY)
    found = next((path for name in ((named,) if named else NAMES) if (path := shutil.which(name))), None)
    if found is None:
        raise BrowserMissing(
            f"{named} ({NAMED_BY}) is no program that can be run." if named else "No Chromium or Chrome is there.",
            next_step=f"install one (apt-get install chromium), or name it in {NAMED_BY}; every page can be printed "
            "from any browser, too.",
        )
    return found


class Browser:
    """A browser that prints; give it back by ``with``.

    Raises:
        BrowserMissing: there is none.
        PrintingFailed: it cannot be started.
    """

    def __init__(self) -> None:
        self._open = ExitStack()
        self._number, self._unread, self._events = 0, bytearray(), list[dict[str, Any]]()
        with self._open as until_it_works:
            until_it_works.callback(shutil.rmtree, folder := tempfile.mkdtemp(prefix="migrator-pdf-"), True)
            self._start(executable(), folder)
            until_it_works.callback(self._end)
            target = self._ask("Target.createTarget", {"url": "about:blank"})["targetId"]
            attached = self._ask("Target.attachToTarget", {"targetId": target, "flatten": True})
            self._session: str = attached["sessionId"]
            self._ask("Page.enable", session=self._session)
            self._ask("Page.setLifecycleEventsEnabled", {"enabled": True}, session=self._session)
            # What the script adds is not printed, and would be laid out first.
            self._ask("Emulation.setScriptExecutionDisabled", {"value": True}, session=self._session)
            self._open = until_it_works.pop_all()

    def __enter__(self) -> Browser:
        """Return it."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End the process, and remove its folder."""
        self._open.close()

    def print(self, page: Path) -> bytes:
        """Return a page as PDF, as its print style says.

        Raises:
            PrintingFailed: the browser ended, or says why it cannot.
        """
        self._events.clear()
        asked = self._ask("Page.navigate", {"url": page.resolve().as_uri()}, session=self._session)
        loaded = {"loaderId": asked["loaderId"], "name": "load"}  # no page but this one, even if its answer comes later
        while not any(loaded.items() <= event.items() for event in self._events):
            self._wait(lambda told: "method" in told)
        return base64.b64decode(self._ask("Page.printToPDF", PRINTED, session=self._session)["data"])

    def _start(self, program: str, folder: str) -> None:
        told, self._write_to = os.pipe()
        self._read_from, answers = os.pipe()
        for own in (self._write_to, self._read_from):
            self._open.callback(os.close, own)
        options = [*OPTIONS, f"--user-data-dir={folder}", *(["--no-sandbox"] if os.geteuid() == 0 else [])]
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-I", "-S", "-c", WIRED, str(told), str(answers), program, *options],
                pass_fds=(told, answers), start_new_session=True, env={**os.environ, "HOME": folder},
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            )  # fmt: skip
        finally:
            os.close(told)
            os.close(answers)

    def _end(self) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def _ask(self, method: str, given: Mapping[str, Any] | None = None, session: str = "") -> dict[str, Any]:
        self._number += 1
        number = self._number
        asked = {"id": number, "method": method, "params": given or {}, **({"sessionId": session} if session else {})}
        with suppress(BrokenPipeError):  # the answer that does not come tells it
            os.write(self._write_to, json.dumps(asked).encode() + b"\0")
        told = self._wait(lambda one: one.get("id") == number)
        if "error" in told or told["result"].get("errorText"):
            why = told["error"]["message"] if "error" in told else told["result"]["errorText"]
            raise PrintingFailed(f"The browser could not do {method}: {why}.", next_step=_NEXT)
        result: dict[str, Any] = told["result"]
        return result

    def _wait(self, is_it: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """Return the first message that is it; events are kept, since they come before or after an answer."""
        until = time.monotonic() + PATIENCE_SECONDS
        while True:
            told = json.loads(self._message(until))
            if told.get("method") == "Page.lifecycleEvent":
                self._events.append(told["params"])
            if is_it(told):
                found: dict[str, Any] = told
                return found

    def _message(self, until: float) -> bytes:
        """Return the next message; a printed page is one of many megabytes, so nothing is looked through twice."""
        seen = 0
        while (end := self._unread.find(0, seen)) < 0:
            seen = len(self._unread)
            ready, _, _ = select.select([self._read_from], [], [], max(0.0, until - time.monotonic()))
            more = os.read(self._read_from, 1 << 20) if ready else b""
            if not more:
                how = "ended" if ready else f"said nothing for {PATIENCE_SECONDS:.0f} s"
                raise PrintingFailed(f"The browser {how} while it printed.", next_step=_NEXT)
            self._unread += more
        message = bytes(self._unread[:end])
        del self._unread[: end + 1]
        return message


_NEXT = f"run again; if it stays so, name another Chromium in {NAMED_BY}, or print the page from any browser."
