"""The choke point that every request passes: what could send mail does not leave.

A request passes only if its method and path are on the list below, its query holds nothing but what that line names,
its body holds no key that the contract does not know, and nothing in it acts.

Facts: a public outgoing message without ``sent_datetime`` is sent (developers.gorgias.com, create-ticket-message);
one dated in the future may be a scheduled one, so it is refused too (unverified); a nested person with more than an id
updates or creates that person (2020 docs, QueryingTheAPI); a survey with a date to be sent at is mailed
(the-satisfactionsurvey-object); ``action=force|retry`` sends again; a message of an integration leaves through it; a
new user is probably invited by mail (unverified); a snoozed ticket wakes by itself, opens again and sets off rules
(``ticket-self-unsnoozed``), so no snooze date passes unless a person allowed it (``policy.snooze``), and one that has
passed never: nobody knows what it does.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any

from pydantic import BaseModel

from migrator_lib.errors import MailGuardError
from migrator_lib.gorgias import purpose
from migrator_lib.gorgias.contract import bodies

FORBIDDEN_IN_MESSAGES = ("actions", "mention_ids", "macros")
READABLE = re.compile(r"[A-Za-z0-9_.~-]+(/[A-Za-z0-9_.~-]+)*")
"""A path without anything that could mean another one: no empty part, no escape, no query, no host."""


class _Acts(Exception):
    """What in a request could act, in words."""


def _mapping(body: object, what: str) -> Mapping[str, Any]:
    if not isinstance(body, Mapping):
        raise _Acts(f"{what} is no object, so nobody can tell what it does")
    return body


@cache
def _keys_of(model: type[BaseModel]) -> frozenset[str]:
    return frozenset(field.alias or name for name, field in model.model_fields.items())


def _known(body: object, keys: Collection[str], what: str) -> Mapping[str, Any]:
    """Return a body that is an object and holds nothing but these keys."""
    found = _mapping(body, what)
    unknown = sorted(str(key) for key in found if key not in keys)
    if unknown:
        raise _Acts(f"{what} holds {len(unknown)} keys that are not known, so nobody can tell what it does")
    return found


def _listed(value: object, what: str) -> list[Any] | tuple[Any, ...]:
    if not isinstance(value, list | tuple):
        raise _Acts(f"'{what}' is no list, so nobody can tell what it does")
    return value


def _is_id(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _only_id(person: object, role: str) -> None:
    if person is None:
        return
    if not isinstance(person, Mapping) or set(person) != {"id"} or not _is_id(person["id"]):
        raise _Acts(f"'{role}' holds more than an id, which would change or create that person")


def is_past(value: object) -> bool:
    """Return whether a value is a moment, with or without a zone (UTC then), and has passed."""
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else None
        if moment is None:
            return False
        aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return aware <= datetime.now(UTC)
    except (ValueError, OverflowError):
        return False


def is_ahead(value: object) -> bool:
    """Return whether a value is a moment that has not come yet."""
    try:
        return isinstance(value, str) and bool(datetime.fromisoformat(value)) and not is_past(value)
    except ValueError:
        return False


# --- what a body may hold ------------------------------------------------------------------------------


def _message(body: object) -> None:
    """A message is history: it was sent, by people who are there, and asks for nothing."""
    message = _known(body, _keys_of(bodies.Message), "a message")
    if not is_past(message.get("sent_datetime")):
        raise _Acts("a message has no 'sent_datetime' that has passed, so Gorgias could e-mail it")
    for key in FORBIDDEN_IN_MESSAGES:
        if message.get(key):
            raise _Acts(f"a message holds '{key}', which acts")
    if message.get("integration_id") is not None and message.get("from_agent") is not False:
        raise _Acts("an outgoing message holds 'integration_id', through which it would leave")
    for role in ("sender", "receiver"):
        _only_id(message.get(role), role)


def _ticket(body: object, model: type[BaseModel]) -> None:
    ticket = _known(body, _keys_of(model), "a ticket")
    for role in ("customer", "assignee_user", "assignee_team"):
        _only_id(ticket.get(role), role)
    if ticket.get("snooze_datetime") is not None:
        raise _Acts("'snooze_datetime' wakes a ticket by itself, which sets off rules")
    for message in _listed(ticket.get("messages", ()), "messages"):
        _message(message)


def _new_ticket(body: object) -> None:
    _ticket(body, bodies.TicketCreate)


def _changed_ticket(body: object) -> None:
    _ticket(body, bodies.TicketUpdate)


def _survey(body: object) -> None:
    survey = _known(body, _keys_of(bodies.SurveyCreate), "a survey")
    if survey.get("should_send_datetime") is not None:
        raise _Acts("a survey holds 'should_send_datetime', at which it would be mailed")
    if not is_past(survey.get("sent_datetime")):
        raise _Acts("a survey has no 'sent_datetime' that has passed, so Gorgias could mail it")


def _retired_user(body: object) -> None:
    if _mapping(body, "a user") != {"active": False}:
        raise _Acts("a user is changed in more than that he may not sign in any more")


def _team(body: object) -> None:
    team = _known(body, _keys_of(bodies.TeamUpdate), "a team")
    for member in _listed(team.get("members") or (), "members"):
        _only_id(member, "members")


def _macro(body: object) -> None:
    """A macro does what it does when somebody puts it on a ticket: ours sets the text of an answer, and no more."""
    macro = _known(body, _keys_of(bodies.MacroUpdate), "a macro")
    for action in _listed(macro.get("actions") or (), "actions"):
        if _mapping(action, "an action of a macro").get("name") != "setResponseText":
            raise _Acts("a macro does more than set the text of an answer")


def _deletion_job(body: object) -> None:
    """Of all jobs only one that deletes tickets by their ids; others send, tag or change by views."""
    job = _known(body, {"type", "params"}, "a job")
    params = job.get("params")
    if job.get("type") != "deleteTicket" or not isinstance(params, Mapping) or set(params) != {"ticket_ids"}:
        raise _Acts("a job does something else than deleting tickets by their ids")
    if not all(_is_id(ticket) for ticket in _listed(params["ticket_ids"], "ticket_ids")):
        raise _Acts("a job does something else than deleting tickets by their ids")


def _values(body: object) -> None:
    for value in _listed(body, "custom fields"):
        _known(value, {"id", "value"}, "a custom field's value")


def _anything(_body: object) -> None:
    """What such a request holds beside its path says nothing: it deletes one thing, or brings a file."""


def _keys(model: type[BaseModel], what: str) -> Callable[[object], None]:
    """Return the check of a body in which nothing can act: it holds what the contract knows, or is not there."""

    def check_keys(body: object) -> None:
        if body is not None:
            _known(body, _keys_of(model), what)

    return check_keys


def _help_center(body: object) -> None:
    """Articles are pages, which nobody is mailed; who is on their way is not known by this API."""
    _mapping(body, "what is sent to the Help Center")


# --- which requests pass -------------------------------------------------------------------------------


@dataclass(frozen=True)
class Passing:
    """A kind of request that passes, if its body does."""

    method: str
    path: re.Pattern[str]
    body: Callable[[object], None]
    params: frozenset[str] = frozenset()


def _line(method: str, path: str, body: Callable[[object], None] = _anything, *params: str) -> Passing:
    """Return a line of the list; ``#`` in the path stands for a number."""
    return Passing(method, re.compile(path.replace("#", "[0-9]+")), body, frozenset(params))


