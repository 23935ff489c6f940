"""The list of runs: its states are true, its commands go on, and it fits the screen."""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from ltd.atomic import write_json
from ltd.lock import Owner
from ltd.run import Run
from ltd.runs import find_runs
from ltd.runs.__main__ import main
from ltd.runs.table import WIDTH
from tests.test_lock import write

SETTINGS = {
    "sampler": {"_target_": "ltd.sampler.kcenter.KCenter"},
    "instruction_mode": {"_target_": "ltd.instruction_mode.multi.Multi"},
    "model": {"_target_": "ltd.model.tiny.Tiny", "name": "tiny"},
    "fraction": 0.005,
    "budget": None,
    "budget_unit": "examples",
    "seed": 3,
}
COMMAND = "python train.py sampler=kcenter 'task=[rte,cb]'"
CALLED = COMMAND.replace("python", sys.executable)


def make(outputs: Path, run_id: str, state: str, settings: dict[str, Any] = SETTINGS, **status: Any) -> Run:
    """A run's folder as a script leaves it."""
    run = Run(outputs, "train", run_id)
    with run.recorded(settings):
        write_json(run.folder / "metrics.json", {"settings": settings, "average": {"accuracy": 0.5417}})
    kept = json.loads((run.folder / "status.json").read_text())
    write_json(run.folder / "status.json", kept | {"state": state, "command": COMMAND} | status)
    return run


def state_of(run: Run) -> tuple[str, str]:
    (record,) = find_runs([run.folder])
    return record.state, record.reason


def test_a_finished_run_has_its_settings_and_its_average(tmp_path: Path) -> None:
    make(tmp_path, "kcenter-1234abcd", "finished")
    (record,) = find_runs([tmp_path])
    assert (record.run_id, record.stage, record.state, record.reason) == ("kcenter-1234abcd", "train", "finished", "")
    assert (record.sampler, record.mode, record.model) == ("kcenter", "multi", "tiny")
    assert (record.budget, record.seed, record.average) == ("0.005", 3, 0.5417)


def test_a_finished_run_keeps_its_stage_wherever_its_folder_is_copied(tmp_path: Path) -> None:
    run = make(tmp_path, "a", "finished")
    write_json(run.folder / "metrics.json", run.metrics | {"stage": "evaluate"})
    copied = run.folder.rename(tmp_path / "copies")
    assert [record.stage for record in find_runs([copied])] == ["evaluate"]


def test_a_failed_run_has_its_reason_and_no_average(tmp_path: Path) -> None:
    make(tmp_path, "a", "failed", error="TrainingError: the loss is not finite")
    (record,) = find_runs([tmp_path])
    assert (record.state, record.reason, record.average) == ("failed", "TrainingError: the loss is not finite", None)


def test_a_run_whose_process_is_gone_is_interrupted(tmp_path: Path) -> None:
    run = make(tmp_path, "a", "running", host="node7", process=4711)
    gone = ("interrupted", "process 4711 on node7 is gone")
    assert state_of(run) == gone
    with run.held():
        assert state_of(run) == ("running", "")
    lock = run.folder.with_name(".a.lock")
    write(lock, replace(Owner.here(), started="1"))
    assert state_of(run) == gone
    write(lock, replace(Owner.here(), host="node7"))
    assert state_of(run) == ("running", "")
    write(lock, replace(Owner.here(), host="node7"), age=600)
    assert state_of(run) == gone


def test_a_run_that_only_evaluates_has_no_sampler(tmp_path: Path) -> None:
    make(tmp_path, "a", "finished", settings={"model": SETTINGS["model"], "seed": 0})
    (record,) = find_runs([tmp_path])
    assert (record.sampler, record.mode, record.budget, record.model) == (None, None, None, "tiny")


def test_any_folder_may_be_named_and_each_run_comes_once(tmp_path: Path) -> None:
    one, two = make(tmp_path, "one", "finished"), make(tmp_path, "two", "finished", sweep="2026")
    sweep = tmp_path / "sweeps" / "2026"
    sweep.mkdir(parents=True)
    for places, ids in (
        ([tmp_path], ["one", "two"]),
        ([tmp_path / "train"], ["one", "two"]),
        ([one.folder], ["one"]),
        ([one.folder, two.folder, tmp_path], ["one", "two"]),
        ([sweep], ["two"]),
    ):
        assert [record.run_id for record in find_runs(places)] == ids


def test_a_run_that_cannot_be_read_has_failed_and_does_not_hide_the_others(tmp_path: Path) -> None:
    make(tmp_path, "one", "finished")
    (make(tmp_path, "three", "failed").folder / "config.yaml").unlink()
    (make(tmp_path, "torn", "finished").folder / "metrics.json").write_text('{"settings": {"se')
    (make(tmp_path, "torn-status", "finished").folder / "status.json").write_text("[]")
    records = {record.run_id: record for record in find_runs([tmp_path])}
    states = {run_id: record.state for run_id, record in records.items()}
    assert states == {"one": "finished", "three": "failed", "torn": "failed", "torn-status": "failed"}
    assert records["three"].reason.startswith("its files cannot be read (FileNotFoundError: ")
    assert records["torn"].reason.startswith("its files cannot be read (JSONDecodeError: ")
    # As it says of itself that it is finished, it would not be done again.
    assert (records["three"].command, records["torn"].command) == (COMMAND, f"{COMMAND} force=true")
    assert records["torn-status"].command is None
    with Run(tmp_path, "train", "torn").held():  # as when it is done again
        assert state_of(Run(tmp_path, "train", "torn")) == ("running", "")


