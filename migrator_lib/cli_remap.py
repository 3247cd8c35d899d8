"""``migrator remap``: what a changed mapping would change of what was loaded, before it does."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from migrator_lib.console import fail, out
from migrator_lib.errors import MigratorError


def remap(
    engagement: Annotated[str, typer.Argument(metavar="ENGAGEMENT", help="The folder below parameters/.")],
) -> None:
    """Show what the mapping, as it is now, would change of what was loaded; without a call, and nothing is sent.

    All payloads are made anew from the staged data and compared with what was sent, field by field. A run may be at
    work meanwhile. Then 'migrator run ENGAGEMENT --only 05 --execute' changes what differs, and nothing else.
    """
    from migrator_lib.engagement import Engagement
    from migrator_lib.evidence import publish
    from migrator_lib.paths import home
    from migrator_lib.progress import duration
    from migrator_lib.remap import pages
    from migrator_lib.remap import remap as mapped_anew
    from migrator_lib.remap.remapping import STATES

    try:
        opened = Engagement(home(), engagement)
        result = mapped_anew(opened)
        page = pages.write(opened, result)
        publish.pages_of(opened)
        rate = opened.target_rate
        opened.close()
    except MigratorError as error:
        fail(error)
    found = result.remapping
    used = [state for state in STATES if found.total(state)]
    table = Table("object", box=None, padding=(0, 1, 0, 0))
    for state in used:
        table.add_column(state, justify="right")
    for one in found.objects.values():
        if one.records:
            table.add_row(one.title, *(f"{one.states[state]:,}" if one.states[state] else "·" for state in used))
    if used:
        out.print(table)
    out.print(
        f"{found.updated:,} records would be taken up, by {found.calls:,} calls, which take "
        f"{duration(found.calls / rate)} at the account's rate."
        if found.updated
        else "The next load would send nothing."
    )
    out.print(f"{result.rate:,.0f} records a second were mapped anew. Look at [bold]{escape(str(page))}[/]")
