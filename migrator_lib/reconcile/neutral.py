"""Canonical forms that mean the same in every account: references and attachments in place of ids and URLs."""

from __future__ import annotations

from collections.abc import Mapping

from migrator_lib.gorgias.api import Json
from migrator_lib.objects import ATTACHMENT, PEOPLE


class Neutral:
    """Puts references in the place of one account's ids."""

    def __init__(self, ids: Mapping[tuple[str, str], str], fallback_user: int | None) -> None:
        self._by_id: dict[tuple[str, str], str] = {}
        self._urls: dict[str, str] = {}
        for (obj, key), target_id in sorted(ids.items()):
            kind = PEOPLE[0].name if obj == PEOPLE[1].name else obj
            if obj == ATTACHMENT.name:
                self._urls.setdefault(target_id, f"st-attachment:{key}")
            else:
                self._by_id.setdefault((kind, target_id), f"{obj}:{key}")
        if fallback_user is not None:
            self._by_id["user", str(fallback_user)] = "user:fallback"

    def reference(self, kind: str, target_id: int | None) -> str | None:
        """Return the reference of what has an id, or None where there is no id."""
        return None if target_id is None else self._by_id.get((kind, str(target_id)), f"another {kind}")

    def text(self, text: str) -> str:
        """Return a body or URL with uploads named by their attachment."""
        for url, name in self._urls.items():
            text = text.replace(url, name)
        return text

    def ticket(self, canonical: Json) -> Json:
        """Return a ticket's canonical fields with references."""
        values = {self.reference("ticket_field", i): value for i, value in canonical["custom_fields"]}
        return {
            **canonical,
            "customer": self.reference("requester", canonical["customer"]),
            "assignee_user": self.reference("user", canonical["assignee_user"]),
            "assignee_team": self.reference("department", canonical["assignee_team"]),
            "custom_fields": {str(name).removeprefix("ticket_field:"): value for name, value in values.items()},
        }

    def message(self, canonical: Json) -> Json:
        """Return a message's canonical fields with references."""
        sender = "user" if canonical["from_agent"] else "requester"
        return {
            **canonical,
            "sender": self.reference(sender, canonical["sender"]),
            "receiver": self.reference("requester", canonical["receiver"]),
            "body_html": self.text(canonical["body_html"]),
            "attachments": [{**one, "url": self.text(one["url"])} for one in canonical["attachments"]],
        }
