"""The target of a simulated world: what an account holds as people would say it, and what should be there.

What should be there follows from the staged data by the objects' transforms alone: neither the Loader, nor the ledger,
nor the reconciliation has a say. Both sides name people by their addresses, teams, tags and fields by their names, and
files by what is in them, since ids differ from account to account.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Mapping
from typing import Any

from migrator_lib.lookups import Lookups, lowered
from migrator_lib.objects import CONVERSATIONS, ON_TICKETS, find
from migrator_lib.objects.base import Send
from migrator_lib.objects.conversation import moment
from migrator_lib.simulators.gorgias import Account
from migrator_lib.staging import Staged
from tests.simulated_account import FALLBACK
from tests.world.desk import content

Json = dict[str, Any]
URL = re.compile(r"https?://[^\"'\s<>]+/([0-9a-f]{32}-\d+)")
PLAIN = ("subject", "status", "priority", "channel", "spam")
DATES = (
    "created_datetime", "opened_datetime", "closed_datetime", "updated_datetime", "last_message_datetime",
    "last_received_message_datetime",
)  # fmt: skip


def digest(name: str, held: bytes) -> str:
    """Return how both sides name a file."""
    return f"{name} {hashlib.sha256(held).hexdigest()[:12]}"


def body(text: str | None, files: Mapping[str, str], pattern: re.Pattern[str]) -> str:
    """Return a body whose links to files say what is in them."""
    return pattern.sub(lambda found: f"file:{files.get(found[1], found[1])}", text or "")


# --- what is there ---------------------------------------------------------------------------------------


class Held:
    """What an account holds."""

    def __init__(self, account: Account) -> None:
        store = account.store
        with store.lock:
            self.tickets = store.by_kind("ticket")
            self.customers = store.by_kind("customer")
            self._users = {user["id"]: lowered(user["email"]) for user in store.by_kind("user")}
            self._teams = {team["id"]: team["name"] for team in store.by_kind("team")}
            self._fields = {one["id"]: one["label"] for one in store.by_kind("custom_field")}
            self.scores = [(one["ticket_id"], one["score"]) for one in store.by_kind("survey")]
            self._threads = {ticket["id"]: store.by("message", "parent", ticket["id"]) for ticket in self.tickets}
            rows = store._connection.execute("SELECT name, label, content FROM file").fetchall()
            self.names = Counter(
                f"{kind} {one.get('name') or one.get('label')}"
                for kind in ("tag", "team", "custom_field", "macro") for one in store.by_kind(kind)
                if not one.get("deactivated_datetime")  # as a field is that was rolled back
            )  # fmt: skip
        self._files = {name: digest(label, held) for name, label, held in rows}
        self._people = {one["id"]: address_of(one) for one in self.customers}

    def ticket(self, found: Json) -> Json:
        """Return a ticket with its thread."""
        values = found["custom_fields"] or []
        return {
            **{name: found.get(name) for name in PLAIN}, **{name: moment(found.get(name)) for name in DATES},
            "trashed": bool(found.get("trashed_datetime")),
            "customer": self._people.get((found["customer"] or {}).get("id", 0)),
            "assignee_user": self._users.get((found["assignee_user"] or {}).get("id", 0)),
            "assignee_team": self._teams.get((found["assignee_team"] or {}).get("id", 0)),
            "tags": sorted(tag["name"] for tag in found["tags"]),
            "custom_fields": sorted([self._fields[one["field"]["id"]], one["value"]] for one in values),
            "meta": (found["meta"] or {}).get("smartertrack"),
            "messages": {str(one["external_id"]): self._message(one) for one in self._threads[found["id"]]},
        }  # fmt: skip

    def thread(self, found: Json) -> list[str]:
        """Return the external ids of a ticket's messages, in the order of their time."""
        thread = sorted(self._threads[found["id"]], key=lambda one: (moment(one["created_datetime"]), one["id"]))
        return [str(one["external_id"]) for one in thread]

    def _message(self, one: Json) -> Json:
        people = self._users if one["from_agent"] else self._people
        attached = [self._files.get(str(file["url"]).rsplit("/", 1)[-1], file["url"]) for file in one["attachments"]]
        return {
            "channel": one["channel"], "from_agent": one["from_agent"], "public": one["public"],
            "sender": people.get(one["sender"]["id"]),
            "receiver": one["receiver"] and self._people.get(one["receiver"]["id"]),
            "subject": one["subject"] or "", "html": body(one["body_html"], self._files, URL),
            "text": one["body_text"] or "", "created": moment(one["created_datetime"]),
            "sent": moment(one["sent_datetime"]), "attachments": sorted(attached),
        }  # fmt: skip


