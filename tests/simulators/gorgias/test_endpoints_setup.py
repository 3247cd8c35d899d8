"""Tags, custom fields, settings, rules, integrations, macros and views: what uses what, and what a change leaves."""

from __future__ import annotations

from typing import Any

import pytest

from tests.simulators.gorgias.asking import OLD, Asker, field, incoming, ticket

HTTP = {
    "name": "ERP", "type": "http",
    "http": {
        "url": "https://erp.shop.example", "method": "POST", "request_content_type": "application/json",
        "response_content_type": "application/json", "triggers": {"ticket-created": True}, "hmac_secret": "hush",
    },
}  # fmt: skip
RULE = {"name": "Greet", "code": "if (true) { Action('addTags', ticket, {tags: 'vip, gold'}) }"}


def ids(ask: Asker, path: str) -> list[int]:
    return [row["id"] for row in ask("GET", path).json()["data"]]


def tags_of(ask: Asker, ticket_id: int) -> list[str]:
    return [tag["name"] for tag in ask("GET", f"tickets/{ticket_id}").json()["tags"]]


# --- tags ----------------------------------------------------------------------------------------------


def test_a_search_for_tags_minds_no_case(ask: Asker) -> None:
    made = [ask.make("tags", {"name": name})["id"] for name in ("VIP", "vip", "other")]
    assert ids(ask, "tags?search=Vi") == made[:2]
    assert ask("GET", "tags?order_by=usage:desc,name:desc").status_code == 200


def test_a_tag_has_its_new_name_on_tickets_and_is_off_them_when_it_is_gone(ask: Asker) -> None:
    made = ask.make("tickets", ticket(incoming(ask.customer()), tags=[{"name": "a"}, {"name": "b"}]))
    one = made["tags"][0]["id"]
    ask("PUT", f"tags/{one}", {"name": "c"})
    assert tags_of(ask, made["id"]) == ["c", "b"]
    ask("DELETE", f"tags/{one}")
    assert tags_of(ask, made["id"]) == ["b"]
    assert "ids" in ask.refusal("POST", f"tickets/{made['id']}/tags", {"ids": [one]})


def test_merged_tags_end_in_one(ask: Asker) -> None:
    made = ask.make("tickets", ticket(incoming(ask.customer()), tags=[{"name": "a"}, {"name": "b"}, {"name": "c"}]))
    a, b, c = (tag["id"] for tag in made["tags"])
    assert "source_tags_ids" in ask.refusal("PUT", f"tags/{c}/merge", {"source_tags_ids": [a, 99]})
    assert tags_of(ask, made["id"]) == ["a", "b", "c"], "a merge that was refused did half of it"
    assert "source_tags_ids" in ask.refusal("PUT", f"tags/{c}/merge", {"source_tags_ids": [c]})
    reply = ask("PUT", f"tags/{c}/merge", {"source_tags_ids": [a, b]})
    assert (reply.status_code, reply.content) == (202, b"")
    assert tags_of(ask, made["id"]) == ["c"]
    assert ids(ask, "tags") == [c]


def test_a_tag_that_a_rule_or_a_macro_uses_is_not_deleted(ask: Asker) -> None:
    gold, vip, free = (ask.make("tags", {"name": name})["id"] for name in ("gold", "vip", "free"))
    rule = ask.make("rules", RULE)["id"]
    actions = [{"name": "addTags", "title": "Add tags", "arguments": {"tags": "gold,silver"}}]
    macro = ask.make("macros", {"name": "Thanks", "actions": actions})["id"]
    assert ask.refusal("DELETE", f"tags/{gold}", status=409) == {"id": [f"rule {rule}", f"macro {macro}"]}
    ask.refusal("DELETE", "tags", {"ids": [free, vip]}, status=409)
    assert ids(ask, "tags") == [gold, vip, free], "a deletion that was refused did half of it"
    ask("DELETE", f"rules/{rule}")
    assert ask("DELETE", "tags", {"ids": [free, vip]}).status_code == 204


