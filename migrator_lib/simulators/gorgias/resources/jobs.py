"""Jobs: what the account does in the background, a slice of tickets at a time, by its own clock.

There is no job that imports tickets or customers. Source: developers.gorgias.com, create-job, cancel-job and others.
How fast a job goes, and what ``info`` holds, is UNVERIFIED.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Literal, get_args

from pydantic import ValidationError

from migrator_lib.gorgias.contract import replies
from migrator_lib.gorgias.contract.bodies import JobCreate, TicketUpdate
from migrator_lib.gorgias.contract.bodies.automation import JobType
from migrator_lib.simulators.gorgias.account import Account, reference_problem
from migrator_lib.simulators.gorgias.behaviour import actions, clockwork, happened
from migrator_lib.simulators.gorgias.behaviour.events import UPDATED
from migrator_lib.simulators.gorgias.resources import tickets
from migrator_lib.simulators.gorgias.resources.filters import chosen_by, of_view
from migrator_lib.simulators.gorgias.resources.handlers import create, delete, get
from migrator_lib.simulators.gorgias.store import Document
from migrator_lib.simulators.gorgias.web.endpoint import PAGING, Endpoint, Query, order_by
from migrator_lib.simulators.gorgias.web.paging import Keep, listed
from migrator_lib.simulators.gorgias.web.request import Call
from migrator_lib.simulators.gorgias.web.validation import Refused, parse, problems

DUE = "job"
WORK = "job_work"
"""What a running job has still to do: ``ids`` of tickets."""
QUEUED_SECONDS, SLICE_SECONDS, SLICE = 2.0, 5.0, 50
MOST_AHEAD_SECONDS = 3600.0
ON_TICKETS = ("applyMacro", "deleteTicket", "exportTicket", "updateTicket")
WAITING = ("pending", "scheduled")
STATUSES = (*WAITING, "running", "done", "canceled", "errored")


def _refused(data: dict[str, Any]) -> Refused:
    return Refused(400, "Failed to create job", data)


def _check_selection(account: Account, params: Document) -> None:
    if not any(params.get(name) is not None for name in ("ticket_ids", "view_id", "view")):
        raise _refused({"params": {"ticket_ids": ["Missing data for required field."]}})
    if params.get("view_id") is not None and account.store.get("view", params["view_id"]) is None:
        raise _refused({"params": reference_problem("view_id")})
    if params.get("view") is not None:
        chosen_by(account, params["view"]["filters"])


def _check(account: Account, job: Document) -> None:
    """Check that a job has what its type needs."""
    kind, params = job["type"], job.get("params") or {}
    if kind in ON_TICKETS:
        _check_selection(account, params)
    if kind == "updateTicket":
        try:
            TicketUpdate.model_validate(params.get("updates"))
        except ValidationError as error:
            raise _refused({"params": {"updates": problems(error, params.get("updates"))}}) from error
    if kind == "applyMacro" and account.store.get("macro", params.get("macro_id") or 0) is None:
        raise _refused({"params": reference_problem("macro_id")})
    if kind == "importMacro" and not params.get("url"):
        raise _refused({"params": {"url": ["Missing data for required field."]}})
    at = job.get("scheduled_datetime")
    if at and at > account.now(ahead=MOST_AHEAD_SECONDS):
        raise _refused({"scheduled_datetime": ["Must be within 60 minutes."]})


def create_job(account: Account, body: Any) -> Document:
    """``POST /api/jobs``: it begins in a moment, or when it is scheduled."""
    given = parse(JobCreate, body, "create job").model_dump(exclude_unset=True)
    _check(account, given)
    job_id, now, at = account.store.next_id("job"), account.now(), str(given.get("scheduled_datetime") or "")
    job = {
        "id": job_id, "uri": f"/api/jobs/{job_id}/", "params": {}, "meta": None, "scheduled_datetime": None, **given,
        "status": "scheduled" if at > now else "pending", "info": {"progress_count": 0, "total_count": None},
        "user_id": account.me()["id"], "started_datetime": None, "ended_datetime": None, "created_datetime": now,
        "updated_datetime": now,
    }  # fmt: skip
    account.store.put("job", job)
    account.store.later(at if job["status"] == "scheduled" else account.now(ahead=QUEUED_SECONDS), DUE, job_id)
    return job


def _selected(account: Account, params: Document) -> list[int]:
    """Return the ids of the tickets that a job is for."""
    if params.get("ticket_ids") is not None:
        return list(dict.fromkeys(params["ticket_ids"]))
    view = account.store.get("view", params["view_id"]) if params.get("view_id") is not None else None
    keep = of_view(account, view) if view else chosen_by(account, (params.get("view") or {"filters": ""})["filters"])
    return [ticket["id"] for ticket in account.store.by_kind("ticket") if keep(ticket)]


def step(account: Account, job_id: int, at: str) -> None:
    """Begin a job, or do the next slice of it; a job that was canceled does no more."""
    job = account.store.get("job", job_id)
    if job is None or job["status"] not in (*WAITING, "running"):
        return
    if job["status"] in WAITING:
        ids = _selected(account, job["params"]) if job["type"] in ON_TICKETS else []
        account.store.put(WORK, {"id": job_id, "ids": ids})
        job.update(status="running", started_datetime=at, info={"progress_count": 0, "total_count": len(ids)})
    else:
        _slice(account, job, at)
    job["updated_datetime"] = at
    account.store.put("job", job)
    if job["status"] == "running":
        account.store.later(_after(at, SLICE_SECONDS), DUE, job_id)


def _after(at: str, seconds: float) -> str:
    return (datetime.fromisoformat(at) + timedelta(seconds=seconds)).isoformat(timespec="microseconds")


def _slice(account: Account, job: Document, at: str) -> None:
    work = account.store.get(WORK, job["id"]) or {"ids": []}
    now, later = work["ids"][:SLICE], work["ids"][SLICE:]
    for ticket_id in now:
        ticket = account.store.get("ticket", ticket_id)
        if ticket is not None:
            _act(account, job, ticket)
    job["info"]["progress_count"] += len(now)
    account.store.put(WORK, {"id": job["id"], "ids": later})
    if not later:
        account.store.delete(WORK, job["id"])
        job.update(status="errored" if job["info"].get("errors") else "done", ended_datetime=at)


def _act(account: Account, job: Document, ticket: Document) -> None:
    """Do a job's work on one ticket; one that it cannot be done on is counted, and the others go on."""
    params = job["params"]
    try:
        if job["type"] == "deleteTicket":
            tickets.remove(account, ticket)
        elif job["type"] == "updateTicket":
            tickets.update_ticket(account, ticket, params["updates"])
        elif job["type"] == "applyMacro":
            _apply_macro(account, ticket, params)
    except Refused:
        job["info"]["errors"] = job["info"].get("errors", 0) + 1


