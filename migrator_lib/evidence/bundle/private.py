"""What of a person a text tells: found, and masked. Addresses, telephone numbers, and names of requesters."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from migrator_lib.evidence.bundle.people import MOST_WORDS, NUMBER_DIGITS, WORD, People, words_of
from migrator_lib.evidence.bundle.readings import Lines
from migrator_lib.hash_tree.keys import GUESSABLE, keyed, untold
from migrator_lib.masking import mask_email, mask_name

ADDRESS, NUMBER, NAME, PLACE = "an e-mail address", "a telephone number", "the name of a requester", "a local path"
HASH = "a plain hash of an address, a number or a text"
HIDDEN_NUMBER = "(number)"
_ADDRESS = re.compile(r"[\w.!#$&*+/=?^`{|}~'-]+(?:@|%40|\uff20)(?:[\w*-]+\.)+[\w*-]{2,}")
_NUMBER = re.compile(r"(?<![\w#])(?<!\d[.,:/-])(?:\+ ?|\(\+?)?\d(?:[ \u00a0().\-/]{0,2}\d){6,14}(?!\w)")
# As a number is written that is told by its shape alone: +45 12 34 56 78, 0045 1234 5678, (555) 012-3456, 555.012.3456,
# 01632 960303. Dates, ids and amounts are written otherwise.
_SHAPES = re.compile(
    r"\+ ?[1-9](?:[ \u00a0().\-/]{0,2}\d){7,14}|00[1-9]\d{0,2}[ \u00a0\-](?:[ \u00a0().\-/]{0,2}\d){6,12}"
    r"|\(\d{3}\) ?\d{3}[-. ]\d{4}|\d{3}([-.])\d{3}\1\d{4}|\(?0\d{2,4}\)?[ /-]\d{3,4}[ -]?\d{3,5}"
)
# Keys of records, of which some are made of several.
_KEY = re.compile(r"\d+(?:[/.:-]\d+)*")
# What migrator_lib.reconcile.differences.fingerprint tells of a text.
_FINGERPRINT = re.compile(r"(?<=characters), ([0-9a-f]{8})\b")
_SEPARATED = re.compile(r"[^\d]")
_BETWEEN = re.compile(r"(?:[\s.,'’_+-]|%20){1,6}")
Span = tuple[int, int, str, str]
"""Begin and end within a text, what it is, and what stands there once it is masked."""


class Private:
    """Finds and masks what a text tells of people, and of the machine that it was made on."""

    def __init__(self, people: People, places: Mapping[str, str] | None = None, secret: bytes = b"") -> None:
        """Know people, places, and a secret.

        Args:
            people: requesters.
            places: patterns of paths and hosts to what stands for them in what is shared.
            secret: of the engagement: what could be guessed from its hash has another one by it.
        """
        self._people = people
        self._secret = secret
        self._nameless = Lines()
        self._places = [(re.compile(pattern), stands) for pattern, stands in (places or {}).items()]

    def mask(self, text: str, *, ids: bool = False) -> str:
        """Return a text without what it tells.

        Args:
            text: any.
            ids: whether numbers that stand alone are keys and ids, as in lists of records.
        """
        done, end = [], 0
        for begin, stop, _, stands in sorted(self._spans(text, ids), key=lambda span: (span[0], -span[1])):
            if begin >= end:
                done += [text[end:begin], stands]
                end = stop
        return "".join([*done, text[end:]]) if done else text

    def find(self, text: str, *, ids: bool = False) -> set[str]:
        """Return the kinds of what a text tells."""
        return {what for _, _, what, _ in self._spans(text, ids)}

    def _spans(self, text: str, ids: bool) -> Iterator[Span]:
        for pattern, stands in self._places:
            yield from ((one.start(), one.end(), PLACE, stands) for one in pattern.finditer(text))
        yield from _addresses(text)
        for one in GUESSABLE.finditer(text):
            yield one.start(), one.end(), HASH, untold(self._secret, one[0])
        for one in _FINGERPRINT.finditer(text) if "characters, " in text else ():
            yield one.start(), one.end(), HASH, f" ({keyed(self._secret, one[1], len(one[1]))})"
        for one in _NUMBER.finditer(text):
            if self._is_number(one[0], ids):
                is_open = one[0].startswith("(") and ")" not in one[0]
                yield one.start() + is_open, one.end(), NUMBER, HIDDEN_NUMBER
        if self._people.first:
            yield from self._names_in_lines(text) if ids else self._names(text, 0)

    def _names_in_lines(self, text: str) -> Iterator[Span]:
        """Yield the names in a list; words in which there was none once are not looked at again."""
        begin = 0
        for line in text.splitlines(keepends=True):
            words = self._nameless.words(line)
            if not self._nameless.has(words):
                found = list(self._names(line, begin))
                if not found:
                    self._nameless.add(words)
                yield from found
            begin += len(line)

    def _is_number(self, written: str, ids: bool) -> bool:
        if _SHAPES.fullmatch(written):
            return True
        digits = _SEPARATED.sub("", written)
        if len(digits) not in NUMBER_DIGITS or (ids and _KEY.fullmatch(written)):
            return False
        bare = digits.removeprefix("00") if digits.startswith("00") else digits.removeprefix("0")
        return digits in self._people.numbers or bare in self._people.numbers

    def _names(self, text: str, at: int) -> Iterator[Span]:
        """Yield the names in a text that begins ``at`` some place of a longer one."""
        words = list(WORD.finditer(text))
        past = 0
        for n, word in enumerate(words):
            if n < past or not self._may_begin(word[0]):
                continue
            last = self._name_at(text, words, n)
            if last:
                past = last + 1
                begin, end = word.start(), words[last].end()
                yield at + begin, at + end, NAME, mask_name(" ".join(one[0] for one in words[n:past]))

    def _may_begin(self, word: str) -> bool:
        return word.casefold() in self._people.first or (not word.isascii() and words_of(word)[:1] != ()
                                                         and words_of(word)[0] in self._people.first)  # fmt: skip

    def _name_at(self, text: str, words: list[re.Match[str]], n: int) -> int:
        """Return the place of the last word of the longest name that begins at word ``n``; 0 where none does."""
        last = n
        while last + 1 < len(words) and last + 1 - n < MOST_WORDS:
            if not _BETWEEN.fullmatch(text, words[last].end(), words[last + 1].start()):
                break
            last += 1
        for end in range(last, n, -1):
            given = [one[0] for one in words[n : end + 1]]
            capital = all(not word[0].islower() for word in given)
            if self._people.is_name(words_of(" ".join(given)), capital=capital):
                return end
        return 0


def _addresses(text: str) -> Iterator[Span]:
    for one in _ADDRESS.finditer(text) if "@" in text or "%40" in text or "\uff20" in text else ():
        address = one[0].replace("%40", "@").replace("\uff20", "@")
        masked = mask_email(address)
        if masked != address:
            yield one.start(), one.end(), ADDRESS, masked
