"""The paper's own table, with the counts behind its percentages, and what a test says of two of its rows.

Chen et al. 2023, "Maybe Only 0.5% Data is Needed", arXiv 2305.09246. Each of its cells is k of n questions of RTE's and
CB's validation split and of an ANLI round (development and test set have the same size), one run a row.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ltd.report.arms import Arm

QUESTIONS = (277, 56, 1000, 1000, 1200)

COLUMNS: Mapping[str, tuple[str, str]] = {
    "RTE": ("rte", "fragments_two_way"),
    "CB": ("cb", "fragments_embedded"),
    "ANLI R1": ("anli_r1", "fragments_round_1"),
    "ANLI R2": ("anli_r2", "fragments_round_2"),
    "ANLI R3": ("anli_r3", "fragments_round_3"),
}
"""The paper's columns: our task of the same questions, and the one of the generated corpus in its image."""

CORESET = 0.005
"""Share of the pool that the paper's coreset is."""


@dataclass(frozen=True, slots=True)
class PaperRow:
    """A row of the table.

    Attributes
    ----------
    recipe : of ``conf/experiment`` that reproduces it.
    percents : accuracy in each of `COLUMNS`, as printed; empty for the row that the table lacks.
    average : of them, as printed.
    """

    name: str
    recipe: str
    percents: tuple[float, ...] = ()
    average: float | None = None

    @property
    def counts(self) -> NDArray[np.int64]:
        """(5,) questions answered right, the whole numbers that the percentages were made from."""
        return np.rint(np.array(self.percents) * QUESTIONS / 100).astype(np.int64)


VANILLA = PaperRow("Vanilla (0%)", "paper/vanilla", (54.51, 41.07, 33.40, 33.40, 33.58), 39.19)
P3 = PaperRow("P3 (100%)", "paper/p3", (76.17, 75.00, 44.00, 35.70, 39.42), 54.06)
FIXED = PaperRow("Fixed instruction (10%)", "paper/fixed_instruction", (71.11, 66.07, 43.60, 38.90, 42.17), 52.37)
RELATED = PaperRow("NLI-related (5%)", "paper/nli_related", (79.06, 82.14, 60.40, 46.50, 46.67), 62.95)
KCENTER = PaperRow("NLI coreset (0.5%)", "paper/nli_coreset", (74.73, 73.21, 49.60, 41.90, 43.75), 56.64)
RANDOM = PaperRow("NLI random (0.5%)", "paper/nli_random")

ROWS = (VANILLA, P3, FIXED, RELATED, KCENTER, RANDOM)


def row_of(arm: Arm) -> PaperRow | None:
    """The row that an arm is the counterpart of, whatever its model and pool; None if there is none."""
    if arm.is_untrained:
        return VANILLA
    settings = arm.settings
    everything = settings["pool"]["related"] == ["*"]
    if arm.sampler == "all":
        rows = {("multi", True): P3, ("fixed", True): FIXED, ("multi", False): RELATED}
        return rows.get((str(arm.mode), everything))
    asks = settings.get("fraction") == CORESET and settings.get("budget_unit", "examples") == "examples"
    if not asks or everything or arm.mode != "multi":
        return None
    return {"kcenter": KCENTER, "random": RANDOM}.get(str(arm.sampler))


@dataclass(frozen=True, slots=True)
class PaperContrast:
    """One row of the paper's table against another, as shares.

    The rows' accuracies are taken as independent, for which questions both got right is not known; a second run would
    have differed, which no count of one run tells, so both p are too small rather than too large.

    Attributes
    ----------
    difference, low, high, p : of the averages over columns, each column's questions a binomial sample; normal theory.
    pooled_difference, pooled_p : of all questions as one sample; chi-squared without continuity correction.
    """

    difference: float
    low: float
    high: float
    p: float
    pooled_difference: float
    pooled_p: float


def paper_contrast(first: PaperRow, second: PaperRow) -> PaperContrast:
    """The first row less the second, from the counts."""
    from scipy import stats

    n = np.array(QUESTIONS)
    shares = [row.counts / n for row in (first, second)]
    difference = float((shares[0] - shares[1]).mean())
    variances = sum(share * (1 - share) / n for share in shares)
    error = math.sqrt(float(np.sum(variances))) / len(n)
    reach = float(stats.norm.ppf(0.975)) * error
    right = [int(row.counts.sum()) for row in (first, second)]
    wrong = [int(n.sum()) - count for count in right]
    return PaperContrast(
        difference=difference,
        low=difference - reach,
        high=difference + reach,
        p=float(2 * stats.norm.sf(abs(difference) / error)),
        pooled_difference=(right[0] - right[1]) / int(n.sum()),
        pooled_p=float(stats.chi2_contingency([right, wrong], correction=False).pvalue),
    )