HC = "help-center/help-centers/#"
LOCALE = "[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})?"
PASSING = (
    _line("POST", "tickets", _new_ticket),
    _line("PUT", "tickets/#", _changed_ticket),
    _line("DELETE", "tickets/#"),
    _line("POST", "tickets/#/messages", _message),
    _line("DELETE", "tickets/#/messages/#"),
    _line("PUT", "(tickets|customers)/#/custom-fields", _values),
    _line("POST", "tickets/#/tags", _keys(bodies.TagChoice, "a choice of tags")),
    _line("PUT", "tickets/#/tags", _keys(bodies.TagChoice, "a choice of tags")),
    _line("DELETE", "tickets/#/tags", _keys(bodies.TagChoice, "a choice of tags")),
    _line("POST", "customers", _keys(bodies.CustomerCreate, "a customer")),
    _line("PUT", "customers/#", _keys(bodies.CustomerUpdate, "a customer")),
    _line("DELETE", "(customers|users|teams|tags|jobs|macros)/#"),
    _line("DELETE", "customers|tags", _keys(bodies.Ids, "a deletion")),
    _line("POST", "users", _keys(bodies.UserCreate, "a user")),
    _line("PUT", "users/#", _retired_user),
    _line("POST", "teams", _team),
    _line("PUT", "teams/#", _team),
    _line("POST", "macros", _macro),
    _line("PUT", "macros/#", _macro),
    _line("PUT", "macros/archive", _keys(bodies.MacroIds, "a choice of macros")),
    _line("POST", "tags", _keys(bodies.TagCreate, "a tag")),
    _line("PUT", "tags/#", _keys(bodies.TagUpdate, "a tag")),
    _line("POST", "custom-fields", _keys(bodies.CustomFieldCreate, "a custom field")),
    _line("PUT", "custom-fields/#", _keys(bodies.CustomFieldUpdate, "a custom field")),
    _line("POST", "satisfaction-surveys", _survey),
    _line("PUT", "satisfaction-surveys/#", _survey),
    _line("POST", "upload", _anything, "type"),
    _line("POST", "jobs", _deletion_job),
    _line("POST", "help-center/auth", _help_center),
    _line("POST", f"{HC}/(articles|categories|redirects|attachments)", _help_center),
    _line("POST", f"{HC}/(articles|categories)/#/translations", _help_center),
    _line("PUT", f"{HC}/(articles|categories)/#(/translations/{LOCALE})?", _help_center),
    _line("DELETE", f"{HC}/(articles|categories)/#(/translations/{LOCALE})?"),
    _line("DELETE", f"{HC}/redirects/#"),
)
"""All that a migration, its roll-back and its Help Center send; a method and a path that are not here do not leave."""
TICKET = re.compile("tickets(/[0-9]+)?")
SWITCHED = re.compile("(rules|integrations|account/settings)/[0-9]+")
"""What of the company's own is switched off and restored, each request with a leave of its own."""


