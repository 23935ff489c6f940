"""PerGroup: the budget split among groups of prompts, and in each a sampler of its own kind.

A coreset of the whole neglects what is small or dense. TAGCOS (Zhang et al. 2024, arXiv 2407.15235, section 3) chooses
within K-means clusters in proportion to their sizes, and so does Clustering and Ranking (Ge et al. 2024, arXiv
2402.18191); data sets are the groups of multi-task mixtures.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ltd.errors import SelectionError, unknown_name
from ltd.sampler import Indices, Points, Sampler, check_aligned, check_request, select_among, uses_points
from ltd.sampler.apportionment import even, groups_of, interleaved, proportional
from ltd.sampler.clusters import cluster

GROUPS = ("data_sets", "templates", "labels", "clusters")
SHARES = ("proportional", "even")


class PerGroup:
    """Another sampler in every group; groups take turns in pick order.

    Parameters
    ----------
    inner : chooses within each group, knowing nothing of the others.
    data_sets, templates, labels : (n_prompts,) names; see `ltd.supply.Supply`.
    by : what makes a group: one of these, or K-means ``clusters`` of the points.
    shares : ``proportional`` to the groups' sizes, by largest remainders with ties to the group that occurs first, or
        ``even``, where what a small group cannot take goes to the larger ones.
    clusters : how many, if groups are clusters.
    seed : of the clusters.

    >>> from ltd.sampler.all import All
    >>> names = ["a", "a", "a", "b"]
    >>> PerGroup(All(), names, names, names, shares="even").select(np.zeros((4, 0), np.float32), budget=2).tolist()
    [0, 3]
    """

    def __init__(
        self,
        inner: Sampler,
        data_sets: Sequence[str],
        templates: Sequence[str],
        labels: Sequence[str],
        by: str = "data_sets",
        shares: str = "proportional",
        clusters: int = 10,
        seed: int = 0,
    ) -> None:
        if by not in GROUPS:
            raise SelectionError(unknown_name("kind of group", by, GROUPS))
        if shares not in SHARES:
            raise SelectionError(unknown_name("way to share", shares, SHARES))
        if clusters < 1:
            raise SelectionError(f"per_group needs clusters={clusters} >= 1")
        self.inner = inner
        self.data_sets = data_sets
        self.templates = templates
        self.labels = labels
        self.by = by
        self.shares = shares
        self.clusters = clusters
        self.seed = seed

    @property
    def uses_points(self) -> bool:
        return self.by == "clusters" or uses_points(self.inner)

    def select(self, points: Points, budget: int) -> Indices:
        check_request(points, budget)
        if budget == 0:
            return np.empty(0, np.int64)
        groups = self._groups(points)
        sizes = np.array([len(rows) for rows in groups], np.int64)
        shares = even(sizes, budget) if self.shares == "even" else proportional(sizes, budget, np.arange(len(groups)))
        return interleaved(
            [
                select_among(self.inner, points, rows, share)
                for rows, share in zip(groups, shares.tolist(), strict=True)
                if share
            ]
        )

    def _groups(self, points: Points) -> list[Indices]:
        if self.by == "clusters":
            members = cluster(points, self.clusters, self.seed).members()
            return sorted((rows for rows in members if len(rows)), key=lambda rows: int(rows[0]))
        names = getattr(self, self.by)
        check_aligned(len(points), **{self.by: names})
        return groups_of(names)
