"""A whole run on two devices, whose processes Lightning starts: what one process finds, written by one of them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from tests.test_experiment import SMALL_OF

ROOT = Path(__file__).resolve().parents[1]
TWO = ("trainer.accelerator=cpu", "trainer.devices=2", "trainer.strategy=ddp")


def trained(outputs: Path, *overrides: str) -> tuple[Path, str]:
    """The folder of the run, and what was said on stderr."""
    return made("train", outputs, "sampler=random", *overrides)


def made(stage: str, outputs: Path, *overrides: str) -> tuple[Path, str]:
    command = [sys.executable, ROOT / f"{stage}.py", *SMALL_OF[stage], f"outputs={outputs}", *overrides]
    done = subprocess.run(command, env=os.environ, capture_output=True, text=True, timeout=1800, check=False)
    assert done.returncode == 0, done.stderr
    (folder,) = (file.parent for file in (outputs / stage).glob("*/metrics.json"))
    return folder, done.stderr


def scores(folder: Path, name: str) -> list[float]:
    table = pq.read_table(folder / f"{name}.parquet").sort_by([("task", "ascending"), ("question_id", "ascending")])
    columns = [table[column].to_pylist() for column in ("score_sum", "score_pmi", "score_calibrated")]
    return [value for column in columns for value in column]


@pytest.mark.slow
def test_two_processes_rank_and_fine_tune_as_one_does(tmp_path: Path) -> None:
    (one, _), (two, said) = trained(tmp_path / "one"), trained(tmp_path / "two", *TWO)
    assert scores(two, "predictions_before") == pytest.approx(scores(one, "predictions_before"), abs=1e-4)
    assert scores(two, "predictions") == pytest.approx(scores(one, "predictions"), abs=1e-3)  # of weights 1e-5 apart
    assert {file.name for file in two.iterdir()} == {file.name for file in one.iterdir()}
    for line in ("before fragments_two_way: 10 of 10", "after fragments_embedded: 9 of 9"):
        assert said.count(line) == 1
    assert not list((tmp_path / "two").rglob("*.lock*"))
    costs = [json.loads((folder / "cost.json").read_text())["stages"]["rank after"]["tokens"] for folder in (one, two)]
    assert costs[0] <= costs[1] < 2 * costs[0]
    _, said = trained(tmp_path / "two", *TWO)  # finished: nobody else is started
    assert "this run was finished before" in said


@pytest.mark.slow
def test_two_processes_evaluate_as_one_does(tmp_path: Path) -> None:
    one, _ = made("evaluate", tmp_path / "one")
    two, said = made("evaluate", tmp_path / "two", "trainer.devices=2")
    assert one.name == two.name  # where it was computed is not part of what it is
    alone, shared = (json.loads((folder / "metrics.json").read_text()) for folder in (one, two))
    assert alone["settings"].pop("trainer") != shared["settings"].pop("trainer")
    assert alone["settings"] == shared["settings"]
    for task, numbers in alone["tasks"].items():
        assert shared["tasks"][task]["accuracy"] == numbers["accuracy"]
    assert scores(two, "predictions") == pytest.approx(scores(one, "predictions"), abs=1e-4)
    assert said.count("rank fragments_two_way: 10 of 10") == 1
