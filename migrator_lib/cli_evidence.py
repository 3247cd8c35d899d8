"""``migrator evidence`` makes the bundle of an engagement, ``migrator verify`` checks one from the file alone."""

from __future__ import annotations

import json
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape
from rich.table import Table

from migrator_lib.console import fail, out
from migrator_lib.errors import ExitCode, MigratorError

if TYPE_CHECKING:
    from migrator_lib.evidence.bundle.checking import Result

TONES = {"passed": "green", "failed": "red", "not settled": "yellow", "not possible": "yellow"}


def evidence(
    engagement: Annotated[str, typer.Argument(metavar="ENGAGEMENT", help="The folder below parameters/.")],
    profile: Annotated[
        str, typer.Option("--profile", metavar="PROFILE", help="engineer, or share: without requesters' data.")
    ] = "engineer",
    pdf: Annotated[bool, typer.Option("--pdf/--no-pdf", help="Each page as PDF, too: needs Chromium.")] = False,
    to: Annotated[Path | None, typer.Option("--to", metavar="FILE", help="Where it goes.")] = None,
) -> None:
    """Make the evidence bundle: everything that proves the migration, in one file that anybody can check.

    What is made is searched for secrets; with --profile share also for requesters' addresses, numbers and names, and
    for texts of messages. If anything is found there is no bundle. Tell whoever gets it the digest that is printed, by
    another way. Safe to repeat: the same state makes the same file.
    """
    from migrator_lib.engagement import Engagement
    from migrator_lib.evidence.bundle.making import make
    from migrator_lib.evidence.bundle.readme import search_words
    from migrator_lib.evidence.pdf import printer
    from migrator_lib.paths import home

    if profile not in ("engineer", "share"):
        raise typer.BadParameter("--profile is engineer or share")
    try:
        opened = Engagement(home(), engagement)
        opened.ledger.take_lease()
        try:
            with printer() if pdf else nullcontext() as prints:
                made = make(opened, "share" if profile == "share" else "engineer", to, prints)
        finally:
            opened.close()
    except MigratorError as error:
        fail(error)
    out.print(f"{made.files:,} files, {made.size / 1e6:,.1f} MB: [bold]{escape(str(made.file))}[/]")
    for words in search_words(made.scan):
        out.print(f"  {escape(words)}")
    for name, lines in made.unsettled.items():
        out.print(f"[yellow]{name}, not settled:[/] {escape('; '.join(lines))}", soft_wrap=True)
    if made.unsettled:
        out.print(f"A step is under way: when it is done (migrator status {engagement}), make the bundle again.")
    out.print(f"Its manifest is [bold]{made.manifest}[/]; row {made.row:,} of the ledger notes it.")
    out.print(f"Next: [bold]migrator verify {escape(str(made.file))} --manifest {made.manifest}[/]", soft_wrap=True)


def verify(
    bundle: Annotated[Path, typer.Argument(metavar="BUNDLE", help="The file that 'migrator evidence' made.")],
    root: Annotated[
        str | None,
        typer.Option("--root", metavar="HASH", help="Also that this is the root over all that was read back."),
    ] = None,
    manifest: Annotated[
        str | None, typer.Option("--manifest", metavar="HASH", help="Also that this is the digest of its manifest.")
    ] = None,
    ledger: Annotated[
        str | None, typer.Option("--ledger", metavar="ENGAGEMENT", help="Also that this engagement's ledger notes it.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="For a program.")] = False,
) -> None:
    """Check an evidence bundle from the file alone, without account, database, parameters or network.

    Every byte is covered: what was altered is named, by file or record, or as the archive itself. Whoever can alter a
    bundle can also make one anew, in which everything fits together: that it is the one that was made shows --manifest,
    told by another way than the bundle, or --ledger where the ledger is; --root shows it of the records alone. Exit
    code 1 if anything is not as it was made.
    """
    from migrator_lib.evidence.bundle.checking import check

    try:
        found = check(bundle, manifest=manifest, root=root)
        noted = _noted(ledger, found.manifest) if ledger is not None and found.manifest else ""
    except MigratorError as error:
        fail(error)
    is_whole = found.is_whole and (ledger is None or bool(noted))
    if as_json:
        checks = [{"check": c.name, "covers": c.covers, "state": c.state, "words": c.words} for c in found.checks]
        typer.echo(json.dumps({"ok": is_whole, "manifest": found.manifest, "checks": checks, "noted_at": noted}))
    else:
        _print(bundle, found)
        if ledger is not None:
            words = f"[green]noted {noted[:19].replace('T', ' ')} UTC[/]" if noted else "[red]does not note it[/]"
            out.print(f"The ledger of {escape(ledger)}: {words}")
        _conclude(found, is_whole, is_known=manifest is not None or bool(noted), is_root_known=root is not None)
    raise typer.Exit(int(ExitCode.DONE if is_whole else ExitCode.FAILED))


def _noted(engagement: str, digest: str) -> str:
    """Return when an engagement's ledger noted a bundle; empty where it did not."""
    from migrator_lib.engagement import Engagement
    from migrator_lib.evidence.bundle.statement import is_noted
    from migrator_lib.paths import home

    opened = Engagement(home(), engagement)
    try:
        return is_noted(opened.ledger, digest) or ""
    finally:
        opened.close()


def _print(bundle: Path, found: Result) -> None:
    table = Table("check", "result", "what it covers", box=None, title_justify="left", title=escape(str(bundle)))
    for check in found.checks:
        table.add_row(check.name, f"[{TONES[check.state]}]{check.state}[/]", check.covers)
    out.print(table)
    for check in found.checks:
        for words in check.words:
            out.print(f"[{TONES[check.state]}]{check.name}:[/] {_shown(words)}", soft_wrap=True)
    if found.manifest:
        out.print(f"Bundle of {_shown(found.engagement)}, profile {_shown(found.profile)}, manifest {found.manifest}")


def _shown(words: str) -> str:
    """Return words of a bundle, which may be anybody's, without what a terminal would obey."""
    return escape("".join(letter if letter.isprintable() else "\ufffd" for letter in words))


def _conclude(found: Result, is_whole: bool, *, is_known: bool, is_root_known: bool) -> None:
    """Say what was shown, and what was not."""
    if not is_whole:
        out.print("[red]It is not as it was made: rely on nothing in it.[/]")
        return
    left = [check.name for check in found.checks if check.state != "passed"]
    if left:
        out.print(f"[yellow]Not shown, for the reasons above:[/] {', '.join(left)}.")
    if is_known:
        out.print("[green]Nothing was altered:[/] it is the bundle that was made.")
        return
    known = "its records are those of the root that was given, and " * is_root_known
    out.print(f"[green]No part of it was altered alone:[/] {known}everything in it fits together.")
    out.print(
        "[yellow]That it was not made anew as a whole is not shown:[/] whoever made it tells the digest of its "
        "manifest by another way; compare it with --manifest, or ask the ledger with --ledger.", soft_wrap=True
    )  # fmt: skip