# --- custom fields -------------------------------------------------------------------------------------


def test_a_custom_field_is_archived_and_never_deleted(ask: Asker) -> None:
    made = ask.make("custom-fields", field())["id"]
    assert ask("DELETE", f"custom-fields/{made}").status_code == 405
    ask("PUT", f"custom-fields/{made}", {"deactivated_datetime": OLD})
    assert ids(ask, "custom-fields?object_type=Ticket") == []
    assert ids(ask, "custom-fields?object_type=Ticket&archived=true") == [made]
    for query in ("", "?object_type=Agent"):
        assert "object_type" in ask.refusal("GET", f"custom-fields{query}")


def test_many_fields_are_changed_at_once_or_none(ask: Asker) -> None:
    one, two = (ask.make("custom-fields", field(label=label))["id"] for label in ("One", "Two"))
    assert "1" in ask.refusal("PUT", "custom-fields", [{"id": one, "label": "X"}, {"id": two, "colour": "red"}])
    ask.refusal("PUT", "custom-fields", [{"id": one, "label": "X"}, {"id": 99, "label": "Y"}], status=404)
    assert ask("GET", f"custom-fields/{one}").json()["label"] == "One"
    assert ask("PUT", "custom-fields", [{"id": one, "priority": 7}, {"id": two, "label": "Y"}]).status_code == 202
    first, second = (ask("GET", f"custom-fields/{made}").json() for made in (one, two))
    assert (first["priority"], second["label"]) == (7, "Y")


def test_fields_of_customers_may_count_with_those_of_tickets(ask: Asker) -> None:
    ask.account.knobs.customer_fields_have_own_limit = False
    for n in range(25):
        ask.make("custom-fields", field("Ticket" if n % 2 else "Customer", label=f"Field {n}"))
    for kind in ("Ticket", "Customer"):
        assert "object_type" in ask.refusal("POST", "custom-fields", field(kind))


# --- settings, rules, integrations ---------------------------------------------------------------------


def test_settings_are_made_once_and_replaced_whole(ask: Asker) -> None:
    made = ask.make("account/settings", {"type": "auto-merge", "data": {"enabled": True, "days": 5}})
    assert "type" in ask.refusal("POST", "account/settings", {"type": "auto-merge"}, status=409)
    path = f"account/settings/{made['id']}"
    assert ask("PUT", path, {"type": "auto-merge", "data": {"enabled": False}}).status_code == 202
    assert [s["data"] for s in ask("GET", "account/settings?type=auto-merge").json()["data"]] == [{"enabled": False}]
    assert "type" in ask.refusal("PUT", path, {"type": "access"})
    assert ask("PUT", "account/settings", {"type": "x"}).status_code == 405
    assert ask("GET", path).status_code == 405


def test_what_a_rule_is_not_told_again_is_as_at_first(ask: Asker) -> None:
    made = ask.make("rules", {**RULE, "event_types": "ticket-created, ticket-updated", "priority": 9})
    assert ask("PUT", f"rules/{made['id']}", {**RULE, "deactivated_datetime": OLD}).status_code == 202
    read = ask("GET", f"rules/{made['id']}").json()
    assert (read["event_types"], read["priority"]) == ("", 0)
    assert read["deactivated_datetime"] == "2020-01-01T00:00:00.000000"
    assert "event_types" in ask.refusal("POST", "rules", {**RULE, "event_types": "moon-risen"})
    assert set(ask.refusal("PUT", f"rules/{made['id']}", {})) == {"name", "code"}


def test_rules_are_put_in_order_and_come_100_a_page(ask: Asker) -> None:
    made = [ask.make("rules", {**RULE, "name": str(n)})["id"] for n in range(31)]
    assert ids(ask, "rules") == made
    body = {"priorities": [{"id": made[0], "priority": 5}, {"id": made[1], "priority": 6}]}
    assert ask("POST", "rules/priorities", body).content == b""
    assert [ask("GET", f"rules/{rule}").json()["priority"] for rule in made[:3]] == [5, 6, 0]
    assert "priorities" in ask.refusal("POST", "rules/priorities", {"priorities": [{"id": 99, "priority": 5}]})


