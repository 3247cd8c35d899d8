"""``migrator new``: the folder of a new engagement."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated

import typer

from migrator_lib.console import fail, out
from migrator_lib.errors import MigratorError, ParameterError
from migrator_lib.parameters import load
from migrator_lib.paths import Paths, home
from migrator_lib.storage import beside
from migrator_lib.yaml_file import read_text

NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
EXAMPLES = "example-"


def new(
    engagement: Annotated[
        str, typer.Argument(metavar="ENGAGEMENT", help="Its name: small letters, digits and dashes.")
    ],
    like: Annotated[
        str, typer.Option("--like", metavar="ENGAGEMENT", help="Whose engagement.yaml is copied, with its comments.")
    ] = "example-onprem",
) -> None:
    """Begin an engagement: a folder in parameters/ with an engagement.yaml to fill in.

    --like example-hosted is for a SmarterTrack that SmarterTools hosts; --like demo makes another made-up shop. Nothing
    that was decided or signed is copied.
    """
    try:
        made = begin(home(), engagement, like)
    except MigratorError as error:
        fail(error)
    out.print(f"{made.engagement_file} is made, a copy of {like}'s; every key is explained in it.")
    first = f"[bold]migrator run {engagement} --only 01[/], or the notebook 01_audit in JupyterLab ([bold]make lab[/]),"
    if load(made.engagement_file).target.simulator is not None:
        out.print(f"It is made up, as {like} is. Next: {first} looks at its shop.")
        return
    out.print("Secrets are references to environment variables or to the keyring, never values.")
    out.print(f"Next: fill it in, then {first} looks at the source.")


def begin(root: Path, name: str, like: str) -> Paths:
    """Make the folder of a new engagement, and return its paths.

    Raises:
        ParameterError: the name is none, or is taken, or there is no engagement to be like, or a wrong one.
        StorageError: it cannot be written.
    """
    if not NAME.fullmatch(name) or name.startswith(EXAMPLES):
        raise ParameterError(
            f"'{name}' is no name of an engagement.",
            next_step=f"use small letters, digits and dashes, as in acme; '{EXAMPLES}...' is for examples.",
        )
    model, made = Paths.of(root, like), Paths.of(root, name)
    text = read_text(model.engagement_file)
    if made.parameters.exists():
        raise ParameterError(
            f"{made.parameters} is there already.",
            next_step=f"go on with it (migrator status {name}), or name another.",
        )
    with beside(made.engagement_file) as place:
        place.write_text(re.sub(r"(?m)^engagement:.*$", f"engagement: {name}", text, count=1), encoding="utf-8")
    simulator = load(model.engagement_file).target.simulator
    if simulator is not None and simulator.seed:  # what a made-up account holds at first
        with beside(made.parameters / simulator.seed) as place:
            place.write_bytes((model.parameters / simulator.seed).read_bytes())
    return made
