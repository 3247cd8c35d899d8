"""What database drivers say when something is wrong, in our words.

Every driver names its errors in its own way, so they are told apart by what they say. The texts are those of
Microsoft's ODBC driver, FreeTDS, unixODBC, psycopg, PyMySQL (with MySQL and MariaDB) and SQLite.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from sqlalchemy.exc import DBAPIError

from migrator_lib.errors import SchemaMismatch, SourceDenied, SourceError, SourceUnreachable

AGAIN = "then run again: what is staged stays staged."
ODBC = re.compile(r"\[(unixODBC|Microsoft|FreeTDS)\]")
PACKAGES = {"MySQLdb": "mysqlclient", "psycopg2": "psycopg2-binary", "mysql": "mysql-connector-python"}
"""Python packages that are not named as the module that they bring."""


@dataclass(frozen=True)
class Failure:
    """One thing that can be wrong: how it is known, and what to do."""

    sign: re.Pattern[str]
    kind: type[SourceError]
    message: str
    """Begins the error, in front of the driver's own words; ``{what}`` is what was done."""
    next_step: str
    sql_server: str = ""
    """What else to do where the driver is an ODBC driver, so that the database is SQL Server."""
    connecting: bool | None = None
    """Whether it is so only while connecting (True), or only afterwards (False): drivers have few words."""

    def is_in(self, error: DBAPIError) -> bool:
        """Return whether a driver's error is this one."""
        if self.connecting is not None and self.connecting != (CONNECTING in error.detail):
            return False
        return self.sign.search(str(error.orig or error)) is not None


CONNECTING = "while connecting"
"""Detail of an error that came before there was a connection."""


def _failure(
    sign: str,
    kind: type[SourceError],
    message: str,
    next_step: str,
    sql_server: str = "",
    connecting: bool | None = None,
) -> Failure:
    return Failure(re.compile(sign, re.IGNORECASE), kind, message, next_step, sql_server, connecting)


