"""Source keys that tell nobody who is meant.

A requester without an account is keyed by a plain hash of an e-mail address or a telephone number. Whoever guesses the
address finds its hash, and of numbers all can be tried. So in a hash tree, and in what is shared, such a key is written
anew with the engagement's secret: ``e9c56cc51b374c3ba`` is ``xe`` and 16 hexadecimal digits, a ``p...`` is ``xp...``.
"""

from __future__ import annotations

import hmac
import re

GUESSABLE = re.compile(r"(?<![0-9A-Za-z])[ep][0-9a-f]{16}(?:-[0-9a-f]{6})?(?![0-9A-Za-z])")
"""Keys of :func:`migrator_lib.lookups.text.requester_key_of_address` and of callers; behind ``-`` stands a spelling."""
DIGITS = 16


def keyed(secret: bytes, text: str, digits: int = DIGITS) -> str:
    """Return so many hexadecimal digits that stand for a text, and that nobody computes without the secret."""
    return hmac.digest(secret, b"key\x1f" + text.encode("utf-8", "surrogatepass"), "sha256").hex()[:digits]


def untold(secret: bytes, key: str) -> str:
    """Return a source key as it stands where many may read it: another one where it could be guessed."""
    if key[:1] in ("e", "p") and GUESSABLE.fullmatch(key):
        return f"x{key[0]}{keyed(secret, key)}"
    return key
