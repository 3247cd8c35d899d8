"""Gorgias' trash: where a loaded ticket goes that the source deleted or merged away since, and whence it comes back.

Trashing can be undone in Gorgias, by us and by a person. The moment that we trashed a ticket at is in the ledger before
it is sent (``trashed`` in the entry's detail), so what lies in the trash is told from what an agent put there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from migrator_lib.errors import RecordError, RecordRejected
from migrator_lib.gorgias.contract.replies import Ticket
from migrator_lib.ledger import Entry
from migrator_lib.ledger.written import TRASHED, as_written
from migrator_lib.load.agents import IN_BOTH, LEFT_ALONE, row, was_touched
from migrator_lib.load.context import LoadContext
from migrator_lib.lookups import iso
from migrator_lib.objects.conversation import moment

WHAT_TO_DO_WITH_IT = "move it to the trash in Gorgias, unless somebody needs it"
KEPT_BEFORE = ("status", "priority", "tags", "assignee_user", "assignee_team", "closed_datetime", "updated_datetime")


class Trash:
    """Puts tickets into the trash, and takes out what we put there."""

    def __init__(self, context: LoadContext) -> None:
        self.context = context

    def put(
        self, known: Entry, gone: Entry, stays: Entry, *, why: str, files: Sequence[Entry] = (),
        new_files: Sequence[Entry] = (),
    ) -> str:  # fmt: skip
        """Trash a ticket that the source has left out since it was loaded; return what was done.

        Args:
            known: its entry.
            gone: what it becomes in the trash.
            stays: what it becomes if it stays in Gorgias: somebody changed it there, or Gorgias refuses.
            why: in words: ``merged into another``.
            files: entries of its files, settled with ``gone``.
            new_files: entries of those that came since, settled with ``stays``.
        """
        try:
            return self._put(known, gone, stays, why, files, new_files)
        except RecordError as error:
            refused = {**stays.detail, "refused": True}
            self.context.settle(replace(stays, reason=str(error), detail=refused), *new_files)
            self.context.report.conflicts.append(
                f"{known.object} {known.source_key}: {why} since, and Gorgias refused to trash it, so it stays there "
                "(the ledger has the reason)"
            )
            return "left alone"

    def _put(
        self, known: Entry, gone: Entry, stays: Entry, why: str, files: Sequence[Entry], new_files: Sequence[Entry]
    ) -> str:  # fmt: skip
        there, ours = self.get(known), {}
        if there is None or there.trashed_datetime:
            if there is not None and is_ours(known, there):  # by a run that died
                ours = self._ours(known, there)
        elif was_touched(known, there):
            return self._stays(known, stays, why, new_files)
        else:
            ours = self._trash(known, there)
        self.context.settle(replace(gone, detail={**gone.detail, **ours}), *files, before=kept(there))
        return "trashed"

    def _stays(self, known: Entry, stays: Entry, why: str, new_files: Sequence[Entry]) -> str:
        words = f"{known.object} {known.source_key}: {why} since, and changed in Gorgias, so it stays there"
        self.context.report.conflicts.append(words)
        listed = [row("the ticket", "in Gorgias", "changed by somebody", why, IN_BOTH, WHAT_TO_DO_WITH_IT)]
        detail = {**stays.detail, **as_written(known), LEFT_ALONE: listed}
        if (stays.state, detail) != (known.state, known.detail):
            self.context.settle(replace(stays, reason="changed in Gorgias", detail=detail), *new_files)
        return "left alone"

    def _trash(self, known: Entry, there: Ticket) -> dict[str, object]:
        """Trash a ticket, but for its date, by which an agent's later work is seen; return what the ledger keeps."""
        at = iso(self.context.api.clock.now().replace(microsecond=0))
        marked = replace(known, detail={**known.detail, TRASHED: at})
        self.context.settle(marked)  # from here on what lies in the trash since that moment is ours
        self.context.ledger.intend(self.context.target, marked, action="trash")
        dated = {"updated_datetime": known.detail["updated"]} if known.detail.get("updated") else {}
        self.context.api.tickets.update(there.id, {"trashed_datetime": at, **dated})
        return self._ours(marked, None)

    def _ours(self, known: Entry, there: Ticket | None) -> dict[str, object]:
        """Return what the ledger keeps of a ticket that we trashed: when, and the date that the ticket has since."""
        updated = known.detail.get("updated")
        if self.context.behaviour.updated_datetime == "lost":
            there = there or self.get(known)
            updated = there and there.updated_datetime
        return {TRASHED: known.detail[TRASHED], "updated": updated}

    def take_out(self, known: Entry, there: Ticket) -> Ticket:
        """Take a ticket out of the trash that we put there, since the source has it again; return it as it is then."""
        marked = {name: value for name, value in known.detail.items() if name != LEFT_ALONE}
        under_way = replace(known, state="created", rule=None, reason=None, payload_hash=None,
                            detail={**marked, "updating": {"touched": False}})  # fmt: skip
        self.context.settle(under_way, before=kept(there))
        self.context.ledger.intend(self.context.target, under_way, action="restore")
        self.context.api.tickets.update(there.id, {"trashed_datetime": None})
        return self.context.api.tickets.get(there.id)

    def get(self, known: Entry) -> Ticket | None:
        """Return a ticket as it is in Gorgias; None where somebody deleted it."""
        assert known.target_id is not None
        try:
            return self.context.api.tickets.get(int(known.target_id))
        except RecordRejected as error:
            if error.status != 404:
                raise
            return None


def is_ours(known: Entry, there: Ticket) -> bool:
    """Whether a ticket lies in the trash because we put it there: at our moment, or nobody has touched it since."""
    at = known.detail.get(TRASHED)
    if not at or not there.trashed_datetime:
        return False
    return moment(there.trashed_datetime) == moment(at) or not was_touched(known, there)


def kept(there: Ticket | None) -> dict[str, object]:
    """Return what the ledger keeps of a ticket before it is changed."""
    found = {} if there is None else there.as_json()
    return {name: found.get(name) for name in KEPT_BEFORE}
