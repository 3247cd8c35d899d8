"""A delta ends as a fresh load would: whatever changed in the source, both accounts show an agent the same."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from migrator_lib.clock import ManualClock
from migrator_lib.delta.reach import reach
from migrator_lib.ledger import Ledger
from migrator_lib.load.crew import Alone
from migrator_lib.objects import CONVERSATIONS, LIVE_CHAT
from migrator_lib.progress import Progress
from migrator_lib.reconcile.accounts import accounts, require_balanced, settle_strays
from migrator_lib.simulators.gorgias import Account
from migrator_lib.simulators.gorgias.in_process import api_of
from migrator_lib.smartertrack.tables import Chosen
from migrator_lib.staging import Staged
from tests.loading import TARGET, loader, writes
from tests.objects.test_survey import QUESTIONS, rated
from tests.shop import ANN, BOB, DANA, Shop, minutes
from tests.simulated_account import SEED

EVE = 4
"""An agent who is there at first."""
WITH_EVE: dict[str, Any] = {**SEED, "users": [*SEED["users"], {"email": "eve@demo.example", "name": "Eve"}]}
SHOWN = {
    "customer": "name email channels custom_fields meta note",
    "ticket": "subject status priority channel customer assignee_user assignee_team tags custom_fields "
    "created_datetime opened_datetime closed_datetime last_message_datetime updated_datetime meta",
    "message": "body_text body_html sender created_datetime public from_agent channel",
    "team": "description members",
    "tag": "description",
    "macro": "name language actions",
    "survey": "score body_text sent_datetime scored_datetime meta",
}
"""Kind to what agents see of it."""
CHOSEN = {
    "chat_senders": {"0": {"becomes": "customer"}, "1": {"becomes": "agent"}},
    "chat_views": {"0": {"becomes": "public"}},
    "survey_questions": QUESTIONS,
    "person_fields": {"organization": {"name": "Organization", "becomes": "text", "label": "Organization"}},
}


def before(folder: Path) -> Shop:
    """Return a shop with something of everything that people and structure decide of."""
    shop = Shop(folder)
    shop.mapped = dict(CHOSEN)
    shop.add("Users", {"UserID": EVE, "Email": "eve@demo.example", "DisplayName": "Eve Agent"})
    shop.add("UsersInGroups", {"DepartmentID": 1, "GroupID": 11, "UserID": EVE})
    shop.add("Departments", {"DepartmentID": 2, "DisplayName": "Sales", "BrandID": 1, "IsDeleted": False})
    shop.add("Groups", {"DepartmentID": 2, "GroupID": 21, "GroupName": "Offers", "IsDeleted": False})
    shop.add("UsersInGroups", {"DepartmentID": 2, "GroupID": 21, "UserID": DANA})
    for key, name, domain in ((1, "Acme", "home.example"), (2, "Borealis", "away.example")):
        shop.add("Organizations", {"OrganizationID": key, "OrganizationName": name})
        shop.add("OrganizationFilters", {"OrganizationFilterID": key, "OrganizationID": key, "FilterType": "Domain",
                                         "FilterValue": domain})  # fmt: skip
    shop.add("Tags", {"TagID": 1, "Name": "VIP", "IsDeleted": True}, {"TagID": 2, "Name": "vip"})
    for key, agent, status in ((1, EVE, 1), (2, EVE, 3), (3, DANA, 1), (4, DANA, 3)):
        customer = {"UserID_Customer": ANN} if key % 2 else {"UserID_Customer": BOB, "CustomerEmailAddress": "b@x.y"}
        shop.add("Tickets", {"TicketID": key, "UserID": agent, "TicketStatusID": status, **customer,
                             "DateClosedUTC": minutes(60) if status == 3 else None})  # fmt: skip
        shop.add("TicketMessages", {"TicketID": key, "TicketMessageID": key * 10},
                 {"TicketID": key, "TicketMessageID": key * 10 + 1, "MessageDirection": 1, "UserID_From": agent,
                  "DateReceivedUTC": minutes(5), "FromAddress": "help@demo.example"})  # fmt: skip
    shop.add("TicketComments", {"TicketID": 3, "TicketCommentID": 1, "UserID": EVE, "DateEnteredUTC": minutes(9)})
    shop.add("Tickets", {"TicketID": 5, "DepartmentID": 2, "GroupID": 21})
    shop.add("TicketMessages", {"TicketID": 5, "TicketMessageID": 50})
    shop.add("Tasks", {"TicketID": 5, "TaskID": 1, "UserID": EVE})
    shop.add("TagsInTasks", {"TagsInTasksID": 1, "TaskID": 1, "TagID": 2})
    for key in (1, 2):
        shop.add("Chats", {"ChatID": key, "UserID": EVE, "CustomerUserID": None,
                           "CustomerEmailAddress": "guest@there.example"})  # fmt: skip
        shop.add("ChatMessages", {"ChatID": key, "ChatMessageID": key * 10, "TextSubmitted": "Hello"},
                 {"ChatID": key, "ChatMessageID": key * 10 + 1, "TextSubmitted": "Yes?", "ChatSenderType": 1,
                  "UserID": EVE, "DateSubmittedUTC": minutes(1)})  # fmt: skip
    shop.add("CallLogs", {"CallLogID": 1, "UserID": EVE, "CustomerUserID": None, "CustomerEmailAddress": ""})
    shop.add("CannedReplies", {"CannedReplyID": 1, "Subject": "Hi", "Body": "Hello", "IsForTickets": True},
             {"CannedReplyID": 2, "Subject": "Bye", "Body": "Good bye", "IsForTickets": True})  # fmt: skip
    rated(shop, 1, (1, 4.0), (2, "Friendly"), TicketID=1)
    rated(shop, 2, TicketID=2, AnsweredAt=None)
    return shop


def change(shop: Shop, table: str, key: int, **values: Any) -> None:
    """Change rows by the first column of their key."""
    rows = shop.tables[table]
    name = next(iter(rows[0]))
    shop.tables[table] = [{**row, **values} if row[name] == key else row for row in rows]


# --- what changes --------------------------------------------------------------------------------------


def an_organization_is_renamed(shop: Shop) -> None:
    change(shop, "Organizations", 1, OrganizationName="Acme International")


def somebody_goes_to_another_organization_and_somebody_to_none(shop: Shop) -> None:
    change(shop, "Users", ANN, Email="ann@away.example")
    change(shop, "Users", BOB, Email="bob@nowhere.example")


def a_guest_of_a_chat_gets_an_account(shop: Shop) -> None:
    shop.add("Users", {"UserID": 150, "Email": "guest@away.example", "DisplayName": "Guest"})
    change(shop, "Chats", 1, CustomerUserID=150)


def an_agent_goes(shop: Shop) -> None:
    change(shop, "Users", EVE, IsLockedOut=True)


def a_brand_becomes_a_team(shop: Shop) -> None:
    brand = {"name": "Fernhill", "becomes": "team", "team": "All of Fernhill", "tag": "brand: Fernhill"}
    teams = {key: {"name": key, "becomes": "nothing", "team": key} for key in ("d1", "g1-11", "d2", "g2-21")}
    shop.mapped |= {"brands": {"1": brand}, "teams": teams}


def a_team_has_a_new_owner(shop: Shop) -> None:
    """Its department, with more agents; till now it was a group's of another one."""
    shop.mapped["teams"] = {
        key: {"name": key, "becomes": "team" if team else "nothing", "team": team or key}
        for key, team in (("d1", "Sales / Offers"), ("g1-11", ""), ("d2", "Sales"), ("g2-21", "Sales / Offers"))
    }


