"""Which ODBC driver is taken for SQL Server, and what is said where there is none."""

from __future__ import annotations

import builtins
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from migrator_lib.errors import SourceUnreachable
from migrator_lib.smartertrack import drivers
from migrator_lib.smartertrack.connection import connection_facts, open_engine, translated

M17, M18, M9 = (f"ODBC Driver {n} for SQL Server" for n in (17, 18, 9))
OTHERS = ["PostgreSQL Unicode", "SQLite3", "ODBC Driver 18 for Something Else"]
WHEEL = Path("/venv/mssql_python_odbc/libs/linux/debian_ubuntu/x86_64/lib/libmsodbcsql-18.6.so.2.1")


def test_the_driver_that_the_url_names_is_taken_even_if_it_is_not_listed() -> None:
    assert drivers.choose("My Driver", ["FreeTDS"], [M18, "FreeTDS"], WHEEL).name == "My Driver"
    assert "source.url" in drivers.choose("My Driver", [], [], None).why


def test_the_first_of_the_listed_drivers_that_is_there_is_taken(tmp_path: Path) -> None:
    library = tmp_path / "libmsodbcsql-18.so"
    library.touch()
    present = [M17, M18, "FreeTDS"]
    assert drivers.choose(None, [M9, "freetds", M18], present, WHEEL).name == "FreeTDS"
    assert drivers.choose(None, [str(tmp_path / "gone.so"), str(library), M18], present, None).name == str(library)
    chosen = drivers.choose(None, [M9], present, WHEEL)
    assert chosen.name == M18
    assert M9 in chosen.why


@pytest.mark.parametrize(
    ("present", "best"),
    [
        ([M17, M18, M9, "FreeTDS", "SQL Server", *OTHERS], M18),
        ([M9, M17], M17),
        (["SQL Server", "SQL Server Native Client 11.0", "FreeTDS"], "FreeTDS"),
        (["SQL Server", "SQL Server Native Client 10.0", "SQL Server Native Client 11.0"],
         "SQL Server Native Client 11.0"),
        ([*OTHERS, "SQL Server"], "SQL Server"),
    ],
)  # fmt: skip
def test_else_the_best_installed_driver_is_taken(present: list[str], best: str) -> None:
    for order in (present, present[::-1]):
        assert drivers.choose(None, [], order, WHEEL).name == best


def test_else_the_driver_in_microsoft_s_package_is_taken_by_its_path() -> None:
    chosen = drivers.choose(None, [], OTHERS, WHEEL)
    assert chosen.name == str(WHEEL)
    assert "mssql-python-odbc" in chosen.why


def test_without_any_driver_it_is_said_what_to_install_on_every_system() -> None:
    with pytest.raises(SourceUnreachable, match="PostgreSQL Unicode") as caught:
        drivers.choose(None, [M18], OTHERS, None)
    for word in ("Debian, Ubuntu", "libodbc2 libltdl7 libkrb5-3 libgssapi-krb5-2", "RHEL", "Alpine", "macOS", "Windows",
                 "[sqlserver]", "licence"):  # fmt: skip
        assert word in caught.value.next_step


# --- Microsoft's package ---------------------------------------------------------------------------------

LINUX = "libmsodbcsql-18.6.so.2.1"
LAYOUT = [
    f"linux/{name}/{machine}/lib/{LINUX}"
    for name in ("debian_ubuntu", "rhel", "suse", "alpine")
    for machine in ("x86_64", "arm64")
] + [
    "macos/arm64/lib/libmsodbcsql.18.dylib",
    "macos/x86_64/lib/libmsodbcsql.18.dylib",
    "windows/x64/msodbcsql18.dll",
]


