"""A person's answer where no look-up can tell whether what was sent is in Gorgias."""

from __future__ import annotations

from dataclasses import replace

from migrator_lib.errors import ParameterError
from migrator_lib.ledger.ledger import Ledger
from migrator_lib.ledger.schema import PENDING, REMOVED, Entry
from migrator_lib.smartertrack.tables import FAMILIES

TICKETS = {family.name for family in FAMILIES}
"""Objects that are tickets in Gorgias."""


def answer(ledger: Ledger, target: str, record: tuple[str, str], *, target_id: str | None, by: str) -> str:
    """Settle an intent without an outcome as a person states it; return the statement.

    Of a ticket that was made, a person may state that it is not there any more, and is to be made anew.

    Args:
        ledger: of the engagement; nobody else may write to it at the time.
        target: the account.
        record: object and source key.
        target_id: what it is in Gorgias; None: it is not there, so that the next load makes it.
        by: who states it.

    Raises:
        ParameterError: there is nothing to be answered, or that id is another record's.
        LeaseHeld: a run is at work.
    """
    obj, key = record
    if not by.strip():
        raise ParameterError("--by is empty.", next_step="give the name of the person who states it.")
    ledger.take_lease()
    known = ledger.entry(target, obj, key)
    is_lost = known is not None and known.object in TICKETS and known.state == "created" and target_id is None
    if known is None or (known.state != PENDING and not is_lost):
        state = "nothing" if known is None else known.state.replace("_", " ")
        raise ParameterError(
            f"{obj}:{key} waits for no answer: the {target} ledger says {state}.",
            next_step=f"migrator ledger show {ledger.engagement} {obj}:{key} tells what came of it.",
        )
    words = f"{obj}:{key} is not in Gorgias" if target_id is None else f"{obj}:{key} is {target_id} in Gorgias"
    entry = _absent(known) if target_id is None else _present(ledger, target, known, target_id)
    ledger.settle(target, [entry], said={"by": by.strip(), "words": words})
    return words


def _absent(known: Entry) -> Entry:
    was = {"state": known.state, "rule": known.rule, "target_id": known.target_id}
    return replace(known, state=REMOVED, payload_hash=None, target_id=None, reason=None, detail={"was": was})


def _present(ledger: Ledger, target: str, known: Entry, target_id: str) -> Entry:
    alike = TICKETS if known.object in TICKETS else {known.object}
    found = ledger.with_id(target, target_id)
    others = [one for one in found if one.object in alike and one.state == "created"]
    if others:
        raise ParameterError(
            f"{target_id} in Gorgias is {others[0].object}:{others[0].source_key} already.",
            next_step="look again which one it is; two records are never the same one in Gorgias.",
        )
    if known.object != "attachment" and not target_id.isdigit():
        raise ParameterError(f"'{target_id}' is no id of Gorgias.", next_step="give its number, as its address has it.")
    if known.object in TICKETS:  # whether its whole thread arrived is not stated: the next load compares and completes
        detail = {**known.detail, "updating": {"touched": False}}
        return replace(known, state="created", target_id=target_id, payload_hash=None, detail=detail)
    return replace(known, state="created", target_id=target_id)
