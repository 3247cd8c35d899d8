"""The sweep: what carries one of our external ids and is in Gorgias more than once, whatever the cause.

Gorgias has no idempotency key, and external ids are not unique there: a request whose answer was lost and that no
look-up shows in time, or two runs at once where a lease was taken over by force, may make a thing twice. Which one is
kept follows from the ledger; the others are found in what notebook 06 reads back anyway, and ``migrator sweep`` takes
away those that nobody has touched.
"""

from migrator_lib.sweep.finding import DUPLICATE, Extra, find
from migrator_lib.sweep.mending import Done, Mender

__all__ = ["DUPLICATE", "Done", "Extra", "Mender", "find"]
