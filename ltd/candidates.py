"""From a pool to the prompts that may be chosen: the related part, the instruction mode, the leakage gate."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from ltd.atomic import write_parquet
from ltd.cache import Cache
from ltd.errors import DataError
from ltd.example import PromptedPool, content_key
from ltd.instruction_mode import InstructionMode
from ltd.leakage import LEAKS_SCHEMA, Item, LeakageSettings, Points, count_leaks, describe_leaks, find_leaks
from ltd.pool import Pool, related_rows
from ltd.progress import Progress, silent
from ltd.task import Task

DRAW = int.from_bytes(b"draw")
"""Begins the seed of the candidates' draw."""

LEAKAGE_VERSION = 1
"""Raised when a change of ours finds other leaks, so that cached ones are not mistaken for new ones."""


@dataclass(frozen=True)
class Candidates:
    """The prompts of a pool that may be chosen.

    Attributes
    ----------
    related : rows of the pool, ascending, that belong to the target task and are kept by the instruction mode.
    kept : positions in ``related`` of those that the leakage gate let through.
    leaks : what it found, with `LEAKS_SCHEMA`; empty if it did not look.
    drawn_from : of how many that it let through these were drawn at random; None if they are all.
    """

    pool: PromptedPool
    related: NDArray[np.int64]
    kept: NDArray[np.int64]
    leaks: pa.Table = field(default_factory=LEAKS_SCHEMA.empty_table)
    drawn_from: int | None = None

    @property
    def rows(self) -> NDArray[np.int64]:
        """Rows of the pool that may be chosen, ascending."""
        return self.related[self.kept]

    def statement(self, action: str) -> dict[str, object]:
        """For the manifest: how many there are by data set, what the gate found and took away, what was drawn."""
        let_through = len(self.kept) if self.drawn_from is None else self.drawn_from
        gate = {
            "action": action,
            "looked_at": len(self.related),
            "taken_away": len(self.related) - let_through,
            "found": count_leaks(self.leaks),
        }
        drawn = {} if self.drawn_from is None else {"drawn": {"candidates": len(self.kept), "of": self.drawn_from}}
        return {"related": self.pool.counts("task", self.rows), "leakage": gate, **drawn}

    def save_leaks(self, folder: Path) -> None:
        """Write ``leakage.parquet``, a line a prompt that shares text with the evaluation."""
        write_parquet(folder / "leakage.parquet", self.leaks)


def made_pool(pool: Pool, cache: Cache, progress: Progress = silent) -> PromptedPool:
    """The pool, made now if it was never made from this source."""
    return PromptedPool.open(cache.folder("pool", pool.source(), lambda work: pool.write(work, progress)))


def find_candidates(
    pool: PromptedPool, related: Sequence[str], mode: InstructionMode, seed: int, held_out: Sequence[str] = ()
) -> Candidates:
    """The related prompts that the instruction mode keeps, in the pool's order, before any gate.

    Parameters
    ----------
    held_out : names of templates that are kept out of training, as `ltd.templates.named` takes them.
    """
    of_task = related_rows(pool, related)
    if len(of_task) == 0:
        names = ", ".join(pool.counts("task"))
        raise DataError(f"no prompt of the pool matches pool.related={list(related)}; its data sets: {names}")
    rows = np.intersect1d(of_task, mode.choose(pool, seed, held_out), assume_unique=True)
    if len(rows) == 0:
        but = f" but for the templates {list(held_out)}" if held_out else ""
        raise DataError(f"the instruction mode keeps none of the pool's {len(of_task):,} related prompts{but}")
    return all_of(pool, rows)


def all_of(pool: PromptedPool, rows: NDArray[np.int64]) -> Candidates:
    """Candidates that no gate has looked at."""
    return Candidates(pool, rows, np.arange(len(rows)))


def gated(
    candidates: Candidates,
    tasks: Mapping[str, Task],
    settings: LeakageSettings,
    cache: Cache,
    progress: Progress = silent,
    points: Points | None = None,
) -> Candidates:
    """The candidates after the leakage gate, which looks once at the same prompts for the same questions.

    Raises
    ------
    DataError
        If prompts leak and ``settings.action`` is ``fail``, or if none is left.
    """
    if settings.action == "off":
        return candidates

    def look(work: Path) -> None:
        items = [Item.from_question(task.name, question) for task in tasks.values() for question in task.questions()]
        leaks = find_leaks(candidates.pool, candidates.related, items, settings, progress, points)
        write_parquet(work / "leaks.parquet", leaks)

    source = {
        "pool": candidates.pool.fingerprint,
        "rows": content_key(candidates.related.tolist()),
        "tasks": {name: task.source() for name, task in tasks.items()},
        "settings": asdict(replace(settings, action="report")),  # what is found does not depend on what is done with it
        "version": LEAKAGE_VERSION,
    }
    leaks = pq.read_table(cache.folder("leaks", source, look) / "leaks.parquet", schema=LEAKS_SCHEMA)
    return _acted_on(candidates, leaks, settings.action)


def drawn(candidates: Candidates, at_most: int | None, seed: int) -> Candidates:
    """At most so many of the candidates, uniformly at random; with the same seed more of them extend fewer.

    None leaves all of them.
    """
    n_all = len(candidates.kept)
    if at_most is None or at_most >= n_all:
        return candidates
    # A stream of its own: samplers begin theirs with the run's seed alone.
    draw = np.random.default_rng([DRAW, seed]).permutation(n_all)[:at_most]
    return replace(candidates, kept=candidates.kept[np.sort(draw)], drawn_from=n_all)


def _acted_on(candidates: Candidates, leaks: pa.Table, action: str) -> Candidates:
    n_related = len(candidates.related)
    if action == "fail" and len(leaks):
        found = describe_leaks(leaks, n_related)
        raise DataError(f"{found}; leakage=remove leaves them out, leakage=report keeps them")
    if action != "remove":
        return replace(candidates, leaks=leaks)
    kept = np.setdiff1d(candidates.kept, leaks["position"].to_numpy(), assume_unique=True)
    if len(kept) == 0:
        raise DataError(f"{describe_leaks(leaks, n_related)}, which leaves none; look at them with leakage=report")
    return replace(candidates, kept=kept, leaks=leaks)
