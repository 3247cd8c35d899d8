"""Moves a help desk from SmarterTrack to Gorgias: the helper package that the notebooks call.

A notebook begins with ``engagement = migrator_lib.open(name, step=..., execute=...)``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from migrator_lib.engagement import Engagement

__version__ = "0.1.0"
__all__ = ["__version__", "open"]


def open(name: str, *, step: str, execute: bool = False) -> Engagement:
    """Open an engagement for one step, and check that it is the step's turn.

    Args:
        name: the folder below ``parameters/``.
        step: the notebook's own name, such as ``05_load``.
        execute: True lets steps write to Gorgias; without it they rehearse.

    Raises:
        ParameterError: a parameter is wrong.
        OutOfTurn: a step before this one is not done.
        GateClosed: a person has to sign first.
        LeaseHeld: another run is at work.
    """
    # here, so that a command or a simulated account that needs neither data frames nor charts starts at once
    from migrator_lib.display import style
    from migrator_lib.engagement import Engagement
    from migrator_lib.paths import home

    style()
    return Engagement(home(), name, step=step, execute=execute).start()
