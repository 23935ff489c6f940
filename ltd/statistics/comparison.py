"""Is one arm better than another on the same questions? A difference, how certain it is, and a verdict in words."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ltd.errors import DataError
from ltd.statistics.bootstrap import hierarchical_bootstrap
from ltd.statistics.estimate import Average, Estimate, estimate
from ltd.statistics.mcnemar import McNemar, combined_p_value, mcnemar
from ltd.statistics.outcomes import Outcomes

Verdict = Literal["better", "worse", "no difference", "undecidable"]
Answer = Literal["yes", "no", "undecidable"]

LEVEL = 0.05
"""Two-sided, over all comparisons of a family together."""

MARGIN = 0.02
"""A difference that does not matter, unless another is given: two points, the paper's claimed gain."""


ENOUGH_SHARED = 5
"""Shared seeds for whose sake other runs may be left out: with fewer, too little is left to say how seeds differ."""

MOST_SEEDS = 100
"""Seeds beyond which none are asked for: the questions are what is missing."""


@dataclass(frozen=True, eq=False)
class Comparison:
    """An arm against a baseline on the same questions; interval, p-value and verdict follow from one `Estimate`.

    Attributes
    ----------
    estimate : of the difference in accuracy, the arm's less the baseline's, in [-1, 1].
    seeds : by which runs were matched; empty if the two arms' runs do not belong together.
    n_runs : of the arm and of the baseline that were used.
    n_left_out : runs of either that have no partner; 0 if runs are not matched, since then all are used.
    pairs : McNemar's test of each matched pair of runs.
    sides : what `hierarchical_bootstrap` resamples.
    margin : differences below it do not matter.
    level : at which it is tested: `LEVEL` of a single comparison; in a family what Holm leaves it.
    adjusted_p_value : the p-value after Holm's correction; below or at `LEVEL` where ``level`` is passed.
    """

    estimate: Estimate
    outcomes: Outcomes
    average: Average
    seeds: tuple[int, ...]
    n_runs: tuple[int, int]
    n_left_out: int
    pairs: tuple[McNemar, ...]
    sides: tuple[NDArray[np.float64], ...]
    margin: float
    level: float
    adjusted_p_value: float

    @property
    def difference(self) -> float:
        return self.estimate.value

    @cached_property
    def interval(self) -> tuple[float, float]:
        """At the level at which it is tested: it holds 0 exactly if the verdict is neither better nor worse."""
        return self.estimate.interval(self.level)

    @cached_property
    def p_value(self) -> float:
        """Uncorrected."""
        return self.estimate.p_value()

    @cached_property
    def detectable(self) -> float:
        """About the smallest true difference that so many questions and seeds would show in 80 of 100 such studies.

        An estimate itself, from as many seeds: with two or three another study's may be half or twice as large.
        """
        return self.estimate.detectable(level=self.level)

    def seeds_needed(self, difference: float = MARGIN, power: float = 0.8) -> int | None:
        """About how many seeds a side, in all, would show a true difference of this size on these questions.

        Parameters
        ----------
        difference : above 0, as a share of questions; two points by default.
        power : probability with which it should be told from 0, at the level at which this comparison is tested.

        Returns
        -------
        From 2 to `MOST_SEEDS`. None if not even the latter would do, so that more questions are needed; also if this
        comparison is conditional, since no second seed says by how much seeds differ.
        """
        if self.conditional:
            return None
        numbers = range(2, MOST_SEEDS + 1)
        place = bisect_left(
            numbers, power, key=lambda n_runs: self.estimate.with_runs(n_runs).power(difference, self.level)
        )
        return numbers[place] if place < len(numbers) else None

    @property
    def conditional(self) -> bool:
        """Whether it is about the very runs that there are, for lack of a second seed."""
        return self.estimate.conditional

    @property
    def mcnemar_p_value(self) -> float | None:
        """Of all matched pairs together; None if no runs are matched."""
        return combined_p_value(self.pairs) if self.pairs else None

    @cached_property
    def bootstrap(self) -> tuple[float, float]:
        """Percentile interval of the hierarchical bootstrap at ``level``: too narrow with few seeds, for comparison."""
        draws = hierarchical_bootstrap(self.outcomes, self.sides, self.average)
        low, high = np.quantile(draws, [self.level / 2, 1 - self.level / 2])
        return float(low), float(high)

    @property
    def verdict(self) -> Verdict:
        """What may be said.

        ``better``, ``worse``: the interval lies above or below 0. ``no difference``: it holds 0 and lies within plus
        and minus the margin, which two one-sided tests at half the level would both reject (Schuirmann 1987); stricter
        than the usual equivalence test, so that one interval serves all verdicts. ``undecidable``: all else.
        """
        low, high = self.interval
        if low > 0:
            return "better"
        if high < 0:
            return "worse"
        return "no difference" if self.bound <= self.margin else "undecidable"

    @property
    def bound(self) -> float:
        """How large the difference may be in either direction."""
        return max(abs(end) for end in self.interval)

    @property
    def words(self) -> str:
        """The verdict as people read it."""
        match self.verdict:
            case "no difference":
                return f"no difference larger than {math.ceil(1000 * self.bound) / 10:.1f} points"
            case "undecidable":
                return "undecidable at this power"
            case verdict:
                return verdict

    def not_worse(self, margin: float | None = None) -> Answer:
        """Whether the arm is at most ``margin`` worse: its interval lies above minus the margin (non-inferiority)."""
        low, high = self.interval
        bound = -(self.margin if margin is None else margin)
        return "yes" if low >= bound else "no" if high < bound else "undecidable"


