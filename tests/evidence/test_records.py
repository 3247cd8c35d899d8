"""The lists behind the accounts: what the last comparison found, links, and what older reports lead to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path

from migrator_lib.evidence import flows
from migrator_lib.evidence.records import Line, Lists, lines, link_of, write_lines
from migrator_lib.ledger import Entry, Ledger
from migrator_lib.objects import OBJECTS
from migrator_lib.reconcile import verdicts
from migrator_lib.reconcile.accounts import PART_TITLES, Account
from migrator_lib.reconcile.differences import Difference
from migrator_lib.reconcile.result import Finding
from migrator_lib.reconcile.verdicts import Verdicts

TARGET, URL = "production", "https://fernhill.gorgias.com/"
WRONG = Finding("ticket", "2", "mismatched", (Difference("subject", "a", "b"),), 12)


def made(ledger: Ledger, file: Path) -> dict[str, Line]:
    def numbers(_obj: str, keys: Sequence[str]) -> Mapping[str, str]:
        return {"2": "100-2"} if "2" in keys else {}

    with closing(Verdicts(file)) as found:
        return {f"{one.object}:{one.key}": one for one in lines(ledger, TARGET, URL, numbers, found)}


def test_a_list_says_what_the_last_comparison_found_and_nothing_of_what_came_after_it(
    ledger: Ledger, tmp_path: Path
) -> None:
    file = tmp_path / verdicts.FILE
    ticket = [Entry("ticket", str(n), "created", target_id=str(10 + n)) for n in (1, 2, 3)]
    skipped = Entry("ticket", "9", "skipped", rule="spam_ticket")
    ledger.settle(TARGET, [*ticket[:2], skipped])
    assert {one.found for one in made(ledger, file).values()} == {""}
    with verdicts.writing(file) as note:
        note(WRONG)
    ledger.settle(TARGET, ticket[2:])
    found = made(ledger, file)
    assert {key: one.found for key, one in found.items()} == {
        "ticket:1": "validated", "ticket:2": "mismatched", "ticket:3": "", "ticket:9": "",
    }  # fmt: skip
    assert (found["ticket:2"].number, found["ticket:2"].gorgias_link) == ("100-2", f"{URL}app/ticket/12")
    with closing(Verdicts(file)) as reader:
        assert list(reader.rows()) == [("ticket", "2", "mismatched", "subject")]


def test_a_comparison_that_broke_off_leaves_what_the_one_before_it_found(tmp_path: Path) -> None:
    file = tmp_path / verdicts.FILE
    with verdicts.writing(file) as note:
        note(WRONG)
    try:
        with verdicts.writing(file):
            raise KeyboardInterrupt
    except KeyboardInterrupt:
        pass
    with closing(Verdicts(file)) as found:
        assert found.states("ticket", ["1", "2"]) == {"2": "mismatched"}


def test_nothing_of_anybody_is_in_a_line(ledger: Ledger, tmp_path: Path) -> None:
    url = "https://uploads.gorgias.io/a/Ann-Olsen.png"
    reason = "Gorgias answered ann@home.example\nNext: mend it."
    ledger.settle(TARGET, [
        Entry("attachment", "5", "created", target_id=url), Entry("requester", "u1", "quarantined", reason=reason),
    ])  # fmt: skip
    told = made(ledger, tmp_path / verdicts.FILE)
    assert (told["attachment:5"].gorgias_id, told["attachment:5"].gorgias_link) == ("", "")
    assert told["requester:u1"].reason == "Gorgias answered a***@***.example"


def test_parts_without_an_account_and_noughts_have_no_line(ledger: Ledger, tmp_path: Path) -> None:
    parts = {"ticket_message": {"created": 3, "skipped: draft_message": 1}, "person_field_value": {"created": 2}}
    ledger.settle(TARGET, [Entry("ticket", "1", "created", detail={"parts": parts})])
    told = list(lines(ledger, TARGET, "", lambda _obj, _keys: {}, Verdicts(tmp_path / "none")))
    assert [(one.object, one.outcome, one.records, one.rule) for one in told] == [
        ("ticket", "created", 1, ""), ("ticket_message", "created", 3, ""),
        ("ticket_message", "skipped", 1, "draft_message"),
    ]  # fmt: skip
    written = write_lines(tmp_path, iter(told))
    account = Account("ticket_message", "Message", 4, {"created": 3, "skipped": 1})
    assert Lists.from_json(written.as_json()).differing([account]) == []
    assert written.rules["ticket_message", "skipped", "draft_message"] == 1


def test_only_what_agents_see_on_a_page_of_its_own_has_a_link() -> None:
    assert link_of(Entry("requester", "u1", "created", target_id="7"), URL) == f"{URL}app/customer/7"
    assert link_of(Entry("tag", "1", "created", target_id="7"), URL) == ""
    assert link_of(Entry("ticket", "1", "skipped"), URL) == ""


def test_every_object_with_an_account_has_one_place_in_the_chart() -> None:
    placed = [name for names in flows.KINDS.values() for name in names]
    assert sorted(placed) == sorted([*(obj.name for obj in OBJECTS), *PART_TITLES])


def test_the_chart_says_in_words_what_it_shows() -> None:
    shown = flows.figure({"ticket": {"source": 7, "created": 5, "skipped": 2}})
    assert "What became of 7 records: 5 created, 2 skipped, none in quarantine." in shown
    assert flows.figure({"ticket": {"source": 0}}) == ""
