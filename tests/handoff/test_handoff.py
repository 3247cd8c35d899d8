"""The handoff documents: that all is in them, that advice fits, and that they show nobody."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from migrator_lib import handoff, runbook
from migrator_lib.agents import all_agents
from migrator_lib.engagement import Engagement
from migrator_lib.handoff import (
    assessments,
    brand_guide,
    content_gaps,
    documents,
    lists,
    routing_guide,
    sla_inventory,
    tag_taxonomy,
    workflow_inventory,
)
from migrator_lib.handoff.material import Material
from migrator_lib.handoff.workflow_inventory import Event
from migrator_lib.lookups import Lookups
from migrator_lib.masking import mask_text
from migrator_lib.plan import make_plan
from tests.desk import Desk, desk, leaks

pytestmark = pytest.mark.xdist_group("handoff")  # what its tests share is made once

SEED = {
    "users": [
        {"email": "migration@demo.example", "name": "Migration", "role": "admin"},
        {"email": "support@demo.example", "name": "Former agents"},
        {"email": "margit.olsen@fernhill.example", "name": "Margit Olsen"},
        {"email": "rafael.nunes@fernhill.example", "name": "Rafael Nunes"},
        {"email": "gregor.stahl@fernhill.example", "name": "Gregor Stahl"},
    ]
}


@dataclass
class HandedOver:
    desk: Desk
    engagement: Engagement
    files: dict[str, Path]

    def text(self, name: str) -> str:
        return self.files[name].read_text(encoding="utf-8")

    def numbers(self) -> list[dict[str, str]]:
        return self.table("ticket_numbers")

    def table(self, name: str) -> list[dict[str, str]]:
        with self.files[f"documents/{name}.csv"].open(encoding="utf-8", newline="") as stream:
            return list(csv.DictReader(stream))


@pytest.fixture(scope="module")
def handed_over(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HandedOver]:
    with desk(tmp_path_factory.mktemp("handoff"), seed=SEED) as made:
        engagement = made.open("07_cutover")
        make_plan(engagement)
        runbook.extract(engagement)
        runbook.load(engagement)
        files = handoff.write_all(engagement)
        reports = engagement.paths.reports
        yield HandedOver(made, engagement, {file.relative_to(reports).as_posix(): file for file in files})
        engagement.close()


def test_every_document_is_written(handed_over: HandedOver) -> None:
    tables = {"ticket_numbers", "organization_members", "organization_filters", "organization_counts"}
    expected = {f"documents/{name}.csv" for name in tables} | {"documents/mapping_as_signed.html"}
    expected |= {"state/handoff/loose_work.csv", "state/handoff/ratings.csv"}
    expected |= {f"documents/redirects.{ending}" for ending in ("html", "csv", "nginx.conf", "iis.config")}
    for ending in ("html", "xlsx"):
        expected |= {f"documents/{name}.{ending}" for name in documents.DOCUMENTS}
        expected |= {f"state/handoff/{name}.{ending}" for name in documents.WITH_ADDRESSES}
    assert set(handed_over.files) == expected
    assert {file.stem for file in handed_over.files.values()} <= set(documents.PURPOSE)
    assert all(file.stat().st_size > 200 for file in handed_over.files.values() if file.stem != "ratings")


def test_a_rating_of_nothing_is_in_the_confidential_list_with_its_words(handed_over: HandedOver) -> None:
    entries = handed_over.engagement.ledger.entries("production", "survey", "handed_over")
    keys = [entry.source_key for entry in entries]
    with handed_over.files["state/handoff/ratings.csv"].open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert [row["survey"] for row in rows] == keys
    assert [(row["score"], row["words"]) for row in rows] == [("4", "Who are you?")]


def test_no_shared_document_shows_a_requester_or_a_body(handed_over: HandedOver) -> None:
    shared = [file for name, file in handed_over.files.items() if name.startswith("documents/")]
    assert {file.name: leaks(handed_over.engagement, file) for file in shared} == {file.name: [] for file in shared}


def test_addresses_of_agents_are_in_the_confidential_copies_alone(handed_over: HandedOver) -> None:
    for name in documents.WITH_ADDRESSES:
        assert documents.MASKED in handed_over.text(f"documents/{name}.html")
        assert documents.MASKED not in handed_over.text(f"state/handoff/{name}.html")
        assert "@fernhill.example" not in handed_over.text(f"documents/{name}.html")
        assert "@fernhill.example" in handed_over.text(f"state/handoff/{name}.html")


def test_every_record_that_was_handed_over_is_in_its_document(handed_over: HandedOver) -> None:
    staged = handed_over.engagement.all_stages
    for row in staged.rows("Threads"):
        assert f"({row['ThreadID']})" in handed_over.text("documents/community_assessment.html")
    for row in staged.rows("NewsItems"):
        assert f"({row['NewsItemID']})" in handed_over.text("documents/news_assessment.html")
    for row in staged.rows("Events"):
        assert f"({row['EventID']})" in handed_over.text("documents/workflow_inventory.html")


def test_everything_in_quarantine_is_listed_with_its_ticket(handed_over: HandedOver) -> None:
    entries = list(handed_over.engagement.ledger.entries("production", state="quarantined"))
    rows = lists.quarantine_rows(handed_over.engagement, handed_over.engagement.all_stages)
    assert {row["key"] for row in rows} == {entry.source_key for entry in entries}
    assert {entry.object for entry in entries} >= {"ticket", "attachment"}
    numbers = {row["ticket_number"] for row in handed_over.numbers()}
    of_tickets = [row for row in rows if row["what"] == "Ticket" or str(row["what"]).endswith("of a ticket")]
    assert of_tickets
    assert all(row["ticket"] in numbers for row in of_tickets)


def test_members_of_organizations_are_customers_in_gorgias(handed_over: HandedOver) -> None:
    rows = handed_over.table("organization_members")
    ledger = handed_over.engagement.ledger
    assert rows
    for row in rows:
        entry = ledger.entry("production", "requester", row["becomes_customer"])
        assert entry is not None
        assert entry.target_id


def test_the_numbers_of_tickets_in_quarantine_are_found_in_one_walk_over_the_tickets(
    handed_over: HandedOver, monkeypatch: pytest.MonkeyPatch
) -> None:
    staged, walked = handed_over.engagement.all_stages, []
    columns = staged.columns

    def counted(table: str, names: list[str]) -> Any:
        walked.append(table)
        return columns(table, names)

    monkeypatch.setattr(staged, "columns", counted)
    rows = lists.quarantine_rows(handed_over.engagement, staged)
    assert any(row["what"] == "Ticket" and row["ticket"] for row in rows)
    assert walked.count("Tickets") == 1


def test_every_old_number_leads_to_its_ticket(handed_over: HandedOver) -> None:
    rows = handed_over.numbers()
    staged = handed_over.engagement.all_stages
    merged = {str(row["TicketNumber"]) for row in staged.columns("TicketMerges", ["TicketNumber"])}
    own = {str(row["TicketNumber"]) for row in staged.columns("Tickets", ["TicketNumber"])}
    assert sorted(row["ticket_number"] for row in rows) == sorted([*own, *merged])
    assert merged
    of = {
        str(row["TicketNumber"]): str(row["TicketID"])
        for table in ("Tickets", "TicketMerges")
        for row in staged.columns(table, ["TicketNumber"])
    }
    assert {row["ticket_number"]: row["smartertrack_id"] for row in rows} == of
    store, url = handed_over.desk.production.store, handed_over.engagement.account_url("production")
    for row in rows:
        there = store.by("ticket", "external_id", f"st:desk:ticket:{row['smartertrack_id']}")
        assert row["gorgias_id"] == (str(there[0]["id"]) if there else "")
        assert row["gorgias_url"] == (f"{url}/app/ticket/{row['gorgias_id']}" if row["gorgias_id"] else "")
        assert row["outcome"].endswith("moved") == bool(there)
        if row["ticket_number"] in merged:
            assert row["outcome"] == f"merged in SmarterTrack into {row['smartertrack_id']}; moved"
    assert "left out: deleted ticket" in {row["outcome"] for row in rows}


def test_agents_are_listed_by_what_an_admin_does(handed_over: HandedOver) -> None:
    material = Material.of(handed_over.engagement)
    people = list(all_agents(material.staged, material.lookups))
    groups = lists.agent_rows(people, material.users, mask_text)
    names = {what: {row["name"] for row in rows} for what, rows in groups.items()}
    assert "Priya Raman" in names["create"]
    assert names["deactivate"] == {"Gregor Stahl"}
    assert names["role"] == {"Rafael Nunes"}
    assert "Margit Olsen" not in names["create"] | names["deactivate"] | names["role"]
    assert "Nell Whitcombe" not in names["create"]


def test_the_mapping_says_that_it_is_not_signed(handed_over: HandedOver) -> None:
    text = handed_over.text("documents/mapping_as_signed.html")
    assert "Not signed as it stands" in text
    assert handed_over.engagement.mapping.hash in text


def test_service_levels_are_found_where_they_are_kept(handed_over: HandedOver) -> None:
    staged = handed_over.engagement.all_stages
    lookups = handed_over.engagement.lookups(staged)
    timers = {(row["department"], row["in SmarterTrack"]) for row in sla_inventory.timers(staged, lookups)}
    assert ("Customer Care", "Idle tickets are closed after 1 week, and the customer is e-mailed") in timers
    assert ("Home & Living", "Idle tickets are closed after 1 week") in timers
    assert ("Back Office", "Idle tickets are deleted after 365 days") in timers
    hours = sla_inventory.business_hours(staged, lookups)
    assert hours[0]["hours (UTC)"] == "Monday to Friday 07:00 to 17:00"
    waiting = {
        str(row["event"]).partition(" (")[0]: row["SLA policy in Gorgias"]
        for row in sla_inventory.waiting_events(staged, lookups)
    }
    assert str(waiting["First answer overdue after 4 h"]).startswith("First response time: 4 hours")
    assert str(waiting["Waiting for a week: remind"]).startswith("None: it waits for the customer.")
    (policy,) = sla_inventory.policies(staged, lookups)
    assert (policy["SLA name"], policy["first response time, minutes"]) == ("First answer overdue after 4 h", 240)
    settings = {(row["department"], row["setting"]) for row in sla_inventory.settings(staged, lookups)}
    assert settings == {("Customer Care", "InitialResponseTargetMinutes"), ("Customer Care", "TicketIdleAlertMinutes"),
                        ("Home & Living", "InitialResponseTargetMinutes")}  # fmt: skip
    assert {row["name"]: row["of"] for row in sla_inventory.holidays(staged, lookups)}["Midsummer"] == (
        "brand Fernhill Outfitters"
    )


def test_no_value_of_a_department_s_setting_is_read(handed_over: HandedOver) -> None:
    for row in handed_over.engagement.all_stages.rows("DepartmentSettings"):
        assert set(row) == {"DepartmentID", "SettingName"}


def test_every_record_that_was_handed_over_is_counted_and_listed(handed_over: HandedOver) -> None:
    ledger = handed_over.engagement.ledger
    keys = {obj: {entry.source_key for entry in ledger.entries("production", obj, "handed_over")}
            for obj in ("workflow_rule", "sla_rule", "community_post", "news_item")}  # fmt: skip
    assert {"autoresponder-1", "alert-g1-1", "rebalance-1", "5"} <= keys["workflow_rule"]
    assert {"setting-d1-TicketIdleAlertMinutes", "holidays-b1", "hours-b2", "autoclose-d1"} <= keys["sla_rule"]
    listed = handed_over.text("documents/workflow_inventory.html")
    assert all(words in listed for words in ("We have your request (1)", "Orders (1-1)", "Spread Orders over who is"))
    assert "Dear #CustomerName#" not in listed
    assert "Dear #CustomerName#" in handed_over.text("state/handoff/workflow_inventory.html")


def test_an_event_is_told_as_a_rule_that_can_be_clicked(handed_over: HandedOver) -> None:
    staged = handed_over.engagement.all_stages
    lookups = handed_over.engagement.lookups(staged)
    rows = {str(row["event"]).partition(" (")[0]: row for row in workflow_inventory.rows(staged, lookups, str)}
    urgent = rows["New ticket: notify duty manager"]
    assert (urgent["in Gorgias"], urgent["WHEN"], urgent["IF"], urgent["THEN"]) == (
        "rule", "ticket created", "ticket priority IS critical",
        "Send email: to duty@fernhill.example, subject: Urgent: #TicketNumber#",
    )  # fmt: skip
    remind = rows["Waiting for a week: remind"]
    assert (remind["in Gorgias"], remind["WHEN"]) == ("two rules", "ticket snooze delay ends")
    assert str(remind["IF"]).startswith("ticket status IS open")
    assert "Reply to customer, template: Reminder" in str(remind["THEN"])
    assert rows["First answer overdue after 4 h"]["in Gorgias"] == "SLA policy and view"
    assert rows["Wholesale goes to Samuel"]["in Gorgias"] == "nothing"
    assert rows["Chat missed"]["in Gorgias"] == "no counterpart"
    told = workflow_inventory.parts(staged, str)
    assert len(told) >= staged.count("EventConditions") + staged.count("EventInputs")


def test_mailboxes_are_found_in_the_messages_and_lead_to_their_teams(handed_over: HandedOver) -> None:
    material = Material.of(handed_over.engagement)
    rows = brand_guide.addresses(material.correspondence, material.lookups, str)
    found = {row["address"]: row["department"] for row in rows if str(row["in Gorgias"]).startswith("Settings")}
    assert found["support@fernhill.example"] == "Customer Care"
    assert found["hello@harbourpine.example"] == "Home & Living"
    agents = {str(material.lookups.users[agent]["Email"]).lower() for agent in material.lookups.agents}
    assert not agents & set(found)
    rules = routing_guide.rules(material.correspondence, material.lookups, str)
    assert [row["order"] for row in rules] == list(range(1, len(rules) + 1))
    by_address = {str(row["IF"]).rpartition(" ")[2]: row["THEN"] for row in rules}
    assert str(by_address["support@fernhill.example"]).startswith("Assign team: Customer Care")
    assert rules[-1]["IF"] == "ticket assignee team IS empty"
    assert len(by_address) == len(rules)
    shared = [row for row in rows if row["address"] == "support@fernhill.example"]
    assert [str(row["in Gorgias"]).partition(" ")[0] for row in shared] == [
        "Settings,",
        *["Nothing:"] * (len(shared) - 1),
    ]


def test_what_content_still_needs_is_listed_point_by_point(handed_over: HandedOver) -> None:
    material = Material.of(handed_over.engagement)
    rows = content_gaps.articles(material.lookups)
    numbers = [int(str(row["article"]).rpartition("(")[2].rstrip(")")) for row in rows]
    assert numbers == sorted(numbers)
    points = {(str(row["article"]), str(row["what"])) for row in rows}
    assert ("Sizes of children's jackets (18)", "is a draft") in points
    assert ("How we handle goodwill (19)", "was for agents alone") in points
    assert ("Care of the old Basecamp 2 (22)", "is in no category") in points
    assert not any(article.startswith(("Christmas deadlines", "Return an item (old page)")) for article, _ in points)
    lacking = {str(row["article"]): row for row in content_gaps.translations(material.lookups)}
    assert "fr-FR" in str(lacking["Warranty and repair (10)"]["lacks"])
    rows = {row["placeholder"]: row for row in content_gaps.placeholders(material.staged, material.lookups)}
    assert (rows["#customeremail#"]["in Gorgias"], rows["#customeremail#"]["events"]) == ("none", 1)
    assert str(rows["#ticketnumber#"]["in Gorgias"]).startswith("{{")
    assert rows["#ticketnumber#"]["auto-responders"] == 2


def test_brands_articles_and_members_are_all_in_their_guides(handed_over: HandedOver) -> None:
    material = Material.of(handed_over.engagement)
    staged, lookups = material.staged, material.lookups
    assert len(brand_guide.brands(staged, lookups)) == len(lookups.brands)
    assert len(routing_guide.members(staged, lookups)) == staged.count("UsersInGroups")
    lines = routing_guide.hierarchy(staged, lookups)
    assert len(lines) == len(lookups.departments) + len(lookups.groups)
    assert {row["tag"] for row in tag_taxonomy.rows(staged, lookups, {})} == {
        f"{row['Name']} ({tag})" for tag, row in lookups.tags.items()
    }


def test_writing_again_gives_the_same_documents(handed_over: HandedOver) -> None:
    before = {name: _undated(file) for name, file in handed_over.files.items()}
    handoff.write_all(handed_over.engagement)
    assert {name: _undated(file) for name, file in handed_over.files.items()} == before


def _undated(file: Path) -> bytes:
    return file.read_bytes().partition(b"<footer>")[0]


# --- advice --------------------------------------------------------------------------------------------


def event(name: str, *, group: str = "Tickets", conditions: Any = (), actions: Any = (), **row: Any) -> Event:
    given = [dict(zip(("EventKey", "EventCondition", "EventValue1", "EventType"), c, strict=False)) for c in conditions]
    told = [(key, [{"EventKey": k, "EventValue": v} for k, v in inputs]) for key, inputs in actions]
    return Event({"EventID": 1, "Name": name, "EventGroup": group, "Enabled": True, **row}, given, told)


@pytest.mark.parametrize(
    ("given", "advice"),
    [
        (event("x", conditions=[("Priority", "Equals", "Urgent", "TicketNew")],
               actions=[("SendEmail", [("To", "a@b.example")])]),
         ["Rule WHEN 'ticket created'", "action 'send email'"]),
        (event("x", conditions=[("Rating", "LessThan", "3", "SurveyAnswered")], actions=[("SetPriority", [])],
               group="Survey"),
         ["WHEN 'satisfaction survey responded'", "action 'set priority'"]),
        (event("x", conditions=[("IdleHours", "GreaterThan", "4", "TicketIdle")], actions=[("AssignTo", [])]),
         ["Rules have no timer", "SLA policy", "4 hours", "by hand"]),
        (event("x", conditions=[("IdleDays", "GreaterThan", "7"), ("Status", "Equals", "Waiting")],
               actions=[("SendEmail", [("To", "#CustomerEmail#")])]),
         ["ticket snooze delay ends", "reply to customer", "billable", "#PLACEHOLDERS#"]),
        (event("x", group="Chats", actions=[("CreateTicket", [])]), ["Not a rule"]),
        (event("x", Enabled=False, actions=[("SendEmail", [])]), ["switched off"]),
        (event("Zap", actions=[("Blink", [])]), ["a trigger to be chosen by hand", "'Blink' by hand"]),
    ],
)  # fmt: skip
def test_an_event_gets_the_rule_that_does_the_same(given: Event, advice: list[str]) -> None:
    text = workflow_inventory.recommended(given)
    assert all(part in text for part in advice), text


@pytest.mark.parametrize(
    ("minutes", "words"), [(1, "1 minute"), (240, "4 hours"), (1440, "1 day"), (20160, "2 weeks"), (90, "90 minutes")]
)
def test_a_time_is_said_in_its_largest_unit(minutes: int, words: str) -> None:
    assert workflow_inventory.duration_words(minutes) == words


NOW = datetime(2025, 1, 1, tzinfo=UTC)


class Rows:
    """Stands for a stage with the rows of a few tables."""

    def __init__(self, tables: dict[str, list[dict[str, Any]]]) -> None:
        self._tables = tables

    def rows(self, table: str) -> list[dict[str, Any]]:
        return self._tables.get(table, [])

    stream = rows


@pytest.fixture(scope="module")
def any_lookups(handed_over: HandedOver) -> Lookups:
    return handed_over.engagement.lookups(handed_over.engagement.all_stages)


def news_item(item: int, subject: str = "Something", days: int = 0, **more: Any) -> dict[str, Any]:
    return {"NewsItemID": item, "Subject": subject, "EventDateUTC": NOW - timedelta(days=days), **more}


def test_news_are_advised_by_state_age_and_words(any_lookups: Lookups) -> None:
    items = [
        news_item(1),
        news_item(2, days=800),
        news_item(3, "Recall of a stove", days=800),
        news_item(4, IsDraft=True),
        news_item(5, IsPrivate=True),
        news_item(6, IsDeleted=True),
    ]
    advice = [row["advice"] for row in assessments.news(Rows({"NewsItems": items}), any_lookups)]  # type: ignore[arg-type]
    announced, channel = assessments.ANNOUNCEMENT, assessments.CHANNEL
    assert advice == [announced, "archive", announced, channel, channel, "archive"]


def test_a_translated_news_item_follows_its_original(any_lookups: Lookups) -> None:
    tables = {
        "NewsItems": [news_item(1, "Recall", days=800), news_item(2, "Rückruf", days=800), news_item(3)],
        "NewsItemTranslations": [{"NewsItemID_Primary": 1, "NewsItemID_Secondary": 2}],
        "Languages": [{"LanguageID": 2, "LanguageName": "German"}],
    }
    tables["NewsItems"][1] |= {"LanguageID": 2, "Body": "<p>Bitte  bringen</p>"}
    rows = assessments.news(Rows(tables), any_lookups)  # type: ignore[arg-type]
    assert (rows[1]["advice"], rows[1]["translation of"], rows[1]["language"]) == (rows[0]["advice"], 1, "German")
    assert rows[1]["body, characters"] == len("Bitte bringen")


def test_a_thread_is_advised_by_its_answer_and_age(any_lookups: Lookups) -> None:
    def thread(n: int, days: int, **more: Any) -> dict[str, Any]:
        return {"ThreadID": n, "Subject": "Why?", "BrandID": 1, "DateLastPostUTC": NOW - timedelta(days=days), **more}

    threads = [
        thread(1, 0, HasAnswer=True, ReplyCount=2),
        thread(2, 10, ReplyCount=0),
        thread(3, 900, ReplyCount=0),
        thread(4, 10, ReplyCount=4),
        thread(5, 900, ReplyCount=4),
        thread(6, 0, Visible=False),
        thread(7, 0, ReplyCount=1),
        thread(8, 0, ReplyCount=1, HasAnswer=True),
    ]
    posts = [{"ThreadPostID": 1, "ThreadID": 8, "NeedsModeration": True, "BodyHTML": "<b>x</b> y"}]
    rows = assessments.community(Rows({"Threads": threads, "ThreadPosts": posts}), any_lookups)  # type: ignore[arg-type]
    archive, tool, moderate = assessments.ARCHIVE, assessments.TOOL, assessments.MODERATE
    first = [assessments.ARTICLE, assessments.TICKET, archive, tool, archive, assessments.LEAVE]
    assert [row["advice"] for row in rows] == [*first, tool, moderate]
    assert all(row["reason"] for row in rows)
    assert (rows[7]["to moderate"], rows[7]["characters"]) == (1, 3)
