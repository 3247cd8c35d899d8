"""The channels that chats and calls come by."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from migrator_lib.gorgias.api import Json
from migrator_lib.proofs.bench import Bench, Refusal
from migrator_lib.proofs.probe import Answer, Probe, answered


class ChatAndPhoneTaken(Probe):
    """Tickets of channel chat and of channel phone that no integration brought."""

    name = "chat_and_phone_taken"
    question = "Are tickets of channel chat and phone taken where no chat or phone of Gorgias brought them?"
    matters = (
        "create-ticket lists both channels, and create-a-ticket-using-api names them; whether an account without such "
        "an integration, or without the Voice add-on, takes them is not said. UNVERIFIED."
    )
    does = (
        "POST a ticket of channel chat with a line of the customer's and one of an agent's, and one of channel phone "
    )
    does += "with a note; GET both."
    expects = "Both are read back with their channel."
    otherwise = (
        "Chats, or calls, become tickets of channel api, and tickets that the mapping puts there stay on their usual "
        "channel; what they were stands in their meta."
    )

    def run(self, bench: Bench) -> Answer:
        """Ask."""
        lines = [_of_chat(bench.incoming("chat-line")), _of_chat(bench.outgoing("chat-answer"))]
        refused = [
            slug
            for slug, messages in (("chat", lines), ("phone", [bench.note("phone-note")]))
            if not _is_taken(bench, slug, messages)
        ]
        seen = f"not taken: {', '.join(refused)}" if refused else "both are taken"
        return answered(not refused, seen, ", ".join(refused) or None)

    def follows(self, answer: Answer) -> Mapping[str, Any]:
        """Use channel api instead."""
        if answer.answer != "other":
            return {}
        named = tuple(part.strip() for part in str(answer.value or "chat, phone").split(","))
        return {"channels_refused": named}


def _of_chat(message: Json) -> Json:
    """Return a message as a line of a chat: without the addresses of a mail."""
    return {**{name: value for name, value in message.items() if name != "source"}, "channel": "chat"}


def _is_taken(bench: Bench, slug: str, messages: list[Json]) -> bool:
    made = bench.attempt(lambda: bench.ticket(f"channel-{slug}", *messages, channel=slug))
    return not isinstance(made, Refusal) and bench.read(made.id).get("channel") == slug
