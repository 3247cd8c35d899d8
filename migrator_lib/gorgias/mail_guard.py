"""The choke point that every request passes: what could send mail does not leave.

Facts: a public outgoing message without ``sent_datetime`` is sent (developers.gorgias.com, create-ticket-message);
a nested person with more than an id updates or creates that person (2020 docs, QueryingTheAPI); a survey with a
send date is mailed; ``action=force|retry`` sends again; a new user is probably invited by mail (unverified).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from migrator_lib.errors import MailGuardError

FORBIDDEN_IN_MESSAGES = ("actions", "mention_ids", "macros")
WRITES_ALLOWED = (
    ("POST", r"tickets"),
    ("PUT", r"tickets/\d+"),
    ("DELETE", r"tickets/\d+"),
    ("POST", r"tickets/\d+/messages"),
    ("DELETE", r"tickets/\d+/messages/\d+"),
    ("PUT", r"tickets/\d+/custom-fields"),
    ("POST|PUT|DELETE", r"tickets/\d+/tags"),
    ("POST|DELETE", r"customers"),
    ("PUT|DELETE", r"customers/\d+"),
    ("PUT", r"customers/\d+/custom-fields"),
    ("POST", r"users"),
    ("PUT|DELETE", r"users/\d+"),
    ("POST", r"teams"),
    ("PUT|DELETE", r"teams/\d+"),
    ("POST|DELETE", r"tags"),
    ("PUT|DELETE", r"tags/\d+"),
    ("POST", r"custom-fields"),
    ("PUT", r"custom-fields/\d+"),
    ("POST", r"upload"),
)


def _refuse(what: str, where: str) -> MailGuardError:
    return MailGuardError(
        f"Refused to send {where}: {what}. Nothing left this machine.",
        next_step="this is a defect of the mapping or of this program, not of the data: report it with the "
        "record's key, and do not work around it.",
    )


def _only_id(person: object, role: str, where: str) -> None:
    if person is not None and (not isinstance(person, Mapping) or set(person) != {"id"}):
        raise _refuse(f"'{role}' holds more than an id, which would change or create that person", where)


def _is_moment(value: object) -> bool:
    try:
        return isinstance(value, str) and bool(datetime.fromisoformat(value))
    except ValueError:
        return False


def check_message(message: object, where: str) -> None:
    """Refuse a message that would be sent, or would act.

    Raises:
        MailGuardError: always before anything leaves.
    """
    if not isinstance(message, Mapping):
        raise _refuse("a message is no object, so nobody can tell what it does", where)
    if not _is_moment(message.get("sent_datetime")):
        raise _refuse("a message has no 'sent_datetime', so Gorgias could e-mail it", where)
    for key in FORBIDDEN_IN_MESSAGES:
        if message.get(key):
            raise _refuse(f"a message holds '{key}', which acts", where)
    for role in ("sender", "receiver"):
        _only_id(message.get(role), role, where)


def _check_ticket(method: str, body: object, where: str) -> None:
    """Check a ticket with its thread; a change may hold no thread at all."""
    if not isinstance(body, Mapping):
        raise _refuse("a ticket is no object, so nobody can tell what it does", where)
    for role in ("customer", "assignee_user", "assignee_team"):
        _only_id(body.get(role), role, where)
    messages = body.get("messages", ())
    if not isinstance(messages, list | tuple) or (method == "PUT" and "messages" in body):
        raise _refuse("'messages' is not where or what it should be", where)
    for message in messages:
        check_message(message, where)


def check(
    method: str,
    path: str,
    *,
    params: Mapping[str, Any] | None = None,
    body: Any = None,
    allow_invitations: bool = False,
) -> None:
    """Pass a request that only reads or stores, and refuse any other.

    Args:
        method: HTTP method.
        path: below ``/api/``, without a leading slash.
        params: query parameters.
        body: JSON body.
        allow_invitations: True where a person agreed that creating users may invite them.

    Raises:
        MailGuardError: naming what could have acted.
    """
    if method == "GET":
        return
    where = f"{method} /api/{path}"
    if not any(re.fullmatch(methods, method) and re.fullmatch(shape, path) for methods, shape in WRITES_ALLOWED):
        raise _refuse("this request is not on the list of harmless ones", where)
    if params and "action" in params:
        raise _refuse(f"'action={params['action']}' sends a message", where)
    if path == "users" and method == "POST" and not allow_invitations:
        raise _refuse("creating a user may send an invitation, and agents.missing is not 'create'", where)
    if method in ("POST", "PUT") and re.fullmatch(r"tickets(/\d+)?", path):
        _check_ticket(method, body, where)
    if method == "POST" and re.fullmatch(r"tickets/\d+/messages", path):
        check_message(body, where)
