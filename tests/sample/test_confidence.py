"""What a random sample tells about the rest: exact bounds, held against counting every possible sample."""

from __future__ import annotations

from itertools import combinations

import pytest

from migrator_lib.sample.confidence import caveat, most_wrong, needed, sentence


@pytest.mark.parametrize(("wrong", "drawn", "population"), [(0, 3, 8), (1, 4, 9), (2, 5, 9), (0, 5, 6), (1, 6, 10)])
def test_the_bound_is_the_largest_number_of_wrong_ones_that_chance_does_not_rule_out(
    wrong: int, drawn: int, population: int
) -> None:
    def share(bad: int) -> float:
        """How often so few wrong ones are drawn when ``bad`` are: by going through every sample there is."""
        seen = [sum(one < bad for one in chosen) for chosen in combinations(range(population), drawn)]
        return sum(n <= wrong for n in seen) / len(seen)

    most = most_wrong(wrong, drawn, population)
    possible = range(wrong, population - drawn + wrong + 1)
    assert most == max(bad for bad in possible if share(bad) > 0.05)


def test_in_a_large_population_it_is_the_rule_of_three() -> None:
    assert most_wrong(0, 300, 2_000_000) / 2_000_000 == pytest.approx(3 / 300, rel=0.01)
    assert most_wrong(0, 30, 2_000_000) / 2_000_000 == pytest.approx(1 - 0.05 ** (1 / 30), rel=0.001)


def test_who_has_seen_all_of_them_knows() -> None:
    assert most_wrong(0, 40, 40) == 0
    assert most_wrong(3, 40, 40) == 3
    assert "there are no others" in sentence(0, 40, 40)


def test_who_has_drawn_none_knows_nothing() -> None:
    assert most_wrong(0, 0, 500) == 500
    assert "nothing can be said" in sentence(0, 0, 500)


def test_a_small_population_is_told_more_by_the_same_sample() -> None:
    assert most_wrong(0, 30, 60) / 60 < most_wrong(0, 30, 6_000) / 6_000


def test_the_sentence_names_share_number_and_formula() -> None:
    words = sentence(0, 12, 1000)
    assert words.startswith("None of the 12 records drawn at random is wrong.")
    assert f"{most_wrong(0, 12, 1000):,} of 1,000" in words
    assert "95%" in words
    assert "n = 12" in words
    assert sentence(2, 12, 1000).startswith("2 of the 12 records drawn at random are wrong.")


def test_how_many_would_be_enough_is_as_few_as_are() -> None:
    n = needed(100_000)
    assert n == 59
    assert most_wrong(0, n, 100_000) <= 5_000 < most_wrong(0, n - 1, 100_000)
    assert "59 random ones" in caveat(18, 12, 100_000)
    assert "random ones" not in caveat(18, 80, 100_000)
