"""Running the simulated accounts: in this process, or as a process of its own that never outlives its parent."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import uvicorn

from migrator_lib.errors import ParameterError, TargetUnreachable
from migrator_lib.simulators.gorgias.account import Account
from migrator_lib.simulators.gorgias.app import create_app
from migrator_lib.simulators.gorgias.open_accounts import USUAL, Conditions, open_accounts

Ready = Callable[[Mapping[str, str], Mapping[str, Account]], None]


def print_addresses(addresses: Mapping[str, str], _accounts: Mapping[str, Account]) -> None:
    """Say where the accounts are, as one line of JSON: what a process that started this one waits for."""
    port = next((urlsplit(address).port for address in addresses.values()), None)
    print(json.dumps({"port": port, "accounts": dict(addresses)}), flush=True)


def serve(
    folder: Path | None,
    accounts: Sequence[str],
    *,
    port: int = 0,
    seed: Path | None = None,
    conditions: Conditions = USUAL,
    exit_with_stdin: bool = False,
    ready: Ready = print_addresses,
) -> None:
    """Serve accounts on loopback until stopped.

    Args:
        folder: where their state is kept; None keeps it in memory.
        accounts: their names.
        port: 0 takes a free one.
        seed: file with what an account holds at first.
        conditions: how they behave toward their clients.
        exit_with_stdin: end with the process that started this one.
        ready: is told the addresses by name, and the accounts, when they can be reached.

    Raises:
        ParameterError: the port is in use, or the seed cannot be held.
        StorageError: the folder cannot be written.
    """
    try:
        listening = _listen(port)
    except OSError as error:
        raise ParameterError(
            f"Port {port} of 127.0.0.1 cannot be used: {error.strerror}.",
            next_step="give another --port; 0 takes a free one.",
        ) from error
    with listening:
        made = open_accounts(folder, accounts, seed, conditions)
        if exit_with_stdin:
            threading.Thread(target=_end_with_stdin, daemon=True).start()
        actual = listening.getsockname()[1]
        ready({name: f"http://127.0.0.1:{actual}/{quote(name)}" for name in accounts}, made)
        _server(create_app(made)).run(sockets=[listening])


def _server(app: Callable[..., Any]) -> uvicorn.Server:
    return uvicorn.Server(uvicorn.Config(app, log_level="error", access_log=False, lifespan="off"))


def _listen(port: int = 0) -> socket.socket:
    # asyncio turns Nagle's delay off only for sockets that name their protocol
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listening.bind(("127.0.0.1", port))
    listening.listen(128)
    return listening


@contextmanager
def app_in_thread(app: Callable[..., Any]) -> Iterator[str]:
    """Serve an ASGI app from a thread of this process for the length of a block; yield its address."""
    listening = _listen()
    server = _server(app)
    thread = threading.Thread(target=server.run, args=([listening],), name="simulated-gorgias", daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        server.should_exit = server.force_exit = True  # else it waits for clients that keep their connections
        thread.join()


@contextmanager
def in_thread(accounts: Mapping[str, Account]) -> Iterator[dict[str, str]]:
    """Serve accounts from a thread of this process for the length of a block; yield their addresses by name."""
    with app_in_thread(create_app(accounts)) as url:
        yield {name: f"{url}/{name}" for name in accounts}


def _end_with_stdin() -> None:
    """End this process when whoever started it is gone, however it went."""
    sys.stdin.buffer.read()
    os._exit(0)


@dataclass(frozen=True)
class RunningSimulator:
    """A simulator in a process of its own."""

    accounts: dict[str, str]
    process: subprocess.Popen[bytes]

    def base_url(self, account: str) -> str:
        """Return an account's address."""
        return self.accounts[account]


@contextmanager
def running(
    state_dir: Path,
    accounts: Sequence[str],
    *,
    speed: float = 1.0,
    seed: Path | None = None,
) -> Iterator[RunningSimulator]:
    """Run a simulator as a subprocess for the length of a block.

    Raises:
        TargetUnreachable: it did not start.
    """
    command = [sys.executable, "-m", "migrator_lib.simulators.gorgias", str(state_dir), *accounts]
    command += ["--speed", str(speed), "--exit-with-stdin"]
    command += ["--seed", str(seed)] if seed else []
    # a session of its own: Ctrl-C stops the run at the next record, and needs the account until then
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True)
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        if not line:
            raise TargetUnreachable(
                f"The simulated Gorgias account did not start (exit code {process.wait()}).",
                next_step="its words stand above; run 'migrator simulate gorgias' to see them alone.",
            )
        yield RunningSimulator(json.loads(line)["accounts"], process)
    finally:
        process.kill()
        process.communicate()  # waits, and closes the pipes
