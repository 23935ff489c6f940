"""A run as its tracker sees it: which runs come together, and what each is, in a line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ltd.run import Run
from ltd.tracker import RunDescription
from ltd.tracking import describe, notes

EVALUATE: dict[str, Any] = {
    "seed": 0,
    "group": None,
    "model": {"_target_": "ltd.model.smollm2_135m.Smollm2135m"},
    "task": {"rte": {}, "cb": {}},
}
TRAIN: dict[str, Any] = EVALUATE | {
    "pool": {"_target_": "ltd.pool.fragments.Fragments"},
    "instruction_mode": {"_target_": "ltd.instruction_mode.multi.Multi"},
    "sampler": {"_target_": "ltd.sampler.kcenter.KCenter", "start_seed": 0},
    "fraction": 0.005,
    "budget": None,
    "budget_unit": "examples",
    "selection": None,
    "distribution_centre": {"clusters": 16, "seed": 0},
    "outputs": "outputs",
}


def described(run_id: str = "kcenter-0.005-multi-s0-1234abcd", **changes: Any) -> RunDescription:
    return describe(Run(Path("outputs"), "train", run_id), TRAIN | changes)


def with_seed(seed: int) -> dict[str, Any]:
    return {"seed": seed, "sampler": TRAIN["sampler"] | {"start_seed": seed}}


def test_runs_that_differ_in_the_seed_alone_are_one_arm() -> None:
    first, second = described(), described("kcenter-0.005-multi-s1-abcd1234", **with_seed(1))
    assert first.settings["arm"] == second.settings["arm"] == first.group == second.group
    assert str(first.settings["arm"]).startswith("kcenter-0.005-multi-")
    assert (first.name, second.name) == ("kcenter-0.005-multi-s0", "kcenter-0.005-multi-s1")


@pytest.mark.parametrize(
    "changes",
    [
        {"fraction": 0.01},
        {"sampler": TRAIN["sampler"] | {"gamma": 2}},
        {"sampler": TRAIN["sampler"] | {"start_seed": 7}},
        {"distribution_centre": {"clusters": 16, "seed": 1}},
    ],
)
def test_runs_that_differ_in_more_are_not(changes: dict[str, Any]) -> None:
    assert described(**changes).settings["arm"] != described().settings["arm"]


def test_where_a_run_is_kept_makes_no_arm() -> None:
    assert described(outputs="elsewhere").settings["arm"] == described().settings["arm"]


def test_a_group_that_is_asked_for_holds() -> None:
    assert described(group="rq1").group == "rq1"


def test_tags_say_what_is_filtered_by() -> None:
    assert described().tags == ["kcenter", "multi", "smollm2_135m", "fragments", "fraction=0.005", "seed=0"]


@pytest.mark.parametrize(
    ("settings", "line"),
    [
        (TRAIN, "kcenter, 0.5% of fragments, multi instructions, smollm2_135m, seed 0"),
        (TRAIN | {"budget": 16_000}, "kcenter, 16,000 examples of fragments, multi instructions, smollm2_135m, seed 0"),
        (
            TRAIN | {"budget": 50_000, "budget_unit": "tokens"},
            "kcenter, 50,000 tokens of fragments, multi instructions, smollm2_135m, seed 0",
        ),
        (
            TRAIN | {"budget_unit": "tokens"},
            "kcenter, 0.5% of the tokens of fragments, multi instructions, smollm2_135m, seed 0",
        ),
        (TRAIN | {"selection": "/data/picks.txt"}, "the choice in picks.txt, of fragments, smollm2_135m, seed 0"),
        (EVALUATE, "smollm2_135m on rte, cb, seed 0"),
    ],
)
def test_notes_say_what_a_run_is(settings: dict[str, Any], line: str) -> None:
    assert notes(settings) == line
