"""Budgets: shares of the whole pool or numbers, refused when they cannot be meant."""

from __future__ import annotations

import logging

import pytest

from ltd.budget import Request
from ltd.errors import SettingsError


def test_a_share_is_of_the_whole_pool_and_rounds_halves_up() -> None:
    assert Request(0.005).of(531_133).amount == 2656
    assert Request(0.25).of(10).amount == 3
    assert Request(0.0).of(10).amount == 0
    assert Request(1.0).of(10).amount == 10


@pytest.mark.parametrize("fraction", [-0.1, 1.5, float("nan")])
def test_a_share_outside_of_zero_to_one_is_refused(fraction: float) -> None:
    with pytest.raises(SettingsError, match="must be between 0 and 1"):
        Request(fraction)


def test_a_number_overrides_the_share() -> None:
    assert Request(0.5, amount=16_000).of(1_000_000).amount == 16_000
    assert Request(0.5, amount=0).of(10).amount == 0
    with pytest.raises(SettingsError, match="budget=-1 must not be negative"):
        Request(0.5, amount=-1)


def test_the_vanilla_row_is_known_before_the_pool_is() -> None:
    assert Request(0.0).is_nothing
    assert Request(0.5, amount=0).is_nothing
    assert not Request(0.5).is_nothing
    assert not Request(0.0, amount=1).is_nothing


def test_a_unit_that_does_not_exist_is_refused_with_those_that_do() -> None:
    with pytest.raises(SettingsError, match=r"budget_unit.*characters.*examples, tokens"):
        Request(0.5, unit="characters")  # type: ignore[arg-type]


@pytest.mark.parametrize(("unit", "counted"), [("examples", "prompts"), ("tokens", "tokens")])
def test_a_share_that_comes_to_nothing_is_refused(unit: str, counted: str) -> None:
    expected = rf"fraction=1e-05 of a pool of 1,000 {counted} comes to no {unit[:-1]}; the smallest that gives one is"
    with pytest.raises(SettingsError, match=expected):
        Request(0.00001, unit=unit).of(1000)  # type: ignore[arg-type]


def test_more_than_there_is_is_refused_with_both_numbers_and_the_largest_that_fits() -> None:
    with pytest.raises(
        SettingsError, match=r"fraction=0.1 asks for 100 examples, but only 50 prompts .*fraction<=0\.05"
    ):
        Request(0.1).of(1000).within(50)
    with pytest.raises(SettingsError, match=r"budget=100 asks for 100 tokens, but only 50 tokens .*take budget=50,"):
        Request(0.1, amount=100, unit="tokens").of(1000).within(50)
    assert Request(0.1).of(1000).within(100).amount == 100


def test_clip_takes_all_there_is_and_says_so(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        assert Request(1, clip=True).of(1000).within(50).amount == 50
    assert caplog.messages == ["fraction=1 asks for 1,000 examples; all 50 that there are are taken"]
