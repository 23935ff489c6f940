"""Sweeps on a real SLURM: whatever happens to a job, each run has one folder, and ends as an unbroken one does."""

from __future__ import annotations

from pathlib import Path

import pytest

from ltd.runs import find_runs
from tests.lab.wandb_log import log_files, read_log
from tests.slurm.conftest import (
    LONG,
    Slurm,
    assert_same_weights,
    ended,
    killed,
    logs,
    metrics,
    restarts,
    runs,
    training,
    unbroken,
    until,
    wake,
)

pytestmark = pytest.mark.slurm

TWO = ("sampler=random", "seed=0,1")


def test_all_jobs_finish_as_on_one_machine_and_share_their_work(slurm: Slurm, tmp_path: Path) -> None:
    code, errors = ended(slurm.sweep(tmp_path / "slurm", *TWO))
    assert code == 0, errors
    assert metrics(tmp_path / "slurm") == unbroken(tmp_path / "here", *TWO)
    for kind, count in {"pool": 1, "ranked": 2}.items():  # two tasks
        assert len(list((tmp_path / "slurm" / "cache" / kind).glob("*/manifest.json"))) == count
    assert not list((tmp_path / "slurm").glob("**/*.lock*"))


def test_one_job_that_raises_is_named_and_the_others_finish(slurm: Slurm, tmp_path: Path) -> None:
    code, errors = ended(slurm.sweep(tmp_path, "sampler=random", "fraction=0.04,1e-08"))
    assert code == 2
    assert errors.splitlines()[-1].endswith(
        "fraction=1e-08 of a pool of 496 prompts comes to no example; the smallest that gives one is 0.002, "
        "and 0 means no fine-tuning"
    )
    for places in (tmp_path.glob("sweeps/*"), [tmp_path]):
        found = find_runs(places)
        assert [(record.budget, record.state) for record in found] == [("0.04", "finished"), (None, "failed")]
        assert "fraction=1e-08" in found[1].reason


def test_a_cancelled_job_is_told_and_the_same_command_goes_on(
    slurm: Slurm, tmp_path: Path, whole: dict[str, str]
) -> None:
    sweep = slurm.sweep(tmp_path, *LONG)
    slurm.ask("scancel", training(slurm, tmp_path, sweep))
    killed(tmp_path, sweep)
    code, errors = ended(sweep)
    assert code == 2
    assert "job 0 (" in errors.splitlines()[-1]
    assert "): it ended without a result (CANCELLED" in errors.splitlines()[-1]
    assert [record.state for record in find_runs([tmp_path])] == ["interrupted"]
    code, errors = ended(slurm.sweep(tmp_path, *LONG))
    assert code == 0, errors
    assert (metrics(tmp_path), len(runs(tmp_path))) == (whole, 1)


def test_a_job_at_its_time_limit_is_requeued_and_goes_on(slurm: Slurm, tmp_path: Path, whole: dict[str, str]) -> None:
    # Of jobs this short, submitit takes every signal for one at the time limit.
    limits = ("hydra.launcher.timeout_min=10", "hydra.launcher.max_num_timeout=3")
    sweep = slurm.sweep(tmp_path, *LONG, *limits, "tracker=wandb", "tracker.mode=offline")
    job = training(slurm, tmp_path, sweep)
    minutes = int(slurm.ask("squeue", "--noheader", f"--jobs={job}", "--format=%M").split(":")[-2])
    slurm.ask("scontrol", "update", f"JobId={job}", f"TimeLimit={minutes + 1}")
    until(lambda: "yes" if "this job is timed-out" in logs(tmp_path) else "", sweep)
    slurm.ask("scontrol", "update", f"JobId={job}", "TimeLimit=60")
    code, errors = ended(sweep)
    assert code == 0, errors
    assert (metrics(tmp_path), len(runs(tmp_path)), restarts(tmp_path)) == (whole, 1, 1)
    assert "(2 remaining timeouts)" in logs(tmp_path, "out")
    assert "SIGUSR2: a checkpoint holds all " in logs(tmp_path)
    (name,) = runs(tmp_path)
    attempts = [read_log(file) for file in log_files(tmp_path / "train" / name)]
    assert [attempt.run_id for attempt in attempts] == [name, name]  # one run of W&B, in the file of each attempt
    first, second = ([step for step, _ in attempt.points("train/loss", over="train/step")] for attempt in attempts)
    assert first[0] == 1 < second[0]  # it went on


