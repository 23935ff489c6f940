"""From candidates to a selection: their points, the distribution centre, the budget, and the sampler's choice."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from importlib.metadata import version
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ltd.budget import Budget, Request
from ltd.cache import Cache
from ltd.candidates import Candidates
from ltd.distribution_centre import Clusters, find_clusters, sample_rows
from ltd.embedder import Embedder
from ltd.errors import LtdError, SelectionError
from ltd.example import PromptedPool
from ltd.model_scores import ModelReader
from ltd.points import embedded
from ltd.pool import Pool, matches
from ltd.progress import Progress, silent
from ltd.sampler import Sampler
from ltd.score import Question
from ltd.selection import Selection
from ltd.supply import Supply, check_parameters
from ltd.templates import named

CHOICE_LIBRARIES = ("numpy", "faiss-cpu", "torch", "transformers")
"""Libraries whose version can change what is chosen."""

ENOUGH = 0.99
"""A budget of tokens is filled when the sampler was asked for hardly more prompts than fit into it."""

CountTokens = Callable[[NDArray[np.int64]], NDArray[np.int32]]


def check_budget(pool: Pool, request: Request, max_candidates: int | None = None, held_out: Sequence[str] = ()) -> None:
    """Refuse a number of examples that cannot be meant, as far as can be told without making the pool."""
    counts = pool.counts()
    if counts is not None and request.unit == "examples":
        related = sum(
            n
            for (task, template), n in counts.items()
            if matches(pool.related, task, template) and not named(held_out, task, template)
        )
        request.of(sum(counts.values())).within(related if max_candidates is None else min(related, max_candidates))


@dataclass(frozen=True)
class Geometry:
    """Where prompts lie: embeds what is asked for, once."""

    embedder: Embedder
    cache: Cache
    n_clusters: int
    seed: int
    progress: Progress = silent

    def related(self, candidates: Candidates) -> tuple[NDArray[np.float32], str]:
        """(n_related, dimension) points of what is related, whatever the gate took of it, and their fingerprint."""
        return embedded(candidates.pool, candidates.related, self.embedder, self.cache, self.progress)

    def points(self, candidates: Candidates) -> tuple[NDArray[np.float32], str]:
        """(n_candidates, dimension) points, and the fingerprint of those they were taken from."""
        if candidates.drawn_from is not None:  # a draw is there to be cheap: the others are not embedded
            return embedded(candidates.pool, candidates.rows, self.embedder, self.cache, self.progress)
        points, fingerprint = self.related(candidates)
        if len(candidates.kept) < len(points):
            points = points[candidates.kept]
        return points, fingerprint

    def clusters(self, candidates: Candidates) -> Clusters:
        """The pool's clusters and which of them holds most of the candidates: the target task's."""
        pool = candidates.pool
        sample = sample_rows(len(pool), self.n_clusters, self.seed)
        pool_points, _ = embedded(pool, sample, self.embedder, self.cache, self.progress)
        return find_clusters(pool_points, self.points(candidates)[0], self.n_clusters, self.seed)

    def in_target_cluster(self, candidates: Candidates, rows: NDArray[np.int64]) -> NDArray[np.int64]:
        """Those of the pool's ``rows`` that lie in the cluster which holds most of the candidates."""
        clusters = self.clusters(candidates)
        points, _ = embedded(candidates.pool, rows, self.embedder, self.cache, self.progress)
        inside: NDArray[np.int64] = rows[clusters.nearest(points) == clusters.target]
        return inside


@dataclass(frozen=True)
class ConfiguredSampler:
    """A sampler that is still to be built, since some of its parameters come from the run.

    Attributes
    ----------
    constructor : its class.
    parameters : what the configuration sets.
    build : makes it, given the parameters that the run supplies and the samplers it contains.
    inner : those it contains, by the parameter's name.
    """

    constructor: type[Sampler]
    parameters: Mapping[str, object]
    build: Callable[..., Sampler]
    inner: Mapping[str, ConfiguredSampler] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """Where its class is found."""
        return f"{self.constructor.__module__}.{self.constructor.__qualname__}"

    @property
    def takes_all(self) -> bool:
        """Whether it is no selection at all, whatever the budget."""
        return bool(getattr(self.constructor, "takes_all", False))

    def check(self, place: str = "sampler") -> None:
        """Refuse, before anything is loaded, parameters that its class has not or refuses.

        For that it is built once with None in place of what the run fills in.
        """
        check_parameters(place, self.constructor, self.parameters)
        for name, configured in self.inner.items():
            configured.check(f"{place}.{name}")
        asked = Supply.asked(self.constructor, self.parameters)
        try:
            self.build(**dict.fromkeys(asked), **dict.fromkeys(self.inner))
        except LtdError:
            raise
        except Exception as error:
            if not asked and not self.inner:  # else it may be the None that it cannot stand
                raise SelectionError(f"{place}: {type(error).__name__}: {error}") from error

    def supplied(self, supply: Supply) -> Sampler:
        """The sampler and those it contains, each with what it asks the run for."""
        inner = {name: configured.supplied(supply) for name, configured in self.inner.items()}
        return self.build(**supply.fill(self.constructor, self.parameters), **inner)


