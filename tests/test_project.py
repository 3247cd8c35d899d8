"""What must hold for every file that is committed."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

PROJECT = Path(__file__).parent.parent
MEGABYTE = 1_000_000
# written apart, so that this file does not find itself
MACHINE_PATH = re.compile(
    r"(?<![\w.~})/-])/(?:" + "|".join(("work", "root", "home/\\w+", "Users/\\w+")) + r")(?=[/\s\"'`]|$)"
)
TEMPORARY = re.compile(r"(?<![\w.])/" + "tmp/")
REGISTRY = re.compile(
    "|".join(
        left + r"\." + right
        for left, right in [
            ("pypi", "org"),
            ("pythonhosted", "org"),
            ("npmjs", "(org|com)"),
            ("anaconda", "org"),
            ("debian", "org"),
            ("ubuntu", "com"),
            ("crates", "io"),
        ]
    )
)


@cache
def tracked() -> tuple[Path, ...]:
    """Return the files that are committed or about to be."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=True).stdout
    files = tuple(path for name in listed.split("\0") if name and (path := PROJECT / name).is_file())
    assert len(files) > 20
    return files


def texts() -> Iterator[tuple[Path, str]]:
    for path in tracked():
        try:
            yield path, path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue


def found(pattern: re.Pattern[str], *, only: tuple[str, ...] = ()) -> list[str]:
    return [
        f"{path.relative_to(PROJECT)}:{number}: {line.strip()[:100]}"
        for path, text in texts()
        if not only or path.suffix in only
        for number, line in enumerate(text.splitlines(), start=1)
        if pattern.search(line)
    ]


def notebooks() -> list[Path]:
    return [path for path in tracked() if path.suffix == ".ipynb"]


def modules() -> list[Path]:
    return [path for path in tracked() if path.suffix == ".py"]


def left_from_running(notebook: dict[str, object]) -> list[str]:
    """Return what executing a notebook leaves in it: outputs, counts, and papermill's and widgets' metadata."""
    left = []
    metadata = notebook["metadata"]
    assert isinstance(metadata, dict)
    left += [f"metadata {key}" for key in ("papermill", "widgets") if key in metadata]
    cells = notebook["cells"]
    assert isinstance(cells, list)
    for number, cell in enumerate(cells, start=1):
        left += [f"cell {number}: {key}" for key in ("outputs", "execution_count") if cell.get(key)]
        left += [f"cell {number}: metadata {key}" for key in ("papermill", "execution") if key in cell["metadata"]]
    return left


def test_no_notebook_holds_what_running_leaves() -> None:
    dirty = {path.name: left_from_running(json.loads(path.read_text(encoding="utf-8"))) for path in notebooks()}
    assert {name: left for name, left in dirty.items() if left} == {}, "clear the outputs of all cells, and save"


def test_the_search_for_what_running_leaves_in_a_notebook_finds_it() -> None:
    ran = {"cell_type": "code", "outputs": [{"text": "x"}], "execution_count": 3, "metadata": {"papermill": {}}}
    clean = {"cell_type": "code", "outputs": [], "execution_count": None, "metadata": {"tags": ["parameters"]}}
    notebook = {"metadata": {"papermill": {}, "kernelspec": {}}, "cells": [clean, ran]}
    assert left_from_running(notebook) == [
        "metadata papermill",
        "cell 2: outputs",
        "cell 2: execution_count",
        "cell 2: metadata papermill",
    ]


def test_no_file_names_a_place_on_somebodys_machine() -> None:
    assert found(MACHINE_PATH) == []
    assert found(TEMPORARY, only=(".md", ".yaml", ".yml", ".toml", ".ipynb")) == []


@pytest.mark.parametrize(
    ("line", "is_one"),
    [
        ("see /" + "work/main", True),
        ('"/' + 'root/.cache"', True),
        ("cd /" + "root", True),
        ("open /" + "home/anna/x", True),
        ("reports/" + "work/x", False),
        ("https://desk.example/" + "work/orders", False),
        ("/worker/1", False),
    ],
)
def test_the_search_for_places_on_a_machine_finds_them(line: str, is_one: bool) -> None:
    assert bool(MACHINE_PATH.search(line)) is is_one


def test_no_file_names_the_host_of_a_package_registry() -> None:
    assert REGISTRY.search("https://" + "pypi" + ".org/simple")
    assert found(REGISTRY) == []


def test_no_file_is_larger_than_a_megabyte() -> None:
    sizes = {str(path.relative_to(PROJECT)): path.stat().st_size for path in tracked()}
    assert {name: size for name, size in sizes.items() if size > MEGABYTE} == {}


def test_every_module_says_what_it_is() -> None:
    silent = [
        str(path.relative_to(PROJECT))
        for path in modules()
        if (text := path.read_text(encoding="utf-8")).strip() and not ast.get_docstring(ast.parse(text))
    ]
    assert silent == []


def make_targets() -> set[str]:
    makefile = (PROJECT / "Makefile").read_text(encoding="utf-8")
    return set(re.findall(r"^([a-z]+):", makefile, re.MULTILINE))


def make_commands(page: str) -> set[str]:
    """Return the targets of `make x` where a page shows commands: in back quotes, or in a block of code."""
    shown = re.findall(r"`([^`\n]+)`", page) + re.findall(r"^(?: {4}|\t)?(?:\$ )?(make .+)$", page, re.MULTILINE)
    calls = [command.split("#")[0].split() for command in shown if command.startswith("make ")]
    return {word for call in calls for word in call[1:] if "=" not in word and not word.startswith("-")}


def test_every_make_command_of_the_pages_exists() -> None:
    pages = [path for path in tracked() if path.suffix == ".md"]
    unknown = {
        str(path.relative_to(PROJECT)): missing
        for path in pages
        if (missing := make_commands(path.read_text(encoding="utf-8")) - make_targets())
    }
    assert unknown == {}


def test_the_search_for_make_commands_finds_them() -> None:
    page = (
        "Run `make demo PYTHON=python3.12`.\n\n    make lint   # style\n\n```\n$ make test\n```\nThey make sure of it."
    )
    assert make_commands(page) == {"demo", "lint", "test"}


def test_make_alone_lists_the_commands() -> None:
    listed = subprocess.run(["make", "--no-print-directory"], cwd=PROJECT, capture_output=True, text=True, check=True)
    assert set(re.findall(r"^  make (\w+) +\S", listed.stdout, re.MULTILINE)) == make_targets()


def test_the_licence_is_there_and_is_the_one_that_is_declared() -> None:
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["license"] == "Apache-2.0"
    assert "Apache License" in (PROJECT / "LICENSE").read_text(encoding="utf-8")[:200]


def test_whole_runs_are_where_make_test_looks_for_them() -> None:
    mark = "mark." + "whole_run"
    marked = {path.name for path, text in texts() if path.suffix == ".py" and mark in text}
    assert marked == {"test_whole_run.py", "test_driver.py"}
    told = (PROJECT / "Makefile").read_text(encoding="utf-8")
    assert all(f" tests/{name}" in told for name in marked)
