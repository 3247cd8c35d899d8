"""The page of a re-mapping says what differs and what it costs, and shows nothing that identifies anybody."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from migrator_lib.mapping import EngagementMapping
from migrator_lib.parameters import Parameters
from migrator_lib.paths import Paths
from migrator_lib.remap import Result, pages
from tests.loading import TARGET
from tests.remap.remapped import remapped, statuses
from tests.updating import Loaded, loaded


@dataclass
class Opened:
    """What a page needs of an engagement."""

    desk: Loaded
    rehearsal: bool = True
    target_rate: float = 1.8
    name: str = "demo"

    @property
    def parameters(self) -> Parameters:
        return self.desk.shop.parameters()

    @property
    def mapping(self) -> EngagementMapping:
        return self.desk.shop.mapping(self.desk.shop.stage())

    @property
    def paths(self) -> Paths:
        return Paths.of(self.desk.shop.folder, self.name)

    @property
    def ledger(self) -> object:
        return self.desk.ledger


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Loaded]:
    with loaded(tmp_path, 3) as found:
        found.load()
        yield found


def page(desk: Loaded) -> str:
    file = pages.write(Opened(desk), Result(remapped(desk), 0.5))  # type: ignore[arg-type]
    assert file.name == "remapping.html"
    return file.read_text(encoding="utf-8")


def test_nothing_changed_is_said_first(desk: Loaded) -> None:
    assert "By this mapping everything is as it was sent." in page(desk)
    assert "No field differs." in page(desk)


def test_what_differs_is_named_with_its_cost_and_nobodys_address_or_words_are_shown(desk: Loaded) -> None:
    desk.shop.mapped["statuses"] = statuses(waiting="on hold")
    desk.shop.mapped["ticket_fields"] = {"4": {"name": "Parcels", "becomes": "text", "label": "Parcels"}}
    row = next(row for row in desk.shop.tables["TicketMessages"] if row["TicketMessageID"] == 300)
    row["BodyText"] = "Please call me at ann@home.example"
    desk.load()
    row["BodyText"] = "Another secret thing"
    desk.shop.mapped["statuses"] = statuses(waiting="waiting for us")
    text = page(desk)
    assert "waiting for us" in text
    assert "calls take" in text
    assert "The next load would take up" in text
    assert "secret thing" not in text
    assert "@home.example" not in text


def test_what_is_left_out_says_what_the_load_does_with_it(desk: Loaded) -> None:
    next(row for row in desk.shop.tables["Tickets"] if row["TicketID"] == 1)["IsDeleted"] = True
    assert "trashes it, unless somebody changed it in Gorgias" in page(desk)
    desk.shop.delta["deleted_tickets"] = "keep"
    assert "leaves it in Gorgias, and lists it" in page(desk)


def test_what_nobody_can_change_of_a_ticket_is_named(desk: Loaded) -> None:
    desk.shop.mapped["directions"] = {"0": {"becomes": "outgoing"}, "1": {"becomes": "incoming"}}
    found = remapped(desk)
    assert found.objects["ticket"].fields["from_agent"] == 3
    assert found.objects["ticket"].fixed == {}
    assert "so it stays" not in pages.ways(found)
    found.objects["ticket"].fixed["created_datetime"] = 3  # as no mapping changes it, and a source can
    assert "so it stays: created datetime (3)" in pages.ways(found)


def test_a_rehearsal_shows_it_only_where_something_was_loaded(tmp_path: Path, desk: Loaded) -> None:
    with loaded(tmp_path / "new", 1) as fresh:
        assert "A rehearsal after a load shows here" in pages.in_rehearsal(Opened(fresh))  # type: ignore[arg-type]
    assert "A rehearsal after a load" in pages.in_rehearsal(Opened(desk, rehearsal=False))  # type: ignore[arg-type]
    assert desk.ledger.meta(f"loads:{TARGET}")["loads"]
