"""An update that is killed at one of its writes, before or behind it, ends after the next load like any other."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from migrator_lib.simulators.gorgias.resources import users
from tests.loading import everything
from tests.shop import ANN, BASE, minutes
from tests.updating import Loaded, loaded

MOST = 40
SHOWN = ("name", "email", "label", "status", "subject", "body_text", "closed_datetime", "deactivated_datetime")


class Killed(BaseException):
    """Nothing of ours is done behind it."""


def change(desk: Loaded) -> None:
    """Change something of every kind: a name and a value of a customer, a team, fields, a tag, messages, a file."""
    shop = desk.shop
    shop.tables["Users"] = [dict(row) for row in BASE["Users"]]
    next(row for row in shop.tables["Users"] if row["UserID"] == ANN).update(DisplayName="Ann Married")
    shop.tables["CustomDataFieldsForUsers"][0]["DataContent"] = "M"
    shop.add("Users", {"UserID": 9, "Email": "new@demo.example", "DisplayName": "Nora"})
    shop.add("UsersInGroups", {"DepartmentID": 1, "GroupID": 11, "UserID": 9})
    shop.mapped["ticket_fields"] = {"4": {"name": "Parcels", "becomes": "text", "label": "Parcels"}}
    shop.mapped["brands"] = {"1": {"name": "Fernhill", "becomes": "tag", "tag": "Outdoor"}}
    shop.tables["TicketComments"][0]["CommentText"] = "Edited"
    shop.tables["TicketMessages"][0]["Subject"] = "Edited"
    shop.file("6.att", b"found again")


@contextmanager
def prepared(folder: Path) -> Iterator[Loaded]:
    """Yield what is loaded and has changed since."""
    with loaded(folder, 1) as desk:
        shop = desk.shop
        shop.mapped["person_fields"] = {"30": {"name": "x", "becomes": "text", "label": "Size"}}
        shop.add("CustomDataFields", {"CustomFieldID": 30, "DisplayName": "Size"})
        shop.add("CustomDataFieldsForUsers", {"UserID": ANN, "CustomFieldID": 30, "DataContent": "XL"})
        shop.add("TicketAttachments", {"TicketID": 1, "TicketAttachmentID": 6, "TicketMessageID": 101,
                                       "FileNameOnDisk": "6.att", "FileNameOriginal": "6.txt"})  # fmt: skip
        desk.load()
        with desk.account.store.transaction():
            users.create_user(
                desk.account, {"email": "new@demo.example", "name": "Nora", "role": {"name": "agent"}}, invite=False
            )
        change(desk)
        yield desk


def killing(desk: Loaded, patch: pytest.MonkeyPatch, at: int, *, behind: bool) -> None:
    """Let the process die at the write of this number, before it arrives or behind it."""
    original, seen = desk.api.transport.call, 0

    def call(method: str, *arguments: Any, **more: Any) -> Any:
        nonlocal seen
        seen += method != "GET"
        if method != "GET" and seen == at and not behind:
            raise Killed
        answer = original(method, *arguments, **more)
        if method != "GET" and seen == at:
            raise Killed
        return answer

    patch.setattr(desk.api.transport, "call", call)


def state(desk: Loaded) -> tuple[Any, ...]:
    """Return all that the account holds, without its own ids."""
    things = [
        sorted(repr([thing.get(name) for name in SHOWN]) for thing in desk.account.store.by_kind(kind))
        for kind in ("customer", "team", "ticket", "message", "tag", "custom_field")
    ]
    return everything(desk.account.store), things


def test_an_update_killed_at_a_write_before_or_behind_it_ends_like_one_that_was_not(tmp_path: Path) -> None:
    with prepared(tmp_path / "whole") as desk:
        desk.calls()
        desk.load()
        writes = sum(n for name, n in desk.calls().items() if not name.startswith("GET"))
        undisturbed = state(desk)
        assert desk.reconcile().wrong == 0
    assert 8 < writes < MOST
    for number in range(1, writes + 1, 2):
        with prepared(tmp_path / str(number)) as desk:
            with pytest.MonkeyPatch.context() as patch:
                killing(desk, patch, number, behind=number % 4 == 1)
                with pytest.raises(Killed):
                    desk.load()
            desk.load()
            assert state(desk) == undisturbed, number
            desk.ledger.verify()


# --- the source moves on before the next load ----------------------------------------------------------


def edit(desk: Loaded, word: str) -> None:
    """Give a customer, a value of theirs, a ticket, a comment and the first of two messages of one moment a word."""
    shop = desk.shop
    shop.tables["Users"] = [dict(row) for row in BASE["Users"]]
    next(row for row in shop.tables["Users"] if row["UserID"] == ANN).update(DisplayName=f"Ann {word}")
    shop.tables["CustomDataFieldsForUsers"][0]["DataContent"] = word
    shop.tables["Tickets"][0]["Subject"] = f"Subject {word}"
    shop.tables["TicketComments"][0]["CommentText"] = f"Comment {word}"
    shop.tables["TicketMessages"][0]["Subject"] = f"Message {word}"


@contextmanager
def edited(folder: Path, word: str) -> Iterator[Loaded]:
    """Yield what is loaded with a word."""
    with loaded(folder, 1) as desk:
        shop = desk.shop
        shop.mapped["person_fields"] = {"30": {"name": "x", "becomes": "text", "label": "Size"}}
        shop.add("CustomDataFields", {"CustomFieldID": 30, "DisplayName": "Size"})
        shop.add("CustomDataFieldsForUsers", {"UserID": ANN, "CustomFieldID": 30, "DataContent": "XL"})
        shop.add("TicketComments", {"TicketID": 1, "TicketCommentID": 77, "DateEnteredUTC": minutes(30)})
        edit(desk, word)
        desk.load()
        yield desk


def test_a_source_that_is_as_before_or_another_one_after_a_killed_update_is_what_is_there_in_the_end(
    tmp_path: Path,
) -> None:
    wanted: dict[str, Any] = {}
    for later in ("old", "third"):
        with edited(tmp_path / later, later) as desk:
            wanted[later] = [], state(desk), names(desk)
    for number in range(1, 20):
        later = ("old", "third")[number % 2]
        with edited(tmp_path / str(number), "old") as desk:
            edit(desk, "new")
            with pytest.MonkeyPatch.context() as patch:
                killing(desk, patch, number, behind=True)
                try:
                    desk.load()
                except Killed:
                    pass
                else:
                    break
            edit(desk, later)
            report = desk.load()
            assert (report.conflicts, state(desk), names(desk)) == wanted[later], number
    assert number > 5


def test_a_change_of_a_customer_that_arrives_when_its_run_is_dead_is_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    late: list[Callable[[], Any]] = []
    with edited(tmp_path, "old") as desk:
        edit(desk, "new")
        call, sleep = desk.api.transport.call, desk.api.clock.sleep

        def cut_off(method: str, *arguments: Any, **more: Any) -> Any:
            if method == "PUT":
                late.append(lambda: call(method, *arguments, **more))
                raise Killed
            return call(method, *arguments, **more)

        def meanwhile(seconds: float) -> None:
            if late and seconds > 1:
                late.pop()()
            sleep(seconds)

        with monkeypatch.context() as patch:
            patch.setattr(desk.api.transport, "call", cut_off)
            with pytest.raises(Killed):
                desk.load()
        edit(desk, "third")
        monkeypatch.setattr(desk.api.clock, "sleep", meanwhile)
        assert desk.load().conflicts == []
        assert late == []
        assert desk.thing("customer", f"st:demo:requester:u{ANN}")["name"] == "Ann third"


def names(desk: Loaded) -> list[str]:
    """Return the external ids of a thread in its order."""
    return [message["external_id"] for message in desk.messages(1)]
