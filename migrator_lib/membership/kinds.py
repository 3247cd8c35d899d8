"""What the words of an organization's filter mean: its kind, and its value as it is compared.

UNVERIFIED, and so kept here alone: SmarterTrack names the four kinds in its help pages (v12: User, Email, Domain, Phone
Number; today: Email Address and three others), but publishes neither what ``OrganizationFilters.FilterType`` holds, nor
how it compares. A word that is not known can be given a meaning by ``organizations.filter_kinds`` in engagement.yaml;
until then its filters make nobody a member, and are listed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Literal

FilterKind = Literal["user", "email", "domain", "phone"]
KINDS: tuple[FilterKind, ...] = ("user", "email", "domain", "phone")
"""The strongest first: the narrower a filter, the surer it is meant."""
WORDS: dict[str, FilterKind] = {
    "user": "user",
    "email": "email",
    "emailaddress": "email",
    "domain": "domain",
    "phone": "phone",
    "phonenumber": "phone",
}
_DOMAIN = re.compile(r"[^\s@*./:]+(?:\.[^\s@*./:]+)+")
_PHONE = re.compile(r"[0-9]{7,15}")
_PHONE_SPACING = re.compile(r"[\s.\-/]")


def _plain(word: str | None) -> str:
    return re.sub(r"[\W_]", "", (word or "").lower())


def kind_reader(named: Mapping[str, FilterKind]) -> Callable[[str | None], FilterKind | None]:
    """Return what tells a filter's kind by its word, or None for an unknown one; ``named`` adds words.

    Case, spaces and dashes make no difference: ``Email``, ``E-mail`` and ``Email Address`` are one kind.
    """
    known = WORDS | {_plain(word): kind for word, kind in named.items()}
    return lambda word: known.get(_plain(word))


def domain_pattern(value: str | None) -> tuple[str, bool] | None:
    """Return the lower-case domain that a filter means, and whether it means what is below it; None if it is none.

    ``x.example`` and ``@x.example`` mean addresses of just that domain, ``*.x.example`` those of its sub-domains.
    """
    text = (value or "").strip().lower().removeprefix("*@").removeprefix("@")
    domain = text.removeprefix("*.")
    return (domain, domain != text) if _DOMAIN.fullmatch(domain) else None


def phone_digits(text: str | None) -> str | None:
    """Return a phone number as it is compared, its digits; None for what is none (7 to 15 digits, as in E.164).

    ``+44 (0)20 7946 0000``, ``0044 20 7946 0000`` and ``442079460000`` are one number. A number without its country
    stays different from the same number with it: which country is meant is not guessed.
    """
    given = _PHONE_SPACING.sub("", text or "").replace("(+", "+(")
    if given.startswith(("+", "00")):
        given = given.removeprefix("+").removeprefix("00").replace("(0)", "")
    digits = given.replace("(", "").replace(")", "")
    return digits if _PHONE.fullmatch(digits) else None
