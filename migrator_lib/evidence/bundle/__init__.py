"""The evidence bundle: everything that proves a migration, in one file that anybody can check without this machine.

``contents`` says what goes in, ``making`` masks, packs and searches it, ``archive`` is the file, ``manifest``,
``facts`` and ``statement`` what it and the ledger say of it. ``checking`` and ``checks`` tell from the file alone
whether anything was altered. What is shared is masked by ``people``, ``private`` and ``masked``, and searched by
``searching``, ``readings`` and ``quotations``.
"""
