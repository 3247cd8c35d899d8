"""What an endpoint of a simulated account is: the table of routes is made of these, and so is the OpenAPI document."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import Field

from migrator_lib.simulators.gorgias.account import Account
from migrator_lib.simulators.gorgias.web.request import Call

Handler = Callable[[Account, Call], Any]


@dataclass(frozen=True)
class Query:
    """A parameter of the query string."""

    name: str
    type: Any = str
    """Anything that pydantic can describe: ``int``, ``Literal["a", "b"]``; a list is given as repeated keys."""
    description: str = ""
    required: bool = False


PAGING = (
    Query("limit", Annotated[int, Field(ge=1, le=100)], "How many a page holds; 30 where it is not given."),
    Query("cursor", str, "A page's meta.next_cursor. Opaque, and short-lived: do not store it."),
)
"""What every paginated list takes."""


def order_by(*orders: str) -> Query:
    """Return the parameter that orders a list: ``order_by("created_datetime", "name")``, each up or down."""
    ways = tuple(f"{order}:{way}" for order in orders for way in ("asc", "desc"))
    return Query("order_by", Literal[ways], "What comes first.")


@dataclass(frozen=True)
class Endpoint:
    """One endpoint. It unpacks as ``(method, path, status, handler)``."""

    method: str
    path: str
    """Below ``/api/``, with ids in braces: ``tickets/{id}/tags``."""
    status: int
    """Of success."""
    handler: Handler
    summary: str = ""
    """What it does, in a line."""
    body: Any = None
    """What it takes: a type of ``gorgias.contract.bodies``, or a list of one. None where it takes no JSON."""
    reply: Any = None
    """What it answers with: a type of ``gorgias.contract.replies``. None where the reply is empty."""
    listed: bool = False
    """Whether the reply is the list envelope around ``reply``, with ``meta.next_cursor``."""
    query: tuple[Query, ...] = ()
    errors: tuple[int, ...] = ()
    """Statuses besides 401, 403 and 429, which every endpoint may answer with, 404, which comes with an id in the \
path, and 400, which comes with a body or a query."""

    guarded: bool = True
    """Whether it wants credentials and counts toward the rate limit. One that is not checks them itself, if at all."""
    metered: bool = False
    """Whether one that wants no credentials counts toward the rate limit of whoever comes with some."""

    def __iter__(self) -> Iterator[Any]:
        yield from (self.method, self.path, self.status, self.handler)
