"""Internal notes that a migration writes beside what people wrote, and what external ids call them.

A note shows what an agent would look for and Gorgias has no place for: a task, a link to another ticket, the rest of a
long value. It follows the source: when that changes it is made again, and it goes when there is nothing to show.
"""

from __future__ import annotations

import html
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from migrator_lib.gorgias.api import Json
from migrator_lib.lookups import Lookups, iso
from migrator_lib.objects.further_files import OBJECT as FURTHER_FILES

HTML_TAG = re.compile(
    r"</?(p|br|div|a|b|i|u|em|strong|span|font|ul|ol|li|table|tr|td|img|hr|pre|blockquote|h[1-6])\b[^<>]*>",
    re.IGNORECASE,
)
FOLLOW_UP = "follow_up"
MERGED_NUMBERS = "merged_numbers"
LONG_VALUE = "long_value"
LINKED_FROM = "linked_from"
CHAT_QUESTION = "chat_question"
CHAT_SYSTEM = "chat_system_lines"
CHAT_OPEN = "chat_without_end"
FOLLOWING = frozenset(
    {
        FURTHER_FILES, FOLLOW_UP, MERGED_NUMBERS, LONG_VALUE, LINKED_FROM, "task", "time_log", "ticket_link",
        CHAT_QUESTION, CHAT_SYSTEM, CHAT_OPEN,
    }
)  # fmt: skip
"""What external ids call notes that follow the source: they are made again, and go, as what they show does."""


def note(
    moment: datetime, body: Json, *, author: str = "user:fallback", external_id: str = "",
    meta: Mapping[str, Any] | None = None,
) -> Json:  # fmt: skip
    """Return an internal note.

    Args:
        moment: when it was written.
        body: ``body_text`` or ``body_html``.
        author: reference of the agent.
        external_id: empty for a note that stands for nothing.
        meta: what SmarterTrack knew besides.
    """
    return {
        "channel": "internal-note",
        "via": "internal-note",
        "from_agent": True,
        "public": False,
        "created_datetime": iso(moment),
        "sent_datetime": iso(moment),
        "sender": {"id": {"$ref": author}},
        **({"external_id": external_id} if external_id else {}),
        **({"meta": {"smartertrack": dict(meta)}} if meta else {}),
        **body,
    }


def body_of(lines: Sequence[str], text: str | None) -> Json:
    """Return a body: what stands in front, and a text of the source, which may be HTML."""
    front = [line for line in lines if line]
    text = (text or "").strip()
    if HTML_TAG.search(text):
        return {"body_html": "".join(f"<p>{html.escape(line)}</p>" for line in front) + text}
    return {"body_text": "\n".join(front) + (f"\n\n{text}" if text else "")}


def long_values(rest: Mapping[str, tuple[str, str]], owner: str, moment: datetime, lookups: Lookups) -> list[Json]:
    """Return the notes that hold what of long values their fields do not.

    Args:
        rest: field to its label, and what was cut off.
        owner: whose values they are, such as ``ticket-7``.
        moment: of the message that they follow.
        lookups: as of the stage.
    """
    return [
        note(
            moment,
            {"body_text": f"The rest of '{label}', which is too long for its field:\n\n{text}"},
            external_id=lookups.external_id(LONG_VALUE, f"{owner}-{field}"),
        )
        for field, (label, text) in rest.items()
    ]
