"""KMeans picks the member nearest to each centroid."""

from __future__ import annotations

import numpy as np
import pytest

from ltd.errors import SelectionError
from ltd.sampler.clusters import cluster
from ltd.sampler.kmeans import KMeans


def test_each_pick_is_the_member_nearest_to_its_centroid_and_large_clusters_come_first() -> None:
    points = np.random.default_rng(0).normal(size=(200, 5)).astype(np.float32)
    picks = KMeans(seed=4).select(points, 12)
    clusters = cluster(points, 12, seed=4)
    members = clusters.members()
    nearest = {
        int(rows[np.argmin(((points[rows] - centroid) ** 2).sum(axis=1))]): len(rows)
        for rows, centroid in zip(members, clusters.centroids, strict=True)
    }
    assert set(picks.tolist()) == set(nearest)
    sizes = [nearest[row] for row in picks.tolist()]
    assert sizes == sorted(sizes, reverse=True)


def test_separate_groups_give_one_pick_each() -> None:
    rng = np.random.default_rng(1)
    points = (np.repeat(np.eye(5) * 100, 20, axis=0) + rng.normal(size=(100, 5))).astype(np.float32)
    found = [set((KMeans(seed).select(points, 5) // 20).tolist()) for seed in range(5)]
    assert any(groups == set(range(5)) for groups in found)  # Lloyd's can end in a local optimum


def test_no_iterations_are_refused() -> None:
    with pytest.raises(SelectionError, match="kmeans needs iterations=0 >= 1"):
        KMeans(iterations=0)


def test_fewer_distinct_points_than_the_budget_are_filled_up() -> None:
    points = np.array([[0], [0], [0], [7], [7]], np.float32)
    assert KMeans(seed=0).select(points, 4).tolist() == [0, 3, 1, 2]
