"""The schema plan: what is proposed, what is said of the account, and that nothing is written."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from migrator_lib import gates, mapping
from migrator_lib.engagement import Engagement
from migrator_lib.plan import Plan, make_plan
from migrator_lib.plan import pages as plan_pages
from migrator_lib.plan.rows import STATES, PlanRow
from tests.answering import answer_questions
from tests.desk import Desk, desk, leaks
from tests.simulated_account import FALLBACK

pytestmark = pytest.mark.xdist_group("plan")  # what its tests share is made once

STEP = "02_schema_design"
FILLERS = [
    {"object_type": "Ticket", "label": f"Own field {n}", "definition": {"data_type": "text", "input_settings":
     {"input_type": "input"}}}
    for n in range(19)
]  # fmt: skip
SEED = {
    "users": [
        {"email": "migration@demo.example", "name": "Migration", "role": "admin"},
        {"email": "support@demo.example", "name": "Former agents"},
        {"email": "margit.olsen@fernhill.example", "name": "Margit"},
    ],
    "teams": [{"name": "Wholesale"}],
    "tags": [{"name": "Brand: harbour & pine"}],
    "custom_fields": [
        *FILLERS,
        {"object_type": "Ticket", "label": "Order number",
         "definition": {"data_type": "number", "input_settings": {"input_type": "input_number"}}},
    ],
}  # fmt: skip


@dataclass
class Planned:
    desk: Desk
    engagement: Engagement
    plan: Plan
    written: dict[str, int]

    def row(self, key: str) -> PlanRow:
        return next(row for row in self.plan.rows if row.key == key)


def things(of: Desk) -> dict[str, int]:
    return {kind: of.production.store.count(kind) for kind in ("user", "team", "tag", "custom_field", "customer")}


@pytest.fixture(scope="module")
def planned(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Planned]:
    with desk(tmp_path_factory.mktemp("plan"), seed=SEED) as made:
        before = things(made)
        engagement = made.open(STEP)
        yield Planned(made, engagement, make_plan(engagement), before)
        engagement.close()


def test_planning_writes_nothing_to_gorgias(planned: Planned) -> None:
    assert things(planned.desk) == planned.written
    assert not [call for call in planned.desk.production.stats.by_endpoint if not call.startswith("GET")]
    assert planned.desk.production.store.outbox() == []


def test_every_definition_has_one_row(planned: Planned) -> None:
    keys = [row.key for row in planned.plan.rows]
    assert len(keys) == len(set(keys))
    lookups = planned.engagement.lookups(planned.engagement.staged("definitions"))
    assert {f"user:{user}" for user in lookups.agents} <= set(keys)
    assert {f"department:d{department}" for department in lookups.departments} <= set(keys)
    assert {f"brand:{brand}" for brand in lookups.brands} <= set(keys)
    assert {f"ticket_field:{key}" for key in lookups.mapping.ticket_fields} <= set(keys)


def test_what_has_the_same_name_is_there_already(planned: Planned) -> None:
    assert planned.row("department:d2").state == "is there already"
    assert planned.row("department:d1").state == "will be created"
    assert planned.row("department:d1").target == "Team 'Customer Care'"


def test_a_department_that_is_deleted_is_left_out(planned: Planned) -> None:
    row = planned.row("department:d5")
    assert (row.state, row.reason) == ("left out", "mapping.yaml says 'becomes: nothing'")


def test_a_field_of_another_type_is_asked_and_one_of_its_own_is_proposed(planned: Planned) -> None:
    (question,) = [one for one in planned.plan.questions if (one.section, one.key) == ("ticket_fields", "1")]
    assert "a field 'Order number' that does not take these values" in question.reason
    row = planned.row("ticket_field:1")
    assert (row.state, row.target) == ("will be created", "Ticket field 'Order number (SmarterTrack)', text")
    assert "1" not in planned.engagement.mapping.ticket_fields


def test_a_tag_that_differs_by_case_alone_is_proposed_to_be_the_one_of_the_account(planned: Planned) -> None:
    row = planned.row("brand:2")
    assert (row.state, row.target) == ("is there already", "Tag 'Brand: harbour & pine'")
    assert "the same but for case" in planned.engagement.mapping.brands["2"].reason


def test_agents_are_matched_handed_over_or_replaced(planned: Planned) -> None:
    assert planned.row("user:2").state == "is there already"
    assert planned.row("user:3").state == "handed over"
    assert planned.row("user:14").state == "left out"
    assert "fallback agent" in planned.row("user:14").reason
    assert "role admin" in planned.row("user:12").target


def test_an_agent_who_will_be_created_gets_the_role_that_is_sent(planned: Planned) -> None:
    planned.desk.change(agents={"fallback": FALLBACK, "missing": "create"})
    engagement = planned.desk.open(STEP)
    try:
        plan = make_plan(engagement)
    finally:
        engagement.close()
        planned.desk.change(agents={"fallback": FALLBACK})
    row = next(row for row in plan.rows if row.key == "user:12")
    assert row.state == "will be created"
    assert row.target.endswith(", role admin")
    assert row.reason == "Gorgias may send this agent an invitation"


def test_knowledge_base_categories_are_handed_over_and_articles_that_cannot_move_named(planned: Planned) -> None:
    rows = [row for row in planned.plan.rows if row.what == "Knowledge base category"]
    assert rows
    assert {row.state for row in rows} == {"handed over"}
    assert sum("its articles count as private" in row.reason for row in rows) == 1
    articles = {row.key: row for row in planned.plan.rows if row.what == "Knowledge base article"}
    circle = planned.desk.world.expected["forwards_in_a_circle"]
    assert set(articles) == {f"kb_article:{article}" for article in circle}
    assert {
        (row.state, "in a circle" in row.reason, "until it is mended" in row.reason) for row in articles.values()
    } == {("left out", True, True)}


def test_of_more_fields_than_gorgias_keeps_the_least_used_are_proposed_as_nothing(planned: Planned) -> None:
    chosen = mapping.load_as_proposed(planned.engagement.paths.mapping_file)
    kept = [entry for entry in (*chosen.ticket_fields.values(), *chosen.added_fields.values())
            if entry.becomes != "nothing"]  # fmt: skip
    left_out = {key: entry for key, entry in chosen.ticket_fields.items() if entry.becomes == "nothing"}
    uses = planned.plan.concerns["ticket_fields"]
    assert len(kept) == 5  # the account has 20
    assert "ticket_number" in {key for key, entry in chosen.added_fields.items() if entry.becomes != "nothing"}
    stays = [uses[key] for key, entry in chosen.ticket_fields.items()
             if entry.becomes != "nothing" and not entry.holds]  # fmt: skip
    assert max(uses[key] for key in left_out) <= min(stays)
    for key, entry in left_out.items():
        assert f"{uses[key]:,} values, and the least used one that stays has" in entry.reason
    assert not [text for text in planned.plan.decisions if "Ticket fields" in text]
    behind = sum(uses[key] for key in left_out)
    assert f"become nothing: {len(left_out)}, with {behind:,} values that stay behind." in planned.plan.notes[0]


@pytest.mark.parametrize(
    ("code", "entry"),
    [
        ("Tickets.TicketPriorityID 9 (rows: 1)", "'9': {name: , becomes: CHOOSE} under priorities"),
        ("TicketComments.CommentTypeID 42 (rows: 1)", "'42': {name: } under comment_types"),
    ],
)
def test_a_code_that_the_source_does_not_explain_is_a_decision(planned: Planned, code: str, entry: str) -> None:
    assert any(text.startswith(code) and entry in text for text in planned.plan.decisions)


def test_every_row_is_in_one_of_the_states(planned: Planned) -> None:
    assert sum(planned.plan.in_state(state) for state in STATES) == len(planned.plan.rows)


def test_the_mapping_is_shown_by_section_with_reasons(planned: Planned) -> None:
    tables = plan_pages.mapping_tables(mapping.load_as_proposed(planned.engagement.paths.mapping_file))
    assert {row["becomes"] for row in tables["statuses"]} == {"open", "open, tag 'waiting'", "closed"}
    assert any(row["becomes"] == "team 'Customer Care'" for row in tables["teams"])
    assert any(str(row["becomes"]) == "text 'Order number (SmarterTrack)'" for row in tables["ticket_fields"])
    assert all(row["why"] for rows in tables.values() for row in rows)


def test_the_page_says_how_to_sign_and_who_did(planned: Planned) -> None:
    page = plan_pages.write_page(planned.engagement, planned.plan)
    assert "can be signed when its questions are answered" in page.read_text(encoding="utf-8")
    answer_questions(planned.engagement)
    page = plan_pages.write_page(planned.engagement, planned.plan)
    assert "migrator sign desk mapping --by" in page.read_text(encoding="utf-8")
    signoffs = gates.SignOffs(planned.engagement.paths.signoffs_file)
    signoffs.sign(gates.find("mapping"), by="Ada", subject=planned.engagement.mapping.hash)
    page = plan_pages.write_page(planned.engagement, planned.plan)
    assert "signed by Ada" in page.read_text(encoding="utf-8")


def test_one_gate_stands_where_all_of_them_say_it_does(planned: Planned) -> None:
    states = planned.engagement.gate_states()
    aside = "roll_back"  # of which there is nothing to sign yet
    shown = [gate.name for gate in gates.GATES if gate.name != aside]
    assert [state.name for state in states] == shown
    assert [planned.engagement.gate_state(state.name) for state in states] == states


def test_tickets_that_become_channel_phone_are_told_though_no_call_moves(planned: Planned) -> None:
    assert not planned.engagement.calls_move
    (told,) = [text for text in planned.plan.decisions if "Voice add-on" in text]
    assert "there will be some: tickets whose channel is 'Phone'. The production account has" in told
    assert "or choose another channel for such tickets under channels in mapping.yaml." in told
    assert "call logs" not in told


def test_the_page_shows_no_requester_and_no_body(planned: Planned) -> None:
    assert leaks(planned.engagement, plan_pages.write_page(planned.engagement, planned.plan)) == []


def test_the_table_of_kinds_names_each_kind(planned: Planned) -> None:
    text = plan_pages.summary(planned.plan)
    assert all(f"<td>{what}</td>" in text for what in planned.plan.counts())


def test_what_a_person_changed_stays_and_is_planned(planned: Planned) -> None:
    file: Path = planned.engagement.paths.mapping_file
    yaml = YAML(typ="rt")
    document = yaml.load(file.read_text(encoding="utf-8"))
    document["tags"]["3"]["becomes"] = "parcel"
    document["brands"]["1"]["becomes"] = "nothing"
    with file.open("w", encoding="utf-8") as stream:
        yaml.dump(document, stream)
    again = Planned(planned.desk, planned.engagement, make_plan(planned.engagement), {})
    assert again.plan.added == []
    assert again.row("tag:3").target == "Tag 'parcel'"
    assert again.row("brand:1").state == "left out"


def test_a_fallback_agent_who_is_not_there_is_a_decision(planned: Planned) -> None:
    planned.desk.change(agents={"fallback": "nobody@demo.example"})
    engagement = planned.desk.open(STEP)
    found = make_plan(engagement).decisions
    engagement.close()
    assert found[0].startswith("The fallback agent n***@***.example is no user of the production account.")
