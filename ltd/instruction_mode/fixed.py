"""One template a data set: "fixed instruction" of the paper's table, and the question whether one is enough (RQ4)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ltd.example import PromptedPool
from ltd.instruction_mode import PerExample, check_per_example, of_each_example, ordered_templates
from ltd.templates import rows_where, templates


@dataclass(frozen=True)
class Fixed:
    """Keeps, of each data set, the prompts of one template.

    Of a data set whose examples are split between its templates, as in a pool capped per data set, only the examples of
    that template remain: of one with ten equal shares, a tenth. Where shares are unequal (a template that fits only
    some rows has fewer), how many remain depends on the template, and so on the seed. The fraction of a run always
    counts the whole pool, so that a budget means the same in every mode.

    Attributes
    ----------
    templates : the template to keep for a data set, by name; the others are drawn by the seed.
    per_example : as in the other modes; with one template both come to the same, unless an example has it twice.
    """

    templates: Mapping[str, str] = field(default_factory=dict)
    per_example: PerExample = "all"

    def __post_init__(self) -> None:
        check_per_example(self.per_example)

    def choose(self, pool: PromptedPool, seed: int, held_out: Sequence[str] = ()) -> NDArray[np.int64]:
        named = {task: [template] for task, template in self.templates.items()}
        ordered = ordered_templates(templates(pool, held_out), named, seed)
        rows = rows_where(pool, lambda task, template: template in ordered.get(task, ())[:1])
        return of_each_example(pool, rows, self.per_example, seed)
