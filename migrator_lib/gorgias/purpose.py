"""Leave, for one request, to switch off or to restore a rule, an integration or a setting of the company's own.

Nothing else may touch those. Whoever does names the very request beforehand, and the mail guard lets this one pass and
no other::

    with purpose.switching("rules/7", {"deactivated_datetime": "2026-07-01T08:00:00Z"}):
        api.rules.update(7, {"deactivated_datetime": "2026-07-01T08:00:00Z"})
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

_leave: ContextVar[tuple[str, Any] | None] = ContextVar("leave", default=None)


@contextmanager
def switching(path: str, body: Mapping[str, Any]) -> Iterator[None]:
    """Let ``PUT /api/<path>`` with exactly this body pass within the block, in this thread."""
    token = _leave.set((path, body))
    try:
        yield
    finally:
        _leave.reset(token)


def is_given(path: str, body: object) -> bool:
    """Return whether the block that runs has leave for this request."""
    return _leave.get() == (path, body)