def a_tag_has_a_new_owner(shop: Shop) -> None:
    change(shop, "Tags", 1, IsDeleted=False)


def a_survey_is_answered(shop: Shop) -> None:
    shop.tables["SurveysOffered"].pop()
    shop.tables["SurveyOfferedUserContext"].pop()
    rated(shop, 2, (1, 2.0), TicketID=2)


def one_canned_reply_is_edited_and_one_deleted(shop: Shop) -> None:
    change(shop, "CannedReplies", 1, Body="Hello again", Subject="Hi there")
    change(shop, "CannedReplies", 2, IsDeleted=True)


def a_chat_gets_a_comment(shop: Shop) -> None:
    shop.add("ChatComments", {"ChatID": 1, "ChatCommentID": 1, "UserID": DANA, "DateEnteredUTC": minutes(90)})


# --- two accounts --------------------------------------------------------------------------------------


class Loaded:
    """An account that was loaded into, and its ledger."""

    def __init__(self, folder: Path) -> None:
        self.account = Account("demo", None, seed=WITH_EVE, clock=ManualClock(datetime(2030, 1, 1, tzinfo=UTC)))
        self.ledger = Ledger.in_folder(folder, inline=True)

    def load(self, shop: Shop, staged: Staged, chosen: Chosen | None = None) -> list[str]:
        """Load, see that every record is accounted for, and return what was left alone."""
        report = loader(shop, api_of(self.account), self.ledger, staged, crew=Alone()).run(tickets=chosen)
        settle_strays(self.ledger, TARGET, staged)
        require_balanced(accounts(self.ledger, TARGET, staged, shop.lookups(staged)))
        return report.conflicts

    def close(self) -> None:
        self.ledger.close()
        self.account.store.close()

    def shown(self) -> dict[str, dict[str, Any]]:
        """Return what agents see of everything, by a name that is the same in every account."""
        store = self.account.store
        names = {d["id"]: d["external_id"] for kind in ("customer", "ticket") for d in store.by_kind(kind)}

        def told(value: Any) -> Any:
            if isinstance(value, list):
                return sorted(map(told, value), key=repr)
            if isinstance(value, dict) and "field" in value:
                return value["field"]["label"], value["value"]
            if isinstance(value, dict) and "id" in value:
                return names.get(value["id"]) or value.get("email") or value["name"]
            return value

        return {
            f"{kind} {d.get('external_id') or d.get('name') or names[d['ticket_id']]}":
                {name: told(d.get(name)) for name in fields.split()}
            for kind, fields in SHOWN.items()
            for d in store.by_kind(kind)
        }  # fmt: skip


