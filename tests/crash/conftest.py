"""Processes that can be killed, and a disk whose power can be cut."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.crash.nursery import Nursery, compiled, nursery

MODULES = ("story", "load_process", "switch_process", "index_until")
"""What children of these tests do."""


@pytest.fixture(scope="session")
def shim(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """``power.c``, compiled."""
    found = compiled(tmp_path_factory.mktemp("shim"))
    if found is None:
        words = "no C compiler on this machine, or no Linux: what a power cut takes back cannot be played"
        pytest.fail(words) if os.environ.get("MIGRATOR_CI") else pytest.skip(words)
    return found


@pytest.fixture(scope="session")
def children() -> Iterator[Nursery]:
    """Processes that have imported everything, to be killed."""
    with nursery(*(f"tests.crash.{module}" for module in MODULES)) as found:
        yield found
