"""Accuracy against budget, from folders of runs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ltd.report.arms import read_runs
from ltd.report.efficiency import efficiency


def answers(share: float) -> list[bool]:
    """Of the two tasks' 20 and 12 questions, the first so many of each."""
    return [number < share * 20 for number in range(20)] + [number < share * 12 for number in range(12)]


@pytest.fixture
def runs(write: Any, tmp_path: Path) -> Path:
    """Random has 25%, 50% and 75% at 10, 20 and 40 examples; k-center 50% at 10, and 100% at 20."""
    for seed in range(3):
        for fraction, share in ((0.01, 0.25), (0.02, 0.5), (0.04, 0.75)):
            write(answers(share), sampler="random", seed=seed, fraction=fraction)
        for fraction, share in ((0.01, 0.5), (0.02, 1.0)):
            write(answers(share), sampler="kcenter", seed=seed, fraction=fraction)
    write(answers(0.25), sampler="random", fraction=0.0)
    return tmp_path


def test_the_ratio_is_read_off_the_baselines_curve(runs: Path) -> None:
    section = efficiency(read_runs([runs]).arms)
    first, second = section.tables[0].rows
    assert [cell.text for cell in first[1:5]] == ["10", "50.0", "20", "2"]
    assert [cell.text for cell in second[1:5]] == ["20", "100.0", "> 40", "> 2"]
    assert first[4].value == pytest.approx(2)
    assert second[4].value is None
    assert all(len(row[0].sources) == 3 for row in (first, second))
    assert "more data" in section.lead


def test_the_figure_has_a_curve_a_sampler_and_the_untrained_model(runs: Path) -> None:
    (drawn,) = efficiency(read_runs([runs]).arms).figures
    assert texts_of(drawn) == ["kcenter", "random", "vanilla"]


def test_one_budget_is_no_curve(write: Any, tmp_path: Path) -> None:
    write(sampler="random")
    write(sampler="kcenter")
    section = efficiency(read_runs([tmp_path]).arms)
    assert not section.figures
    assert "two budgets or more" in section.missing


def test_a_baseline_of_one_budget_gives_curves_without_ratios(write: Any, tmp_path: Path) -> None:
    write(sampler="random", fraction=0.01)
    for fraction in (0.01, 0.02):
        write(sampler="kcenter", fraction=fraction)
    section = efficiency(read_runs([tmp_path]).arms)
    assert section.figures
    assert not section.tables
    assert "no ratio can be read" in section.lead


def test_one_seed_is_said(write: Any, tmp_path: Path) -> None:
    for fraction, share in ((0.01, 0.25), (0.02, 0.75)):
        write(answers(share), sampler="random", fraction=fraction)
    write(answers(0.5), sampler="kcenter", fraction=0.01)
    section = efficiency(read_runs([tmp_path]).arms)
    assert any("One seed only" in note for note in section.notes)


def test_a_ratio_of_one_seed_is_neither_good_nor_counted(write: Any, tmp_path: Path) -> None:
    for seed in range(3):
        for fraction, share in ((0.01, 0.0), (0.02, 0.1)):
            write(answers(share), sampler="random", seed=seed, fraction=fraction)
    write(answers(1.0), sampler="kcenter", fraction=0.01)
    section = efficiency(read_runs([tmp_path]).arms)
    (row,) = section.tables[0].rows
    assert (row[4].text, row[4].tone) == ("> 2", "unsure")
    assert "One seed cannot say" in section.lead
    for seed in range(3):
        write(answers(1.0), sampler="topk", seed=seed, fraction=0.01)
    section = efficiency(read_runs([tmp_path]).arms)
    assert {row[0].text.split()[0]: row[4].tone for row in section.tables[0].rows} == {
        "kcenter": "unsure",
        "topk": "good",
    }
    assert "as good as 1 of 1 arm, where the ratio's 95% interval lies above 1" in section.lead


def test_another_baseline_has_a_curve_for_each_sampler(write: Any, tmp_path: Path) -> None:
    """At 20 examples random needs 40 to be as good as multi, k-center 20: one curve of both would say otherwise."""
    for seed in range(3):
        for sampler, shares in (("random", (0.25, 0.5)), ("kcenter", (0.5, 0.75))):
            for fraction, share in zip((0.02, 0.04), shares, strict=True):
                write(answers(share), sampler=sampler, mode="fixed", seed=seed, fraction=fraction)
            write(answers(0.5), sampler=sampler, mode="multi", seed=seed, fraction=0.02)
        write(answers(0.75), sampler="all", mode="multi", seed=seed, fraction=0.04)
    section = efficiency(read_runs([tmp_path]).arms, "instruction_mode=fixed")
    assert [(row[0].text.split()[0], row[3].text) for row in section.tables[0].rows] == [
        ("kcenter", "20"),
        ("random", "40"),
    ]
    assert len(section.figures) == 2
    assert all("all related" in texts_of(drawn) for drawn in section.figures)


def test_arms_that_were_cut_short_are_hollow_and_have_no_ratio(write: Any, tmp_path: Path) -> None:
    for seed in range(3):
        for fraction, share in ((0.01, 0.25), (0.02, 0.5), (0.04, 0.25)):
            seen = {"tokens": 9, "examples": 20 if fraction == 0.04 else 1000, "capped": True}
            write(answers(share), sampler="random", seed=seed, fraction=fraction, metrics={"training": seen})
        write(answers(0.5), sampler="kcenter", seed=seed, fraction=0.01)
        short = {"training": {"tokens": 9, "examples": 5, "capped": True}}
        write(answers(1.0), sampler="kcenter", seed=seed, fraction=0.02, metrics=short)
    section = efficiency(read_runs([tmp_path]).arms)
    (row,) = section.tables[0].rows  # had random's third point been on the curve, 50% would lie above all of it
    assert [cell.text for cell in row[1:5]] == ["10", "50.0", "20", "2"]
    assert "drawn hollow: random 4% and kcenter 2% stopped at the cap" in " ".join(section.notes)
    assert "Stopped at the cap on training tokens: random 1% and random 2%." in section.notes
    (drawn,) = section.figures
    assert "Hollow points" in drawn.caption
    assert n_hollow(drawn) == 2


def n_hollow(drawn: Any) -> int:
    """Of its points, but for the legend's sample."""
    from ltd.plots.style import figure

    with figure(*drawn.size) as canvas:
        drawn.draw(canvas)
        (axes,) = canvas.axes
        assert [text.get_text() for text in axes.get_legend().get_texts()] == ["hollow: stopped at the cap"]
        return sum(len(line.get_xdata()) for line in axes.lines if line.get_markerfacecolor() == "white")


def texts_of(drawn: Any) -> list[str]:
    from ltd.plots.style import figure

    with figure(*drawn.size) as canvas:
        drawn.draw(canvas)
        return [text.get_text() for text in canvas.axes[0].texts]
