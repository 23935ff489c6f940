"""A real SLURM of one node, started for the tests marked `slurm` and stopped after them, and sweeps on it."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
import torch
from safetensors.torch import load_file

from tests.test_experiment import SMALL

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
PROGRAMS = ("munged", "slurmctld", "slurmd", "slurmdbd", "mariadbd")
PATIENCE = 1800.0
"""Seconds for what takes one or two on an idle machine."""

# Two jobs at once, as the machine may have two cores; no W&B, whose own tests are elsewhere.
SWEEP = [
    "--multirun",  # before the overrides, which argparse wants together
    *SMALL,
    "hydra/launcher=slurm",
    "hydra.launcher.mem_gb=2",
    "hydra.launcher.cpus_per_task=1",
    "hydra.launcher.timeout_min=30",
    "hydra.launcher.array_parallelism=2",
]


# Hundreds of steps, each of some milliseconds: long enough to be met in the middle.
LONG = ("sampler=random", "trainer.epochs=100", "trainer.tokens_cap=null", "trainer.checkpoint_every_steps=50")


@dataclass(frozen=True)
class Slurm:
    """A running cluster and how to use it."""

    folder: Path

    @property
    def environment(self) -> dict[str, str]:
        return {**os.environ, "SLURM_CONF": str(self.folder / "slurm.conf")}

    def ask(self, *command: str) -> str:
        """What one of SLURM's own commands says."""
        done = subprocess.run(
            ["timeout", "60", *command], env=self.environment, capture_output=True, text=True, check=True
        )
        return done.stdout

    def sweep(self, outputs: Path, *overrides: str) -> subprocess.Popen[str]:
        """Start a sweep of train.py with its results below ``outputs``."""
        command = [sys.executable, "train.py", *SWEEP, f"outputs={outputs}", *overrides]
        pipe = subprocess.PIPE
        return subprocess.Popen(command, cwd=ROOT, env=self.environment, stdout=pipe, stderr=pipe, text=True)

    def job(self, outputs: Path, sweep: subprocess.Popen[str]) -> str:
        """The id of the only job of a sweep below ``outputs``, once it runs."""

        def running() -> str:
            jobs = self.ask("squeue", "--noheader", "--states=RUNNING", "--format=%i %o %Z").splitlines()
            folders = [folder.name.split("_")[0] for folder in outputs.glob("sweeps/*/.submitit/*")]
            return next((job for job in (line.split()[0] for line in jobs) if job.split("_")[0] in folders), "")

        return until(running, sweep)


def until(there: Callable[[], str], sweep: subprocess.Popen[str]) -> str:
    """What ``there`` gives as soon as that is not empty, which it has to be before the sweep ends."""
    deadline = time.monotonic() + PATIENCE
    while not (found := there()):
        assert sweep.poll() is None, ended(sweep)
        assert time.monotonic() < deadline
        time.sleep(0.2)
    return found


def ended(sweep: subprocess.Popen[str]) -> tuple[int, str]:
    """Exit code and stderr of a sweep, when it has come to its end."""
    _, errors = sweep.communicate(timeout=PATIENCE)
    return sweep.returncode, errors


def runs(outputs: Path) -> dict[str, dict[str, object]]:
    """The status of each run below ``outputs``, by its folder's name."""
    files = sorted((outputs / "train").glob("*/status.json"))
    return {file.parent.name: json.loads(file.read_text()) for file in files}


def metrics(outputs: Path) -> dict[str, str]:
    """The metrics of each finished run, as they are on disk."""
    return {file.parent.name: file.read_text() for file in (outputs / "train").glob("*/metrics.json")}


def unbroken(outputs: Path, *overrides: str) -> dict[str, str]:
    """The metrics of the same sweep when its runs are made one after the other in one process."""
    command = [sys.executable, "train.py", "--multirun", *SMALL, f"outputs={outputs}", *overrides]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    return metrics(outputs)


def assert_same_weights(one: Path, other: Path) -> None:
    """The only fine-tuned model below either of two outputs is the same up to the order of sums."""
    (first,), (second,) = (list(outputs.glob("train/*/model/model.safetensors")) for outputs in (one, other))
    torch.testing.assert_close(load_file(first), load_file(second), rtol=1e-4, atol=1e-5)


