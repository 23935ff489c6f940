"""W&B where there is no network, no server, no key, or no time: nothing hangs, and no run is lost."""

from __future__ import annotations

import logging
import os
import pty
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from ltd.tracker.wandb import Wandb
from tests.lab.wandb_environment import scrubbed_environment
from tests.lab.wandb_log import closed_run, log_files, read_log
from tests.lab.wandb_server import KEY, WandbServer, synced
from tests.tracker.conftest import Environment, curve, describe, log_training, our_lines

LATE = 30.0
"""Seconds more than the limit that a busy machine may take; without the limit W&B would try for 90, or for ever."""


@contextmanager
def refusing() -> Iterator[int]:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield bound.getsockname()[1]


@contextmanager
def silent() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield listening.getsockname()[1]


@contextmanager
def dropping() -> Iterator[int]:
    """A full queue of connections: the kernel drops what comes, as a firewall does."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as listening:
        waiting = [socket.socket() for _ in range(3)]
        for client in waiting:
            client.setblocking(False)
            client.connect_ex(listening.getsockname())
        yield listening.getsockname()[1]
        for client in waiting:
            client.close()


@pytest.mark.parametrize("unreachable", [refusing, silent, dropping])
def test_unreachable_server_costs_the_timeout_and_no_run(
    unreachable: Callable, tmp_path: Path, environment: Environment, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    tracker = Wandb(start_timeout=0.5)
    with unreachable() as port:
        environment(WANDB_API_KEY=KEY, WANDB_BASE_URL=f"http://127.0.0.1:{port}")
        start = time.perf_counter()
        tracker.start(describe(tmp_path))
        seconds = time.perf_counter() - start
        tracker.log({"eval/average": 0.5})
        tracker.finish()
    assert seconds < 0.5 + LATE
    [line] = our_lines(caplog)
    assert "W&B is offline (" in line
    assert f"127.0.0.1:{port}" in line
    assert "wandb sync" in line
    assert closed_run(tmp_path).results() == {"eval/average": 0.5}


@pytest.mark.parametrize(("key", "reason"), [(KEY, "401"), ("short", "API key must have 40")])
def test_refused_key_goes_offline_and_says_so(
    key: str, reason: str, tmp_path: Path, environment: Environment, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    with WandbServer(refuses=True) as server:
        environment(WANDB_API_KEY=key, WANDB_BASE_URL=server.url)
        tracker = Wandb()
        tracker.start(describe(tmp_path))
        tracker.finish()
    [line] = our_lines(caplog)
    assert reason in line
    assert closed_run(tmp_path).exit_code == 0


def lose_the_server(folder: Path, environment: Environment) -> None:
    """A run of three steps whose server goes away after it was started."""
    tracker = Wandb(finish_timeout=1)
    with WandbServer() as server:
        environment(WANDB_API_KEY=KEY, WANDB_BASE_URL=server.url)
        tracker.start(describe(folder))
    log_training(tracker, range(1, 4))
    start = time.perf_counter()
    tracker.finish()
    assert time.perf_counter() - start < 1 + LATE


def test_server_lost_on_the_way_holds_up_the_end_no_longer_than_said(
    tmp_path: Path, environment: Environment, caplog: pytest.LogCaptureFixture
) -> None:
    lose_the_server(tmp_path, environment)
    [line] = our_lines(caplog)
    assert "did not take the whole run within 1 s" in line
    assert closed_run(tmp_path).points("train/loss", over="train/step") == curve(range(1, 4))


@pytest.mark.slow
def test_what_a_lost_server_did_not_take_is_sent_by_the_command_in_the_log(
    tmp_path: Path, environment: Environment, caplog: pytest.LogCaptureFixture
) -> None:
    lose_the_server(tmp_path, environment)
    closed_run(tmp_path)
    received = synced(our_lines(caplog)[0].split("to send it later: ")[1], tmp_path)
    assert received.points("train/loss", over="train/step") == curve(range(1, 4))


SCRIPT = """
from pathlib import Path
from ltd.tracker import RunDescription
from ltd.tracker.wandb import Wandb
tracker = Wandb(start_timeout=1)
tracker.start(RunDescription("id", "name", "group", "train", [], {}, Path("run")))
tracker.log({"train/loss": 1.0}, 1)
"""


END_THE_SERVICE = """
import os, signal, subprocess, time
children = subprocess.run(["pgrep", "-P", str(os.getpid()), "wandb"], capture_output=True, text=True, check=True)
os.kill(int(children.stdout), signal.SIGTERM)
time.sleep(1)
for step in (2, 3):
    tracker.log({"train/loss": 1.0}, step)
tracker.finish()
tracker = Wandb()
tracker.start(RunDescription("second", "name", "group", "train", [], {}, Path("second")))
tracker.log({"train/loss": 1.0}, 1)
tracker.finish()
"""


def test_a_run_and_those_after_it_outlive_a_service_that_is_ended(tmp_path: Path) -> None:
    """As SLURM ends it, whose SIGTERM reaches all processes of a job, while ours writes its checkpoint."""
    command = [sys.executable, "-c", f"{SCRIPT}{END_THE_SERVICE}"]
    environment = scrubbed_environment(tmp_path)
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stderr.count("W&B's own process has ended") == 1
    assert closed_run(tmp_path / "second").points("train/loss", over="train/step") == [(1, 1.0)]


@pytest.mark.slow
def test_terminal_without_a_key_is_never_asked_for_one(tmp_path: Path) -> None:
    terminal, end = pty.openpty()
    try:
        subprocess.run(
            [sys.executable, "-c", f"{SCRIPT}tracker.finish()"],
            cwd=tmp_path,
            env=scrubbed_environment(tmp_path),
            stdin=end,
            stdout=end,
            stderr=end,
            check=True,
            timeout=300,
        )
    finally:
        os.close(end)
        os.close(terminal)
    assert closed_run(tmp_path / "run").exit_code == 0


@pytest.mark.slow
def test_process_without_a_server_ends_at_once(tmp_path: Path) -> None:
    with silent() as port:
        environment = scrubbed_environment(tmp_path, WANDB_API_KEY=KEY, WANDB_BASE_URL=f"http://127.0.0.1:{port}")
        start = time.perf_counter()
        subprocess.run([sys.executable, "-c", f"{SCRIPT}tracker.finish()"], cwd=tmp_path, env=environment, check=True)
    assert time.perf_counter() - start < 1 + LATE


@pytest.mark.slow
def test_killed_run_keeps_all_but_its_last_second(tmp_path: Path) -> None:
    environment = scrubbed_environment(tmp_path)
    script = f"{SCRIPT}import os, signal, time; time.sleep(3); os.kill(os.getpid(), signal.SIGKILL)"
    subprocess.run([sys.executable, "-c", script], cwd=tmp_path, env=environment, check=False)
    [path] = log_files(tmp_path / "run")
    run = read_log(path)
    assert run.points("train/loss", over="train/step") == [(1, 1.0)]
    assert run.exit_code is None
