"""Product, engine, background threads, and what could be reached."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from migrator_lib.audit import queries
from migrator_lib.audit.facts import Access, Source, Threads
from migrator_lib.chunks import Row
from migrator_lib.engagement import Engagement
from migrator_lib.errors import (
    FilesMissing,
    HaltError,
    ParameterError,
    RecordRejected,
    TargetDenied,
    TargetUnreachable,
)
from migrator_lib.objects.sla_rule import TIMERS
from migrator_lib.smartertrack.connection import connection_facts
from migrator_lib.smartertrack.database import SourceDatabase, as_utc
from migrator_lib.smartertrack.files import FilesRoot
from migrator_lib.smartertrack.prefixes import AUTO
from migrator_lib.smartertrack.tables import ALL_TABLES

VERSION_NAMES = ("ProductVersion", "Version")
EDITION_NAMES = ("Edition", "ProductEdition")
SLACK = timedelta(hours=1)
"""A heartbeat that is this much older than the newest message: the threads stood when mail still came in."""


def build_date(version: str | None) -> date | None:
    """Return when a version such as ``100.0.9651`` was built: its third number counts days since 2000-01-01."""
    numbers = (version or "").split(".")
    if len(numbers) < 3 or not numbers[2].isdigit():
        return None
    days = int(numbers[2])
    return date(2000, 1, 1) + timedelta(days=days) if days < 36_500 else None


def source_facts(source: SourceDatabase, read_from: str) -> Source:
    """Return what the database says of itself."""
    settings = queries.settings(source, (*VERSION_NAMES, *EDITION_NAMES))
    version = next((settings[name] for name in VERSION_NAMES if name in settings), None)
    binding, facts = source.binding, connection_facts(source.engine)
    return Source(
        engine=source.engine.dialect.name,
        engine_version=_named(facts.engine, queries.engine_words(source)),
        product_version=version,
        edition=next((settings[name] for name in EDITION_NAMES if name in settings), None),
        built=build_date(version),
        read_from=read_from,
        prefix=binding.prefix,
        tables=len(binding.tables),
        missing=tuple(binding.missing_optional),
        unknown=tuple(binding.unknown_tables),
        foreign=binding.foreign_tables,
        schema=binding.schema,
        prefix_found=source.prefix == AUTO,
        views=tuple(binding.views),
        unreadable=tuple(binding.unreadable),
        unknown_columns=tuple(binding.unknown_columns),
        rows={table.name: source.count(table.name) or 0 for table in ALL_TABLES if table.name in binding.tables},
        connection={
            "Driver": f"{facts.driver} ({facts.why})",
            "Encryption": facts.encrypted,
            "Read only": facts.read_only,
            "Isolation": f"{facts.isolation}: {facts.snapshot}",
        },
        file_paths=queries.file_paths(source),
    )


def _named(engine: str, version: str) -> str:
    """Return a server's version with its product's name in front, which some servers do not say."""
    return version if version.startswith(("Microsoft", engine)) else f"{engine} {version}"


def thread_facts(source: SourceDatabase, departments: list[Row], newest: datetime | None) -> Threads:
    """Return what the servers' heartbeat says: whether the threads ran when data was last written."""
    heartbeat = as_utc(source.scalar("Servers", "DateLastHeartbeatUTC", "max"))
    timers = sum(1 for row in departments for timer, _ in TIMERS if row.get(f"{timer}Enabled"))
    licensing = tuple(str(mode) for mode, _ in source.frequencies("Servers", "LicensingMode") if mode)
    if heartbeat is None or newest is None:
        is_there = "Servers" in source.binding.tables
        words = "no heartbeat or no message to compare" if is_there else "the table Servers is not there"
        return Threads("unknown", f"Not known: {words}.", licensing, timers)
    behind = newest - heartbeat
    words = f"The last heartbeat was {heartbeat:%Y-%m-%d %H:%M}, the newest message {newest:%Y-%m-%d %H:%M} UTC."
    return Threads("stopped" if behind > SLACK else "running", words, licensing, timers)


def account_access(engagement: Engagement, target: str) -> Access:
    """Try an account: who answers, and whether the key is an admin's."""
    try:
        api = engagement.api(target)
        domain = api.account.get().domain or engagement.account_url(target)
        me = api.users.me()
        role = me.role.name if me.role is not None else None
        if role != "admin":
            raise TargetDenied(
                f"The API key of target.{target} belongs to a user with the role {role}.",
                next_step="have an admin make the key (Settings > REST API): it acts with its user's role.",
            )
    except RecordRejected as error:
        return _failed(
            target,
            TargetUnreachable(
                f"{error.message} (target.{target})",
                next_step=f"check target.{target}.url: it is https://<subdomain>.gorgias.com.",
            ),
        )
    except (TargetUnreachable, TargetDenied, ParameterError) as error:
        return _failed(target, error)
    return Access(target, True, f"Signed in to {domain} with an admin's key.")


def files_access(root: FilesRoot | None, missing: FilesMissing | None) -> Access:
    """Return whether the files root could be read; ``missing`` is what a walk over it raised."""
    if missing is not None:
        return _failed("files root", missing)
    words = "The files root can be read." if root else "No files root is given: attachments are not looked for."
    return Access("files root", True, words)


def _failed(name: str, error: HaltError) -> Access:
    return Access(name, False, error.message, type(error).__name__, error.next_step)


def access(engagement: Engagement, missing: FilesMissing | None) -> tuple[Access, ...]:
    """Return what the migration needs and what could be reached; keep what was seen for the gate ``api_access``.

    Args:
        engagement: the engagement; its accounts are tried.
        missing: what a walk over the files root raised.
    """
    accounts = [account_access(engagement, target) for target in engagement.parameters.target.accounts]
    engagement.note_check(
        "api_access",
        ok=all(account.ok for account in accounts),
        words=" ".join(f"{account.name}: {account.words}" for account in accounts),
    )
    database = Access("SmarterTrack database", True, "Read, with SELECT alone.")
    return (database, files_access(engagement.files_root, missing), *accounts)


def now() -> datetime:
    """Return the present, UTC, in whole seconds."""
    return datetime.now(UTC).replace(microsecond=0)
