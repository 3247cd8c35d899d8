"""A new engagement: a copy of an example's parameters under its own name, and nothing that was decided or signed."""

from __future__ import annotations

from pathlib import Path

import pytest

from migrator_lib import cli_new, parameters
from migrator_lib.errors import ParameterError
from tests import kernel_less
from tests.homes import demo_as_it_is


@pytest.mark.parametrize("like", ["example-onprem", "example-hosted", "demo"])
def test_an_engagement_is_begun_with_its_own_name_and_valid_parameters(tmp_path: Path, like: str) -> None:
    home = demo_as_it_is(tmp_path)
    done = kernel_less.run(home, "new", "acme-2", "--like", like)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "migrator run acme-2 --only 01" in done.stdout
    file = home / "parameters/acme-2/engagement.yaml"
    made = parameters.load(file)
    assert made.engagement == "acme-2"
    model = (home / "parameters" / like / "engagement.yaml").read_text()
    assert file.read_text() == model.replace(f"\nengagement: {like}\n", "\nengagement: acme-2\n")
    seed = [made.target.simulator.seed] if made.target.simulator and made.target.simulator.seed else []
    assert sorted(one.name for one in file.parent.iterdir()) == sorted(["engagement.yaml", *seed])


@pytest.mark.parametrize("name", ["", "Acme", "a b", "../up", "-acme", "example-mine", "a" * 64])
def test_a_name_that_is_none_makes_nothing(tmp_path: Path, name: str) -> None:
    home = demo_as_it_is(tmp_path)
    before = sorted((home / "parameters").iterdir())
    with pytest.raises(ParameterError, match="is no name of an engagement"):
        cli_new.begin(home, name, "demo")
    assert sorted((home / "parameters").iterdir()) == before


def test_what_is_there_is_left_alone_and_what_is_not_there_cannot_be_copied(tmp_path: Path) -> None:
    home = demo_as_it_is(tmp_path)
    before = (home / "parameters/demo/engagement.yaml").read_text()
    with pytest.raises(ParameterError, match="is there already"):
        cli_new.begin(home, "demo", "example-onprem")
    assert (home / "parameters/demo/engagement.yaml").read_text() == before
    with pytest.raises(ParameterError, match="known engagements: demo, example-hosted, example-onprem"):
        cli_new.begin(home, "acme", "nobody")
    assert not (home / "parameters/acme").exists()
