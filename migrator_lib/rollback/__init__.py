"""Roll-back: what a load made goes out of Gorgias again, what somebody touched since stays, and a proof shows it.

``snapshot`` is taken before the first write; ``planning`` reads the account and decides what goes; ``removal`` carries
it out; ``proof`` compares the account with the snapshot. ``rolling`` puts them in order for one account, ``step`` for
an engagement, and ``pages`` shows it.
"""

from migrator_lib.rollback.context import Context
from migrator_lib.rollback.rolling import Blast, RollBack
from migrator_lib.rollback.snapshot import take
from migrator_lib.rollback.standing import Standing, is_under_way

__all__ = ["Blast", "Context", "RollBack", "Standing", "is_under_way", "take"]
