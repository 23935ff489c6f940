"""Every template: the paper's setting but for "fixed instruction"."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ltd.example import PromptedPool
from ltd.instruction_mode import PerExample, check_per_example, of_each_example
from ltd.templates import named, rows_where


@dataclass(frozen=True)
class Multi:
    """Keeps all prompts, or of each example one.

    How often one example comes depends on the pool: in a pool that writes each example through each of its templates it
    comes once a template, in P3's mirrors every template has rows of its own.

    Attributes
    ----------
    per_example : ``one`` keeps each example under one of its templates, so that a budget counts distinct examples.
    name : the word it goes by in run ids; a bare pool has but one template, and its mode is called otherwise.
    """

    per_example: PerExample = "all"
    name: str = "multi"

    def __post_init__(self) -> None:
        check_per_example(self.per_example)

    def choose(self, pool: PromptedPool, seed: int, held_out: Sequence[str] = ()) -> NDArray[np.int64]:
        rows = np.arange(len(pool), dtype=np.int64)
        if held_out:
            rows = rows_where(pool, lambda task, template: not named(held_out, task, template))
        return of_each_example(pool, rows, self.per_example, seed)
