"""The hierarchical bootstrap: seeds, then shared premises, then questions.

All runs answer the same questions, so premises and questions are drawn once for all runs of a resample (the crossed
bootstrap of Owen 2007), which keeps what the runs have in common. With few seeds its intervals are too narrow: two
seeds have only three different resamples, and for three the variance between them comes out a third too small. It is
shown beside the intervals of `ltd.statistics.estimate`, which verdicts rest on, and is what other work reports.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from ltd.statistics.estimate import Average, question_weights
from ltd.statistics.outcomes import Outcomes

CHUNK = 1_000_000
"""Questions drawn at a time; bounds the memory to some tens of megabytes."""


def hierarchical_bootstrap(
    outcomes: Outcomes,
    sides: Sequence[NDArray[np.floating]],
    average: Average = "macro",
    resamples: int = 2000,
    seed: int = 0,
) -> NDArray[np.float64]:
    """(resamples,) values of the mean that `ltd.statistics.estimate.estimate` has for the same arguments.

    Within each task as many premises are drawn as it has, and within each as many questions; tasks keep their weight.
    """
    rng = np.random.default_rng(seed)
    run_weights = np.hstack([rng.multinomial(len(side), _even(len(side)), resamples) / len(side) for side in sides])
    values, weights = np.vstack(sides), question_weights(outcomes, average)
    means = np.zeros((resamples, len(values)))
    for task in range(outcomes.tasks.max() + 1):
        of_task = outcomes.tasks == task
        drawn = _task_means(values[:, of_task], outcomes.clusters[of_task], resamples, rng)
        means += weights[of_task].sum() * drawn
    return np.asarray((means * run_weights).sum(axis=1))


def _even(n: int) -> NDArray[np.float64]:
    return np.full(n, 1 / n)


def _task_means(
    values: NDArray[np.floating], clusters: NDArray[np.int64], resamples: int, rng: np.random.Generator
) -> NDArray[np.float64]:
    """(resamples, n_runs) means over the drawn questions of one task."""
    order = np.argsort(clusters, kind="stable")
    by_question = np.ascontiguousarray(values[:, order].T, dtype=np.float32)
    _, starts, sizes = np.unique(clusters[order], return_index=True, return_counts=True)
    return np.concatenate(
        [
            np.add.reduceat(by_question[questions], ends, axis=0, dtype=np.float64) / counts[:, None]
            for questions, ends, counts in _draws(starts, sizes, resamples, rng)
        ]
    )


def _draws(
    starts: NDArray[np.int64], sizes: NDArray[np.int64], resamples: int, rng: np.random.Generator
) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]]:
    """Drawn questions of some resamples in a row, where each resample begins, and how many it has."""
    rows = max(1, CHUNK // int(sizes.sum()))
    for first in range(0, resamples, rows):
        drawn = rng.integers(len(sizes), size=(min(rows, resamples - first), len(sizes)))
        counts = sizes[drawn].sum(axis=1)
        begins, lengths = (np.repeat(part[drawn].ravel(), sizes[drawn].ravel()) for part in (starts, sizes))
        questions = begins + (rng.random(len(begins)) * lengths).astype(np.int64)
        yield questions, np.cumsum(counts) - counts, counts
