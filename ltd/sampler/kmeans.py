"""KMeans: the budget as a number of clusters, and of each the prompt nearest to its centroid.

Lloyd 1982; as a way to choose instruction data Yu et al. 2024 ("Diversify and Conquer", arXiv 2409.11378, section 3).
Each pick stands for as many prompts as its cluster has.
"""

from __future__ import annotations

import numpy as np

from ltd.errors import SelectionError
from ltd.sampler import Indices, Points, check_request
from ltd.sampler.clusters import ITERATIONS, Clusters, cluster


class KMeans:
    """One prompt of each cluster, those of the largest clusters first.

    Where there are fewer distinct points than the budget, the lowest rows fill it up.

    Parameters
    ----------
    seed : of the initial centroids.
    iterations : at most; fewer if nothing moves any more.

    >>> line = np.array([[0.0], [1.0], [2.0], [9.0], [10.0]], np.float32)
    >>> KMeans(seed=0).select(line, budget=2).tolist()
    [1, 3]
    """

    def __init__(self, seed: int = 0, iterations: int = ITERATIONS) -> None:
        if iterations < 1:
            raise SelectionError(f"kmeans needs iterations={iterations} >= 1")
        self.seed = seed
        self.iterations = iterations

    def select(self, points: Points, budget: int) -> Indices:
        check_request(points, budget)
        if budget == 0:
            return np.empty(0, np.int64)
        picks = nearest_members(cluster(points, budget, self.seed, self.iterations))
        rest = np.setdiff1d(np.arange(len(points)), picks)
        return np.concatenate([picks, rest[: budget - len(picks)]])


def nearest_members(clusters: Clusters) -> Indices:
    """The member nearest to the centroid of each cluster that has any, largest clusters first, ties by row."""
    nearest_first = np.lexsort((clusters.distances, clusters.assignment))
    filled, firsts = np.unique(clusters.assignment[nearest_first], return_index=True)
    picks = nearest_first[firsts].astype(np.int64)
    return picks[np.lexsort((picks, -clusters.sizes[filled]))]
