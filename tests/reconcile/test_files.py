"""What uploaded files hold is compared with the source's: without a call by what was sent, and by downloads."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from typing import Any

import pytest

from migrator_lib.clock import ManualClock
from migrator_lib.errors import MigratorError, RecordRejected, RecordUnusable, TargetUnreachable
from migrator_lib.gorgias.api import GorgiasApi, Json
from migrator_lib.ledger import Entry, Ledger
from migrator_lib.ledger.sent_files import FILE, place
from migrator_lib.progress import Progress
from migrator_lib.reconcile import Reconciler, Reconciliation, contents
from migrator_lib.reconcile.contents import Contents, Looked
from migrator_lib.reconcile.readback import ReadBack
from migrator_lib.simulators.gorgias import Account
from migrator_lib.simulators.gorgias.in_process import api_of
from migrator_lib.staging import Staged
from tests.loading import TARGET, load, ticket
from tests.shop import Shop
from tests.simulated_account import SEED

FILES = {
    1: ("photo.png", b"\x89PNG one"),
    2: ("order.pdf", b"%PDF a longer second one"),
    3: ("photo.png", b"\x89PNG 3"),
}


class Seen:
    """A witness that keeps what it is told of attachments."""

    def __init__(self) -> None:
        self.sides: dict[str, tuple[Json | None, Json | None]] = {}

    def saw(self, obj: str, key: str, expected: Json | None, actual: Json | None) -> None:
        if obj == "attachment":
            assert key not in self.sides
            self.sides[key] = expected, actual


@dataclass
class World:
    """Three tickets with a file each, loaded into an account."""

    shop: Shop
    ledger: Ledger
    staged: Staged
    account: Account
    api: GorgiasApi

    def verify(self, share: float = 0.0, calls: int = 100) -> tuple[Reconciliation, Seen]:
        seen, progress = Seen(), Progress(self.shop.folder / "progress.json", "06_reconcile")
        read = ReadBack(self.shop.folder / "readback.sqlite3", "demo")
        read.read(self.api, progress)
        with closing(Contents(self.ledger, TARGET)) as files:
            files.look(self.api, share, calls, most_bytes=1000, hosts=(), progress=progress)
            found = Reconciler(
                ledger=self.ledger, target=TARGET, staged=self.staged, lookups=self.shop.lookups(self.staged),
                read=read, progress=progress, witness=seen, contents=files,
            ).run()  # fmt: skip
        read.close()
        return found, seen

    def told(self, share: float = 0.0) -> dict[str, tuple[str, set[str]]]:
        """Return what is wrong with which attachment: its state, and the fields that differ."""
        found, _ = self.verify(share)
        return {
            one.source_key: (one.state, {each.field for each in one.differences})
            for one in found.findings
            if one.object == "attachment"
        }

    def message(self, key: int) -> Json:
        return self.account.store.by("message", "parent", ticket(self.account, key)["id"])[0]

    def change(self, key: int, **fields: Any) -> None:
        """Change the attachment of a message behind the account's back."""
        message = self.message(key)
        message["attachments"][0].update(fields)
        self.account.store.put("message", message, parent=message["ticket_id"])

    def store(self, key: int, content: bytes | None) -> None:
        """Put another content behind a file's address, or none."""
        name = self.message(key)["attachments"][0]["url"].rsplit("/", 1)[-1]
        if content is None:
            self.account.store._connection.execute("DELETE FROM file WHERE name=?", (name,))
        else:
            self.account.store._connection.execute("UPDATE file SET content=? WHERE name=?", (content, name))

    def swap(self, *fields: str) -> None:
        one, other = (self.message(key)["attachments"][0] for key in (1, 2))
        self.change(1, **{name: other[name] for name in fields})
        self.change(2, **{name: one[name] for name in fields})


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("files")
    shop = Shop(folder / "shop")
    for key, (name, content) in FILES.items():
        shop.add("Tickets", {"TicketID": key}).add("TicketMessages", {"TicketID": key, "TicketMessageID": key})
        shop.add("TicketAttachments", {"TicketID": key, "TicketAttachmentID": key, "TicketMessageID": key,
                                       "FileNameOriginal": name, "FileNameOnDisk": f"{key}.att",
                                       "Length": len(content)})  # fmt: skip
        shop.file(f"{key}.att", content)
    account, ledger = Account("demo", None, seed=SEED, clock=ManualClock()), Ledger.in_folder(folder / "state")
    api, staged = api_of(account), shop.stage()
    load(shop, api, ledger, staged)
    yield World(shop, ledger, staged, account, api)
    ledger.close()
    account.store.close()


@pytest.fixture
def world(made: World) -> Iterator[World]:
    saved = made.account.store.saved()
    yield made
    with made.account.store.transaction():
        made.account.store.restore(saved)
    made.ledger.settle(place(TARGET), [_forgotten(entry) for entry in made.ledger.entries(place(TARGET))])


def _forgotten(entry: Entry) -> Entry:
    return replace(entry, target_id="an earlier address")


def test_what_was_sent_is_noted_and_compared_with_the_source_without_a_download(world: World) -> None:
    found, seen = world.verify()
    assert (found.counts["attachment"], found.findings, found.untold) == ({"validated": 3}, [], 0)
    assert found.looked == Looked(files=3)
    name, content = FILES[2]
    side = {"sha256": hashlib.sha256(content).hexdigest(), "size": len(content), "name": name,
            "content_type": "application/pdf"}  # fmt: skip
    assert seen.sides["2"] == (side, side)


