"""``migrator pdf``: an engagement's page and its rendered notebooks as PDF."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from migrator_lib.console import fail, out
from migrator_lib.errors import MigratorError


def pdf(
    engagement: Annotated[str, typer.Argument(metavar="ENGAGEMENT", help="The folder below parameters/.")],
    documents: Annotated[bool, typer.Option("--documents", help="The written documents, too.")] = False,
    to: Annotated[
        Path | None, typer.Option("--to", metavar="FOLDER", help="Where they go; reports/ENGAGEMENT/pdf by default.")
    ] = None,
) -> None:
    """Print the engagement's page, and the latest page of each step, as PDF.

    It needs Chromium or Chrome, asks nothing of any network, and changes nothing but these files. Safe to repeat: the
    same page gives the same file.
    """
    from migrator_lib.engagement import Engagement
    from migrator_lib.evidence import pdf as printing
    from migrator_lib.paths import home

    try:
        opened = Engagement(home(), engagement)
        try:
            made = printing.of_engagement(opened, to or opened.paths.reports / "pdf", documents=documents)
        finally:
            opened.close()
    except MigratorError as error:
        fail(error)
    for file in made:
        out.print(str(file), soft_wrap=True, highlight=False)
