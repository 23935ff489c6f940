"""The distribution centre: of the cluster with most of the target task, found among well-separated clusters."""

from __future__ import annotations

import numpy as np

from ltd.distribution_centre import POINTS_PER_CLUSTER, distribution_centre, sample_rows


def test_it_is_the_centre_of_the_cluster_that_holds_most_of_the_target_task() -> None:
    generator = np.random.default_rng(0)
    corners = np.array([[0, 0], [10, 0], [0, 10]], np.float32)
    pool = (np.repeat(corners, 50, axis=0) + generator.normal(0, 0.1, (150, 2))).astype(np.float32)
    target = np.concatenate([pool[50:90], pool[100:110]])  # forty of the second cluster, ten of the third
    centre = distribution_centre(pool, target, clusters=3, seed=0)
    np.testing.assert_allclose(centre, pool[50:100].mean(axis=0), atol=1e-4)


def test_the_same_seed_gives_the_same_centre() -> None:
    pool = np.random.default_rng(0).normal(size=(200, 8)).astype(np.float32)
    first, second = (distribution_centre(pool, pool[:20], clusters=5, seed=1) for _ in range(2))
    assert first.tobytes() == second.tobytes()


def test_more_clusters_than_points_are_as_many_as_points() -> None:
    pool = np.array([[0.0], [5.0]], np.float32)
    assert distribution_centre(pool, pool[1:], clusters=10, seed=0).tolist() == [5.0]


def test_the_sample_is_uniform_sorted_and_of_the_size_kmeans_learns_from() -> None:
    rows = sample_rows(100_000, clusters=4, seed=0)
    assert len(rows) == 4 * POINTS_PER_CLUSTER
    assert (np.diff(rows) > 0).all()
    assert sample_rows(10, clusters=4, seed=0).tolist() == list(range(10))
