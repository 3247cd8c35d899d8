"""Satisfaction surveys that go out: some time after a ticket is closed, or at their ``should_send_datetime``.

Source: developers.gorgias.com, the-satisfactionsurvey-object: a survey with a send date is mailed then; one a ticket.
"""

from __future__ import annotations

from migrator_lib.simulators.gorgias.account import Account
from migrator_lib.simulators.gorgias.behaviour.switches import SURVEYS, number, switched_on
from migrator_lib.simulators.gorgias.store import Document

KIND = "survey"
SEND = "survey"
AUTOMATIC = {"automatic": True}
"""Mark of a survey that the account made by itself."""


def ask(account: Account, ticket_id: int) -> None:
    """Have the customer of a closed ticket asked, if the setting is on and nobody asked before."""
    setting = switched_on(account, SURVEYS)
    ticket = account.store.get("ticket", ticket_id) if setting is not None else None
    if setting is None or ticket is None or not ticket["customer"] or account.store.by(KIND, "parent", ticket_id):
        return
    after = number(setting, "send_after_seconds", account.knobs.survey_after_seconds)
    survey_id = account.store.next_id(KIND)
    survey: Document = {
        "id": survey_id, "uri": f"/api/satisfaction-surveys/{survey_id}/", "ticket_id": ticket_id,
        "customer_id": ticket["customer"]["id"], "score": None, "body_text": None, "scored_datetime": None,
        "sent_datetime": None, "should_send_datetime": account.now(ahead=after), "meta": AUTOMATIC,
        "created_datetime": account.now(),
    }  # fmt: skip
    account.store.put(KIND, survey, parent=ticket_id)
    account.store.fire(KIND, f"survey {survey_id}", "ticket-closed", ticket_id, account.now())
    schedule(account, survey, "a ticket was closed")


def schedule(account: Account, survey: Document, reason: str = "should_send_datetime") -> None:
    """Have a survey mailed at its send date, if it has one and was not sent; replaces what was scheduled before."""
    account.store.call_off(SEND, survey["id"])
    at = survey.get("should_send_datetime")
    if not at or survey.get("sent_datetime") or account.seeding:
        return
    customer = account.store.get("customer", survey["customer_id"]) or {}
    mail = account.store.mail(KIND, str(customer.get("email")), reason, at)
    account.store.later(at, SEND, survey["id"], mail)


def sent(account: Account, survey_id: int, at: str) -> None:
    """A survey went out."""
    survey = account.store.get(KIND, survey_id)
    if survey is not None:
        survey["sent_datetime"] = at
        account.store.put(KIND, survey, parent=survey["ticket_id"])


def call_off(account: Account, ticket_id: int) -> None:
    """A ticket is open again: the account's own survey that did not go out yet does not, and is gone."""
    for survey in account.store.by(KIND, "parent", ticket_id):
        if survey.get("meta") == AUTOMATIC and not survey.get("sent_datetime"):
            account.store.call_off(SEND, survey["id"])
            account.store.delete(KIND, survey["id"])
