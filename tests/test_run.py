"""A run's folder: its state is true whatever ends it, and its costs add up over attempts."""

from __future__ import annotations

import json
import logging
import multiprocessing
import time
from pathlib import Path

import pytest

from ltd.run import Run


def test_the_state_follows_what_happened(tmp_path: Path) -> None:
    run = Run(tmp_path, "train", "a")
    assert run.state is None
    with run.recorded({"seed": 0}):
        assert run.state == "running"
    assert run.state == "finished"


@pytest.mark.parametrize(
    ("error", "state"), [(ValueError("both numbers"), "failed"), (KeyboardInterrupt(), "interrupted")]
)
def test_an_error_is_kept_with_its_message_and_goes_on(tmp_path: Path, error: BaseException, state: str) -> None:
    run = Run(tmp_path, "train", "a")
    with pytest.raises(type(error)), run.recorded({}):
        raise error
    status = json.loads((run.folder / "status.json").read_text())
    assert status["state"] == state
    assert str(error) in status["error"]


def test_the_folder_holds_its_settings_and_its_log_and_no_other(tmp_path: Path) -> None:
    run = Run(tmp_path, "train", "a")
    with run.recorded({"seed": 3, "sampler": {"gamma": 1.5}}):
        logging.getLogger("ltd.anything").warning("inside")
    logging.getLogger("ltd.anything").warning("outside")
    assert (run.folder / "config.yaml").read_text() == "seed: 3\nsampler:\n  gamma: 1.5\n"
    log = (run.folder / "run.log").read_text()
    assert "inside" in log
    assert "outside" not in log


def test_costs_add_up_over_attempts(tmp_path: Path) -> None:
    run = Run(tmp_path, "train", "a")
    run.folder.mkdir(parents=True)
    for _ in range(2):
        with run.timed("pool"):
            time.sleep(0.02)
    with run.timed("choose"):
        pass
    assert list(run.costs) == ["pool", "choose"]  # in the order they were first met
    assert run.costs["pool"] >= 0.04
    assert run.costs["choose"] < run.costs["pool"]


def _hold(outputs: Path, log: Path) -> None:
    with Run(outputs, "train", "a").held():
        with open(log, "a") as file:
            file.write("in ")
        time.sleep(0.2)
        with open(log, "a") as file:
            file.write("out ")


def test_two_processes_never_compute_one_run_together(tmp_path: Path) -> None:
    context = multiprocessing.get_context("fork")
    processes = [context.Process(target=_hold, args=(tmp_path, tmp_path / "log")) for _ in range(2)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert (tmp_path / "log").read_text() == "in out in out "


def test_clearing_leaves_nothing(tmp_path: Path) -> None:
    run = Run(tmp_path, "train", "a")
    with run.recorded({}):
        pass
    run.clear()
    assert run.state is None
    assert not run.folder.exists()
