"""Ranking by several processes: each takes neighbours among the sorted questions, so that like ones stay together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any, NamedTuple

from ltd.cost import Cost
from ltd.free_prompts import FreePrompts
from ltd.metering import count, measured
from ltd.process_group import ProcessGroup
from ltd.progress import Progress, silent
from ltd.score import Question, RankedQuestion

Ranker = Callable[[Sequence[Question], FreePrompts, Progress], list[RankedQuestion]]
"""`ltd.ranking.rank` with a model."""


class Part(NamedTuple):
    """What one process has found: of each `RankedQuestion` the fields after the question, which all have; its cost."""

    scores: list[tuple[Any, ...]]
    cost: Cost


@dataclass(frozen=True)
class FreeOfAll(FreePrompts):
    """Asked for some of a task's questions, the prompts that these have among all of them."""

    questions: Sequence[Question] = ()

    def of(self, questions: Sequence[Question]) -> list[list[str]]:
        prompts = dict(zip(self.questions, super().of(self.questions), strict=True))
        return [prompts[question] for question in questions]


def rank_together(
    rank: Ranker, questions: Sequence[Question], free: FreePrompts, group: ProcessGroup, progress: Progress
) -> list[RankedQuestion]:
    """Rank the questions, in their order, while all others of the group `assist`."""
    parts = group.collect(_part(rank, questions, free, group, progress))
    for part in parts[1:]:  # what this process went through is counted already
        count(part.cost.tokens or 0, part.cost.padded_tokens or 0, part.cost.flops or 0.0)
    scores = chain.from_iterable(part.scores for part in parts)
    found = dict(zip(_sorted(questions), scores, strict=True))
    return [RankedQuestion(question, *found[index]) for index, question in enumerate(questions)]


def assist(rank: Ranker, questions: Sequence[Question], free: FreePrompts, group: ProcessGroup) -> None:
    """Rank what of the questions falls to this process; an error is raised in the process that leads."""
    try:
        part = _part(rank, questions, free, group, silent)
    except Exception as error:
        group.collect(error)
    else:
        group.collect(part)


def _part(
    rank: Ranker, questions: Sequence[Question], free: FreePrompts, group: ProcessGroup, progress: Progress
) -> Part:
    order = _sorted(questions)
    own = group.share(order, [len(questions[index].text) + 1 for index in order])
    costs = [Cost()]

    def of_all(done: int, total: int) -> None:
        progress(done * len(questions) // total, len(questions))

    with measured(costs.append):
        ranked = rank(
            [questions[index] for index in own],
            FreeOfAll(free.domain_free, free.content_free, questions),
            of_all,
        )
    scores = [(one.log_probabilities, one.n_tokens, one.n_cut, one.domain_free, one.content_free) for one in ranked]
    return Part(scores, costs[-1])


def _sorted(questions: Sequence[Question]) -> list[int]:
    """Questions' numbers, those with a common beginning side by side."""
    return sorted(range(len(questions)), key=lambda index: (questions[index].text, questions[index].choices))
