"""What the ledger states of a bundle: one row of its journal that holds signatures, steps and roots.

The row stands in the chain of the journal, so whoever has the bundle computes its hash anew from what it says and from
the hash of the row before, and whoever has the ledger finds the row, and that nothing before it was changed. As long
as nothing new is to be stated, the row that is there is taken: the same content makes the same bundle.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from migrator_lib import hash_tree
from migrator_lib.ledger import Ledger

OBJECT, KEY, EVENT = "evidence", "statement", "stated"
BUNDLES, MADE = "bundles", "made"
"""Key and event of the rows that note a bundle by the digest of its manifest."""
Json = dict[str, Any]


def roots_in(document: Mapping[str, Any]) -> Json:
    """Return the roots that a ``roots.json``, or a step's summary, tells."""
    return {
        "expected": document["root_expected"],
        "actual": document["root_actual"],
        "objects": [[one["object"], one["records"], one["expected"], one["actual"]] for one in document["objects"]],
    }


def state(ledger: Ledger, what: Json) -> Json:
    """Have the ledger state it, if it does not already; return what ``ledger.json`` holds.

    That is ``rows`` and ``head``, the number and the hash of the stating row, and ``chained``: that row and every row
    with roots before it, each with the hash of the row before it, in full.
    """
    rows = ledger.journal("", OBJECT, KEY)
    if not rows or rows[-1]["detail"] != json.loads(json.dumps(what)):
        ledger.note(OBJECT, KEY, EVENT, what)
        rows = ledger.journal("", OBJECT, KEY)
    last = rows[-1]["seq"]
    chained = [row for row in ledger.chained([OBJECT, hash_tree.FOLDER]) if row["seq"] <= last and row["event"] != MADE]
    return {"rows": last, "head": chained[-1]["hash"], "stated_at": rows[-1]["at"], "chained": chained}


def note_bundle(ledger: Ledger, profile: str, digest: str, size: int) -> tuple[int, str]:
    """Have the ledger note a bundle, once; return the number and the hash of the row."""
    told = {"profile": profile, "manifest": digest, "size": size}
    if all(row["detail"] != told for row in ledger.journal("", OBJECT, BUNDLES)):
        return ledger.note(OBJECT, BUNDLES, MADE, told)
    return next(
        (row["seq"], row["hash"])
        for row in ledger.chained([OBJECT])
        if row["event"] == MADE and json.loads(row["detail"]) == told
    )


def is_noted(ledger: Ledger, digest: str) -> str | None:
    """Return when the ledger noted a bundle by the digest of its manifest (ISO, UTC); None where it did not."""
    rows = ledger.journal("", OBJECT, BUNDLES)
    return next((str(row["at"]) for row in rows if row["detail"]["manifest"] == digest), None)
