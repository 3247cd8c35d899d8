"""Checking a request body, and refusing it as the product does.

A refusal is a 400 with ``{"error": {"msg": ..., "data": {field: [...]}}}``, nested as the body is. Source:
developers.gorgias.com, errors.
"""

from __future__ import annotations

from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

M = TypeVar("M", bound=BaseModel)


class Refused(Exception):
    """A request is answered with an error."""

    def __init__(self, status: int, message: str, data: Any = None) -> None:
        self.status = status
        self.message = message
        self.data = data
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
        data: dict[str, Any] = {}
        for problem in error.errors(include_url=False, include_context=False, include_input=False):
            path = [str(part) for part in problem["loc"]] or ["_schema"]
            node = data
            for part in path[:-1]:
                child = node.setdefault(part, {})
                node = child if isinstance(child, dict) else node
            words = WORDS.get(problem["type"], problem["msg"].removeprefix("Value error, "))
            node.setdefault(path[-1], []).append(words)
        raise Refused(400, f"Failed to {action}", data) from error
