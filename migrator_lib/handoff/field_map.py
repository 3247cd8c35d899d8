"""The object map field by field: every column that is read, where it goes, and what is done to it."""

from __future__ import annotations

from migrator_lib import object_map
from migrator_lib.handoff.document import Audience, Document, Sheet
from migrator_lib.handoff.material import TARGET, Material
from migrator_lib.object_map import MapRow
from migrator_lib.reconcile.accounts import accounts

NOWHERE = "(not moved)"


def object_map_document(material: Material, audience: Audience) -> Document:
    """Return the object map with its numbers, and a sheet of fields for each of its rows."""
    found = accounts(material.engagement.ledger, TARGET, material.staged, material.lookups)
    sheets = [
        Sheet("The map", object_map.outcomes(found), "What became of every record.", ticked=False),
        *(Sheet(row.title, fields(row), _about(row), ticked=False) for row in object_map.ROWS if row.modules),
    ]
    return Document(
        "Object map, field by field",
        "Every column of SmarterTrack that is read, where it stands in Gorgias or in a document, and why the others go "
        "nowhere. Columns that are not listed are not read.",
        sheets,
    )


def fields(row: MapRow) -> list[dict[str, object]]:
    """Return the fields of a row of the map, as its modules say them."""
    several = len(row.modules) > 1
    return [
        {
            **({"record": obj.title} if several else {}),
            "SmarterTrack": field.source,
            "Gorgias": field.target or NOWHERE,
            "how": field.how,
        }
        for obj in row.modules
        for field in obj.fields
    ]


def _about(row: MapRow) -> str:
    return f"Becomes: {row.becomes}. Verified: {row.verified}. Undone: {row.undo}."
