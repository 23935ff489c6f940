"""What a cluster does to jobs without asking: preemption, a node's daemon that dies, a login shell that closes."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

from tests.slurm.conftest import LONG, Slurm, ended, killed, logs, metrics, restarts, runs, training, wake

pytestmark = pytest.mark.slurm


# At once, and with ten seconds of grace.
@pytest.mark.parametrize("partition", [pytest.param("main", marks=pytest.mark.slow), "low"])
def test_a_job_whose_place_another_takes_goes_on_after_it(
    partition: str, slurm: Slurm, whole: dict[str, str], tmp_path: Path
) -> None:
    sweep = slurm.sweep(tmp_path, *LONG, f"hydra.launcher.partition={partition}")
    training(slurm, tmp_path, sweep)
    slurm.ask("sbatch", "--partition=high", "--ntasks=8", "--output=/dev/null", "--wrap=sleep 2")
    killed(tmp_path, sweep)
    code, errors = ended(sweep)
    assert code == 0, errors
    assert (metrics(tmp_path), len(runs(tmp_path)), restarts(tmp_path)) == (whole, 1, 1)


@pytest.mark.slow
def test_a_nodes_daemon_may_die_and_come_back(slurm: Slurm, whole: dict[str, str], tmp_path: Path) -> None:
    sweep = slurm.sweep(tmp_path, *LONG)
    training(slurm, tmp_path, sweep)
    os.kill(int((slurm.folder / "run" / "slurmd.pid").read_text()), signal.SIGKILL)
    time.sleep(3)
    subprocess.run(["slurmd"], env=slurm.environment, check=True)
    wake(tmp_path)
    code, errors = ended(sweep)
    assert code == 0, errors
    assert (metrics(tmp_path), len(runs(tmp_path))) == (whole, 1)


@pytest.mark.slow
def test_a_shell_may_die_and_the_command_be_given_again(slurm: Slurm, whole: dict[str, str], tmp_path: Path) -> None:
    sweep = slurm.sweep(tmp_path, *LONG)
    training(slurm, tmp_path, sweep)
    sweep.kill()
    sweep.communicate()
    wake(tmp_path)
    code, errors = ended(slurm.sweep(tmp_path, *LONG))
    assert code == 0, errors
    assert (metrics(tmp_path), len(runs(tmp_path))) == (whole, 1)
    assert "this run was finished before" in logs(tmp_path)  # the second job waited for the first
