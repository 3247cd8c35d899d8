"""Delta: what changed in the source since it was staged, found in two ways.

:mod:`~migrator_lib.delta.watermark` asks the source for tickets with dates and ids behind the last ones that were seen.
It is quick, and finds what leaves a trace. :mod:`~migrator_lib.delta.comparison` compares the source with what is
staged. It takes a pass over everything but the messages' bodies, and finds what leaves no trace, too.
"""

from migrator_lib.delta.comparison import Changes, changed_definitions, changes
from migrator_lib.delta.found import Found
from migrator_lib.delta.watermark import Candidates, Watermark, since, take

__all__ = ["Candidates", "Changes", "Found", "Watermark", "changed_definitions", "changes", "since", "take"]