def logs(outputs: Path, stream: str = "err") -> str:
    """What all jobs of all sweeps below ``outputs`` wrote to stderr, or to ``out``."""
    return "".join(file.read_text() for file in outputs.glob(f"sweeps/*/.submitit/*/*_log.{stream}"))


def training(slurm: Slurm, outputs: Path, sweep: subprocess.Popen[str]) -> str:
    """The id of the job of a sweep below ``outputs``, stopped as soon as it has written a checkpoint.

    Left to run, it might have finished before it is disturbed: how far it gets meanwhile depends on the machine. SLURM
    wakes what it signals; what it does not signal, :func:`wake` does.
    """
    until(lambda: "yes" if list(outputs.glob("train/*/checkpoints/last.ckpt")) else "", sweep)
    os.kill(process(outputs), signal.SIGSTOP)
    return slurm.job(outputs, sweep)


def killed(outputs: Path, sweep: subprocess.Popen[str]) -> None:
    """Wait until SLURM has killed the job that :func:`training` stopped.

    SIGTERM has it write a checkpoint and go on, so that it might come to its end in the time that SLURM leaves it: it
    is stopped again when it has written that.
    """
    until(lambda: "yes" if "SIGTERM: a checkpoint holds all " in logs(outputs) else "", sweep)
    job = process(outputs)
    until(lambda: "" if stopped(job) else "yes", sweep)


def stopped(job: int) -> bool:
    """Stop a process, if there is one: SLURM wakes it each time that it signals it."""
    try:
        os.kill(job, signal.SIGSTOP)
    except ProcessLookupError:
        return False
    return True


def restarts(outputs: Path) -> int:
    """How often SLURM put the job of the only run below ``outputs`` into its queue again."""
    (status,) = runs(outputs).values()
    return int(str(status["attempt"]).rpartition(".")[2])


def wake(outputs: Path) -> None:
    """Let the job that :func:`training` stopped go on."""
    os.kill(process(outputs), signal.SIGCONT)


def process(outputs: Path) -> int:
    """The process of the only run below ``outputs``."""
    (status,) = runs(outputs).values()
    return int(str(status["process"]))


@pytest.fixture(scope="session")
def whole_outputs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the long run is that nothing disturbed."""
    outputs = tmp_path_factory.mktemp("whole")
    unbroken(outputs, *LONG)
    return outputs


@pytest.fixture(scope="session")
def whole(whole_outputs: Path) -> dict[str, str]:
    """The metrics of that run."""
    return metrics(whole_outputs)


@pytest.fixture(scope="session")
def slurm() -> Iterator[Slurm]:
    missing = [program for program in PROGRAMS if shutil.which(program) is None]
    if missing:
        pytest.skip(f"no SLURM here: {', '.join(missing)} not found; see docs/reliability.md")
    if os.geteuid() != 0:
        pytest.skip("a SLURM of our own needs root")
    ports = dict(zip(("CONTROLLER", "NODE", "DATABASE"), map(str, free_ports(3)), strict=True))
    # Not below pytest's own folder, which the database's user may not enter; and a socket's path must be short.
    with TemporaryDirectory(prefix="slurm-") as name:
        Path(name).chmod(0o755)
        try:
            with (Path(name) / "up.log").open("w") as said:  # no pipe, which a daemon might keep open
                up = subprocess.run([str(HERE / "up.sh"), name], env={**os.environ, **ports}, stderr=said, check=False)
            if up.returncode:  # a container may forbid devices, users or daemons; what has started must work
                pytest.skip(f"no SLURM starts here: {why_not(Path(name))}")
            yield Slurm(Path(name))
        finally:
            subprocess.run([str(HERE / "down.sh"), name], check=False)


def why_not(folder: Path) -> str:
    """The last line of what ``up.sh`` said, and of the log of each daemon."""
    files = [folder / "up.log", *sorted((folder / "log").glob("*.log"))]
    return "; ".join(
        f"{file.name}: {line}" for file in files for line in file.read_text(errors="replace").splitlines()[-1:]
    )


def free_ports(count: int) -> list[int]:
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(count)]
        return [server.getsockname()[1] for server in sockets]
