"""A run's folder: its state is true whatever ends it, and its costs add up over attempts."""

from __future__ import annotations

import errno
import json
import logging
import multiprocessing
import os
import time
from pathlib import Path

import pytest
from hydra.core.hydra_config import HydraConfig
from hydra.types import RunMode
from omegaconf import OmegaConf

from ltd import metering
from ltd.cost import Cost, RunCost, Share
from ltd.metering import count
from ltd.places import PROJECT_ROOT
from ltd.run import RANKS, Run


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


def test_a_disk_that_is_full_does_not_hide_what_has_happened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    def becomes_full() -> None:
        for module in ("ltd.run", "ltd.cost"):
            monkeypatch.setattr(f"{module}.write_json", full)
        raise ValueError("the loss became nan")

    run = Run(tmp_path, "train", "a")
    with pytest.raises(ValueError, match="the loss became nan"), run.recorded({}), run.timed("fine-tune"):
        becomes_full()
    with pytest.raises(OSError, match="No space left"), run.timed("rank"):
        pass  # nothing else has happened: this is what there is to say


def test_the_folder_holds_its_settings_and_its_log_and_no_other(tmp_path: Path) -> None:
    run = Run(tmp_path, "train", "a")
    with run.recorded({"seed": 3, "sampler": {"gamma": 1.5}}):
        logging.getLogger("ltd.anything").warning("inside")
    logging.getLogger("ltd.anything").warning("outside")
    assert (run.folder / "config.yaml").read_text() == "seed: 3\nsampler:\n  gamma: 1.5\n"
    log = (run.folder / "run.log").read_text()
    assert "inside" in log
    assert "outside" not in log


def test_costs_add_up_over_attempts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [0.0]
    monkeypatch.setattr(time, "perf_counter", lambda: clock[0])
    run = Run(tmp_path, "train", "a")
    run.folder.mkdir(parents=True)
    for stage, seconds in (("pool", 2), ("pool", 3), ("choose", 7)):
        with run.timed(stage):
            clock[0] += seconds
    seconds = {stage: cost.seconds for stage, cost in run.cost.stages.items()}
    assert list(seconds.items()) == [("pool", 5), ("choose", 7)]  # in the order they were first met
    with Run(tmp_path, "train", "a").timed("pool"):  # another process
        clock[0] += 11
    assert {stage: cost.seconds for stage, cost in run.cost.stages.items()} == {"pool": 16, "choose": 7}


def test_what_was_shared_is_kept_with_its_cost_over_attempts(tmp_path: Path) -> None:
    """Killed after it had made its points, a run finds them there, and still has paid for them."""
    used = {"points/1": Share(Cost(seconds=5.0), paid=Cost(seconds=5.0))}
    first = Run(tmp_path, "train", "a")
    with pytest.raises(KeyboardInterrupt), first.recorded({}, used), first.timed("choose"):
        raise KeyboardInterrupt
    again = Run(tmp_path, "train", "a")
    with again.recorded({}, {"pool/2": Share(Cost(seconds=7.0))}), again.timed("pool"):
        pass
    assert again.cost.shared == used | {"pool/2": Share(Cost(seconds=7.0))}
    assert again.cost.total_alone.seconds == pytest.approx(again.cost.total.seconds + 7.0, abs=0.01)
    assert json.loads((again.folder / "artefacts.json").read_text()) == ["points/1", "pool/2"]
    again.clear()
    with again.recorded({}), again.timed("pool"):
        pass
    assert list(again.cost.stages) == ["pool"]  # nothing of before it was cleared
    assert again.cost.shared == {}


def test_a_killed_stage_has_kept_what_it_had_cost(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metering, "KEEP_EVERY", 0.0)
    run = Run(tmp_path, "train", "a")
    with run.timed("fine-tune"):
        count(tokens=128)
        assert Run(tmp_path, "train", "a").cost.stages["fine-tune"].tokens == 128
        count(tokens=128)
    assert run.cost.stages["fine-tune"].tokens == 256


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


def test_what_a_killed_attempt_left_half_written_is_removed(tmp_path: Path) -> None:
    run = Run(tmp_path, "train", "a")
    with run.recorded({}):
        pass
    (run.folder / ".map.png.4711").write_bytes(b"half")
    with run.recorded({}):
        assert not list(run.folder.glob(".*"))
    assert (run.folder / "config.yaml").exists()


