"""Ranking by several processes gives what one process gives; what is played here happens in test_process_group."""

from __future__ import annotations

from itertools import pairwise
from types import SimpleNamespace
from typing import Any

import pytest

from ltd.cost import Cost
from ltd.encoding import TextEncoder
from ltd.errors import DataError
from ltd.free_prompts import FreePrompts
from ltd.metering import measured
from ltd.model.tiny import Tiny
from ltd.process_group import ProcessGroup
from ltd.progress import Progress
from ltd.ranking import rank
from ltd.score import Question, RankedQuestion
from ltd.shared_ranking import assist, rank_together

LOADED = Tiny().load()
ENCODER = TextEncoder(LOADED.tokenizer, LOADED.begin, LOADED.end)
PREMISES = (
    "Dogs bark.",
    "A man who owns four old and very slow boats sails.",
    "No.",
    "Birds sing at dawn.",
    "Dogs bark.",
)
ASKED = {"a": "{} Is it true?\nAnswer:", "b": "Given: {} True or not?"}
QUESTIONS = [
    Question(f"{template}{number}", text.format(premise), ("yes", "certainly not so"), 0, template, premise)
    for number, premise in enumerate(PREMISES)
    for template, text in ASKED.items()
]
FREE = FreePrompts()


def ranker(questions: Any, free: FreePrompts, progress: Progress) -> list[RankedQuestion]:
    return rank(LOADED.network, ENCODER, questions, tokens_per_batch=64, free=free, progress=progress)


def member(number: int, of: int, sent: list[Any]) -> ProcessGroup:
    """One of a group whose processes are called one after the other, the one that leads at last."""
    group = ProcessGroup("cpu", of, 1, lambda: None)
    group.__dict__["_fabric"] = SimpleNamespace(global_rank=number, world_size=of)

    def collect(own: Any) -> list[Any]:
        sent.insert(0, own)
        for part in sent if number == 0 else []:
            if isinstance(part, Exception):
                raise part
        return sent if number == 0 else []

    group.collect = collect  # type: ignore[method-assign]
    return group


def together(processes: int, questions: list[Question] = QUESTIONS, progress: Progress = lambda *_: None) -> Any:
    sent: list[Any] = []
    for number in reversed(range(1, processes)):
        assist(ranker, questions, FREE, member(number, processes, sent))
    return rank_together(ranker, questions, FREE, member(0, processes, sent), progress)


@pytest.mark.parametrize("processes", [2, 3, 16])
def test_several_processes_find_what_one_does(processes: int) -> None:
    alone, shared = ranker(QUESTIONS, FREE, lambda *_: None), together(processes)
    assert [ranked.question for ranked in shared] == QUESTIONS
    for one, other in zip(alone, shared, strict=True):
        assert (one.n_tokens, one.n_cut) == (other.n_tokens, other.n_cut)
        for variant in ("sum", "pmi", "calibrated"):
            assert other.scores(variant) == pytest.approx(one.scores(variant), abs=1e-4)


def test_what_the_others_went_through_is_counted() -> None:
    costs: list[Cost] = []
    for processes in (1, 2):
        with measured(costs.append):
            together(processes)
    # What asks nothing is computed by both, and of shared beginnings at most one is cut in two.
    assert costs[0].tokens is not None and costs[1].tokens is not None
    assert costs[0].tokens <= costs[1].tokens < 2 * costs[0].tokens
    assert costs[1].flops == pytest.approx(costs[0].flops * costs[1].tokens / costs[0].tokens)


def test_progress_is_told_in_the_task_s_questions() -> None:
    told: list[tuple[int, int]] = []
    together(2, progress=lambda done, total, note="": told.append((done, total)))
    assert told[-1] == (len(QUESTIONS), len(QUESTIONS))
    assert all(before <= after for before, after in pairwise(told))


def test_an_error_of_another_process_is_raised_in_the_one_that_leads() -> None:
    def fails(*_: Any) -> list[RankedQuestion]:
        raise DataError("question 7 has no answer choices")

    sent: list[Any] = []
    assist(fails, QUESTIONS, FREE, member(1, 2, sent))
    with pytest.raises(DataError, match="question 7"):
        rank_together(ranker, QUESTIONS, FREE, member(0, 2, sent), lambda *_: None)


@pytest.mark.parametrize("sizes", [[1, 1, 1, 1], [100, 1, 1, 1, 1], [1, 1, 1, 100], [5], [3, 1, 4, 1, 5, 9, 2, 6]])
@pytest.mark.parametrize("processes", [1, 2, 3, 5])
def test_shares_are_neighbours_and_all_there_is(sizes: list[float], processes: int) -> None:
    items = list(range(len(sizes)))
    shares = [member(number, processes, []).share(items, sizes) for number in range(processes)]
    assert [item for share in shares for item in share] == items
    for share in shares:
        assert sum(sizes[item] for item in share) <= sum(sizes) / processes + max(sizes)
    assert member(0, processes, []).share([], []) == []
