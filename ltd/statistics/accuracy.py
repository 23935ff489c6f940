"""How well one arm answers, with an interval over seeds and questions."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ltd.statistics.estimate import Average, Estimate, estimate
from ltd.statistics.outcomes import Outcomes


@dataclass(frozen=True, slots=True)
class Accuracy:
    """Share of questions answered right, in [0, 1].

    Attributes
    ----------
    low, high : what other seeds and other questions of these tasks would give; cut off at 0 and 1.
    conditional : whether there is one run only, so that the interval is over questions alone.
    estimate : what it follows from.
    """

    value: float
    low: float
    high: float
    conditional: bool
    estimate: Estimate


def accuracy(outcomes: Outcomes, average: Average = "macro", level: float = 0.05) -> Accuracy:
    """Of all tasks; ``macro`` takes the mean over tasks, ``pooled`` that over questions."""
    result = estimate(outcomes, [outcomes.correct.astype(np.float64)], average)
    low, high = result.interval(level)
    return Accuracy(result.value, max(low, 0.0), min(high, 1.0), result.conditional, result)


def task_accuracies(outcomes: Outcomes, level: float = 0.05) -> dict[str, Accuracy]:
    """Of each task, in the order in which they first occur."""
    names = dict.fromkeys(task for task, *_ in outcomes.questions)
    return {name: accuracy(of_task(outcomes, name), level=level) for name in names}


def of_task(outcomes: Outcomes, task: str) -> Outcomes:
    """The part that is about one task."""
    kept = [place for place, (name, *_) in enumerate(outcomes.questions) if name == task]
    questions = tuple(outcomes.questions[place] for place in kept)
    return Outcomes(
        outcomes.correct[:, kept], outcomes.seeds, questions, tuple(outcomes.groups[place] for place in kept)
    )