def test_files_that_changed_places_are_found_without_a_download(world: World) -> None:
    world.swap("url")
    found, _ = world.verify()
    wrong = {one.source_key: one for one in found.findings if one.object == "attachment"}
    assert {key: {each.field for each in one.differences} for key, one in wrong.items()} == {
        "1": {"sha256", "size"}, "2": {"sha256", "size"},
    }  # fmt: skip
    assert [wrong[key].words for key in "12"] == ["its own file is on ticket_message 2",
                                                  "its own file is on ticket_message 1"]  # fmt: skip
    world.swap("url")
    world.swap("name")
    assert world.told() == {"1": ("mismatched", {"name"}), "2": ("mismatched", {"name"})}
    world.swap("url", "content_type", "size")
    assert world.told() == {"1": ("missing", set()), "2": ("missing", set())}


def test_a_file_that_is_on_another_message_too_or_on_none_is_told(world: World) -> None:
    other, mine = world.message(2), world.message(1)["attachments"]
    other["attachments"] += mine
    world.account.store.put("message", other, parent=other["ticket_id"])
    found, _ = world.verify()
    assert [(one.source_key, one.state, one.words) for one in found.findings if one.object == "attachment"] == [
        ("1", "mismatched", "also on ticket_message 2")
    ]
    world.change(1, url="https://elsewhere.example/x.png")
    found, seen = world.verify()
    assert "but on ticket_message 2" in next(one.words for one in found.findings if one.object == "attachment")
    assert seen.sides["1"][1] is None


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"name": "another.png"}, {"name"}),
        ({"content_type": "text/html"}, {"content_type"}),
        ({"size": 7}, {"size"}),
    ],
)
def test_a_field_of_an_attachment_that_is_another_is_named_without_a_download(
    world: World, fields: Json, expected: set[str]
) -> None:
    world.change(1, **fields)
    assert world.told() == {"1": ("mismatched", expected)}


def test_a_content_that_was_swapped_is_found_by_downloads_and_told_again_until_a_download_says_otherwise(
    world: World,
) -> None:
    one, other = FILES[1][1], FILES[2][1]
    world.store(1, other)
    world.store(2, one)
    assert world.told() == {}
    assert world.told(1.0) == {key: ("mismatched", {"sha256", "size"}) for key in ("1", "2")}
    assert world.told() == {key: ("mismatched", {"sha256", "size"}) for key in ("1", "2")}
    world.store(1, one)
    world.store(2, other)
    found, seen = world.verify(0.02)  # two downloads, and those that were wrong are the first
    assert (found.wrong, found.looked) == (0, Looked(files=3, ever=3, now=2))
    assert all(expected == actual for expected, actual in seen.sides.values())


def test_a_file_that_is_cut_short_grown_or_gone_is_told(world: World) -> None:
    world.store(1, FILES[1][1][:-1])
    world.store(2, FILES[2][1] + bytes(2 << 20))
    world.store(3, None)
    found, _ = world.verify(1.0)
    wrong = {one.source_key: one for one in found.findings}
    assert {key: (one.state, {each.field for each in one.differences}) for key, one in wrong.items()} == {
        "1": ("mismatched", {"sha256", "size"}), "2": ("mismatched", {"sha256", "size"}), "3": ("missing", set()),
    }  # fmt: skip
    assert "404" in wrong["3"].words


def test_each_verification_sees_files_that_none_saw_before(world: World) -> None:
    before = world.account.stats.calls
    for ever in (1, 2, 3):
        found, _ = world.verify(0.01)
        assert found.looked == Looked(files=3, ever=ever, now=1)
    read_back = (world.account.stats.calls - before) // 3
    world.verify()
    assert world.account.stats.calls - before == 3 * read_back + read_back - 1
    assert (world.verify(0.0001)[0].looked.now, world.verify(1.0)[0].looked.now) == (1, 3)


def test_a_storage_that_does_not_answer_leaves_files_unseen_and_nothing_wrong(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried = []

    def away(url: str, **_: Any) -> Any:
        tried.append(url)
        raise TargetUnreachable("Gorgias did not answer", next_step="run again.")

    monkeypatch.setattr(world.api.uploads, "content", away)
    monkeypatch.setattr(contents, "IN_A_ROW", 2)
    found, _ = world.verify(1.0)
    assert (found.wrong, found.counts["attachment"]["validated"]) == (0, 3)
    assert found.looked == Looked(files=3, unanswered=3, why="Gorgias did not answer")
    assert len(tried) == 2


@pytest.mark.parametrize("refusal", [RecordUnusable("elsewhere"), RecordRejected("refused", status=400)])
def test_files_that_are_refused_hide_no_other(
    world: World, monkeypatch: pytest.MonkeyPatch, refusal: MigratorError
) -> None:
    download, kept = world.api.uploads.content, world.message(3)["attachments"][0]["url"]

    def content(url: str, **limits: Any) -> Any:
        if url != kept:
            raise refusal
        return download(url, **limits)

    monkeypatch.setattr(world.api.uploads, "content", content)
    monkeypatch.setattr(contents, "IN_A_ROW", 1)
    assert world.verify(1.0)[0].looked == Looked(files=3, ever=1, now=1, unanswered=2, why=refusal.message)


def test_a_file_that_was_sent_before_digests_were_noted_is_compared_by_what_is_known(world: World) -> None:
    entry = world.ledger.entry(TARGET, "attachment", "1")
    assert entry is not None
    assert entry.detail[FILE]["size"] == len(FILES[1][1])
    world.ledger.settle(TARGET, [replace(entry, detail={})])
    found, seen = world.verify()
    assert (found.wrong, found.untold) == (0, 1)
    expected, actual = seen.sides["1"]
    assert expected == actual
    assert (world.verify(1.0)[0].untold, world.told()) == (0, {})
    world.ledger.settle(TARGET, [entry])
