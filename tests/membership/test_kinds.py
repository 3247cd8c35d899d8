"""What the words and values of filters are taken as."""

from __future__ import annotations

import pytest

from migrator_lib.membership.kinds import domain_pattern, kind_reader, phone_digits


@pytest.mark.parametrize(
    ("word", "kind"),
    [
        ("User", "user"),
        ("Email", "email"),
        ("E-mail", "email"),
        ("EMAIL_ADDRESS", "email"),
        ("Email Address", "email"),
        (" domain ", "domain"),
        ("Phone", "phone"),
        ("PhoneNumber", "phone"),
        ("Phone Number", "phone"),
    ],
)
def test_words_of_the_help_pages_are_known_however_they_are_written(word: str, kind: str) -> None:
    assert kind_reader({})(word) == kind


@pytest.mark.parametrize("word", [None, "", "3", "Email domain", "Users", "Website"])
def test_other_words_are_not_guessed(word: str | None) -> None:
    assert kind_reader({})(word) is None


def test_an_engagement_explains_words() -> None:
    kind_of = kind_reader({"3": "phone", "Mail-Domain": "domain"})
    assert (kind_of("3"), kind_of("mail domain"), kind_of("User")) == ("phone", "domain", "user")


@pytest.mark.parametrize(
    ("value", "pattern"),
    [
        ("Shop.example", ("shop.example", False)),
        (" @shop.example ", ("shop.example", False)),
        ("*@shop.example", ("shop.example", False)),
        ("*.shop.example", ("shop.example", True)),
        ("@*.shop.example", ("shop.example", True)),
    ],
)
def test_a_domain_is_one_or_what_is_below_it(value: str, pattern: tuple[str, bool]) -> None:
    assert domain_pattern(value) == pattern


@pytest.mark.parametrize(
    "value",
    [None, "", "@", "*", "*.", "example", "*.example", "*shop.example", "a.*.example", "ann@shop.example",
     "https://shop.example", "shop.example/x", "two words.example", "shop..example", "shop.example."],
)  # fmt: skip
def test_what_is_no_domain_is_none(value: str | None) -> None:
    assert domain_pattern(value) is None


@pytest.mark.parametrize(
    "text",
    ["+44 20 7946 0000", "+44 (0)20 7946-0000", "(+44) 20.7946.0000", "0044 20 7946 0000", "0044 (0) 20/7946/0000",
     "442079460000", " +44\u00a020 7946 0000 "],
)  # fmt: skip
def test_spellings_of_one_number_are_one(text: str) -> None:
    assert phone_digits(text) == "442079460000"


def test_a_number_without_its_country_is_another_one() -> None:
    assert phone_digits("(020) 7946 0000") == phone_digits("020 79460000") == "02079460000"


@pytest.mark.parametrize(
    "text", [None, "", "+", "112", "123456", "+49 1234", "1" * 16, "call me", "020 7946 0000 ext. 5", "0207 *946000",
             "++44 20 7946 0000", "٠٢٠٧٩٤٦٠٠٠٠"]
)  # fmt: skip
def test_what_is_no_number_or_too_short_for_one_is_none(text: str | None) -> None:
    assert phone_digits(text) is None
