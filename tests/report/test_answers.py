"""Answers read as columns are those that the words of the result give, for every score."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ltd.atomic import write_parquet
from ltd.errors import DataError
from ltd.predictions import predictions_table
from ltd.report.answers import Answers, highest
from ltd.score import Question, RankedQuestion, TaskScore
from ltd.variants import VARIANTS


def random_scores(seed: int = 0) -> list[TaskScore]:
    """Questions with two to four choices of different lengths, and some ties."""
    rng = np.random.default_rng(seed)
    scores = []
    for task in ("rte", "cb"):
        ranked = []
        for number in range(60):
            n = int(rng.integers(2, 5))
            choices = tuple("x" * int(length) for length in rng.integers(1, 9, n))
            question = Question(f"q{number}", "?", choices, int(rng.integers(n)), "one", f"g{number // 3}")
            values = [tuple((rng.integers(-6, 0, n) / 2).tolist()) for _ in range(3)]
            tokens = tuple(rng.integers(1, 4, n).tolist())
            ranked.append(RankedQuestion(question, values[0], tokens, 0, values[1], values[2], "bytes"))
        scores.append(TaskScore(task, ranked))
    return scores


def test_columns_and_words_agree_for_every_score(tmp_path: Path) -> None:
    scores = random_scores()
    write_parquet(tmp_path / "predictions.parquet", predictions_table(scores))
    answers = Answers.read(tmp_path / "predictions.parquet")
    for variant in (*VARIANTS, None):
        expected = [
            ranked.is_correct
            for score in (scores if variant is None else [score.under(variant) for score in scores])
            for ranked in score.questions
        ]
        assert answers.correct(variant).tolist() == expected
    assert answers.ranked_by == "bytes"
    assert answers.questions[61] == ("cb", "one", "q1")
    assert answers.groups[61] == "g0"
    assert answers.tasks == ("rte", "cb")


def test_equal_questions_have_one_key_and_others_another(tmp_path: Path) -> None:
    def key(scores: list[TaskScore]) -> str:
        write_parquet(tmp_path / "predictions.parquet", predictions_table(scores))
        return Answers.read(tmp_path / "predictions.parquet").key

    first = random_scores()
    other_answers = [score.under("mean") for score in first]
    assert key(first) == key(other_answers)
    changed = first[0].questions[0]
    question = Question("q0", "another?", changed.question.choices, changed.question.gold, "one", "g0")
    replaced = RankedQuestion(question, changed.log_probabilities, changed.n_tokens, 0, changed.domain_free,
                              changed.content_free, "bytes")  # fmt: skip
    assert key([TaskScore("rte", [replaced, *first[0].questions[1:]]), first[1]]) != key(first)


def test_the_first_of_equal_scores_is_taken() -> None:
    assert highest(np.array([1.0, 1.0, 0.0, 2.0, 3.0, 3.0]), np.array([0, 3])).tolist() == [0, 1]


def test_what_is_no_table_of_predictions_is_told(tmp_path: Path) -> None:
    (tmp_path / "predictions.parquet").write_text("no")
    with pytest.raises(DataError, match=r"predictions\.parquet holds no readable predictions"):
        Answers.read(tmp_path / "predictions.parquet")
