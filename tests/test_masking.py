"""Masking: enough to tell people apart, not enough to write to them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from migrator_lib import masking


@pytest.mark.parametrize(
    ("address", "masked"),
    [
        ("anna@shop.example", "a***@***.example"),
        ("  anna@shop.example ", "a***@***.example"),
        ("Anna Olsen", "A. O."),
        ("o'brien@shop.example", "o***@***.example"),
        ("anna@work, 5 Elm Street", "a. 5. E. S."),
        ("anna@shop.example 5 Elm Street", "a. 5. E. S."),
        ("anna@olsen", "a."),
        ("", ""),
        (None, ""),
    ],
)
def test_an_address_keeps_its_first_letter_and_its_last_label(address: str | None, masked: str) -> None:
    assert masking.mask_email(address) == masked


@pytest.mark.parametrize(("name", "masked"), [("Anna Olsen", "A. O."), ("  ", ""), (None, ""), ("Åse", "Å.")])
def test_a_name_is_its_initials(name: str | None, masked: str) -> None:
    assert masking.mask_name(name) == masked


def test_every_address_in_a_text_is_masked_and_the_rest_stays() -> None:
    text = 'Gorgias: "anna.o@shop.example" is taken, see <b@b.example>; write to c@c.example.'
    masked = masking.mask_text(text)
    assert "anna.o" not in masked
    assert "shop" not in masked
    assert masked.startswith('Gorgias: "a***@***.example" is taken, see <b***@***.example>')


@given(
    local=st.text("abcdefghijklmnopqrstuvwxyz0123456789.+_-", min_size=2),
    domain=st.text("abcdefghijklmnopqrstuvwxyz", min_size=2),
)
def test_no_address_survives(local: str, domain: str) -> None:
    address = f"{local}@{domain}.example"
    for masked in (masking.mask_email(address), masking.mask_text(f"from {address} to you")):
        assert address not in masked
        assert f"@{domain}" not in masked
