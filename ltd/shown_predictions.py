"""A run's predictions as a table for people: one row a question, before and after fine-tuning side by side."""

from __future__ import annotations

from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq

from ltd.tracker.product import Table, Value

SHOWN_QUESTIONS = 4_000
"""Enough for the paper's five tasks, 3,533 questions; of more, such as many templates', an evenly spaced sample."""

COLUMNS = (
    *("task", "template", "question", "choices", "gold", "before", "after", "right before", "right after"),
    *("margin before", "margin after", "scores after", "id"),
)

Choices = list[dict[str, Any]]
"""The rows of one question in ``predictions.parquet``."""


def predictions(folder: Path, n_characters: int) -> Table:
    """What the model answered, and by how much the gold choice's score is above the best of the others.

    Parameters
    ----------
    n_characters : of a question's text that are shown.
    """
    after, n_all = _questions(folder / "predictions.parquet")
    path = folder / "predictions_before.parquet"
    before = _questions(path)[0] if path.exists() else [None] * len(after)
    rows = [_row(new, old, n_characters) for new, old in zip(after, before, strict=True)]
    return Table("predictions/questions", COLUMNS, rows, n_all)


def _questions(path: Path) -> tuple[list[Choices], int]:
    """The questions to show, and how many there are in all."""
    table = pq.read_table(path)
    starts = np.flatnonzero(table["choice"].to_numpy() == 0)
    ends = np.append(starts[1:], table.num_rows)
    shown = np.linspace(0, len(starts) - 1, min(SHOWN_QUESTIONS, len(starts))).astype(int)
    rows = np.concatenate([np.arange(starts[place], ends[place]) for place in shown])
    question = np.repeat(shown, ends[shown] - starts[shown])
    taken = table.take(rows).to_pylist()
    grouped = groupby(zip(question.tolist(), taken, strict=True), key=itemgetter(0))
    return [[row for _, row in group] for _, group in grouped], len(starts)


def _row(after: Choices, before: Choices | None, n_characters: int) -> tuple[Value, ...]:
    assert before is None or _identity(before) == _identity(after), (
        "predictions before and after are of other questions"
    )
    first = after[0]
    texts = [choice["choice_text"] for choice in after]
    scores = [f"{text} {score:.3f}" for text, score in zip(texts, _scores(after), strict=True)]
    gold, is_now = first["gold"], first["predicted"]
    was = None if before is None else before[0]["predicted"]
    return (
        *(first["task"], first["template"], first["prompt"][:n_characters], " | ".join(texts)),
        *(texts[gold], None if was is None else texts[was], texts[is_now]),
        *(None if was is None else was == gold, is_now == gold),
        *(None if before is None else _margin(before), _margin(after), " | ".join(scores), first["question_id"]),
    )


def _identity(choices: Choices) -> tuple[str, ...]:
    return tuple(choices[0][name] for name in ("task", "template", "question_id"))


def _scores(choices: Choices) -> list[float]:
    """By the variant that ranks."""
    return [choice[f"score_{choice['ranked_by']}"] for choice in choices]


def _margin(choices: Choices) -> float:
    """How far the gold choice's score is above the best other one; below zero where the answer is wrong."""
    scores = _scores(choices)
    gold = scores.pop(choices[0]["gold"])
    return float(gold - max(scores)) if scores else 0.0
