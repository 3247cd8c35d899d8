"""Serves the review page on this machine alone, and saves each verdict at once.

The address holds a random token, so that no other page of the browser, and nobody else on the machine, finds it.
"""

from __future__ import annotations

import json
import secrets
import threading
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote

from pydantic import ValidationError

from migrator_lib.errors import MigratorError, StorageError
from migrator_lib.sample.verdicts import Sampled, Verdict, merged, read, write

LARGEST = 20_000
"""Bytes of a verdict."""
HEADERS = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


class ReviewServer(ThreadingHTTPServer):
    """The page, and its verdicts."""

    daemon_threads = True

    def __init__(self, page: Path, verdicts: Path, engagement: str, records: Sequence[Sampled], *, port: int = 0,
                 by: str = "") -> None:  # fmt: skip
        super().__init__(("127.0.0.1", port), _Handler)
        self.page = page
        self.verdicts = verdicts
        self.engagement = engagement
        self.records = records
        self.by = by
        self.token = secrets.token_urlsafe(24)
        self._saving = threading.Lock()

    @property
    def address(self) -> str:
        """The page's address."""
        return f"http://127.0.0.1:{self.server_address[1]}/{self.token}/"

    def save(self, key: str, verdict: Verdict) -> bool:
        """Keep a verdict, durably; return whether it was taken: one of an older sample is not.

        Raises:
            ParameterError: the file of verdicts holds something else.
            StorageError: it cannot be written.
        """
        with self._saving:
            taken, left = merged(read(self.verdicts, self.engagement), {key: verdict}, self.records)
            if not left:
                write(self.verdicts, taken)
            return not left


class _Handler(BaseHTTPRequestHandler):
    server: ReviewServer

    def do_GET(self) -> None:
        """The page, or all verdicts."""
        try:
            match self._path():
                case "":
                    self._answer(HTTPStatus.OK, self.server.page.read_bytes(), "text/html; charset=utf-8")
                case "verdicts":
                    kept = read(self.server.verdicts, self.server.engagement).model_dump(mode="json")
                    self._answer(HTTPStatus.OK, json.dumps({**kept, "by": self.server.by}).encode(), "application/json")
                case _:
                    self._refuse(HTTPStatus.NOT_FOUND, "There is no such page.")
        except MigratorError as error:
            self._refuse(HTTPStatus.INTERNAL_SERVER_ERROR, str(error))
        except FileNotFoundError:
            self._refuse(HTTPStatus.NOT_FOUND, "The page is gone: run notebook 03 again, and start the review anew.")

    def do_PUT(self) -> None:
        """Save one verdict."""
        section, _, key = (self._path() or "").partition("/")
        if section != "verdicts" or not key:
            return self._refuse(HTTPStatus.NOT_FOUND, "There is no such page.")
        given = self.headers.get("Content-Length") or "0"
        length = int(given) if given.isdecimal() else LARGEST + 1
        if length > LARGEST or self.headers.get_content_type() != "application/json":
            return self._refuse(HTTPStatus.BAD_REQUEST, "This is no verdict.")
        try:
            taken = self.server.save(unquote(key), Verdict.model_validate_json(self.rfile.read(length)))
        except ValidationError:
            return self._refuse(HTTPStatus.BAD_REQUEST, "This is no verdict.")
        except StorageError as error:
            return self._refuse(HTTPStatus.INSUFFICIENT_STORAGE, str(error))
        except MigratorError as error:
            return self._refuse(HTTPStatus.INTERNAL_SERVER_ERROR, str(error))
        if not taken:
            return self._refuse(HTTPStatus.CONFLICT, "this page is older than the sample: load it again")
        return self._answer(HTTPStatus.NO_CONTENT, b"", "application/json")

    def _path(self) -> str | None:
        """Return the path behind the token; None without it."""
        _, token, *rest = [*self.path.partition("?")[0].split("/", 2), ""]
        known = secrets.compare_digest(token.encode(), self.server.token.encode())
        return rest[0] if known else None

    def _answer(self, status: HTTPStatus, body: bytes, kind: str) -> None:
        self.send_response(status)
        headers: Mapping[str, str] = {**HEADERS, "Content-Type": kind, "Content-Length": str(len(body))}
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def _refuse(self, status: HTTPStatus, words: str) -> None:
        self._answer(status, words.encode(), "text/plain; charset=utf-8")

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing: the command line says what matters."""
