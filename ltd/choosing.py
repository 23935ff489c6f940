"""From a pool to a selection: the related part, its points, the distribution centre, and the sampler's choice."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ltd.budget import Budget
from ltd.cache import Cache
from ltd.distribution_centre import distribution_centre, sample_rows
from ltd.embedder import Embedder
from ltd.errors import DataError, SelectionError
from ltd.example import PromptedPool
from ltd.instruction_mode import InstructionMode
from ltd.points import embedded
from ltd.pool import Pool, matches, related_rows
from ltd.progress import Progress, silent
from ltd.sampler import Sampler
from ltd.score import Question
from ltd.selection import Selection
from ltd.supply import Supply

CHOICE_LIBRARIES = ("numpy", "faiss-cpu", "torch", "transformers")
"""Libraries whose version can change what is chosen."""


@dataclass(frozen=True)
class Candidates:
    """The prompts of a pool that may be chosen: related to the target task, and kept by the instruction mode."""

    pool: PromptedPool
    rows: NDArray[np.int64]

    def budget(self, fraction: float) -> Budget:
        """How many of them ``fraction`` of the whole pool comes to; refused if there are not that many."""
        budget = Budget.from_fraction(fraction, len(self.pool))
        budget.check_related(len(self.rows))
        return budget


def made_pool(pool: Pool, cache: Cache, progress: Progress = silent) -> PromptedPool:
    """The pool, made now if it was never made from this source."""
    return PromptedPool.open(cache.folder("pool", pool.source(), lambda work: pool.write(work, progress)))


def check_budget(pool: Pool, fraction: float) -> None:
    """Refuse a fraction that cannot be meant, as far as can be told without making the pool."""
    counts = pool.counts()
    if counts is not None:
        related = sum(n for (task, template), n in counts.items() if matches(pool.related, task, template))
        Budget.from_fraction(fraction, sum(counts.values())).check_related(related)


def find_candidates(pool: PromptedPool, related: Sequence[str], mode: InstructionMode, seed: int) -> Candidates:
    """The related prompts that the instruction mode keeps, in the pool's order."""
    rows = np.intersect1d(related_rows(pool, related), mode.choose(pool, seed), assume_unique=True)
    if len(rows) == 0:
        names = ", ".join(pool.counts("task"))
        raise DataError(f"no prompt of the pool matches pool.related={list(related)}; its data sets: {names}")
    return Candidates(pool, rows)


@dataclass(frozen=True)
class Geometry:
    """Where candidates lie: embeds what is asked for, once."""

    candidates: Candidates
    embedder: Embedder
    cache: Cache
    clusters: int
    seed: int
    progress: Progress = silent

    def points(self) -> tuple[NDArray[np.float32], str]:
        """(n_candidates, dimension) points and their fingerprint."""
        return embedded(self.candidates.pool, self.candidates.rows, self.embedder, self.cache, self.progress)

    def centre(self) -> NDArray[np.float32]:
        """The distribution centre of the target task within the whole pool."""
        pool = self.candidates.pool
        sample = sample_rows(len(pool), self.clusters, self.seed)
        pool_points, _ = embedded(pool, sample, self.embedder, self.cache, self.progress)
        return distribution_centre(pool_points, self.points()[0], self.clusters, self.seed)


@dataclass(frozen=True)
class ConfiguredSampler:
    """A sampler that is still to be built, since some of its parameters come from the run.

    Attributes
    ----------
    constructor : its class.
    parameters : what the configuration sets.
    build : makes it, given the parameters that the run supplies.
    """

    constructor: Callable[..., Sampler]
    parameters: Mapping[str, object]
    build: Callable[..., Sampler]


def choose(
    geometry: Geometry,
    configured: ConfiguredSampler,
    fraction: float,
    seed: int,
    questions: Callable[[], list[Question]],
    count_tokens: Callable[[NDArray[np.int64]], list[int]],
) -> Selection:
    """Let the configured sampler choose ``fraction`` of the pool from the candidates.

    ``count_tokens`` counts those of chosen rows of the pool, each prompt with its target.
    """
    candidates = geometry.candidates
    budget = candidates.budget(fraction)
    picks, fingerprint = np.empty(0, np.int64), None
    if budget.examples > 0:  # the vanilla row asks no sampler and embeds nothing
        picks, fingerprint = _pick(geometry, configured, budget.examples, questions)
    chosen = candidates.rows[picks]
    return Selection(
        indices=chosen,
        fraction=fraction,
        n_pool=len(candidates.pool),
        n_candidates=len(candidates.rows),
        pool_fingerprint=candidates.pool.fingerprint,
        points_fingerprint=fingerprint,
        sampler=dict(configured.parameters),
        seed=seed,
        versions={library: version(library) for library in CHOICE_LIBRARIES},
        n_tokens=tuple(count_tokens(chosen)),
    )


def _pick(
    geometry: Geometry, configured: ConfiguredSampler, budget: int, questions: Callable[[], list[Question]]
) -> tuple[NDArray[np.int64], str | None]:
    """What the sampler picks of the candidates, and the fingerprint of the points it looked at."""
    candidates = geometry.candidates
    supply = Supply(candidates.pool, candidates.rows, geometry.centre, geometry.embedder.embed, questions)
    sampler = configured.build(**supply.fill(configured.constructor, configured.parameters))
    points, fingerprint = np.zeros((len(candidates.rows), 0), np.float32), None
    if getattr(sampler, "uses_points", True):
        points, fingerprint = geometry.points()
    picks = sampler.select(points, budget)
    _check_picks(picks, len(candidates.rows), budget)
    return picks, fingerprint


def _check_picks(picks: NDArray[np.int64], n_candidates: int, budget: int) -> None:
    if len(picks) != budget or len(np.unique(picks)) != budget:
        distinct = len(np.unique(picks))
        raise SelectionError(
            f"the sampler was asked for {budget:,} prompts and gave {len(picks):,}, {distinct:,} distinct"
        )
    if budget and not 0 <= picks.min() <= picks.max() < n_candidates:
        raise SelectionError(f"the sampler chose rows outside of its {n_candidates:,} candidates")


def saved_selection(folder: Path, pool: PromptedPool) -> Selection | None:
    """The selection that an earlier attempt of this run left, or None."""
    if not (folder / "selection.json").exists():
        return None
    selection = Selection.load(folder)
    selection.check(pool)
    return selection
