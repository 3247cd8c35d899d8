"""``migrator hash-tree``: whether what was verified is still what was written down, and that one record is among it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from migrator_lib.console import fail, out
from migrator_lib.errors import ExitCode, MigratorError, ParameterError

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

    from migrator_lib.hash_tree.proving import Proof, Side

hash_tree = typer.Typer(no_args_is_help=True, help="The proof of completeness: check it, or ask it for one record.")

Place = Annotated[
    str,
    typer.Argument(metavar="ENGAGEMENT", help="The folder below parameters/; or an evidence bundle, or its folder."),
]
AsJson = Annotated[bool, typer.Option("--json", help="For a program.")]


def _opened(place: str) -> Traversable:
    """Return the hash tree of an engagement, or of the files that a path names."""
    from migrator_lib.hash_tree.proving import opened
    from migrator_lib.paths import Paths, home

    if _is_path(place):
        return opened(Path(place))
    return opened(Paths.of(home(), place).reports)


@hash_tree.command()
def check(engagement: Place, as_json: AsJson = False) -> None:
    """Compute every root anew from the files, and name each record that was altered, dropped, added or moved.

    Exit code 1 if one was. It needs neither the account nor the ledger.
    """
    from migrator_lib.hash_tree import check as checked

    try:
        found = checked(_opened(engagement))
    except MigratorError as error:
        fail(error)
    if as_json:
        typer.echo(json.dumps({"ok": not found, "problems": [vars(one) for one in found]}))
    elif found:
        for one in found:
            out.print(f"[red]{escape(str(one))}[/]")
        out.print("Next: take a whole copy of the files, or run 06_reconcile again, which writes them anew.")
    else:
        out.print("[green]Nothing was altered:[/] every record leads to the roots.")
    raise typer.Exit(int(ExitCode.FAILED if found else ExitCode.DONE))


@hash_tree.command()
def prove(
    engagement: Place,
    key: Annotated[
        str, typer.Argument(metavar="KEY", help="ticket:4711, ticket_message:81 (an object and its key); of an "
                            "engagement also a ticket number, an external id, a Gorgias id or address.")
    ],
    as_json: AsJson = False,
) -> None:  # fmt: skip
    """Show that one record is under the roots, by the hashes beside its way up.

    With them anybody computes the root from this record's digests alone, and compares it with the one that the report,
    or the ledger, holds.
    """
    from migrator_lib.hash_tree.proving import prove as proven

    try:
        folder = _opened(engagement)
        obj, colon, own = key.partition(":")
        if not (colon and (folder / f"{obj}.csv").is_file()):
            obj, own = _found(engagement, key)
        found = proven(folder, obj, _in_tree(engagement, own))
    except MigratorError as error:
        fail(error)
    if as_json:
        typer.echo(json.dumps(found.as_json(), indent=2))
    else:
        _print(found)
    raise typer.Exit(int(ExitCode.DONE if found.holds else ExitCode.FAILED))


def _in_tree(place: str, key: str) -> str:
    """Return a source key as the hash tree of an engagement has it; within a bundle it is written so already."""
    from migrator_lib.hash_tree.keys import untold
    from migrator_lib.hash_tree.recorder import KEPT_IN, secret_of
    from migrator_lib.paths import Paths, home

    if _is_path(place) or not (state := Paths.of(home(), place).state).joinpath(KEPT_IN).exists():
        return key
    return untold(secret_of(state), key)


def _is_path(place: str) -> bool:
    return "/" in place or Path(place).suffix == ".zip"


def _found(engagement: str, key: str) -> tuple[str, str]:
    from migrator_lib.engagement import Engagement
    from migrator_lib.ledger.keys import find
    from migrator_lib.paths import home

    if _is_path(engagement):
        raise ParameterError(f"'{key}' names no record.", next_step="write an object and its key: ticket:4711.")
    opened = Engagement(home(), engagement)
    try:
        return find(key, opened.ledger, "production", opened.all_stages, engagement)
    finally:
        opened.close()


def _print(found: Proof) -> None:
    at = found.at[:16].replace("T", " ")
    out.print(
        f"[bold]{escape(f'{found.object} {found.key}')}[/]: record {found.index + 1:,} of {found.size:,}, {at} UTC"
    )
    if found.sides != "both":
        words = "it should be in Gorgias, and was not there" if found.sides == "expected" else "it should not be there"
        out.print(f"  [yellow]{words}[/]")
    elif found.differing:
        out.print(f"  [yellow]as read back, these fields were not as they should be:[/] {', '.join(found.differing)}")
    else:
        out.print("  read back as it should be, in every field")
    _print_side("As it should be", found.expected)
    if found.actual != found.expected:
        _print_side("As read back", found.actual)


def _print_side(title: str, side: Side) -> None:
    out.print(f"\n[bold]{title}[/]")
    out.print(f"  leaf  {side.leaf}")
    for n, one in enumerate(side.path, 1):
        out.print(f"  {n:4}  {one}")
    tone, words = ("green", "to which leaf and path lead") if side.holds else ("red", "to which they do not lead")
    out.print(f"  root  {side.root}, [{tone}]{words}[/]")
