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
    from ltd.plots.style import figure

    (drawn,) = efficiency(read_runs([runs]).arms).figures
    with figure(*drawn.size) as canvas:
        drawn.draw(canvas)
        texts = [text.get_text() for text in canvas.axes[0].texts]
    assert texts == ["kcenter", "random", "vanilla"]


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
