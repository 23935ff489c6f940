"""Instruction modes: each option says which templates a data set's examples may be written through."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from ltd.errors import SettingsError, unknown_name
from ltd.example import PromptedPool
from ltd.templates import one_per_example

PerExample = Literal["all", "one"]
"""Whether an example comes through all of the templates that are kept, or through one of them drawn by the seed."""


class InstructionMode(Protocol):
    """Keeps some of a pool's prompts: whole templates at a time, or of each example one prompt."""

    def choose(self, pool: PromptedPool, seed: int, held_out: Sequence[str] = ()) -> NDArray[np.int64]:
        """The rows of ``pool`` that are kept, ascending; none of the templates that ``held_out`` names.

        See `ltd.templates.named`. The same pool and seed keep the same rows, and what is kept of one data set does not
        depend on the others.

        Raises
        ------
        SettingsError
            If it names a data set or template that the pool has not.
        """
        ...


def check_per_example(per_example: str) -> None:
    """Refuse what is no `PerExample`."""
    if per_example not in ("all", "one"):
        raise SettingsError(f"instruction_mode.per_example={per_example} must be all or one")


def of_each_example(
    pool: PromptedPool, rows: NDArray[np.int64], per_example: PerExample, seed: int
) -> NDArray[np.int64]:
    """``rows`` themselves, or one of them for each example."""
    return rows if per_example == "all" else one_per_example(pool, rows, seed)


def ordered_templates(
    available: Mapping[str, Sequence[str]], named: Mapping[str, Sequence[str]], seed: int
) -> dict[str, list[str]]:
    """The templates of each data set in the order in which they are kept: the named ones, then as the seed draws them.

    Each data set has a generator of its own, seeded by the seed and its name: leaving one out changes no other.
    """
    problems = [unknown_name("data set", task, available) for task in named if task not in available]
    for task in named.keys() & available.keys():
        wrong = [name for name in named[task] if name not in available[task]]
        problems += [unknown_name(f"template of {task}", name, available[task]) for name in wrong]
    if problems:
        raise SettingsError("instruction_mode.templates: " + "; ".join(problems))
    drawn = {task: _drawn(names, task, seed) for task, names in available.items()}
    return {task: list(dict.fromkeys([*named.get(task, ()), *drawn[task]])) for task in available}


def _drawn(names: Sequence[str], task: str, seed: int) -> list[str]:
    digest = hashlib.sha256(task.encode()).digest()
    generator = np.random.default_rng([seed, int.from_bytes(digest[:8], "big")])
    rest = sorted(names)
    return [rest.pop(int(generator.integers(len(rest)))) for _ in names]
