"""When a record was last written to Gorgias: what happens to it there afterwards is other people's work."""

from __future__ import annotations

from migrator_lib.ledger.schema import Entry

WRITTEN = "written"
LEFT_ALONE = "left_alone"
"""In the detail of an entry: the load found the record changed by somebody in Gorgias, and left it so. Of a ticket,
what is listed of it; of everything else, the names of the fields."""
TRASHED = "trashed"
"""In the detail of a ticket's entry: when it was put into Gorgias' trash by rule (:mod:`migrator_lib.load.trash`)."""


def written(entry: Entry) -> str:
    """Return the moment, ISO and UTC, at which a record's own fields were last written to Gorgias.

    An entry may be settled again without that: for parts that came since, or for messages of a ticket that an agent had
    changed. It keeps the moment in its detail then (:func:`as_written`).
    """
    return str(entry.detail.get(WRITTEN) or entry.at)


def as_written(known: Entry) -> dict[str, str]:
    """Return what the detail of an entry holds that is settled again though the record's fields were not written."""
    return {WRITTEN: written(known)}
