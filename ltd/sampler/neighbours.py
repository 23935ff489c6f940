"""Exact nearest neighbours in blocks: BLAS says who could be among them, canonical products decide.

A matrix product's last bits depend on the number of threads and on the block, so all that lie within its rounding error
of the last place are taken along, measured again one pair at a time, and ordered with ties to the lowest row.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ltd.sampler import Indices, Points
from ltd.sampler.similarity import Scores, paired_products

BLOCK_VALUES = 2**23
"""Scores held at once, 32 MiB of them; blocks of a few hundred rows are as fast as larger ones."""

PAIR_VALUES = 2**18
"""Of points copied at once to be measured pair by pair: 1 MiB, which stays in a processor's cache."""


def neighbours(
    queries: Points, points: Points, k: int, bias: NDArray[np.float32] | None = None
) -> tuple[Indices, Scores]:
    """For each query the ``k`` points of highest score: inner product, plus ``bias`` of the point.

    Parameters
    ----------
    queries : (n_queries, dimension).
    points : (n_points, dimension), at least ``k``.
    bias : (n_points,); with `euclidean_bias` the order is that of Euclidean distance.

    Returns
    -------
    rows : (n_queries, k), best first, ties by row.
    scores : (n_queries, k).
    """
    rows, scores = np.empty((len(queries), k), np.int64), np.empty((len(queries), k), np.float32)
    bias = np.zeros(len(points), np.float32) if bias is None else bias
    errors = _rounding_errors(queries, points, bias)
    step = max(1, BLOCK_VALUES // max(len(points), 1))
    for start in range(0, len(queries) if k else 0, step):
        block = slice(start, start + step)
        rows[block], scores[block] = _best(np.asarray(queries[block]), points, k, bias, errors[block])
    return rows, scores


def euclidean_bias(points: Points) -> Scores:
    """(n,) minus half of each squared length; see `neighbours`."""
    return paired_products(points, points) * np.float32(-0.5)


def nearest_others(points: Points, k: int) -> tuple[Indices, Scores]:
    """(n, k) rows of each point's nearest others and their Euclidean distances, exactly 0 for a duplicate.

    Where there are fewer others than ``k``, all of them.
    """
    k = min(k, len(points) - 1)
    rows, _ = neighbours(points, points, k + 1, bias=euclidean_bias(points))
    others = rows != np.arange(len(points))[:, None]
    others[others.all(axis=1), -1] = False  # so many duplicates that a point is not among its own nearest
    rows = rows[others].reshape(len(points), k)
    distances = np.empty(rows.shape, np.float32)
    for place in range(k):
        distances[:, place] = _distances(points, rows[:, place])
    return rows, distances


def _best(
    queries: Points, points: Points, k: int, bias: NDArray[np.float32], errors: NDArray[np.float32]
) -> tuple[Indices, Scores]:
    estimates = queries @ points.T
    estimates += bias
    query, row = np.nonzero(estimates >= (_at_most_kth(estimates, k) - 2 * errors)[:, None])
    exact = _pair_scores(queries, points, query, row) + bias[row]
    order = np.lexsort((-exact, query))  # stable: of equals the lower row stays first
    firsts = np.searchsorted(query, np.arange(len(queries)))
    chosen = order[firsts[:, None] + np.arange(k)]
    return row[chosen], exact[chosen]


def _at_most_kth(estimates: Scores, k: int) -> Scores:
    """(n_queries,) a bound that at least ``k`` estimates of each query reach, close to the k-th highest.

    The k-th highest of the maxima of groups: taking maxima reads each estimate once, where partitioning them all would
    take most of the time.
    """
    n_queries, n_points = estimates.shape
    width = max(1, n_points // (8 * k))
    n_groups = n_points // width
    maxima = estimates[:, : width * n_groups].reshape(n_queries, width, n_groups).max(axis=1)
    bound: Scores = np.partition(maxima, n_groups - k, axis=1)[:, n_groups - k]
    return bound


def _pair_scores(queries: Points, points: Points, query: Indices, row: Indices) -> Scores:
    scores = np.empty(len(query), np.float32)
    step = max(1, PAIR_VALUES // max(points.shape[1], 1))
    for start in range(0, len(query), step):
        pairs = slice(start, start + step)
        scores[pairs] = paired_products(queries[query[pairs]], points[row[pairs]])
    return scores


def _distances(points: Points, rows: Indices) -> Scores:
    """(n,) distance of each point to the one named at its place in ``rows``."""
    distances = np.empty(len(points), np.float32)
    step = max(1, PAIR_VALUES // max(points.shape[1], 1))
    for start in range(0, len(points), step):
        block = slice(start, start + step)
        difference = points[block] - points[rows[block]]
        distances[block] = np.sqrt(paired_products(difference, difference))
    return distances


def _rounding_errors(queries: Points, points: Points, bias: NDArray[np.float32]) -> NDArray[np.float32]:
    """(n_queries,) by how much two ways of summing a score can differ: twice the standard bound (Higham 2002, 3.1)."""
    lengths = np.sqrt(paired_products(queries, queries))
    longest = np.sqrt(paired_products(points, points).max(initial=0))
    unit = np.float32(2.0**-24)
    errors: NDArray[np.float32] = 2 * (points.shape[1] + 4) * unit * (lengths * longest + np.abs(bias).max(initial=0))
    return errors
