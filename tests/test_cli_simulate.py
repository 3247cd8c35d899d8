"""``migrator simulate gorgias``: what it says, what it takes, and how it refuses."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import get_args

import pytest
import requests
from typer.testing import CliRunner

from migrator_lib import cli_simulate
from migrator_lib.cli import app
from migrator_lib.gorgias.contract.bodies import Role
from migrator_lib.simulators.gorgias.account import Account
from migrator_lib.simulators.gorgias.limits.faults import PROFILES
from migrator_lib.simulators.gorgias.limits.rate_limit import CHOICES
from migrator_lib.simulators.gorgias.open_accounts import USUAL, open_accounts
from tests.simulated_account import API_KEY, EMAIL


def refusal(*arguments: str) -> str:
    """Return what the command says when it refuses."""
    result = CliRunner().invoke(app, ["simulate", "gorgias", *arguments])
    assert result.exit_code in (1, 2)
    return " ".join(result.output.split())


@contextmanager
def started(*arguments: str) -> Iterator[subprocess.Popen[str]]:
    """Run the command for the length of a block, on a free port."""
    command = [sys.executable, "-m", "migrator_lib.cli", "simulate", "gorgias", "--port", "0", *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def asked(url: str) -> requests.Response:
    with requests.Session() as session:
        session.trust_env = False
        return session.get(url, auth=(EMAIL, API_KEY), timeout=30)


def test_it_says_where_to_look_and_how_to_sign_in(tmp_path: Path) -> None:
    options = ("--rate", "oauth", "--bucket", "window", "--role", "observer-agent", "--foreign-share", "0.25")
    with started(str(tmp_path), "shop", *options) as process:
        assert process.stdout is not None
        lines = [process.stdout.readline().strip() for _ in range(7)]
        places = dict(line.split(maxsplit=1) for line in lines[1:5])
        assert lines[0] == "shop"
        assert lines[5] == f"Sign in {EMAIL} with key {API_KEY}, as observer-agent"
        assert lines[6] == "80 calls in 20 s (fixed window). Ctrl-C ends it."
        assert "Tickets of shop" in asked(places["Look"]).text
        assert asked(places["Docs"]).status_code == 200
        reply = asked(f"{places['API']}account")
        assert (reply.status_code, reply.headers["X-Gorgias-Account-Api-Call-Limit"].partition("/")[2]) == (200, "80")
    assert (tmp_path / "shop.sqlite3").exists()


def test_what_a_run_left_can_be_looked_at_without_its_seed(tmp_path: Path) -> None:
    """The README's command: nobody knows by heart whom the key of that account acted for."""
    seed = {"credentials": {"email": "ops@shop.example", "api_key": "k"}, "users": [
        {"email": "amy@shop.example", "name": "Amy", "role": "agent"},
        {"email": "ops@shop.example", "name": "Ops", "role": "admin"},
    ]}  # fmt: skip
    Account("shop", tmp_path / "shop.sqlite3", seed=seed).store.close()
    found = open_accounts(tmp_path, ["shop"], None, USUAL)["shop"]
    assert (found.user_email, found.role()) == ("ops@shop.example", "admin")


def test_for_programs_it_says_one_line_of_json_and_keeps_nothing_in_memory_on_disk(tmp_path: Path) -> None:
    seed = tmp_path / "seed.json"
    seed.write_text(json.dumps({"tags": [{"name": "vip"}]}))
    with started("--memory", "one", "two", "--seed", str(seed), "--json") as process:
        assert process.stdout is not None
        told = json.loads(process.stdout.readline())
        assert list(told["accounts"]) == ["one", "two"]
        tags = asked(f"{told['accounts']['two']}/api/tags").json()["data"]
        assert [tag["name"] for tag in tags] == ["vip"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["seed.json"]


def test_a_port_that_is_in_use_is_told() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        said = refusal("--port", str(taken.getsockname()[1]))
    assert "cannot be used: Address already in use. Next: give another --port" in said


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", "it is not JSON"),
        ("[]", "has a mistake at its top"),
        ('{"userz": []}', "has a mistake at userz"),
        ('{"knobs": {"nonsense": 1}}', "has a mistake at knobs.nonsense"),
        ('{"help_centers": [{"name": "FAQ", "type": "faq"}]}', "has a mistake at help_centers.0.default_locale"),
        ('{"tags": [{"name": ""}]}', "cannot hold its seed"),
        ('{"users": [{"email": "a@b.example", "name": "A"}]}', "whom the API key acts for"),
        (None, "cannot be read: No such file or directory"),
    ],
)
def test_a_seed_that_cannot_be_held_is_told_with_an_example(tmp_path: Path, content: str | None, words: str) -> None:
    seed = tmp_path / "seed.json"
    if content is not None:
        seed.write_text(content)
    said = refusal("--port", "0", "--seed", str(seed))
    assert words in said
    assert "parameters/demo/gorgias.json" in said


def test_a_place_that_is_no_folder_and_a_file_that_is_no_state_are_told(tmp_path: Path) -> None:
    (tmp_path / "demo.sqlite3").write_text("this is no database, and longer than the header of one is: " + "x" * 100)
    assert "demo cannot be kept in" in refusal(str(tmp_path), "--port", "0")
    assert "name another folder" in refusal(str(tmp_path / "demo.sqlite3"), "--port", "0")


@pytest.mark.parametrize(
    "arguments",
    [("--rate", "huge"), ("--bucket", "iron"), ("--profile", "stormy"), ("--role", "king"), ("--foreign-share", "1"),
     ("--speed", "0"), ("--latency", "-1")],
)  # fmt: skip
def test_what_is_not_to_be_chosen_is_refused(arguments: tuple[str, str]) -> None:
    assert f"Invalid value for '{arguments[0]}'" in refusal(*arguments)


def test_an_account_has_a_name_that_can_stand_in_an_address() -> None:
    assert "An account cannot be called '../up'" in refusal("--memory", "../up", "--port", "0")


def test_what_can_be_chosen_is_what_there_is() -> None:
    assert [one.value for one in cli_simulate.Rate] == list(CHOICES)
    assert [one.value for one in cli_simulate.Profile] == list(PROFILES)
    assert [one.value for one in cli_simulate.RoleName] == list(get_args(Role.model_fields["name"].annotation))
