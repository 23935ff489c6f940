"""Killed in any stage, a run goes on from what was done and ends with the same files; a sweep keeps its runs apart."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.lab.wandb_log import log_files, read_log
from tests.test_experiment import RESULTS, SMALL

ROOT = Path(__file__).resolve().parents[1]
LONGER = [*SMALL, "trainer.epochs=6", "trainer.checkpoint_every_steps=5"]
STAGES = {
    "pool": "cache/pool/*",
    "embed": "cache/points/*",
    "choose": "train/*/selection.parquet",
    "rank before": "cache/ranked/*",
    "fine-tune": "train/*/checkpoints/last.ckpt",
    "rank after": "train/*/ranked/*/*",
}
"""A file of each stage that is there in the middle of it."""


def command(outputs: Path, *overrides: str) -> list[str]:
    return [sys.executable, str(ROOT / "train.py"), *LONGER, f"outputs={outputs}", *overrides]


def the_results(outputs: Path) -> dict[str, bytes]:
    (run,) = [folder for folder in (outputs / "train").iterdir() if folder.is_dir()]
    return {name: (run / name).read_bytes() for name in [*RESULTS, "model/model.safetensors"]}


@pytest.fixture(scope="module")
def unbroken(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    outputs = tmp_path_factory.mktemp("unbroken")
    subprocess.run(command(outputs), cwd=outputs, check=True, capture_output=True)
    return the_results(outputs)


def kill_when_there(outputs: Path, pattern: str, number: int = signal.SIGKILL) -> tuple[int, str]:
    """Start a run and send it a signal as soon as a file fits ``pattern``; its exit code, and what it said."""
    process = subprocess.Popen(
        command(outputs), cwd=outputs, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )
    deadline = time.monotonic() + 600
    while process.poll() is None and not any(outputs.glob(pattern)) and time.monotonic() < deadline:
        time.sleep(0.005)
    process.send_signal(number)
    said = process.communicate()[1]
    return process.returncode, said


@pytest.mark.slow
@pytest.mark.parametrize("stage", STAGES)
def test_killed_it_goes_on_and_ends_with_the_same_bytes(stage: str, unbroken: dict[str, bytes], tmp_path: Path) -> None:
    assert kill_when_there(tmp_path, STAGES[stage])[0] == -signal.SIGKILL
    again = subprocess.run(command(tmp_path), cwd=tmp_path, capture_output=True, text=True, check=False)
    assert again.returncode == 0, again.stderr
    assert the_results(tmp_path) == unbroken
    assert not list((tmp_path / "cache").glob("*/*.partial"))


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGUSR2])
@pytest.mark.parametrize("stage", STAGES)
def test_told_to_end_it_leaves_a_true_record_and_goes_on(
    stage: str, number: signal.Signals, unbroken: dict[str, bytes], tmp_path: Path
) -> None:
    code, said = kill_when_there(tmp_path, STAGES[stage], number)
    assert code == 128 + number
    assert said.endswith("interrupted; run the same command again to go on\n")
    assert "Traceback" not in said
    (status,) = tmp_path.glob("train/*/status.json")
    assert json.loads(status.read_text())["state"] == "interrupted"
    assert not list(tmp_path.rglob("*.lock*"))
    subprocess.run(command(tmp_path), cwd=tmp_path, check=True, capture_output=True)
    assert the_results(tmp_path) == unbroken


@pytest.mark.slow
def test_a_sweep_makes_four_runs_of_their_own_and_one_embedding(tmp_path: Path) -> None:
    sweep = command(tmp_path, "sampler=random,kcenter", "seed=0,1", "tracker=wandb", "trainer.epochs=1", "-m")
    subprocess.run(sweep, cwd=tmp_path, check=True, capture_output=True)
    runs = [folder for folder in (tmp_path / "train").iterdir() if folder.is_dir()]
    assert len(runs) == 4
    logs = [read_log(file) for run in runs for file in log_files(run)]
    assert {log.run_id for log in logs} == {run.name for run in runs}
    assert len({log.group for log in logs}) == 1
    # The related part and the sample of the whole pool, each embedded once for all four.
    assert len(list((tmp_path / "cache" / "points").glob("*/points.npy"))) == 2
    assert len(list((tmp_path / "cache" / "ranked").glob("*/predictions.parquet"))) == 2  # two tasks, untuned
