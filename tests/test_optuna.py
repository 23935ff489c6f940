"""Optuna looks for the learning rate by examples held out of the training part, and a study given again goes on."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.test_experiment import SMALL

pytest.importorskip("hydra_plugins.hydra_optuna_sweeper")
ROOT = Path(__file__).resolve().parents[1]
STUDY = (
    "hydra/sweeper=optuna",
    "hydra.sweeper.n_jobs=1",
    "hydra.sweeper.sampler.seed=0",
    "model.lr=tag(log, interval(1e-4, 1e-2))",
    "sampler=random",
    "tracker=none",
)


def study(outputs: Path, trials: int, *overrides: str) -> tuple[subprocess.CompletedProcess[str], dict[str, float]]:
    """A study of so many trials: how it ended, and the runs there are then, with each one's validation loss."""
    command = [sys.executable, str(ROOT / "train.py"), "-m", *SMALL, *STUDY, f"hydra.sweeper.n_trials={trials}"]
    place = [f"outputs={outputs}", f"hydra.sweep.dir={outputs}/sweeps/{trials}"]
    done = subprocess.run([*command, *place, *overrides], cwd=outputs, capture_output=True, text=True, check=False)
    metrics = [json.loads(file.read_text()) for file in outputs.glob("train/*/metrics.json")]
    return done, {one["run_id"]: one["training"]["validation_loss"] for one in metrics}


@pytest.mark.slow
def test_the_best_trial_has_the_lowest_validation_loss_and_a_longer_study_goes_on(tmp_path: Path) -> None:
    done, two = study(tmp_path, 2, "trainer.validation_share=0.25")
    assert done.returncode == 0, done.stderr
    assert len(two) == 2
    found = yaml.safe_load((tmp_path / "sweeps" / "2" / "optimization_results.yaml").read_text())
    assert found["best_value"] == pytest.approx(min(two.values()))
    assert 1e-4 <= found["best_params"]["model.lr"] <= 1e-2

    done, three = study(tmp_path, 3, "trainer.validation_share=0.25")
    assert done.returncode == 0, done.stderr
    assert len(three) == 3
    assert three.items() > two.items()
    assert done.stderr.count("this run was finished before") == 2


@pytest.mark.slow
def test_a_study_without_examples_held_out_is_refused_and_trains_nothing(tmp_path: Path) -> None:
    done, runs = study(tmp_path, 1)
    assert done.returncode == 2
    assert "set trainer.validation_share" in done.stderr
    assert "Traceback" not in done.stderr
    assert not runs