TOO_SLOW = _failure(
    r"(?<!login )timeout expired|statement timeout|during query \(timed out\)|max_statement_time exceeded"
    r"|maximum statement execution time",
    SourceUnreachable,
    "The SmarterTrack database took too long to answer ({what})",
    f"raise source.query_seconds (0 waits without end), {AGAIN}",
    connecting=False,
)
CHECK_LOGIN = (
    "check the user in source.url and the secret behind source.password, and that the server lets it in from this "
    "machine; migrator grants prints the script that makes a read-only login."
)
FAILURES = (
    _failure(
        r"unable to open database file|file is not a database|disk i/o error|disk image is malformed",
        SourceUnreachable,
        "The SQLite file could not be read ({what})",
        "check the path in source.url (sqlite:///relative or sqlite:////absolute), that the file is SmarterTrack's "
        "database, whole and not encrypted, and that who runs this may read it; a file in WAL mode needs its -wal and "
        "-shm beside it.",
    ),
    _failure(
        r"database is locked",
        SourceUnreachable,
        "Somebody else writes to the SQLite file of source.url ({what})",
        f"end what writes to it, or read a copy of it, {AGAIN}",
    ),
    _failure(
        r"data source name not found|can't open lib|specified driver could not be loaded",
        SourceUnreachable,
        "The SmarterTrack database could not be opened ({what}): its ODBC driver cannot be loaded",
        "install the ODBC driver that source.url or source.odbc_drivers names, and the libraries it needs (Debian, "
        "Ubuntu: libodbc2 libltdl7 libkrb5-3 libgssapi-krb5-2), or take driver= out of source.url: the best one "
        "that is there is taken then. A URL without a database names an ODBC data source.",
    ),
    _failure(
        r"certificate|self[- ]signed|not trusted by|unable to get local issuer",
        SourceUnreachable,
        "The SmarterTrack database's server is not trusted ({what})",
        "install the authority (CA) that issued the server's certificate on this machine (PostgreSQL: sslrootcert= "
        "in source.url; MySQL: ssl_ca=), and use the host name that is in the certificate.",
        "If the network between is trusted, add TrustServerCertificate=yes to source.url: encrypted, but not checked.",
    ),
    _failure(
        r"unsupported protocol|wrong version number|ssl routines|ssl provider|handshake failure|dh key too small"
        r"|does not support ssl|doesn't support it|ssl connection is required|ssl connection error|ssl negotiation"
        r"|encryption not supported|handshakes before login|error code 0x(2746|68)\b|unable to connect to data source"
        r"|no encryption\b|secure transport",
        SourceUnreachable,
        "The SmarterTrack database's server and this machine do not agree on encryption ({what})",
        "check that source.url names the database's port, and what it says of encryption (sslmode= for PostgreSQL, "
        "ssl_ca= for MySQL).",
        "An old server (before 2016, without updates) speaks only TLS 1.0, which this machine refuses: update it, or "
        "read a backup restored on a newer one. If the network between is trusted, add Encrypt=no to source.url.",
        connecting=True,
    ),
    _failure(
        r"cannot open database|database \S+ does not exist|unknown database",
        SourceUnreachable,
        "The SmarterTrack database is not on this server, or the login has no user in it ({what})",
        "correct the database's name in source.url, or make the user: migrator grants prints the script.",
    ),
    _failure(
        r"permission was denied|permission denied|command denied|not authorized|requires? .*privilege",
        SourceDenied,
        "The login may not read everything it needs ({what})",
        "let an administrator run what 'migrator grants' prints; it grants SELECT on what is read, and nothing more.",
    ),
    _failure(
        r"\[FreeTDS\].*login failed",
        SourceDenied,
        "The SmarterTrack database refused the login ({what})",
        f"{CHECK_LOGIN} FreeTDS sends a password with a }} in it wrongly: choose one without, or Microsoft's driver "
        "(pip install -e '.[sqlserver]').",
    ),
    _failure(
        r"login failed|access denied|password|authentication|role \S+ does not exist|no pg_hba\.conf entry"
        r"|not allowed to connect|account is locked|untrusted domain|not permitted to log in",
        SourceDenied,
        "The SmarterTrack database refused the login ({what})",
        CHECK_LOGIN,
    ),
    _failure(
        r"snapshot isolation is not allowed|did not allow snapshot isolation",
        SourceUnreachable,
        "A database that SmarterTrack's views lead to does not allow the snapshot that is read ({what})",
        "let an administrator run ALTER DATABASE ... SET ALLOW_SNAPSHOT_ISOLATION ON in the database that is named, or "
        f"read a restored backup with its tables, {AGAIN}",
    ),
    _failure(
        r"references invalid table|because of binding errors",
        SchemaMismatch,
        "A view of SmarterTrack's tables leads to what is not there ({what})",
        f"mend the view, or drop it, {AGAIN}",
    ),
    _failure(
        r"no such (table|column)|invalid (object|column) name|(relation|column|table) .*(does not|doesn't) exist"
        r"|unknown (table|column)|snapshot isolation transaction failed",
        SchemaMismatch,
        "The SmarterTrack database changed while it was read ({what})",
        "read a restored backup, which nothing changes, and run again: what is staged stays staged.",
    ),
    TOO_SLOW,
    _failure(
        r"login timeout|connection timeout|connection refused|timed out|adaptive server is unavailable"
        r"|unable to connect|can't connect|could not (connect|open a connection)|no route to host"
        r"|name or service not known|name resolution|getaddrinfo|translate host name|resolve host"
        r"|server is not found|error locating server",
        SourceUnreachable,
        "Nobody answers where the SmarterTrack database should be ({what})",
        "check host and port in source.url, that the server is up, and the firewall between. If the line is slow, "
        f"raise source.login_seconds; {AGAIN}",
        "TCP/IP must be on (SQL Server Configuration Manager), and a named instance needs the SQL Server Browser (UDP "
        "1434), or its port in source.url instead of its name. FreeTDS says the same of a server that cannot encrypt: "
        "if the network between is trusted, add Encrypt=no to source.url.",
    ),
)
"""In the order in which they are looked for."""


def of_driver(what: str, error: DBAPIError) -> SourceError:
    """Return our error for a driver's: the first of :data:`FAILURES` whose sign is in its words."""
    cause = error.orig or error
    words, text = _words(cause), str(cause)
    for failure in FAILURES:
        if failure.is_in(error):
            further = f" {failure.sql_server}" if failure.sql_server and ODBC.search(text) else ""
            return failure.kind(f"{failure.message.format(what=what)}: {words}", next_step=failure.next_step + further)
    return SourceUnreachable(
        f"The SmarterTrack database could not be read ({what}): {words}",
        next_step=f"check source.url, that the server is up and reachable from here, {AGAIN}",
    )


def of_opening(what: str, error: Exception) -> SourceUnreachable:
    """Return our error for a URL that cannot be used, or a Python driver that cannot be imported."""
    if isinstance(error, ModuleNotFoundError) and error.name:
        package = PACKAGES.get(error.name.partition(".")[0], error.name)
        return SourceUnreachable(
            f"The SmarterTrack database could not be opened ({what}): the Python package {package} is not installed.",
            next_step=f"pip install {package}, or leave the driver out of source.url: postgresql:// is read with "
            "psycopg, mysql:// and mariadb:// with PyMySQL, mssql:// with pyodbc, all of which are in the lock.",
        )
    return SourceUnreachable(
        f"The SmarterTrack database could not be opened ({what}): {_words(error)}",
        next_step="check source.url and its options, and that the driver it names is installed.",
    )


def _words(error: BaseException) -> str:
    """Return the driver's own words in one line."""
    text = error.args[1] if len(error.args) == 2 and isinstance(error.args[1], str) else str(error)
    lines = [line.strip("- ") for line in text.splitlines() if line.strip()]
    if len(lines) > 1 and lines[0].startswith("Multiple connection attempts failed"):
        return lines[1]
    return lines[0] if lines else type(error).__name__
