"""Every field that a payload writes is compared, or is listed with the reason why it is not."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from migrator_lib.gorgias.api import Json
from migrator_lib.load.tickets import _still_asleep
from migrator_lib.lookups import Lookups
from migrator_lib.mapping.file import load
from migrator_lib.objects import ATTACHMENT, CONVERSATIONS, ON_TICKETS, PEOPLE, SETUP
from migrator_lib.objects.base import MigrationObject, Resolver, Send
from migrator_lib.objects.conversation import Conversation, compared_message
from migrator_lib.reconcile.scope import NOT_READ_BACK
from migrator_lib.simulators.smartertrack import build
from migrator_lib.smartertrack.files import FilesRoot
from migrator_lib.staging import Staged
from tests.extracting import Desk
from tests.mutations.payloads import another, at, general, leaves, put
from tests.mutations.world import shop
from tests.shop import Shop
from tests.world.desk import the_desk

Source = tuple[Staged, Lookups]
DEMO = Path(__file__).resolve().parents[2] / "parameters" / "demo" / "mapping.yaml"
SENT = (*SETUP, *PEOPLE, *CONVERSATIONS, *ON_TICKETS, ATTACHMENT)
LISTED = {(one.object, one.path) for one in NOT_READ_BACK}


def demo(folder: Path) -> Source:
    """The help desk of the demo, by its mapping; fewer tickets show the same kinds of records."""
    source = Desk(f"sqlite:///{folder / 'source.sqlite3'}", folder / "state")
    build(source.url, folder / "files", seed=7, tickets=60)
    with source.reader(page_rows=10_000) as reader:
        reader.definitions()
        reader.conversations()
        reader.files(FilesRoot.at(folder / "files"))
    staged, parameters = source.staged("full"), Shop(folder / "shop").parameters()
    return staged, Lookups.of(staged, load(DEMO), parameters)


def small(folder: Path) -> Source:
    """The help desk of the mutation test, with one of everything."""
    made = shop(folder)
    staged = made.stage()
    return staged, made.lookups(staged)


def world(folder: Path) -> Source:
    """The help desk of the simulated worlds."""
    desk = the_desk()
    desk.begin()
    desk.fill()
    staged = Staged([desk.stage("full", None)])
    return staged, desk.lookups(staged)


def payloads(source: Source, obj: MigrationObject) -> Iterator[tuple[str, Json, Callable[[Json], Json]]]:
    """Yield what is written of each record: the name it goes by, the payload, and what makes it canonical."""
    staged, lookups = source
    for record in obj.records(staged, lookups):
        outcome = obj.transform(record, lookups)
        if isinstance(outcome, Send):
            payload = _still_asleep(Everything().resolve(outcome.payload))
            yield obj.name, payload, obj.verified_form
            for message in payload["messages"] if isinstance(obj, Conversation) else ():
                yield "message", message, compared_message


class Everything(Resolver):
    """Finds everything that a payload refers to."""

    def __init__(self) -> None:
        super().__init__({})

    def id_of(self, reference: str, *, fall_back: bool = True) -> int | None:
        return sum(map(ord, reference))

    def url_of(self, attachment: str) -> str | None:
        return f"https://files.example/{attachment}"


@pytest.mark.parametrize("source", [demo, small, world])
def test_whatever_a_payload_writes_is_compared_or_listed(source: Callable[[Path], Source], tmp_path: Path) -> None:
    found, unseen = set[tuple[str, str]](), set[tuple[str, str]]()
    made = source(tmp_path)
    for obj in SENT:
        for name, payload, form in payloads(made, obj):
            for path in leaves(payload):
                field = name, general(path)
                if field in found:
                    continue
                found.add(field)
                if not _tells(form, payload, path):
                    unseen.add(field)
    assert {name for name, _ in found} >= {"user", "requester", "ticket", "message", "attachment"}
    assert unseen == {field for field in LISTED if field in found}


def _tells(form: Callable[[Json], Json], payload: Json, path: Any) -> bool:
    """Whether the canonical form of a payload is another one where one of its values is."""
    changed = deepcopy(payload)
    put(changed, path, another(at(payload, path), path))
    return form(changed) != form(payload)


def test_what_is_listed_says_why_and_is_of_an_object_that_there_is() -> None:
    assert all(one.why and one.object in {obj.name for obj in SENT} for one in NOT_READ_BACK)
    assert len(LISTED) == len(NOT_READ_BACK)
