"""W&B: what is written on disk, and what arrives at a server."""

from __future__ import annotations

import logging
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from ltd.errors import SettingsError
from ltd.tracker.wandb import Wandb
from tests.lab.wandb_environment import scrubbed, scrubbed_environment
from tests.lab.wandb_log import closed_run, log_files, read_log
from tests.lab.wandb_server import ENTITY, KEY, WandbServer, synced
from tests.tracker.conftest import Environment, curve, describe, log_training, our_lines

AXES = dict.fromkeys(("train/*", "train/loss", "train/validation_loss"), "train/step")
RESULTS = {"eval/rte/accuracy": 0.75, "eval/average": 0.625, "budget/examples": 250}


@pytest.fixture(scope="module")
def offline(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two runs open at the same time in one process; the first is interrupted after step 6 and resumed from step 4."""
    home = tmp_path_factory.mktemp("offline")
    with scrubbed(home):
        first, second = Wandb(project="tests"), Wandb(project="tests")
        first.start(describe(home / "first", "first-1"))
        second.start(describe(home / "second", "second-2", stage="evaluate"))
        log_training(first, range(1, 7))
        second.log({"eval/average": 0.5})
        first.finish(succeeded=False)
        second.finish()
        second.finish()  # once more changes nothing
        time.sleep(1.1)  # the order of attempts is in the names of their folders, in seconds
        first = Wandb(project="tests")
        first.start(describe(home / "first", "first-1"))
        log_training(first, range(5, 200))  # more than one block of the file
        first.log(RESULTS)
        first.finish()
    return home


def test_offline_run_is_described_in_full(offline: Path) -> None:
    run = closed_run(offline / "second")
    expected = describe(offline)
    assert (run.run_id, run.project, run.name, run.group) == ("second-2", "tests", "kcenter", "first sweep")
    assert run.job_type == "evaluate"
    assert (run.tags, run.notes) == (tuple(expected.tags), expected.notes)
    assert run.config == expected.settings


def test_curves_are_over_training_steps(offline: Path) -> None:
    run = read_log(log_files(offline / "first")[0])
    assert run.points("train/loss", over="train/step") == curve(range(1, 7))
    assert run.step_metrics == AXES


def test_losses_are_compared_by_their_best_and_by_their_last(tmp_path: Path, environment: Environment) -> None:
    tracker = Wandb(mode="offline")
    tracker.start(describe(tmp_path))
    for step, loss in enumerate([1.0, 0.25, 0.5], start=1):
        tracker.log({"train/loss": loss, "train/lr": loss}, step)
    tracker.log({"eval/average": 0.5})
    tracker.finish()
    results = closed_run(tmp_path).results()
    assert results["train/loss"] == {"min": 0.25, "last": 0.5}
    assert (results["train/lr"], results["eval/average"]) == (0.5, 0.5)


def test_results_are_in_the_summary_and_logged_once(offline: Path) -> None:
    run = read_log(log_files(offline / "first")[-1])
    assert RESULTS.items() <= run.results().items()
    for name in RESULTS:
        assert len(run.points(name, over="_step")) == 1


def test_open_runs_of_one_process_stay_apart(offline: Path) -> None:
    first, second = read_log(log_files(offline / "first")[0]), closed_run(offline / "second")
    assert first.run_id != second.run_id
    assert [set(row) & {"train/loss", "eval/average"} for row in second.history] == [{"eval/average"}]
    assert all("eval/average" not in row for row in first.history)


def test_exit_code_says_whether_the_run_succeeded(offline: Path) -> None:
    assert [read_log(path).exit_code for path in log_files(offline / "first")] == [1, 0]
    assert closed_run(offline / "second").exit_code == 0


def test_resumed_run_keeps_its_id_and_its_axis(offline: Path) -> None:
    before, after = (read_log(path) for path in log_files(offline / "first"))
    assert before.run_id == after.run_id == "first-1"
    assert after.points("train/loss", over="train/step") == curve(range(5, 200))


def test_console_code_and_links_stay_out_of_the_folder(offline: Path) -> None:
    files = [path for path in (offline / "first" / "wandb").rglob("*") if "logs" not in path.parts]
    assert not any(path.is_symlink() for path in files)
    names = {path.name for path in files if path.is_file()}
    assert names == {"run-first-1.wandb", "requirements.txt"}


def test_one_line_says_how_to_sync(
    tmp_path: Path, environment: Environment, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.INFO)
    tracker = Wandb()
    tracker.start(describe(tmp_path / "a run"))
    tracker.finish()
    command = f"wandb sync '{tmp_path}/a run/wandb'"
    assert our_lines(caplog) == [f"W&B is offline (no API key is configured); to send this run later: {command}"]
    assert capfd.readouterr() == ("", "")


def test_environment_decides_unless_the_setting_does(tmp_path: Path, environment: Environment) -> None:
    environment(WANDB_MODE="offline", WANDB_API_KEY=KEY, WANDB_BASE_URL="http://127.0.0.1:9")
    tracker = Wandb()
    tracker.start(describe(tmp_path / "offline"))
    tracker.finish()
    assert closed_run(tmp_path / "offline").exit_code == 0
    tracker = Wandb(mode="disabled")
    tracker.start(describe(tmp_path / "disabled"))
    tracker.log({"eval/average": 1.0})
    tracker.finish()
    assert log_files(tmp_path / "disabled") == []


def test_long_tags_are_cut(tmp_path: Path, environment: Environment) -> None:
    tracker = Wandb(mode="offline")
    tracker.start(replace(describe(tmp_path), tags=["x" * 100]))
    tracker.finish()
    assert closed_run(tmp_path).tags == ("x" * 64,)


def test_mistakes_are_told_in_one_line(tmp_path: Path, environment: Environment) -> None:
    with pytest.raises(SettingsError, match=r"tracker.mode: there is no W&B mode 'ofline' .*; valid: disabled, offl"):
        Wandb(mode="ofline").start(describe(tmp_path))
    with pytest.raises(SettingsError, match=r"no W&B key is configured: run `wandb login`, set WANDB_API_KEY, or use"):
        Wandb(mode="online").start(describe(tmp_path))
    with pytest.raises(SettingsError, match=r"W&B does not accept this run: Invalid project name 'a/b'"):
        Wandb(project="a/b").start(describe(tmp_path))
    environment(WANDB_MODE="on")
    with pytest.raises(SettingsError, match=r"WANDB_MODE: there is no W&B mode 'on'"):
        Wandb().start(describe(tmp_path))


def test_online_run_arrives(tmp_path: Path, environment: Environment, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    with WandbServer() as server:
        environment(WANDB_API_KEY=KEY, WANDB_BASE_URL=server.url)
        first = Wandb()
        first.start(describe(tmp_path))
        log_training(first, range(1, 7))
        first.finish(succeeded=False)
        failed = server.runs["kcenter-1234abcd"].exit_code
        resumed = Wandb()
        resumed.start(describe(tmp_path))
        log_training(resumed, range(5, 10))
        resumed.log(RESULTS)
        resumed.finish()
    assert our_lines(caplog)[0] == f"W&B: {server.url}/{ENTITY}/ltd/runs/kcenter-1234abcd"
    [run] = server.runs.values()
    expected = describe(tmp_path)
    assert (run.project, run.name, run.group, run.job_type) == ("ltd", "kcenter", "first sweep", "train")
    assert (run.tags, run.notes, run.config) == (tuple(expected.tags), expected.notes, expected.settings)
    assert run.points("train/loss", over="train/step") == curve(range(1, 7)) + curve(range(5, 10))
    assert [row["_step"] for row in run.history] == list(range(12))
    assert run.step_metrics == AXES
    assert RESULTS.items() <= run.results().items()
    assert (failed, run.exit_code) == (1, 0)
    assert server.unknown == []


def test_key_in_a_netrc_file_is_found(tmp_path: Path, environment: Environment) -> None:
    with WandbServer() as server:
        netrc = tmp_path / "netrc"
        netrc.write_text(f"machine {server.url.removeprefix('http://')}\n  login user\n  password {KEY}\n")
        netrc.chmod(0o600)
        environment(WANDB_BASE_URL=server.url)
        tracker = Wandb(entity="team")
        tracker.start(describe(tmp_path))
        tracker.finish()
    assert list(server.runs) == ["kcenter-1234abcd"]


@pytest.mark.slow
def test_attempts_of_an_offline_run_sync_to_one_run_in_order(offline: Path) -> None:
    run = synced(f"wandb sync {offline}/first/wandb", offline)  # as the log says, test_one_line_says_how_to_sync
    assert run.points("train/loss", over="train/step") == curve(range(1, 7)) + curve(range(5, 200))
    assert RESULTS.items() <= run.results().items()
    assert run.exit_code == 0


def test_importing_the_tracker_does_not_import_wandb(tmp_path: Path) -> None:
    code = "import sys, ltd.tracker.wandb; sys.exit('wandb' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True, env=scrubbed_environment(tmp_path))
