"""A mean's variance against statsmodels, an analysis of variance and Student's own test."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from scipy.stats import t, ttest_1samp

from ltd.statistics.estimate import Estimate, Part, estimate, question_weights


def test_one_run_of_one_task_is_a_t_test_over_questions(make: Any) -> None:
    values = np.random.default_rng(0).integers(-1, 2, 50).astype(float)
    result, test = estimate(make(np.zeros(50)), [values[None]]), ttest_1samp(values, 0.1)
    assert result.p_value(0.1) == pytest.approx(test.pvalue)
    assert result.interval(0.1) == pytest.approx(tuple(test.confidence_interval(0.9)))
    assert result.conditional


def test_runs_and_premises_are_clustered_as_statsmodels_does(make: Any) -> None:
    from statsmodels.regression.linear_model import OLS

    values = np.random.default_rng(1).normal(size=(4, 60)) + np.repeat(np.arange(15), 4) / 5
    outcomes = make(np.zeros((4, 60)), per_premise=4)
    runs, questions = estimate(outcomes, [values]).parts
    labels = {"run": np.repeat(np.arange(4), 60), "premise": np.tile(outcomes.clusters, 4)}
    model = OLS(values.ravel(), np.ones(240))
    by = {
        name: model.fit(cov_type="cluster", cov_kwds={"groups": groups}).bse[0] ** 2 for name, groups in labels.items()
    }
    assert runs == Part(pytest.approx(by["run"]), 3)
    assert estimate(outcomes, [values.mean(axis=0)[None]]).parts[0].variance == pytest.approx(by["premise"])
    assert questions.variance < by["premise"]


def test_the_parts_are_those_of_an_analysis_of_variance(make: Any) -> None:
    values = np.random.default_rng(2).normal(size=(5, 40)) + np.random.default_rng(3).normal(size=40)
    rows, columns, mean = values.mean(axis=1), values.mean(axis=0), values.mean()
    square_runs, square_questions = 40 * rows.var(ddof=1), 5 * columns.var(ddof=1)
    rest = ((values - rows[:, None] - columns + mean) ** 2).sum() / (4 * 39)
    runs, questions = estimate(make(np.zeros((5, 40))), [values]).parts
    assert runs.variance == pytest.approx(square_runs / 200)
    assert questions.variance == pytest.approx((square_questions - rest) / 200)
    assert (runs.degrees, questions.degrees) == (4, pytest.approx(39))


def test_tasks_count_alike_or_questions_do(make: Any) -> None:
    values = np.random.default_rng(4).normal(size=30)
    outcomes = make(np.zeros(30), sizes=[10, 20])
    first, second = values[:10], values[10:]
    parts = np.array([first.var(ddof=1) / 10, second.var(ddof=1) / 20])
    for average, shares in (("macro", np.array([1 / 2, 1 / 2])), ("pooled", np.array([1 / 3, 2 / 3]))):
        result = estimate(outcomes, [values[None]], average)
        weighted = shares**2 * parts
        assert result.value == pytest.approx(shares @ [first.mean(), second.mean()])
        assert result.parts[0].variance == pytest.approx(weighted.sum())
        assert result.parts[0].degrees == pytest.approx(weighted.sum() ** 2 / (weighted**2 / [9, 19]).sum())
        assert question_weights(outcomes, average).sum() == pytest.approx(1)


def test_two_arms_whose_runs_do_not_belong_together(make: Any) -> None:
    rng = np.random.default_rng(5)
    ours, theirs = rng.normal(size=(3, 20)), rng.normal(size=(2, 20))
    result = estimate(make(np.zeros((1, 20))), [ours, -theirs])
    assert result.value == pytest.approx(ours.mean() - theirs.mean())
    variances = [side.mean(axis=1).var(ddof=1) / len(side) for side in (ours, theirs)]
    assert result.parts[:2] == (Part(pytest.approx(variances[0]), 2), Part(pytest.approx(variances[1]), 1))
    assert not result.conditional
    assert estimate(make(np.zeros((1, 20))), [ours, -theirs[:1]]).conditional


def test_each_part_has_its_own_quantile() -> None:
    result = Estimate(0.1, (Part(0.0004, 2), Part(0.0001, 500)), False)
    expected = np.sqrt(t.isf(0.025, 2) ** 2 * 0.0004 + t.isf(0.025, 500) ** 2 * 0.0001)
    assert result.half_width() == pytest.approx(expected)
    assert result.standard_error == pytest.approx(np.sqrt(0.0005))


def test_interval_and_p_value_are_one() -> None:
    result = Estimate(0.03, (Part(0.0001, 2), Part(0.00005, 100)), False)
    low, high = result.interval(result.p_value())
    assert (low, high) == (pytest.approx(0, abs=1e-9), pytest.approx(0.06))
    assert result.less(0.03).p_value() == 1
    assert result.less(0.01).p_value() == pytest.approx(result.p_value(0.01))
    assert Estimate(1.0, (Part(0.0, 5),), False).p_value() == 0


def test_the_interval_is_at_least_that_of_what_both_runs_and_premises_count() -> None:
    least = Part(0.0003, 55)
    tied = Estimate(0.05, (Part(0.0, 1), Part(0.0, 55)), False, least)
    assert tied.half_width() == pytest.approx(t.isf(0.025, 55) * np.sqrt(0.0003))
    assert tied.standard_error == pytest.approx(np.sqrt(0.0003))
    assert tied.p_value() == pytest.approx(2 * t.sf(0.05 / np.sqrt(0.0003), 55))
    wide = Estimate(0.05, (Part(0.0004, 2), Part(0.0001, 55)), False, least)
    assert wide == replace(wide, least=least) and wide.half_width() == replace(wide, least=None).half_width()
    assert tied.detectable() == pytest.approx(Estimate(0.0, (least,), False).detectable(), rel=0.02)


def test_more_runs_shrink_all_that_is_due_to_runs(make: Any) -> None:
    """The parts of 8 runs, foretold from 400 of the same kind, against the mean of those of many sets of 8."""
    rng, outcomes, spreads = np.random.default_rng(6), make(np.zeros(60)), (0.3, 0.5, 1.0)

    def study(n_runs: int) -> Estimate:
        runs, both = rng.normal(size=(n_runs, 1)), rng.normal(size=(n_runs, 60))
        return estimate(outcomes, [spreads[0] * runs + spreads[1] * questions + spreads[2] * both])

    questions = rng.normal(size=60)
    pilot = study(400)
    foretold, found = pilot.with_runs(8), [study(8) for _ in range(300)]
    assert pilot.with_runs(400) == pilot
    assert foretold.parts[0].degrees == 7
    for pick in (lambda one: one.parts[0], lambda one: one.parts[1], lambda one: one.least):
        assert pick(foretold).variance == pytest.approx(np.mean([pick(one).variance for one in found]), rel=0.15)


def test_equal_answers_are_not_certainty(make: Any) -> None:
    same = estimate(make(np.zeros(56)), [np.zeros((1, 56))])
    assert same.parts[0].variance == pytest.approx(2 / 58**2)
    assert same.half_width() > 3 / 56 * 0.8  # the rule of three says that as many as 3 in 56 might differ
    # Differences of a tenth, as over ten runs: of four questions too few to go by, of twenty enough.
    four, twenty = (np.r_[np.full(n, 0.1), np.zeros(56 - n)][None] for n in (4, 20))
    assert estimate(make(four), [four]).parts[0].variance == pytest.approx(2 / 58**2)
    assert estimate(make(twenty), [twenty]).parts[0].variance == pytest.approx(twenty.var(ddof=1) / 56)
    alone = estimate(make(np.zeros(4), per_premise=4), [np.zeros((1, 4))])
    assert alone.parts[0] == Part(1.0, 1)


def test_power_of_one_mean_is_that_of_the_t_test() -> None:
    from statsmodels.stats.power import TTestPower

    result = Estimate(0.0, (Part(1 / 30, 29),), True)
    effect = TTestPower().solve_power(nobs=30, alpha=0.05, power=0.8)
    assert result.detectable() == pytest.approx(effect, rel=0.01)
    assert result.power(result.detectable()) == pytest.approx(0.8, abs=1e-4)
    assert Estimate(0.0, (Part(0.0, 3),), True).detectable() == 0
