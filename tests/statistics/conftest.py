"""Outcomes that a test decides, and outcomes drawn from a population whose truth is known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pytest
from numpy.typing import ArrayLike, NDArray

from ltd.statistics.outcomes import Outcomes


def outcomes_of(
    correct: ArrayLike, sizes: Sequence[int] | None = None, per_premise: int = 1, seeds: Sequence[int] | None = None
) -> Outcomes:
    """Of (n_runs, n_questions) answers to tasks of these sizes; so many questions in a row share a premise."""
    answers = np.atleast_2d(np.asarray(correct, dtype=np.bool_))
    places = [(task, number) for task, size in enumerate(sizes or [answers.shape[1]]) for number in range(size)]
    return Outcomes(
        answers,
        tuple(range(len(answers)) if seeds is None else seeds),
        tuple((f"task {task}", "template", f"q{number}") for task, number in places),
        tuple(f"premise {number // per_premise}" for _, number in places),
    )


@dataclass(frozen=True)
class Population:
    """Arms that are equally good over all seeds and questions, and differ on any few of them.

    An answer is right where a normal variable is above 0: how hard the premise and the question are, for both arms
    alike; how well the arm does on them; how good the run is, on the whole and on the task; and chance.
    """

    sizes: tuple[int, ...]
    per_premise: int
    seed_spread: float
    task_spread: float = 0.0
    arm_spread: float = 0.5
    ease: float = 0.3

    @cached_property
    def questions(self) -> Outcomes:
        return outcomes_of(np.zeros((1, sum(self.sizes)), np.bool_), self.sizes, self.per_premise)

    @property
    def accuracy(self) -> float:
        """Of either arm over all seeds and questions."""
        from scipy.stats import norm

        variance = 2 + 2 * self.arm_spread**2 + self.seed_spread**2 + self.task_spread**2 + 1
        return float(norm.cdf(self.ease / np.sqrt(variance)))

    def draw(self, rng: np.random.Generator, n_runs: int) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """(n_runs, n_questions) answers of each of the two arms to the same questions."""
        ours, theirs = self.arms(rng, n_runs, 2)
        return ours, theirs

    def arms(self, rng: np.random.Generator, n_runs: int, n_arms: int) -> list[NDArray[np.bool_]]:
        """(n_runs, n_questions) answers of each of so many equally good arms to the same questions."""
        shared = self._of_questions(rng)
        return [self._answers(rng, n_runs, shared) for _ in range(n_arms)]

    def _answers(self, rng: np.random.Generator, n_runs: int, shared: NDArray[np.float64]) -> NDArray[np.bool_]:
        by_task = rng.standard_normal((n_runs, len(self.sizes)))[:, self.questions.tasks]
        runs = self.seed_spread * rng.standard_normal((n_runs, 1)) + self.task_spread * by_task
        chance = rng.standard_normal((n_runs, len(shared)))
        return np.asarray(self.ease + shared + self.arm_spread * self._of_questions(rng) + runs + chance > 0)

    def _of_questions(self, rng: np.random.Generator) -> NDArray[np.float64]:
        clusters = self.questions.clusters
        return np.asarray(rng.standard_normal(clusters.max() + 1)[clusters] + rng.standard_normal(len(clusters)))


@pytest.fixture
def make() -> Any:
    return outcomes_of


@pytest.fixture
def population() -> type[Population]:
    return Population
