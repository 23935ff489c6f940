"""McNemar's exact test against the binomial distribution."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binomtest

from ltd.statistics.mcnemar import McNemar, combined_p_value, mcnemar


def test_it_is_a_sign_test_of_the_questions_that_only_one_got_right() -> None:
    arm = np.array([1, 1, 1, 1, 1, 1, 1, 1, 0, 0], np.bool_)
    baseline = np.array([1, 0, 0, 0, 0, 0, 0, 0, 1, 0], np.bool_)
    result = mcnemar(arm, baseline)
    assert (result.only_arm, result.only_baseline) == (7, 1)
    assert result.p_value == pytest.approx(binomtest(7, 8).pvalue)
    swapped = mcnemar(baseline, arm)
    assert (swapped.only_arm, swapped.p_value) == (1, pytest.approx(result.p_value))


def test_equal_answers_say_nothing() -> None:
    same = np.ones(5, np.bool_)
    assert mcnemar(same, same) == McNemar(0, 0, 1.0)


def test_pairs_on_the_same_questions_are_not_independent() -> None:
    tests = [McNemar(0, 0, p_value) for p_value in (0.01, 0.03)]
    assert combined_p_value(tests) == pytest.approx(0.04)
    assert combined_p_value(tests[:1]) == 0.01
    assert combined_p_value([McNemar(0, 0, 0.9)] * 2) == 1
