"""Whether reports quote messages: any stretch of 40 letters of any message, whatever stands between the letters.

Letters alone are compared, without case, so neither white space nor mark-up, escapes or punctuation hide a quotation.
Of the reports every stretch of 40 letters is known by its hash; every message goes by once. In it only each 17th
stretch of 24 letters is looked up, in a table of bits: of any 40 letters one of these is a part. Where it is there, the
17 stretches of 40 letters around it are looked up. So a message costs about as much as reading it, and memory is
bounded: reports that say very much are gone through in turns.

What the company publishes or sends to everybody (canned replies, automatic answers, articles) is no message of anyone,
and may be quoted.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

LENGTH = 40
"""Letters that count as quoting a message."""
PART = 24
STEP = LENGTH - PART + 1
BITS, SPARSE = 26, 5
"""The table has a place for 2**BITS parts at most (64 MB), and 2**SPARSE places for each part while it is smaller."""
MOST = 8_000_000
"""Stretches that are looked for at once (64 MB); reports that say more are gone through in turns."""
BATCH = 1_000_000
"""Letters of messages that are hashed together."""
Hashes = npt.NDArray[np.uint64]
_NO_LETTER = re.compile(r"[\W\d_]+")
_DIGEST = re.compile(r"\b(?=[A-Fa-f]*\d)[0-9A-Fa-f]{12,}\b")
_BASE = 0x9E3779B97F4A7C15
_APART = "\x00"


def letters(text: str) -> str:
    """Return a text's letters, without case."""
    return _NO_LETTER.sub("", text).casefold()


class _Powers:
    """Powers of the base and of its inverse, modulo 2**64."""

    def __init__(self) -> None:
        self.up = self.down = np.ones(0, np.uint64)

    def of(self, size: int) -> tuple[Hashes, Hashes]:
        if len(self.up) < size:
            self.up, self.down = (self._made(base, size) for base in (_BASE, pow(_BASE, -1, 1 << 64)))
        return self.up[:size], self.down[:size]

    @staticmethod
    def _made(base: int, size: int) -> Hashes:
        factors = np.full(size, base, np.uint64)
        factors[0] = 1
        made: Hashes = np.multiply.accumulate(factors)
        return made


_POWERS = _Powers()


class _Hashed:
    """A text whose stretches can be hashed, of any length, wherever they begin."""

    def __init__(self, text: str) -> None:
        codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32).astype(np.uint64)
        codes += np.uint64(0x51ED270B)
        up, self._down = _POWERS.of(len(codes) + 1)
        self._sums = np.zeros(len(codes) + 1, np.uint64)
        np.cumsum(codes * up[: len(codes)], out=self._sums[1:])

    def at(self, begins: npt.NDArray[Any], length: int) -> Hashes:
        found: Hashes = (self._sums[begins + length] - self._sums[begins]) * self._down[begins]
        return found


def stretches(text: str, length: int = LENGTH) -> Hashes:
    """Return the hashes of all stretches of letters of a text, each once, in order."""
    known = letters(text)
    if len(known) < length:
        return np.zeros(0, np.uint64)
    return _ordered(_Hashed(known).at(np.arange(len(known) - length + 1), length))


class Quoted:
    """What reports say, and which of it messages say too."""

    def __init__(self) -> None:
        self._said: list[Hashes] = []
        self._parts: list[Hashes] = []
        self._new = 0

    def add(self, text: str) -> None:
        """Add a reading of a report; digests, of which a hash tree has millions, are no words."""
        known = letters(_DIGEST.sub(" ", text))
        for begin in range(0, len(known), BATCH):
            piece = known[begin : begin + BATCH + LENGTH - 1]
            if len(piece) >= LENGTH:
                hashed = _Hashed(piece)
                self._said.append(_ordered(hashed.at(np.arange(len(piece) - LENGTH + 1), LENGTH)))
                self._parts.append(_ordered(hashed.at(np.arange(len(piece) - PART + 1), PART)))
                self._new += len(self._said[-1])
        if self._new > MOST:
            self._settle()

    def _settle(self) -> None:
        self._said, self._parts, self._new = [_united(self._said)], [_united(self._parts)], 0

    @property
    def is_full(self) -> bool:
        """Whether the reports are to be compared now, and the rest after them."""
        return bool(self._said) and len(self._said[0]) > MOST

    def found(self, messages: Iterable[str], templates: Iterable[str] = ()) -> Hashes:
        """Return the stretches of the reports that messages say, too.

        Args:
            messages: their texts, mark-up and all.
            templates: texts that may be quoted.
        """
        self._settle()
        said = self._said[0]
        for text in templates:
            known = stretches(text)
            said = said[~_among(said, known)] if len(known) and len(said) else said
        bits = min(BITS, len(self._parts[0]).bit_length() + SPARSE)
        table = np.zeros(1 << bits, np.bool_)
        table[self._parts[0] >> np.uint64(64 - bits)] = True
        found = [_shared(batch, table, said) for batch in _batches(messages)] if len(said) else []
        return _united(found)


def _ordered(hashes: Hashes) -> Hashes:
    """Return hashes in order, each once: numpy's own way goes through a table, which takes several times as long."""
    hashes.sort()
    is_new = np.ones(len(hashes), np.bool_)
    np.not_equal(hashes[1:], hashes[:-1], out=is_new[1:])
    return hashes[is_new]


def _united(parts: list[Hashes]) -> Hashes:
    return _ordered(np.concatenate(parts)) if parts else np.zeros(0, np.uint64)


def _among(wanted: Hashes, known: Hashes) -> npt.NDArray[np.bool_]:
    """Whether each of ``wanted`` is one of ``known``, which are in order and at least one."""
    at = np.searchsorted(known, wanted)
    at[at == len(known)] = 0
    there: npt.NDArray[np.bool_] = known[at] == wanted
    return there


def _batches(messages: Iterable[str]) -> Iterator[str]:
    """Yield letters of messages, many together; where one ends and the next begins no letter stands."""
    held: list[str] = []
    size = 0
    for text in messages:
        known = letters(text)
        for begin in range(0, len(known), BATCH):
            held.append(known[begin : begin + BATCH + LENGTH - 1])
            size += len(held[-1])
            if size >= BATCH:
                yield _APART.join(held)
                held, size = [], 0
    yield _APART.join(held)


def _shared(text: str, table: npt.NDArray[np.bool_], said: Hashes) -> Hashes:
    """Return the stretches of a batch of messages that reports say."""
    if len(text) < LENGTH:
        return np.zeros(0, np.uint64)
    hashed = _Hashed(text)
    begins = np.arange(0, len(text) - PART + 1, STEP)
    bits = len(table).bit_length() - 1
    begins = begins[table[hashed.at(begins, PART) >> np.uint64(64 - bits)]]
    around = (begins[:, None] - np.arange(STEP)[None, :]).ravel()
    around = around[(around >= 0) & (around <= len(text) - LENGTH)]
    found = _ordered(hashed.at(around, LENGTH))
    return found[_among(found, said)] if len(found) else found


def is_among(text: str, found: Hashes) -> bool:
    """Whether a reading says one of these stretches."""
    own = stretches(text)
    return bool(len(own) and len(found) and _among(own, found).any())
