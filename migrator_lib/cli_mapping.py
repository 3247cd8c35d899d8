"""``migrator mapping``: where the mapping stands, what it asks, and what changed since it was signed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape
from rich.table import Table

from migrator_lib.console import fail, out
from migrator_lib.errors import MigratorError

if TYPE_CHECKING:
    from migrator_lib.engagement import Engagement
    from migrator_lib.mapping import Difference, Question


def mapping(
    engagement: Annotated[str, typer.Argument(metavar="ENGAGEMENT", help="The folder below parameters/.")],
    diff: Annotated[bool, typer.Option("--diff", help="Show what changed since it was signed.")] = False,
) -> None:
    """Show where the mapping stands: who signed it, what it still asks, and what changed since.

    Nothing is written and nothing is asked of the source or of Gorgias.
    """
    from migrator_lib.engagement import Engagement
    from migrator_lib.paths import home

    try:
        opened = Engagement(home(), engagement)
        asked, state = opened.questions, opened.gate_state("mapping")
        signed = f"signed by {state.by} on {state.on[:10]}"
        words = {"met": signed, "stale": state.reason}.get(state.state, f"not signed: {state.reason}")
        out.print(f"The mapping of {engagement} ({opened.paths.mapping_file}): {escape(words)}.")
        print_questions(asked)
        if diff:
            _print_since(opened, state.by)
        _print_earlier(opened)
        opened.close()
    except MigratorError as error:
        fail(error)
    if not asked and state.state != "met":
        out.print(f'Next: [bold]migrator sign {engagement} mapping --by "YOUR NAME"[/]')


def _print_since(opened: Engagement, by: str) -> None:
    changed = opened.changed_since_signed()
    if not by:
        out.print("Nobody has signed it yet, so there is nothing to compare it with.")
    elif changed is None:
        out.print("What was signed is not kept, so the difference cannot be shown.")
    else:
        print_differences(changed)


def _print_earlier(opened: Engagement) -> None:
    from migrator_lib import gates

    for one in gates.SignOffs(opened.paths.signoffs_file).earlier(gates.find("mapping")):
        out.print(f"Before: {escape(str(one.get('by')))}, {str(one.get('on'))[:16].replace('T', ' ')}")


def print_questions(asked: Sequence[Question]) -> None:
    """Say what nobody has answered yet, with the line to write."""
    if asked:
        out.print(f"Questions that wait for an answer: {len(asked)}")
    for one in asked:
        out.print(f"  {escape(one.words())}")


def print_differences(changed: Sequence[Difference]) -> None:
    """Show differences as a table."""
    if not changed:
        out.print("Nothing changed since it was signed.")
        return
    table = Table("entry", "field", "as signed", "now", box=None, padding=(0, 1, 0, 0))
    for one in changed:
        named = f"{one.section}.{one.key}" + (f" ({one.name})" if one.name else "")
        table.add_row(*(escape(text) for text in (named, one.field or "(whole entry)", one.before, one.after)))
    out.print("Changed since it was signed:", table, sep="\n")