@pytest.fixture
def on(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Make this machine look like another."""

    def become(system: str, machine: str, **release: str) -> None:
        def read() -> dict[str, str]:
            if not release:
                raise OSError
            return release

        monkeypatch.setattr(drivers, "sys", SimpleNamespace(platform=system))
        monkeypatch.setattr(drivers, "platform", SimpleNamespace(machine=lambda: machine, freedesktop_os_release=read))

    return become


@pytest.mark.parametrize(
    ("system", "machine", "release", "found"),
    [
        ("linux", "x86_64", {"ID": "debian"}, f"linux/debian_ubuntu/x86_64/lib/{LINUX}"),
        ("linux", "aarch64", {"ID": "linuxmint", "ID_LIKE": "ubuntu debian"}, f"linux/debian_ubuntu/arm64/lib/{LINUX}"),
        ("linux", "x86_64", {"ID": "rocky", "ID_LIKE": "rhel centos fedora"}, f"linux/rhel/x86_64/lib/{LINUX}"),
        ("linux", "x86_64", {"ID": "opensuse-leap", "ID_LIKE": "suse opensuse"}, f"linux/suse/x86_64/lib/{LINUX}"),
        ("linux", "x86_64", {"ID": "alpine"}, f"linux/alpine/x86_64/lib/{LINUX}"),
        ("linux", "x86_64", {}, f"linux/debian_ubuntu/x86_64/lib/{LINUX}"),
        ("darwin", "arm64", {}, "macos/arm64/lib/libmsodbcsql.18.dylib"),
        ("darwin", "x86_64", {}, "macos/x86_64/lib/libmsodbcsql.18.dylib"),
        ("win32", "AMD64", {}, None),
    ],
)
def test_the_library_of_this_system_is_found_in_microsoft_s_package(
    tmp_path: Path, on: Callable[..., None], system: str, machine: str, release: dict[str, str], found: str | None
) -> None:
    for file in LAYOUT:
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / file).touch()
    on(system, machine, **release)
    assert drivers.library(tmp_path) == (None if found is None else tmp_path / found)


def test_a_package_without_a_library_for_this_system_gives_none(tmp_path: Path, on: Callable[..., None]) -> None:
    on("linux", "riscv64", ID="debian")
    assert drivers.library(tmp_path) is None


def test_the_package_is_found_without_being_imported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / drivers.PACKAGE
    package.mkdir()
    (package / "__init__.py").write_text("raise RuntimeError('imported')")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(drivers, "library", lambda libs: libs)
    assert drivers.packaged() == package / "libs"
    assert drivers.PACKAGE not in sys.modules


def test_without_the_package_there_is_no_library(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drivers, "PACKAGE", "a_package_that_nobody_has")
    assert drivers.packaged() is None


# --- pyodbc ----------------------------------------------------------------------------------------------


@pytest.fixture
def importing(monkeypatch: pytest.MonkeyPatch) -> Callable[[ImportError], None]:
    """Make the import of pyodbc fail."""

    def fail_with(error: ImportError) -> None:
        real: Any = builtins.__import__

        def imported(name: str, *args: Any, **more: Any) -> Any:
            if name == "pyodbc":
                raise error
            return real(name, *args, **more)

        monkeypatch.delitem(sys.modules, "pyodbc", raising=False)
        monkeypatch.setattr(builtins, "__import__", imported)

    return fail_with


def test_a_machine_without_driver_manager_is_told_what_to_install(importing: Callable[[ImportError], None]) -> None:
    importing(ImportError("libodbc.so.2: cannot open shared object file: No such file or directory"))
    with pytest.raises(SourceUnreachable, match=r"libodbc\.so\.2") as caught, translated("opening"):
        open_engine("mssql://reader@dbserver/SmarterTrack")
    assert "apt-get install libodbc2" in caught.value.next_step
    assert "brew install unixodbc" in caught.value.next_step


def test_a_python_without_pyodbc_is_told_so(importing: Callable[[ImportError], None]) -> None:
    importing(ModuleNotFoundError("No module named 'pyodbc'", name="pyodbc"))
    with pytest.raises(SourceUnreachable, match="package pyodbc is not installed") as caught, translated("opening"):
        open_engine("mssql://reader@dbserver/SmarterTrack")
    assert "pip install pyodbc" in caught.value.next_step


def test_the_choice_is_told_with_its_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("pyodbc", reason="needs unixODBC (libodbc2)", exc_type=ImportError)
    monkeypatch.setattr(drivers, "installed", lambda: ["FreeTDS", M17])
    facts = connection_facts(open_engine("mssql://reader@dbserver/SmarterTrack"))
    assert (facts.driver, facts.why) == (M17, "the best one that is installed")
    listed = connection_facts(open_engine("mssql://reader@dbserver/SmarterTrack", odbc_drivers=("FreeTDS",)))
    assert listed.driver == "FreeTDS"
    assert "source.odbc_drivers" in listed.why
