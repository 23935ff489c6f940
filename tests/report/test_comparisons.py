"""Arms against the baseline of equal budget, from folders of runs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ltd.errors import SettingsError
from ltd.report.arms import read_runs
from ltd.report.baseline import baseline_arms, baseline_pairs, compare_with_baseline
from ltd.report.comparisons import comparisons
from ltd.report.content import Table

N = 32


def right(share: float, seed: int) -> list[bool]:
    drawn: list[bool] = (np.random.default_rng(seed).random(N) < share).tolist()
    return drawn


def column(table: Table, name: str) -> list[str]:
    return [row[table.columns.index(name)].text for row in table.rows]


@pytest.fixture
def two(write: Any, tmp_path: Path) -> Path:
    """Random and k-center with three seeds at two budgets, all of the related data, and an untrained model."""
    for seed in range(3):
        for fraction in (0.005, 0.01):
            write(right(0.3, seed), sampler="random", seed=seed, fraction=fraction)
            write(right(0.95, 9 + seed), sampler="kcenter", seed=seed, fraction=fraction)
    write(right(0.5, 1), sampler="all", fraction=1.0)
    write(right(0.5, 1), sampler="random", fraction=0.0)
    return tmp_path


def test_each_arm_is_set_against_its_own_budget(two: Path) -> None:
    arms = read_runs([two]).arms
    pairs = baseline_pairs(arms, "sampler=random")
    assert [(arm.sampler, arm.fraction, other.sampler, other.fraction) for arm, other in pairs] == [
        ("kcenter", 0.005, "random", 0.005),
        ("kcenter", 0.01, "random", 0.01),
    ]


def test_the_section_says_who_is_better(two: Path) -> None:
    arms = read_runs([two]).arms
    section = comparisons(arms)
    verdicts, checks = section.tables
    assert column(verdicts, "verdict") == ["better", "better"]
    assert column(verdicts, "seeds") == ["3", "3"]
    assert column(verdicts, "budget") == ["equal", "equal"]
    assert section.lead.startswith(
        "Of 2 comparisons with random at equal budget, 2 better: kcenter 0.5% and kcenter 1%."
    )
    assert {row[-2].tone for row in verdicts.rows} == {"good"}
    assert not section.missing
    assert all(row[0].sources for table in (verdicts, checks) for row in table.rows)
    found = compare_with_baseline(arms, "sampler=random")[0]
    difference = (
        np.mean([arm.outcomes().correct[:, :20].mean() / 2 for arm in (found.arm,)])
        + np.mean(found.arm.outcomes().correct[:, 20:]) / 2
        - (found.baseline.outcomes().correct[:, :20].mean() + found.baseline.outcomes().correct[:, 20:].mean()) / 2
    )
    assert verdicts.rows[0][4].value == pytest.approx(100 * difference)
    assert any("all related" in note or "whole pool" in note for note in section.notes)


def test_a_seed_alone_is_said(write: Any, tmp_path: Path) -> None:
    write(right(0.3, 0), sampler="random")
    write(right(0.95, 1), sampler="kcenter")
    section = comparisons(read_runs([tmp_path]).arms)
    assert column(section.tables[0], "verdict") == ["better (of these runs)"]
    assert section.tables[0].rows[0][-2].tone == "unsure"  # of one seed nothing is shown in green
    assert "1 better (of these runs): kcenter" in section.lead
    assert any("one seed only" in note for note in section.notes)


def test_unequal_budgets_are_flagged(write: Any, tmp_path: Path) -> None:
    for sampler, amount in (("random", [0, 1, 2, 3, 4]), ("kcenter", [0, 1, 2, 3])):
        for seed in range(2):
            write(sampler=sampler, seed=seed, indices=amount)
    section = comparisons(read_runs([tmp_path]).arms)
    assert column(section.tables[0], "budget") == ["examples -20% and tokens -20%"]
    assert any("Budgets differ" in note for note in section.notes)
    assert any("Two seeds" in note for note in section.notes)


def test_other_settings_are_no_pair(write: Any, tmp_path: Path) -> None:
    write(sampler="random")
    write(sampler="kcenter", separator="\n")
    section = comparisons(read_runs([tmp_path]).arms)
    assert "no arm differs from sampler=random in sampler alone" in section.missing
    assert not section.tables


def test_what_random_does_not_look_at_makes_no_difference(write: Any, tmp_path: Path) -> None:
    write(sampler="random")
    write(sampler="kcenter", distribution_centre={"clusters": 4, "seed": 0})
    assert len(baseline_pairs(read_runs([tmp_path]).arms, "sampler=random")) == 1


def given(write: Any, rows: str = "abc", **changes: Any) -> Path:
    manifest = {"sampler": {"given": {"rows": rows}}, **changes.pop("manifest", {})}
    folder: Path = write(selection=f"/some/{rows}", manifest=manifest, **changes)
    return folder


def test_a_choice_made_elsewhere_is_set_against_as_many_at_random(write: Any, tmp_path: Path) -> None:
    for seed in range(3):
        for amount in (40, 100):
            write(right(0.3, seed), sampler="random", seed=seed, fraction=amount / 1000)
        given(write, right=right(0.95, 9 + seed), seed=seed, indices=range(97), mode="fixed", related_by="cluster")
    arms = read_runs([tmp_path]).arms
    ((arm, other),) = baseline_pairs(arms, "sampler=random")
    assert (arm.sampler, arm.examples, other.sampler, other.examples) == ("given", 97, "random", 100)
    verdicts = comparisons(arms).tables[0]
    assert column(verdicts, "verdict") == ["better"]
    assert column(verdicts, "seeds") == ["3"]


@pytest.mark.parametrize(
    "change",
    [
        {"indices": range(110)},
        {"manifest": {"pool_fingerprint": "another"}},
        {"trainer": {"epochs": 9.0}},
        {"separator": "\n"},
    ],
    ids=str,
)
def test_a_choice_made_elsewhere_has_no_partner_of_another_size_pool_or_training(
    write: Any, tmp_path: Path, change: dict[str, Any]
) -> None:
    write(sampler="random", fraction=0.1)
    given(write, **{"indices": range(100), **change})
    assert baseline_pairs(read_runs([tmp_path]).arms, "sampler=random") == []


def test_of_several_modes_a_choice_made_elsewhere_has_the_usual_one(write: Any, tmp_path: Path) -> None:
    for mode in ("fixed", "multi"):
        write(sampler="random", mode=mode)
    given(write, indices=range(5))
    ((_, other),) = baseline_pairs(read_runs([tmp_path]).arms, "sampler=random")
    assert other.mode == "multi"


def test_how_many_seeds_would_do_stands_beside_the_verdict(write: Any, tmp_path: Path) -> None:
    for seed in range(3):
        write(right(0.5, seed), sampler="random", seed=seed)
        write(right(0.5, 9 + seed), sampler="kcenter", seed=seed)
    arms = read_runs([tmp_path]).arms
    (found,) = compare_with_baseline(arms, "sampler=random", 0.4)
    table = comparisons(arms, margin=0.4).tables[0]
    seeds = found.comparison.seeds_needed(difference=0.4, power=0.8)
    assert seeds is not None and seeds > 1
    assert column(table, "seeds for 40 points") == [str(seeds)]
    assert column(comparisons(arms, margin=0.001).tables[0], "seeds for 0.1 points") == ["more questions"]


def test_one_seed_does_not_say_how_many_it_takes(write: Any, tmp_path: Path) -> None:
    for sampler in ("random", "kcenter"):
        write(right(0.5, 0), sampler=sampler)
    table = comparisons(read_runs([tmp_path]).arms).tables[0]
    assert column(table, "seeds for 2 points") == ["not known"]


def test_a_baseline_can_be_another_setting(write: Any, tmp_path: Path) -> None:
    write(sampler="kcenter", mode="multi")
    write(sampler="kcenter", mode="fixed")
    pairs = baseline_pairs(read_runs([tmp_path]).arms, "instruction_mode=multi")
    assert [(arm.mode, other.mode) for arm, other in pairs] == [("fixed", "multi")]


@pytest.mark.parametrize("words", ["fraction=0.005", "fraction=5e-3"])
def test_another_budget_as_the_baseline_is_not_called_equal(two: Path, words: str) -> None:
    section = comparisons(read_runs([two]).arms, words)
    said = " ".join((section.title, section.lead, *(table.title for table in section.tables)))
    assert len(section.tables[0].rows) == 2
    assert f"Of 2 comparisons with {words}, " in section.lead
    assert "equal budget" not in said


def test_a_value_that_no_arm_has_is_refused(two: Path) -> None:
    with pytest.raises(SettingsError, match=r"no trained run with fraction '0\.77'; valid: 0\.005, 0\.01, 1\.0"):
        baseline_arms(read_runs([two]).arms, "fraction=0.77")


@pytest.mark.parametrize("words", ["random", "sampler=", "smapler=random"])
def test_a_baseline_that_is_none_is_refused(write: Any, tmp_path: Path, words: str) -> None:
    write()
    with pytest.raises(SettingsError, match=r"sampler"):
        baseline_arms(read_runs([tmp_path]).arms, words)


def test_a_missing_baseline_is_told_with_its_command(write: Any, tmp_path: Path) -> None:
    write(sampler="kcenter")
    section = comparisons(read_runs([tmp_path]).arms)
    assert "no trained run has sampler=random; there are kcenter" in section.missing
    assert "sampler=random seed=0,1,2" in section.missing


def test_the_figure_is_drawn(two: Path) -> None:
    from ltd.plots.style import figure

    (drawn,) = comparisons(read_runs([two]).arms).figures
    with figure(*drawn.size) as canvas:
        drawn.draw(canvas)
        texts: Sequence[str] = [text.get_text() for axes in canvas.axes for text in axes.texts]
    assert texts.count("better") == 2


def test_it_is_said_where_runs_are_not_matched(write: Any, tmp_path: Path) -> None:
    for seed in (0, 1, 2):
        write(right(0.5, seed), sampler="random", seed=seed)
        write(right(0.5, 9 + seed), sampler="kcenter", seed=seed)
        write(right(0.5, 19 + seed), sampler="topk", seed=2 + seed)
    notes = comparisons(read_runs([tmp_path]).arms).notes
    assert "Too few seeds are shared to match runs, and all runs of both sides count: topk." in notes