def sweep_with_errors(outputs: Path, name: str = "2026") -> Path:
    """A sweep of three cells: one failed before it had a folder, one failed in its own, and one finished."""
    sweep = outputs / "sweeps" / name
    sweep.mkdir(parents=True)
    (sweep / "multirun.yaml").write_text("hydra:\n  job:\n    name: select\n")
    (sweep / "0.error").write_text("job 0 (sampler=random seed=-1): seed=-1 must not be negative (at all)\n")
    (sweep / "1.error").write_text("job 1 (sampler=random seed=1): no\n")
    command = f"python select.py sampler=random seed={{}} group={name}"
    make(outputs, "one", "failed", error="DataError: no", sweep=name, command=command.format(1))
    make(outputs, "two", "finished", sweep=name, command=command.format(2))
    return sweep


def test_a_cell_that_failed_before_it_had_a_folder_is_not_lost(tmp_path: Path) -> None:
    records = find_runs([sweep_with_errors(tmp_path)])
    assert [(record.run_id, record.state) for record in records] == [
        ("job-0", "failed"),
        ("one", "failed"),
        ("two", "finished"),
    ]
    assert records[0].reason == "seed=-1 must not be negative (at all)"
    assert records[0].command == "python select.py sampler=random seed=-1 group=2026"


def test_such_a_cell_is_listed_with_all_runs_until_it_has_one(tmp_path: Path) -> None:
    sweep_with_errors(tmp_path)

    def listed() -> list[tuple[str, str]]:
        return [(record.run_id, record.state) for record in find_runs([tmp_path])]

    runs = [("one", "failed"), ("two", "finished")]
    assert listed() == [*runs, ("job-0", "failed")]
    again = sweep_with_errors(tmp_path, "2027")  # the same command again, which ends in the same way
    assert listed() == [*runs, ("job-0", "failed")]
    assert [record.sweep for record in find_runs([tmp_path])][-1] == again.name
    make(tmp_path, "other-stage", "finished", command="python train.py sampler=random seed=-1")
    assert len(listed()) == 4
    make(tmp_path, "made-since", "finished", command="python select.py seed=-1 sampler=random group=2028")
    assert [state for run_id, state in listed() if run_id.startswith("job")] == []


def test_what_failed_is_done_again_by_a_shell_that_finds_no_python(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    elsewhere = tmp_path / "else where"
    elsewhere.mkdir()
    show = "import os, sys; open('seen', 'a').write(repr([sys.argv[1:], os.environ['LTD_DATA']]))"
    (elsewhere / "show.py").write_text(show)
    noted = {"directory": str(elsewhere), "environment": {"LTD_DATA": "/a mirror"}}
    make(tmp_path, "a", "failed", error="no", command="python show.py 'task=[rte,cb]' seed=1", **noted)
    assert main(["--failed", "--commands", str(tmp_path)]) == 0
    subprocess.run(["/bin/sh"], input=capsys.readouterr().out, env={"PATH": "/nowhere"}, text=True, check=True)
    assert (elsewhere / "seen").read_text() == repr([["task=[rte,cb]", "seed=1"], "/a mirror"])


def test_the_table_fits_and_names_what_to_do(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    an_hour_ago = (datetime.now(UTC) - timedelta(minutes=61)).isoformat()
    make(tmp_path, "kcenter-1234abcd", "finished", at=an_hour_ago)
    make(tmp_path, "b", "interrupted", error="KeyboardInterrupt: ", at=an_hour_ago)
    assert main([str(tmp_path)]) == 0
    lines = capsys.readouterr().out.splitlines()
    table = lines[: lines.index("1 finished, 1 interrupted")]
    assert all(len(line) <= WIDTH for line in table)
    assert [line.split() for line in table[2:]] == [
        ["train", "interrupted", "kcenter", "multi", "0.005", "tiny", "3", "1", "h", "b"],
        ["train", "finished", "kcenter", "multi", "0.005", "tiny", "3", "54.2", "1", "h", "1234abcd"],
    ]
    assert lines[-3:] == [
        f"interrupted: {tmp_path}/train/b",
        "  KeyboardInterrupt: ",
        f"  {CALLED}",
    ]


def test_what_failed_can_be_had_alone_as_commands_and_as_json(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    make(tmp_path, "a", "finished")
    make(tmp_path, "b", "failed", error="DataError: no", directory="/elsewhere")
    assert main(["--failed", "--commands", str(tmp_path)]) == 0
    # A command must not read the list that follows it, which is the shell's standard input.
    assert capsys.readouterr().out == f"(cd /elsewhere && {CALLED}) </dev/null\n"
    assert main(["--failed", "--json", str(tmp_path)]) == 0
    (row,) = json.loads(capsys.readouterr().out)
    assert (row["run_id"], row["state"], row["seed"]) == ("b", "failed", 3)
    assert shlex.split(row["command"])[-1] == "task=[rte,cb]"
    assert row["resume"] == f"(cd /elsewhere && {CALLED})"


def test_errors_are_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(tmp_path / "none")]) == 2
    assert capsys.readouterr().err == f"error: there is no folder {tmp_path / 'none'}\n"
    assert main([str(tmp_path)]) == 0
    assert capsys.readouterr().out == "no runs\n"
