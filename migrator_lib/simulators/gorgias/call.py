"""One request, read: what the handlers of the routes are given."""

from __future__ import annotations

import json
from typing import Any

from fastapi import Request

from migrator_lib.simulators.gorgias.account import Account
from migrator_lib.simulators.gorgias.store import Document
from migrator_lib.simulators.gorgias.validation import Refused

File = tuple[str, str, bytes]
"""Label (the form field's name), content type, content."""


class Call:
    """One request, read."""

    def __init__(self, request: Request, body: Any, files: list[File]) -> None:
        self.query = request.query_params
        self.uri = request.url.path
        self.path = request.path_params
        self.body = body
        self.files = files

    def id(self) -> int:
        """Return the id of the path."""
        return int(self.path["id"])

    def number(self, name: str) -> int | None:
        """Return a number of the query, or None where it is not given.

        Raises:
            Refused: it is none.
        """
        text = self.query.get(name)
        if text is not None and not text.isdecimal():
            raise Refused(400, "Failed to list", {name: ["Not a valid integer."]})
        return None if text is None else int(text)


async def read(request: Request) -> Call:
    """Read a request whole.

    Raises:
        Refused: the body is not JSON.
    """
    if request.headers.get("content-type", "").startswith("multipart/form-data"):
        parts = [(label, p) for label, p in (await request.form()).multi_items() if not isinstance(p, str)]
        files = [(label, p.content_type or "application/octet-stream", await p.read()) for label, p in parts]
        return Call(request, None, files)
    raw = await request.body()
    try:
        return Call(request, json.loads(raw) if raw else None, [])
    except ValueError as error:
        raise Refused(400, "The body is not JSON") from error


def required(account: Account, kind: str, thing_id: int) -> Document:
    """Return a document.

    Raises:
        Refused: 404, there is none.
    """
    found = account.store.get(kind, thing_id)
    if found is None:
        raise Refused(404, f"{kind.capitalize()} with id {thing_id} was not found. It may have been deleted.")
    return found
