"""Budgets: shares of the whole pool, refused when they cannot be meant."""

from __future__ import annotations

import pytest

from ltd.budget import Budget
from ltd.errors import SettingsError


def test_a_share_is_of_the_whole_pool_and_rounds_halves_up() -> None:
    assert Budget.from_fraction(0.005, 531_133).examples == 2656
    assert Budget.from_fraction(0.25, 10).examples == 3
    assert Budget.from_fraction(0.0, 10).examples == 0
    assert Budget.from_fraction(1.0, 10).examples == 10


@pytest.mark.parametrize("fraction", [-0.1, 1.5, float("nan")])
def test_a_share_outside_of_zero_to_one_is_refused(fraction: float) -> None:
    with pytest.raises(SettingsError, match="must be between 0 and 1"):
        Budget.from_fraction(fraction, 100)


def test_a_share_that_comes_to_no_example_is_refused() -> None:
    with pytest.raises(SettingsError, match=r"fraction=1e-05 of a pool of 1,000 prompts .* smallest that gives one is"):
        Budget.from_fraction(0.00001, 1000)


def test_more_than_the_related_part_is_refused_with_both_numbers_and_the_largest_that_fits() -> None:
    with pytest.raises(SettingsError, match=r"asks for 100 examples, but only 50 prompts .* fraction<=0\.05"):
        Budget.from_fraction(0.1, 1000).check_related(50)
