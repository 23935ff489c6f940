"""Samplers: each option chooses which prompts to train on.

A sampler is one class with one method. Whatever it needs beside the points comes through its constructor: a
constructor parameter that is named like an attribute of `ltd.supply.Supply` (``centre``, ``templates``, ``labels``,
...) and is not set in the configuration is filled in from the run.
"""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from ltd.errors import SelectionError

Points = NDArray[np.float32]
Indices = NDArray[np.int64]


class Sampler(Protocol):
    """Chooses a coreset.

    A class that never looks at the points says so with ``uses_points = False``; it is then given an array of shape
    ``(n_prompts, 0)``, and nothing is embedded for it.
    """

    def select(self, points: Points, budget: int) -> Indices:
        """Choose ``budget`` of the points.

        Parameters
        ----------
        points : (n_prompts, dimension), finite.
        budget : how many to choose, at most ``n_prompts``.

        Returns
        -------
        (budget,) row numbers in pick order, without repeats. The same arguments give the same picks; ties go to the
        lowest row.
        """
        ...


def check_request(points: Points, budget: int) -> None:
    """Refuse what no sampler can serve: a wrong shape, values that are not finite, a budget out of range."""
    if points.ndim != 2:
        raise SelectionError(f"points must have the shape (n_prompts, dimension), not {points.shape}")
    if not 0 <= budget <= len(points):
        raise SelectionError(f"a budget of {budget:,} cannot be chosen from {len(points):,} prompts")
    # A sum is finite only if no term is NaN or infinite; it needs no array of flags the size of the points.
    if points.size and not np.isfinite(points.sum(axis=1, dtype=np.float64)).all():
        row = int(np.flatnonzero(~np.isfinite(points).all(axis=1))[0])
        raise SelectionError(f"the point of prompt {row} is not finite; embed the pool again")
