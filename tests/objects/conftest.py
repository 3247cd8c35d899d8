"""The shop that transforms look things up in."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.shop import Shop


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    """A shop with a brand, a department, a group, two agents (one gone) and two customers."""
    return Shop(tmp_path)
