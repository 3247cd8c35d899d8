"""What the commands of the command line write with."""

from __future__ import annotations

from typing import NoReturn

import typer
from rich.console import Console
from rich.markup import escape

from migrator_lib.errors import MigratorError

out = Console(highlight=False, soft_wrap=True)
err = Console(stderr=True, highlight=False, soft_wrap=True)


def fail(error: MigratorError) -> NoReturn:
    """Say an error in red and what to do next, and end with its exit code."""
    err.print(f"[red]{escape(error.message)}[/]")
    if error.next_step:
        err.print(f"[bold]Next:[/] {escape(error.next_step)}")
    raise typer.Exit(int(error.exit_code))
