"""The embedded help desk and accounts of an engagement that has none of its own: the demo, and rehearsals.

The source is built when it is first asked for. The accounts run in a process of their own, started by the driver for a
whole run (its address is handed on in the environment) or by a notebook in JupyterLab, and end with whoever started
them. Their state is in the engagement's folder, so the next process finds what the last one left.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from migrator_lib.errors import ParameterError
from migrator_lib.parameters import Parameters
from migrator_lib.paths import Paths

ACCOUNTS = ("production", "sandbox")
SOURCE = "smartertrack.sqlite3"
_started = ExitStack()


def is_built(paths: Paths) -> bool:
    """Whether the embedded SmarterTrack is there; it appears whole or not at all."""
    return (paths.simulated / SOURCE).exists()


def source_url(parameters: Parameters, paths: Paths) -> str:
    """Return the URL of the embedded SmarterTrack, which is built if it is not there."""
    file = paths.simulated / SOURCE
    settings = parameters.source.simulator
    if settings is not None and not is_built(paths):
        from migrator_lib.simulators.smartertrack import build

        paths.simulated.mkdir(parents=True, exist_ok=True)
        build(f"sqlite:///{file}", files_root(paths), seed=settings.seed, tickets=settings.tickets)
    return f"sqlite:///{file}"


def files_root(paths: Paths) -> Path:
    """Return the files root of the embedded SmarterTrack."""
    return paths.simulated / "files"


def live_a_day(parameters: Parameters, paths: Paths) -> dict[str, int]:
    """Let a day pass in the embedded SmarterTrack, so that a cutover has a delta. Happens once."""
    settings = parameters.source.simulator
    if settings is None or parameters.source.url:
        return {}
    from migrator_lib.simulators.smartertrack import advance

    return advance(source_url(parameters, paths), files_root(paths), seed=settings.seed)


def go_to_work(parameters: Parameters, paths: Paths) -> dict[str, int]:
    """Let a day of work pass in the embedded Gorgias account, and mail arrive late in the SmarterTrack. Happens once.

    Returns:
        What was done in either, by kind.

    Raises:
        ParameterError: the engagement has no simulated account, or nothing was migrated into it yet.
    """
    from migrator_lib.simulators.gorgias.open_accounts import USUAL, open_accounts
    from migrator_lib.simulators.gorgias.working_day import migrated, work
    from migrator_lib.simulators.smartertrack.day_after import write_late

    target, source = parameters.target, parameters.source.simulator
    if target.simulator is None or target.production.url:
        raise ParameterError(
            f"{parameters.engagement} has no simulated Gorgias account.",
            next_step="choose an engagement whose target has a simulator, such as demo.",
        )
    file = paths.parameters / target.simulator.seed if target.simulator.seed else None
    account = open_accounts(paths.simulated, ("production",), file, USUAL)["production"]
    try:
        if not migrated(account):
            raise ParameterError(
                "There is no migrated ticket in the account that anybody could work on.",
                next_step=f"migrator run {parameters.engagement} --execute migrates some.",
            )
        done = work(account)
    finally:
        account.store.close()
    late = 0
    if source is not None and not parameters.source.url:
        late = write_late(source_url(parameters, paths), files_root(paths), seed=source.seed)
    return {**done, "late messages in SmarterTrack": late}


def address_variable(target: str) -> str:
    """Return the environment variable that hands on the address of a running simulated account."""
    return f"MIGRATOR_SIMULATED_{target.upper()}_URL"


def running_url(target: str) -> str:
    """Return the address of a simulated account that runs; empty where none does."""
    return os.environ.get(address_variable(target), "")


def account_url(parameters: Parameters, paths: Paths, target: str) -> str:
    """Return the address of a simulated account, which is started if it does not run.

    Raises:
        ParameterError: the engagement has neither an account nor a simulated one.
    """
    if parameters.target.simulator is None:
        raise ParameterError(
            f"target.{target}.url is empty.",
            next_step=f"set target.{target}.url to https://<subdomain>.gorgias.com in engagement.yaml.",
        )
    if address_variable(target) not in os.environ:
        _started.enter_context(accounts(parameters, paths))
    return os.environ[address_variable(target)]


@contextmanager
def accounts(parameters: Parameters, paths: Paths) -> Iterator[None]:
    """Run the simulated accounts for the length of a block; does nothing where the engagement has real ones.

    A key that its reference does not find is made up for this process and those it starts.
    """
    settings = parameters.target.simulator
    if settings is None:
        yield
        return
    for reference in parameters.target.secrets:
        kind, _, name = reference.partition(":")
        if kind == "env":
            os.environ.setdefault(name, secrets.token_urlsafe(24))
    from migrator_lib.simulators.gorgias.server import running  # a web server is slow to import, and often not needed

    seed = paths.parameters / settings.seed if settings.seed else None
    with running(paths.simulated, ACCOUNTS, speed=settings.speed, seed=seed) as simulator:
        for target in ACCOUNTS:
            os.environ[address_variable(target)] = simulator.base_url(target)
        try:
            yield
        finally:
            for target in ACCOUNTS:
                os.environ.pop(address_variable(target), None)
