"""What the runs of one arm answered, question by question: all that the statistics see."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Outcomes:
    """Which questions each run of one arm answered right; its runs differ in the seed alone.

    Attributes
    ----------
    correct : (n_runs, n_questions) bool.
    seeds : (n_runs,) of each run.
    questions : (n_questions,) task, template and id of each: two arms are comparable where these are equal.
    groups : (n_questions,) what a question shares with others of its task, such as its premise.
    """

    correct: NDArray[np.bool_]
    seeds: tuple[int, ...]
    questions: tuple[tuple[str, str, str], ...]
    groups: tuple[str, ...]

    def __post_init__(self) -> None:
        assert self.correct.shape == (len(self.seeds), len(self.questions))
        assert len(self.groups) == len(self.questions)

    @cached_property
    def tasks(self) -> NDArray[np.int64]:
        """(n_questions,) number of each question's task, counted in the order in which they first occur."""
        numbers = {task: number for number, task in enumerate(dict.fromkeys(task for task, *_ in self.questions))}
        return np.array([numbers[task] for task, *_ in self.questions])

    @cached_property
    def clusters(self) -> NDArray[np.int64]:
        """(n_questions,) number of the questions that each shares something with; no two tasks share one."""
        keys = [(task, group) for (task, *_), group in zip(self.questions, self.groups, strict=True)]
        numbers = {key: number for number, key in enumerate(dict.fromkeys(keys))}
        return np.array([numbers[key] for key in keys])
