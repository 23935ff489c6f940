"""Uniform random choice: the baseline that a coreset must beat at the same budget."""

from __future__ import annotations

import numpy as np

from ltd.sampler import Indices, Points, check_request


class Random:
    """Chooses uniformly without replacement.

    With the same seed a larger budget extends a smaller one, so that a curve over budgets adds examples and never
    exchanges them.

    >>> Random(seed=0).select(np.zeros((5, 0), np.float32), budget=3).tolist()
    [2, 4, 3]
    """

    uses_points = False

    def __init__(self, seed: int = 0) -> None:
        self.seed = seed

    def select(self, points: Points, budget: int) -> Indices:
        check_request(points, budget)
        return np.random.default_rng(self.seed).permutation(len(points))[:budget].astype(np.int64)