def _apply_macro(account: Account, ticket: Document, params: Document) -> None:
    macro = account.store.get("macro", params["macro_id"]) or {}
    for action in macro.get("actions") or []:
        actions.carry_out(account, ticket, str(action.get("name")), dict(action.get("arguments") or {}), by="a job")
    account.save_ticket(ticket)
    happened(account, ticket["id"], UPDATED)
    if params.get("apply_and_close"):
        tickets.update_ticket(account, ticket, {"status": "closed"})


def _cancel(account: Account, job: Document) -> None:
    """``DELETE /api/jobs/{id}``: what was done stays done."""
    if job["status"] in (*WAITING, "running"):
        job.update(status="canceled", ended_datetime=account.now(), updated_datetime=account.now())
        account.store.call_off(DUE, job["id"])
        account.store.delete(WORK, job["id"])
        account.store.put("job", job)


def _list(account: Account, call: Call) -> Any:
    tests: list[Keep] = [
        lambda job, name=name: job[name] == call.query[name]  # type: ignore[misc]
        for name in ("status", "type")
        if name in call.query
    ]
    return listed(
        account, "job", call, keep=lambda job: all(test(job) for test in tests), orders=("created_datetime", "id"),
        default="created_datetime:desc",
    )  # fmt: skip


clockwork.DUE[DUE] = step
ROUTES = (
    Endpoint(
        "GET", "jobs", 200, _list, "List jobs", reply=replies.Job, listed=True,
        query=(
            *PAGING, Query("status", Literal[STATUSES]), Query("type", Literal[get_args(JobType)]),
            order_by("created_datetime", "id"),
        ),
    ),
    Endpoint("POST", "jobs", 201, create(create_job), "Create a job, which works by itself", JobCreate, replies.Job),
    Endpoint("GET", "jobs/{id}", 200, get("job"), "Get a job and how far it is", reply=replies.Job),
    Endpoint("DELETE", "jobs/{id}", 204, delete("job", _cancel), "Cancel a job; what it did stays done"),
)  # fmt: skip