def compare(arm: Outcomes, baseline: Outcomes, average: Average = "macro", margin: float = MARGIN) -> Comparison:
    """An arm against a baseline, run by run of the same seed where that leaves out no run, or few of many.

    Few of many: at least `ENOUGH_SHARED` seeds are shared, and they are half of the larger side or more. Otherwise, as
    for a deterministic arm with one run, each arm's runs are averaged on their own, all of them.

    Raises
    ------
    DataError
        If the two did not answer the same questions.
    """
    baseline = _in_order(baseline, arm)
    shared = tuple(seed for seed in arm.seeds if seed in baseline.seeds)
    if _are_matched(len(shared), len(arm.seeds), len(baseline.seeds)):
        ours, theirs = _runs(arm, shared), _runs(baseline, shared)
        pairs = tuple(mcnemar(*pair) for pair in zip(ours, theirs, strict=True))
        sides: tuple[NDArray[np.float64], ...] = (ours.astype(np.float64) - theirs,)
    else:
        shared, ours, theirs, pairs = (), arm.correct, baseline.correct, ()
        sides = (ours.astype(np.float64), -theirs.astype(np.float64))
    difference = estimate(arm, sides, average)
    return Comparison(
        estimate=difference,
        outcomes=arm,
        average=average,
        seeds=shared,
        n_runs=(len(ours), len(theirs)),
        n_left_out=len(arm.seeds) + len(baseline.seeds) - len(ours) - len(theirs),
        pairs=pairs,
        sides=sides,
        margin=margin,
        level=LEVEL,
        adjusted_p_value=difference.p_value(),
    )


def holm(family: Sequence[Comparison]) -> tuple[Comparison, ...]:
    """The comparisons of one family, each with its corrected p-value and the level at which Holm (1979) tests it.

    The k-th smallest p-value of m is tested at LEVEL / (m - k + 1), those after the first that fails at that one's
    level. Intervals at these levels agree with the corrected p-values, and those that hold 0 hold the truth jointly
    (Strassburger & Bretz 2008).
    """
    from statsmodels.stats.multitest import multipletests

    if len(family) < 2:  # nothing to correct for, and statsmodels collects garbage at each call
        return tuple(family)
    p_values = np.array([comparison.p_value for comparison in family])
    reject, adjusted, *_ = multipletests(p_values, LEVEL, method="holm")
    n_rejected = int(reject.sum())
    ranks = np.argsort(np.argsort(p_values, kind="stable"), kind="stable")
    levels = LEVEL / (len(family) - np.minimum(ranks, min(n_rejected, len(family) - 1)))
    return tuple(
        replace(comparison, level=float(level), adjusted_p_value=float(p_value))
        for comparison, level, p_value in zip(family, levels, adjusted, strict=True)
    )


def _are_matched(n_shared: int, n_ours: int, n_theirs: int) -> bool:
    """By numbers of seeds alone, so that no answer decides how it is looked at."""
    larger = max(n_ours, n_theirs)
    return n_shared == larger or (n_shared >= ENOUGH_SHARED and 2 * n_shared >= larger)


def _runs(outcomes: Outcomes, seeds: Sequence[int]) -> NDArray[np.bool_]:
    return outcomes.correct[[outcomes.seeds.index(seed) for seed in seeds]]


def _in_order(outcomes: Outcomes, of: Outcomes) -> Outcomes:
    """The same answers with the questions as another arm has them."""
    if outcomes.questions == of.questions:
        return outcomes
    places = {question: place for place, question in enumerate(outcomes.questions)}
    if places.keys() != set(of.questions):
        n_shared = len(places.keys() & set(of.questions))
        raise DataError(
            f"arms with {len(of.questions)} and {len(places)} questions cannot be compared: they share {n_shared}; "
            "rank both on the same tasks"
        )
    order = [places[question] for question in of.questions]
    return Outcomes(outcomes.correct[:, order], outcomes.seeds, of.questions, of.groups)
