"""Processes that train one run together: the others wait until the one that leads has come to fine-tuning."""

from __future__ import annotations

import json
import threading
import time
from pathlib import Path

import pytest

from ltd.atomic import write_json
from ltd.run import Run


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """A run that a job of SLURM computes in its third attempt."""
    for name, value in {"JOB_ID": "7", "STEP_ID": "0", "RESTART_COUNT": "2"}.items():
        monkeypatch.setenv(f"SLURM_{name}", value)
    return Run(tmp_path, "train", "a")


def left(run: Run, **status: str) -> None:
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


def test_those_that_it_starts_itself_are_called_at_once(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Lightning starts them when training begins; there is no job then."""
    monkeypatch.delenv("SLURM_JOB_ID")
    with run.recorded({}):
        run.call_others()
        assert run.is_called(force=False)
        assert "attempt" not in json.loads((run.folder / "status.json").read_text())
