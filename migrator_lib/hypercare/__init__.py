"""Hypercare (08): the days after the cutover, on each of which everything is compared once more.

What differs is told apart: agents' work in Gorgias, a late change in SmarterTrack, and loss. ``days`` keeps the numbers
of each day, ``looking`` makes a day's, ``pages`` shows them, and writes a page for each day.
"""

from migrator_lib.hypercare.days import Day, days_of
from migrator_lib.hypercare.looking import Look, look
from migrator_lib.hypercare.pages import write

__all__ = ["Day", "Look", "days_of", "look", "write"]
