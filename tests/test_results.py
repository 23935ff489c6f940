"""What ranking leaves behind: kept scores, and the numbers over several tasks."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest

from ltd import results
from ltd.cache import Cache
from ltd.score import Question, RankedQuestion, TaskScore


def score(name: str, golds: list[int], groups: str) -> TaskScore:
    """Every question is answered with its first choice."""
    asked = [
        Question(str(number), "prompt", ("True", "False"), gold, "t", group)
        for number, (gold, group) in enumerate(zip(golds, groups, strict=True))
    ]
    return TaskScore(name, [RankedQuestion(question, (-1.0, -2.0), (1, 1)) for question in asked])


def test_the_average_counts_tasks_and_the_pooled_accuracy_questions(tmp_path: Path) -> None:
    scores = [score("small", [0, 1], "ab"), score("large", [0, 0, 0, 0, 0, 1], "aabbcc")]
    metrics = results.write_results(tmp_path, {"run_id": "r"}, scores)
    assert metrics["average"]["accuracy"] == pytest.approx((1 / 2 + 5 / 6) / 2)
    assert (metrics["pooled"]["accuracy"], metrics["pooled"]["n"]) == (0.75, 8)
    # groups a and b of the small task, and a, b, c of the large one, which are others: their sums less 0.75 each
    sums = np.array([0.25, -0.75, 0.5, 0.5, -0.5])
    assert metrics["pooled"]["standard_error"] == pytest.approx(math.sqrt(5 / 4 * (sums**2).sum()) / 8)
    calibration_error = metrics["tasks"]["small"]["calibration_error"]
    assert calibration_error == pytest.approx(1 / (1 + math.exp(-1)) - 0.5)
    assert metrics["tasks"]["small"]["over_templates"]["spread"] is None  # JSON has no NaN


class TwoQuestions:
    name = "two"

    def source(self) -> dict[str, object]:
        return {"task": "two"}

    def questions(self) -> list[Question]:
        words = ("yes", "certainly not so")
        return [Question(text, text, words, 0, "t", text) for text in ("Dogs bark. Is it so?", "No. Is it so?")]


def test_another_score_ranks_what_is_kept_without_the_model(tmp_path: Path) -> None:
    from ltd.model.tiny import Tiny

    loaded, cache = Tiny().load(), Cache(tmp_path / "cache")
    ranking: dict[str, Any] = {"precision": "fp32", "tokens_per_batch": 64, "score": "sum"}
    ranking |= {"domain_free": "ending", "content_free": ["N/A", ""]}

    def ranked(**changes: str) -> TaskScore:
        settings = {"ranking": ranking | changes, "separator": " ", "convention": "single"}
        (score,) = results.rank_tasks(loaded, {"two": TwoQuestions()}, settings, cache, "rank")
        return score

    by_sum = ranked()
    assert all(question.domain_free and question.content_free for question in by_sum.questions)
    kept = sorted((tmp_path / "cache").rglob("predictions.parquet"))
    by_mean = ranked(score="mean")
    assert sorted((tmp_path / "cache").rglob("predictions.parquet")) == kept
    assert by_mean == by_sum.under("mean")
    for question in by_mean.questions:
        assert question.predicted == int(np.argmax(question.scores("mean")))
    results.write_results(tmp_path, {}, [by_mean])
    assert set(pq.read_table(tmp_path / "predictions.parquet")["ranked_by"].to_pylist()) == {"mean"}
    ranked(domain_free="Answer:")
    assert len(list((tmp_path / "cache").rglob("predictions.parquet"))) == 2
