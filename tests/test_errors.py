"""The tree of errors, and that every place that raises one says what to do next."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from migrator_lib import errors
from migrator_lib.errors import (
    ExitCode,
    GateClosed,
    HaltError,
    MigratorError,
    RecordError,
    RecordRejected,
    exit_code_for,
)

PACKAGE = Path(errors.__file__).parent
CLASSES = {name: thing for name, thing in vars(errors).items() if isinstance(thing, type)
           and issubclass(thing, MigratorError)}  # fmt: skip


def raised() -> Iterator[tuple[str, type[MigratorError], ast.Call]]:
    """Yield every place in the package where one of the errors is made."""
    for file in sorted(PACKAGE.rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name | ast.Attribute):
                name = node.func.id if isinstance(node.func, ast.Name) else node.func.attr
                if name in CLASSES:
                    yield f"{file.relative_to(PACKAGE.parent)}:{node.lineno} {name}", CLASSES[name], node


def _next_step(call: ast.Call) -> ast.expr | None:
    return next((keyword.value for keyword in call.keywords if keyword.arg == "next_step"), None)


def test_every_error_that_stops_a_run_says_what_to_do_next() -> None:
    halting = [(place, call) for place, cls, call in raised() if issubclass(cls, HaltError | GateClosed)]
    assert len(halting) > 40
    silent = []
    for place, call in halting:
        given = _next_step(call)
        if given is None or (isinstance(given, ast.Constant) and not str(given.value).strip()):
            silent.append(place)
    assert silent == []


def test_every_record_that_is_quarantined_says_what_to_do_next() -> None:
    made = [(place, call) for place, cls, call in raised() if issubclass(cls, RecordError)]
    assert made
    assert [place for place, call in made if _next_step(call) is None] == []


def test_only_errors_of_the_tree_are_raised_as_errors_that_stop_a_run() -> None:
    """RuntimeError and its like would reach a reader as a bare traceback."""
    bare = re.compile(r"raise (RuntimeError|Exception|OSError|SystemError)\(")
    found = [str(file) for file in PACKAGE.rglob("*.py") if bare.search(file.read_text(encoding="utf-8"))]
    assert found == []


@pytest.mark.parametrize("name", CLASSES)
def test_every_error_has_an_exit_code_and_is_known_by_its_name(name: str) -> None:
    cls = CLASSES[name]
    assert isinstance(cls.exit_code, ExitCode)
    assert cls.exit_code != ExitCode.DONE
    assert exit_code_for(name) == cls.exit_code


def test_only_a_gate_ends_with_its_own_exit_code() -> None:
    assert {name for name, cls in CLASSES.items() if cls.exit_code == ExitCode.GATE} == {"GateClosed"}
    assert exit_code_for("GateClosed") == 3
    assert exit_code_for("SourceDenied") == 1


def test_an_error_that_is_none_of_ours_is_a_failure() -> None:
    assert exit_code_for("KeyError") == ExitCode.FAILED
    assert exit_code_for("") == ExitCode.FAILED


def test_the_tree_that_is_drawn_is_the_tree_that_is_there() -> None:
    drawing = (errors.__doc__ or "").split("::", 1)[1].split("Every message", 1)[0]
    drawn = re.findall(r"(?:[├└]── |^    )([A-Z]\w+)", drawing, re.MULTILINE)
    assert sorted(drawn) == sorted(CLASSES)
    depth = {name: len(cls.__mro__) for name, cls in CLASSES.items()}
    for line in drawing.splitlines():
        if found := re.search(r"([├└]── )(\w+)", line):
            assert found.start() // 4 - 1 == depth[found[2]] - depth["MigratorError"] - 1, line


def test_a_message_ends_with_what_to_do_next() -> None:
    error = HaltError("The disk is full.", next_step="make room.")
    assert str(error) == "The disk is full.\nNext: make room."
    assert (error.message, error.next_step) == ("The disk is full.", "make room.")
    assert str(RecordError("Odd row.")) == "Odd row."


def test_an_error_keeps_what_the_driver_needs() -> None:
    assert GateClosed("waits", gate="mapping", next_step="sign").gate == "mapping"
    rejected = RecordRejected("too long", status=400, data={"error": {"msg": "too long"}})
    assert (rejected.status, rejected.data) == (400, {"error": {"msg": "too long"}})
