"""The company's agents: the role that theirs becomes, and what those had who are gone."""

from __future__ import annotations

from pathlib import Path

import pytest

from migrator_lib.agents import all_agents, gone_agents
from tests.shop import DANA, GONE, QUEUE, Shop


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    """A shop with an agent who is there and one who is gone, and no tickets yet."""
    return Shop(tmp_path)


def test_what_an_agent_had_who_is_gone_is_counted_as_it_moves(shop: Shop) -> None:
    of_gone = {"UserID": GONE}
    shop.add("Tickets", {"TicketID": 1, **of_gone}, {"TicketID": 2, **of_gone, "TicketStatusID": 2},
             {"TicketID": 3, **of_gone, "TicketStatusID": 3}, {"TicketID": 4, **of_gone, "IsDeleted": True},
             {"TicketID": 5, **of_gone, "IsSpam": True}, {"TicketID": 6, "UserID": DANA},
             {"TicketID": 7, "UserID": QUEUE})  # fmt: skip
    shop.add("Chats", {"ChatID": 1, **of_gone}, {"ChatID": 2, **of_gone, "IsDeleted": True})
    shop.add("CallLogs", {"CallLogID": 1, **of_gone})
    staged = shop.stage()
    (found,) = gone_agents(staged, shop.lookups(staged))
    assert (found.agent.name, found.open, found.closed, found.chats_and_calls) == ("Gus Gone", 2, 1, 2)
    shop.policy["spam_tickets"] = "migrate"
    shop.policy["call_logs"] = "skip"
    (found,) = gone_agents(staged, shop.lookups(staged))
    assert (found.open, found.chats_and_calls) == (3, 1)


def test_the_queue_is_no_agent_be_it_gone_or_not(shop: Shop) -> None:
    shop.add("UsersInGroups", {"DepartmentID": 1, "GroupID": 11, "UserID": QUEUE})
    staged = shop.stage()
    assert {agent.user_id for agent in all_agents(staged, shop.lookups(staged))} == {DANA, GONE}


@pytest.mark.parametrize(("becomes", "role"), [(None, "admin"), ("agent", "agent"), ("lite-agent", "lite-agent")])
def test_an_agents_role_is_the_mapped_one_and_without_a_mapping_that_of_administrators(
    shop: Shop, becomes: str | None, role: str
) -> None:
    shop.add("Roles", {"RoleID": 6, "RoleName": "Administrator"}).add("UsersInRoles", {"UserID": DANA, "RoleID": 6})
    shop.mapped["roles"] = {"6": {"name": "Administrator", "becomes": becomes}} if becomes else {}
    staged = shop.stage()
    found = {agent.user_id: agent.gorgias_role for agent in all_agents(staged, shop.lookups(staged))}
    assert found[DANA] == role