def test_an_account_may_limit_its_active_rules_and_integrations(ask: Asker) -> None:
    ask.make("account/settings", {"type": "limits", "data": {"max_active_rules": 1, "max_integrations": 1}})
    first = ask.make("rules", RULE)["id"]
    assert "deactivated_datetime" in ask.refusal("POST", "rules", RULE)
    second = ask.make("rules", {**RULE, "deactivated_datetime": OLD})["id"]
    assert ask("PUT", f"rules/{second}", RULE).status_code == 400
    assert ask("PUT", f"rules/{first}", {**RULE, "name": "Other"}).status_code == 202
    ask.make("integrations", HTTP)
    assert "type" in ask.refusal("POST", "integrations", HTTP)


def test_only_http_integrations_are_made_and_their_secret_is_not_shown(ask: Asker) -> None:
    assert "type" in ask.refusal("POST", "integrations", {**HTTP, "type": "email"})
    made = ask.make("integrations", HTTP)
    assert "hush" not in str(made)
    path = f"integrations/{made['id']}"
    assert ask("PUT", path, {"name": "ERP", "deactivated_datetime": OLD}).status_code == 202
    read = ask("GET", path).json()
    assert (read["http"]["url"], read["deactivated_datetime"]) == (
        "https://erp.shop.example",
        "2020-01-01T00:00:00.000000",
    )
    ask("PUT", path, {"name": "ERP", "deactivated_datetime": None})
    assert ask("GET", path).json()["deactivated_datetime"] is None
    assert (ids(ask, "integrations?type=http"), ids(ask, "integrations?type=email")) == ([made["id"]], [])


def test_what_a_rule_uses_is_not_deleted(ask: Asker) -> None:
    integration, macro = ask.make("integrations", HTTP)["id"], ask.make("macros", {"name": "Thanks"})["id"]
    code = f"if (eq(message.integration_id, {integration})) {{ Action('applyMacro', ticket, {{macro_id: {macro}}}) }}"
    rule = ask.make("rules", {**RULE, "code": code})["id"]
    for path in (f"integrations/{integration}", f"macros/{macro}"):
        assert ask.refusal("DELETE", path, status=409) == {"id": [f"rule {rule}"]}
    ask("DELETE", f"rules/{rule}")
    for path in (f"integrations/{integration}", f"macros/{macro}"):
        assert ask("DELETE", path).status_code == 204


# --- macros and views ----------------------------------------------------------------------------------


def test_up_to_30_macros_are_archived_and_brought_back(ask: Asker) -> None:
    one, two = (ask.make("macros", {"name": name})["id"] for name in ("One", "Two"))
    told = ask("PUT", "macros/archive", {"ids": [one, 99]}).json()["data"]
    assert told == [{"id": one, "status": "success"}, {"id": 99, "status": "not_found"}]
    assert (ids(ask, "macros"), ids(ask, "macros?archived=true")) == ([two], [one])
    assert "ids" in ask.refusal("PUT", "macros/archive", {"ids": list(range(31))})
    assert ask("PUT", "macros/unarchive", {"ids": [one]}).status_code == 200
    assert ids(ask, "macros?search=one") == [one]


