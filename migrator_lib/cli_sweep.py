"""``migrator sweep``: what is in Gorgias too often, and taking it away."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from migrator_lib.console import fail, out
from migrator_lib.errors import ExitCode, MigratorError

if TYPE_CHECKING:
    from migrator_lib.sweep.step import Swept

LISTED = 200
"""Extras that are printed one by one; all are counted."""


def sweep(
    engagement: Annotated[str, typer.Argument(metavar="ENGAGEMENT", help="The folder below parameters/.")],
    mend: Annotated[bool, typer.Option("--mend", help="Take away what nobody touched; a rehearsal says what.")] = False,
    execute: Annotated[bool, typer.Option("--execute", help="With --mend: write to Gorgias.")] = False,
    target: Annotated[str, typer.Option("--target", metavar="ACCOUNT", help="production or sandbox.")] = "production",
) -> None:
    """Find what carries one of our external ids and is in Gorgias more than once, and take it away.

    Notebook 06 finds the same. One of each is kept: the one that the ledger names. Extra tickets go into the trash of
    Gorgias, extra messages and customers without tickets are deleted. What somebody touched stays, and is listed. Safe
    to repeat.
    """
    from migrator_lib.engagement import Engagement
    from migrator_lib.paths import home
    from migrator_lib.simulators import embedded
    from migrator_lib.sweep import step

    if target not in ("production", "sandbox"):
        raise typer.BadParameter("--target is production or sandbox")
    try:
        opened = Engagement(home(), engagement, step="sweep", execute=execute)
        opened.ledger.take_lease()
        try:
            with embedded.accounts(opened.parameters, opened.paths):
                found = step.sweep(opened, target, mend=mend)
        finally:
            opened.close()
    except MigratorError as error:
        fail(error)
    left = _print(found, engagement, target)
    raise typer.Exit(int(ExitCode.EXCEPTIONS if left else ExitCode.DONE))


def _print(found: Swept, engagement: str, target: str) -> int:
    """Print what was found and done, and what to type next; return how much is there too often now."""
    if not found.extras:
        out.print(f"[green]{target}: nothing is there more than once.[/]")
        return 0
    counted = Counter(extra.object.replace("_", " ") for extra in found.extras)
    out.print(f"{target}: there too often: " + ", ".join(f"{n:,} of {what}" for what, n in sorted(counted.items())))
    outcomes = {one.extra.target_id: one for one in found.done}
    for extra in found.extras[:LISTED]:
        one = outcomes.get(extra.target_id)
        said = f"{one.outcome}" + (f", since it {one.words}" if one.words else "") if one else extra.words
        out.print(f"  {extra.object} {escape(extra.source_key)}: Gorgias id {extra.target_id} {escape(said)}")
    if len(found.extras) > LISTED:
        out.print(f"  and {len(found.extras) - LISTED:,} more")
    removable = sum(not extra.why_left for extra in found.extras)
    if found.left and removable and not any(one.outcome in ("trashed", "deleted") for one in found.done):
        out.print(f"Next: [bold]migrator sweep {engagement} --mend --execute[/] takes {removable:,} of them away.")
    return found.left
