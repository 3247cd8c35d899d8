"""What is different where a person runs the cells, in JupyterLab: errors as a box with what comes next.

A run of papermill has nothing of it. There an error ends the notebook, and its page says the same words.
"""

from __future__ import annotations

import os
import re
import sys
from contextlib import suppress
from types import TracebackType
from typing import TYPE_CHECKING, Any

from migrator_lib.errors import (
    STATUS,
    ExitCode,
    GateClosed,
    LeaseHeld,
    MigratorError,
    OutOfTurn,
    StopRequested,
    UnmappedCodes,
)

if TYPE_CHECKING:
    from migrator_lib.engagement import Engagement
    from migrator_lib.pages import Html, Tone

SESSION = "JPY_SESSION_NAME"
"""Jupyter's server names the notebook to its kernel so; papermill and nbconvert start kernels without one."""
GO_ON = "run this cell again: it goes on where it stopped."
FROM_OPENING = "run it from the cell that opens the engagement."
INTERRUPTED = "Interrupted. Nothing is lost: what was on its way is looked up in Gorgias before anything is sent again."
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")


class _Here:
    """What this kernel has open."""

    engagement: Engagement | None = None
    cell = 0
    installed: Any = None


def shell() -> Any:
    """Return the shell of this kernel, or None where there is no kernel; IPython is not imported for it."""
    ipython = sys.modules.get("IPython")
    return ipython.get_ipython() if ipython is not None else None


def is_interactive() -> bool:
    """Whether a person runs the cells of a notebook, in JupyterLab; a run of papermill or nbconvert is no person."""
    by_driver = "MIGRATOR_DRIVER" in os.environ or "MIGRATOR_RUN_ID" in os.environ
    return SESSION in os.environ and not by_driver and shell() is not None


def cell() -> int:
    """Return the number of the cell that runs: each has its own bar."""
    return _Here.cell


def load_ipython_extension(ipython: Any) -> None:
    """Be there from the first cell on: ``make lab`` has every kernel load this module as an extension."""
    if is_interactive():
        install(ipython)


def install(ipython: Any) -> None:
    """Have errors shown as boxes, and know which cell runs. Once for a kernel."""
    if _Here.installed is ipython:
        return
    _Here.installed = ipython
    ipython.set_custom_exc((MigratorError, NameError, KeyboardInterrupt), _show_error)
    ipython.events.register("pre_run_cell", _begin_cell)
    ipython.events.register("post_run_cell", _end_cell)


def _begin_cell(*_: object) -> None:
    _Here.cell += 1


def _end_cell(result: Any) -> None:
    """Say below the bar how its cell ended."""
    if _Here.engagement is not None and "progress" in _Here.engagement.__dict__:
        _Here.engagement.progress.leave(well=result.error_in_exec is None)


def opening(engagement: Engagement) -> None:
    """Note what is opened. What this kernel had open is closed: its cell was run again, perhaps with another name."""
    ipython = shell()
    if ipython is None or not is_interactive():
        return
    install(ipython)
    if _Here.engagement is not None:
        _Here.engagement.close()
    _Here.engagement = engagement


def opened(engagement: Engagement) -> None:
    """Say what is open, and whether it writes."""
    from migrator_lib import pages
    from migrator_lib.display import show
    from migrator_lib.engagement import WRITES

    if not is_interactive():
        return
    title = f"{engagement.parameters.company}: {engagement.step}"
    if engagement.step not in WRITES:
        shown = pages.status(f"{title} is open. This step writes nothing to Gorgias.", "plain")
    elif engagement.execute:
        shown = pages.status(f"{title} is open, and writes to Gorgias: execute is True.", "warn")
    else:
        shown = pages.status(
            f"{title} is open as a rehearsal: execute is False, so nothing is written to Gorgias.", "plain",
            detail="To write: set execute = True in the cell above, and run from there.",
        )  # fmt: skip
    show(shown)


def done(engagement: Engagement) -> None:
    """Bring summary and index up to date, and say what comes next.

    Raises:
        SecretFound: one of the pages would show a secret.
        StorageError: they cannot be written.
    """
    from migrator_lib import pages
    from migrator_lib.display import show
    from migrator_lib.evidence import publish, standing

    if not is_interactive():
        return
    _note_in_cycle(engagement)
    publish.pages_of(engagement)
    what = "rehearsed, nothing was written" if engagement.rehearsal else "done"
    following = _notebook_after(engagement)
    also = f", or the notebook {following}" if following else ""
    words = f"Next: {standing.next_command(engagement)}{also}."
    show(pages.status(f"{engagement.step} is {what}.", "good", detail=words))


def _note_in_cycle(engagement: Engagement) -> None:
    """Have the next ``migrator run --execute`` go on behind this step, as it does behind the steps of a run."""
    from migrator_lib.engagement import STEPS

    cycle: list[str] = engagement.ledger.meta("cycle", [])
    if not engagement.rehearsal and engagement.step in STEPS[:-1] and engagement.step not in cycle:
        engagement.ledger.set_meta("cycle", [*cycle, engagement.step])


