"""Arms: never over more than the seed; and runs of which something is missing do not hide the others."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from ltd.errors import DataError
from ltd.report.arms import read_runs

Write = Callable[..., Path]


def names(place: Path) -> list[str]:
    return [arm.name for arm in read_runs([place]).arms]


def test_runs_that_differ_in_the_seed_alone_are_one_arm(write: Write, tmp_path: Path) -> None:
    for seed in (2, 0, 1):
        write(seed=seed)
    (arm,) = read_runs([tmp_path]).arms
    assert (arm.name, arm.sampler, arm.mode, arm.model, arm.budget_word) == (
        "random",
        "random",
        "multi",
        "tiny",
        "0.5%",
    )
    assert arm.seeds == (0, 1, 2)
    assert (arm.examples, arm.tokens, arm.fraction) == (5, 50, 0.005)
    assert "seed" not in arm.settings


@pytest.mark.parametrize(
    "change",
    [
        {"fraction": 0.01},
        {"sampler": "kcenter"},
        {"mode": "fixed"},
        {"trainer": {"epochs": 2.0}},
        {"model": {"_target_": "ltd.model.tiny.Tiny", "name": "tiny", "lr": 0.1}},
        {"separator": "\n"},
        {"manifest": {"pool_fingerprint": "another"}},
        {"tasks": {"fragments_two_way": 21}},
        {"templates": ("two",)},
        {"sampler": "random", "fraction": 0.005, "budget": 5},
    ],
    ids=str,
)
def test_runs_that_differ_in_more_than_the_seed_are_never_one_arm(write: Write, tmp_path: Path, change: dict) -> None:
    write(seed=0)
    write(seed=1, **change)
    arms = read_runs([tmp_path]).arms
    assert [len(arm.runs) for arm in arms] == [1, 1]
    assert len({arm.name for arm in arms}) == 2


@pytest.mark.parametrize(
    "change",
    [
        {"force": True, "outputs": "/elsewhere", "group": "g", "tracker": {"_target_": "x.y.Z"}},
        {"trainer": {"accelerator": "gpu", "devices": 8, "num_nodes": 2, "strategy": "ddp", "epochs": 1.0}},
        {"trainer": {"tokens_per_batch": 64, "compile": True, "gradient_checkpointing": True, "epochs": 1.0}},
    ],
    ids=["bookkeeping", "devices", "memory"],
)
def test_where_a_run_is_computed_and_kept_makes_no_arm(write: Write, tmp_path: Path, change: dict) -> None:
    write(seed=0)
    write(seed=1, **change)
    assert len(read_runs([tmp_path]).arms) == 1


def test_another_model_in_the_same_folder_is_another_arm_and_the_same_one_elsewhere_is_not(
    write: Write, tmp_path: Path
) -> None:
    option = {"_target_": "ltd.model.causal_lm.CausalLM", "name": None}
    for seed, (path, content) in enumerate([("/here/mine", "a"), ("there/mine", "a"), ("/here/mine", "b")]):
        write(seed=seed, model=option | {"path": path}, metrics={"model": content})
    arms = read_runs([tmp_path]).arms
    assert [arm.seeds for arm in arms] == [(0, 1), (2,)]
    assert {arm.model for arm in arms} == {"mine"}


def test_a_samplers_seed_of_its_own_is_a_difference(write: Write, tmp_path: Path) -> None:
    target = "ltd.sampler.random.Random"
    for seed in (0, 1):
        write(seed=seed)
        folder = write(seed=seed)
        metrics = json.loads((folder / "metrics.json").read_text())
        metrics["settings"]["sampler"] = {"_target_": target, "seed": 7}
        (folder / "metrics.json").write_text(json.dumps(metrics))
    arms = read_runs([tmp_path]).arms
    assert sorted(arm.seeds for arm in arms) == [(0, 1), (0, 1)]
    assert sorted(arm.name for arm in arms) == ["random sampler.seed=7", "random sampler.seed=the run's"]


def test_without_training_nothing_that_chooses_makes_an_arm(write: Write, tmp_path: Path) -> None:
    write(seed=0, fraction=0.0, sampler="kcenter")
    write(seed=1, fraction=0.0, sampler="random", mode="fixed")
    (arm,) = read_runs([tmp_path]).arms
    assert arm.is_untrained
    assert (arm.name, arm.sampler, arm.budget_word) == ("vanilla", None, "")


def test_names_have_what_differs(write: Write, tmp_path: Path) -> None:
    write(fraction=0.005)
    write(fraction=0.01)
    write(fraction=0.01, sampler="kcenter", mode="fixed")
    write(fraction=1.0, sampler="all")
    write(fraction=1.0, sampler="all", pool={"_target_": "ltd.pool.p3.P3", "name": "p3", "related": ["*"]})
    write(fraction=0.01, separator="\n")
    assert sorted(names(tmp_path)) == [
        "all related",
        "kcenter 1% fixed",
        "random 0.5%",
        "random 1% separator=' '",
        "random 1% separator='\\n'",
        "whole pool",
    ]


def test_outcomes_by_score_and_template(write: Write, tmp_path: Path) -> None:
    tasks = {"a": 4, "b": 3}
    right = [[bool(number % (2 + seed)) for number in range(14)] for seed in (0, 1)]
    for seed in (0, 1):
        write(right[seed], seed=seed, tasks=tasks, templates=("one", "two"))
    (arm,) = read_runs([tmp_path]).arms
    found = arm.outcomes()
    assert found.correct.tolist() == right
    assert found.seeds == (0, 1)
    assert found.tasks.tolist() == [0] * 8 + [1] * 6
    assert arm.outcomes("mean").correct.tolist() == right  # choices of one token: the same
    kept = [0, 1, 2, 3, 8, 9, 10]
    one = arm.outcomes(template="one")
    assert one.correct.tolist() == np.array(right)[:, kept].tolist()
    assert {template for _, template, _ in one.questions} == {"one"}


def test_scores_are_those_of_the_run(write: Write, tmp_path: Path) -> None:
    folder = write(0.5)
    (arm,) = read_runs([tmp_path]).arms
    metrics = json.loads((folder / "metrics.json").read_text())
    for score in arm.runs[0].scores("pmi"):
        assert score.accuracy == metrics["tasks"][score.task]["variants"]["pmi"]["accuracy"]
    before = arm.runs[0].before
    assert before is not None
    assert before.is_untrained and not arm.is_untrained
    assert before.answers.correct().sum() == 0
    assert before.before is None


def test_a_run_that_cannot_be_read_or_is_there_twice_hides_no_other(
    write: Write, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    write(seed=0)
    broken = write(seed=1)
    (broken / "predictions.parquet").write_text("no")
    failed = write(seed=2, status={"state": "failed", "error": "ValueError: no"})
    copied = tmp_path / "copy" / "train" / "again"
    copied.mkdir(parents=True)
    for file in (tmp_path / "train").glob("*-s0/*"):
        (copied / file.name).write_bytes(file.read_bytes())
    found = read_runs([tmp_path, tmp_path / "copy"])
    assert [arm.seeds for arm in found.arms] == [(0,)]
    assert list(found.unreadable) == [broken]
    assert [record.folder for record in found.unfinished] == [str(failed)]
    assert found.repeated == (copied,)
    assert "no readable predictions" in caplog.text


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("selection.json", None, "selection.json is missing"),
        ("selection.json", "[]", "selection.json cannot be read"),
        ("selection.json", '{"examples": 5}', "KeyError: 'pool_fingerprint'"),
        ("cost.json", '{"sta', "cost.json cannot be read"),
    ],
)
def test_a_run_whose_choice_is_not_known_is_no_vanilla(
    write: Write, tmp_path: Path, name: str, content: str | None, reason: str
) -> None:
    write(seed=0)
    broken = write(seed=1, sampler="kcenter")
    (broken / name).unlink() if content is None else (broken / name).write_text(content)
    found = read_runs([tmp_path])
    assert [(arm.name, arm.seeds) for arm in found.arms] == [("random", (0,))]
    assert reason in found.unreadable[broken]


def test_two_runs_of_one_arm_and_seed_are_counted_once_and_told(write: Write, tmp_path: Path) -> None:
    first = write([True] * 32, seed=0)
    write(seed=1)
    second = write([False] * 32, seed=0, force=True)
    found = read_runs([tmp_path])
    (arm,) = found.arms
    assert arm.folders[0] == first
    assert [(one.folder, other.folder) for one, other in found.rivals] == [(second, first)]
    assert not found.rivals[0][0].answers.is_alike(found.rivals[0][1].answers)


def test_a_run_counts_wherever_it_was_copied_to(write: Write, tmp_path: Path) -> None:
    write(seed=0)
    (tmp_path / "train").rename(tmp_path / "one")
    assert [arm.seeds for arm in read_runs([tmp_path]).arms] == [(0,)]


def test_what_training_says_of_itself(write: Write, tmp_path: Path) -> None:
    for seed in (0, 1):
        write(seed=seed, metrics={"training": {"tokens": 100 + seed, "examples": 5 - seed, "capped": seed == 1}})
    write(fraction=0.01)
    first, second = sorted(read_runs([tmp_path]).arms, key=lambda arm: arm.examples)
    assert (first.trained_tokens, first.examples_seen, first.is_capped, first.is_cut_short) == (100.5, 4.5, True, True)
    assert (second.trained_tokens, second.examples_seen, second.is_capped) == (None, None, False)


def test_no_finished_run_is_an_error_with_a_way_out(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"there is no finished run in .*, of 0 found; python train\.py"):
        read_runs([tmp_path])


def test_choices_made_elsewhere_are_known_by_their_content(write: Write, tmp_path: Path) -> None:
    for seed in (0, 1):
        write(seed=seed, selection=f"/some/where-{seed}", manifest={"sampler": {"given": {"rows": "abc"}}})
    write(seed=0, selection="/some/where-0", manifest={"sampler": {"given": {"rows": "xyz"}}})
    arms = read_runs([tmp_path]).arms
    assert sorted((arm.name, arm.seeds) for arm in arms) == [("given rows=abc", (0, 1)), ("given rows=xyz", (0,))]
    assert [(arm.sampler, arm.budget_word) for arm in arms] == [("given", "")] * 2
    assert not arms[0].is_untrained
    assert arms[0].examples == 5