def test_actions_of_a_macro_replace_all(ask: Asker) -> None:
    made = ask.make("macros", {"name": "Thanks", "actions": [{"name": "a"}, {"name": "b"}], "external_id": "st:1"})
    path = f"macros/{made['id']}"
    assert "actions" in ask.refusal("PUT", path, {"name": "Thanks"})
    ask("PUT", path, {"name": "Thanks", "actions": [{"name": "c"}]})
    assert ask("GET", path).json()["actions"] == [{"name": "c"}]


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        ("", "abc"),
        ("eq(ticket.status, 'closed')", "a"),
        ('neq(ticket.status, "closed")', "bc"),
        ("eq(ticket.status, 'open') && containsAny(ticket.tags.name, ['vip', 'gold'])", "b"),
        ("containsAll(ticket.tags.name, ['vip', 'gold'])", ""),
        ("isEmpty(ticket.assignee_user.id)", "ab"),
        ("eq(ticket.assignee_user.id, '{{current_user.id}}')", "c"),
        ("contains(ticket.subject, 'B')", "b"),
        ("gte(ticket.created_datetime, '2021-01-01')&&lt(ticket.created_datetime, '2022-01-01')", "b"),
        ("isNotEmpty(ticket.trashed_datetime)", "d"),
    ],
)
def test_a_view_shows_what_its_filters_choose(ask: Asker, filters: str, found: str) -> None:
    jane = ask.customer()
    more: dict[str, dict[str, Any]] = {
        "a": {"status": "closed", "created_datetime": OLD},
        "b": {"tags": [{"name": "vip"}], "created_datetime": "2021-06-01T00:00:00Z"},
        "c": {"assignee_user": {"id": 1}, "created_datetime": "2022-06-01T00:00:00Z"},
        "d": {"trashed_datetime": OLD},
    }
    names = {
        ask.make("tickets", ticket(incoming(jane), subject=name, **body))["id"]: name for name, body in more.items()
    }
    view = ask.make("views", {"name": "Chosen", "filters": filters})
    assert "".join(sorted(names[i] for i in ids(ask, f"views/{view['id']}/items"))) == found
    as_it_would_be = ask("PUT", "views/0/items", {"view": {"filters": filters}}).json()["data"]
    assert "".join(sorted(names[row["id"]] for row in as_it_would_be)) == found


@pytest.mark.parametrize(
    "filters", ["nonsense", "eq(ticket.status)) ", "eq(ticket.status, 'open') &&", "drop(ticket.id)"]
)
def test_a_filter_that_is_no_expression_is_refused(ask: Asker, filters: str) -> None:
    assert "filters" in ask.refusal("POST", "views", {"filters": filters})


def test_views_are_changed_in_part_and_those_of_a_tag_end_with_it(ask: Asker) -> None:
    tag = ask.make("tags", {"name": "vip"})["id"]
    view = ask.make("views", {"name": "VIP", "filters": "containsAny(ticket.tags.name, ['vip'])"})["id"]
    ask("PUT", f"views/{view}", {"name": "Important"})
    ask("DELETE", f"tags/{tag}")
    read = ask("GET", f"views/{view}").json()
    assert (read["name"], bool(read["deactivated_datetime"])) == ("Important", True)
    assert ask("DELETE", f"views/{view}").status_code == 204
    ask.account.store.put("view", {"id": 77, "name": "Trash", "category": "system"})
    ask.refusal("DELETE", "views/77")


def test_a_search_finds_people_and_tags_by_a_part(ask: Asker) -> None:
    jane = ask.customer(name="Jane")
    ask("PUT", f"customers/{jane}", {"channels": [{"type": "phone", "address": "+331"}]})
    for kind, query, found in (
        ("customer", "jan", [jane]), ("customer", "+33", []), ("customer_profile", "+33", [jane]),
        ("customers_by_phone", "331", [jane]), ("customer_channel_email", "331", []), ("agent", "dana", [3]),
    ):  # fmt: skip
        reply = ask("POST", "search", {"type": kind, "query": query})
        assert [one["id"] for one in reply.json()["data"]] == found, (kind, query)


def test_there_are_no_voice_calls_and_none_are_made(ask: Asker) -> None:
    assert ask("GET", "phone/voice-calls").json()["data"] == []
    assert ask("POST", "phone/voice-calls", {}).status_code == 405