def address_of(customer: Json) -> str:
    """Return how both sides name a customer: by the address, or by the name of one who has none."""
    return lowered(customer.get("email")) or str(customer.get("name"))


# --- what should be there --------------------------------------------------------------------------------


class Wanted:
    """What the mapping makes of what is staged."""

    def __init__(self, staged: Staged, lookups: Lookups, users: set[str]) -> None:
        """Take a stage.

        Args:
            staged: all stages, later ones laid over.
            lookups: as of them.
            users: addresses of the agents whom the account knows.
        """
        self._lookups = lookups
        self._names: dict[str, str] = {}
        for obj in map(find, ("user", "requester", "organization", "ticket_field")):
            for record in obj.records(staged, lookups):
                outcome = obj.transform(record, lookups)
                if isinstance(outcome, Send):
                    named = outcome.payload.get("label") if obj.name == "ticket_field" else address_of(outcome.payload)
                    self._names[f"{obj.name}:{record.key}"] = str(named)
        for name, key in lookups.team_owner.items():
            self._names[f"department:{key}"] = name
        for name, address in self._names.items():
            if name.startswith("user:") and address not in users:
                self._names[name] = FALLBACK
        self._names["user:fallback"] = FALLBACK
        self.customers = {name for ref, name in self._names.items() if ref.startswith(("requester:", "organization:"))}
        self.tickets: dict[str, Json] = {}
        self.left_out: dict[str, str] = {}
        for obj in CONVERSATIONS:
            for record in obj.records(staged, lookups):
                outcome, name = obj.transform(record, lookups), f"{obj.name}:{record.key}"
                if isinstance(outcome, Send):
                    self.tickets[name] = self._ticket(outcome.payload)
                else:
                    self.left_out[name] = type(outcome).__name__
        sent = [
            outcome.payload
            for obj in (*ON_TICKETS, find("macro"))
            for record in obj.records(staged, lookups)
            if isinstance(outcome := obj.transform(record, lookups), Send)
        ]
        self.macros = {f"macro {one['name']}" for one in sent if "name" in one}
        self.scores = {one["ticket_id"]["$ref"]: one["score"] for one in sent if "score" in one}

    def _name(self, given: Json | None) -> str | None:
        return None if given is None else self._names[given["id"]["$ref"]]

    def _ticket(self, payload: Json) -> Json:
        files = {
            file["$attachment"]: digest(file["name"], content(int(file["name"].partition(".")[0])))
            for message in payload["messages"] for file in message.get("attachments", ())
        }  # fmt: skip
        return {
            **{name: payload.get(name) for name in PLAIN}, **{name: moment(payload.get(name)) for name in DATES},
            "trashed": False, "customer": self._name(payload["customer"]),
            "assignee_user": self._name(payload.get("assignee_user")),
            "assignee_team": self._name(payload.get("assignee_team")),
            "tags": sorted(tag["name"] for tag in payload["tags"]),
            "custom_fields": sorted([self._names[one["id"]["$ref"]], one["value"]] for one in payload["custom_fields"]),
            "meta": payload["meta"]["smartertrack"],
            "messages": {str(one.get("external_id")): self._message(one, files) for one in payload["messages"]},
        }  # fmt: skip

    def _message(self, one: Json, files: Mapping[str, str]) -> Json:
        return {
            "channel": one["channel"], "from_agent": one["from_agent"], "public": one["public"],
            "sender": self._name(one["sender"]), "receiver": self._name(one.get("receiver")),
            "subject": one.get("subject") or "",
            "html": body(one.get("body_html"), files, re.compile(r"st-attachment:(\w+)")),
            "text": one.get("body_text") or "", "created": moment(one["created_datetime"]),
            "sent": moment(one["sent_datetime"]),
            "attachments": sorted(files[file["$attachment"]] for file in one.get("attachments", ())),
        }  # fmt: skip