def test_clearing_leaves_nothing(tmp_path: Path) -> None:
    run = Run(tmp_path, "train", "a")
    with run.recorded({}):
        pass
    run.clear()
    assert run.state is None
    assert not run.folder.exists()


@pytest.mark.parametrize("name", RANKS)
def test_of_processes_that_train_together_one_leads(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The others neither wait for it nor write what it writes."""
    run = Run(tmp_path, "train", "a")
    with run.held(), run.recorded({}):
        monkeypatch.setenv(name, "1")
        assert not run.leads
        with pytest.raises(ValueError, match="theirs"), run.held(), run.recorded({}), run.timed("fine-tune"):
            raise ValueError("theirs")
        assert run.state == "running"
        assert run.cost == RunCost()
        monkeypatch.setenv(name, "0")
    assert run.state == "finished"


def test_who_computes_it_is_known_while_it_does(tmp_path: Path) -> None:
    run = Run(tmp_path, "train", "a")
    with run.held():
        assert run.holder is not None
        assert run.holder.process == os.getpid()
    assert run.holder is None


def test_it_keeps_what_it_used_also_if_it_fails(tmp_path: Path) -> None:
    used: dict[str, Share] = {}
    run = Run(tmp_path, "train", "a")

    def fail() -> None:
        with run.recorded({}, used):
            used["points/1234"] = Share()
            raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        fail()
    assert json.loads((run.folder / "artefacts.json").read_text()) == ["points/1234"]


def invoked(folder: Path, monkeypatch: pytest.MonkeyPatch, mode: RunMode, *overrides: str) -> dict[str, str]:
    """What stands in the status of a run that a script started."""
    hydra = {
        "mode": mode,
        "job": {"name": "train"},
        "overrides": {"task": list(overrides)},
        "sweep": {"dir": "outputs/sweeps/2026"},
    }
    monkeypatch.setattr(HydraConfig, "initialized", lambda: True)
    monkeypatch.setattr(HydraConfig, "get", lambda: OmegaConf.create(hydra))
    run = Run(folder, "train", "a")
    with run.recorded({}):
        pass
    status: dict[str, str] = json.loads((run.folder / "status.json").read_text())
    return status


def test_the_command_goes_on_with_this_run_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    overrides = ("task=[rte,cb]", "+sampler.gamma=3", "force=true")
    status = invoked(tmp_path, monkeypatch, RunMode.RUN, *overrides)
    assert status["command"] == "python train.py 'task=[rte,cb]' +sampler.gamma=3"
    assert status["directory"] == str(Path.cwd())
    assert "sweep" not in status


def test_where_its_data_come_from_and_its_results_go_is_kept_with_the_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("LTD_DATA", raising=False)
    monkeypatch.delenv("LTD_OUTPUTS", raising=False)
    assert invoked(tmp_path, monkeypatch, RunMode.RUN)["environment"] == {}
    monkeypatch.setenv("LTD_DATA", "/a mirror")
    monkeypatch.setenv("LTD_OUTPUTS", "/scratch")
    assert invoked(tmp_path, monkeypatch, RunMode.RUN)["environment"] == {
        "LTD_DATA": "/a mirror",
        "LTD_OUTPUTS": "/scratch",
    }


def test_a_command_given_elsewhere_says_where_the_script_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    status = invoked(tmp_path, monkeypatch, RunMode.RUN, "seed=1")
    assert status["command"] == f"python {PROJECT_ROOT / 'train.py'} seed=1"
    assert status["directory"] == str(tmp_path)


def test_a_torn_status_counts_as_none(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    run = Run(tmp_path, "train", "a")
    with run.recorded({}):
        pass
    (run.folder / "status.json").write_text('{"state": "fini')
    assert run.state is None
    assert "status.json cannot be read" in caplog.text
    with run.recorded({}):
        pass
    assert run.state == "finished"


def test_a_cell_belongs_to_its_sweep_also_when_it_is_made_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    status = invoked(tmp_path, monkeypatch, RunMode.MULTIRUN, "seed=1")
    assert (status["command"], status["sweep"]) == ("python train.py seed=1 group=2026", "2026")
    again = invoked(tmp_path, monkeypatch, RunMode.RUN, "seed=1", "group=2026")
    assert (again["command"], again["sweep"]) == (status["command"], "2026")
