"""A roll-back that is killed at any call, at any write of the ledger or of its plan, ends the same when run again."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from migrator_lib.rollback import is_under_way
from migrator_lib.rollback.plan import Plan
from tests.loading import TARGET
from tests.rollback.accounts import Loaded, Place, differing, documents, lived_in, place
from tests.rollback.on_disk import keep, opened

EVERY = int(os.environ.get("MIGRATOR_ROLL_BACK_KILLS", "9"))
"""One in so many of the moments is tried, each time the same ones; 1 tries all."""
PROJECT = Path(__file__).parents[2]


class Killed(BaseException):
    """The process is gone."""


@pytest.fixture(scope="module")
def before(tmp_path_factory: pytest.TempPathFactory) -> Place:
    """An account that nothing was loaded into yet."""
    return place(tmp_path_factory.mktemp("before"), fill=lived_in, tickets=4)


@pytest.fixture(scope="module")
def base(before: Place) -> Loaded:
    before.held = documents(before.account)
    before.snapshot()
    before.load()
    before.later()
    return Loaded.of(before)


@contextmanager
def dying(made: Place, at: int) -> Iterator[list[str]]:
    """Let the process die at the moment of this number: before a call or a write, or after one."""
    moments: list[str] = []

    def counted(what: str, act: Callable[..., Any]) -> Callable[..., Any]:
        def once(*given: Any, **more: Any) -> Any:
            moments.append(f"before {what}")
            if len(moments) == at:
                raise Killed
            found = act(*given, **more)
            moments.append(f"after {what}")
            if len(moments) == at:
                raise Killed
            return found

        return once

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(made.api.transport, "call", counted("a call", made.api.transport.call))
        patch.setattr(made.ledger._writer, "submit", counted("a write", made.ledger._writer.submit))
        patch.setattr(Plan, "_many", counted("a note", Plan._many))
        yield moments


def carried_out(made: Place) -> None:
    """Remove and prove; a plan is there."""
    rolling = made.rolling()
    try:
        rolling.look(fresh=False)
        rolling.remove()
        rolling.prove()
    finally:
        rolling.close()


def test_killed_at_any_moment_and_run_again_it_ends_the_same(before: Place, base: Loaded, tmp_path: Path) -> None:
    made = base.copy(tmp_path / "undisturbed")
    made.look()
    with dying(made, 0) as moments:
        carried_out(made)
    wanted = made.ledger_counts()
    made.ledger.close()
    tried = 0
    for at in range(2, len(moments), EVERY):
        place_of = tmp_path / str(at)
        made = base.copy(place_of)
        made.look()
        with dying(made, at) as reached, suppress(Killed):
            carried_out(made)
        assert len(reached) == at
        carried_out(made)
        where = f"{at}: {moments[at - 1]}"
        assert set(differing(before.held, documents(made.account))) == {"custom_field"}, where
        proof = made.rolling().last_proof()
        assert proof is not None, where
        assert proof.wrong == 0, where
        assert made.ledger_counts() == wanted, where
        made.ledger.verify()
        assert not is_under_way(made.ledger, TARGET)
        made.ledger.close()
        shutil.rmtree(place_of)
        tried += 1
    assert tried > 8


DIES = """
import os, signal, sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from tests.rollback.on_disk import opened
made, calls = opened(Path(sys.argv[2])), 0
real = made.api.transport.call
def call(method, path, **more):
    global calls
    found = real(method, path, **more)
    calls += method != "GET"
    if calls == 2:
        os.kill(os.getpid(), signal.SIGKILL)
    return found
made.api.transport.call = call
made.roll_back()
"""


def test_killed_for_real_it_goes_on(before: Place, base: Loaded, tmp_path: Path) -> None:
    keep(base, tmp_path)
    done = subprocess.run([sys.executable, "-c", DIES, str(PROJECT), str(tmp_path)], check=False, capture_output=True)
    assert done.returncode == -signal.SIGKILL, done.stderr.decode()
    made = opened(tmp_path)
    assert is_under_way(made.ledger, TARGET)
    assert made.account.store.count("customer") == 1  # they went, and nobody noted it
    assert made.ledger.counts(TARGET)["requester"]["created"]
    assert made.roll_back().wrong == 0
    assert set(differing(before.held, documents(made.account))) == {"custom_field"}
    assert "created" not in made.ledger.counts(TARGET)["requester"]
    made.ledger.verify()
