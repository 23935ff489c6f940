"""How often intervals hold the truth and verdicts are wrong, where the truth is known."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from scipy.stats import binom

from ltd.statistics.accuracy import accuracy
from ltd.statistics.comparison import Comparison, compare, holm
from ltd.statistics.efficiency import data_efficiency
from ltd.statistics.estimate import Estimate, Part, estimate
from ltd.statistics.outcomes import Outcomes

SMALL = ((60, 24, 120), 2)
PAPER = ((277, 56, 1000, 1000, 1200), 3)
QUICK_TASKS = (240, 56, 240, 240, 240)

NOISE, SEEDS_DIFFER = (0.0, 0.0), (0.15, 0.5)
"""How much seeds differ on the whole, and arms on some questions; with neither, runs' means often tie."""

WIDELY = [
    pytest.param(sizes, per_premise, spreads, n_runs, marks=pytest.mark.slow)
    for sizes in ((56,), (277,), QUICK_TASKS)
    for per_premise in (1, 2)
    for spreads in (NOISE, SEEDS_DIFFER)
    for n_runs in (2, 3, 5)
]
ANYWHERE = ("sizes", "per_premise", "spreads", "n_runs")


def differences(population: Any, n_runs: int, n_studies: int) -> list[Estimate]:
    """Of two arms that are equally good, in as many studies with seeds and questions of their own."""
    rng, found = np.random.default_rng(n_runs), []
    for _ in range(n_studies):
        ours, theirs = population.draw(rng, n_runs)
        found.append(estimate(population.questions, [ours.astype(float) - theirs]))
    return found


def at_most(n_studies: int, level: float = 0.05, found: float | None = None) -> int:
    """Errors that a test of this level makes in 999 of 1,000 sets of studies; one of ``found``, or twice it, more."""
    count = int(binom.ppf(0.999, n_studies, level))
    assert binom.sf(count, n_studies, found or 2 * level) > 0.9
    return count


def families(drawn: Any, n_runs: int, n_studies: int, n_arms: int = 8) -> Iterator[list[Comparison]]:
    """Of arms that are all as good as the baseline that they share, and not corrected for their number."""
    rng, questions = np.random.default_rng(n_runs), drawn.questions
    plain = compare(questions, questions)
    for _ in range(n_studies):
        baseline, *arms = drawn.arms(rng, n_runs, n_arms + 1)
        found = [estimate(questions, [arm.astype(float) - baseline]) for arm in arms]
        yield [replace(plain, estimate=one, adjusted_p_value=one.p_value()) for one in found]


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


@pytest.mark.parametrize(
    (*ANYWHERE, "n_studies"),
    [((56,), 1, NOISE, 2, 50), *(pytest.param(*one.values, 200, marks=one.marks) for one in WIDELY)],
)
def test_a_family_of_equal_arms_has_no_verdict(
    population: Any, sizes: Any, per_premise: int, spreads: Any, n_runs: int, n_studies: int
) -> None:
    drawn = population(sizes, per_premise, spreads[0], arm_spread=spreads[1])
    verdicts = [{one.verdict for one in holm(family)} for family in families(drawn, n_runs, n_studies)]
    limit = at_most(n_studies, found=0.3 if n_studies < 100 else 0.15)
    assert sum(bool(found & {"better", "worse"}) for found in verdicts) <= limit
    assert sum("better" in found for found in verdicts) <= limit


@pytest.mark.parametrize(ANYWHERE, [((56,), 1, NOISE, 2), ((277,), 1, NOISE, 2), *WIDELY])
def test_a_strict_level_is_kept(population: Any, sizes: Any, per_premise: int, spreads: Any, n_runs: int) -> None:
    """That of the first of ten comparisons that Holm corrects."""
    drawn = population(sizes, per_premise, spreads[0], arm_spread=spreads[1])
    found = [one.estimate for (one,) in families(drawn, n_runs, 1000, n_arms=1)]
    assert sum(one.half_width(0.005) < abs(one.value) for one in found) <= at_most(1000, 0.005, found=0.02)
    if (sizes, spreads, n_runs) == ((56,), NOISE, 2):  # what the least variance is for
        parts_alone = [replace(one, least=None) for one in found]
        assert sum(one.half_width(0.005) < abs(one.value) for one in parts_alone) > at_most(1000, 0.005, found=0.02)


@pytest.mark.parametrize(ANYWHERE, [((277,), 1, NOISE, 3), *WIDELY])
def test_a_difference_as_large_as_the_margin_is_not_denied(
    population: Any, sizes: Any, per_premise: int, spreads: Any, n_runs: int
) -> None:
    drawn = population(sizes, per_premise, spreads[0], arm_spread=spreads[1])
    limit, found = at_most(500, 0.025, found=0.07), [one for (one,) in families(drawn, n_runs, 500, n_arms=1)]
    for margin in (0.02, 0.1, 0.2):  # the larger ones can be told from 0 with few questions
        better = [replace(one, margin=margin, estimate=one.estimate.less(-margin)) for one in found]
        worse = [replace(one, margin=margin, estimate=one.estimate.less(margin)) for one in found]
        assert sum(one.verdict == "no difference" for one in better) <= limit
        assert sum(one.verdict == "no difference" for one in worse) <= limit
        assert sum(one.not_worse() == "yes" for one in worse) <= limit


@pytest.mark.slow
@pytest.mark.parametrize("sizes", [(56,), (277,), QUICK_TASKS])
@pytest.mark.parametrize("n_runs", [2, 3, 5])
@pytest.mark.parametrize("spreads", [NOISE, SEEDS_DIFFER])
def test_no_arm_is_more_efficient_where_data_buy_nothing(
    population: Any, sizes: Any, n_runs: int, spreads: Any
) -> None:
    drawn, rng = population(sizes, 1, spreads[0], arm_spread=spreads[1]), np.random.default_rng(n_runs)
    wrong, questions = 0, drawn.questions
    for _ in range(400):
        runs = [
            replace(questions, correct=answers, seeds=tuple(range(n_runs))) for answers in drawn.arms(rng, n_runs, 7)
        ]
        baseline = list(zip((50, 200, 800, 3200), runs[:4], strict=True))
        found = data_efficiency(baseline, list(zip((100, 400, 1600), runs[4:], strict=True)), resamples=500)
        wrong += any(ratio.is_more or ratio.is_less for ratio in found.ratios)
    assert wrong <= at_most(400, found=0.12)


@pytest.mark.slow
@pytest.mark.parametrize("difference", [0.09, 0.12])
def test_as_many_seeds_as_are_needed_see_the_difference(make: Any, difference: float) -> None:
    """In studies that are drawn from what a long pilot was drawn from, and in fewer of them with fewer seeds."""
    rng, questions = np.random.default_rng(3), make(np.zeros((3, 200)))

    def study(n_runs: int) -> Estimate:
        runs, both = rng.normal(0, 0.05, (n_runs, 1)), rng.normal(0, 0.5, (n_runs, 200))
        return estimate(questions, [runs + rng.normal(0, 0.3, 200) + both])

    def power(n_runs: int) -> float:
        return float(np.mean([study(n_runs).less(-difference).p_value() <= 0.05 for _ in range(600)]))

    needed = replace(compare(questions, questions), estimate=study(400)).seeds_needed(difference)
    assert needed is not None and needed > 4
    assert power(needed) == pytest.approx(0.82, abs=0.07)
    assert power(needed - 2) < 0.78 < power(needed + 3)
