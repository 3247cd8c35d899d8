"""What sees both sides of every record that is compared: evidence is made of it while the comparison goes on."""

from __future__ import annotations

from typing import Protocol

from migrator_lib.gorgias.api import Json


class Witness(Protocol):
    """Is told of every record, once, in the order in which records are compared."""

    def saw(self, obj: str, key: str, expected: Json | None, actual: Json | None) -> None:
        """Take down one record.

        Args:
            obj: name of its object, or of what travels inside a ticket: ``ticket``, ``ticket_message``.
            key: source key.
            expected: canonical form of what should be in Gorgias, by source and mapping; None for what should not.
            actual: canonical form of what was read back; None for what is not there.
        """


class NoWitness:
    """Takes nothing down."""

    def saw(self, obj: str, key: str, expected: Json | None, actual: Json | None) -> None:
        """Do nothing."""
