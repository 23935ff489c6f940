"""The paper's table: its percentages are those of whole counts, and its tests agree with calculations by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from ltd.report import paper
from ltd.report.paper import FIXED, KCENTER, P3, QUESTIONS, RELATED, VANILLA, paper_contrast


@pytest.mark.parametrize("row", [VANILLA, P3, FIXED, RELATED, KCENTER], ids=lambda row: row.name)
def test_every_cell_is_a_whole_count(row: paper.PaperRow) -> None:
    percents = 100 * row.counts / np.array(QUESTIONS)
    assert percents == pytest.approx(
        row.percents, abs=0.0101
    )  # 197 of 277 is 71.119, printed as 71.11: cut, not rounded
    assert percents.mean() == pytest.approx(row.average, abs=0.0101)


def test_the_counts_are_those_that_hands_find() -> None:
    assert VANILLA.counts.tolist() == [151, 23, 334, 334, 403]
    assert KCENTER.counts.tolist() == [207, 41, 496, 419, 525]


@pytest.mark.parametrize(
    ("first", "second", "points", "p"),
    [(KCENTER, P3, 2.58, 0.19), (KCENTER, RELATED, -6.3, 0.001), (FIXED, P3, -1.7, 0.40)],
)
def test_contrasts_are_those_computed_elsewhere(
    first: paper.PaperRow, second: paper.PaperRow, points: float, p: float
) -> None:
    found = paper_contrast(first, second)
    assert 100 * found.difference == pytest.approx(points, abs=0.05)
    assert found.p == pytest.approx(p, abs=0.005)
    assert found.low < found.difference < found.high
    assert (found.low > 0 or found.high < 0) == (found.p < 0.05)


def test_a_contrast_by_hand() -> None:
    found = paper_contrast(KCENTER, P3)
    shares = [(207, 211, 277), (41, 42, 56), (496, 440, 1000), (419, 357, 1000), (525, 473, 1200)]
    variance = sum(k / n * (1 - k / n) / n for a, b, n in shares for k in (a, b)) / 25
    z = sum(a / n - b / n for a, b, n in shares) / 5 / math.sqrt(variance)
    assert found.p == pytest.approx(math.erfc(abs(z) / math.sqrt(2)))
    right, wrong = (1688, 1523), (3533 - 1688, 3533 - 1523)  # sums over the columns
    n = 3533
    pooled = (right[0] - right[1]) / n
    share = sum(right) / (2 * n)
    chi = pooled / math.sqrt(share * (1 - share) * 2 / n)
    assert sum(wrong) == 2 * n - sum(right)
    assert found.pooled_difference == pytest.approx(pooled)
    assert found.pooled_p == pytest.approx(math.erfc(abs(chi) / math.sqrt(2)))
