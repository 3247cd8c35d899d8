"""One request, read: what the handlers of the routes are given."""

from __future__ import annotations

import math
import re
from typing import Any

from fastapi import Request
from pydantic_core import from_json
from starlette.convertors import Convertor, register_url_convertor
from starlette.formparsers import MultiPartException, MultiPartParser

from migrator_lib.simulators.gorgias.account import Account
from migrator_lib.simulators.gorgias.store import Document
from migrator_lib.simulators.gorgias.web.validation import Refused

File = tuple[str, str, bytes]
"""Label (the form field's name), content type, content."""
DIGITS = 18
"""Of the longest number that is read as one: an integer of the store has 64 bits."""
MAYBE_HUGE = re.compile(rb"\d[eE]\+?\d\d|\d{19}")
"""Where a number may be too large for the store; all of the body is looked through only then."""
FLAGS = {"true": True, "false": False, "1": True, "0": False}


class NumberConvertor(Convertor[int]):
    """An id in a path; what is longer than any id finds no route, and is a 404."""

    regex = f"[0-9]{{1,{DIGITS}}}"

    def convert(self, value: str) -> int:
        """Return the id."""
        return int(value)

    def to_string(self, value: int) -> str:
        """Return the id as it stands in a path."""
        return str(value)


register_url_convertor("number", NumberConvertor())


class Call:
    """One request, read."""

    def __init__(self, request: Request, body: Any, files: list[File]) -> None:
        self.query = request.query_params
        self.uri = request.url.path
        self.path = request.path_params
        self.body = body
        self.files = files
        self._request = request

    @property
    def authorization(self) -> str | None:
        """The credentials that came with it."""
        return self._request.headers.get("authorization")

    def address(self, account: Account) -> str:
        """Return the account's address as this client reaches it: ``http://127.0.0.1:8080/demo``."""
        return f"{str(self._request.base_url).rstrip('/')}/{account.name}"

    def id(self, name: str = "id") -> int:
        """Return an id of the path."""
        return int(self.path[name])

    def number(self, name: str) -> int | None:
        """Return a number of the query, or None where it is not given.

        Raises:
            Refused: it is none.
        """
        text = self.query.get(name)
        return None if text is None else _number(name, text)

    def numbers(self, name: str, *, most: int | None = None) -> list[int]:
        """Return the numbers that a key of the query holds, given as ``name`` or ``name[]``, as often as it is.

        Raises:
            Refused: one is none, or there are too many.
        """
        texts = self.texts(name)
        if most is not None and len(texts) > most:
            raise Refused(400, "Failed to list", {name: [f"Longer than maximum length {most}."]})
        return [_number(name, text) for text in texts]

    def texts(self, name: str) -> list[str]:
        """Return what a key of the query holds, given as ``name`` or ``name[]``, as often as it is."""
        return [*self.query.getlist(name), *self.query.getlist(f"{name}[]")]

    def flag(self, name: str, default: bool) -> bool:
        """Return a yes or no of the query.

        Raises:
            Refused: it is neither.
        """
        text = self.query.get(name)
        if text is None:
            return default
        if text.lower() not in FLAGS:
            raise Refused(400, "Failed to list", {name: ["Not a valid boolean."]})
        return FLAGS[text.lower()]


def _number(name: str, text: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) <= DIGITS):
        raise Refused(400, "Failed to list", {name: ["Not a valid integer."]})
    return int(text)


async def read(request: Request) -> Call:
    """Read a request whole.

    Raises:
        Refused: the body is not JSON.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == "multipart/form-data":
        return Call(request, None, await _files(request))
    raw = await request.body()
    if not raw:
        return Call(request, None, [])
    if kind and kind != "application/json" and not kind.endswith("+json"):
        raise Refused(400, "The body is not JSON", {"_schema": [f"Cannot read {kind[:100]}."]})
    try:
        # which also refuses lone surrogates, invalid UTF-8, NaN, and what is nested too deep to be read
        body = from_json(raw, allow_inf_nan=False)
    except ValueError as error:
        raise Refused(400, "The body is not JSON") from error
    if MAYBE_HUGE.search(raw) and not _finite(body):
        raise Refused(400, "The body is not JSON", {"_schema": ["Number out of range."]})
    return Call(request, body, [])


def _finite(value: Any) -> bool:
    """Whether no number of a body is too large: ``1e999`` for a float, ``2**63`` for an integer of 64 bits."""
    if isinstance(value, int):
        return -(2**63) <= value < 2**63
    if isinstance(value, float):
        return math.isfinite(value)
    if isinstance(value, dict):
        return all(map(_finite, value.values()))
    return not isinstance(value, list) or all(map(_finite, value))


class _InMemory(MultiPartParser):
    """Keeps files in memory, where they end anyhow: one that went by the disk would need threads."""

    spool_max_size = 1 << 40


async def _files(request: Request) -> list[File]:
    try:
        form = await _InMemory(request.headers, request.stream()).parse()
    except MultiPartException as error:
        raise Refused(400, "The form cannot be read") from error
    parts = [(label, part) for label, part in form.multi_items() if not isinstance(part, str)]
    return [(label, part.content_type or "application/octet-stream", await part.read()) for label, part in parts]


def required(account: Account, kind: str, thing_id: int) -> Document:
    """Return a document.

    Raises:
        Refused: 404, there is none.
    """
    found = account.store.get(kind, thing_id)
    if found is None:
        name = kind.replace("_", " ").capitalize()
        raise Refused(404, f"{name} with id {thing_id} was not found. It may have been deleted.")
    return found
