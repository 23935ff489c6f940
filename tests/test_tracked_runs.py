"""Whole runs as W&B keeps them: trained, and then evaluated with the model that came out of it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ltd import experiment
from tests.lab.wandb_environment import scrubbed
from tests.lab.wandb_log import closed_run, table
from tests.test_experiment import composed, the_run


@pytest.mark.slow
def test_what_training_leaves_is_in_its_run_and_evaluating_goes_on_from_it(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with scrubbed(tmp_path):
        experiment.train(composed("train", tmp_path, "tracker=wandb", "diagnostics=always"))
        folder = the_run(tmp_path, "train")
        given = ["model=causal_lm", f"model.path={folder / 'model'}"]
        experiment.evaluate(composed("evaluate", tmp_path, "tracker=wandb", *given))
    assert [record.getMessage() for record in caplog.records if "did not take" in record.getMessage()] == []
    trained, metrics = closed_run(folder), json.loads((folder / "metrics.json").read_text())
    assert trained.summary["eval/average"] == metrics["average"]["accuracy"]
    assert trained.summary["cost/fine-tune/seconds"] > 0
    assert trained.config["arm"] == trained.group
    assert len(table(trained, folder, "selection/picks")) == metrics["budget"]["examples"]
    rows = table(trained, folder, "predictions/questions")
    right = sum(row["right after"] for row in rows if row["task"] == "fragments_two_way")
    assert right / 10 == metrics["tasks"]["fragments_two_way"]["accuracy"]
    assert {"confusion/fragments_two_way_table", "selection/map", "selection/coverage"} <= set(trained.summary)
    assert {artifact.kind for artifact in trained.artifacts if artifact.is_used} == {"pool", "selection"}
    (second,) = [path for path in (tmp_path / "evaluate").iterdir() if path.is_dir()]
    evaluated = closed_run(second)
    assert (evaluated.artifact("model").name, evaluated.artifact("model").is_used) == (
        trained.artifact("model").name,
        True,
    )
    assert evaluated.artifact("predictions").metadata["average"] == trained.summary["eval/average"]