def _notebook_after(engagement: Engagement) -> str:
    from migrator_lib.engagement import STEPS

    later = STEPS[STEPS.index(engagement.step) + 1 :] if engagement.step in STEPS else ()
    return f"{later[0]}.ipynb" if later and not engagement.rehearsal else ""


# --- errors --------------------------------------------------------------------------------------------


def _show_error(
    ipython: Any, kind: type[BaseException], error: BaseException, trace: TracebackType | None, tb_offset: Any = None
) -> list[str]:
    """Show an error: what, why, what comes next; the traceback folded below, and the form where a gate is closed."""
    from migrator_lib import pages
    from migrator_lib.display import show, style
    from migrator_lib.masking import mask_text

    if isinstance(error, NameError) and not _is_of_cell(error, trace, ipython.user_ns):
        ipython.showtraceback((kind, error, trace), running_compiled_code=True)
        return []
    lines: list[str] = ipython.InteractiveTB.structured_traceback(kind, error, trace, tb_offset=tb_offset)
    folded = pages.folded("Where it happened", pages.tag("pre", mask_text(_COLOUR.sub("", "\n".join(lines)))))
    if _Here.engagement is None:
        style()  # nothing was opened yet that brought it
    show(box(error), folded)
    with suppress(MigratorError):
        _note(error)
    if isinstance(error, GateClosed) and error.gate and _Here.engagement is not None:
        from migrator_lib import forms

        forms.gate(_Here.engagement, error.gate)
    if isinstance(error, UnmappedCodes) and error.codes and _Here.engagement is not None:
        from migrator_lib.code_form import CodeForm

        CodeForm(_Here.engagement, error.codes).show()
    return []


def _is_of_cell(error: NameError, trace: TracebackType | None, names: dict[str, Any]) -> bool:
    """Whether a cell itself, and no function that it calls, uses a name that nothing has."""
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return trace is not None and trace.tb_frame.f_globals is names and not isinstance(error, UnboundLocalError)


def box(error: BaseException) -> Html:
    """Return what a person reads of an error: the sentence, what to do, and how to go on in this notebook."""
    from migrator_lib import pages

    said, tone, next_step, here = _told(error)
    rows = [f"Next: {next_step}"] if next_step else []
    rows += [f"In this notebook: {here}"] if here else []
    return pages.status(said, tone, detail="\n".join(rows))


def _told(error: BaseException) -> tuple[str, Tone, str, str]:
    """Return the sentence, its colour, what comes next by command, and how to go on in the notebook."""
    if isinstance(error, KeyboardInterrupt):
        return INTERRUPTED, "warn", GO_ON, ""
    if isinstance(error, NameError):
        said = f"Nothing is called '{error.name}' yet: the cells above were not all run in this kernel."
        return said, "warn", "Run > Run All Above Selected Cell, then this cell.", ""
    if isinstance(error, MigratorError):
        tone: Tone = "warn" if error.exit_code in (ExitCode.GATE, ExitCode.STOPPED) else "bad"
        return error.message, tone, error.next_step, _how_to_go_on(error)
    return str(error), "bad", "", ""


def _how_to_go_on(error: MigratorError) -> str:
    if isinstance(error, StopRequested):
        return GO_ON
    if isinstance(error, GateClosed):
        first = "sign in the form below, then" if _has_form(error) else "once that is mended,"
        return f"{first} run this cell again, and go on from it."
    if isinstance(error, LeaseHeld):
        return "if it is open twice, shut the other one's kernel down (Running Terminals and Kernels, at the left)."
    if isinstance(error, OutOfTurn):
        return _turn_of()
    if isinstance(error, UnmappedCodes):
        first = "say it in the form below, then" if error.codes else "once that is done,"
        return f"{first} run this notebook again from its first cell."  # what it saw is from before
    return f"once that is done, {FROM_OPENING}"  # parameters are read there, and not again


def _has_form(error: GateClosed) -> bool:
    from migrator_lib import forms

    return bool(error.gate) and _Here.engagement is not None and forms.can_be_signed(_Here.engagement, error.gate)


def _turn_of() -> str:
    from migrator_lib.engagement import NEEDS

    engagement = _Here.engagement
    needed = NEEDS.get(engagement.step) if engagement is not None else None
    if engagement is None or not needed or engagement.life != "new":
        return FROM_OPENING
    return f"run the notebook {needed}.ipynb to its end, then this one from its first cell."


def _note(error: BaseException) -> None:
    """Note how far the step came, as the driver does of its runs: ``migrator status`` tells."""
    engagement = _Here.engagement
    if engagement is None or engagement.life != "running":
        return
    if isinstance(error, KeyboardInterrupt):
        engagement.control.forget_stop()  # it is obeyed with that: the cell that is run next is to run
    if not isinstance(error, MigratorError):
        return
    if not isinstance(error, LeaseHeld):
        status = STATUS.get(error.exit_code, "failed")
        engagement.ledger.mark_step(engagement.step, status, {"words": str(error)})
