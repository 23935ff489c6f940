"""The words of the result: a question, its ranked choices, and a task's score with everything derived from it."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property


@dataclass(frozen=True, slots=True)
class Question:
    """One item of an evaluation task, already written as a prompt.

    Attributes
    ----------
    id : unique within its task.
    text : the prompt, without the separator and without an answer.
    choices : the answer choices, as the words that would follow the prompt.
    gold : index of the right choice.
    template : name of the template that wrote it.
    group : what it shares with other questions (the premise or context), for clustered errors; its own id if nothing.
    """

    id: str
    text: str
    choices: tuple[str, ...]
    gold: int
    template: str
    group: str


@dataclass(frozen=True, slots=True)
class RankedQuestion:
    """A question and, for each choice, the sum of its tokens' log-probabilities given the prompt (natural log).

    Ties go to the first choice.
    """

    question: Question
    log_probabilities: tuple[float, ...]
    n_tokens: tuple[int, ...]

    @property
    def predicted(self) -> int:
        """Index of the choice with the highest score, the lowest index among equals."""
        return max(range(len(self.log_probabilities)), key=lambda choice: (self.log_probabilities[choice], -choice))

    @property
    def is_correct(self) -> bool:
        return self.predicted == self.question.gold


@dataclass(frozen=True)
class TaskScore:
    """The ranked questions of one task, and what follows from them."""

    task: str
    questions: Sequence[RankedQuestion]

    @property
    def n(self) -> int:
        return len(self.questions)

    @cached_property
    def accuracy(self) -> float:
        """Share of questions whose gold choice ranked first, in [0, 1]."""
        return sum(ranked.is_correct for ranked in self.questions) / self.n

    @cached_property
    def standard_error(self) -> float:
        """Standard error of the accuracy, clustered by `Question.group`.

        Questions about one premise are not independent (PAPER: ANLI shares contexts), so the residuals are summed
        within a group before they are squared; with groups of one it is the usual ``sqrt(p(1-p)/(n-1))`` up to the
        factor of the number of groups (Cameron & Miller 2015, section II).
        """
        residuals: Counter[str] = Counter()
        for ranked in self.questions:
            residuals[ranked.question.group] += ranked.is_correct - self.accuracy  # type: ignore[assignment]
        n_groups = len(residuals)
        if n_groups < 2:
            return math.nan
        variance = n_groups / (n_groups - 1) * sum(value**2 for value in residuals.values()) / self.n**2
        return math.sqrt(variance)

    @cached_property
    def majority(self) -> float:
        """Accuracy of always giving the most frequent gold answer (by its label: the index of the choice)."""
        return max(Counter(ranked.question.gold for ranked in self.questions).values()) / self.n

    @cached_property
    def predictions(self) -> dict[str, int]:
        """How often each choice was predicted, by its words; choices never predicted count 0."""
        histogram = {choice: 0 for ranked in self.questions for choice in ranked.question.choices}
        for ranked in self.questions:
            histogram[ranked.question.choices[ranked.predicted]] += 1
        return histogram

    @cached_property
    def macro_f1(self) -> float:
        """Mean over the labels of F1; a label that is neither right nor predicted anywhere counts as 0."""
        labels = range(max(len(ranked.question.choices) for ranked in self.questions))
        return sum(self._f1(label) for label in labels) / len(labels)

    def _f1(self, label: int) -> float:
        true = sum(ranked.question.gold == label and ranked.is_correct for ranked in self.questions)
        gold = sum(ranked.question.gold == label for ranked in self.questions)
        predicted = sum(ranked.predicted == label for ranked in self.questions)
        return 2 * true / (gold + predicted) if gold + predicted else 0.0
