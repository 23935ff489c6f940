"""What two real runs over one cache cost: the second finds what the first has paid for."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from transformers import AutoModelForCausalLM

from ltd import experiment
from ltd.cost import Cost, RunCost
from tests.test_experiment import composed


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Two seeds, one after the other; a random choice embeds nothing."""
    outputs = tmp_path_factory.mktemp("outputs")
    for seed in (0, 1):
        experiment.train(composed("train", outputs, "sampler=random", f"seed={seed}", "trainer.validation_share=0.2"))
    return [next(outputs.glob(f"train/*-s{seed}-*")) for seed in (0, 1)]


def cost(run: Path) -> RunCost:
    return RunCost.read(run / "cost.json")


def test_every_stage_has_its_time_and_its_memory(runs: list[Path]) -> None:
    stages = cost(runs[0]).stages
    assert list(stages) == ["pool", "leakage", "choose", "rank before", "fine-tune", "rank after"]
    for stage in stages.values():
        assert stage.seconds > 0
        assert stage.cpu_seconds is not None
        assert (stage.peak_memory or 0) > 100 << 20  # python and torch alone take more
    assert [name for name, stage in stages.items() if stage.tokens] == ["rank before", "fine-tune", "rank after"]


def test_fine_tuning_counts_what_it_trained_on_and_what_it_judged_by(runs: list[Path]) -> None:
    """The formula by hand: six operations a weight and token of training, two of validation."""
    network = AutoModelForCausalLM.from_pretrained(runs[0] / "model")
    weights = sum(weight.numel() for name, weight in network.named_parameters() if "embed" not in name)
    trained = json.loads((runs[0] / "metrics.json").read_text())["training"]["tokens"]
    found = cost(runs[0]).stages["fine-tune"]
    assert found.tokens is not None
    assert found.tokens > trained
    assert found.flops == weights * (6 * trained + 2 * (found.tokens - trained))
    assert (found.padded_tokens or 0) >= found.tokens


def test_ranking_costs_the_same_tokens_before_and_after(runs: list[Path]) -> None:
    before, after = (cost(runs[0]).stages[stage] for stage in ("rank before", "rank after"))
    assert (before.tokens, before.padded_tokens, before.flops) == (after.tokens, after.padded_tokens, after.flops)


def test_the_second_pays_for_less_and_alone_would_pay_for_all(runs: list[Path]) -> None:
    first, second = map(cost, runs)
    assert first.unknown == second.unknown == []
    assert {name.partition("/")[0] for name in first.shared} == {"pool", "leaks", "tokens", "ranked"}
    common = first.shared.keys() & second.shared.keys()
    assert {name.partition("/")[0] for name in common} >= {"pool", "ranked"}
    for name in common:
        assert first.shared[name].cost == second.shared[name].cost == first.shared[name].paid
        assert second.shared[name].paid == Cost()
    assert second.stages["rank before"].tokens is None
    assert second.total.tokens is not None
    assert second.total_alone.tokens == second.total.tokens + (first.stages["rank before"].tokens or 0)
    assert first.total_alone.tokens == first.total.tokens
    assert second.total_alone.seconds > second.total.seconds


def test_no_clock_is_in_the_results(runs: list[Path]) -> None:
    assert "seconds" not in (runs[0] / "metrics.json").read_text()
