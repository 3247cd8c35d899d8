"""Canned replies: what becomes a macro, under which name, saying what; and what agents find in the account."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from migrator_lib.gorgias.contract.bodies import MacroCreate
from migrator_lib.objects import find
from migrator_lib.objects.base import Outcome, Send, Skip
from migrator_lib.objects.macro import placeholders_in, to_finish, translated
from migrator_lib.plan.extras import propose_placeholders
from migrator_lib.simulators.gorgias import Account
from migrator_lib.simulators.gorgias.web.validation import parse
from tests.loading import TARGET
from tests.shop import DANA, Shop
from tests.updating import Loaded, loaded

MACRO = find("macro")


def canned(shop: Shop, key: int, **row: Any) -> None:
    plain = {"CannedReplyID": key, "Subject": f"Reply {key}", "Body": "<p>Hello</p>", "IsDeleted": False,
             "IsDraft": False, "IsForTickets": True, "IsForChats": True}  # fmt: skip
    shop.add("CannedReplies", {**plain, **row})


def outcomes(shop: Shop) -> dict[str, Outcome]:
    staged = shop.stage()
    lookups = shop.lookups(staged)
    return {record.key: MACRO.transform(record, lookups) for record in MACRO.records(staged, lookups)}


def payload(outcome: Outcome) -> dict[str, Any]:
    assert isinstance(outcome, Send), outcome
    parse(MacroCreate, outcome.payload, "create macro")
    return outcome.payload


def text(outcome: Outcome) -> dict[str, str]:
    (action,) = payload(outcome)["actions"]
    assert action["name"] == "setResponseText"
    found: dict[str, str] = action["arguments"]
    return found


def test_a_macro_is_named_by_its_path_of_categories_and_its_subject(shop: Shop) -> None:
    shop.add("CannedCategories", {"CannedCategoryID": 1, "CategoryName": "Orders"},
             {"CannedCategoryID": 2, "CategoryName": "Returns", "CannedCategoryID_Parent": 1},
             {"CannedCategoryID": 3, "CategoryName": "Loop", "CannedCategoryID_Parent": 3})  # fmt: skip
    for key, category in ((1, 2), (2, 3), (3, None), (4, 99)):
        canned(shop, key, CannedCategoryID=category)
    names = [payload(found)["name"] for found in outcomes(shop).values()]
    assert names == ["Orders / Returns / Reply 1", "Loop / Reply 2", "Reply 3", "Reply 4"]


def test_two_that_would_be_called_alike_are_told_apart_by_their_id(shop: Shop) -> None:
    canned(shop, 1, Subject="Hello", IsDeleted=True)
    canned(shop, 2, Subject="Hello")
    canned(shop, 3, Subject="HELLO ")
    canned(shop, 4, Subject=None)
    found = outcomes(shop)
    names = [payload(found[key])["name"] for key in ("2", "3", "4")]
    assert names == ["Hello", "HELLO (3)", "Canned reply 4"]


@pytest.mark.parametrize(
    ("row", "rule"),
    [
        ({"IsDeleted": True}, "deleted_canned_reply"),
        ({"IsDraft": True}, "draft_canned_reply"),
        ({"IsForTickets": False, "IsForChats": False}, "canned_reply_for_nothing"),
        ({"Body": " \n"}, "empty_canned_reply"),
        ({"Body": None}, "empty_canned_reply"),
    ],
)
def test_what_nobody_can_use_is_left_out_by_a_named_rule(shop: Shop, row: dict[str, Any], rule: str) -> None:
    canned(shop, 1, **row)
    assert outcomes(shop) == {"1": Skip(rule)}


def test_an_agents_own_reply_carries_their_name_or_is_left_out_as_the_engagement_says(shop: Shop) -> None:
    canned(shop, 1, UserID=DANA)
    assert payload(outcomes(shop)["1"])["name"] == "Reply 1 (Dana Agent)"
    shop.policy["personal_replies"] = "skip"
    assert outcomes(shop) == {"1": Skip("personal_canned_reply")}


def test_a_reply_for_chats_alone_says_so_and_flags_that_are_not_there_leave_nothing_out(shop: Shop) -> None:
    canned(shop, 1, IsForTickets=False)
    canned(shop, 2, IsForTickets=None, IsForChats=None, IsDraft=None, IsDeleted=None)
    found = outcomes(shop)
    assert [payload(one)["name"] for one in found.values()] == ["Reply 1 [chat]", "Reply 2"]


def test_html_stays_as_it_is_and_is_told_as_text_too(shop: Shop) -> None:
    body = "<p>Dear <b>you</b>,</p><p>5 &lt; 6<br/>Bye</p>"
    canned(shop, 1, Body=body)
    assert text(outcomes(shop)["1"]) == {"body_html": body, "body_text": "Dear you,\n5 < 6\nBye"}


def test_plain_text_shows_its_lines_and_signs_as_html(shop: Shop) -> None:
    canned(shop, 1, Body="5 < 6 & so\r\non: שלום 🌲")
    assert text(outcomes(shop)["1"]) == {
        "body_html": "5 &lt; 6 &amp; so<br>on: שלום 🌲", "body_text": "5 < 6 & so\r\non: שלום 🌲",
    }  # fmt: skip


def test_the_language_is_the_one_that_the_mapping_gives(shop: Shop) -> None:
    canned(shop, 1, LanguageID=2)
    canned(shop, 2, LanguageID=9)
    shop.mapped["languages"] = {"2": {"name": "German", "becomes": "de-DE"}}
    found = outcomes(shop)
    assert payload(found["1"])["language"] == "de"
    assert "language" not in payload(found["2"])


# --- placeholders --------------------------------------------------------------------------------------

CHOSEN = {"customername": {"becomes": "{{ticket.customer.name}}"}, "couponcode": {"becomes": ""}}


def test_placeholders_become_variables_and_those_without_one_stay_as_text(shop: Shop) -> None:
    shop.mapped["placeholders"] = CHOSEN
    canned(shop, 1, Body="Dear #CustomerName# (%CUSTOMERNAME%), code #CouponCode#, from #Nobody# #Custom2#")
    said = "Dear {{ticket.customer.name}} ({{ticket.customer.name}}), code #CouponCode#, from #Nobody# #Custom2#"
    assert text(outcomes(shop)["1"])["body_text"] == said


@pytest.mark.parametrize(
    "plain",
    ["#1 and #2", "100% of 50% is", "caf%C3%A9%20bar", "color:#fff;background:#aabbcc", "#a#", "# Name #", "%x y%"],
)
def test_what_only_looks_like_a_placeholder_is_none(plain: str) -> None:
    assert placeholders_in(plain) == []
    assert translated(plain, {}) == plain


def test_a_placeholder_may_hold_a_number() -> None:
    assert placeholders_in("#Custom_Field_2# %line1%") == ["custom_field_2", "line1"]


def test_the_proposal_knows_placeholders_by_their_words_and_says_of_the_others_that_they_stay() -> None:
    rows = [{"Body": "#CustomerName# #Customer_Name#"}, {"Body": "#CustomerName# %TICKETNUMBER% #Moon#"},
            {"Body": "#Draft#", "IsDraft": True}, {"Body": None}]  # fmt: skip
    found = propose_placeholders(rows)
    assert {name: entry.becomes for name, entry in found.items()} == {
        "customer_name": "{{ticket.customer.name}}", "customername": "{{ticket.customer.name}}", "moon": "",
        "ticketnumber": "{{ticket.id}}",
    }  # fmt: skip
    assert "canned replies with it: 2" in found["customername"].reason
    assert found["moon"].confidence < found["customername"].confidence


def test_what_a_person_finishes_by_hand_is_listed_with_what_to_do(shop: Shop) -> None:
    shop.mapped["placeholders"] = CHOSEN
    canned(shop, 1, Body='#CustomerName# #CouponCode# #CouponCode# {{x}} <img src="/App_Data/a.png">', UserID=DANA,
           IsFlaggedForReview=True)  # fmt: skip
    canned(shop, 2, Body='Hello <img src="https://shop.example/a.png">')
    canned(shop, 3, Body="#Moon#", IsDraft=True)
    staged = shop.stage()
    rows = to_finish(staged, shop.lookups(staged))
    assert {row["key"] for row in rows} == {"1"}
    assert [str(row["what"]) for row in rows] == [
        "#CouponCode# has no counterpart in Gorgias", "holds {{...}}, which Gorgias takes for a variable",
        "shows a picture that lies in SmarterTrack", "was one agent's own, and is everybody's now",
        "was flagged for review",
    ]  # fmt: skip


# --- in the account ------------------------------------------------------------------------------------


def macros(account: Account) -> dict[str, dict[str, Any]]:
    """Return the account's macros by source key."""
    return {str(one["external_id"]).removeprefix("st:demo:macro:"): one for one in account.store.by_kind("macro")}


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Loaded]:
    """A shop with two canned replies, loaded into a simulated account that has a macro of the same name."""
    with loaded(tmp_path, tickets=1) as made:
        canned(made.shop, 1, Subject="Hello", Body="Dear #CustomerName#")
        canned(made.shop, 2, Subject="Bye", IsDraft=True)
        made.shop.mapped["placeholders"] = CHOSEN
        made.api.macros.create({"name": "Hello", "actions": []})
        made.load()
        yield made


