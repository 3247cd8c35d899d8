"""What the guides say of tags, conditions, actions and times: small functions, and their awkward cases."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from migrator_lib.handoff import rule_words, sla_inventory, tag_taxonomy
from migrator_lib.handoff.brand_guide import articles
from migrator_lib.handoff.correspondence import Correspondence, within
from tests.shop import Shop, minutes


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(tmp_path)


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("returns", ["returns"]), ("returns/damaged", ["returns", "damaged"]), ("a::b::c", ["a", "b", "c"]),
        ("a > b", ["a", "b"]), ("a|b", ["a", "b"]), ("/", ["/"]), (" a ", ["a"]), ("R\\D", ["R", "D"]), ("", [""]),
    ],
)  # fmt: skip
def test_a_tag_s_name_is_taken_apart_at_its_levels(name: str, found: list[str]) -> None:
    assert tag_taxonomy.levels(name) == found


def test_tags_are_listed_with_their_uses_and_what_they_became(shop: Shop) -> None:
    shop.add("Tags", {"TagID": 1, "Name": "returns/damaged"}, {"TagID": 2, "Name": "Returns/Damaged"},
             {"TagID": 3, "Name": "returns/late", "IsDeleted": True})  # fmt: skip
    shop.add("Tickets", {"TicketID": 1})
    shop.add("Tasks", {"TicketID": 1, "TaskID": 7}, {"TicketID": 1, "TaskID": 8, "IsDeleted": True})
    shop.add(
        "TagsInTasks", {"TagsInTasksID": 1, "TaskID": 7, "TagID": 1}, {"TagsInTasksID": 2, "TaskID": 8, "TagID": 2}
    )
    shop.add("TimeLogs", {"TicketID": 1, "TimeLogID": 5, "TagID": 1})
    staged = shop.stage()
    rows = tag_taxonomy.rows(staged, shop.lookups(staged), {})
    by = {row["tag"]: row for row in rows}
    first, second, gone = by["returns/damaged (1)"], by["Returns/Damaged (2)"], by["returns/late (3)"]
    assert (first["tasks"], first["time logs"], first["tickets"]) == (1, 1, 1)
    assert (first["level 1"], first["further levels"]) == ("returns", "damaged")
    assert (second["tasks"], second["tickets"]) == (0, 0)
    assert "merged with" in str(second["how"]) or "merged with" in str(first["how"])
    assert (gone["in Gorgias"], gone["how"]) == ("", "left out: deleted in SmarterTrack")
    (branch,) = tag_taxonomy.branches(rows)
    assert branch["tags"] == 3


@pytest.mark.parametrize(
    ("key", "how", "value", "said"),
    [
        ("Priority", "Equals", "Urgent", "ticket priority IS critical"),
        ("Priority", "NotEquals", "Normal", "ticket priority IS NOT normal"),
        ("Department", "Equals", "Support", "ticket assignee team IS Support"),
        ("Subject", "Contains", "refund", "ticket subject CONTAINS ANY OF refund"),
        ("Brand", "Equals", "Fernhill", "ticket tags CONTAINS ANY OF "),
        ("Rating", "LessThan", "3", "satisfaction survey score LESS THAN 3"),
        ("IdleMinutes", "GreaterThan", "240", ""),
        ("Moon", "Equals", "full", "Moon Equals full (by hand)"),
        ("CustomerEmail", "", "", "customer email IS"),
    ],
)
def test_a_condition_is_said_as_gorgias_rule_builder_calls_it(
    shop: Shop, key: str, how: str, value: str, said: str
) -> None:
    lookups = shop.lookups(shop.stage())
    found = rule_words.condition({"EventKey": key, "EventCondition": how, "EventValue1": value}, lookups)
    assert found.startswith(said) if said else found == ""


@pytest.mark.parametrize(
    ("key", "inputs", "said"),
    [
        (
            "SendEmail",
            {"To": "#CustomerEmail#", "Template": "x"},
            "Reply to customer, template: x (it counts as a billable",
        ),
        ("SendEmail", {"To": "duty@a.example"}, "Send email: to duty@a.example"),
        ("SendEmail", {}, "Send email: to (choose)"),
        ("SetPriority", {"Priority": "Urgent"}, "Set priority: critical"),
        ("SetStatus", {"Status": "Closed"}, "Set status: closed"),
        ("AssignTo", {"Agent": "dana@demo.example"}, "Assign agent: Dana Agent"),
        ("AssignTo", {"Group": "Orders"}, "Assign team: Orders"),
        ("AssignTo", {}, "Assign agent or team (choose)"),
        ("AddTag", {"Tag": "vip"}, "Add tags: vip"),
        ("CreateTask", {}, "Add tags: to-do"),
        ("Blink", {}, "'Blink' (by hand)"),
    ],
)
def test_an_action_is_said_as_gorgias_calls_it(shop: Shop, key: str, inputs: dict[str, str], said: str) -> None:
    lookups = shop.lookups(shop.stage())
    given: list[dict[str, Any]] = [{"EventKey": name, "EventValue": value} for name, value in inputs.items()]
    assert rule_words.action(key, given, lookups).startswith(said)


def test_times_are_measured_by_the_first_question_and_the_first_answer(shop: Shop) -> None:
    shop.add("Tickets", {"TicketID": 1, "DateClosedUTC": minutes(90)}, {"TicketID": 2}, {"TicketID": 3, "IsSpam": True})
    shop.add(
        "TicketMessages",
        {"TicketID": 1, "TicketMessageID": 1, "DateReceivedUTC": minutes(5)},
        {"TicketID": 1, "TicketMessageID": 2, "DateReceivedUTC": minutes(35), "MessageDirection": 1,
         "FromAddress": "Help <HELP@demo.example>"},
        {"TicketID": 1, "TicketMessageID": 3, "DateReceivedUTC": minutes(50), "MessageDirection": 1,
         "FromAddress": "dana@demo.example"},
        {"TicketID": 2, "TicketMessageID": 4, "MessageDirection": 1, "IsDraft": True},
        {"TicketID": 2, "TicketMessageID": 5, "ToAddress": "help@demo.example; pal@elsewhere.example"},
        {"TicketID": 3, "TicketMessageID": 6, "ToAddress": "trap@demo.example"},
    )  # fmt: skip
    staged = shop.stage()
    lookups = shop.lookups(staged)
    found = Correspondence.of(staged, lookups)
    assert (found.first_answers, found.resolutions) == ({1: [30]}, {1: [90]})
    assert found.mailboxes(lookups) == [(1, "help@demo.example", 2, 1)]
    (row,) = sla_inventory.measured(found, lookups)
    assert row["policy that would be kept"] == "First response time: 30 minutes; Resolution time: 2 hours"


def test_the_median_and_what_nine_of_ten_are_within() -> None:
    assert within([7]) == (7, 7)
    assert within(list(range(100, 0, -1))) == (51, 91)


def test_articles_are_counted_for_every_brand_that_shows_them(shop: Shop) -> None:
    shop.add(
        "KbArticles",
        {"KbArticleID": 1, "DisplayInAllBrands": True},
        {"KbArticleID": 2, "DisplayInAllBrands": False, "IsDraft": True},
        {"KbArticleID": 3, "DisplayInAllBrands": False, "IsDeleted": True, "IsDraft": True},
    )
    shop.tables["Brands"] = [{"BrandID": 1, "BrandName": "A"}, {"BrandID": 2, "BrandName": "B"}]
    shop.add("KbArticlesBrands", {"KbArticleID": 2, "BrandID": 2}, {"KbArticleID": 3, "BrandID": 2})
    staged = shop.stage()
    rows = {row["brand"]: row for row in articles(staged, shop.lookups(staged))}
    assert (rows["A"]["published"], rows["A"]["draft"]) == (1, 0)
    assert (rows["B"]["published"], rows["B"]["draft"], rows["B"]["deleted"]) == (1, 1, 1)


def test_tags_that_the_move_adds_are_all_listed_with_what_has_them(shop: Shop) -> None:
    found = {row["tag"]: row["on"] for row in tag_taxonomy.added(shop.lookups(shop.stage()))}
    assert found["follow-up"] == "tickets that somebody wanted to come back to"
    assert found["missed chat"] == "chats that no agent answered"


def test_an_article_of_a_private_category_counts_as_private(shop: Shop) -> None:
    shop.add("KbCategories", {"KbCategoryID": 5, "CategoryName": "Staff", "IsPrivate": True, "IsVisible": True})
    shop.add("KbArticles", {"KbArticleID": 1, "KbCategoryID": 5, "IsPrivate": False, "DisplayInAllBrands": True})
    staged = shop.stage()
    (row, *_) = articles(staged, shop.lookups(staged))
    assert (row["published"], row["private"]) == (0, 1)
