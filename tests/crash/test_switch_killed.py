"""Kill it for real while an account's rules are switched off or put back: the next run knows how they were."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from migrator_lib.ledger import Ledger
from migrator_lib.side_effects import Switch, look, still_off
from tests.conftest import Switch as Served
from tests.crash.nursery import Nursery
from tests.side_effects.acting import ALL, TWO, state
from tests.side_effects.conftest import serving
from tests.simulated_account import SimulatedGorgias


@pytest.fixture
def two(served: tuple[Served, str]) -> Iterator[SimulatedGorgias]:
    """A simulated account with a rule and a setting that are on."""
    with serving(served, TWO) as gorgias:
        yield gorgias


def killed(way: str, moments: int, gorgias: SimulatedGorgias, folder: Path, children: Nursery) -> None:
    code = children.run("tests.crash.switch_process:main", str(folder), gorgias.url, way, moments)
    assert code == -signal.SIGKILL


@pytest.mark.parametrize(
    ("moments", "is_off"),
    [(8, False), (9, True)],
    ids=["recorded and not sent", "sent and not read back"],
)
def test_killed_while_switching_off_the_account_ends_as_it_was(
    two: SimulatedGorgias, tmp_path: Path, children: Nursery, moments: int, is_off: bool
) -> None:
    before = state(two.account)
    killed("off", moments, two, tmp_path, children)
    assert (state(two.account) != before) is is_off
    ledger = Ledger.in_folder(tmp_path)
    assert len(still_off(ledger, "production")) == 1, "what may be off is known before it is"
    Switch(two.api, ledger, "production").restore()
    assert state(two.account) == before
    assert still_off(ledger, "production") == []
    ledger.verify()
    ledger.close()


def test_killed_while_putting_back_the_account_ends_as_it_was(
    two: SimulatedGorgias, tmp_path: Path, children: Nursery
) -> None:
    before = state(two.account)
    ledger = Ledger.in_folder(tmp_path)
    Switch(two.api, ledger, "production").off(look(two.api).effects, ALL)
    ledger.close()
    killed("restore", 5, two, tmp_path, children)  # sent and not read back
    assert len(look(two.api).effects) == 1, "the first of both is on again"
    ledger = Ledger.in_folder(tmp_path)
    assert len(still_off(ledger, "production")) == 2
    Switch(two.api, ledger, "production").restore()
    assert state(two.account) == before
    ledger.verify()
    ledger.close()