def test_an_agent_finds_the_macro_beside_one_of_the_same_name_and_a_second_load_sends_nothing(desk: Loaded) -> None:
    found = macros(desk.account)
    assert found["1"]["actions"][0]["arguments"]["body_text"] == "Dear {{ticket.customer.name}}"
    assert sorted(found) == ["1", "None"]
    assert desk.ledger.counts(TARGET)["macro"] == {"created": 1, "skipped": 1}
    desk.calls()
    desk.load()
    assert [name for name in desk.calls() if not name.startswith("GET")] == []
    assert desk.reconcile().counts["macro"] == {"validated": 1}


def test_an_edited_reply_is_brought_up_to_date_and_what_an_agent_changed_stays_and_is_listed(desk: Loaded) -> None:
    rows = desk.shop.tables["CannedReplies"]
    rows[0]["Body"], rows[1]["IsDraft"] = "Good day", False
    desk.load()
    assert macros(desk.account)["1"]["actions"][0]["arguments"]["body_text"] == "Good day"
    assert macros(desk.account)["2"]["name"] == "Bye"
    desk.api.macros.update(macros(desk.account)["1"]["id"], {"name": "Hello there", "actions": []})
    rows[0]["Subject"], rows[0]["Body"] = "Hi", "Morning"
    report = desk.load()
    assert (macros(desk.account)["1"]["name"], macros(desk.account)["1"]["actions"]) == ("Hello there", [])
    assert [words for words in report.conflicts if words.startswith("macro 1: changed in Gorgias")]


def test_a_macro_that_is_not_as_it_should_be_is_found(desk: Loaded) -> None:
    macro = macros(desk.account)["1"]
    desk.account.store.put("macro", {**macro, "language": "fr"})
    (finding,) = [one for one in desk.reconcile().findings if one.object == "macro"]
    assert [(one.field, one.actual) for one in finding.differences] == [("language", "fr")]
    desk.account.store.delete("macro", macro["id"])
    (finding,) = [one for one in desk.reconcile().findings if one.object == "macro"]
    assert finding.state == "missing"


def test_undoing_deletes_a_macro_and_archives_one_that_a_rule_uses(desk: Loaded) -> None:
    first = macros(desk.account)["1"]["id"]
    code = f"Action('applyMacro', {{macro_id: {first}}});"
    desk.account.store.put("rule", {"id": 7, "uri": "/api/rules/7/", "name": "Greet", "code": code})
    MACRO.remove(desk.api, str(first))
    assert macros(desk.account)["1"]["archived_datetime"]
    desk.account.store.delete("rule", 7)
    MACRO.remove(desk.api, str(first))
    assert "1" not in macros(desk.account)
