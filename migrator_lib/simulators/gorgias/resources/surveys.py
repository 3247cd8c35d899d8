"""Satisfaction surveys: one for each ticket, and none is ever deleted alone.

Source: developers.gorgias.com, create-satisfaction-survey, update-satisfaction-survey, the-satisfactionsurvey-object.
"""

from __future__ import annotations

from typing import Any

from migrator_lib.gorgias.contract import replies
from migrator_lib.gorgias.contract.bodies import SurveyCreate, SurveyUpdate
from migrator_lib.simulators.gorgias.account import Account, reference_problem
from migrator_lib.simulators.gorgias.behaviour import happened, surveys
from migrator_lib.simulators.gorgias.behaviour.events import RESPONDED
from migrator_lib.simulators.gorgias.resources.handlers import create, get, put
from migrator_lib.simulators.gorgias.store import Document
from migrator_lib.simulators.gorgias.web.endpoint import PAGING, Endpoint, Query, order_by
from migrator_lib.simulators.gorgias.web.paging import listed
from migrator_lib.simulators.gorgias.web.request import Call
from migrator_lib.simulators.gorgias.web.validation import Refused, parse, refuse

KIND = surveys.KIND
FIELDS = ("score", "body_text", "scored_datetime", "sent_datetime", "should_send_datetime", "meta")
ORDERS = ("created_datetime", "id")


def _check(account: Account, given: Document, action: str) -> None:
    for name, kind in (("customer_id", "customer"), ("ticket_id", "ticket")):
        if account.store.get(kind, given[name]) is None:
            raise Refused(400, f"Failed to {action}", reference_problem(name))


def _save(account: Account, survey: Document, scored_before: bool) -> Document:
    account.store.put(KIND, survey, parent=survey["ticket_id"])
    surveys.schedule(account, survey)
    if survey["score"] is not None and not scored_before:
        happened(account, survey["ticket_id"], RESPONDED)
    return survey


def create_survey(account: Account, body: Any) -> Document:
    """``POST /api/satisfaction-surveys``; one with a ``should_send_datetime`` is mailed then."""
    given = parse(SurveyCreate, body, "create survey").model_dump(exclude_unset=True)
    _check(account, given, "create survey")
    if account.store.by(KIND, "parent", given["ticket_id"]):
        raise refuse(409, "create survey", "ticket_id", "There is a survey of this ticket already.")
    survey_id = account.store.next_id(KIND)
    document = {
        "id": survey_id, "uri": f"/api/satisfaction-surveys/{survey_id}/", **dict.fromkeys(FIELDS), **given,
        "created_datetime": given.get("created_datetime") or account.now(),
    }  # fmt: skip
    if not (document["should_send_datetime"] or account.knobs.undated_surveys_stay_unsent):
        at = account.now(ahead=account.knobs.survey_after_seconds)
        document |= {"sent_datetime": None, "should_send_datetime": at}
    return _save(account, document, False)


def update_survey(account: Account, survey: Document, body: Any) -> Document:
    """``PUT /api/satisfaction-surveys/{id}``: everything again, since what is left out is emptied."""
    given = parse(SurveyUpdate, body, "update survey").model_dump(exclude_unset=True)
    _check(account, given, "update survey")
    if given["ticket_id"] != survey["ticket_id"]:
        raise refuse(400, "update survey", "ticket_id", "The ticket of a survey does not change.")
    scored = survey["score"] is not None
    created = given.pop("created_datetime", None) or survey["created_datetime"]
    survey.update({**dict.fromkeys(FIELDS), **given, "created_datetime": created})
    return _save(account, survey, scored)


def _list(account: Account, call: Call) -> Any:
    ticket_id = call.number("ticket_id")
    return listed(account, KIND, call, where={} if ticket_id is None else {"parent": ticket_id}, orders=ORDERS)


PATH = "satisfaction-surveys"
ROUTES = (
    Endpoint(
        "GET", PATH, 200, _list, "List surveys", reply=replies.Survey, listed=True,
        query=(*PAGING, Query("ticket_id", int), order_by(*ORDERS)),
    ),
    Endpoint(
        "POST", PATH, 201, create(create_survey), "Create a survey; with a date to send, it is sent", SurveyCreate,
        replies.Survey, errors=(409,),
    ),
    Endpoint("GET", f"{PATH}/{{id}}", 200, get(KIND), "Get a survey", reply=replies.Survey),
    Endpoint("PUT", f"{PATH}/{{id}}", 202, put(KIND, update_survey), "Replace a survey", SurveyUpdate),
)  # fmt: skip