@dataclass(frozen=True)
class Choice:
    """One choice to be made: among whom, by whom, how many.

    Attributes
    ----------
    questions : gives the evaluation questions, for samplers that look at the target.
    count_tokens : gives the tokens of rows of the pool, each prompt with its target.
    reader : what the model makes of prompts, for samplers that ask it.
    """

    candidates: Candidates
    geometry: Geometry
    sampler: ConfiguredSampler
    budget: Budget
    questions: Callable[[], list[Question]]
    count_tokens: CountTokens
    reader: ModelReader

    def make(self, seed: int, stated: Mapping[str, object]) -> Selection:
        """Let the sampler choose.

        Parameters
        ----------
        stated : further facts for the manifest.
        """
        picks, fingerprint = np.empty(0, np.int64), None
        if self.budget.amount > 0:  # the vanilla row asks no sampler and embeds nothing
            picks, fingerprint = self._picks()
        rows = self.candidates.rows[picks]
        return Selection(
            indices=rows,
            budget={"amount": self.budget.amount, "unit": self.budget.unit, "asked": self.budget.request.text},
            n_pool=len(self.candidates.pool),
            n_candidates=len(self.candidates.kept),
            pool_fingerprint=self.candidates.pool.fingerprint,
            points_fingerprint=fingerprint,
            sampler={"class": self.sampler.name, **self.sampler.parameters},
            seed=seed,
            versions={library: version(library) for library in CHOICE_LIBRARIES},
            stated={**stated, **self._supply.statement()},
            n_tokens=tuple(self.count_tokens(rows).tolist()),
        )

    def _picks(self) -> tuple[NDArray[np.int64], str | None]:
        """What is chosen of the candidates, and the fingerprint of the points that were looked at."""
        sampler = self.sampler.supplied(self._supply)
        points, fingerprint = np.zeros((len(self.candidates.kept), 0), np.float32), None
        if getattr(sampler, "uses_points", True):
            points, fingerprint = self.geometry.points(self.candidates)

        def pick(budget: int) -> NDArray[np.int64]:
            picks = sampler.select(points, budget)
            check_picks(picks, len(points), budget)
            return picks

        if self.budget.unit == "examples":
            return pick(self.budget.amount), fingerprint
        return fill(pick, self.count_tokens(self.candidates.rows), self.budget.amount), fingerprint

    @cached_property
    def _supply(self) -> Supply:
        candidates, geometry = self.candidates, self.geometry
        return Supply(
            candidates.pool,
            candidates.rows,
            lambda: geometry.clusters(candidates).centre,
            geometry.embedder.embed,
            self.questions,
            self.reader,
        )


def fill(pick: Callable[[int], NDArray[np.int64]], tokens: NDArray[np.int32], budget: int) -> NDArray[np.int64]:
    """Picks that come to at most ``budget`` tokens: the first of as few more as the sampler had to be asked for.

    A sampler is asked for a number of prompts. Where that number changes which ones it takes, as a split by data set,
    asking for far more than fit would cut off whole parts of its choice; so it is asked again for about what fits.

    Parameters
    ----------
    pick : asks the sampler.
    tokens : (n_candidates,) of each candidate.
    """
    asked = min(len(tokens), max(1, round(budget / float(tokens.mean()))))
    for _ in range(8):  # each time nearer; prompts of very unlike lengths take three or four
        picks = pick(asked)
        used = np.cumsum(tokens[picks], dtype=np.int64)
        fitting = int(np.searchsorted(used, budget, side="right"))
        if fitting < asked * ENOUGH:
            following = fitting
        elif fitting == asked < len(tokens):
            following = min(len(tokens), max(asked + 1, int(asked * budget / int(used[-1]))))
        else:
            break
        if following == 0:
            break
        asked = following
    if fitting == 0:
        raise SelectionError(
            f"a budget of {budget:,} tokens holds not even the sampler's first pick, of {int(used[0]):,} tokens"
        )
    return picks[:fitting]


def check_picks(picks: NDArray[np.int64], n_candidates: int, budget: int) -> None:
    """Refuse a sampler's answer that is not ``budget`` different candidates."""
    distinct = len(np.unique(picks))
    if len(picks) != budget or distinct != budget:
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
