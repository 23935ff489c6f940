"""Processes that train one run together: the others wait until the one that leads has come to fine-tuning."""

from __future__ import annotations

import json
import os
import socket
import threading
import time
from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace

import pytest
from hydra.core.hydra_config import HydraConfig
from hydra.types import RunMode

from ltd.atomic import write_json
from ltd.errors import SettingsError
from ltd.run import Run, check_multirun


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """A run that a job of SLURM computes in its third attempt."""
    for name, value in {"JOB_ID": "7", "STEP_ID": "0", "RESTART_COUNT": "2"}.items():
        monkeypatch.setenv(f"SLURM_{name}", value)
    return Run(tmp_path, "train", "a")


def left(run: Run, **status: str | int) -> None:
    """What stands in the folder when the others come to look."""
    write_json(run.folder / "status.json", status)


def waits(run: Run, force: bool = False) -> threading.Thread:
    """Another process that has come, and is seen to wait."""
    other = threading.Thread(target=run.is_called, args=(force,), daemon=True)
    other.start()
    time.sleep(0.7)  # more than a look
    assert other.is_alive()
    return other


def test_they_are_called(run: Run) -> None:
    with run.recorded({}):
        other = waits(run)
        run.call_others()
        other.join(timeout=120)
        assert not other.is_alive()
        assert run.is_called(force=False)
    assert json.loads((run.folder / "status.json").read_text())["attempt"] == "7.0.2"


def test_they_are_not_called_by_an_earlier_attempt_or_another_job(run: Run) -> None:
    left(run, state="running", called="fine-tune", attempt="7.0.1")
    other = waits(run)
    left(run, state="running", called="fine-tune", attempt="8.0.2")
    time.sleep(0.7)
    assert other.is_alive()
    left(run, state="failed", attempt="7.0.2")
    other.join(timeout=120)
    assert not other.is_alive()


@pytest.mark.parametrize("state", ["failed", "interrupted", "finished"])
def test_they_leave_if_it_ends_without_them(run: Run, state: str) -> None:
    left(run, state=state, attempt="7.0.2")
    assert not run.is_called(force=False)


def test_they_leave_if_another_command_has_finished_it_unless_it_is_done_again(run: Run) -> None:
    left(run, state="finished")
    assert not run.is_called(force=False)
    other = waits(run, force=True)
    left(run, state="running", called="fine-tune", attempt="7.0.2")
    other.join(timeout=120)
    assert not other.is_alive()


@pytest.mark.parametrize("state", ["failed", "interrupted"])
def test_those_that_it_starts_itself_leave_if_it_ends(run: Run, state: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not at the end of an earlier attempt, which another process has written."""
    monkeypatch.delenv("SLURM_JOB_ID")
    left(run, state=state, host=socket.gethostname(), process=os.getpid())
    other = waits(run)
    left(run, state=state, host=socket.gethostname(), process=os.getppid())
    other.join(timeout=120)
    assert not other.is_alive()


@pytest.mark.parametrize(
    ("mode", "tasks", "devices", "refused"),
    [
        (RunMode.MULTIRUN, None, 2, True),
        (RunMode.MULTIRUN, None, 1, False),
        (RunMode.MULTIRUN, "2", 2, False),
        (RunMode.RUN, None, 2, False),
    ],
)
def test_only_slurm_starts_several_processes_for_each_run_of_a_multirun(
    mode: RunMode, tasks: str | None, devices: int, refused: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SLURM_NTASKS", raising=False)
    if tasks is not None:
        monkeypatch.setenv("SLURM_NTASKS", tasks)
    monkeypatch.setattr(HydraConfig, "initialized", lambda: True)
    monkeypatch.setattr(HydraConfig, "get", lambda: SimpleNamespace(mode=mode))
    message = (
        r"^2 devices in a multirun need hydra/launcher=slurm with hydra\.launcher\.tasks_per_node=2, or one command"
    )
    with pytest.raises(SettingsError, match=message) if refused else nullcontext():
        check_multirun({"devices": devices, "num_nodes": 1})


def test_those_that_it_starts_itself_are_called_at_once(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Lightning starts them when training begins; there is no job then."""
    monkeypatch.delenv("SLURM_JOB_ID")
    with run.recorded({}):
        run.call_others()
        assert run.is_called(force=False)
        assert "attempt" not in json.loads((run.folder / "status.json").read_text())
