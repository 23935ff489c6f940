"""How many times more data a baseline needs to answer as well as an arm does.

The baseline's accuracy over the logarithm of its budget is fitted by a line that never falls (isotonic regression,
joined by straight pieces): it assumes no law of growth, only that more data does not hurt. Where it reaches an arm's
accuracy is the budget that the baseline needs. It is never continued beyond the budgets that were run: an arm above all
of them needs "more than" the largest, one below all "less than" the smallest.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from ltd.errors import DataError
from ltd.statistics.estimate import Average, estimate, question_weights, unseen_variance
from ltd.statistics.outcomes import Outcomes

LEVEL = 0.05
"""That any of the ratios lies outside of its interval."""

TAIL = 10
"""Resamples that an interval leaves out at either end, at least: of fewer, chance alone decides where it ends."""

Arm = tuple[float, Outcomes]
"""A budget above 0, and what the runs trained on it answered."""


@dataclass(frozen=True, slots=True)
class Ratio:
    """How many times the arm's own budget the baseline needs; above 1 the arm is the more efficient.

    Attributes
    ----------
    value, low, high : ``inf`` above ``most``, 0 below ``least``: the curve does not reach so far.
    least, most : ratios of the baseline's smallest and largest budget to the arm's.
    conditional : whether some run has no second seed, so that the interval does not know how much seeds differ.
    """

    value: float
    low: float
    high: float
    least: float
    most: float
    conditional: bool

    @property
    def is_more(self) -> bool:
        """Whether the interval lies above 1: the baseline needs more data."""
        return self.most >= 1 if math.isinf(self.low) else self.low > 1

    @property
    def is_less(self) -> bool:
        """Whether the interval lies below 1: the baseline needs less data."""
        return self.least <= 1 if self.high == 0 else self.high < 1

    def words(self, ratio: float) -> str:
        """One of the three, such as ``4.2``, or ``> 12`` where the curve ends before.

        >>> Ratio(4.23, 0, math.inf, 0.25, 12, False).words(math.inf)
        '> 12'
        """
        if math.isinf(ratio):
            return f"> {self.most:.3g}"
        return f"< {self.least:.3g}" if ratio == 0 else f"{ratio:.3g}"


@dataclass(frozen=True)
class Efficiency:
    """The fitted curve and each arm's ratio.

    Attributes
    ----------
    budgets : (n_budgets,) of the baseline, ascending.
    fitted : (n_budgets,) the curve's accuracy there; straight over the logarithm of the budget between them.
    """

    budgets: NDArray[np.float64]
    fitted: NDArray[np.float64]
    ratios: tuple[Ratio, ...]


def data_efficiency(
    baseline: Sequence[Arm],
    arms: Sequence[Arm],
    average: Average = "macro",
    level: float = LEVEL,
    resamples: int = 2000,
    seed: int = 0,
) -> Efficiency:
    """Fit the baseline's curve and read from it the budget at which it is as good as each arm.

    Intervals resample premises, the same for all arms, and draw what other seeds would give from Student's t with as
    many degrees of freedom as the runs have: with two or three seeds, drawing among them would hide most of it.

    Parameters
    ----------
    baseline : those with one budget are taken together as one arm, in which a seed counts once.
    level : of all arms' intervals together, divided among them evenly (Bonferroni).
    resamples : at least so many; as many more as leave `TAIL` beyond each end of an interval.

    Raises
    ------
    DataError
        If the baseline has fewer than two budgets, or not all arms answered the same questions.
    """
    if len({outcomes.questions for _, outcomes in (*baseline, *arms)}) > 1:
        raise DataError("arms that answered different questions have no curve in common; rank all on the same tasks")
    baseline = _by_budget(baseline)
    budgets = np.array([budget for budget, _ in baseline], dtype=np.float64)
    if len(budgets) < 2:
        raise DataError(f"a curve needs a baseline with two budgets or more; there are {len(budgets)}")
    every, tail = [*baseline, *arms], level / (2 * max(len(arms), 1))
    resamples = max(resamples, math.ceil(TAIL / tail))
    weights = np.array([len(outcomes.seeds) for _, outcomes in baseline], dtype=np.float64)
    draws = _possible_accuracies([outcomes for _, outcomes in every], average, resamples, seed)
    needed = np.array([_needed(budgets, weights, row) for row in draws])
    ratios = needed / np.array([budget for budget, _ in arms])
    single = any(len(outcomes.seeds) == 1 for _, outcomes in baseline)
    return Efficiency(
        budgets=budgets,
        fitted=_fit(draws[0, : len(budgets)], weights),
        ratios=tuple(
            Ratio(
                value=float(ratios[0, place]),
                low=float(np.quantile(ratios[1:, place], tail, method="lower")),
                high=float(np.quantile(ratios[1:, place], 1 - tail, method="higher")),
                least=float(budgets[0] / budget),
                most=float(budgets[-1] / budget),
                conditional=single or len(outcomes.seeds) == 1,
            )
            for place, (budget, outcomes) in enumerate(arms)
        ),
    )


def _by_budget(arms: Sequence[Arm]) -> list[Arm]:
    """Ascending, each budget once; of several runs with one budget and seed, which may be one choice, the first."""
    merged = []
    for budget, group in groupby(sorted(arms, key=lambda arm: arm[0]), key=lambda arm: arm[0]):
        same = [outcomes for _, outcomes in group]
        by_seed: dict[int, NDArray[np.bool_]] = {}
        for outcomes in same:
            for seed, run in zip(outcomes.seeds, outcomes.correct, strict=True):
                by_seed.setdefault(seed, run)
        joint = Outcomes(np.stack([*by_seed.values()]), tuple(by_seed), same[0].questions, same[0].groups)
        merged.append((budget, joint))
    return merged


def _possible_accuracies(arms: Sequence[Outcomes], average: Average, resamples: int, seed: int) -> NDArray[np.float64]:
    """(1 + resamples, n_arms) accuracies: as measured, then as other premises and seeds might have given them."""
    rng = np.random.default_rng(seed)
    values = np.stack([arm.correct.mean(axis=0) for arm in arms], axis=1)
    layout, weights = arms[0], question_weights(arms[0], average)
    drawn = np.zeros((resamples, len(arms)))
    for task in range(layout.tasks.max() + 1):
        of_task = layout.tasks == task
        _, clusters, sizes = np.unique(layout.clusters[of_task], return_inverse=True, return_counts=True)
        sums = np.zeros((len(sizes), len(arms)))
        np.add.at(sums, clusters, values[of_task])
        counts = rng.multinomial(len(sizes), np.full(len(sizes), 1 / len(sizes)), resamples)
        drawn += weights[of_task].sum() * (counts @ sums) / (counts @ sizes)[:, None]
    usual = np.median(values, axis=1)
    for place, arm in enumerate(arms):
        # Where arms answer alike, resampled premises tell nothing of how they would differ on others.
        unseen = unseen_variance(layout, values[:, place] - usual, average)
        drawn[:, place] += math.sqrt(unseen) * rng.standard_normal(resamples)
        if len(arm.seeds) > 1:
            between_runs = estimate(arm, [arm.correct.astype(np.float64)], average).parts[0]
            drawn[:, place] += math.sqrt(between_runs.variance) * rng.standard_t(between_runs.degrees, resamples)
    return np.vstack([weights @ values, drawn])


def _fit(accuracies: NDArray[np.float64], weights: NDArray[np.float64]) -> NDArray[np.float64]:
    from scipy.optimize import isotonic_regression

    return np.asarray(isotonic_regression(accuracies, weights=weights).x)


def _needed(
    budgets: NDArray[np.float64], weights: NDArray[np.float64], accuracies: NDArray[np.float64]
) -> NDArray[np.float64]:
    """(n_arms,) smallest budget at which the curve reaches each arm; ``inf`` or 0 if that is beyond its ends.

    The first ``len(budgets)`` accuracies are the baseline's, the others the arms'.
    """
    curve, wanted = _fit(accuracies[: len(budgets)], weights), accuracies[len(budgets) :]
    after = np.searchsorted(curve, wanted, side="left")  # the first budget at which the curve is as high
    inside = np.clip(after, 1, len(budgets) - 1)
    step = curve[inside] - curve[inside - 1]
    share = np.clip((wanted - curve[inside - 1]) / np.where(step > 0, step, 1.0), 0.0, 1.0)
    between = budgets[inside - 1] * (budgets[inside] / budgets[inside - 1]) ** share
    between = np.where(wanted == curve[0], budgets[0], between)
    return np.where(after == len(budgets), np.inf, np.where(wanted < curve[0], 0.0, between))
