"""Whole runs without a kernel for each notebook: the driver, the gates and the pages are the real ones.

A kernel takes seconds to start. Where a test is about what a run says and leaves, and not about kernels, its notebooks
are executed in this process; ``tests/test_whole_run.py`` and ``tests/test_driver.py`` have real kernels beside it.
"""

from __future__ import annotations

import os
import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import nbformat
import papermill
import pytest
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output
from papermill.exceptions import PapermillExecutionError
from typer.testing import CliRunner

from migrator_lib import cli, console


def execute_notebook(notebook: str, output: str, parameters: Mapping[str, Any], **_: Any) -> None:
    """Do what papermill does: the cells in their order, the parameters behind their cell; and keep what was shown."""
    document = nbformat.read(notebook, as_version=4)
    given = nbformat.v4.new_code_cell("\n".join(f"{name} = {value!r}" for name, value in parameters.items()))
    at = next((n for n, cell in enumerate(document.cells) if "parameters" in cell.metadata.get("tags", [])), -1)
    document.cells.insert(at + 1, given)
    with _shell() as shell:
        failed = next((one for one in (_run(shell, cell) for cell in document.cells) if one is not None), None)
        if "engagement" in shell.user_ns:
            shell.user_ns["engagement"].close()  # a kernel would end here
    nbformat.write(document, output)
    if failed is not None:
        words = "".join(traceback.format_exception(failed))
        raise PapermillExecutionError(1, 1, "", type(failed).__name__, str(failed), [words])


@contextmanager
def _shell() -> Iterator[InteractiveShell]:
    """A shell as a kernel has one, and nothing of it afterwards."""
    shell = InteractiveShell.instance()
    shell.history_manager.enabled = False
    shell.showtraceback = lambda *_args, **_more: None  # type: ignore[method-assign]
    try:
        yield shell
    finally:
        InteractiveShell.clear_instance()


def _run(shell: InteractiveShell, cell: Any) -> BaseException | None:
    """Run one cell, and keep its outputs; return what stopped it."""
    if cell.cell_type != "code":
        return None
    with capture_output() as shown:
        result = shell.run_cell(cell.source)
    cell.outputs = [nbformat.v4.new_output("display_data", one.data, metadata=one.metadata) for one in shown.outputs]
    failed: BaseException | None = result.error_before_exec or result.error_in_exec
    if failed is not None:
        lines = traceback.format_exception(failed)
        cell.outputs.append(
            nbformat.v4.new_output("error", ename=type(failed).__name__, evalue=str(failed), traceback=lines)
        )
    return failed


def run(home: Path, *arguments: str, **environment: str) -> CompletedProcess[str]:
    """Run the command line in this process, as it is run in a home's folder."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith("MIGRATOR_") and k != "GORGIAS_DEMO_API_KEY"}
    with pytest.MonkeyPatch.context() as patch:
        for name in set(os.environ) - set(kept):
            patch.delenv(name)
        for name in ("MIGRATOR_RUN_ID", "MIGRATOR_DRIVER"):
            patch.setenv(name, "")  # so that what the driver sets is taken back
            patch.delenv(name)
        for name, value in {"MIGRATOR_HOME": str(home), "COLUMNS": "120", **environment}.items():
            patch.setenv(name, value)
        patch.chdir(home)
        patch.setattr(papermill, "execute_notebook", execute_notebook)
        for one in (console.out, console.err):
            patch.setattr(one, "_width", 120)  # put back as it was: unset
        result = CliRunner().invoke(cli.app, arguments)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return CompletedProcess(list(arguments), result.exit_code, result.stdout, result.stderr)
