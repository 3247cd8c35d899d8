"""What all resources have in common: how a reply becomes a model, and a body is checked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar, Generic, Protocol, TypeVar

from migrator_lib.errors import RecordRejected, ReplyUnusable, Unanswered
from migrator_lib.gorgias.api import border
from migrator_lib.gorgias.api.walk import walk
from migrator_lib.gorgias.contract.replies import Reply, Thing
from migrator_lib.gorgias.transport import Transport

Json = dict[str, Any]
R = TypeVar("R", bound=Reply)
T = TypeVar("T", bound=Thing)


class Collection(Protocol):
    """A resource whose things can be made and deleted."""

    def create(self, body: Json) -> Thing:
        """Make one."""

    def update(self, thing_id: int, body: Json) -> None:
        """Change one."""

    def delete(self, thing_id: int) -> None:
        """Delete one."""


class Resource(Generic[T]):
    """One resource of an account. Its methods are built of these few."""

    path: ClassVar[str]
    """Of its collection, below ``/api/``."""
    reply: type[T]
    """What one of its things is."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def _pages(self, **params: Any) -> Iterator[list[T]]:
        """Yield the pages of the collection's list."""
        for page in walk(self._transport, self.path, params):
            yield [border.parse(self.reply, row, f"GET /api/{self.path}") for row in page]

    def _every(self, **params: Any) -> Iterator[T]:
        """Yield the rows of the collection's list, each id once: for lists that are not long."""
        seen: set[int] = set()
        for page in self._pages(**params):
            new = [row for row in page if row.id not in seen]
            seen.update(row.id for row in new)
            yield from new

    def _one(self, thing_id: int, **params: Any) -> T:
        """Return one thing."""
        path = f"{self.path}/{thing_id}"
        return border.parse(self.reply, self._transport.call("GET", path, params=params or None), f"GET /api/{path}")

    def _made(self, model: Any, body: Json) -> T:
        """Make one thing and return it."""
        return self._posted(self.path, model, body, self.reply)

    def _posted(self, path: str, model: Any, body: Any, reply: type[R]) -> R:
        """Return what a ``POST`` made.

        Raises:
            RecordUnusable: the contract does not know such a body; nothing was sent.
            Unanswered: the reply does not tell the new id, so it has to be looked up.
        """
        border.check(model, body, f"POST /api/{path}")
        return made(reply, self._transport.call("POST", path, body=body), f"POST /api/{path}")

    def _put(self, path: str, model: Any, body: Any, **params: Any) -> Any:
        """``PUT`` (202, often with an empty body).

        Raises:
            RecordUnusable: the contract does not know such a body; nothing was sent.
        """
        border.check(model, body, f"PUT /api/{path}")
        return self._transport.call("PUT", path, params=params or None, body=body)

    def _changed(self, thing_id: int, model: Any, body: Json) -> None:
        """Change one thing."""
        self._put(f"{self.path}/{thing_id}", model, body)

    def _gone(self, path: str) -> None:
        """``DELETE`` (204); one that is gone already is no error."""
        try:
            self._transport.call("DELETE", path)
        except RecordRejected as error:
            if error.status != 404:
                raise


def made(model: type[R], reply: Any, where: str) -> R:
    """Return what a ``POST`` answers with.

    Raises:
        Unanswered: the reply does not tell what the migration relies on, so it has to be looked up.
    """
    try:
        return border.parse(model, reply, where)
    except ReplyUnusable as error:
        raise Unanswered(f"{where} was answered without what tells what was made: {error.message}") from None


def rows(model: type[R], reply: Any, where: str) -> list[R]:
    """Return the rows of a list that has no pages: in an envelope with ``data``, or bare.

    Raises:
        ReplyUnusable: it is no list.
    """
    found = reply.get("data") if isinstance(reply, Mapping) else reply
    if not isinstance(found, Sequence) or isinstance(found, str):
        raise border.unusable(where, "no list")
    return [border.parse(model, row, where) for row in found]
