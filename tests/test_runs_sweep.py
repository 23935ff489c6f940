"""A sweep's own list: every job of it, whoever computed its run, and whatever became of it."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from ltd.atomic import write_json
from ltd.runs import find_runs
from ltd.runs.__main__ import main
from ltd.runs.sweep import read_jobs, varied
from ltd.runs.table import WIDTH
from tests.test_runs import make


def overrides(sampler: str, seed: int) -> list[str]:
    return ["task=[rte,cb]", f"sampler={sampler}", f"seed={seed}"]


def note(sweep: Path, number: int, folder: Path, sampler: str, seed: int) -> None:
    """What a job leaves in its sweep's folder when it knows its run."""
    write_json(sweep / f"{number}.run", {"overrides": overrides(sampler, seed), "folder": str(folder)})


def finished(outputs: Path, run_id: str, accuracy: float, **status: Any) -> Path:
    run = make(outputs, run_id, "finished", **status)
    metrics = run.metrics
    metrics["average"] = {"accuracy": accuracy, "standard_error": 0.031}
    write_json(run.folder / "metrics.json", metrics)
    return run.folder


@pytest.fixture
def sweep(tmp_path: Path) -> Path:
    """Two samplers with two seeds: the first run is another sweep's, the third has failed, the fourth never began."""
    folder = tmp_path / "sweeps" / "2026"
    folder.mkdir(parents=True)
    (folder / "multirun.yaml").write_text("hydra:\n  job:\n    name: train\n")
    note(folder, 0, finished(tmp_path, "random-s0-aa", 0.5, sweep="2025"), "random", 0)
    note(folder, 1, finished(tmp_path, "random-s1-bb", 0.6, sweep="2026"), "random", 1)
    failed = make(tmp_path, "kcenter-s0-cc", "failed", error="DataError: no", sweep="2026")
    note(folder, 2, failed.folder, "kcenter", 0)
    (folder / "2.error").write_text("job 2 ('task=[rte,cb]' sampler=kcenter seed=0): no\n")
    (folder / "3.error").write_text("job 3 ('task=[rte,cb]' sampler=kcenter seed=1): it ended without a result\n")
    return folder


def test_its_jobs_come_in_their_order_with_what_became_of_them(sweep: Path) -> None:
    jobs = read_jobs(sweep)
    assert [(job.number, job.record.state) for job in jobs] == [
        (0, "finished"),
        (1, "finished"),
        (2, "failed"),
        (3, "failed"),
    ]
    assert [job.record.reason for job in jobs[2:]] == ["DataError: no", "it ended without a result"]
    assert [job.settings["seed"] for job in jobs] == ["0", "1", "0", "1"]
    assert varied(jobs) == ["sampler", "seed"]


def test_its_runs_are_those_of_its_jobs_also_if_another_sweep_computed_them(sweep: Path) -> None:
    assert [record.run_id for record in find_runs([sweep])] == [
        "random-s0-aa",
        "random-s1-bb",
        "kcenter-s0-cc",
        "job-3",
    ]


def test_a_failed_cell_that_was_made_since_is_no_longer_failed(sweep: Path, tmp_path: Path) -> None:
    (record,) = (record for record in find_runs([sweep]) if record.run_id == "job-3")
    assert record.command == "python train.py 'task=[rte,cb]' sampler=kcenter seed=1 group=2026"
    finished(tmp_path, "kcenter-s1-dd", 0.7, sweep="2026", command=record.command)
    assert [record.state for record in find_runs([sweep])] == ["finished", "finished", "failed", "finished"]


def test_a_job_that_ended_before_it_wrote_anything_is_interrupted(sweep: Path, tmp_path: Path) -> None:
    note(sweep, 4, tmp_path / "train" / "random-s4-ee", "random", 4)
    assert read_jobs(sweep)[-1].record.state == "interrupted"


def test_jobs_that_never_began_are_missed_and_the_command_given(
    sweep: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given = {"stage": "train", "script": "train.py", "command": "python train.py -m 'task=[rte,cb]' seed=0,1,2"}
    write_json(sweep / "sweep.json", {**given, "jobs": 6, "directory": "/clone", "environment": {"LTD_DATA": "/data"}})
    assert main([str(sweep)]) == 0
    lines = capsys.readouterr().out.splitlines()
    at = lines.index("2 of 6 jobs have not begun; if none waits in a queue, the sweep's command again:")
    again = f"LTD_DATA=/data {sys.executable} train.py -m 'task=[rte,cb]' seed=0,1,2"
    assert lines[at + 1] == f"  (cd /clone && {again})"
    (job,) = (record for record in find_runs([sweep]) if record.run_id == "job-3")
    cell = f"{sys.executable} train.py 'task=[rte,cb]' sampler=kcenter seed=1 group=2026"
    assert job.resume == f"(cd /clone && LTD_DATA=/data {cell})"


def test_a_cell_that_failed_in_a_sweep_without_any_record_of_it_is_listed(sweep: Path) -> None:
    (sweep / "multirun.yaml").unlink()  # Optuna's sweeper writes none
    assert [record.state for record in find_runs([sweep])] == ["finished", "finished", "failed", "failed"]


def test_the_table_has_what_varied_and_the_same_over_seeds(sweep: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(sweep)]) == 0
    lines = [line.rstrip() for line in capsys.readouterr().out.splitlines()]
    assert all(
        len(line) <= WIDTH
        for line in lines[: lines.index("2 finished, 2 failed; folders are in " + str(sweep.parents[1] / "train"))]
    )
    rows = [line.split() for line in lines]
    assert ["job", "state", "sampler", "seed", "average", "folder"] in rows
    assert ["0", "finished", "random", "0", "50.0", "±", "3.1", "random-s0-aa"] in rows
    assert ["2", "failed", "kcenter", "0", "kcenter-s0-cc"] in rows
    assert ["3", "failed", "kcenter", "1", "3.error"] in rows
    # of 50 and 60: the mean is 55, and the deviation of either from it, 5, is divided by n - 1 = 1
    assert ["random", "2", "55.0", "7.1", "50.0", "60.0"] in rows


def test_the_table_marks_runs_that_the_cap_on_tokens_ended(
    sweep: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "train" / "random-s1-bb" / "metrics.json"
    write_json(path, json.loads(path.read_text()) | {"training": {"capped": True}})
    main([str(sweep)])
    rows = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert ["1", "finished,", "capped", "random", "1", "60.0", "±", "3.1", "random-s1-bb"] in rows
    assert ["0", "finished", "random", "0", "50.0", "±", "3.1", "random-s0-aa"] in rows
