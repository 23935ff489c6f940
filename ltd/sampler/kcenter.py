"""KCenterGreedy: each pick is the point farthest from all picked so far.

Gonzalez 1985; Sener & Savarese 2018, algorithm 1. The covering radius is at most twice the best possible. The paper
("Maybe Only 0.5% Data is Needed", section 3) grows the coreset from the centre of the target task's distribution; it is
believed, not certain, that the example nearest to that centre is the first pick, which is what is done here.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ltd.errors import SelectionError
from ltd.sampler import Indices, Points, check_request


class KCenter:
    """Exact farthest-first traversal from a centre, in fp32 Euclidean distance.

    Parameters
    ----------
    centre : (dimension,) where to start; None starts at the mean of the points.

    >>> line = np.array([[0.0], [1.0], [2.0], [10.0]], np.float32)
    >>> KCenter(centre=np.array([1.2], np.float32)).select(line, budget=3).tolist()
    [1, 3, 0]
    """

    def __init__(self, centre: NDArray[np.float32] | None = None) -> None:
        self.centre = centre

    def select(self, points: Points, budget: int) -> Indices:
        check_request(points, budget)
        if budget == 0:
            return np.empty(0, np.int64)
        centre = points.mean(axis=0) if self.centre is None else np.asarray(self.centre, np.float32)
        if centre.shape != points.shape[1:]:
            raise SelectionError(f"the centre has dimension {centre.shape}, the points {points.shape[1:]}")
        first = int(np.argmin(squared_distances(points, _squared_norms(points), centre)))
        return farthest_first(points, first, budget)


def farthest_first(points: Points, first: int, budget: int) -> Indices:
    """Farthest-first traversal from the row ``first``; O(budget x n x dimension) time, O(n) extra memory."""
    norms = _squared_norms(points)
    nearest = np.full(len(points), np.inf, np.float32)  # squared distance to the closest pick
    picks = np.empty(budget, np.int64)
    pick = first
    for rank in range(budget):
        picks[rank] = pick
        np.minimum(nearest, squared_distances(points, norms, points[pick]), out=nearest)
        nearest[pick] = -1.0  # never again, also when all that is left are its duplicates
        pick = int(np.argmax(nearest))  # the first of equals: ties go to the lowest row
    return picks


def squared_distances(points: Points, norms: NDArray[np.float32], centre: NDArray[np.float32]) -> NDArray[np.float32]:
    """(n,) squared Euclidean distances to ``centre``; exactly zero for a row equal to it."""
    distances = norms + _products(centre[None, :], centre) - 2 * _products(points, centre)
    result: NDArray[np.float32] = np.maximum(distances, 0, out=distances)
    return result


def _squared_norms(points: Points) -> NDArray[np.float32]:
    norms: NDArray[np.float32] = np.einsum("ij,ij->i", points, points)
    return norms


def _products(points: Points, centre: NDArray[np.float32]) -> NDArray[np.float32]:
    # einsum, not BLAS: its order of summation depends on the dimension alone, so that picks do not depend on the
    # number of threads or on how many rows are multiplied at once.
    products: NDArray[np.float32] = np.einsum("ij,j->i", points, centre)
    return products
