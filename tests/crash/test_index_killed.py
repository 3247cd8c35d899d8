"""An index of files that is killed while it reads them, and made again, ends as if nothing had happened."""

from __future__ import annotations

import signal
from pathlib import Path

from tests.crash.nursery import Nursery
from tests.extracting import Desk
from tests.smartertrack.source_desk import add_ticket, create, sqlite_url, tables_of, writing

FILES = 23


def _run(children: Nursery, desk: Desk, root: Path, left: int) -> int | str:
    return children.run("tests.crash.index_until:main", desk.url, str(desk.folder), str(root), left)


def test_an_index_killed_again_and_again_ends_byte_for_byte_like_an_undisturbed_one(
    tmp_path: Path, children: Nursery
) -> None:
    tables, root = tables_of(), tmp_path / "files"
    create(sqlite_url(tmp_path), tables)
    with writing(sqlite_url(tmp_path), tables) as write:
        add_ticket(write, 1)
        for n in range(FILES):
            write.add("TicketAttachments", TicketAttachmentID=n + 1, TicketID=1, FileNameOnDisk=f"{n}.att")
            (root / str(n % 3)).mkdir(parents=True, exist_ok=True)
            (root / str(n % 3) / f"{n}.att").write_bytes(b"x" * n)
    undisturbed = Desk(sqlite_url(tmp_path), tmp_path / "undisturbed")
    assert _run(children, undisturbed, root, FILES) == 0
    desk, killed = Desk(sqlite_url(tmp_path), tmp_path / "killed"), 0
    while _run(children, desk, root, 9) == -signal.SIGKILL:
        killed += 1
        assert killed < 5
    assert killed >= 2
    assert desk.bytes_of() == undisturbed.bytes_of()
    assert desk.chunks("Files") == undisturbed.chunks("Files")
