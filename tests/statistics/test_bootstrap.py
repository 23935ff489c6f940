"""The hierarchical bootstrap against all its resamples."""

from __future__ import annotations

from collections import Counter
from itertools import product
from typing import Any

import numpy as np
import pytest

from ltd.statistics.bootstrap import hierarchical_bootstrap
from ltd.statistics.estimate import estimate


def all_resamples(values: list[list[float]], premises: list[list[int]]) -> Counter[float]:
    """How probable each mean is: runs, then premises, then questions within each premise."""
    counts: Counter[float] = Counter()
    n_runs = len(values)
    for runs in product(range(n_runs), repeat=n_runs):
        for drawn in product(premises, repeat=len(premises)):
            choices = [list(product(premise, repeat=len(premise))) for premise in drawn]
            for questions in product(*choices):
                flat = [question for premise in questions for question in premise]
                mean = np.mean([values[run][question] for run in runs for question in flat])
                counts[round(float(mean), 6)] += (
                    1 / (n_runs**n_runs * len(premises) ** len(premises)) / np.prod([len(one) for one in choices])
                )
    return counts


def test_every_resample_comes_as_often_as_it_should(make: Any) -> None:
    values = [[1.0, 0.0, -1.0], [0.0, 1.0, 1.0]]
    outcomes = make(np.zeros((2, 3)), per_premise=2)  # premises of two questions and of one
    draws = hierarchical_bootstrap(outcomes, [np.array(values)], resamples=20_000)
    expected = all_resamples(values, [[0, 1], [2]])
    found = Counter(np.round(draws, 6).tolist())
    assert found.keys() <= expected.keys()
    for value, share in expected.items():
        assert found[value] / 20_000 == pytest.approx(share, abs=0.012)


def test_it_is_about_the_same_mean(make: Any) -> None:
    rng = np.random.default_rng(0)
    ours, theirs = rng.random((3, 90)) < 0.7, rng.random((2, 90)) < 0.5
    outcomes, sides = make(ours, sizes=[60, 30]), [ours.astype(float), -theirs.astype(float)]
    for average in ("macro", "pooled"):
        draws = hierarchical_bootstrap(outcomes, sides, average)
        assert draws.shape == (2000,)
        assert draws.mean() == pytest.approx(estimate(outcomes, sides, average).value, abs=0.01)


def test_two_seeds_hide_half_of_what_seeds_vary_by(make: Any) -> None:
    values = np.repeat([[0.0], [1.0]], 200, axis=1)  # all the variance is between the runs
    outcomes = make(np.zeros((2, 200)))
    draws = hierarchical_bootstrap(outcomes, [values])
    assert draws.var() == pytest.approx(estimate(outcomes, [values]).parts[0].variance / 2, rel=0.1)


def test_the_same_seed_is_the_same_resamples(make: Any) -> None:
    values = np.random.default_rng(0).normal(size=(2, 30))
    first, again, other = (hierarchical_bootstrap(make(values > 0), [values], seed=seed) for seed in (0, 0, 1))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)
