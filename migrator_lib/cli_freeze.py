"""``migrator rehearse-freeze``: how long the freeze at the cutover will take."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.table import Table

from migrator_lib.console import fail, out
from migrator_lib.errors import MigratorError


def rehearse_freeze(
    engagement: Annotated[str, typer.Argument(metavar="ENGAGEMENT", help="The folder below parameters/.")],
    days: Annotated[int, typer.Option("--days", min=1, max=60, help="So many days are gone through again.")] = 7,
) -> None:
    """Say how long the freeze will take, from the changes of the last days; nothing is sent to Gorgias.

    Each day's changes, as far as their dates tell them, are loaded as a delta into a simulated account that keeps this
    account's rate. What else a freeze takes is as it was measured last. Safe to repeat.
    """
    from migrator_lib.engagement import Engagement
    from migrator_lib.evidence import publish
    from migrator_lib.freeze import pages, rehearse
    from migrator_lib.paths import home

    try:
        opened = Engagement(home(), engagement, step="rehearse-freeze")
        opened.ledger.take_lease()
        try:
            result = rehearse(opened, days=days)
            file = pages.write(opened, result)
            publish.pages_of(opened)
        finally:
            opened.close()
    except MigratorError as error:
        fail(error)
    table = Table("day up to", "tickets", "messages", "calls", "minutes")
    for day in result.days:
        numbers = (day.tickets, day.messages, day.calls)
        table.add_row(day.day, *(f"{n:,}" for n in numbers), f"{day.seconds / 60:,.1f}")
    found = result.predict(pages.USUAL_HOURS)
    out.print(table)
    out.print(f"[bold]{pages.in_words(found)}[/] (last delta {found.hours_since:g} hours before: {found.fit})")
    out.print(f"The page: {file}")
