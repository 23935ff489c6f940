"""The distribution centre: centre of the K-means cluster that holds most of the target task (the paper, section 3)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

POINTS_PER_CLUSTER = 256
"""Points that K-means learns a cluster from: faiss draws as many by itself, so more would change nothing."""


def sample_rows(n_pool: int, clusters: int, seed: int) -> NDArray[np.int64]:
    """Rows of the whole pool, drawn uniformly and sorted, that K-means over the pool needs to see."""
    n_rows = min(n_pool, clusters * POINTS_PER_CLUSTER)
    return np.sort(np.random.default_rng(seed).permutation(n_pool)[:n_rows]).astype(np.int64)


def distribution_centre(
    pool_points: NDArray[np.float32], target_points: NDArray[np.float32], clusters: int, seed: int
) -> NDArray[np.float32]:
    """Cluster the pool, and give the centre of the cluster that holds most of the target task.

    Parameters
    ----------
    pool_points : (n_sample, dimension) points of prompts from the whole pool; K-means sees these.
    target_points : (n_target, dimension) points of the target task's prompts; they vote, ties to the first cluster.
    clusters : how many; no more than there are points.
    seed : of the initial centres.

    Returns
    -------
    (dimension,) the centre, not normalised.
    """
    import faiss  # here, not above: its OpenMP runtime and torch's need not meet in processes that never cluster

    clusters = min(clusters, len(pool_points))
    kmeans = faiss.Kmeans(
        pool_points.shape[1],
        clusters,
        niter=25,  # faiss's own default; the objective is flat long before
        seed=seed,
        max_points_per_centroid=POINTS_PER_CLUSTER,
        min_points_per_centroid=1,  # a small pool is clustered without a warning
    )
    threads = faiss.omp_get_max_threads()
    faiss.omp_set_num_threads(1)  # spinning threads make small problems slower, and sums depend on their number
    try:
        kmeans.train(np.ascontiguousarray(pool_points))
        _, nearest = kmeans.index.search(np.ascontiguousarray(target_points), 1)
    finally:
        faiss.omp_set_num_threads(threads)
    votes = np.bincount(nearest[:, 0], minlength=clusters)
    assert kmeans.centroids is not None
    centre: NDArray[np.float32] = kmeans.centroids[int(np.argmax(votes))]
    return centre
