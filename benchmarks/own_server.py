"""A PostgreSQL of our own in a temporary folder, that may be stopped, killed and started again.

It listens on a free port of 127.0.0.1. As root it runs as the user that its package made, since it refuses to be root.
"""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from benchmarks.servers import ServerMissing

USER = "postgres"
PLACES = ("/usr/lib/postgresql/*/bin", "/usr/local/bin", "/usr/bin", "/opt/homebrew/bin")
"""Where its programs may be; Debian keeps them where PATH does not look."""


@dataclass
class OwnServer:
    """A server of PostgreSQL."""

    programs: Path
    folder: Path
    port: int
    options: tuple[str, ...]

    @property
    def url(self) -> str:
        """The URL of its database ``postgres``."""
        return f"postgresql+psycopg://{USER}@127.0.0.1:{self.port}/postgres"

    def start(self) -> None:
        """Start it, and return when it answers."""
        given = ("listen_addresses=127.0.0.1", "unix_socket_directories=", f"port={self.port}", *self.options)
        words = " ".join(f"-c {one}" for one in given)
        self._control("start", "-w", "-s", "-l", str(self.folder / "log"), "-o", words)

    def stop(self, *, how: str = "fast") -> None:
        """Stop it: ``fast`` ends sessions, ``immediate`` is as if its processes were killed."""
        self._control("stop", "-m", how, "-s")

    def _control(self, *words: str) -> None:
        run(self.programs / "pg_ctl", words[0], "-D", self.folder / "data", *words[1:])


def programs() -> Path:
    """Return the folder of PostgreSQL's programs, those of the newest version.

    Raises:
        ServerMissing: there are none.
    """
    on_path = shutil.which("initdb")
    if on_path:
        return Path(on_path).parent
    found = [
        one
        for place in PLACES
        for one in Path("/").glob(place.removeprefix("/"))
        if (one / "initdb").exists() and (one / "pg_ctl").exists()
    ]
    if not found:
        raise ServerMissing("PostgreSQL's programs are not on this machine (Debian: apt-get install postgresql)")
    return max(found, key=str)


def run(program: Path, *arguments: object) -> None:
    """Run a program of PostgreSQL's; as its own user, where this one is root.

    Raises:
        ServerMissing: it failed.
    """
    user = USER if os.geteuid() == 0 else None
    command = [str(program), *map(str, arguments)]
    done = subprocess.run(
        command, user=user, group=user, extra_groups=[] if user else None, cwd="/", text=True,
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=False,
    )  # fmt: skip
    if done.returncode:
        raise ServerMissing(f"{program.name} failed: {done.stderr.strip()}")


@contextmanager
def own_postgresql(*options: str) -> Iterator[OwnServer]:
    """Give a running server; it and its folder are gone at the end.

    Args:
        options: settings such as ``fsync=off``; without any it is as durable as PostgreSQL is by itself.

    Raises:
        ServerMissing: there is none on this machine, or it does not start.
    """
    found = programs()
    with tempfile.TemporaryDirectory(prefix="migrator-postgresql-") as name:
        folder = Path(name)
        if os.geteuid() == 0:
            with suppress(KeyError):
                os.chown(folder, pwd.getpwnam(USER).pw_uid, -1)
        run(found / "initdb", "-D", folder / "data", f"--username={USER}", "--auth=trust", "--encoding=UTF8",
            "--locale=C", "--no-sync")  # fmt: skip
        with socket.create_server(("127.0.0.1", 0)) as listener:
            port = int(listener.getsockname()[1])
        server = OwnServer(found, folder, port, options)
        server.start()
        try:
            yield server
        finally:
            with suppress(ServerMissing):
                server.stop(how="immediate")
