"""How often intervals hold the truth and verdicts are wrong, where the truth is known."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.stats import binom

from ltd.statistics.accuracy import accuracy
from ltd.statistics.estimate import Estimate, Part, estimate
from ltd.statistics.outcomes import Outcomes

SMALL = ((60, 24, 120), 2)
PAPER = ((277, 56, 1000, 1000, 1200), 3)


def differences(population: Any, n_runs: int, n_studies: int) -> list[Estimate]:
    """Of two arms that are equally good, in as many studies with seeds and questions of their own."""
    rng, found = np.random.default_rng(n_runs), []
    for _ in range(n_studies):
        ours, theirs = population.draw(rng, n_runs)
        found.append(estimate(population.questions, [ours.astype(float) - theirs]))
    return found


def at_most(n_studies: int, level: float = 0.05) -> int:
    """Errors that a test of this level makes in 999 of 1,000 sets of studies; one of twice the level makes more."""
    count = int(binom.ppf(0.999, n_studies, level))
    assert binom.sf(count, n_studies, 2 * level) > 0.9
    return count


def errors(found: list[Estimate], truth: float = 0.0) -> int:
    return sum(abs(one.value - truth) > one.half_width() for one in found)


@pytest.mark.parametrize(("n_runs", "seed_spread"), [(1, 0.0), (2, 0.15), (3, 0.15), (5, 0.3)])
def test_no_difference_is_found_where_there_is_none(population: Any, n_runs: int, seed_spread: float) -> None:
    found = differences(population(*SMALL, seed_spread), n_runs, 800)
    assert errors(found) <= at_most(800)
    better = sum(one.interval()[0] > 0 for one in found)
    assert better <= binom.ppf(0.999, 800, 0.025)


def test_a_normal_interval_over_two_seeds_would_find_one() -> None:
    """What the quantiles of Student's t are for, and that the test above can fail."""
    rng = np.random.default_rng(0)
    values = rng.normal(size=(800, 2))
    found = [Estimate(row.mean(), (Part(row.var(ddof=1) / 2, 1),), False) for row in values]
    assert errors(found) <= at_most(800)
    assert sum(abs(one.value) > 1.96 * one.standard_error for one in found) > at_most(800)


def test_a_detectable_difference_is_detected_in_four_studies_of_five(population: Any) -> None:
    found = differences(population(*SMALL, 0.15), 5, 600)
    detectable = np.mean([one.detectable() for one in found[:20]])
    seen = sum(one.value + detectable > one.half_width() for one in found) / len(found)
    assert seen == pytest.approx(0.8, abs=0.07)


def test_an_accuracys_interval_holds_the_truth(population: Any) -> None:
    drawn = population(*SMALL, 0.3)
    rng, missed = np.random.default_rng(1), 0
    for _ in range(600):
        answers, _ = drawn.draw(rng, 3)
        measured = accuracy(Outcomes(answers, (0, 1, 2), drawn.questions.questions, drawn.questions.groups))
        missed += not measured.low <= drawn.accuracy <= measured.high
    assert missed <= at_most(600)


@pytest.mark.slow
@pytest.mark.parametrize("n_runs", [2, 3, 5, 10])
@pytest.mark.parametrize("spreads", [(0.0, 0.0), (0.05, 0.0), (0.0, 0.1), (0.3, 0.0)])
def test_the_papers_questions(population: Any, n_runs: int, spreads: tuple[float, float]) -> None:
    found = differences(population(*PAPER, *spreads), n_runs, 800)
    assert errors(found) <= at_most(800)
    if n_runs == 10:  # and not for being too careful
        assert errors(found) > 0.2 * 0.05 * 800
