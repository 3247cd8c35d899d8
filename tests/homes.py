"""Homes for tests: a folder with parameters/ and notebooks/, as a run expects it."""

from __future__ import annotations

import shutil
from pathlib import Path

import nbformat
from ruamel.yaml import YAML

from migrator_lib.engagement import ALL_STEPS

PROJECT = Path(__file__).parent.parent
OF_ANY_SIZE = ("voice", "hands_off", "silence")
TRIVIAL = """\
import migrator_lib

engagement = migrator_lib.open(engagement_name, step="{step}", execute=execute)
engagement.done()
"""


def demo_home(folder: Path, *, tickets: int = 60, speed: float = 5000.0, signed: bool = False) -> Path:
    """Return a home with the real notebooks and the demo engagement, made small and quick.

    Args:
        folder: where it is made.
        tickets: size of the simulated help desk.
        speed: of the simulated account's clock.
        signed: keep all of the demo's signatures; those of mapping and sample fit the demo's own size alone. What is
            signed of its account is kept anyway: it is the same at every size.
    """
    shutil.copytree(PROJECT / "parameters" / "demo", folder / "parameters" / "demo")
    shutil.copytree(PROJECT / "notebooks", folder / "notebooks", ignore=shutil.ignore_patterns(".ipynb_checkpoints"))
    (folder / "reports").mkdir()
    file = folder / "parameters" / "demo" / "engagement.yaml"
    yaml = YAML(typ="rt")
    document = yaml.load(file.read_text(encoding="utf-8"))
    document["source"]["simulator"]["tickets"] = tickets
    document["target"]["simulator"]["speed"] = speed
    document["sample"]["size"] = 8
    document["thresholds"] = {"quarantined": 0.2, "differing": 0.0}
    document["expectations"] = {"run": False}  # importing what checks them takes seconds in each of three kernels
    with file.open("w", encoding="utf-8") as stream:
        yaml.dump(document, stream)
    if not signed:
        _keep_only(folder / "parameters" / "demo" / "signoffs.yaml", OF_ANY_SIZE)
        shutil.rmtree(folder / "parameters" / "demo" / "signed", ignore_errors=True)
    return folder


def _keep_only(signoffs: Path, names: tuple[str, ...]) -> None:
    yaml = YAML(typ="rt")
    document = yaml.load(signoffs.read_text(encoding="utf-8"))
    with signoffs.open("w", encoding="utf-8") as stream:
        yaml.dump({name: document[name] for name in names if name in document}, stream)


def demo_as_it_is(folder: Path) -> Path:
    """Return a home with the demo engagement as it is committed."""
    for name in ("parameters", "notebooks"):
        shutil.copytree(PROJECT / name, folder / name, ignore=shutil.ignore_patterns(".ipynb_checkpoints"))
    return folder


def change(home: Path, path: str, value: object) -> None:
    """Set one key (``target.production.url``) of the demo's engagement.yaml."""
    file = home / "parameters" / "demo" / "engagement.yaml"
    yaml = YAML(typ="rt")
    document = yaml.load(file.read_text(encoding="utf-8"))
    *parents, last = path.split(".")
    node = document
    for name in parents:
        node = node.setdefault(name, {})
    node[last] = value
    with file.open("w", encoding="utf-8") as stream:
        yaml.dump(document, stream)


def trivial_home(folder: Path, cells: dict[str, str] | None = None) -> Path:
    """Return a home whose notebooks only open the engagement; ``cells`` replaces the code of some steps."""
    home = demo_home(folder, tickets=1)
    for step in ALL_STEPS:
        code = (cells or {}).get(step, TRIVIAL.format(step=step))
        parameters = nbformat.v4.new_code_cell('engagement_name = "demo"\nexecute = False\nfresh = False')
        parameters.metadata["tags"] = ["parameters"]
        notebook = nbformat.v4.new_notebook(cells=[parameters, nbformat.v4.new_code_cell(code)])
        notebook.metadata.kernelspec = {"name": "python3", "display_name": "Python 3", "language": "python"}
        nbformat.write(notebook, home / "notebooks" / f"{step}.ipynb")
    return home
