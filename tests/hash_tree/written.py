"""A hash tree for tests, as a verification leaves one."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import closing
from pathlib import Path
from typing import Any

from migrator_lib.hash_tree.files import ROOTS, Roots
from migrator_lib.hash_tree.recorder import Recorder
from migrator_lib.proofs.behaviour import Behaviour

SECRET = bytes(range(32))
Form = dict[str, Any] | None
Told = tuple[str, str, Form, Form]


def of_ticket(number: int, **other: Any) -> dict[str, Any]:
    """The canonical form of a ticket."""
    form = {
        "subject": "Tent", "status": "open", "spam": False, "tags": ["vip", "late"], "assignee_user": None,
        "custom_fields": [[7, "red"], [9, number]], "meta": {"department": "Sales", "numbers": {}},
    }  # fmt: skip
    return {**form, **other}


def tickets(count: int) -> list[Told]:
    """So many tickets, all as they should be."""
    return [("ticket", str(n), of_ticket(n), of_ticket(n)) for n in range(1, count + 1)]


def write(folder: Path, told: Iterable[Told], secret: bytes = SECRET, behaviour: Behaviour | None = None) -> Roots:
    """Write the hash tree of what a verification told."""
    folder.mkdir(exist_ok=True)
    with closing(Recorder(secret, behaviour)) as recorder:
        for one in told:
            recorder.saw(*one)
        objects = recorder.write(folder, str.capitalize, {"ticket": {"validated": 1}})
    roots = Roots("demo", "06_reconcile", "run-1", "2026-11-20T10:00:00+00:00", 7, "ab" * 32, "cd" * 8, objects)
    (folder / ROOTS).write_text(roots.text(), encoding="utf-8")
    return roots
