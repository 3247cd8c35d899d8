"""``migrator ledger``: the account of everything, to be checked, read, answered and taken over."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from migrator_lib.console import fail, out
from migrator_lib.errors import LedgerBroken, MigratorError, ParameterError

if TYPE_CHECKING:
    from migrator_lib.engagement import Engagement
    from migrator_lib.ledger.life import Life
    from migrator_lib.staging import Staged

ledger = typer.Typer(no_args_is_help=True, help="The account of everything: check it, read it, answer for it.")

Name = Annotated[str, typer.Argument(metavar="ENGAGEMENT", help="The folder below parameters/.")]
Key = Annotated[
    str,
    typer.Argument(
        metavar="KEY",
        help="ticket:4711 (an object and its key), a ticket number, an external id, a Gorgias id or address.",
    ),
]
Target = Annotated[str, typer.Option("--target", metavar="ACCOUNT", help="production or sandbox.")]
AsJson = Annotated[bool, typer.Option("--json", help="For a program.")]


def _opened(name: str) -> Engagement:
    from migrator_lib.engagement import Engagement
    from migrator_lib.paths import home

    return Engagement(home(), name)


def _staged(engagement: Engagement, target: str) -> Staged:
    """Return what was loaded into an account: the sample, or the extract with every delta."""
    folder = engagement.paths.staged
    if (folder / "sample").is_dir() and (target == "sandbox" or not (folder / "full").is_dir()):
        return engagement.staged("sample")
    return engagement.all_stages


@ledger.command()
def verify(
    engagement: Name,
    has: Annotated[
        str, typer.Option("--has", metavar="HASH", help="Also that this row, which a report names, is in it.")
    ] = "",
    as_json: AsJson = False,
) -> None:
    """Check that nothing was changed outside this program: the chain of the journal, and every record against it.

    Exit code 1 if something was. The engagement's index page names the hash that the journal ended with; --has checks
    that it still holds all that it held then.
    """
    try:
        opened = _opened(engagement)
        found = _verified(opened, has)
        opened.close()
    except LedgerBroken as error:
        if as_json:
            typer.echo(json.dumps({"ok": False, "words": error.message, "next": error.next_step}))
            raise typer.Exit(int(error.exit_code)) from None
        fail(error)
    except MigratorError as error:
        fail(error)
    if as_json:
        typer.echo(json.dumps({"ok": True, **found}))
        return
    out.print(f"[green]Nothing was changed outside this program:[/] {found['length']:,} rows of the journal, whole.")
    out.print(f"Head: {found['head'] or 'none yet'}")
    if found["has"]:
        place = found["has"]
        out.print(f"The row of that hash is number {place['row']:,}, of {place['at'][:19].replace('T', ' ')} UTC.")
    out.print(f"Kept in: {escape(found['durability'])}")
    out.print(_sums(found["records"]) if found["records"] else "No record was sent yet.")


def _verified(opened: Engagement, has: str) -> dict[str, Any]:
    """Return what was checked, of one moment.

    Raises:
        LedgerBroken: something was changed, added or removed, or another ledger has taken its place.
    """
    sums, row = opened.ledger.sums(), opened.ledger.row_of(has) if has else None
    if has and row is None:
        raise LedgerBroken(
            f"The ledger is whole, but not the one that a report speaks of: no row has the hash {has}.",
            next_step="see that the hash is typed as the report has it; else find the ledger that was there when the "
            "report was written, since this one is older, or another.",
        )
    place = {"row": row[0], "at": row[1]} if row else None
    return {**sums, "has": place, "durability": opened.ledger.database.durability()}


def _sums(records: dict[str, dict[str, dict[str, int]]]) -> Table:
    title = "Records, as the journal settled them"
    table = Table(title=title, title_justify="left", box=None, show_header=False, padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True, style="cyan")
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for target, objects in records.items():
        for n, (obj, counts) in enumerate(objects.items()):
            words = ", ".join(f"{number:,} {state.replace('_', ' ')}" for state, number in counts.items())
            table.add_row("" if n else target, obj.replace("_", " "), words)
    return table


@ledger.command()
def show(engagement: Name, key: Key, target: Target = "production", as_json: AsJson = False) -> None:
    """Tell the life of one record: source row, payload, what was sent and when, what came of it, where it is now.

    No text of a message is shown, and people are masked.
    """
    try:
        opened = _opened(engagement)
        life = _life(opened, key, target)
        opened.close()
    except MigratorError as error:
        fail(error)
    if as_json:
        typer.echo(json.dumps(life.as_json(), indent=2))
    else:
        _print_life(life)


def _life(opened: Engagement, key: str, target: str) -> Life:
    from migrator_lib.errors import OutOfTurn
    from migrator_lib.ledger.keys import find
    from migrator_lib.ledger.life import Reader

    _is_account(target)
    staged = _staged(opened, target)
    obj, source_key = find(key, opened.ledger, target, staged, opened.name)
    try:
        lookups = opened.lookups(staged)
    except OutOfTurn:
        lookups = None
    url = opened.account(target).url  # empty of a simulated account, which is served during a run alone
    return Reader(opened.name, opened.ledger, target, staged, lookups, url).read(obj, source_key)


def _is_account(target: str) -> None:
    if target not in ("production", "sandbox"):
        raise typer.BadParameter("--target is production or sandbox")


TONES = {"created": "green", "matched": "green", "pending": "yellow", "quarantined": "red", "removed": "yellow"}


def _print_life(life: Life) -> None:
    tone = TONES.get(life.state, "bold")
    out.print(f"[bold]{escape(life.title)}[/] on {life.target}: [{tone}]{life.state.replace('_', ' ')}[/]")
    if life.state_words:
        out.print(f"  {escape(life.state_words)}")
    out.print(f"  in Gorgias: {life.url or 'not there, as far as the ledger knows'}")
    out.print("\n[bold]In SmarterTrack[/]" + ("" if life.source else ": not staged"))
    if life.source:
        out.print(_pairs(life.source))
    out.print(f"\n[bold]By the mapping it becomes[/] {escape(life.becomes)}")
    if life.payload_hash:
        same = "the one that was sent last" if life.payload_hash == life.sent_hash else "not what was sent last"
        out.print(f"  payload {life.payload_hash[:12]}, {same if life.sent_hash else 'not sent yet'}")
        out.print(_pairs(life.payload))
    if life.parts:
        out.print("\n[bold]With it[/]")
        out.print(_parts(life))
    out.print("\n[bold]Journal[/]" + ("" if life.events else ": nothing"))
    for event in life.events:
        out.print(f"  {event.at[:19].replace('T', ' ')} UTC  [bold]{escape(event.words)}[/]  [dim]#{event.seq}[/]")
        for name, value in event.facts.items():
            out.print(f"      {name}: {escape(value)}")


def _pairs(facts: dict[str, str]) -> Table:
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 2))
    table.add_column(no_wrap=True, style="cyan")
    table.add_column(overflow="fold")
    for name, value in facts.items():
        table.add_row(name, escape(value))
    return table


def _parts(life: Life) -> Table:
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 2))
    table.add_column(no_wrap=True, style="cyan")
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for part in life.parts:
        words = ", ".join(f"{name} {value}" for name, value in part.facts.items())
        table.add_row(escape(part.what), part.state.replace("_", " "), escape(words))
    return table


@ledger.command()
def settle(
    engagement: Name,
    key: Key,
    by: Annotated[str, typer.Option("--by", metavar="NAME", help="Who states it.")],
    target_id: Annotated[
        str, typer.Option("--is", metavar="GORGIAS_ID", help="It is in Gorgias, and this is its id there.")
    ] = "",
    is_not_there: Annotated[
        bool, typer.Option("--is-not-there", help="It is not in Gorgias: the next load sends it again.")
    ] = False,
    target: Target = "production",
) -> None:
    """Answer for a record that was sent, and of which no look-up can tell whether it arrived.

    Or say of a ticket that was made, and was lost in Gorgias since, that it is not there: the next load makes it anew.

    What is stated, by whom and when, stands in the journal. A ticket is completed by the next load.
    """
    from migrator_lib.ledger.answers import answer

    try:
        _is_account(target)
        if bool(target_id) == is_not_there:
            raise ParameterError(
                "A record is in Gorgias or it is not.", next_step="give either --is GORGIAS_ID or --is-not-there."
            )
        opened = _opened(engagement)
        words = answer(opened.ledger, target, _found(opened, key, target), target_id=target_id or None, by=by)
        opened.close()
    except MigratorError as error:
        fail(error)
    out.print(f"{escape(by)} states: {escape(words)}. It stands in the journal.")
    out.print(f"Next: [bold]migrator run {engagement} --execute[/]")


def _found(opened: Engagement, key: str, target: str) -> tuple[str, str]:
    from migrator_lib.ledger.keys import find

    return find(key, opened.ledger, target, _staged(opened, target), opened.name)


@ledger.command("take-over")
def take_over(
    engagement: Name,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Take the lease from another run, which writes nothing any more from then on.

    Do it only if that run is dead or lost, and the lease is not free by itself yet. What it had sent last is looked up
    by the next run before anything is sent again.
    """
    try:
        opened = _opened(engagement)
        held = opened.ledger.lease()
        if held is None:
            out.print("Nobody holds the lease: the next run takes it.")
        elif yes or typer.confirm(f"The lease is held by {held}. Does that run write no more, and is it to be ended?"):
            opened.ledger.take_lease(take_over=True)
            out.print(f"Taken from {escape(held)}. If it lives after all, it stops at its next record.")
        else:
            raise ParameterError("Nothing was taken over.", next_step=f"migrator status {engagement} tells who runs.")
        opened.close()
    except MigratorError as error:
        fail(error)
    out.print(f"Next: [bold]migrator run {engagement}[/] again (with --execute, if it was) goes on.")
