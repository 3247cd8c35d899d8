"""Quarantine: what could not be moved, why, what mends it, and trying it again.

``mends`` knows reasons and what mends them, ``held`` lists what is held and since when, ``payloads`` keeps what would
be sent, ``choosing`` says which records a new try takes up, ``again`` tries them.
"""
