"""How much more data a baseline needs, read off curves drawn by hand."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from ltd.errors import DataError
from ltd.statistics.efficiency import Ratio, data_efficiency


def arm(make: Any, budget: float, accuracy: float, n_runs: int = 3) -> tuple[float, Any]:
    """Of 1,000 questions the first so many are right, in every run."""
    return budget, make(np.tile(np.arange(1000) < 1000 * accuracy, (n_runs, 1)))


def curve(make: Any, *accuracies: float) -> list[tuple[float, Any]]:
    """At 100, 1,000, 10,000, ... examples."""
    return [arm(make, 100 * 10**place, accuracy) for place, accuracy in enumerate(accuracies)]


def ratio(make: Any, baseline: list[tuple[float, Any]], budget: float, accuracy: float) -> float:
    return data_efficiency(baseline, [arm(make, budget, accuracy)], resamples=10).ratios[0].value


def test_a_ratio_is_read_off_the_curve(make: Any) -> None:
    baseline = curve(make, 0.4, 0.5, 0.7)
    assert ratio(make, baseline, 100, 0.4) == pytest.approx(1)
    assert ratio(make, baseline, 100, 0.5) == pytest.approx(10)
    assert ratio(make, baseline, 100, 0.45) == pytest.approx(math.sqrt(10))
    assert ratio(make, baseline, 1000, 0.6) == pytest.approx(math.sqrt(10))
    assert ratio(make, baseline, 10_000, 0.5) == pytest.approx(0.1)


def test_the_curve_is_not_continued(make: Any) -> None:
    baseline = curve(make, 0.4, 0.5, 0.7)
    above, below = data_efficiency(baseline, [arm(make, 500, 0.8), arm(make, 500, 0.3)], resamples=50).ratios
    assert (above.value, above.words(above.value)) == (math.inf, "> 20")
    assert (below.value, below.words(below.value)) == (0, "< 0.2")
    assert above.is_more and not above.is_less and below.is_less and not below.is_more


def test_a_dip_is_noise(make: Any) -> None:
    # the two at 0.6 and 0.5 are taken together at 0.55, which 100 * 10 ** 1 is the first to have
    found = data_efficiency(curve(make, 0.4, 0.6, 0.5, 0.7), [arm(make, 100, 0.55)], resamples=10)
    assert found.fitted == pytest.approx([0.4, 0.55, 0.55, 0.7])
    assert found.ratios[0].value == pytest.approx(10)


def test_what_lies_beyond_the_curve_is_certain_only_as_far_as_it_goes() -> None:
    assert not Ratio(math.inf, math.inf, math.inf, 0.1, 0.5, False).is_more  # more than half as much
    assert not Ratio(0, 0, 0, 2, 20, False).is_less
    assert Ratio(3, 1.2, math.inf, 0.1, 8, False).words(1.234) == "1.23"


def test_one_seed_is_said(make: Any) -> None:
    baseline = curve(make, 0.4, 0.6)
    assert not data_efficiency(baseline, [arm(make, 100, 0.5)], resamples=10).ratios[0].conditional
    assert data_efficiency(baseline, [arm(make, 100, 0.5, n_runs=1)], resamples=10).ratios[0].conditional


def test_a_curve_needs_two_budgets_and_the_same_questions(make: Any) -> None:
    with pytest.raises(DataError, match="there are 1"):
        data_efficiency(curve(make, 0.4), [arm(make, 100, 0.5)])
    with pytest.raises(DataError, match="different questions"):
        data_efficiency(curve(make, 0.4, 0.5), [(100, make(np.ones((1, 10))))])


def test_runs_of_one_budget_and_seed_count_once(make: Any) -> None:
    """Two arms at 100 that are one, but for a seed of the second, and one at 1,000."""
    low, high = np.arange(1000) < 300, np.arange(1000) < 600
    first, second = (100, make([low, low], seeds=(0, 1))), (100, make([low, high], seeds=(1, 2)))
    found = data_efficiency([first, arm(make, 1000, 0.7), second], [arm(make, 100, 0.55)], resamples=10)
    assert found.budgets == pytest.approx([100, 1000])
    assert found.fitted == pytest.approx([0.4, 0.7])  # 30, 30 and 60%
    assert found.ratios[0].value == pytest.approx(math.sqrt(10))


def test_equal_answers_to_few_questions_are_no_certainty(make: Any) -> None:
    """Baseline and arm answer 56 questions alike in all but two: more questions would show differences."""
    shares = np.array([20, 20, 22]) / 56
    low, high, ours = (make(np.tile(np.arange(56) < 56 * share, (3, 1))) for share in shares)
    (found,) = data_efficiency([(100, low), (1000, high)], [(100, ours)]).ratios
    assert (found.value, found.is_more) == (math.inf, False)
    lone = make(np.tile(np.arange(56) < 40, (3, 1)), per_premise=56)
    none = make(np.zeros((3, 56)), per_premise=56)
    (found,) = data_efficiency([(100, none), (1000, none)], [(100, lone)]).ratios
    assert not found.is_more  # one premise says nothing of others


def test_intervals_are_widened_for_the_number_of_arms(make: Any) -> None:
    rng = np.random.default_rng(0)
    baseline = [(budget, make(rng.random((3, 300)) < share)) for budget, share in ((10, 0.4), (100, 0.5), (1000, 0.6))]
    one = (100, make(rng.random((3, 300)) < 0.5))
    (alone,) = data_efficiency(baseline, [one]).ratios
    (strict,) = data_efficiency(baseline, [one], level=0.05 / 8).ratios
    among, *_ = data_efficiency(baseline, [one] * 8).ratios
    assert among.low <= alone.low and among.high >= alone.high
    assert (among.low, among.high) != (alone.low, alone.high)
    assert (strict.low <= alone.low, strict.high >= alone.high) == (True, True)


@pytest.mark.parametrize(
    "n_runs", [3, pytest.param(2, marks=pytest.mark.slow), pytest.param(5, marks=pytest.mark.slow)]
)
def test_intervals_hold_the_true_ratio(population: Any, make: Any, n_runs: int) -> None:
    """The arm is as good as the baseline with 4 times its data, where accuracy grows with the logarithm."""
    rng, missed = np.random.default_rng(n_runs), 0
    sizes = (100, 40, 80)
    n_questions, studies = sum(sizes), 60
    for _ in range(studies):
        hard = rng.standard_normal(n_questions)

        def answers(budget: float, hard: Any = hard) -> Any:
            ease = 0.4 * math.log10(budget / 100) + 0.1 * rng.standard_normal((n_runs, 1))
            chance = rng.standard_normal((n_runs, n_questions)) + 0.5 * rng.standard_normal(n_questions)
            return make(ease + hard + chance > 0, sizes=sizes)

        baseline = [(budget, answers(budget)) for budget in (50, 200, 800, 3200)]
        found = data_efficiency(baseline, [(100, answers(400))], resamples=200).ratios[0]
        missed += not found.low <= 4 <= found.high
    assert missed <= 8  # of 60; a 95% interval misses more in 1 of 200 such sets
