"""What a hash tree holds: both sides of every record, in digests that tell nothing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from migrator_lib.hash_tree import check
from migrator_lib.hash_tree.keys import untold
from migrator_lib.hash_tree.line import is_sound, leaf, line_of, parse, read, render, written
from migrator_lib.hash_tree.recorder import secret_of
from migrator_lib.hash_tree.tree import root_of
from migrator_lib.lookups.text import requester_key_of_address
from migrator_lib.proofs.behaviour import Behaviour
from migrator_lib.reconcile.differences import compare
from tests.hash_tree.written import SECRET, of_ticket, tickets, write

names = st.text("abc.", min_size=1, max_size=2)
scalars = st.none() | st.booleans() | st.integers(2, 3) | st.sampled_from([2.0, 0.5, "", "1", "a", "Ä"])
values = st.recursive(
    scalars,
    lambda inner: (
        st.dictionaries(st.text("xy", min_size=1, max_size=2), inner, max_size=2)
        | st.lists(st.sampled_from(["a", "b", "1"]), max_size=3)
        | st.lists(st.tuples(st.integers(1, 2), inner).map(list), max_size=2)
    ),
    max_leaves=6,
)
forms = st.dictionaries(st.sampled_from(["status", "tags", "meta", "custom_fields"]), values, max_size=4)


@given(forms, forms)
@settings(max_examples=80)
def test_a_line_tells_two_forms_apart_where_the_comparison_does(one: dict[str, Any], other: dict[str, Any]) -> None:
    line = line_of(SECRET, "ticket", "1", one, other)
    assert line.differs == bool(compare(one, other))
    assert not line_of(SECRET, "ticket", "1", one, dict(reversed(one.items()))).differs


@given(forms, forms)
@settings(max_examples=50)
def test_a_line_is_read_as_it_was_written(one: dict[str, Any], other: dict[str, Any]) -> None:
    line = line_of(SECRET, "ticket", "a,\n9%", one, other)
    columns = sorted({*(line.expected or ()), *(line.actual or ())})
    found = parse(render(line, columns), columns)
    assert (found.line, found.wrong) == (line, [])


@given(st.text(max_size=6))
@settings(max_examples=50)
def test_keys_of_any_letters_stand_in_a_line(text: str) -> None:
    there = written(text)
    assert read(there) == text
    assert not set(there) & set(',"\r\n')
    assert there.isascii()
    assert not there.startswith(("=", "+", "-", "@"))


def test_roots_are_those_of_the_leaves_in_the_order_of_keys_however_the_records_came(tmp_path: Path) -> None:
    told = [*tickets(11), ("ticket", "12", of_ticket(12), None), ("ticket", "10", None, {"id": 5})]
    roots = write(tmp_path / "one", told)
    assert write(tmp_path / "other", reversed(told[:-1])).objects != roots.objects
    again = write(tmp_path / "other", [*reversed(told[:-1]), told[-1]])
    assert again.objects == roots.objects
    assert (tmp_path / "other" / "ticket.csv").read_bytes() == (tmp_path / "one" / "ticket.csv").read_bytes()
    keys = [line.split(",")[0] for line in (tmp_path / "one" / "ticket.csv").read_text().splitlines()[1:]]
    assert keys == ["1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "10 (2)", "11", "12"]
    (ticket,) = roots.objects
    expected = [line_of(SECRET, "ticket", key, of_ticket(int(key)), None).expected for key in keys if "(" not in key]
    leaves = [
        leaf("ticket", key, digests) for key, digests in zip([k for k in keys if "(" not in k], expected, strict=True)
    ]
    leaves.insert(10, leaf("ticket", "10 (2)", None))
    assert ticket.expected == root_of(leaves).hex()
    assert (ticket.records, ticket.differ) == (13, 2)
    assert check(tmp_path / "one") == []


def test_both_roots_are_the_same_where_every_record_is_as_it_should_be(tmp_path: Path) -> None:
    right = write(tmp_path / "right", tickets(9))
    assert (right.expected, right.differ, right.objects[0].same) == (right.actual, 0, True)
    wrong = write(tmp_path / "wrong", [*tickets(8), ("ticket", "9", of_ticket(9), of_ticket(9, spam=True))])
    assert (wrong.expected, wrong.differ) == (right.expected, 1)
    assert wrong.actual != right.actual
    line = (tmp_path / "wrong" / "ticket.csv").read_text().splitlines()
    differing = [name for name, cell in zip(line[0].split(","), line[9].split(","), strict=True) if ">" in cell]
    assert differing == ["spam"]


def test_what_the_account_does_by_itself_is_counted_apart(tmp_path: Path) -> None:
    lower, other = of_ticket(1, tags=["VIP", "late"]), of_ticket(2, tags=["VIP"], priority="high")
    told = [("ticket", "1", of_ticket(1), lower), ("ticket", "2", of_ticket(2), other)]
    of_any = write(tmp_path / "of_any", told, behaviour=Behaviour(tag_case_matters=False, priority_kept=False))
    assert [(one.differ, one.by_account) for one in of_any.objects] == [(2, 1)]
    assert [(one.differ, one.by_account) for one in write(tmp_path / "strict", told).objects] == [(2, 0)]
    of_messages = [("ticket_message", "1", {"via": "api"}, {"via": "rule"})]
    not_kept = write(tmp_path / "messages", of_messages, behaviour=Behaviour(not_kept=("message.via",)))
    assert [(one.differ, one.by_account) for one in not_kept.objects] == [(1, 1)]


def test_digests_tell_no_value_and_not_that_two_records_have_the_same(tmp_path: Path) -> None:
    write(tmp_path / "one", tickets(2))
    write(tmp_path / "other", tickets(2), secret=b"another" * 5)
    head, first, second = ((tmp_path / "one" / "ticket.csv").read_text()).splitlines()
    cells = [dict(zip(head.split(","), line.split(","), strict=True)) for line in (first, second)]
    fields = [name for name in cells[0] if name not in ("key", "sides")]
    assert "meta.department" in fields
    assert "assignee_user" not in fields
    assert all(is_sound(one[name]) for one in cells for name in fields)
    assert not any(cells[0][name] == cells[1][name] for name in fields)
    of_other = (tmp_path / "other" / "ticket.csv").read_text()
    assert not any(one[name] in of_other for one in cells for name in fields)


def test_a_key_that_could_be_guessed_from_an_address_or_a_number_is_another_in_the_tree(tmp_path: Path) -> None:
    address, number = requester_key_of_address("ann@home.example"), "p" + "0123456789abcdef"
    keys = [address, f"{address}-012345", number, "u12", "unknown", f"{address}0", "exit"]
    write(tmp_path / "one", [("requester", key, {"a": 1}, {"a": 1}) for key in keys])
    assert check(tmp_path / "one") == []
    text = (tmp_path / "one" / "requester.csv").read_text() + (tmp_path / "one" / "requester.leaves").read_text()
    there = {line.split(",")[0] for line in text.splitlines()} - {"key"}
    assert there == {*(untold(SECRET, key) for key in keys[:3]), *keys[3:]}
    assert {key[:2] for key in there - {*keys}} == {"xe", "xp"}
    assert not any(f"{key}," in text for key in keys[:3])
    assert untold(b"other" * 6, address) not in there


def test_the_secret_is_made_once_and_for_its_owner_alone(tmp_path: Path) -> None:
    secret = secret_of(tmp_path)
    assert (len(secret), secret_of(tmp_path)) == (32, secret)
    assert (tmp_path / "hash_tree.key").stat().st_mode & 0o077 == 0


def test_roots_are_kept_as_they_are(tmp_path: Path) -> None:
    from migrator_lib.hash_tree import Roots

    roots = write(tmp_path / "one", tickets(3))
    kept = json.loads((tmp_path / "one" / "roots.json").read_text())
    assert Roots.from_json(kept) == roots
    assert (kept["root_expected"], kept["root_actual"]) == (roots.expected, roots.actual)
