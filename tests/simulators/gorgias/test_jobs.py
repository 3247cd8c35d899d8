"""Jobs take their time, act in slices, and stop when they are canceled. Facts: create-job, cancel-job."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import requests

from migrator_lib.clock import ManualClock
from migrator_lib.simulators.gorgias import Account, create_app
from migrator_lib.simulators.gorgias.resources.jobs import QUEUED_SECONDS, SLICE, SLICE_SECONDS
from tests.conftest import Switch
from tests.simulated_account import SEED
from tests.simulators.gorgias.asking import AGENT, Asker, incoming, ticket


@dataclass(frozen=True)
class Scene:
    """An account whose time passes only when a test says so."""

    ask: Asker
    clock: ManualClock

    def tickets(self, number: int, **more: Any) -> list[int]:
        jane = self.ask.customer()
        return [self.ask.make("tickets", ticket(incoming(jane), **more))["id"] for _ in range(number)]

    def job(self, kind: str, **params: Any) -> str:
        return f"jobs/{self.ask.make('jobs', {'type': kind, 'params': params})['id']}"

    def after(self, seconds: float, path: str) -> dict[str, Any]:
        """Return a job as it is some time later."""
        self.clock.advance(seconds)
        return dict(self.ask("GET", path).json())


@pytest.fixture
def scene(served: tuple[Switch, str]) -> Iterator[Scene]:
    switch, url = served
    clock = ManualClock()
    account = Account("demo", None, seed=SEED, clock=clock, rate="unlimited")
    switch.app = create_app({"demo": account})
    with requests.Session() as session:
        session.trust_env = False
        yield Scene(Asker(f"{url}/demo", account, session), clock)
    account.store.close()


def held(scene: Scene) -> int:
    return scene.ask.account.store.count("ticket")


def test_a_job_waits_runs_in_slices_and_is_done(scene: Scene) -> None:
    made = scene.tickets(SLICE + 1)
    path = scene.job("deleteTicket", ticket_ids=[*made, 99])
    first = scene.after(0, path)
    assert (first["status"], first["started_datetime"]) == ("pending", None)
    running = scene.after(QUEUED_SECONDS, path)
    assert (running["status"], running["info"]["progress_count"], held(scene)) == ("running", 0, SLICE + 1)
    halfway = scene.after(SLICE_SECONDS, path)
    assert (halfway["status"], halfway["info"]["progress_count"], held(scene)) == ("running", SLICE, 1)
    done = scene.after(SLICE_SECONDS, path)
    assert (done["status"], held(scene)) == ("done", 0)
    assert done["info"] == {"progress_count": SLICE + 2, "total_count": SLICE + 2}
    assert scene.ask("GET", "messages").json()["data"] == []


def test_a_canceled_job_leaves_what_it_did_not_do(scene: Scene) -> None:
    path = scene.job("deleteTicket", ticket_ids=scene.tickets(SLICE + 1))
    scene.after(QUEUED_SECONDS + SLICE_SECONDS, path)
    assert scene.ask("DELETE", path).status_code == 204
    assert scene.after(60, path)["status"] == "canceled"
    assert held(scene) == 1
    finished = scene.job("deleteTicket", ticket_ids=[])
    scene.after(60, finished)
    assert scene.ask("DELETE", finished).status_code == 204
    assert scene.after(0, finished)["status"] == "done"


def test_a_job_closes_the_tickets_of_a_view(scene: Scene) -> None:
    (one, two), by_phone = scene.tickets(2), "eq(ticket.channel, 'phone')"
    scene.ask("PUT", f"tickets/{two}", {"channel": "phone"})
    view = scene.ask.make("views", {"filters": by_phone})["id"]
    updates = {"status": "closed", "assignee_user": {"id": AGENT}}
    paths = [
        scene.job("updateTicket", view_id=view, updates=updates),
        scene.job("updateTicket", view={"filters": by_phone}, updates={"subject": "x"}),
    ]
    assert [scene.after(60, path)["status"] for path in paths] == ["done", "done"]
    changed, kept = (scene.ask("GET", f"tickets/{i}").json() for i in (two, one))
    assert (changed["status"], changed["assignee_user"]["id"], changed["subject"]) == ("closed", AGENT, "x")
    assert (kept["status"], kept["subject"]) == ("open", None)


def test_a_job_applies_a_macro(scene: Scene) -> None:
    (made,) = scene.tickets(1)
    macro = scene.ask.make("macros", {"name": "VIP", "actions": [{"name": "addTags", "arguments": {"tags": "vip"}}]})
    scene.after(60, scene.job("applyMacro", ticket_ids=[made], macro_id=macro["id"], apply_and_close=True))
    read = scene.ask("GET", f"tickets/{made}").json()
    assert ([tag["name"] for tag in read["tags"]], read["status"]) == (["vip"], "closed")


def test_a_job_that_fails_on_a_ticket_goes_on_and_says_so(scene: Scene) -> None:
    made = scene.tickets(2)
    path = scene.job("updateTicket", ticket_ids=made, updates={"assignee_user": {"id": AGENT}})
    scene.ask("DELETE", f"users/{AGENT}")
    failed = scene.after(60, path)
    assert (failed["status"], failed["info"]["errors"]) == ("errored", 2)


def test_a_job_is_scheduled_for_up_to_an_hour_ahead(scene: Scene) -> None:
    made = scene.tickets(1)
    body = {"type": "deleteTicket", "params": {"ticket_ids": made}}
    too_late = {**body, "scheduled_datetime": scene.ask.account.now(ahead=3601)}
    assert "scheduled_datetime" in scene.ask.refusal("POST", "jobs", too_late)
    job = scene.ask.make("jobs", {**body, "scheduled_datetime": scene.ask.account.now(ahead=3000)})
    assert job["status"] == "scheduled"
    assert scene.after(2999, f"jobs/{job['id']}")["status"] == "scheduled"
    assert scene.after(60, f"jobs/{job['id']}")["status"] == "done"
    assert held(scene) == 0


@pytest.mark.parametrize(
    ("body", "where"),
    [
        ({"type": "importTicket", "params": {}}, "type"),
        ({"type": "importCustomer"}, "type"),
        ({"type": "deleteTicket"}, "params"),
        ({"type": "deleteTicket", "params": {"view_id": 99}}, "params"),
        ({"type": "deleteTicket", "params": {"view": {"filters": "nonsense"}}}, "filters"),
        ({"type": "updateTicket", "params": {"ticket_ids": [1]}}, "params"),
        ({"type": "updateTicket", "params": {"ticket_ids": [1], "updates": {"colour": "red"}}}, "params"),
        ({"type": "applyMacro", "params": {"ticket_ids": [1], "macro_id": 99}}, "params"),
        ({"type": "importMacro"}, "params"),
        ({"type": "exportTicket", "params": {"ticket_ids": [1]}, "colour": "red"}, "colour"),
    ],
)
def test_a_job_that_cannot_be_is_refused(scene: Scene, body: dict[str, Any], where: str) -> None:
    assert list(scene.ask.refusal("POST", "jobs", body)) == [where]


def test_jobs_are_listed_by_status_and_type(scene: Scene) -> None:
    scene.after(60, scene.job("exportMacro"))
    scene.job("deleteTicket", ticket_ids=[])
    for filters, found in (("status=done", 1), ("status=pending", 1), ("type=exportMacro", 1), ("", 2)):
        assert len(scene.ask("GET", f"jobs?{filters}").json()["data"]) == found
