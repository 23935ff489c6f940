"""An arm's accuracy, on all tasks and on each."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.stats import ttest_1samp

from ltd.statistics.accuracy import accuracy, of_task, task_accuracies


def test_each_task_is_measured_alone(make: Any) -> None:
    answers = np.random.default_rng(0).random((1, 90)) < 0.6
    outcomes = make(answers, sizes=[30, 60])
    by_task = task_accuracies(outcomes)
    assert list(by_task) == ["task 0", "task 1"]
    for measured, part in zip(by_task.values(), (answers[0, :30], answers[0, 30:]), strict=True):
        low, high = ttest_1samp(part.astype(float), 0).confidence_interval()
        assert (measured.value, measured.low, measured.high) == pytest.approx((part.mean(), low, high))
    assert accuracy(outcomes).value == pytest.approx(np.mean([one.value for one in by_task.values()]))
    assert accuracy(outcomes, "pooled").value == pytest.approx(answers.mean())


def test_an_interval_is_one_of_shares(make: Any) -> None:
    everything = accuracy(make(np.ones((1, 40))))
    assert everything.high == 1
    assert 0.9 < everything.low < 0.96  # Clopper and Pearson have 0.912
    two = accuracy(make(np.eye(2)[:, [0, 1] * 10]))
    assert (two.low, two.high, two.conditional) == (pytest.approx(0.5, abs=0.5), pytest.approx(0.5, abs=0.5), False)


def test_a_part_keeps_its_premises(make: Any) -> None:
    part = of_task(make(np.arange(8) % 2, sizes=[4, 4], per_premise=2), "task 1")
    assert part.groups == ("premise 0", "premise 0", "premise 1", "premise 1")
    assert [task for task, *_ in part.questions] == ["task 1"] * 4
    assert part.correct.tolist() == [[False, True, False, True]]
