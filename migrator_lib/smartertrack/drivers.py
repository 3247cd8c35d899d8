"""Which ODBC driver opens a SQL Server, and why that one.

The order: what source.url names; what source.odbc_drivers lists; the best one that is installed; the one that
Microsoft ships inside the Python package ``mssql-python-odbc`` (the extra ``sqlserver``: its licence is Microsoft's
own, so a person chooses it). The choice is told in the audit.
"""

from __future__ import annotations

import importlib.util
import platform
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from migrator_lib.errors import SourceUnreachable

PACKAGE = "mssql_python_odbc"
LEGACY = "SQL Server"
"""The driver that is part of Windows. It knows no read-only intent."""
INSTALL = """Install one:
  Debian, Ubuntu: apt-get install libodbc2 libltdl7 libkrb5-3 libgssapi-krb5-2, then pip install -e '.[sqlserver]'
                  (Microsoft's driver, under Microsoft's licence), or apt-get install tdsodbc (FreeTDS)
  RHEL, Fedora:   dnf install unixODBC krb5-libs libtool-ltdl, then pip install -e '.[sqlserver]',
                  or dnf install freetds
  Alpine:         apk add unixodbc krb5-libs libltdl, then pip install -e '.[sqlserver]', or apk add freetds
  macOS:          brew install unixodbc, then pip install -e '.[sqlserver]', or brew install freetds
  Windows:        Microsoft's installer "ODBC Driver 18 for SQL Server" (msodbcsql.msi)
Then run again."""
NO_MANAGER = """Install it:
  Debian, Ubuntu: apt-get install libodbc2 libltdl7 libkrb5-3 libgssapi-krb5-2
  RHEL, Fedora:   dnf install unixODBC krb5-libs libtool-ltdl
  Alpine:         apk add unixodbc krb5-libs libltdl
  macOS:          brew install unixodbc
Then run again."""


@dataclass(frozen=True)
class Driver:
    """An ODBC driver and why it was taken."""

    name: str
    """As ``DRIVER={...}`` takes it: an installed driver's name, or the path of its library."""
    why: str

    @property
    def is_freetds(self) -> bool:
        """Whether it is FreeTDS, which has words of its own for some settings."""
        return "freetds" in self.name.lower() or "tdsodbc" in self.name.lower()

    @property
    def is_legacy(self) -> bool:
        """Whether it is the one that is part of Windows."""
        return self.name.lower() == LEGACY.lower()


def installed() -> list[str]:
    """Return the names of the ODBC drivers of this machine.

    Raises:
        SourceUnreachable: pyodbc cannot be loaded.
    """
    try:
        import pyodbc
    except ImportError as error:
        if "odbc" in str(error).lower() and not isinstance(error, ModuleNotFoundError):
            raise SourceUnreachable(
                f"SQL Server is read by ODBC, and this machine has no ODBC driver manager: {error}.",
                next_step=NO_MANAGER,
            ) from error
        raise
    return list(pyodbc.drivers())


def choose(given: str | None, wanted: Sequence[str], present: Sequence[str], packaged: Path | None) -> Driver:
    """Return the driver to open a SQL Server with.

    Args:
        given: what source.url names (``driver=``): taken as it is.
        wanted: source.odbc_drivers, names or paths; the first that is there is taken.
        present: names of the installed drivers.
        packaged: library of Microsoft's Python package, where there is one.

    Raises:
        SourceUnreachable: there is none; it says what to install.
    """
    if given:
        return Driver(given, "named in source.url")
    names = {name.lower(): name for name in present}
    for name in wanted:
        if "/" in name or "\\" in name:
            if Path(name).is_file():
                return Driver(name, "first of source.odbc_drivers that is there")
        elif name.lower() in names:
            return Driver(names[name.lower()], "first of source.odbc_drivers that is installed")
    among = f", none of source.odbc_drivers ({', '.join(wanted)}) being there" if wanted else ""
    ranked = sorted((name for name in present if _rank(name)), key=_rank)
    if ranked:
        return Driver(ranked[-1], f"the best one that is installed{among}")
    if packaged is not None:
        return Driver(str(packaged), f"from the Python package {PACKAGE.replace('_', '-')}, none is installed{among}")
    raise SourceUnreachable(
        f"No ODBC driver for SQL Server is on this machine{among} (installed: {', '.join(present) or 'none at all'}).",
        next_step=INSTALL,
    )


def _rank(name: str) -> tuple[int, ...]:
    """Return how good a driver is: Microsoft's by number, then FreeTDS, then what old systems have; () for others."""
    if found := re.fullmatch(r"ODBC Driver (\d+) for SQL Server", name, re.IGNORECASE):
        return (4, int(found[1]))
    if "freetds" in name.lower():
        return (3, 0)
    if found := re.fullmatch(r"SQL Server Native Client (\d+)\.\d+", name, re.IGNORECASE):
        return (2, int(found[1]))
    return (1, 0) if name.lower() == LEGACY.lower() else ()


def packaged() -> Path | None:
    """Return the driver's library inside Microsoft's Python package for this system, or None.

    The package is not imported. On Windows the driver manager takes registered drivers only, so there is none.
    """
    spec = importlib.util.find_spec(PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        return None
    return library(Path(spec.submodule_search_locations[0]) / "libs")


def library(libs: Path) -> Path | None:
    """Return the library for this system below the package's ``libs``, laid out as in mssql-python-odbc 18.6."""
    machine = "arm64" if platform.machine().lower() in ("arm64", "aarch64") else "x86_64"
    if sys.platform == "darwin":
        places = [libs / "macos" / machine / "lib"]
    elif sys.platform.startswith("linux"):
        places = [libs / "linux" / name / machine / "lib" for name in _distributions()]
    else:
        return None
    found = (file for place in places for file in sorted(place.glob("libmsodbcsql*")))
    return next(found, None)


def _distributions() -> list[str]:
    """Return the folders of this Linux, the best first; a wheel for musl has Alpine's alone."""
    try:
        release = platform.freedesktop_os_release()
    except OSError:
        release = {}
    kin = {release.get("ID", ""), *release.get("ID_LIKE", "").split()}
    if "alpine" in kin:
        return ["alpine"]
    if kin & {"rhel", "fedora", "centos", "amzn"}:
        return ["rhel"]
    if any("suse" in name for name in kin):
        return ["suse", "rhel"]
    return ["debian_ubuntu"]
