"""What crosses the border: a body is checked before it leaves, a reply is parsed before it is used.

No value of a body or of a reply is ever told, only its place and what is wrong with it: it may be a person's.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from migrator_lib.errors import RecordUnusable, ReplyUnusable
from migrator_lib.gorgias.contract.replies import Reply

R = TypeVar("R", bound=Reply)
SHOWN = 5
"""Problems of one body or reply that are told."""


def check(model: Any, body: Any, where: str) -> None:
    """Pass a body that the contract knows.

    Args:
        model: a type of ``gorgias.contract.bodies``, or a list of one.
        body: as it will be sent.
        where: method and path, for the words of an error.

    Raises:
        RecordUnusable: naming the place in the body and what is wrong with it.
    """
    try:
        _adapter(model).validate_python(body)
    except ValidationError as error:
        raise RecordUnusable(
            f"{where} was not sent, since Gorgias would not take it: {told(error)}",
            next_step="mend that value in the source, or what becomes of it in mapping.yaml, then run again.",
        ) from None


@cache
def _adapter(model: Any) -> TypeAdapter[Any]:
    return TypeAdapter(model)


def parse(model: type[R], reply: Any, where: str) -> R:
    """Return a reply as its model.

    Raises:
        ReplyUnusable: it lacks what the migration relies on.
    """
    try:
        return model.model_validate(reply)
    except ValidationError as error:
        raise unusable(where, told(error)) from None


def unusable(where: str, words: str) -> ReplyUnusable:
    """Return the error of a reply that cannot be used."""
    return ReplyUnusable(
        f"Gorgias answered {where} in a way that this program does not know: {words}.",
        next_step="run again; if it stays, look at developers.gorgias.com/changelog for a change of the API, and "
        "report this line: nothing is lost.",
    )


def told(error: ValidationError) -> str:
    """Return places and reasons in one line: ``messages.2.via: Field required``."""
    problems = error.errors(include_url=False, include_context=False, include_input=False)
    words = [f"{_place(one['loc'])}: {one['msg'].removeprefix('Value error, ').rstrip('.')}" for one in problems]
    more = len(words) - SHOWN
    return "; ".join(words[:SHOWN]) + (f"; and {more} more" if more > 0 else "")


def _place(parts: Sequence[int | str]) -> str:
    return ".".join(map(str, parts)) or "the whole"
