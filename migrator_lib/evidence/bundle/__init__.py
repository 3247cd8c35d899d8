"""The evidence bundle: everything that proves a migration, in one file that anybody can check without this machine.

``contents`` says what goes in, ``making`` masks, packs and searches it, ``archive`` is the file, ``manifest`` and
``statement`` what it and the ledger say of it; ``checking`` and ``checks`` tell from the file alone whether anything
was altered. What is shared is masked by ``people``, ``private`` and ``masked``, and searched by ``searching``,
``readings`` and ``quotations``.
"""

from migrator_lib.evidence.bundle.making import Bundle, make
from migrator_lib.evidence.bundle.readme import search_words

__all__ = ["Bundle", "make", "search_words"]