def _refuse(what: str, where: str) -> MailGuardError:
    return MailGuardError(
        f"Refused to send {where}: {what}. Nothing left this machine.",
        next_step="this is a defect of the mapping or of this program, not of the data: report it with the "
        "record's key, and do not work around it.",
    )


def check(
    method: str,
    path: str,
    *,
    params: Mapping[str, Any] | None = None,
    body: Any = None,
    allow_invitations: bool = False,
    allow_snooze: bool = False,
) -> None:
    """Pass a request that only reads or stores, and refuse any other.

    Args:
        method: HTTP method.
        path: below ``/api/``, without a leading slash.
        params: query parameters.
        body: JSON body.
        allow_invitations: True where a person agreed that creating users may invite them.
        allow_snooze: True where a person agreed that tickets wake by themselves at a moment to come.

    Raises:
        MailGuardError: naming what could have acted.
    """
    where = f"{method} /api/{path}" if READABLE.fullmatch(path) else f"{method} of a path that is not plain"
    try:
        _check(method, path, params or {}, _awake(path, body) if allow_snooze else body, allow_invitations)
    except _Acts as acts:
        raise _refuse(str(acts), where) from None


def _awake(path: str, body: object) -> object:
    """Return a ticket's body without a snooze that is to come."""
    asleep = isinstance(body, Mapping) and TICKET.fullmatch(path) and is_ahead(body.get("snooze_datetime"))
    return {name: value for name, value in body.items() if name != "snooze_datetime"} if asleep else body  # type: ignore[attr-defined]


def _check(method: str, path: str, params: Mapping[str, Any], body: object, allow_invitations: bool) -> None:
    if not READABLE.fullmatch(path) or ".." in path.split("/") or "." in path.split("/"):
        raise _Acts("its path could mean another one, and is not on the list of harmless ones")
    if method == "GET":
        return
    if method == "PUT" and SWITCHED.fullmatch(path) and purpose.is_given(path, body):
        if params:
            raise _Acts("its query holds what is not on the list of harmless ones")
        return
    lines = [line for line in PASSING if line.method == method and line.path.fullmatch(path)]
    if not lines:
        raise _Acts("this request is not on the list of harmless ones")
    if "action" in params:
        raise _Acts("'action' in its query sends a message")
    if not set(params) <= lines[0].params:
        raise _Acts("its query holds what is not on the list of harmless ones")
    if path == "users" and not allow_invitations:
        raise _Acts("creating a user may send an invitation, and agents.missing is not 'create'")
    lines[0].body(body)
