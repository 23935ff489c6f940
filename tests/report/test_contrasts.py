"""Pairs differ in what is asked about and in nothing else; an untrained model stands beside every seed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from ltd.report.arms import Arm, read_runs
from ltd.report.contrasts import pairs, pairs_with_untrained, versus

Write = Callable[..., Path]


def by_name(place: Path) -> dict[str, Arm]:
    return {arm.name: arm for arm in read_runs([place]).arms}


def test_pairs_differ_in_the_named_settings_alone(write: Write, tmp_path: Path) -> None:
    for fraction in (0.005, 0.01):
        write(sampler="random", fraction=fraction)
        write(sampler="kcenter", fraction=fraction)
    write(sampler="topk", fraction=0.005, trainer={"epochs": 9.0})
    arms = by_name(tmp_path)
    chosen = [arms["random 0.5%"], arms["random 1%"]]
    found = pairs([*arms.values()], chosen, "sampler")
    assert {(one.name, other.name) for one, other in found} == {
        ("kcenter 0.5%", "random 0.5%"),
        ("kcenter 1%", "random 1%"),
    }
    both = pairs([arms["kcenter 1%"]], chosen, "sampler", "fraction")
    assert [other.name for _, other in both] == ["random 0.5%", "random 1%"]


def test_the_untrained_model_is_that_of_the_same_model_asked_the_same(write: Write, tmp_path: Path) -> None:
    write(fraction=0.0)
    write(seed=1)
    write(seed=1, model={"_target_": "ltd.model.tiny.Tiny", "name": "other"})
    arms = read_runs([tmp_path]).arms
    pairs = pairs_with_untrained(arms, arms)
    assert sorted((trained.model, untrained.model) for trained, untrained in pairs) == [("other",) * 2, ("tiny",) * 2]
    assert [untrained.is_untrained for _, untrained in pairs] == [True, True]


def test_an_untrained_model_is_compared_with_every_run(write: Write, tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    before = (rng.random(32) < 0.4).tolist()
    runs = [(rng.random(32) < 0.7).tolist() for _ in range(3)]
    write(before, fraction=0.0)
    for seed, right in enumerate(runs):
        write(right, seed=seed)
    arms = read_runs([tmp_path]).arms
    ((arm, vanilla),) = pairs_with_untrained(arms, arms)
    found = versus(arm, vanilla)
    tasks = np.array([0] * 20 + [1] * 12)
    by_question = np.mean(runs, axis=0) - before
    assert found.difference == pytest.approx(np.mean([by_question[tasks == task].mean() for task in (0, 1)]))
    assert found.seeds == (0, 1, 2)
    assert not found.conditional
    assert versus(arm, vanilla, "pooled").difference == pytest.approx(by_question.mean())
