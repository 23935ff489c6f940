"""What the leakage gate's findings lead to, and what may be chosen without it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from ltd.cache import Cache
from ltd.candidates import Candidates, all_of, drawn, find_candidates, gated
from ltd.errors import DataError
from ltd.example import Prompt, PromptedPool
from ltd.instruction_mode.multi import Multi
from ltd.leakage import LeakageSettings
from ltd.sampler.random import Random
from ltd.score import Question

PREMISE = "The committee met in Geneva on Tuesday and agreed that the treaty would be signed by all."


class OneQuestion:
    name = "rte"
    asked = 0

    def source(self) -> dict[str, object]:
        return {"task": "one"}

    def questions(self) -> list[Question]:
        OneQuestion.asked += 1
        return [Question("q", f"{PREMISE} Was it signed?", ("yes", "no"), 0, "t", "g", PREMISE)]


@pytest.fixture
def pool(tmp_path: Path) -> PromptedPool:
    texts = ["What is the weather like?", f"Given: {PREMISE} Is it void?", "Add two and two.", "Who was it?"]
    rows = [Prompt(str(n), str(n), "sums" if n == 2 else "nli", "t", text, "yes") for n, text in enumerate(texts)]
    PromptedPool.write(tmp_path / "pool", [rows])
    return PromptedPool.open(tmp_path / "pool")


def after(pool: PromptedPool, action: str, cache: Cache) -> Candidates:
    candidates = find_candidates(pool, ["nli"], Multi(), 0)
    return gated(candidates, {"rte": OneQuestion()}, LeakageSettings(action=action), cache)


def test_what_leaks_is_taken_away_listed_and_stated(pool: PromptedPool, tmp_path: Path) -> None:
    candidates = after(pool, "remove", Cache(tmp_path / "cache"))
    assert candidates.related.tolist() == [0, 1, 3]
    assert candidates.rows.tolist() == [0, 3]
    assert candidates.statement("remove") == {
        "related": {"nli": 2},
        "leakage": {"action": "remove", "looked_at": 3, "taken_away": 1, "found": {"rte": {"premise": 1}}},
    }
    candidates.save_leaks(tmp_path)
    (leak,) = pq.read_table(tmp_path / "leakage.parquet").to_pylist()
    assert (leak["id"], leak["kind"], leak["question"]) == ("1", "premise", "q")


def test_it_can_be_only_told_or_stop_or_not_be_looked_for(pool: PromptedPool, tmp_path: Path) -> None:
    cache = Cache(tmp_path / "cache")
    reported = after(pool, "report", cache)
    assert reported.rows.tolist() == [0, 1, 3]
    assert len(reported.leaks) == 1
    with pytest.raises(
        DataError, match=r"^1 of 3 prompts .*leakage=remove leaves them out, leakage=report keeps them$"
    ):
        after(pool, "fail", cache)
    assert len(after(pool, "off", cache).leaks) == 0


def test_the_same_prompts_and_questions_are_compared_once(pool: PromptedPool, tmp_path: Path) -> None:
    cache, before = Cache(tmp_path / "cache"), OneQuestion.asked
    first = after(pool, "remove", cache)
    assert OneQuestion.asked == before + 1
    for action in ("report", "remove"):
        assert after(pool, action, cache).leaks.equals(first.leaks)
    assert OneQuestion.asked == before + 1


def test_a_gate_that_leaves_none_and_names_that_fit_none_are_errors(pool: PromptedPool, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"share text .* which leaves none; look at them with leakage=report"):
        gated(all_of(pool, np.array([1])), {"rte": OneQuestion()}, LeakageSettings(), Cache(tmp_path / "cache"))
    with pytest.raises(
        DataError, match=r"no prompt of the pool matches pool.related=\['snli'\]; its data sets: nli, sums"
    ):
        find_candidates(pool, ["snli"], Multi(), 0)


def test_a_draw_is_of_what_the_gate_let_through_and_says_of_how_many(pool: PromptedPool, tmp_path: Path) -> None:
    candidates = after(pool, "remove", Cache(tmp_path / "cache"))
    one = drawn(candidates, 1, seed=0)
    assert one.rows.tolist() in ([0], [3])
    assert one.statement("remove") == {
        "related": {"nli": 1},
        "leakage": {"action": "remove", "looked_at": 3, "taken_away": 1, "found": {"rte": {"premise": 1}}},
        "drawn": {"candidates": 1, "of": 2},
    }
    for enough in (None, 2, 3):
        assert drawn(candidates, enough, seed=0) is candidates


def test_a_draw_is_the_seeds_grows_with_its_size_and_is_uniform(pool: PromptedPool) -> None:
    everything = all_of(pool, np.arange(1000))
    rows = drawn(everything, 50, seed=3).rows
    assert rows.tolist() == sorted(set(rows.tolist())) == drawn(everything, 50, seed=3).rows.tolist()
    assert set(rows.tolist()) < set(drawn(everything, 51, seed=3).rows.tolist())
    assert rows.tolist() != drawn(everything, 50, seed=4).rows.tolist()
    counts = np.bincount(np.concatenate([drawn(everything, 500, seed).rows for seed in range(200)]), minlength=1000)
    assert abs(counts - 100).max() < 6 * np.sqrt(200 / 4)  # binomial


def test_a_draw_is_not_what_the_random_sampler_picks(pool: PromptedPool) -> None:
    picks = Random(seed=0).select(np.zeros((1000, 0), np.float32), 500)
    both = np.isin(drawn(all_of(pool, np.arange(1000)), 500, seed=0).rows, picks).sum()
    assert 200 < both < 300
