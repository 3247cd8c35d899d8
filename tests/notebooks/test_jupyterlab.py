"""JupyterLab, driven by a browser through one notebook from its first cell to its last."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from migrator_lib import gates
from migrator_lib.engagement import Engagement
from tests.browser_support import LOW_CONTRAST, needed_executable
from tests.homes import demo_home

NOTEBOOK = "04_extract"
PATIENCE_MS = 60_000
OF_JUPYTERLAB = "@jupyterlab/apputils-extension"
SETTINGS = {
    "notification": {"fetchNews": "false", "checkForUpdates": False},
    "themes": {"theme": "JupyterLab Light"},
}
KERNELS = 'c = get_config()\nc.InteractiveShellApp.extensions = ["migrator_lib.interactive"]\n'
NONE_WAITS = "() => [...document.querySelectorAll('.jp-InputPrompt')].every(one => !one.textContent.includes('*'))"
# The same search as on pages, but of what we show alone: the rest of the window is JupyterLab's own.
LOW_CONTRAST_OF_OURS = (
    "() => [...document.querySelectorAll('.migrator-shown')].flatMap("
    + LOW_CONTRAST.strip()
    .replace("() =>", "shown =>", 1)
    .replace("createTreeWalker(document.body", "createTreeWalker(shown")
    + ")"
)


def ready_for(home: Path) -> None:
    """Have the steps before done, and all but one gate signed."""
    engagement = Engagement(home, "demo")
    engagement.ledger.take_lease()
    for step in ("01_audit", "02_schema_design", "03_sample_migration"):
        engagement.ledger.mark_step(step, "done")
    signoffs = gates.SignOffs(engagement.paths.signoffs_file)
    for name in ("licence", "worker_threads"):
        gate = gates.find(name)
        signoffs.sign(gate, by="Margit Olsen", subject=gates.statement_hash(gate))
    engagement.close()


@contextmanager
def jupyterlab(home: Path, folder: Path) -> Iterator[str]:
    """Serve a home on a free port, with settings of its own; yield the address."""
    for name, values in SETTINGS.items():
        file = folder / "settings" / OF_JUPYTERLAB / f"{name}.jupyterlab-settings"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(values))
    kernels = folder / "ipython/profile_default/ipython_kernel_config.py"
    kernels.parent.mkdir(parents=True)
    kernels.write_text(KERNELS)
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("MIGRATOR_", "JUPYTER", "JPY_", "PYTEST"))}
    own = {
        "MIGRATOR_HOME": home, "IPYTHONDIR": folder / "ipython", "JUPYTER_TOKEN": "of-this-test",
        "JUPYTER_RUNTIME_DIR": folder / "runtime", "JUPYTER_CONFIG_DIR": folder / "config",
        "JUPYTER_DATA_DIR": folder / "data", "JUPYTERLAB_SETTINGS_DIR": folder / "settings",
        "JUPYTERLAB_WORKSPACES_DIR": folder / "workspaces",
    }  # fmt: skip
    command = [
        sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", "--ServerApp.port=0",
        "--expose-app-in-browser", f"--ServerApp.root_dir={home}",
    ]  # fmt: skip
    environment = kept | {name: str(value) for name, value in own.items()}
    with subprocess.Popen(command, env=environment, cwd=home, stderr=subprocess.PIPE, text=True) as server:
        try:
            assert server.stderr is not None
            said = []
            for line in server.stderr:
                said.append(line)
                if "http://127.0.0.1:" in line:
                    break
            else:
                pytest.fail("".join(said))
            yield line.split()[-1].partition("/lab")[0]
        finally:
            server.terminate()
            server.communicate()


class Lab:
    """A notebook in JupyterLab, and who sits before it with a keyboard."""

    def __init__(self, page: Any) -> None:
        self.page = page
        self.problems: list[str] = []
        page.set_default_timeout(PATIENCE_MS)
        page.on("pageerror", lambda error: self.problems.append(str(error)))

    def open(self, address: str) -> None:
        self.page.goto(f"{address}/lab/tree/notebooks/{NOTEBOOK}.ipynb?token=of-this-test")
        self.page.locator("#jp-main-statusbar", has_text="| Idle").wait_for()

    def run_from(self, cell: int) -> None:
        """Press Shift and Enter in every cell from this one to the last."""
        cells = self.page.locator(".jp-Notebook .jp-Cell")
        cells.nth(cell).locator(".jp-InputPrompt").click()
        for _ in range(cells.count() - cell - 1):
            self.page.keyboard.press("Shift+Enter")
        self.page.keyboard.press("Control+Enter")  # the last one; Shift and Enter would add a cell

    def shown(self, words: str) -> Any:
        """Wait for a box with these words, and return it."""
        box = self.page.locator(".jp-Notebook .migrator-shown .status", has_text=words)
        box.wait_for()
        return box


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[tuple[Lab, Path]]:
    from playwright.sync_api import sync_playwright

    path = needed_executable()
    home = demo_home(tmp_path / "home")
    ready_for(home)
    with jupyterlab(home, tmp_path / "jupyter") as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=path, args=["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
        )
        opened = Lab(browser.new_page(viewport={"width": 1280, "height": 1000}))
        opened.open(address)
        yield opened, home
        browser.close()


@pytest.mark.browser
def test_a_notebook_from_its_first_cell_to_its_last(lab: tuple[Lab, Path]) -> None:
    sitting, home = lab
    page = sitting.page
    last = page.locator(".jp-Notebook .jp-Cell").count() - 1

    # a cell of the middle first, as after a restart of the kernel
    page.locator(".jp-Notebook .jp-Cell").nth(3).locator(".jp-InputPrompt").click()
    page.keyboard.press("Control+Enter")
    assert "Run All Above Selected Cell" in sitting.shown("Nothing is called 'runbook' yet").inner_text()

    # the gate is closed: a box and a form, no traceback, and nothing behind it runs
    sitting.run_from(0)
    box = sitting.shown("04_extract waits at the gate 'backup_proof'").inner_text()
    assert "In this notebook: sign in the form below, then run this cell again" in box
    assert (
        page.locator(
            '[data-mime-type="application/vnd.jupyter.error"], .jp-RenderedText[data-mime-type*=stderr]'
        ).count()
        == 0
    )
    assert not page.get_by_text("in require(state").is_visible()
    page.wait_for_function(NONE_WAITS)
    assert not (home / "reports/demo/state/staged").exists()
    picture(page, "gate")

    # signed in the form, as by the command
    page.get_by_role("button", name="Sign backup_proof").click()
    sitting.shown("It has no name of who signs.")
    page.locator(".migrator-name input").fill("Ida Bloom")
    page.locator(".migrator-note input").fill("restored on Monday")
    page.get_by_role("button", name="Sign backup_proof").click()
    sitting.shown("Ida Bloom states: A full backup")
    signoffs = (home / "parameters/demo/signoffs.yaml").read_text()
    assert "by: Ida Bloom" in signoffs
    assert "note: restored on Monday" in signoffs

    # run again from the cell that waited, to the end
    sitting.run_from(2)
    page.locator(".jp-Notebook .running progress").first.wait_for()
    assert "05_load.ipynb" in sitting.shown("04_extract is done.").inner_text()
    sitting.shown("Staged: ")
    cells = page.locator(".jp-Notebook .jp-CodeCell")
    bars = [cells.nth(n).locator(".running").count() for n in range(cells.count())]
    assert max(bars) == 1, bars
    assert page.locator(".jp-Notebook .running .badge.good", has_text="done").count() == sum(bars) > 0
    assert page.locator(".jp-Notebook .jp-Cell").count() == last + 1

    # a table is filtered by typing
    page.locator(".table-filter input").first.click()
    page.keyboard.type("chat")
    rows = page.locator("table.data", has_text="Rows by table").locator("tbody tr")
    names = [name.lower() for name in rows.locator("visible=true").locator("td:first-child").all_inner_texts()]
    assert 0 < len(names) < rows.count()
    assert all("chat" in name for name in names)
    assert page.locator(".table-filter span").first.inner_text() == f"{len(names)} of {rows.count()} rows"
    picture(page, "filtered")

    # legible in either theme
    for theme in ("Light", "Dark"):
        page.evaluate(f"() => jupyterapp.commands.execute('apputils:change-theme', {{theme: 'JupyterLab {theme}'}})")
        light = str(theme == "Light").lower()
        page.locator(f'body[data-jp-theme-light="{light}"]').wait_for(state="attached")
        page.locator("#jupyterlab-splash").wait_for(state="detached")
        assert page.evaluate(LOW_CONTRAST_OF_OURS) == [], theme
        picture(page, theme.lower())
    assert sitting.problems == []


def picture(page: Any, name: str) -> None:
    """Keep a picture where MIGRATOR_TEST_PICTURES names a folder, to be looked at."""
    if folder := os.environ.get("MIGRATOR_TEST_PICTURES"):
        page.screenshot(path=Path(folder) / f"jupyterlab-{name}.png")
