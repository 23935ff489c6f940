"""McNemar's exact test: of the questions that only one of two runs got right, did one run get more?

It takes questions as independent and asks about two very runs, not about what other seeds would give. It is shown
because readers look for it; verdicts rest on `ltd.statistics.estimate`, which knows of premises and seeds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class McNemar:
    """Questions that only the arm's run, or only the baseline's, got right, and the exact two-sided p-value."""

    only_arm: int
    only_baseline: int
    p_value: float


def mcnemar(arm: NDArray[np.bool_], baseline: NDArray[np.bool_]) -> McNemar:
    """Compare the (n_questions,) answers of two runs."""
    from statsmodels.stats.contingency_tables import mcnemar as exact

    only_arm, only_baseline = int((arm & ~baseline).sum()), int((baseline & ~arm).sum())
    table = [[int((arm & baseline).sum()), only_arm], [only_baseline, int((~arm & ~baseline).sum())]]
    return McNemar(only_arm, only_baseline, float(exact(table, exact=True).pvalue))


def combined_p_value(tests: Sequence[McNemar]) -> float:
    """One p-value for several pairs of runs on the same questions, which are not independent of each other.

    Twice the mean is valid however they depend (Rueschendorf 1982; Vovk & Wang 2020, Biometrika 107); Fisher's method
    would count the same questions once for each seed.
    """
    p_values = [test.p_value for test in tests]
    return p_values[0] if len(p_values) == 1 else min(1.0, 2 * float(np.mean(p_values)))