@pytest.mark.slow
def test_a_job_requeued_by_hand_goes_on(slurm: Slurm, tmp_path: Path, whole: dict[str, str]) -> None:
    sweep = slurm.sweep(tmp_path, *LONG)
    slurm.ask("scontrol", "requeue", training(slurm, tmp_path, sweep))
    killed(tmp_path, sweep)
    code, errors = ended(sweep)
    assert code == 0, errors
    assert (metrics(tmp_path), len(runs(tmp_path)), restarts(tmp_path)) == (whole, 1, 1)


@pytest.mark.slow
def test_two_sweeps_that_share_runs_compute_each_once(slurm: Slurm, tmp_path: Path) -> None:
    sweeps = [slurm.sweep(tmp_path / "slurm", *TWO) for _ in range(2)]
    assert [ended(sweep)[0] for sweep in sweeps] == [0, 0]
    assert metrics(tmp_path / "slurm") == unbroken(tmp_path / "here", *TWO)
    assert logs(tmp_path / "slurm").count("this run was finished before") == 2


TOGETHER = (
    "trainer.strategy=ddp",
    "trainer.devices=2",
    "hydra.launcher.tasks_per_node=2",
    "hydra.launcher.gpus_per_node=0",
)


def test_two_processes_fine_tune_one_run(slurm: Slurm, tmp_path: Path) -> None:
    """Only the first chooses, ranks, tracks and writes; what they learn is what one process does."""
    alone = ("sampler=random", "trainer=gpu", "trainer.accelerator=cpu", "trainer.epochs=10")
    code, errors = ended(slurm.sweep(tmp_path / "two", *alone, "trainer=ddp", *TOGETHER))
    assert code == 0, errors
    unbroken(tmp_path / "one", *alone)
    assert_same_weights(tmp_path / "two", tmp_path / "one")
    one, two = (next((tmp_path / outputs / "train").glob("random-*")) for outputs in ("one", "two"))
    assert {file.name for file in two.iterdir()} == {file.name for file in one.iterdir()}
    assert not list((tmp_path / "two").glob("**/*.lock*"))
    first, second = (file.read_text() for file in sorted(tmp_path.glob("two/sweeps/*/.submitit/*/*_log.err")))
    for word in ("pool: ", "leakage gate: ", "before fragments_two_way: ", "fine-tune: ", "after fragments_two_way: "):
        assert word in first
        assert word not in second


@pytest.mark.slow
def test_two_processes_are_requeued_and_go_on(slurm: Slurm, tmp_path: Path, whole_outputs: Path) -> None:
    sweep = slurm.sweep(tmp_path, *LONG, *TOGETHER)
    slurm.ask("scancel", "--signal=USR2", training(slurm, tmp_path, sweep))
    wake(tmp_path)
    code, errors = ended(sweep)
    assert code == 0, errors
    assert "SIGUSR2: a checkpoint holds all " in logs(tmp_path)
    assert_same_weights(tmp_path, whole_outputs)


@pytest.mark.slow
def test_two_processes_requeued_by_hand_end_as_two_that_nothing_disturbed(slurm: Slurm, tmp_path: Path) -> None:
    code, errors = ended(slurm.sweep(tmp_path / "whole", *LONG, *TOGETHER))
    assert code == 0, errors
    sweep = slurm.sweep(tmp_path / "requeued", *LONG, *TOGETHER)
    slurm.ask("scontrol", "requeue", training(slurm, tmp_path / "requeued", sweep))
    killed(tmp_path / "requeued", sweep)
    code, errors = ended(sweep)
    assert code == 0, errors
    assert metrics(tmp_path / "requeued") == metrics(tmp_path / "whole")  # of two sums no order changes the total
    assert restarts(tmp_path / "requeued") == 1
