"""Pools: each option makes a `PromptedPool` on disk from a corpus."""

from __future__ import annotations

from collections.abc import Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from ltd.example import PromptedPool
from ltd.progress import Progress, silent
from ltd.templates import rows_where


class Pool(Protocol):
    """A corpus of prompts.

    Attributes
    ----------
    name : the word it goes by in run ids and tables.
    related : patterns (as in `fnmatch`) of what belongs to the target task, each matched against ``data_set`` and
        against ``data_set/template`` (see `matches`); samplers choose from those prompts.
    """

    name: str
    related: Sequence[str]

    def source(self) -> dict[str, object]:
        """Everything the pool's content depends on, as plain values: the key under which it is cached.

        Raises
        ------
        DataError
            If the source is missing; checked before anything expensive starts.
        """
        ...

    def counts(self) -> dict[tuple[str, str], int] | None:
        """How many prompts there are of each data set and template, at most; None if only making the pool can tell.

        Known in a moment, so that a budget that cannot be meant is refused before anything is made.
        """
        ...

    def write(self, folder: Path, progress: Progress = silent) -> None:
        """Write the pool into ``folder`` with `PromptedPool.write`; progress counts prompts or data sets."""
        ...


def matches(patterns: Sequence[str], task: str, template: str) -> bool:
    """Whether any pattern fits a data set as a whole or one template of it; case counts.

    >>> matches(["anli_*", "sick/*entails*"], "anli_r1", "can_we_infer")
    True
    >>> matches(["anli_*", "sick/*entails*"], "sick", "sentences_relation_score")
    False
    """
    names = (task, f"{task}/{template}")
    return any(fnmatchcase(name, pattern) for pattern in patterns for name in names)


def related_rows(pool: PromptedPool, patterns: Sequence[str]) -> NDArray[np.int64]:
    """The rows of ``pool`` that fit any of the patterns, ascending."""
    return rows_where(pool, lambda task, template: matches(patterns, task, template))
