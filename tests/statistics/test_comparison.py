"""Verdicts, and that interval, p-value and words never contradict each other."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from scipy.stats import t, ttest_rel

from ltd.errors import DataError
from ltd.statistics.comparison import LEVEL, Comparison, compare, holm
from ltd.statistics.estimate import Estimate, Part
from ltd.statistics.outcomes import Outcomes


@pytest.fixture
def of(make: Any) -> Any:
    """A comparison with this difference and standard error, as if from many seeds."""
    plain = compare(make(np.zeros((3, 9))), make(np.zeros((3, 9))))

    def build(difference: float, error: float = 0.01, degrees: float = 1e6) -> Comparison:
        found = Estimate(difference, (Part(error**2, degrees),), False)
        return replace(plain, estimate=found, adjusted_p_value=found.p_value())

    return build


def test_it_is_paired_question_by_question(make: Any) -> None:
    rng = np.random.default_rng(0)
    ours, theirs = rng.random((2, 1, 80)) < 0.6
    comparison, test = compare(make(ours), make(theirs)), ttest_rel(ours[0].astype(float), theirs[0].astype(float))
    assert comparison.difference == pytest.approx(ours.mean() - theirs.mean())
    assert comparison.p_value == pytest.approx(test.pvalue)
    assert comparison.interval == pytest.approx(tuple(test.confidence_interval()))
    assert comparison.conditional
    assert comparison.pairs[0].only_arm == int((ours & ~theirs).sum())


@pytest.mark.parametrize(
    ("difference", "error", "verdict", "words"),
    [
        (0.05, 0.01, "better", "better"),
        (-0.05, 0.01, "worse", "worse"),
        (0.002, 0.005, "no difference", "no difference larger than 1.2 points"),
        (-0.002, 0.00501, "no difference", "no difference larger than 1.2 points"),
        (0.002, 0.01, "undecidable", "undecidable at this power"),
        (0.015, 0.001, "better", "better"),  # though by less than would matter
    ],
)
def test_verdicts(of: Any, difference: float, error: float, verdict: str, words: str) -> None:
    comparison = of(difference, error)
    assert (comparison.verdict, comparison.words) == (verdict, words)


def test_no_difference_is_what_two_one_sided_tests_say(make: Any) -> None:
    from statsmodels.stats.weightstats import DescrStatsW

    rng = np.random.default_rng(1)
    seen = set()
    for n in (200, 1000, 4000, 9000):
        theirs = rng.random((1, n)) < 0.5
        ours = theirs ^ (rng.random((1, n)) < 0.1)
        p_value, *_ = DescrStatsW(ours[0].astype(float) - theirs[0]).ttost_mean(-0.02, 0.02)
        verdict = compare(make(ours), make(theirs)).verdict
        if verdict in ("no difference", "undecidable"):
            seen.add(verdict)
            assert (verdict == "no difference") == (p_value <= LEVEL / 2)
    assert seen == {"no difference", "undecidable"}


def test_few_equal_answers_decide_nothing_and_many_do(make: Any) -> None:
    few, many = (make(np.ones((3, n))) for n in (56, 3000))
    assert compare(few, few).verdict == "undecidable"
    assert compare(many, many).verdict == "no difference"


def test_not_worse_than_a_margin(of: Any) -> None:
    assert of(0.0, 0.005).not_worse() == "yes"
    assert of(-0.05, 0.005).not_worse() == "no"
    assert of(-0.02, 0.005).not_worse() == "undecidable"
    assert of(-0.02, 0.005).not_worse(0.04) == "yes"


def test_runs_are_matched_by_seed(make: Any) -> None:
    answers = np.random.default_rng(2).random((3, 40)) < 0.5
    comparison = compare(make(answers, seeds=(0, 1, 2)), make(answers[[0, 2, 1]], seeds=(0, 1, 2)))
    assert (comparison.seeds, comparison.n_runs, comparison.n_left_out) == ((0, 1, 2), (3, 3), 0)
    # seed 1 is answers 1 against answers 2, seed 2 the other way round
    assert comparison.difference == pytest.approx(0)
    assert comparison.pairs[1].only_arm == comparison.pairs[2].only_baseline == int((answers[1] & ~answers[2]).sum())


@pytest.mark.parametrize(
    ("ours", "theirs", "matched"),
    [
        (range(1), range(1), 1),
        (range(3), range(2), 0),  # a run would be left out for two pairs
        (range(10), range(8, 18), 0),  # two shared of ten
        (range(4), range(5), 0),  # four of five, too few to say how seeds differ
        (range(10), range(5), 5),
        (range(10), range(4, 14), 6),
        (range(11), range(5), 0),  # five, less than half of eleven
        (range(3), range(3, 6), 0),
    ],
)
def test_matching_leaves_out_no_run_or_few_of_many(make: Any, ours: range, theirs: range, matched: int) -> None:
    rng = np.random.default_rng(2)
    sides = [rng.random((len(seeds), 40)) < 0.5 for seeds in (ours, theirs)]
    comparison = compare(make(sides[0], seeds=tuple(ours)), make(sides[1], seeds=tuple(theirs)))
    n_runs = (matched, matched) if matched else (len(ours), len(theirs))
    assert (len(comparison.seeds), len(comparison.pairs), comparison.n_runs) == (matched, matched, n_runs)
    assert comparison.n_left_out == len(ours) + len(theirs) - sum(n_runs)
    if not matched:
        assert comparison.difference == pytest.approx(sides[0].mean() - sides[1].mean())


@pytest.mark.parametrize(("n_runs", "half_width", "p_value"), [(2, 0.05106, 0.0070), (3, 0.04169, 0.00114)])
def test_runs_that_tie_leave_the_questions_uncertain(make: Any, n_runs: int, half_width: float, p_value: float) -> None:
    """Each run is right on four questions of 56 that no other is, so that neither runs nor premises seem to differ."""
    extra = np.arange(56) // 4 == np.arange(n_runs)[:, None]
    comparison = compare(make(extra), make(np.zeros((n_runs, 56))))
    low, high = comparison.interval
    assert comparison.difference == pytest.approx(4 / 56)
    # By hand: how much runs differ beyond both is more than premises do; quantiles have 55 degrees of freedom.
    both = 56 / 55 * 4 * (1 - 1 / n_runs) / (n_runs - 1) / 56**2
    assert high - low == pytest.approx(2 * t.isf(0.025, 55) * np.sqrt(both))
    assert (high - low) / 2 == pytest.approx(half_width, rel=1e-3)
    assert comparison.p_value == pytest.approx(p_value, rel=0.02)
    assert comparison.detectable > 0.05


def test_seeds_needed_are_those_of_a_t_test_over_seeds(of: Any) -> None:
    from statsmodels.stats.power import TTestPower

    pilot = replace(of(0.0), estimate=Estimate(0.0, (Part(0.01**2, 2), Part(0.0, 50)), False, None, (0.0,)))
    spread = 0.01 * np.sqrt(3)  # between seeds
    for difference in (0.02, 0.012, 0.04):
        enough = [TTestPower().power(difference / spread, nobs=n, alpha=0.05) >= 0.8 for n in range(2, 40)]
        assert pilot.seeds_needed(difference) == 2 + enough.index(True)
    assert pilot.seeds_needed() < replace(pilot, level=0.005).seeds_needed() < 100
    assert pilot.seeds_needed(power=0.5) < pilot.seeds_needed() < pilot.seeds_needed(power=0.95)


def test_seeds_cannot_make_up_for_questions(of: Any, make: Any) -> None:
    few = Estimate(0.0, (Part(0.01**2, 2), Part(0.01**2, 50)), False, Part(0.01**2, 50), (0.0,))
    assert few.with_runs(10**6).standard_error == pytest.approx(0.01, rel=1e-5)
    assert replace(of(0.0), estimate=few).seeds_needed(0.02) is None
    assert replace(of(0.0), estimate=few).seeds_needed(0.04) is not None
    once = make(np.zeros((1, 9)))
    assert compare(once, once).seeds_needed(1.0) is None  # no second seed to go by


def test_runs_that_are_not_matched_are_averaged_on_their_own(make: Any) -> None:
    rng = np.random.default_rng(3)
    ours, theirs = rng.random((1, 40)) < 0.5, rng.random((3, 40)) < 0.5
    comparison = compare(make(ours), make(theirs))
    assert (comparison.seeds, comparison.n_runs, comparison.n_left_out) == ((), (1, 3), 0)
    assert comparison.difference == pytest.approx(ours.mean() - theirs.mean())
    assert comparison.conditional
    assert comparison.mcnemar_p_value is None
    apart = compare(make(theirs[:2], seeds=(5, 6)), make(theirs[1:], seeds=(0, 1)))
    assert (apart.seeds, apart.n_runs, apart.conditional) == ((), (2, 2), False)


def test_the_order_of_questions_does_not_matter(make: Any) -> None:
    ours, theirs = (make(np.random.default_rng(seed).random((2, 30)) < 0.5, sizes=[10, 20]) for seed in (0, 1))
    order = np.random.default_rng(2).permutation(30)
    shuffled = Outcomes(
        theirs.correct[:, order],
        theirs.seeds,
        tuple(theirs.questions[place] for place in order),
        tuple(theirs.groups[place] for place in order),
    )
    assert compare(ours, shuffled).estimate == compare(ours, theirs).estimate


def test_other_questions_are_refused(make: Any) -> None:
    with pytest.raises(DataError, match=r"arms with 8 and 9 questions cannot be compared: they share 8"):
        compare(make(np.zeros(8)), make(np.zeros(9)))


def test_holm_by_hand(of: Any) -> None:
    first, second, third = holm([of(0.021), of(0.04), of(0.001)])  # p 0.036, 0.00006, 0.92
    assert second.level == pytest.approx(LEVEL / 3)
    assert first.level == third.level == pytest.approx(LEVEL / 2)  # the first of these fails, and both are held to it
    assert second.adjusted_p_value == pytest.approx(3 * second.p_value)
    assert first.adjusted_p_value == pytest.approx(2 * first.p_value)
    assert [one.verdict for one in (first, second, third)] == ["undecidable", "better", "undecidable"]
    assert of(0.021).verdict == "better"  # alone it would have been
    assert holm([]) == ()


def test_words_interval_and_corrected_p_value_agree(of: Any) -> None:
    rng = np.random.default_rng(4)
    for n in (1, 2, 5, 9):
        for _ in range(2):
            family = holm([of(float(value), 0.01, 3) for value in rng.normal(0.03, 0.03, n)])
            for one in family:
                low, high = one.interval
                decided = one.verdict in ("better", "worse")
                assert decided == (one.adjusted_p_value <= LEVEL) == (not low <= 0 <= high)
                assert (one.difference > 0) == (one.verdict == "better") or not decided


def test_the_plain_bootstrap_is_shown_beside_it(make: Any) -> None:
    rng = np.random.default_rng(5)
    ours, theirs = (rng.random((3, 300)) < share for share in (0.7, 0.5))
    comparison = compare(make(ours), make(theirs))
    low, high = comparison.bootstrap
    assert comparison.interval[0] < low < comparison.difference < high < comparison.interval[1]
