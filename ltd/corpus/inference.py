"""The inference data sets, one for each column of the paper's table, from either half of the words.

Training and evaluation take the same constructions with other words: what a model can carry over is the reasoning.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ltd.corpus.contrast import LABELS, Cast, Inference, Label, Reasoning, deal
from ltd.corpus.draw import Draw
from ltd.corpus.embedded import FACTIVITY, MODALITY
from ltd.corpus.lexicon import Lexicon
from ltd.corpus.logic import CONDITIONAL, COORDINATION, NEGATION
from ltd.corpus.meaning import HYPERNYM, MONOTONICITY, PASSIVE, RELATIVE
from ltd.corpus.multi_step import Consequence, beside
from ltd.corpus.order import TEMPORAL
from ltd.corpus.quantity import COUNTING, QUANTIFIER

EMBEDDED: tuple[Reasoning, ...] = (FACTIVITY, MODALITY)
ONE_STEP: tuple[Reasoning, ...] = (
    QUANTIFIER,
    COUNTING,
    NEGATION,
    COORDINATION,
    CONDITIONAL,
    MONOTONICITY,
    HYPERNYM,
    PASSIVE,
    RELATIVE,
    TEMPORAL,
    *EMBEDDED,
)
CONSEQUENCES: tuple[Reasoning, ...] = tuple(map(Consequence, ONE_STEP))
TWO_WAY: tuple[Label, ...] = ("entailment", "neutral", "entailment", "contradiction")
"""Half are entailed; what is not is as often open as contradicted."""

Builder = Callable[[Lexicon, Draw, int], list[Inference]]
"""Makes as many inferences as asked for; those that share a premise stand next to each other."""


def two_way(lexicon: Lexicon, draw: Draw, number: int) -> list[Inference]:
    """One step from one premise; in the image of RTE."""
    return _single(ONE_STEP, TWO_WAY, lexicon, draw, number)


def embedded(lexicon: Lexicon, draw: Draw, number: int) -> list[Inference]:
    """Is the embedded clause so? In the image of CB."""
    return _single(EMBEDDED, LABELS, lexicon, draw, number)


def round_1(lexicon: Lexicon, draw: Draw, number: int) -> list[Inference]:
    """One step from one premise."""
    return _single(ONE_STEP, LABELS, lexicon, draw, number)


def round_2(lexicon: Lexicon, draw: Draw, number: int) -> list[Inference]:
    """One step beside a distraction, or the condition of a rule and then the rule."""
    n_paired = number // 2
    return [
        *_paired(ONE_STEP, lexicon, draw, n_paired),
        *_single(CONSEQUENCES, LABELS, lexicon, draw, number - n_paired),
    ]


def round_3(lexicon: Lexicon, draw: Draw, number: int) -> list[Inference]:
    """Two steps beside a distraction of the same length."""
    return _paired(CONSEQUENCES, lexicon, draw, number)


def multi_step(lexicon: Lexicon, draw: Draw, number: int) -> list[Inference]:
    """All three rounds, the short ones more often; to train on, in the image of ANLI."""
    n_second, n_third = number * 3 // 10, number // 5
    return [
        *round_1(lexicon, draw, number - n_second - n_third),
        *round_2(lexicon, draw, n_second),
        *round_3(lexicon, draw, n_third),
    ]


def _single(
    kinds: Sequence[Reasoning], labels: Sequence[Label], lexicon: Lexicon, draw: Draw, number: int
) -> list[Inference]:
    return [
        kind.infer(label, variant, Cast(lexicon, draw)) for kind, label, variant in deal(kinds, labels, number, draw)
    ]


def _paired(kinds: Sequence[Reasoning], lexicon: Lexicon, draw: Draw, number: int) -> list[Inference]:
    """Pairs with one premise; of an odd number, the last one's partner is left out."""
    half = -(-number // 2)
    found: list[Inference] = []
    for first, second in zip(*(deal(kinds, LABELS, half, draw) for _ in range(2)), strict=True):
        cast = Cast(lexicon, draw)
        one, other = (kind.infer(label, variant, cast) for kind, label, variant in (first, second))
        found += beside(one, other, draw)
    return found[:number]
