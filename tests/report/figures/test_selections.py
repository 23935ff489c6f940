"""Selections are shown beside the band of random choice."""

from __future__ import annotations

from typing import Any

from ltd.plots.style import RANDOM, figure
from ltd.report.content import Figure
from ltd.report.figures import Chance, Coverage, Reading, against_chance, coverage, overlap


def drawn(made: Figure) -> Any:
    with figure(*made.size) as canvas:
        made.draw(canvas)
        canvas.draw_without_rendering()
        return canvas


def test_coverage_is_drawn_with_chance() -> None:
    chance = Chance([1, 10, 60], [1.4, 1.2, 1.0], [1.3, 1.1, 0.9], [1.5, 1.3, 1.1])
    made = coverage("coverage", "caption", [Coverage("kcenter", [1, 10, 60], [1.4, 1.0, 0.7])], chance)
    canvas = drawn(made)
    mean, selection = canvas.axes[0].lines
    assert (mean.get_color(), list(mean.get_ydata())) == (RANDOM, [1.4, 1.2, 1.0])
    assert list(selection.get_ydata()) == [1.4, 1.0, 0.7]
    corners = {tuple(corner) for corner in canvas.axes[0].collections[0].get_paths()[0].vertices.tolist()}
    assert corners >= {(1, 1.3), (10, 1.1), (60, 0.9), (1, 1.5), (10, 1.3), (60, 1.1)}
    assert made.alternative.endswith("at the last: kcenter 0.7; random 1.")


def test_a_panel_a_measure_and_a_line_a_selection() -> None:
    readings = [
        Reading(name, measure, value, 1.0, 2.0)
        for name, measure, value in [
            ("random", "outliers (%)", 1.5),
            ("topk", "outliers (%)", 4.0),
            ("random", "clusters", 1.2),
            ("topk", "clusters", 0.2),
        ]
    ]
    made = against_chance("chance", "caption", readings)
    outliers, clusters = drawn(made).axes
    assert outliers.get_title(loc="left") == "outliers (%)"
    assert [tick.get_text() for tick in outliers.get_yticklabels()] == ["random", "topk"]
    assert outliers.lines[0].get_xdata().tolist() == [1.5, 4.0]
    assert clusters.lines[0].get_xdata().tolist() == [1.2, 0.2]
    assert [line[:, 0].tolist() for line in outliers.collections[0].get_segments()] == [[1, 2], [1, 2]]
    assert made.alternative == "outliers (%), clusters of 2 selections; 2 of 4 outside random choice's band."


def test_overlap_is_the_matrix() -> None:
    made = overlap("overlap", "caption", ["kcenter", "random"], [[1, 0.25], [0.25, 1]])
    assert drawn(made).axes[0].images[0].get_array().tolist() == [[1, 0.25], [0.25, 1]]
    assert made.alternative == "Jaccard overlap of 2 selections; at most 0.25 between two."
