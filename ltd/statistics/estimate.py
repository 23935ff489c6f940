"""A mean over runs and questions, and how far it may lie from what other seeds and other questions would give.

Seeds and questions are crossed: every run answers the same questions. The mean's variance is therefore that of two-way
clustering (Cameron, Gelbach & Miller 2011; Owen 2007), runs + premises - what both count:

    variance = (between the runs' means) + (between the premises' means) - (run by premise)

The first has as many degrees of freedom as there are runs less one: with three seeds, two. A normal or bootstrap
interval over so few is too narrow. Each part is therefore multiplied by the square of its own quantile of Student's t
(Banerjee 1960, Sankhya 22): whatever the shares of the parts, the interval holds the truth at least as often as it
says. Tasks are strata: the same tasks would be asked again, with other questions.

The difference of the last two can come out as nothing by chance, and the runs' means can tie. The interval is therefore
never narrower than that of the larger of the two alone: with several runs as with one, equal answers to few questions
are not certainty.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ltd.statistics.outcomes import Outcomes

Average = Literal["macro", "pooled"]

DRAWS = 4000
"""Possible errors of the variances over which power is averaged; more move the smallest difference by under 1%."""

FEW = 5
"""Premises that must come out otherwise than most of a task before their variance is taken at its word."""


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a mean's variance, as it was estimated from so many degrees of freedom."""

    variance: float
    degrees: float


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean over runs and questions with the parts of its variance.

    Attributes
    ----------
    value : the mean; accuracies and their differences are shares, 1 for all questions.
    parts : of its variance; independent, as those of a balanced analysis of variance are.
    conditional : whether it is about the very run (of one side at least) that there is: no second seed says by how
        much another run would differ.
    least : a variance that the whole is at least, whatever its parts come to; None if there is none.
    both : of each side with several runs, which have the first parts, what premises count as well; see `with_runs`.
    """

    value: float
    parts: tuple[Part, ...]
    conditional: bool
    least: Part | None = None
    both: tuple[float, ...] = ()

    @property
    def standard_error(self) -> float:
        least = 0.0 if self.least is None else self.least.variance
        return math.sqrt(max(sum(part.variance for part in self.parts), least))

    def less(self, constant: float) -> Estimate:
        """What is left of it above a constant that is known without error."""
        return replace(self, value=self.value - constant)

    def with_runs(self, n_runs: int) -> Estimate:
        """What so many runs a side would give on these questions, if their parts are as they were estimated.

        What is due to runs, alone or together with premises, shrinks as 1 / n_runs. A side of one run stays as it is.
        """
        shares = [(part.degrees + 1) / n_runs for part in self.parts[: len(self.both)]]
        runs = [Part(part.variance * share, n_runs - 1) for part, share in zip(self.parts, shares, strict=False)]
        both = tuple(variance * share for variance, share in zip(self.both, shares, strict=True))
        gone = sum(self.both) - sum(both)
        least = None if self.least is None else replace(self.least, variance=self.least.variance - gone)
        return replace(self, parts=(*runs, *self.parts[len(runs) :]), least=least, both=both)

    def half_width(self, level: float = 0.05) -> float:
        """Of the interval that misses the truth with a probability of at most ``level``."""
        square = sum(_quantile(part, level) ** 2 * part.variance for part in self.parts)
        least = 0.0 if self.least is None else _quantile(self.least, level) ** 2 * self.least.variance
        return math.sqrt(max(square, least))

    def interval(self, level: float = 0.05) -> tuple[float, float]:
        half = self.half_width(level)
        return self.value - half, self.value + half

    def p_value(self, null: float = 0.0) -> float:
        """Two-sided: the level at which the interval begins to hold ``null``, so that the two cannot disagree.

        One below 1e-15 is given as 0.
        """
        from scipy.optimize import brentq

        distance, lowest = abs(self.value - null), math.log(1e-15)
        if distance == 0:
            return 1.0
        if self.half_width(math.exp(lowest)) <= distance:
            return 0.0
        return math.exp(brentq(lambda level: self.half_width(math.exp(level)) - distance, lowest, 0.0, xtol=1e-10))

    def power(self, difference: float, level: float = 0.05) -> float:
        """Probability of telling a true difference from 0, if the parts of the variance are as they were estimated."""
        from scipy.special import ndtr

        error = self.standard_error
        if error == 0:
            return float(difference != 0)
        halves = self._half_widths(level)
        return float(np.mean(ndtr((difference - halves) / error) + ndtr((-halves - difference) / error)))

    def detectable(self, power: float = 0.8, level: float = 0.05) -> float:
        """About the smallest true difference that would be told from 0 with this probability; see `power`.

        It is as uncertain as the parts that it follows from: over three runs theirs has two degrees of freedom.
        """
        from scipy.optimize import brentq

        error = self.standard_error
        if error == 0:
            return 0.0
        highest = self._half_widths(level).max() + 10 * error
        return float(brentq(lambda difference: self.power(difference, level) - power, 0.0, highest, xtol=1e-7))

    def _half_widths(self, level: float) -> NDArray[np.float64]:
        """(DRAWS,) half widths that other data of the same kind would give."""
        rng, squares = np.random.default_rng(0), np.zeros(DRAWS)
        for part in self.parts:
            ratio = rng.chisquare(part.degrees, DRAWS) / part.degrees
            squares += _quantile(part, level) ** 2 * part.variance * ratio
        if self.least is not None:
            ratio = rng.chisquare(self.least.degrees, DRAWS) / self.least.degrees
            squares = np.maximum(squares, _quantile(self.least, level) ** 2 * self.least.variance * ratio)
        return np.sqrt(squares)


def _quantile(part: Part, level: float) -> float:
    """Of Student's t, which is passed in either direction with a probability of ``level``."""
    from scipy.special import stdtrit

    return -float(stdtrit(part.degrees, level / 2))