MAPPED = {a_brand_becomes_a_team, a_team_has_a_new_owner}
"""Changes of the mapping, and none of the source: everything is looked at."""
BRAND_STAYS = {"tag brand: Fernhill", "team Support", "team Support / Orders", "team Sales", "team Sales / Offers"}


@pytest.mark.parametrize(
    ("changes", "history", "stays"),
    [
        pytest.param(
            [an_organization_is_renamed, somebody_goes_to_another_organization_and_somebody_to_none,
             a_guest_of_a_chat_gets_an_account], "fallback", set(), id="people",
        ),
        pytest.param([an_agent_goes], "fallback", set(), id="an agent goes"),
        pytest.param([an_agent_goes], "by_name", set(), id="an agent goes, and history keeps the name"),
        pytest.param(
            [a_survey_is_answered, one_canned_reply_is_edited_and_one_deleted, a_chat_gets_a_comment], "fallback",
            {"macro st:demo:macro:2"}, id="ratings, replies, and a late comment on a chat",
        ),
        pytest.param([a_tag_has_a_new_owner], "fallback", set(), id="a tag"),
        pytest.param([a_team_has_a_new_owner], "fallback", {"team Support", "team Support / Orders"}, id="a team"),
        pytest.param([a_brand_becomes_a_team], "fallback", BRAND_STAYS, id="a brand becomes a team"),
    ],
)  # fmt: skip
def test_a_delta_ends_as_a_fresh_load_but_for_what_it_lists(
    tmp_path: Path, changes: list[Callable[[Shop], None]], history: str, stays: set[str]
) -> None:
    shop = before(tmp_path / "shop")
    shop.agents = {"history": history}
    followed, fresh = Loaded(tmp_path / "followed"), Loaded(tmp_path / "fresh")
    first = Staged([shop.write("full")])
    followed.load(shop, first)
    for one in changes:
        one(shop)
    both = Staged([*first.folders, shop.write("delta-001")])
    found = reach([first, both], shop.parameters(), Progress(tmp_path / "progress.json", "07"))
    chosen = {obj.name: found.ids(obj.family) | ({1} if obj is LIVE_CHAT else set()) for obj in CONVERSATIONS}
    all_of_them = found.definitions or not MAPPED.isdisjoint(changes)
    listed = followed.load(shop, both, None if all_of_them else chosen)
    fresh.load(shop, Staged(both.folders[-1:]))
    there, wanted = followed.shown(), fresh.shown()
    assert {name: there[name] for name in there if name not in stays} == wanted
    assert stays <= there.keys()
    sent = writes(followed.account)
    followed.load(shop, both)
    assert writes(followed.account) == sent
    assert len([words for words in listed if "now skipped" in words or "made before stays" in words]) == len(stays)
    followed.close()
    fresh.close()
