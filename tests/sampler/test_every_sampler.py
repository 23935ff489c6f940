"""What holds for every sampler."""

from __future__ import annotations

import numpy as np
import pytest

from ltd.errors import SelectionError
from ltd.sampler import Sampler
from ltd.sampler.kcenter import KCenter
from ltd.sampler.random import Random

SAMPLERS = [KCenter(), Random(seed=3)]


@pytest.fixture(params=SAMPLERS, ids=lambda sampler: type(sampler).__name__)
def sampler(request: pytest.FixtureRequest) -> Sampler:
    return request.param


@pytest.fixture
def points() -> np.ndarray:
    return np.random.default_rng(0).normal(size=(50, 8)).astype(np.float32)


@pytest.mark.parametrize("budget", [0, 1, 20, 50])
def test_gives_as_many_distinct_rows_as_asked_for(sampler: Sampler, points: np.ndarray, budget: int) -> None:
    picks = sampler.select(points, budget)
    assert picks.dtype == np.int64
    assert picks.shape == (budget,)
    assert len(set(picks.tolist())) == budget
    assert all(0 <= pick < 50 for pick in picks)


def test_is_deterministic_and_leaves_its_input_alone(sampler: Sampler, points: np.ndarray) -> None:
    before = points.copy()
    assert sampler.select(points, 20).tolist() == sampler.select(points, 20).tolist()
    assert (points == before).all()


def test_a_larger_budget_extends_a_smaller_one(sampler: Sampler, points: np.ndarray) -> None:
    assert sampler.select(points, 30)[:10].tolist() == sampler.select(points, 10).tolist()


def test_works_when_all_points_are_equal(sampler: Sampler) -> None:
    assert sorted(sampler.select(np.ones((6, 3), np.float32), 6).tolist()) == list(range(6))


def test_refuses_a_budget_out_of_range(sampler: Sampler, points: np.ndarray) -> None:
    with pytest.raises(SelectionError, match="a budget of 51 cannot be chosen from 50 prompts"):
        sampler.select(points, 51)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_refuses_points_that_are_not_finite(sampler: Sampler, points: np.ndarray, value: float) -> None:
    points[17, 2] = value
    with pytest.raises(SelectionError, match="the point of prompt 17 is not finite"):
        sampler.select(points, 5)
