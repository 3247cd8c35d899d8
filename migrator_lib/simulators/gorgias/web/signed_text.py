"""Text that a client carries and cannot change: cursors, and links that end with their time."""

from __future__ import annotations

import base64
import hashlib
import secrets

_KEY = secrets.token_bytes(32)
"""Of this process: what was given out before a restart is not taken any more."""
_SIZE = 8


def _mac(purpose: str, content: bytes) -> bytes:
    return hashlib.blake2b(content, key=_KEY, person=purpose.encode(), digest_size=_SIZE).digest()


def seal(purpose: str, text: str) -> str:
    """Return a text as a client is given it: opaque, and fit for a URL.

    Args:
        purpose: what it is for, in 16 letters at most: a cursor opens no file.
        text: what it says.
    """
    content = text.encode()
    return base64.urlsafe_b64encode(_mac(purpose, content) + content).decode()


def unseal(purpose: str, given: str) -> str | None:
    """Return the text that was sealed for this purpose, or None if this is none of ours."""
    try:
        content = base64.urlsafe_b64decode(given.encode())
    except ValueError:
        return None
    return content[_SIZE:].decode() if secrets.compare_digest(content[:_SIZE], _mac(purpose, content[_SIZE:])) else None
