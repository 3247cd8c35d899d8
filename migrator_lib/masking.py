"""Masking: what stays of a person's data in what is shared.

Enough to tell two people apart and to find a record by its key; not enough to write to anybody.
"""

from __future__ import annotations

import re

EMAIL_IN_TEXT = re.compile(r"[^\s@<>\"'(),;:]+@[^\s@<>\"'(),;:]+\.[^\s@<>\"'(),;:]+")


def mask_email(address: str | None) -> str:
    """Return ``a***@***.example`` for ``anna@shop.example``; what is no address is masked as a name."""
    text = (address or "").strip()
    local, _, domain = text.partition("@")
    _, dot, last = domain.rpartition(".")
    if not dot or len(text.split()) > 1:
        return mask_name(address)
    return f"{local[:1]}***@***.{last}"


def mask_name(name: str | None) -> str:
    """Return the initials: ``A. O.`` for ``Anna Olsen``."""
    return " ".join(f"{word[0]}." for word in (name or "").split() if word)


def mask_text(text: str) -> str:
    """Mask every e-mail address inside a text (Gorgias' own words of a refusal may quote one)."""
    return EMAIL_IN_TEXT.sub(lambda found: mask_email(found[0]), text)
