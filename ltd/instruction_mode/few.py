"""A few templates a data set: how many instructions does it take (RQ4), between `fixed` and `multi`?"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ltd.errors import SettingsError
from ltd.example import PromptedPool
from ltd.instruction_mode import PerExample, check_per_example, of_each_example, ordered_templates
from ltd.templates import rows_where, templates

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Few:
    """Keeps, of each data set, the prompts of ``k`` templates.

    With the same seed those of ``k + 1`` are those of ``k`` and one more, and ``k=1`` keeps what `fixed` does. A data
    set with no more than ``k`` templates keeps all it has.

    Attributes
    ----------
    templates : the templates to keep for a data set, at most ``k`` by name; the others are drawn by the seed.
    per_example : ``one`` keeps each example under one of the templates that are kept, so that a budget counts distinct
        examples whatever ``k`` is.
    """

    k: int = 3
    templates: Mapping[str, Sequence[str]] = field(default_factory=dict)
    per_example: PerExample = "all"

    def __post_init__(self) -> None:
        check_per_example(self.per_example)
        if self.k < 1:
            raise SettingsError(f"instruction_mode.k={self.k} must be at least 1")
        for task, names in self.templates.items():
            if isinstance(names, str) or len(names) > self.k:
                raise SettingsError(
                    f"instruction_mode.templates.{task} must be a list of at most k={self.k} names, not {names}"
                )

    def choose(self, pool: PromptedPool, seed: int, held_out: Sequence[str] = ()) -> NDArray[np.int64]:
        ordered = ordered_templates(templates(pool, held_out), self.templates, seed)
        if fewer := [f"{task} {len(names)}" for task, names in ordered.items() if len(names) < self.k]:
            logger.info("k=%d templates a data set; all are kept of those with fewer: %s", self.k, ", ".join(fewer))
        kept = {task: set(names[: self.k]) for task, names in ordered.items()}
        rows = rows_where(pool, lambda task, template: template in kept.get(task, ()))
        return of_each_example(pool, rows, self.per_example, seed)
