"""One template a data set: "fixed instruction" of the paper's table, and the question whether one is enough (RQ4)."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ltd.errors import SettingsError, unknown_name
from ltd.example import PromptedPool
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
    """

    templates: Mapping[str, str] = field(default_factory=dict)

    def choose(self, pool: PromptedPool, seed: int) -> NDArray[np.int64]:
        chosen = chosen_templates(templates(pool), self.templates, seed)
        return rows_where(pool, lambda task, template: chosen[task] == template)


def chosen_templates(available: Mapping[str, Sequence[str]], named: Mapping[str, str], seed: int) -> dict[str, str]:
    """One template for each data set of ``available``: the named one, or one drawn by the seed.

    Each data set has a generator of its own, seeded by the seed and its name: leaving one out changes no other.
    """
    problems = [unknown_name("data set", task, available) for task in named if task not in available]
    for task, template in named.items():
        if template not in available.get(task, [template]):
            problems.append(unknown_name(f"template of {task}", template, available[task]))
    if problems:
        raise SettingsError("instruction_mode.templates: " + "; ".join(problems))
    return {task: named.get(task) or _drawn(names, task, seed) for task, names in available.items()}


def _drawn(names: Sequence[str], task: str, seed: int) -> str:
    digest = hashlib.sha256(task.encode()).digest()
    generator = np.random.default_rng([seed, int.from_bytes(digest[:8], "big")])
    return sorted(names)[int(generator.integers(len(names)))]
