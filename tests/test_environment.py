"""One environment, written down in five places: these tests hold them together."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

import pytest
from packaging.markers import Environment, Marker, default_environment
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version
from ruamel.yaml import YAML

PROJECT = Path(__file__).parent.parent
PYPROJECT = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))
LOCK = (PROJECT / "requirements.lock").read_text(encoding="utf-8")
REQUIRES_PYTHON = SpecifierSet(PYPROJECT["project"]["requires-python"])
PYTHONS = ["3.11", "3.12", "3.13"]
DIRECT = [Requirement(line) for line in [*PYPROJECT["project"]["dependencies"], *PYPROJECT["dependency-groups"]["dev"]]]


@dataclass(frozen=True)
class Pin:
    """One package of the lock, for the environments that its marker names."""

    name: str
    version: Version
    marker: Marker | None
    hashes: tuple[str, ...]

    def applies(self, environment: Environment) -> bool:
        return self.marker is None or self.marker.evaluate(dict(environment))


def read_lock(text: str) -> list[Pin]:
    pins = []
    for entry in text.replace("\\\n", " ").splitlines():
        requirement, *hashes = re.split(r"\s+--hash=", entry.strip())
        parsed = Requirement(requirement)
        (specifier,) = parsed.specifier
        assert specifier.operator == "==", entry
        pins.append(Pin(canonicalize_name(parsed.name), Version(specifier.version), parsed.marker, tuple(hashes)))
    return pins


PINS = read_lock(LOCK)


def test_what_has_a_licence_of_its_own_is_chosen_by_a_person_and_not_in_the_lock() -> None:
    extras = PYPROJECT["project"]["optional-dependencies"]
    chosen = {name: [Requirement(line).name for line in lines] for name, lines in extras.items()}
    assert chosen == {"sqlserver": ["mssql-python-odbc"]}
    assert "mssql-python-odbc" not in {pin.name for pin in PINS}
    assert "mssql-python-odbc" not in {canonicalize_name(each.name) for each in DIRECT}


def on_python(version: str) -> Environment:
    environment = default_environment()
    environment["python_version"] = version
    environment["python_full_version"] = f"{version}.9"
    return environment


def pinned(environment: Environment) -> dict[str, Version]:
    return {pin.name: pin.version for pin in PINS if pin.applies(environment)}


def test_every_package_of_the_lock_has_hashes() -> None:
    assert len(PINS) > 100
    assert [pin.name for pin in PINS if not pin.hashes] == []
    assert all(re.fullmatch(r"sha256:[0-9a-f]{64}", each) for pin in PINS for each in pin.hashes)


def test_the_lock_names_no_host_and_no_path() -> None:
    assert re.findall(r"^.*(?:://|@ |--(?!hash=)|/).*$", LOCK, re.MULTILINE) == []


@pytest.mark.parametrize("python", PYTHONS)
def test_the_lock_satisfies_pyproject_on_every_python(python: str) -> None:
    locked = pinned(on_python(python))
    unmet = [
        f"{each} (locked: {locked.get(canonicalize_name(each.name))})"
        for each in DIRECT
        if canonicalize_name(each.name) not in locked or locked[canonicalize_name(each.name)] not in each.specifier
    ]
    assert unmet == [], "run make lock"


@pytest.mark.parametrize("python", PYTHONS)
def test_the_lock_has_one_version_of_a_package_for_each_python(python: str) -> None:
    environment = on_python(python)
    names = [pin.name for pin in PINS if pin.applies(environment)]
    assert sorted(names) == sorted(set(names))


def needed(requirements: list[Requirement], seen: set[tuple[str, str]]) -> Iterator[Requirement]:
    """Yield requirements and, from what is installed, all that they need themselves, here and now."""
    for requirement in requirements:
        yield requirement
        for extra in ["", *sorted(requirement.extras)]:
            key = (canonicalize_name(requirement.name), extra)
            if key in seen:
                continue
            seen.add(key)
            further = [Requirement(line) for line in metadata.requires(requirement.name) or []]
            here = [each for each in further if each.marker is None or each.marker.evaluate({"extra": extra})]
            yield from needed(here, seen)


def test_the_lock_holds_what_is_needed_here_and_nothing_else() -> None:
    locked = pinned(default_environment())
    wanted = list(needed(DIRECT, set()))
    assert {canonicalize_name(each.name) for each in wanted} == set(locked), "run make lock"
    assert [str(each) for each in wanted if locked[canonicalize_name(each.name)] not in each.specifier] == []


def test_what_is_installed_is_what_is_locked() -> None:
    locked = pinned(default_environment())
    installed = {name: Version(metadata.version(name)) for name in locked}
    assert installed == locked


def test_conda_users_get_the_same_python_and_the_same_lock() -> None:
    given = YAML(typ="safe").load((PROJECT / "environment.yml").read_text(encoding="utf-8"))
    assert given["name"] == PYPROJECT["project"]["name"]
    python, pip, from_pip = given["dependencies"]
    assert python.split()[0] == "python"
    assert SpecifierSet(python.split()[1]) == REQUIRES_PYTHON
    assert pip == "pip"
    # pip refuses an editable project beside requirements with hashes, so the lock must stand alone
    assert from_pip == {"pip": ["-r requirements.lock"]}


def test_make_accepts_the_pythons_that_pyproject_accepts() -> None:
    makefile = (PROJECT / "Makefile").read_text(encoding="utf-8")
    (supported,) = re.findall(r"^SUPPORTED := .*\((\d+), (\d+)\) <= .* < \((\d+), (\d+)\)", makefile, re.MULTILINE)
    low, low_minor, high, high_minor = supported
    assert SpecifierSet(f">={low}.{low_minor},<{high}.{high_minor}") == REQUIRES_PYTHON


def test_continuous_integration_tries_every_python_that_pyproject_accepts() -> None:
    workflow = YAML(typ="safe").load((PROJECT / ".github/workflows/ci.yml").read_text(encoding="utf-8"))
    tried = workflow["jobs"]["ci"]["strategy"]["matrix"]["python"]
    assert tried == PYTHONS == [f"3.{minor}" for minor in range(30) if f"3.{minor}" in REQUIRES_PYTHON]
