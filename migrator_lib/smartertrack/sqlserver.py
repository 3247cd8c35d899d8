"""What a connection to SQL Server is opened with: its URL, completed, and its session.

Encrypted and for reading unless source.url says otherwise. Statements never take NOLOCK: where the database allows
it they read a snapshot, else what is committed.
"""

from __future__ import annotations

import re
from typing import Any

import sqlalchemy as sa

from migrator_lib.smartertrack.drivers import Driver

APPLICATION = "smartertrack-to-gorgias"
FREETDS_ENCRYPTION = {"no": "request", "optional": "request", "false": "request", "strict": "strict"}
"""FreeTDS knows no ``Encrypt``: its word is ``Encryption``."""
_KEYWORD = re.compile(r"\s*([^=;]+?)\s*=\s*(\{(?:[^}]|\}\})*\}|[^;]*)\s*(?:;|$)")
SNAPSHOT_WORDS = {
    True: "each statement reads one snapshot (the database allows snapshot isolation)",
    False: "each statement reads what is committed: the database does not allow snapshot isolation "
    "(ALTER DATABASE ... SET ALLOW_SNAPSHOT_ISOLATION ON would; a restored backup needs none)",
    None: "each statement reads what is committed: the server does not say whether snapshot isolation is allowed",
}
_ALLOWED = "SELECT snapshot_isolation_state FROM sys.databases WHERE name = DB_NAME()"


def spelled_out(url: sa.URL) -> sa.URL:
    """Return the URL with every keyword in its query under SQLAlchemy's name, also those of ``odbc_connect``."""
    query = {name: value if isinstance(value, str) else value[0] for name, value in url.query.items()}
    keywords = {**_keywords(query.pop("odbc_connect", "")), **query}
    parts: dict[str, Any] = {}
    for name, value in list(keywords.items()):
        match name.lower():
            case "driver" | "dsn" | "authentication" as known:
                parts.setdefault("query", {})[known] = value
            case "server":
                parts["host"] = value
            case "database":
                parts["database"] = value
            case "uid":
                parts["username"] = value
            case "trusted_connection":
                pass  # what SQLAlchemy says of its own where there is no user
            case _:
                continue
        del keywords[name]
    named = parts.pop("query", {})
    return url.set(**parts, query={**named, **keywords})


def _keywords(text: str) -> dict[str, str]:
    """Return the keywords of an ODBC connection string, values without their braces."""
    found = {}
    for name, value in _KEYWORD.findall(text):
        found[name] = value[1:-1].replace("}}", "}") if value.startswith("{") else value
    return found


def completed(url: sa.URL, driver: Driver | None) -> sa.URL:
    """Return a spelled out URL with what it does not say itself.

    Args:
        url: see :func:`spelled_out`.
        driver: the driver, or None where a data source name brings its own.
    """
    query = {name: value for name, value in url.query.items() if name != "driver"}
    said = {name.lower() for name in query}
    wanted = {"APP": APPLICATION, "MARS_Connection": "no", "ApplicationIntent": "ReadOnly", "Encrypt": "yes"}
    if driver is not None and driver.is_freetds:
        word = next((str(value).lower() for name, value in query.items() if name.lower() == "encrypt"), "yes")
        wanted["Encryption"] = FREETDS_ENCRYPTION.get(word, "require")
        del wanted["Encrypt"]
    if driver is not None and driver.is_legacy:
        wanted = {name: wanted[name] for name in ("APP", "Encrypt")}
    added = {name: value for name, value in wanted.items() if name.lower() not in said}
    if driver is not None:
        query["driver"] = driver.name
    return url.set(query={**query, **added})


def is_data_source(url: sa.URL) -> bool:
    """Return whether the URL names a data source (DSN), which brings server, database and driver."""
    return "dsn" in url.query or bool(url.host and not url.database)


def encryption(url: sa.URL, driver: Driver | None) -> str:
    """Return in words how a completed URL encrypts."""
    said = {name.lower(): str(value).lower() for name, value in url.query.items()}
    if driver is not None and driver.is_freetds:
        word = said.get("encryption", "")
        if word in ("require", "strict"):
            return f"required (Encryption={word}); FreeTDS checks the server's certificate only by its own settings"
        return f"not required (Encryption={word})"
    word = said.get("encrypt", "")
    if word in ("no", "optional", "false"):
        return f"not required (Encrypt={word})"
    trusted = said.get("trustservercertificate") in ("yes", "true")
    return f"required (Encrypt={word}), the server's certificate " + ("trusted unseen" if trusted else "checked")


def allows_snapshot(connection: Any) -> bool | None:
    """Return whether the database allows snapshot isolation, by a DB-API connection; None if it does not say."""
    import pyodbc

    cursor = connection.cursor()
    try:
        row = cursor.execute(_ALLOWED).fetchone()
    except pyodbc.ProgrammingError:
        row = None
    finally:
        cursor.close()
        connection.rollback()
    return None if row is None else row[0] == 1


def intent(url: sa.URL) -> str:
    """Return in words whether a completed URL says that it only reads."""
    said = {name.lower(): value for name, value in url.query.items()}
    word = said.get("applicationintent")
    return f"ApplicationIntent={word}" if word else "not told: this driver knows no read-only intent"