def question_weights(outcomes: Outcomes, average: Average) -> NDArray[np.float64]:
    """(n_questions,) share of each question: tasks count alike (``macro``), or questions do (``pooled``)."""
    sizes = np.bincount(outcomes.tasks)
    if average == "pooled":
        return np.full(len(outcomes.tasks), 1 / len(outcomes.tasks))
    return np.asarray(1 / (len(sizes) * sizes[outcomes.tasks]), dtype=np.float64)


def estimate(outcomes: Outcomes, sides: Sequence[NDArray[np.floating]], average: Average = "macro") -> Estimate:
    """Mean over questions of the sum over sides of each side's mean over its runs.

    Parameters
    ----------
    outcomes : whose questions, tasks and shared premises these are; its answers are not looked at.
    sides : (n_runs, n_questions) each. One for an arm's answers or for differences within matched runs; two, the second
        negated, for two arms whose runs do not belong together.
    """
    layout = _Layout(outcomes, question_weights(outcomes, average))
    mean = np.sum([side.mean(axis=0) for side in sides], axis=0)
    repeated = [side for side in sides if len(side) > 1]
    runs = [Part(float((side @ layout.weights).var(ddof=1)) / len(side), len(side) - 1) for side in repeated]
    premises, degrees = layout.between_premises(mean)
    by_side = tuple(layout.run_by_premise(side) for side in repeated)
    both = sum(by_side)
    questions, least = Part(max(premises - both, 0.0), degrees), Part(max(premises, both), degrees)
    return Estimate(float(mean @ layout.weights), (*runs, questions), len(repeated) < len(sides), least, by_side)


def unseen_variance(outcomes: Outcomes, values: NDArray[np.floating], average: Average = "macro") -> float:
    """What `estimate` takes the mean of (n_questions,) values to vary beyond what the premises show.

    It is above 0 for tasks whose premises come out alike, and for those of a single premise.
    """
    layout = _Layout(outcomes, question_weights(outcomes, average))
    return max(layout.between_premises(values)[0] - float(layout.squares(values).sum()), 0.0)


class _Layout:
    """Which questions belong together, and what each weighs."""

    def __init__(self, outcomes: Outcomes, weights: NDArray[np.float64]) -> None:
        self.weights, self.tasks, self.clusters = weights, outcomes.tasks, outcomes.clusters
        self.sizes = np.bincount(self.tasks)
        self.task_of_cluster = np.zeros(self.clusters.max() + 1, dtype=np.int64)
        self.task_of_cluster[self.clusters] = self.tasks
        self.n_clusters = np.bincount(self.task_of_cluster)

    def between_premises(self, values: NDArray[np.floating]) -> tuple[float, float]:
        """Variance of the weighted mean over premises, and its degrees of freedom (Satterthwaite 1946, over tasks).

        A task whose premises come out alike, all but a `FEW`, would seem to be certain. Its variance is then at least
        that of one premise for and one against beside its own, which Bonett & Price (2012) add to paired proportions.
        One premise alone says nothing: its task has the highest variance that a share can have.
        """
        shares = np.bincount(self.tasks, weights=self.weights)
        least = 2 * np.square(shares / (self.n_clusters + 2)) * (self._n_unlike(values) < FEW)
        variances = np.maximum(self.squares(values), least)
        variances = np.where(self.n_clusters > 1, variances, np.square(shares))
        degrees = np.maximum(self.n_clusters - 1, 1)
        return float(variances.sum()), float(variances.sum() ** 2 / (np.square(variances) / degrees).sum())

    def run_by_premise(self, side: NDArray[np.floating]) -> float:
        """Share of the mean's variance that both runs and premises count: how much runs differ beyond both."""
        n_runs = len(side)
        squares = sum(self.squares(run) for run in side - side.mean(axis=0))
        return float(np.sum(squares)) / (n_runs * (n_runs - 1))

    def _n_unlike(self, values: NDArray[np.floating]) -> NDArray[np.int64]:
        """(n_tasks,) premises that come out otherwise than their task's median premise."""
        means = np.bincount(self.clusters, weights=values) / np.bincount(self.clusters)
        by_task = [means[self.task_of_cluster == task] for task in range(len(self.sizes))]
        return np.array([(np.abs(of_task - np.median(of_task)) > 1e-9).sum() for of_task in by_task])

    def squares(self, values: NDArray[np.floating]) -> NDArray[np.float64]:
        """(n_tasks,) variance of each task's part of the weighted mean; deviations are summed within a premise."""
        means = np.bincount(self.tasks, weights=values) / self.sizes
        sums = np.bincount(self.clusters, weights=self.weights * (values - means[self.tasks]))
        correction = self.n_clusters / np.maximum(self.n_clusters - 1, 1)
        return np.bincount(self.task_of_cluster, weights=np.square(sums)) * correction
