"""What ranking leaves behind: kept scores, and the numbers over several tasks."""

from __future__ import annotations

import math
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
import torch

from ltd import results
from ltd.cache import Cache
from ltd.free_prompts import FreePrompts
from ltd.progress import silent
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


class Kept:
    """Stands in for the cache: takes down what a score is kept under, and says that it is there."""

    def __init__(self) -> None:
        self.sources: list[dict[str, Any]] = []

    def folder(self, kind: str, source: dict[str, Any], make: Any) -> Path:
        self.sources.append(source)
        raise InterruptedError


@pytest.mark.parametrize(
    ("device", "setting", "tokens_per_batch"), [("cpu", None, 1024), ("cuda", None, 16_384), ("cuda", 64, 64)]
)
def test_tokens_at_once_go_by_the_device_and_stand_as_a_number_in_the_key(
    device: str, setting: int | None, tokens_per_batch: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Any] = []
    loaded: Any = SimpleNamespace(
        fingerprint="f", tokenizer=None, begin=(), end=None, max_length=8, network=SimpleNamespace(to=asked.append)
    )
    monkeypatch.setattr(results, "_default_device", lambda: torch.device(device))
    monkeypatch.setattr("ltd.ranking.rank", lambda *_, **keywords: asked.append(keywords["tokens_per_batch"]))
    ranking = {
        "precision": "fp32",
        "tokens_per_batch": setting,
        "score": "sum",
        "domain_free": "ending",
        "content_free": ["N/A"],
    }
    settings: dict[str, Any] = {"ranking": ranking, "separator": " ", "convention": "single"}
    cache: Any = Kept()
    with pytest.raises(InterruptedError):
        results.rank_tasks(loaded, {"two": TwoQuestions()}, settings, cache, "rank")
    assert [source["tokens_per_batch"] for source in cache.sources] == [tokens_per_batch]
    results._ranker(loaded, settings, torch.device(device))([], FreePrompts(), silent)
    assert asked == [torch.device(device), tokens_per_batch]
