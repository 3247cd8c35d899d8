"""What payloads hold: every path that is written, and each of their values as another one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from migrator_lib.gorgias.api import Json
from migrator_lib.objects import CONVERSATIONS
from migrator_lib.objects.base import MigrationObject, Send
from tests.mutations.world import World

Path = tuple[str | int, ...]
NOBODY = 999_999
"""An id that nothing has."""
ADDRESS = {"address": "somebody@else.example", "name": ""}
FILLED: Mapping[str, Any] = {
    "custom_fields": [{"id": NOBODY, "value": "x"}], "tags": [{"id": NOBODY, "name": "somebody's"}], "to": [ADDRESS],
    "cc": [ADDRESS], "members": [{"id": NOBODY}],
    "channels": [{"type": "phone", "address": "+44 1632 960999", "preferred": True}],
}  # fmt: skip
"""Member of a list that was written empty."""


def sent(world: World, obj: MigrationObject) -> Iterator[tuple[str, Json]]:
    """Yield (source key, payload with references) of every record of an object that is sent."""
    for record in obj.records(world.staged, world.lookups):
        outcome = obj.transform(record, world.lookups)
        if isinstance(outcome, Send):
            yield record.key, outcome.payload


def leaves(node: Any, path: Path = ()) -> Iterator[Path]:
    """Yield the path of every value of a payload; a reference, and an empty list, is one."""
    if isinstance(node, Mapping) and "$ref" not in node:
        for name, value in node.items():
            if name != "messages":  # records of their own
                yield from leaves(value, (*path, "url" if name == "$attachment" else name))
    elif isinstance(node, list) and node:
        for n, value in enumerate(node):
            yield from leaves(value, (*path, n))
    else:
        yield path


def general(path: Path) -> str:
    """Return a path without places in lists: what is written alike for all members."""
    return ".".join(str(part) for part in path if not isinstance(part, int))


def named(path: Path) -> str:
    """Return what a difference calls a value that is written at a path."""
    if "custom_fields" in path:
        return "custom_fields"
    parts = [part for part in path if isinstance(part, str)]
    parts = [part for part in parts if part not in ("smartertrack", "definition", "input_settings", "arguments")]
    if parts[-2:] in (["tags", "name"], ["role", "name"], ["last_sending_error", "error"]) or parts[1:] == ["id"]:
        parts = parts[:-1]
    return ".".join(parts)


def another(value: Any, path: Path) -> Any:
    """Return another value of the same kind."""
    name = str(path[-1]) if not isinstance(path[-1], int) else str(path[-2])
    if value == []:
        return FILLED.get(name, ["x"])
    if isinstance(value, bool):
        return not value
    if name == "id" or name.endswith("_id"):
        return NOBODY
    if name == "type" and "channels" in path:  # one of another kind is not ours
        return "phone" if value == "email" else "email"
    if isinstance(value, int | float):
        return value + 1
    if name.endswith("_datetime"):
        moment = datetime.fromisoformat(value) if value else datetime(2031, 1, 1)
        return (moment + timedelta(hours=1)).isoformat()
    return f"x{value or ''}"


def at(node: Any, path: Path) -> Any:
    """Return what stands at a path; None where there is nothing."""
    for part in path:
        if node is None or (isinstance(part, int) and len(node) <= part):
            return None
        node = node[part] if isinstance(part, int) else node.get(part)
    return node


def put(node: Any, path: Path, value: Any) -> None:
    """Let something else stand at a path."""
    at(node, path[:-1])[path[-1]] = value


def stored(path: Path) -> Path:
    """Return where an account keeps what is written at a path: of a value the field is told otherwise."""
    if path[0] == "custom_fields" and path[-1] == "id":
        return (*path[:-1], "field", "id")
    return path


def threads(world: World) -> Iterator[tuple[str, str, Sequence[Json]]]:
    """Yield (object, source key, messages) of every ticket."""
    for obj in CONVERSATIONS:
        for key, payload in sent(world, obj):
            yield obj.name, key, payload["messages"]
