"""Quiet: nobody is mailed, and nothing in an account acts, because of what is written to it.

What no request may do is refused in :mod:`migrator_lib.gorgias.mail_guard`. What the account would do by itself is
found and switched off by :mod:`migrator_lib.side_effects`; that it does nothing is shown by
:mod:`migrator_lib.canary`. This package puts the two together before a step writes, with their gates (``making``), for
the length of a command too (``borrowed``), and shows it (``pages``).
"""

from migrator_lib.quiet.borrowed import quietly
from migrator_lib.quiet.canaries import PRODUCTION, canary_content, note_mail, remove_canaries
from migrator_lib.quiet.making import Quiet, look_again, make_quiet, restore

__all__ = [
    "PRODUCTION",
    "Quiet",
    "canary_content",
    "look_again",
    "make_quiet",
    "note_mail",
    "quietly",
    "remove_canaries",
    "restore",
]
