"""Checking a request body, and refusing it as the product does.

A refusal is a 400 with ``{"error": {"msg": ..., "data": {field: [...]}}}``, nested as the body is. Source:
developers.gorgias.com, errors.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any, TypeVar

from pydantic import BaseModel, TypeAdapter, ValidationError

M = TypeVar("M", bound=BaseModel)


class Refused(Exception):
    """A request is answered with an error."""

    def __init__(self, status: int, message: str, data: Any = None, headers: Mapping[str, str] | None = None) -> None:
        self.status = status
        self.message = message
        self.data = data
        self.headers = dict(headers or {})
        super().__init__(message)


WORDS = {
    "missing": "Missing data for required field.",
    "extra_forbidden": "Unknown field.",
}


def parse(model: type[M], body: Any, action: str) -> M:
    """Return a validated body.

    Raises:
        Refused: 400, with every problem under its path.
    """
    try:
        return model.model_validate(body)
    except ValidationError as error:
        raise Refused(400, f"Failed to {action}", problems(error, body)) from error


def parse_list(model: type[M], body: Any, action: str) -> list[M]:
    """Return a validated body that is a bare array.

    Raises:
        Refused: 400, with every problem under its index.
    """
    try:
        return list(_list_of(model).validate_python(body, strict=True))
    except ValidationError as error:
        raise Refused(400, f"Failed to {action}", problems(error, body)) from error


@cache
def _list_of(model: type[BaseModel]) -> TypeAdapter[Any]:
    return TypeAdapter(list[model])  # type: ignore[valid-type]


def problems(error: ValidationError, body: Any) -> dict[str, Any]:
    """Return every problem of a body under its path: ``{"messages": {"2": {"via": ["Missing data ..."]}}}``."""
    found: dict[str, Any] = {}
    for problem in error.errors(include_url=False, include_context=False, include_input=False):
        words = WORDS.get(problem["type"], problem["msg"].removeprefix("Value error, "))
        _add(found, _place(problem["loc"], body) or ["_schema"], words)
    return found


def _place(location: tuple[int | str, ...], body: Any) -> list[str]:
    """Return where in the body a problem is: names that pydantic gives to the members of a union are left out."""
    place = []
    for part in location:
        if isinstance(body, dict) and isinstance(part, str):
            body = body.get(part)
        elif isinstance(body, list) and isinstance(part, int):
            body = body[part] if part < len(body) else None
        else:
            continue
        place.append(str(part))
    return place


def _add(node: dict[str, Any], place: list[str], words: str) -> None:
    for part in place[:-1]:
        child = node.setdefault(part, {})
        if not isinstance(child, dict):  # there is a problem with the whole of it already
            return
        node = child
    told = node.setdefault(place[-1], [])
    if isinstance(told, list) and words not in told:
        told.append(words)


def refuse(status: int, action: str, field: str, words: str) -> Refused:
    """Return a refusal for one field: ``refuse(400, "create tag", "name", "...")``."""
    return Refused(status, f"Failed to {action}", {field: [words]})
