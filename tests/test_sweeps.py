"""A multirun says what it submits, waits for every job whatever becomes of one, and ends with a table of its runs."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hydra import compose, initialize_config_dir
from omegaconf import DictConfig

from ltd import command, settings
from ltd.runs.sweep import submitted
from ltd.sweeps import SweepTable, announcement

ROOT = Path(__file__).resolve().parents[1]

SCRIPT = """
import os, signal, sys
from pathlib import Path
from types import SimpleNamespace

import hydra
from ltd import command
from ltd.run import Run

CONF = Path(__file__).resolve().parent / "conf"

def stage(config):
    run = Run(Path(config.outputs), "stage", f"run-{config.seed}")
    with run.held(), run.recorded({"model": {"name": "tiny"}, "seed": config.seed}):
        if config.seed == 1:
            os.kill(os.getpid(), signal.SIGKILL)
        if config.seed == 2:
            raise RuntimeError("ours")
    return config.seed

@hydra.main(version_base="1.3", config_path=str(CONF), config_name="stage")
def main(config):
    sys.modules["ltd.experiment"] = SimpleNamespace(stage=stage)
    return command.job("stage", config)

if __name__ == "__main__":
    command.run(main, CONF)
"""


@contextmanager
def composed(*overrides: str, given: tuple[str, ...] = ()) -> Iterator[DictConfig]:
    """A sweep of train.py that is composed with ``overrides`` and ``given`` the values to sweep over."""
    assert command.run  # importing it makes the resolver known that the sweep's folder needs
    settings.register()
    with initialize_config_dir(str(ROOT / "conf"), version_base="1.3"):
        config = compose("train", [*overrides], return_hydra_config=True)
        config.hydra.job.name = "train"
        config.hydra.overrides.task = list(given)
        yield config


def announced(*overrides: str, given: tuple[str, ...] = ()) -> list[str]:
    """What such a sweep says before it goes to SLURM."""
    with composed("hydra/launcher=slurm", *overrides, given=given) as config:
        return announcement(config).splitlines()


@pytest.mark.parametrize(
    ("given", "count"),
    [
        (("seed=0",), "1 job: "),
        (("seed=0,1,2", "sampler=random,kcenter", "force=true"), "6 jobs: "),
        (("seed=range(0,250)", "sampler=glob(k*)"), "750 jobs: "),  # kcenter, kmeans and knn_target
        (("seed=0,1", "seed=0,1,2"), "3 jobs: "),  # the last counts
    ],
)
def test_it_says_how_many_jobs_it_submits(given: tuple[str, ...], count: str) -> None:
    assert announced(given=given)[0].startswith(count)


def test_it_says_what_each_job_asks_for_and_where_its_results_will_be() -> None:
    place = ("hydra.launcher.partition=gpu", "hydra.launcher.account=mine", "outputs=/scratch/outputs")
    what, where, how = announced(*place, "hydra.sweep.dir=/scratch/outputs/sweeps/1", given=("seed=0,1",))
    assert what == "2 jobs: 32 at a time, 4 CPUs, 32 GB, 1 GPUs, 120 minutes, partition gpu, account mine"
    assert where == "runs in /scratch/outputs/train; logs and errors in /scratch/outputs/sweeps/1"
    assert "python -m ltd.runs /scratch/outputs/sweeps/1" in how


def test_what_was_asked_for_is_noted_in_its_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["/clone/train.py", "-m", "seed=0,1,2", "task=[rte,cb]"])
    monkeypatch.setenv("LTD_DATA", "/mirror")
    sweep = tmp_path / "sweeps" / "1"
    with composed(f"hydra.sweep.dir={sweep}", given=("seed=0,1,2", "task=[rte,cb]")) as config:
        SweepTable().on_multirun_start(config)
    noted = submitted(sweep)
    assert (noted["stage"], noted["jobs"]) == ("train", 3)
    assert noted["command"] == "python train.py -m seed=0,1,2 'task=[rte,cb]'"
    assert noted["directory"] == str(Path.cwd())
    assert noted["environment"]["LTD_DATA"] == "/mirror"


@pytest.mark.slow
@pytest.mark.parametrize("launcher", ["submitit_local", "basic"])
def test_a_job_that_ends_badly_is_named_and_the_others_finish(launcher: str, tmp_path: Path) -> None:
    (tmp_path / "conf").mkdir()
    (tmp_path / "conf" / "command.yaml").write_text((ROOT / "conf" / "command.yaml").read_text())
    (tmp_path / "conf" / "stage.yaml").write_text(f"defaults: [command, _self_]\nseed: 0\noutputs: {tmp_path}\n")
    (tmp_path / "stage.py").write_text(SCRIPT)
    killed = launcher == "submitit_local"  # in a process of its own
    callback = "++hydra.callbacks.sweep_table._target_=ltd.sweeps.SweepTable"
    done = subprocess.run(
        [sys.executable, "stage.py", "-m", f"hydra/launcher={launcher}", f"seed={'1,' * killed}2,3", callback],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    rows = [line.split() for line in done.stdout.splitlines()]
    assert [str(int(killed)), "failed", "2", "run-2"] in rows
    assert [str(int(killed) + 1), "finished", "3", "run-3"] in rows
    assert (["0", "interrupted", "1", "run-1"] in rows) is killed
    assert done.returncode == command.USER_ERROR, done.stderr
    assert "Traceback" in done.stderr or killed  # there it is in the job's own log
    *_, first, last = done.stderr.splitlines()
    assert last == f"job {int(killed)} (seed=2): RuntimeError: ours"
    if killed:
        assert first.startswith("job 0 (seed=1): it ended without a result (")
        assert Path(first.rpartition(" ")[2]).exists()


def test_a_pattern_that_fits_no_option_is_no_sweep_of_nothing() -> None:
    done = subprocess.run(
        [sys.executable, "train.py", "-m", "sampler=glob(zzz*)", "seed=0,1"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == command.USER_ERROR
    assert done.stderr.splitlines() == ["error: no option fits sampler=glob(zzz*); python train.py --help"]
