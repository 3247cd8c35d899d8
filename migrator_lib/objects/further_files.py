"""More attachments than one message may have: the further ones go on internal notes right behind it.

How many a message may have is not documented (developers.gorgias.com, create-ticket-message); the sandbox is asked.
"""

from __future__ import annotations

from collections.abc import Iterator

from migrator_lib.external_id import parse
from migrator_lib.gorgias.api import Json
from migrator_lib.lookups import Lookups

OBJECT = "further_attachments"
"""What external ids call such a note; it is no record of the source."""


def spread(message: Json, of: int, lookups: Lookups, kind: str = "ticket") -> Iterator[Json]:
    """Yield a message with as many attachments as it may have, then the notes that have the others.

    Args:
        message: as its payload has it.
        of: id of the ticket (chat, call log) that it is of.
        lookups: of the stage.
        kind: what that is an id of.
    """
    files, most = message.get("attachments") or [], lookups.behaviour.attachments_per_message
    if most is None or len(files) <= most:
        yield message
        return
    yield {**message, "attachments": files[:most]}
    named = parse(message.get("external_id"), lookups.parameters.engagement) or (kind, str(of))
    chunks = [files[n : n + most] for n in range(most, len(files), most)]
    for n, chunk in enumerate(chunks, 1):
        yield {
            "channel": "internal-note",
            "via": "internal-note",
            "from_agent": True,
            "public": False,
            "external_id": lookups.external_id(OBJECT, f"{named[0]}-{named[1]}-{n}"),
            "created_datetime": message["created_datetime"],
            "sent_datetime": message["sent_datetime"],
            "sender": {"id": {"$ref": "user:fallback"}},
            "body_text": f"Further attachments of the message before ({n} of {len(chunks)}).",
            "attachments": chunk,
        }
