"""External ids: ``st:<engagement>:<object>:<source id>``, on everything in Gorgias that can carry one.

Gorgias keeps them as free text of up to 255 characters, does not use them itself, and does not make them unique
(developers.gorgias.com). Teams, tags and uploaded files carry none and are known by name.
"""

from __future__ import annotations

PREFIX = "st"
MAXIMUM = 255


def external_id(engagement: str, obj: str, key: str | int) -> str:
    """Return the external id of a record.

    Raises:
        ValueError: it would be longer than Gorgias keeps.
    """
    text = f"{PREFIX}:{engagement}:{obj}:{key}"
    if len(text) > MAXIMUM:
        raise ValueError(f"external id of {len(text)} characters, Gorgias keeps {MAXIMUM}: {text[:60]}...")
    return text


def parse(text: str | None, engagement: str) -> tuple[str, str] | None:
    """Return (object, source key) if ``text`` is an external id of this engagement, else None."""
    parts = (text or "").split(":", 3)
    if len(parts) != 4 or parts[0] != PREFIX or parts[1] != engagement:
        return None
    return parts[2], parts[3]
