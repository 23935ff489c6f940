"""Pools: each option makes a `PromptedPool` on disk from a corpus."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from ltd.progress import Progress, silent


class Pool(Protocol):
    """A corpus of prompts.

    Attributes
    ----------
    name : the word it goes by in run ids and tables.
    related : patterns (as in `fnmatch`) of the data sets that belong to the target task; samplers choose from those.
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

    def write(self, folder: Path, progress: Progress = silent) -> None:
        """Write the pool into ``folder`` with `PromptedPool.write`; progress counts prompts or data sets."""
        ...
