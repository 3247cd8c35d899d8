"""The notebooks as they are committed: thin, alike, and without secrets among their parameters."""

from __future__ import annotations

import ast
from pathlib import Path

import nbformat
import papermill
import pytest

from migrator_lib.engagement import ALL_STEPS, ASIDE, STEPS, WRITES

FOLDER = Path(__file__).parent.parent.parent / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))
LINES = 10
FORBIDDEN = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.For, ast.While, ast.Lambda)


def cells(path: Path, kind: str) -> list[nbformat.NotebookNode]:
    return [cell for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == kind]


def test_there_is_a_notebook_for_every_step() -> None:
    assert [path.stem for path in NOTEBOOKS if path.stem not in ASIDE] == list(STEPS)
    assert {path.stem for path in NOTEBOOKS} <= set(ALL_STEPS)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_is_thin(path: Path) -> None:
    for cell in cells(path, "code"):
        assert len(cell.source.splitlines()) <= LINES, cell.source
        assert not [node for node in ast.walk(ast.parse(cell.source)) if isinstance(node, FORBIDDEN)], cell.source


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_opens_with_what_a_reader_must_know(path: Path) -> None:
    first = nbformat.read(path, as_version=4).cells[0]
    assert first.cell_type == "markdown"
    assert first.source.startswith("# " + path.stem[:2])
    for question in ("**Reads**", "**Writes**", "**Safe to run again?**", "**How long**"):
        assert question in first.source


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_parameters_are_plain_literals_and_writing_is_off(path: Path) -> None:
    (cell,) = [cell for cell in cells(path, "code") if "parameters" in cell.metadata.get("tags", [])]
    assert cell == cells(path, "code")[0]
    given = {}
    for node in ast.parse(cell.source).body:
        assert isinstance(node, ast.Assign)
        given[ast.unparse(node.targets[0])] = ast.literal_eval(node.value)
    assert given["engagement_name"] == "demo"
    assert given["execute"] is False
    assert not any(word in name for name in given for word in ("key", "password", "secret", "token"))
    assert set(papermill.inspect_notebook(str(path))) == set(given)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_opens_its_own_step_and_says_when_it_is_done(path: Path) -> None:
    code = [cell.source for cell in cells(path, "code")]
    assert f'migrator_lib.open(engagement_name, step="{path.stem}", execute=execute)' in code[1]
    assert "engagement.done(" in code[-1]


def test_steps_that_write_to_gorgias_say_so() -> None:
    for path in NOTEBOOKS:
        opening = nbformat.read(path, as_version=4).cells[0].source
        writes = next(line for line in opening.splitlines() if line.startswith("| **Writes**"))
        assert ("if `execute` is true" in writes) is (path.stem in WRITES), path.stem
