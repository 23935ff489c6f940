"""A run to track, and what these tests share; W&B reads the environment once a process, hence the fixture."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ltd.tracker import RunDescription, Tracker
from tests.lab.wandb_environment import scrubbed

Environment = Callable[..., None]


@pytest.fixture
def environment(tmp_path: Path) -> Iterator[Environment]:
    """A function that sets variables in an environment where W&B finds nothing else."""
    with scrubbed(tmp_path):
        yield lambda **variables: os.environ.update(variables)


def describe(folder: Path, run_id: str = "kcenter-1234abcd", stage: str = "train") -> RunDescription:
    return RunDescription(
        run_id=run_id,
        name="kcenter",
        group="first sweep",
        stage=stage,
        tags=["kcenter", "multi", "smollm2_135m", "fraction=0.005"],
        settings={
            "seed": 0,
            "sampler": {"_target_": "ltd.sampler.kcenter.KCenter", "centre": None},
            "task": ["a", "b"],
        },
        folder=folder,
        notes="kcenter, 0.5% of fragments, multi instructions, smollm2_135m, seed 0",
    )


def log_training(tracker: Tracker, steps: range) -> None:
    for step in steps:
        tracker.log({"train/loss": 1 / step, "train/learning_rate": 0.001}, step)


def curve(steps: range) -> list[tuple[int, float]]:
    return [(step, 1 / step) for step in steps]


def our_lines(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.name.startswith("ltd")]
