"""Threads: each message of a ticket compared with what is there, and their order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from migrator_lib.external_id import parse
from migrator_lib.gorgias.api import Json
from migrator_lib.ledger import Entry
from migrator_lib.ledger.written import written
from migrator_lib.objects.conversation import compared_message, meant_message
from migrator_lib.objects.thread import is_placeholder
from migrator_lib.reconcile.context import Context
from migrator_lib.reconcile.differences import NOTHING, Difference, compare, ours
from migrator_lib.reconcile.files import FileComparer, Sent
from migrator_lib.reconcile.result import NEW_MESSAGES, Finding, Reconciliation
from migrator_lib.reconcile.since import is_before
from migrator_lib.reconcile.strays import Strays
from migrator_lib.reconcile.witness import Witness
from migrator_lib.side_effects.windows import Window, is_within

OTHERS = "other_messages"
"""What a difference calls messages that nobody can have written in Gorgias, and that are none of ours by their name."""


class Threads:
    """Compares the threads of one stage with those of one account."""

    def __init__(
        self, context: Context, strays: Strays, files: FileComparer, witness: Witness, result: Reconciliation,
        windows: Sequence[Window] | None,
    ) -> None:  # fmt: skip
        """Take what it asks, and what it tells.

        Args:
            context: of the reconciliation.
            strays: is told of messages that should not be in a thread.
            files: compares what hangs on a message.
            witness: is told of every message.
            result: adds up.
            windows: when the account was to be quiet because of this migration; None where nobody noted it.
        """
        self._context, self._strays, self._files = context, strays, files
        self._witness, self._result, self._windows = witness, result, windows
        self._began = windows[0][0] if windows else ""

    def compare(
        self, expected: list[Json], ticket: Json, entry: Entry | None, uploaded: Sent, *, whole: bool = True
    ) -> list[Difference]:  # fmt: skip
        """Compare a thread message by message, and its order; return what is wrong with it as a whole.

        ``whole`` says that what is expected is all that should be there of ours. Of what is called :data:`OTHERS`
        somebody who merged another ticket into it may be the cause.
        """
        there = self._context.read.messages(int(ticket["id"]))
        self._result.news[NEW_MESSAGES] += sum(1 for message in there if _is_new(message, entry))
        by_name = {m["external_id"]: m for m in there if m.get("external_id")}
        self._result.rule_messages += sum(1 for message in there if self._is_by_a_rule(message))
        for message in expected:
            self._message(message, by_name, uploaded, int(ticket["id"]))
        wanted = [m["external_id"] for m in expected if m.get("external_id")]
        ids = set(wanted)
        if whole:
            self._strays.note(there, ids, entry)
        order = list(dict.fromkeys(m["external_id"] for m in there if m.get("external_id") in ids))
        times = {m["external_id"]: m["created_datetime"] for m in expected if m.get("external_id")}
        in_time = sorted(order, key=lambda i: times[i]) == order  # those of one moment may stand either way
        others = self._others(there, is_empty=not wanted)
        if len(order) == len(wanted) and not in_time:
            return [Difference("messages", "in order of time", "in another order"), *others]
        return [*(self._placeholder(expected, there) if not wanted else ()), *others]

    def _others(self, there: list[Json], *, is_empty: bool) -> list[Difference]:
        """Tell of messages without a name that are older than the migration: no ticket was there to write them in.

        The note of a ticket without messages has no name either, and stays when messages come.
        """
        odd = [one for one in there if not one.get("external_id") and self._began]
        odd = [one for one in odd if is_before(one.get("created_datetime"), self._began)]
        note = next((one for one in odd if is_empty or is_placeholder(one)), None)
        number = sum(1 for one in odd if one is not note)
        words = f"{number} without an external id, from before the migration"
        return [Difference(OTHERS, NOTHING, words)] if number else []

    def _is_by_a_rule(self, message: Json) -> bool:
        """Whether a rule of the account sent a message while the account was to be quiet because of this migration."""
        is_sent = message.get("via") == "rule" and bool(message.get("from_agent"))
        return is_sent and is_within(message.get("created_datetime"), self._windows)

    def _placeholder(self, expected: list[Json], there: list[Json]) -> list[Difference]:
        """Compare the one note of a ticket without messages, which has no name: it is the first that has none."""
        found = next((message for message in there if not message.get("external_id")), None)
        if found is None or not expected:
            return [Difference("messages", "1", "0")] if expected else []
        differences = self._of_message(compared_message(expected[0]), compared_message(found))
        return [replace(one, field=f"messages.{one.field}") for one in differences]

    def _of_message(self, expected: Json, there: Json) -> list[Difference]:
        meant = meant_message(expected, there, self._context.lookups.behaviour)
        return ours(compare(meant, there), self._context.lookups.behaviour, "message")

    def _message(self, expected: Json, by_name: Mapping[str, Json], uploaded: Sent, ticket: int) -> None:
        named = parse(expected.get("external_id"), self._context.lookups.parameters.engagement)
        if named is None:
            return  # the note of a ticket without messages: counted with its ticket
        obj, key = named
        actual = by_name.get(expected["external_id"])
        elsewhere = None if actual is not None else self._context.read.message_named(expected["external_id"])
        shown = actual or elsewhere
        meant, found = compared_message(expected), compared_message(shown) if shown else None
        meant = meant_message(meant, found, self._context.lookups.behaviour) if found else meant
        self._witness.saw(
            obj, key, meant, found and ({**found, "ticket": elsewhere["ticket_id"]} if elsewhere else found)
        )
        if shown is None or found is None:
            self._result.add(
                Finding(obj, key, "missing", words=f"its ticket is there ({ticket} in Gorgias), this message is not")
            )
        else:
            differences = ours(compare(meant, found), self._context.lookups.behaviour, "message")
            if elsewhere is not None:
                self._strays.moved(expected["external_id"])
                differences = [Difference("ticket", str(ticket), str(elsewhere["ticket_id"])), *differences]
            self._result.judge(obj, key, int(shown["id"]), differences)
        self._files.compare(expected, actual, uploaded)


def _is_new(message: Json, entry: Entry | None) -> bool:
    """Whether a message of a migrated ticket was written in Gorgias since."""
    return (
        entry is not None
        and not message.get("external_id")
        and not is_before(message.get("created_datetime"), written(entry))
    )
