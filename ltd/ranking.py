"""Ranking: every answer choice of every question scored by the log-probability of its tokens given the prompt."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from itertools import chain, islice
from typing import TYPE_CHECKING, Literal, NamedTuple

from ltd.encoding import Encoded, TextEncoder
from ltd.errors import DataError, ModelError
from ltd.free_prompts import FreePrompts
from ltd.log_probabilities import log_probabilities
from ltd.precision import Precision
from ltd.progress import Progress, silent
from ltd.score import Question, RankedQuestion
from ltd.variants import mean_probabilities

if TYPE_CHECKING:
    from transformers import PreTrainedModel

Cut = Literal["context", "beginning"]

PROMPTS_AT_ONCE = 4096
"""Encoded and packed together: token ids as Python's numbers take a hundred times the space of their text."""

logger = logging.getLogger(__name__)


def rank(
    network: PreTrainedModel,
    encoder: TextEncoder,
    questions: Sequence[Question],
    *,
    precision: Precision = "fp32",
    tokens_per_batch: int | None = None,
    free: FreePrompts | None = None,
    cut: Cut = "context",
    progress: Progress = silent,
) -> list[RankedQuestion]:
    """Rank the choices of each question, in the questions' order.

    Parameters
    ----------
    network : a causal language model with fp32 weights, on any device; left in the mode it came in.
    precision : of everything but the output layer and the softmax. With ``bf16`` the weights are cast once a call.
    tokens_per_batch : padding included; the logits of a batch take at most this times the vocabulary times 4 bytes.
        None goes by the device.
    free : the prompts that ask nothing, for the scores ``pmi`` and ``calibrated``; None leaves them out, and those two
        scores then rank as the sum does.
    cut : what loses its beginning where a prompt is too long for the model: its question's context, or the prompt.
    progress : told how many questions are done.

    Raises
    ------
    DataError
        If a question has an empty prompt, or no choices.
    ModelError
        If a score is not a number, or the weights are not in fp32.
    """
    own = [Asked(question.text, question.choices, question.context) for question in questions]
    aside = [[]] * len(own) if free is None or not own else _aside(free, questions)
    distinct = sorted({*own, *chain.from_iterable(aside)})  # what is alike stands together, and nothing comes first
    names = {asked: question.id for asked, question in zip(own, questions, strict=True)}
    encode = partial(_encoded, encoder, names, cut)
    score = partial(log_probabilities, network, precision=precision, tokens_per_batch=tokens_per_batch)
    scored = _scored(distinct, encode, score, lambda done, n: progress(done * len(questions) // n, len(questions)))
    n_cut = sum(scored[asked].n_cut > 0 for asked in own)
    if n_cut:
        logger.warning("%d of %d prompts lost tokens to fit the model's window", n_cut, len(questions))
    return [
        _ranked(question, scored[asked], [scored[other].log_probabilities for other in others])
        for question, asked, others in zip(questions, own, aside, strict=True)
    ]


class Asked(NamedTuple):
    """What decides a score: equal ones are scored once."""

    text: str
    choices: tuple[str, ...]
    context: str = ""


class Scored(NamedTuple):
    """The choices of a prompt: the sum of each one's log-probabilities, its tokens; and what the prompt lost."""

    log_probabilities: tuple[float, ...]
    n_tokens: tuple[int, ...]
    n_cut: int

    @classmethod
    def of(cls, row: Sequence[Encoded], totals: Iterator[float]) -> Scored:
        n_tokens = tuple(len(choice.ids) - choice.n_prompt for choice in row)
        return cls(tuple(islice(totals, len(row))), n_tokens, max(choice.n_cut for choice in row))


def _scored(
    distinct: Sequence[Asked],
    encode: Callable[[Sequence[Asked]], Sequence[Sequence[Encoded]]],
    score: Callable[..., list[float]],
    progress: Progress,
) -> dict[Asked, Scored]:
    """All of them, a part at a time; ``progress`` is told how many are done."""
    scored: dict[Asked, Scored] = {}
    for start in range(0, len(distinct), PROMPTS_AT_ONCE):
        part = distinct[start : start + PROMPTS_AT_ONCE]

        def report(done: int, total: int, start: int = start, size: int = len(part)) -> None:
            progress(start + done * size // total, len(distinct))

        encoded = encode(part)
        totals = iter(score(list(chain.from_iterable(encoded)), progress=report))
        scored.update({asked: Scored.of(row, totals) for asked, row in zip(part, encoded, strict=True)})
    return scored


def _encoded(
    encoder: TextEncoder, names: Mapping[Asked, str], cut: Cut, part: Sequence[Asked]
) -> Sequence[Sequence[Encoded]]:
    texts, choices, contexts = zip(*part, strict=True)
    encoded = encoder.choices(texts, choices, contexts if cut == "context" else None)
    _check(part, encoded, names)
    return encoded


def _aside(free: FreePrompts, questions: Sequence[Question]) -> list[list[Asked]]:
    """Each question's choices after the prompts that ask nothing."""
    prompts = zip(questions, free.of(questions), strict=True)
    return [[Asked(text, question.choices) for text in texts] for question, texts in prompts]


def _check(part: Sequence[Asked], encoded: Sequence[Sequence[Encoded]], names: Mapping[Asked, str]) -> None:
    """``names``: the question that asks it, unless it is a prompt that asks nothing."""
    for asked, row in zip(part, encoded, strict=True):
        if asked not in names:
            continue
        if not row:
            raise DataError(f"question {names[asked]} has no answer choices")
        if min(choice.n_prompt for choice in row) < 1:
            raise DataError(f"question {names[asked]} has an empty prompt: nothing predicts its answers' first tokens")


def _ranked(question: Question, scored: Scored, free: Sequence[tuple[float, ...]]) -> RankedQuestion:
    """``free``: the scores after the domain-free prompt, then those after each content-free one; or nothing."""
    if any(math.isnan(score) for score in scored.log_probabilities):
        raise ModelError(
            f"the model's scores for question {question.id} are not numbers: its weights overflowed or hold NaN; "
            "lower the learning rate, or score the model as it was before fine-tuning"
        )
    if not free:
        return RankedQuestion(question, *scored)
    return RankedQuestion(question, *scored, free[0], mean_probabilities(free[1:]))
