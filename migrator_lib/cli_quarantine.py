"""``migrator retry`` and ``migrator quarantine``: trying again what is in quarantine, and looking at it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape
from rich.table import Table

from migrator_lib.console import fail, out
from migrator_lib.errors import ExitCode, MigratorError, ParameterError

if TYPE_CHECKING:
    from migrator_lib.engagement import Engagement
    from migrator_lib.quarantine.again import Result

LISTED = 200
"""Records that are printed one by one; all are counted, and the page has more."""

quarantine = typer.Typer(no_args_is_help=True, help="What could not be moved: list it, and look at one record of it.")

Name = Annotated[str, typer.Argument(metavar="ENGAGEMENT", help="The folder below parameters/.")]


def retry(
    engagement: Name,
    obj: Annotated[str, typer.Argument(metavar="[OBJECT]", help="Such as ticket. Default: all.")] = "",
    key: Annotated[str, typer.Argument(metavar="[KEY]", help="Of one record in SmarterTrack. Default: all.")] = "",
    execute: Annotated[bool, typer.Option("--execute", help="Write to Gorgias. Without it, it is only said.")] = False,
    reread: Annotated[
        bool,
        typer.Option("--reread", help="Read tickets, chats and calls, and their files, from SmarterTrack anew first."),
    ] = False,
) -> None:
    """Try again what is in quarantine, and what waits for it; nothing else is touched.

    The gates, the lease and the guard are those of notebook 05, and records are sent as it sends them: what may be in
    Gorgias already is looked up first. The account is as it was before, afterwards. Exit code 4 if some are still in
    quarantine. Safe to repeat, also after kill -9.
    """
    from datetime import UTC, datetime

    from migrator_lib.engagement import Engagement
    from migrator_lib.evidence import publish
    from migrator_lib.paths import home
    from migrator_lib.quarantine import again
    from migrator_lib.simulators import embedded

    try:
        run_id = f"retry-{datetime.now(UTC):%Y%m%dT%H%M%SZ}"
        opened = Engagement(home(), engagement, step=again.LOAD, execute=execute, run_id=run_id)
        opened.ledger.take_lease()
        try:
            with embedded.accounts(opened.parameters, opened.paths):
                found = again.retry(opened, obj, key, reread=reread)
                if execute and found.tried:
                    publish.pages_of(opened)
            _print(found, engagement, opened)
        finally:
            opened.close()
    except MigratorError as error:
        fail(error)
    raise typer.Exit(int(ExitCode.EXCEPTIONS if execute and found.left else ExitCode.DONE))


def _print(found: Result, engagement: str, opened: Engagement) -> None:
    """Print what became of each record, and what comes next."""
    if not found.tried:
        out.print("[green]Nothing is in quarantine.[/]")
        return
    out.print(_table(found, opened))
    if len(found.tried) > LISTED:
        out.print(f"and {len(found.tried) - LISTED:,} more")
    if found.reread:
        out.print(f"Read from SmarterTrack anew: {found.reread:,} tickets, chats and calls.")
    if found.rehearsal:
        would = ", ".join(f"{obj}: {n:,} {what}" for (obj, what), n in sorted(found.report.counts.items()))
        out.print(f"By what is staged now, {escape(would.replace('_', ' '))}. Nothing was written.")
        out.print(f"Next: [bold]migrator retry {engagement} --execute[/] tries them.")
        return
    mended = len(found.tried) - found.left
    out.print(f"{mended:,} out of quarantine, {found.left:,} still in it, of {len(found.tried):,}.")
    for words in found.report.conflicts[:LISTED]:
        out.print(f"  {escape(words)}")
    out.print(f"The page: [bold]{escape(str(opened.paths.reports / 'quarantine.html'))}[/]")
    if mended:
        out.print(f"Next: [bold]migrator run {engagement} --only 06 --execute[/] verifies what came.")


def _table(found: Result, opened: Engagement) -> Table:
    from migrator_lib.quarantine.mends import mender

    mend = mender(opened.parameters, opened.behaviour.upload_limit_bytes)
    table = Table("object", "key", "now", "why", box=None, padding=(0, 1, 0, 0))
    for one in found.tried[:LISTED]:
        entry = one.after or one.before
        if one.mended:
            state = "gone" if one.after is None else entry.state.replace("_", " ")
            now, why = (
                f"[green]{state}[/]",
                f"Gorgias id {entry.target_id}" if (entry.target_id or "").isdigit() else "",
            )
        else:
            now = "quarantined" if one.reached else "quarantined, out of reach of a load"
            why = mend(entry).reason if one.reached else mend(entry).advice
        table.add_row(entry.object.replace("_", " "), escape(entry.source_key), now, escape(why))
    return table


@quarantine.command("list")
def listed(engagement: Name) -> None:
    """Count what is in quarantine by kind of reason, with what mends each."""
    from collections import Counter

    from migrator_lib.engagement import Engagement
    from migrator_lib.paths import home
    from migrator_lib.quarantine.mends import Mend, mender

    try:
        opened = Engagement(home(), engagement)
        mend, kinds, advice = mender(opened.parameters, opened.behaviour.upload_limit_bytes), Counter[str](), {}
        for entry in opened.ledger.entries("production", state="quarantined"):
            told: Mend = mend(entry)
            kinds[told.kind.words] += 1
            advice[told.kind.words] = told.advice
        opened.close()
    except MigratorError as error:
        fail(error)
    if not kinds:
        out.print("[green]Nothing is in quarantine.[/]")
        return
    table = Table("reason", "records", "what mends it", box=None, padding=(0, 1, 0, 0))
    for words, number in kinds.most_common():
        table.add_row(words, f"{number:,}", escape(advice[words]))
    out.print(table)
    out.print(f"Next: [bold]migrator retry {engagement}[/] says what would be tried again.")


@quarantine.command()
def show(
    engagement: Name,
    obj: Annotated[str, typer.Argument(metavar="OBJECT", help="Such as ticket.")],
    key: Annotated[str, typer.Argument(metavar="KEY", help="Its key in SmarterTrack.")],
) -> None:
    """Say why one record is in quarantine and what mends it, and write what would be sent of it to a file.

    The file is below state/, which is confidential: it holds what people wrote. Nothing of it is printed.
    """
    from migrator_lib.engagement import Engagement
    from migrator_lib.paths import home
    from migrator_lib.quarantine import payloads
    from migrator_lib.quarantine.mends import mender

    try:
        opened = Engagement(home(), engagement)
        entry = opened.ledger.entry("production", obj, key)
        if entry is None or (entry.state != "quarantined" and not entry.reason):
            raise ParameterError(
                f"{obj} {key} is not in quarantine.",
                next_step=f"migrator ledger show {engagement} {obj}:{key} tells what became of it.",
            )
        told = mender(opened.parameters, opened.behaviour.upload_limit_bytes)(entry)
        staged = opened.all_stages
        file = payloads.write_one(entry, staged, opened.lookups(staged), opened.paths.state)
        opened.close()
    except MigratorError as error:
        fail(error)
    out.print(f"{obj} {escape(key)}: [yellow]{escape(told.reason)}[/]")
    out.print(f"What mends it, in {told.kind.mended_in}: {escape(told.advice)}")
    out.print(
        f"What would be sent: {escape(str(file))}" if file else "Its row is not staged, so nothing would be sent."
    )
    if told.kind.retry:
        out.print(f"Then: [bold]migrator retry {engagement} {escape(f'{obj} {key}')} {told.kind.retry}[/]")
