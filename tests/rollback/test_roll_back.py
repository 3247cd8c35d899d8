"""A roll-back leaves the account as it was, but for what Gorgias cannot undo and what somebody touched since."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from migrator_lib.errors import RecordRejected, TargetDenied, TargetError
from migrator_lib.ledger import PENDING, REMOVED, Entry
from migrator_lib.load.failing import UNSURE
from migrator_lib.rollback.planning import BEFORE, CHANGED, FOREIGN, IN_USE, MESSAGES, NAMED, UNKNOWN, UNLIKE
from migrator_lib.rollback.proof import ARCHIVED, OFF, OTHERS_CHANGED, OTHERS_MADE, STAYS, UNEXPLAINED_THERE
from migrator_lib.rollback.removal import PROTECTED
from migrator_lib.side_effects import Switch, look
from migrator_lib.simulators.gorgias.limits.faults import Fault
from tests.loading import TARGET, customer, everything, tickets, writes
from tests.loading import ticket as loaded
from tests.rollback.accounts import Loaded, Place, differing, documents, lived_in, place, reply, ticket


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Loaded:
    made = place(tmp_path_factory.mktemp("base"), fill=lived_in)
    made.snapshot()
    made.load()
    made.later()
    return Loaded.of(made)


@pytest.fixture
def there(base: Loaded, tmp_path: Path) -> Iterator[Place]:
    """A lived-in account into which a shop was loaded five hours ago."""
    made = base.copy(tmp_path)
    yield made
    made.ledger.close()


def reasons(made: Place) -> dict[tuple[str, str], str]:
    """Return (object, source key) to why it stays, by the plan."""
    rolling = made.rolling()
    found = {(item.object, item.source_key): item.reason for item in rolling.plan.items(decision="protect")}
    rolling.close()
    return found


# --- everything ----------------------------------------------------------------------------------------


def test_the_whole_account_is_as_it_was_but_for_archived_fields_and_a_second_load_makes_everything_anew(
    tmp_path: Path,
) -> None:
    made = place(tmp_path, fill=lived_in)
    before = documents(made.account)
    made.snapshot()
    made.load()
    first = everything(made.account.store)
    made.later()

    proof = made.roll_back()

    left = differing(before, documents(made.account))
    assert set(left) == {"custom_field"}
    (archived,) = left["custom_field"]
    assert made.account.store.get("custom_field", archived)["deactivated_datetime"]  # type: ignore[index]
    assert proof.wrong == 0
    assert {why: n for kind in proof.kinds for why, n in kind.explained.items()} == {ARCHIVED: 1}
    made.ledger.verify()
    counts = made.ledger.counts(TARGET)
    assert not [obj for obj, states in counts.items() if states.get("created") or states.get(PENDING)]
    assert made.look().nothing

    made.load()
    second = everything(made.account.store)
    first["custom_field"]["st:demo:ticket_field:4"] += 1  # the archived one
    assert second == first
    assert made.ledger.counts(TARGET)["ticket"] == {"created": 8}


def test_the_note_of_a_ticket_without_messages_is_nobodys_work(tmp_path: Path) -> None:
    made = place(tmp_path, tickets=1)
    made.shop.add("Tickets", {"TicketID": 2})
    made.staged = made.shop.stage("with-an-empty-one")
    made.snapshot()
    made.load()
    (note,) = made.account.store.by("message", "parent", loaded(made.account, 2)["id"])
    assert note["external_id"] is None
    proof = made.roll_back()
    assert made.account.store.by_kind("ticket") == []
    assert proof.wrong == 0


def test_a_load_changes_nothing_that_was_there_so_there_is_nothing_to_put_back_but_what_it_switched_off(
    there: Place,
) -> None:
    matched = list(there.ledger.entries(TARGET, state="matched"))
    assert {entry.object for entry in matched} == {"requester", "tag", "user"}
    for entry in matched:
        written = there.ledger.journal(TARGET, entry.object, entry.source_key)
        assert not [event for event in written if "before" in event["detail"]]


def test_a_plan_writes_nothing_to_the_account(there: Place) -> None:
    wrote = writes(there.account)
    blast = there.look()
    assert writes(there.account) == wrote
    assert blast.to_remove == 18
    assert blast.protects == 0


def test_what_was_removed_is_removed_once(there: Place) -> None:
    there.roll_back()
    wrote = writes(there.account)
    head = there.ledger.head()
    there.roll_back()
    assert writes(there.account) == wrote
    assert there.ledger.head() == head


def test_what_an_earlier_roll_back_archived_is_explained_by_a_later_one(there: Place) -> None:
    there.roll_back()
    rolling = there.rolling()
    rolling.look(fresh=True)
    rolling.remove()
    proof = rolling.prove()
    rolling.close()
    assert proof.wrong == 0
    assert {why: n for kind in proof.kinds for why, n in kind.explained.items()} == {ARCHIVED: 1}


def test_a_tag_that_only_an_earlier_mapping_named_goes_too(there: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    statuses = {key: one.model_dump() for key, one in there.shop.lookups(there.staged).mapping.statuses.items()}
    statuses["2"] |= {"tag": "on hold"}
    monkeypatch.setitem(there.shop.mapped, "statuses", statuses)
    there.load()
    assert {"waiting", "on hold"} <= {tag["name"] for tag in there.account.store.by_kind("tag")}
    there.later()
    assert there.roll_back().wrong == 0
    assert {tag["name"] for tag in there.account.store.by_kind("tag")} == {"vip", "seen"}


def test_tickets_in_the_trash_go_too_since_the_load_made_them(tmp_path: Path) -> None:
    made = place(tmp_path, fill=lived_in)
    before = documents(made.account)
    made.snapshot()
    made.load()
    next(row for row in made.shop.tables["Tickets"] if row["TicketID"] == 2)["IsDeleted"] = True
    made.staged = made.shop.stage()
    made.load()
    assert loaded(made.account, 2)["trashed_datetime"]
    made.later()
    assert made.roll_back().wrong == 0
    assert set(differing(before, documents(made.account))) == {"custom_field"}


# --- what somebody touched -----------------------------------------------------------------------------


def test_a_ticket_that_an_agent_changed_stays_with_everybody_and_everything_in_it(there: Place) -> None:
    agents = loaded(there.account, 1)
    there.api.tickets.update(agents["id"], {"priority": "high"})
    there.look()
    why = reasons(there)
    assert why[("ticket", "1")] == CHANGED
    assert why[("requester", "u102")] == IN_USE
    assert {why[("department", "g1-11")], why[("brand", "1")], why[("ticket_field", "4")]} == {IN_USE}
    assert ("ticket", "2") not in why
    proof = there.roll_back()
    assert tickets(there.account, 1)
    assert customer(there.account, "u102")["id"] == agents["customer"]["id"]
    assert not tickets(there.account, 2)
    assert proof.wrong == 0
    assert sum(kind.explained.get(STAYS, 0) for kind in proof.kinds) == len(why)
    entry = there.ledger.entry(TARGET, "ticket", "1")
    assert entry is not None
    assert (entry.state, entry.detail[PROTECTED]) == ("created", CHANGED)


def test_a_load_after_a_roll_back_leaves_a_protected_ticket_as_it_is_and_makes_the_others(there: Place) -> None:
    agents = loaded(there.account, 1)
    there.api.tickets.update(agents["id"], {"priority": "high"})
    there.roll_back()
    there.snapshot()
    there.load()
    assert loaded(there.account, 1)["id"] == agents["id"]
    assert loaded(there.account, 1)["priority"] == "high"
    assert len(tickets(there.account, 2)) == 1
    there.later()
    proof = there.roll_back()  # the snapshot from before this load has the ticket that stayed
    assert proof.wrong == 0
    assert len(tickets(there.account, 1)) == 1


def test_a_message_protects_its_ticket_even_where_the_account_keeps_the_date_of_change(there: Place) -> None:
    agents = loaded(there.account, 3)
    there.api.messages.create(agents["id"], reply(3, agents["customer"]["id"]))
    there.api.tickets.update(agents["id"], {"updated_datetime": f"{agents['updated_datetime']}Z"})
    there.look()
    assert reasons(there)[("ticket", "3")] == MESSAGES


def new_ticket(made: Place) -> None:
    there = made.account
    tags = [{"name": name} for name in ("vip", "seen", "brand: Fernhill", loaded(there, 1)["tags"][0]["name"])]
    field = there.store.by("custom_field", "external_id", "st:demo:ticket_field:4")[0]["id"]
    team = loaded(there, 1)["assignee_team"]["id"]
    made.api.tickets.create(
        ticket(customer(there, "u102")["id"], tags=tags, assignee_team={"id": team},
               custom_fields=[{"id": field, "value": 7}])
    )  # fmt: skip


def edited_customer(made: Place) -> None:
    made.api.customers.update(customer(made.account, "u102")["id"], {"channels": [], "name": "Robert"})


def note_on_customer(made: Place) -> None:
    made.api.customers.update(customer(made.account, "u102")["id"], {"channels": None, "note": "friendly"})


def edited_team(made: Place) -> None:
    made.api.teams.update(loaded(made.account, 1)["assignee_team"]["id"], {"members": [{"id": 2}]})


def macro_with_tag(made: Place) -> None:
    name = next(tag["name"] for tag in made.account.store.by_kind("tag") if "Fernhill" in tag["name"])
    action = {"name": "addTags", "arguments": {"tags": f"{name}, sent"}}
    made.account.store.put("macro", {"id": 7, "uri": "/api/macros/7/", "name": "Thanks", "actions": [action]})


def rule_with_team(made: Place) -> None:
    team = loaded(made.account, 1)["assignee_team"]["id"]
    code = f"Action('setTeam', {{team_id: {team}}});"
    made.account.store.put("rule", {"id": 7, "uri": "/api/rules/7/", "name": "To the team", "code": code})


def view_of_team(made: Place) -> None:
    team = loaded(made.account, 1)["assignee_team"]["id"]
    made.account.store.put("view", {"id": 7, "uri": "/api/views/7/", "name": "Ours", "shared_with_teams": [team]})


@pytest.mark.parametrize(
    ("act", "stays"),
    [
        (rule_with_team, {("department", "g1-11"): IN_USE}),
        (view_of_team, {("department", "g1-11"): IN_USE}),
        (new_ticket, {("requester", "u102"): IN_USE, ("department", "g1-11"): IN_USE, ("ticket_field", "4"): IN_USE}),
        (edited_customer, {("requester", "u102"): UNLIKE}),
        (note_on_customer, {("requester", "u102"): FOREIGN}),
        (edited_team, {("department", "g1-11"): UNLIKE}),
        (macro_with_tag, {("brand", "1"): NAMED}),
    ],
    ids=lambda one: getattr(one, "__name__", ""),
)
def test_what_somebody_uses_or_changed_stays(
    there: Place, act: Callable[[Place], None], stays: dict[tuple[str, str], str]
) -> None:
    act(there)
    there.look()
    found = reasons(there)
    assert {key: found.get(key) for key in stays} == stays
    assert all(obj != "ticket" for obj, _ in found)
    assert there.roll_back().wrong == 0
    assert not there.account.store.by("ticket", "external_id", "st:demo:ticket:1")


def test_what_is_touched_after_the_plan_was_made_stays_too(there: Place) -> None:
    rolling = there.rolling()
    rolling.look(fresh=True)
    there.later(1)
    there.api.tickets.update(loaded(there.account, 1)["id"], {"status": "open"})
    there.api.customers.update(customer(there.account, "u102")["id"], {"channels": None, "name": "Robert"})
    guest = next(c for c in there.account.store.by_kind("customer") if (c["email"] or "").startswith("guest"))
    there.api.tickets.create(ticket(guest["id"]))
    rolling.remove()
    proof = rolling.prove()
    rolling.close()
    found = reasons(there)
    assert found[("ticket", "1")] == CHANGED
    assert found[("requester", "u102")] in (UNLIKE, IN_USE)
    assert IN_USE in {why for (obj, key), why in found.items() if obj == "requester" and key.startswith("e")}
    assert there.account.store.get("customer", guest["id"]) is not None
    assert proof.wrong == 0


@pytest.mark.parametrize(
    ("act", "stays"),
    [
        (edited_team, (("department", "g1-11"), CHANGED)),
        (rule_with_team, (("department", "g1-11"), IN_USE)),
        (macro_with_tag, (("brand", "1"), NAMED)),
    ],
    ids=lambda one: getattr(one, "__name__", ""),
)
def test_a_plan_may_be_old_so_whatever_people_work_with_is_looked_at_again_before_it_goes(
    there: Place, act: Callable[[Place], None], stays: tuple[tuple[str, str], str]
) -> None:
    there.look()
    act(there)
    proof = there.roll_back()
    assert not tickets(there.account, 1)
    assert reasons(there) == dict([stays])
    assert proof.wrong == 0


def test_what_others_did_in_the_account_is_told_and_is_no_fault(there: Place) -> None:
    seen = next(tag for tag in there.account.store.by_kind("tag") if tag["name"] == "seen")
    there.api.tags.update(seen["id"], {"description": "by a person"})
    there.api.teams.create({"name": "Night shift"})
    proof = there.roll_back()
    told = {(kind.kind, why) for kind in proof.kinds for why in kind.explained}
    assert {("tags", OTHERS_CHANGED), ("teams", OTHERS_MADE)} <= told
    assert proof.wrong == 0


def test_what_was_there_before_the_load_is_never_removed_whatever_the_ledger_says(there: Place) -> None:
    sales = next(team for team in there.account.store.by_kind("team") if team["name"] == "Sales")
    claimed = Entry("department", "d9", "created", target_id=str(sales["id"]))
    there.ledger.settle(TARGET, [claimed])
    there.look()
    assert reasons(there)[("department", "d9")] == BEFORE
    there.roll_back()
    assert there.account.store.get("team", sales["id"]) == sales


def test_something_of_ours_that_the_ledger_does_not_know_is_unexplained(there: Place) -> None:
    there.api.tickets.create(ticket(20_000, external_id="st:demo:ticket:999"))
    proof = there.roll_back()
    assert [why for _, _, why in proof.listed] == [UNEXPLAINED_THERE]
    assert proof.wrong == 1


def test_a_field_that_a_ticket_which_stays_has_a_value_in_is_not_archived_where_lists_show_no_values(
    there: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("migrator_lib.rollback.inventory._fields_of", lambda row: [])
    there.lists_have_values = False
    field = there.account.store.by("custom_field", "external_id", "st:demo:ticket_field:4")[0]["id"]
    theirs = next(t for t in there.account.store.by_kind("ticket") if not t["external_id"])
    there.api.tickets.replace_custom_fields(theirs["id"], [{"id": field, "value": 5}])
    there.look()
    assert reasons(there)[("ticket_field", "4")] == IN_USE


# --- how it is removed ---------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["http_500_before", "reset_after_commit"])
def test_tickets_that_a_job_does_not_delete_are_deleted_one_by_one(there: Place, kind: str) -> None:
    there.account.faults.append(Fault(kind, method="POST", path_contains="jobs", times=9))
    assert there.roll_back().wrong == 0
    assert not [t for t in there.account.store.by_kind("ticket") if t["external_id"]]


def test_a_job_of_a_run_that_died_is_waited_for_before_anything_is_looked_at_again(
    there: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    def die(_seconds: float) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, suppress(KeyboardInterrupt):
        patch.setattr(there.api.clock, "sleep", die)
        there.roll_back()
    assert there.account.store.by_kind("job")[-1]["status"] != "done"
    assert there.roll_back().wrong == 0
    assert [job["status"] for job in there.account.store.by_kind("job")] == ["done"]
    assert there.account.stats.by_endpoint["POST jobs"] == 1


def test_where_the_plan_of_the_account_has_no_jobs_tickets_are_deleted_one_by_one(
    there: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    def denied(_body: object) -> None:
        raise TargetDenied("Gorgias refused POST /api/jobs with 403: this plan has no jobs")

    monkeypatch.setattr(there.api.jobs, "create", denied)
    assert there.roll_back().wrong == 0
    assert there.account.stats.by_endpoint["DELETE tickets/{id}"] == 8


def test_without_the_sandboxs_word_no_job_is_made(there: Place) -> None:
    there.job = False
    assert there.roll_back().wrong == 0
    assert "POST jobs" not in there.account.stats.by_endpoint
    assert there.account.stats.by_endpoint["DELETE tickets/{id}"] == 8


def test_what_gorgias_refuses_to_delete_stays_and_is_told(there: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(ids: object) -> None:
        raise RecordRejected("used by rule 7", status=409)

    monkeypatch.setattr(there.api.tags, "delete_many", refuse)
    monkeypatch.setattr(there.api.tags, "delete", refuse)
    proof = there.roll_back()
    assert reasons(there)[("brand", "1")] == "Gorgias refused: used by rule 7"
    assert proof.wrong == 0


def test_what_a_load_that_died_had_just_made_is_found_by_its_external_id(there: Place) -> None:
    entry = there.ledger.entry(TARGET, "ticket", "1")
    assert entry is not None
    pending = Entry("ticket", "91", PENDING, external_id="st:demo:ticket:91", detail=entry.detail)
    there.ledger.intend(TARGET, pending)
    body = ticket(20_000, external_id="st:demo:ticket:91", updated_datetime=entry.detail["updated"])
    body["messages"][0]["external_id"] = "st:demo:ticket_message:91"
    for _ in range(2):  # and once more, by a retry
        there.api.tickets.create(body)
    assert there.roll_back().wrong == 0
    assert not tickets(there.account, 91)
    there.ledger.verify()


def test_a_ticket_that_gorgias_failed_on_each_time_and_has_all_the_same_goes_too(there: Place) -> None:
    entry = there.ledger.entry(TARGET, "ticket", "1")
    assert entry is not None
    detail = {"updated": entry.detail["updated"], UNSURE: True}
    unsure = Entry("ticket", "91", "quarantined", external_id="st:demo:ticket:91", detail=detail)
    there.ledger.settle(TARGET, [unsure])
    body = ticket(20_000, external_id="st:demo:ticket:91", updated_datetime=entry.detail["updated"])
    body["messages"][0]["external_id"] = "st:demo:ticket_message:91"
    there.api.tickets.create(body)
    assert there.roll_back().wrong == 0
    assert not tickets(there.account, 91)
    settled = there.ledger.entry(TARGET, "ticket", "91")
    assert settled is not None
    assert settled.state == REMOVED


def test_what_somebody_deleted_is_settled_as_gone(there: Place) -> None:
    there.api.tickets.delete(loaded(there.account, 2)["id"])
    assert there.look().counts["tickets"] == {"remove": 7, "gone": 1}
    there.roll_back()
    entry = there.ledger.entry(TARGET, "ticket", "2")
    assert entry is not None
    assert (entry.state, entry.reason) == ("removed", "was gone already")


def test_users_that_were_made_are_deactivated_unless_they_work_or_have_another_role(there: Place) -> None:
    ids = []
    for name in ("new", "busy", "leads"):
        there.account.seeding = True
        user = there.account.store.next_id("user")
        there.account.store.put("user", {"id": user, "uri": f"/api/users/{user}/", "name": name, "active": True,
                                         "email": f"{name}@demo.example",
                                         "role": {"name": "admin" if name == "leads" else "agent"}})  # fmt: skip
        there.ledger.settle(TARGET, [Entry("user", name, "created", target_id=str(user))])
        ids.append(user)
    there.api.tickets.create(ticket(20_000, assignee_user={"id": ids[1]}))
    assert there.roll_back().wrong == 0
    assert [there.account.store.get("user", user)["active"] for user in ids] == [False, True, True]  # type: ignore[index]
    assert reasons(there)[("user", "busy")] == IN_USE
    assert reasons(there)[("user", "leads")] == UNLIKE


@pytest.mark.parametrize("profile", ["flaky", "lagging", "crashy", "throttled"])
def test_in_any_weather_it_ends_the_same(there: Place, profile: str) -> None:
    there.account.set_profile(profile, 5)
    for _ in range(9):
        with suppress(TargetError):
            proof = there.roll_back()
            break
        there.later(0.1)
    there.account.set_profile(None)
    assert proof.wrong == 0
    assert not [t for t in there.account.store.by_kind("ticket") if t["external_id"]]
    there.ledger.verify()


def test_what_was_switched_off_is_told_and_counts_as_wrong_until_it_is_put_back(there: Place) -> None:
    rule = {"id": 7, "uri": "/api/rules/7/", "name": "Auto-reply", "code": "", "event_types": "ticket-created"}
    there.account.store.put("rule", rule)
    forget_snapshot(there)
    there.snapshot()
    switch = Switch(there.api, there.ledger, TARGET)
    switch.off(look(there.api).effects, ("rules",))
    assert there.look().off == ["rule 'Auto-reply'"]
    assert [why for _, _, why in there.roll_back().listed] == [OFF]
    switch.restore()
    assert there.rolling().prove().wrong == 0


def forget_snapshot(made: Place) -> None:
    """Let the next snapshot be the first one, as if the load came after it."""
    made.ledger.set_meta(f"roll_back:{TARGET}", {"state": "done"})


# --- the snapshot --------------------------------------------------------------------------------------


def test_without_a_snapshot_tags_that_gorgias_made_stay_since_nobody_can_tell_whose_they_are(tmp_path: Path) -> None:
    made = place(tmp_path, fill=lived_in, tickets=3)
    made.snapshot(full=False)
    calls = made.account.stats.calls
    assert calls == 6
    made.load()
    made.later()
    blast = made.look()
    assert "off" in blast.no_snapshot
    assert {why for (obj, _), why in reasons(made).items() if obj == "tag"} <= {UNKNOWN}
    proof = made.roll_back()
    assert proof.no_snapshot
    assert proof.wrong == 0


def test_a_snapshot_that_was_interrupted_goes_on_and_is_taken_once(tmp_path: Path) -> None:
    made = place(tmp_path, fill=lived_in, tickets=3)
    made.account.faults.append(Fault("http_500_before", method="GET", path_contains="views", times=99))
    with pytest.raises(Exception, match="views"):
        made.snapshot()
    made.account.faults.clear()
    read = dict(made.account.stats.by_endpoint)
    made.snapshot()
    assert made.account.stats.by_endpoint["GET tickets"] == read["GET tickets"]
    calls = made.account.stats.calls
    made.snapshot()
    assert made.account.stats.calls == calls


def test_no_snapshot_is_taken_of_an_account_that_was_loaded_before(tmp_path: Path) -> None:
    made = place(tmp_path, tickets=3)
    made.load()
    made.snapshot()
    assert "earlier" in made.look().no_snapshot or "before" in made.look().no_snapshot


def test_what_is_kept_of_an_account_holds_nobodys_name_or_address(there: Place) -> None:
    there.look()
    kept = b"".join(file.read_bytes() for file in (there.folder / "state").glob("*_production.sqlite3*"))
    assert len(kept) > 10_000
    for text in (b"ann@home", b"Ann", b"Bob", b"Where is it", b"Mondays", b"help@demo"):
        assert text not in kept
