"""``migrator purge``: what was staged goes, what proves the migration stays."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape
from rich.table import Table

from migrator_lib.console import fail, out
from migrator_lib.errors import MigratorError

if TYPE_CHECKING:
    from migrator_lib.purge import Plan


def purge(
    engagement: Annotated[str, typer.Argument(metavar="ENGAGEMENT", help="The folder below parameters/.")],
    yes: Annotated[bool, typer.Option("--yes", help="Remove it. Without, it is only said what would go.")] = False,
    by: Annotated[str, typer.Option("--by", metavar="NAME", help="Who has it removed; it is recorded.")] = "",
    early: Annotated[bool, typer.Option("--early", help="Before hypercare is over; needs a reason.")] = False,
    reason: Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why so early; it is recorded.")] = "",
    simulated: Annotated[bool, typer.Option("--simulated", help="Also what the simulators keep.")] = False,
) -> None:
    """Remove staged tickets, messages and files when hypercare is over, and record that it was done.

    Ledger, hash tree, reports and sign-offs stay. Afterwards nothing can be compared, loaded or rolled back until the
    source is staged anew. Stopped anywhere, it goes on when it is run again.
    """
    from migrator_lib import purge as purging
    from migrator_lib.engagement import Engagement
    from migrator_lib.evidence import publish
    from migrator_lib.paths import home

    try:
        opened = Engagement(home(), engagement, step="purge")
        try:
            if yes:
                opened.ledger.take_lease()
                done = purging.purge(opened, by=by, reason=reason, early=early, simulated=simulated)
                publish.pages_of(opened)
                out.print(escape(purging.told(done.as_json())), soft_wrap=True)
                out.print(f"It stands in the journal, and on {escape(str(opened.paths.reports / 'index.html'))}.")
            else:
                _print(purging.plan(opened, simulated=simulated), engagement)
        finally:
            opened.close()
    except MigratorError as error:
        fail(error)


def _print(planned: Plan, engagement: str) -> None:
    from migrator_lib.purge import IN_THE_LEDGER, KEPT, SIMULATED

    table = Table("goes", "files", "MB", box=None, title="In state/", title_justify="left")
    for part in planned.parts:
        table.add_row(escape(part.name), f"{part.files:,}", f"{part.bytes / 1e6:,.1f}")
    if not planned.parts:
        out.print("Nothing is there that goes.")
        return
    out.print(table)
    stays = list(KEPT.values())
    stays += ["what the simulators keep (--simulated removes it)"] if SIMULATED in planned.kept else []
    out.print(f"Stays: reports, documents, sign-offs, and of state/ {', '.join(stays)}.", soft_wrap=True)
    out.print(IN_THE_LEDGER, soft_wrap=True)
    early = ""
    if planned.too_early:
        out.print(f"[yellow]It is too early:[/] {planned.too_early}.")
        early = ' --early --reason "WHY"'
    out.print(f'Nothing was removed. Next: [bold]migrator purge {engagement} --yes --by "YOUR NAME"{early}[/]')
