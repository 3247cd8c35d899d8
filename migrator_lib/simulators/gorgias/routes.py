"""The endpoints of a simulated account: method, path, status of success, and what is done."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Any

from migrator_lib.gorgias.contract.bodies import Ids
from migrator_lib.simulators.gorgias import people, setup, tickets
from migrator_lib.simulators.gorgias.account import Account
from migrator_lib.simulators.gorgias.call import Call, required
from migrator_lib.simulators.gorgias.paging import envelope, listed
from migrator_lib.simulators.gorgias.store import Document
from migrator_lib.simulators.gorgias.validation import Refused, parse

Handler = Callable[[Account, Call], Any]
UPLOAD_TYPES = ("attachment", "public_attachment", "profile_picture", "widget_picture")
BY_MESSAGE_DATE = {"orders": ("created_datetime",), "default": "created_datetime:desc"}


def _sees(account: Account) -> Callable[[Document], bool]:
    """Return whether a look-up by external id sees a document yet (``lag``)."""
    now = account.clock.monotonic()
    return lambda d: now - account.written.get(d["uri"], float("-inf")) >= account.lag_seconds


def _account(account: Account, _call: Call) -> Any:
    return {"domain": account.name, "status": {"status": "active"}, "created_datetime": "2024-01-01T00:00:00.000000"}


# --- people --------------------------------------------------------------------------------------------


def _list_users(account: Account, call: Call) -> Any:
    if "email" in call.query:
        return listed(account, "user", call, where={"name": call.query["email"].lower()})
    if "external_id" in call.query:
        return listed(account, "user", call, where={"external_id": call.query["external_id"]})
    return listed(account, "user", call)


def _get_user(account: Account, call: Call) -> Any:
    return account.me() if call.id() == 0 else required(account, "user", call.id())


def _list_customers(account: Account, call: Call) -> Any:
    query = call.query
    if "external_id" in query:
        return listed(account, "customer", call, where={"external_id": query["external_id"]}, keep=_sees(account))
    address = query.get("email") or query.get("channel_address")
    if address:
        owner = account.store.owner_of(query.get("channel_type", "email"), address)
        found = account.store.get("customer", owner) if owner is not None else None
        return envelope(call, [found] if found else [])
    return listed(account, "customer", call)


def _customer_fields(account: Account, call: Call) -> Any:
    return {"data": required(account, "customer", call.id())["custom_fields"]}


def _put_customer_fields(account: Account, call: Call) -> Any:
    customer = required(account, "customer", call.id())
    return {"data": people.update_customer(account, customer, {"custom_fields": call.body})["custom_fields"]}


# --- tickets -------------------------------------------------------------------------------------------


def _list_tickets(account: Account, call: Call) -> Any:
    query = call.query
    with_fields = "custom_fields" in query.getlist("relationships")
    with_trash = query.get("trashed", "true").lower() != "false"
    sees = _sees(account) if "external_id" in query else lambda _: True
    where = {"external_id": query.get("external_id"), "parent": call.number("customer_id")}
    chosen = {int(i) for i in query.getlist("ticket_ids") if i.isdecimal()}

    def keep(ticket: Document) -> bool:
        wanted = not chosen or ticket["id"] in chosen
        return wanted and sees(ticket) and (with_trash or not ticket.get("trashed_datetime"))

    return listed(
        account, "ticket", call, where={k: v for k, v in where.items() if v is not None}, keep=keep,
        show=lambda ticket: tickets.summary(ticket, custom_fields=with_fields), default="updated_datetime:desc",
    )  # fmt: skip


def _get_ticket(account: Account, call: Call) -> Any:
    ticket = required(account, "ticket", call.id())
    shown = tickets.summary(ticket, custom_fields="custom_fields" in call.query.getlist("relationships"))
    return {**shown, "messages": account.store.by("message", "parent", ticket["id"])}


def _ticket_fields(account: Account, call: Call) -> Any:
    return {"data": required(account, "ticket", call.id())["custom_fields"]}


def _put_ticket_fields(account: Account, call: Call) -> Any:
    ticket = required(account, "ticket", call.id())
    return {"data": tickets.update_ticket(account, ticket, {"custom_fields": call.body})["custom_fields"]}


def _ticket_tags(account: Account, call: Call) -> Any:
    return {"data": required(account, "ticket", call.id())["tags"]}


def _change_tags(way: str) -> Handler:
    return lambda account, call: tickets.change_tags(account, required(account, "ticket", call.id()), call.body, way)


def _list_messages(account: Account, call: Call) -> Any:
    ticket_id = call.number("ticket_id")
    where = {} if ticket_id is None else {"parent": ticket_id}
    return listed(account, "message", call, where=where, **BY_MESSAGE_DATE)  # type: ignore[arg-type]


def _create_message(account: Account, call: Call) -> Any:
    message = tickets.create_message(account, required(account, "ticket", call.id()), call.body)
    if call.query.get("action") in ("force", "retry"):
        account.store.mail("message", str((message["receiver"] or {}).get("email")), "action", account.now())
    return message


def _message(account: Account, call: Call) -> Document:
    """Return the message that the path names, if it is one of that ticket."""
    message = required(account, "message", int(call.path["message_id"]))
    if message["ticket_id"] != call.id():
        raise Refused(404, f"Message with id {message['id']} was not found in ticket {call.id()}.")
    return message


def _delete_message(account: Account, call: Call) -> None:
    tickets.delete_message(account, required(account, "ticket", call.id()), _message(account, call))


# --- set-up --------------------------------------------------------------------------------------------


def _list_tags(account: Account, call: Call) -> Any:
    search = call.query.get("search", "").lower()
    return listed(account, "tag", call, keep=lambda tag: search in tag["name"].lower())


def _list_custom_fields(account: Account, call: Call) -> Any:
    object_type = call.query.get("object_type")
    if object_type not in ("Ticket", "Customer"):
        raise Refused(400, "Failed to list", {"object_type": ["Missing data for required field."]})
    archived = call.query.get("archived", "false") == "true"

    def keep(field: Document) -> bool:
        return archived or not field.get("deactivated_datetime")

    return listed(account, "custom_field", call, where={"name": object_type}, keep=keep)


def _upload(account: Account, call: Call) -> Any:
    kind = call.query.get("type", "attachment")
    if kind not in UPLOAD_TYPES:
        raise Refused(400, "Failed to upload", {"type": ["Not a valid choice."]})
    if not call.files:
        raise Refused(400, "Failed to upload", {"file": ["Missing data for required field."]})
    return [_save_file(account, kind, *file) for file in call.files]


def _save_file(account: Account, kind: str, label: str, content_type: str, content: bytes) -> Document:
    if len(content) > account.upload_limit:
        raise Refused(413, "The file is too large")
    name = f"{secrets.token_hex(16)}-{account.store.next_id('upload')}"
    account.store.save_file(name, label, content_type, kind != "attachment", content)
    url = f"https://{account.name}.simulated.invalid/api/{kind}/download/{name}"
    return {"content_type": content_type, "name": label, "size": len(content), "url": url}


# --- what many have in common --------------------------------------------------------------------------


def _create(make: Callable[[Account, Any], Document]) -> Handler:
    return lambda account, call: make(account, call.body)


def _list(kind: str) -> Handler:
    return lambda account, call: listed(account, kind, call)


def _get(kind: str) -> Handler:
    return lambda account, call: required(account, kind, call.id())


def _put(kind: str, change: Callable[[Account, Document, Any], Document]) -> Handler:
    return lambda account, call: change(account, required(account, kind, call.id()), call.body)


def _remove(account: Account, kind: str, document: Document) -> None:
    if kind == "customer":
        account.store.set_addresses(document["id"], [])
    if kind == "ticket":
        account.store.delete_children("message", document["id"])
    account.store.delete(kind, document["id"])


def _delete(kind: str) -> Handler:
    return lambda account, call: _remove(account, kind, required(account, kind, call.id()))


def _bulk_delete(kind: str) -> Handler:
    def handler(account: Account, call: Call) -> None:
        for thing_id in parse(Ids, call.body, "delete").ids:
            found = account.store.get(kind, thing_id)
            if found is not None:
                _remove(account, kind, found)

    return handler


ROUTES: tuple[tuple[str, str, int, Handler], ...] = (
    ("GET", "account", 200, _account),
    ("GET", "account/settings", 200, lambda account, call: envelope(call, account.store.by_kind("setting"))),
    ("GET", "users", 200, _list_users),
    ("POST", "users", 201, _create(people.create_user)),
    ("GET", "users/{id}", 200, _get_user),
    ("PUT", "users/{id}", 202, _put("user", people.update_user)),
    ("DELETE", "users/{id}", 204, _delete("user")),
    ("GET", "teams", 200, _list("team")),
    ("POST", "teams", 201, _create(setup.create_team)),
    ("GET", "teams/{id}", 200, _get("team")),
    ("PUT", "teams/{id}", 202, _put("team", setup.update_team)),
    ("DELETE", "teams/{id}", 204, _delete("team")),
    ("GET", "tags", 200, _list_tags),
    ("POST", "tags", 201, _create(setup.create_tag)),
    ("DELETE", "tags", 204, _bulk_delete("tag")),
    ("GET", "tags/{id}", 200, _get("tag")),
    ("PUT", "tags/{id}", 202, _put("tag", setup.update_tag)),
    ("DELETE", "tags/{id}", 204, _delete("tag")),
    ("GET", "custom-fields", 200, _list_custom_fields),
    ("POST", "custom-fields", 201, _create(setup.create_custom_field)),
    ("GET", "custom-fields/{id}", 200, _get("custom_field")),
    ("PUT", "custom-fields/{id}", 202, _put("custom_field", setup.update_custom_field)),
    ("GET", "customers", 200, _list_customers),
    ("POST", "customers", 201, _create(people.create_customer)),
    ("DELETE", "customers", 204, _bulk_delete("customer")),
    ("GET", "customers/{id}", 200, _get("customer")),
    ("PUT", "customers/{id}", 202, _put("customer", people.update_customer)),
    ("DELETE", "customers/{id}", 204, _delete("customer")),
    ("GET", "customers/{id}/custom-fields", 200, _customer_fields),
    ("PUT", "customers/{id}/custom-fields", 202, _put_customer_fields),
    ("GET", "tickets", 200, _list_tickets),
    ("POST", "tickets", 201, _create(tickets.create_ticket)),
    ("GET", "tickets/{id}", 200, _get_ticket),
    ("PUT", "tickets/{id}", 202, _put("ticket", tickets.update_ticket)),
    ("DELETE", "tickets/{id}", 204, _delete("ticket")),
    ("GET", "tickets/{id}/tags", 200, _ticket_tags),
    ("POST", "tickets/{id}/tags", 201, _change_tags("add")),
    ("PUT", "tickets/{id}/tags", 202, _change_tags("replace")),
    ("DELETE", "tickets/{id}/tags", 204, _change_tags("remove")),
    ("GET", "tickets/{id}/custom-fields", 200, _ticket_fields),
    ("PUT", "tickets/{id}/custom-fields", 202, _put_ticket_fields),
    ("POST", "tickets/{id}/messages", 201, _create_message),
    ("GET", "tickets/{id}/messages/{message_id}", 200, _message),
    ("DELETE", "tickets/{id}/messages/{message_id}", 204, _delete_message),
    ("GET", "messages", 200, _list_messages),
    ("POST", "upload", 201, _upload),
    ("GET", "rules", 200, _list("rule")),
    ("GET", "integrations", 200, _list("integration")),
    ("GET", "macros", 200, _list("macro")),
    ("GET", "views", 200, _list("view")),
)
