"""The forest shows differences, intervals and what could have been seen, a line a contrast."""

from __future__ import annotations

from typing import Any

import pytest

from ltd.plots.style import figure
from ltd.report.figures import Contrast, forest
from ltd.report.figures.marks import MINUS, TONES

ROWS = [
    Contrast("kcenter", 1.5, -0.5, 3.5, 2.5, "unsure", "undecidable", "125 examples"),
    Contrast("dedup(topk)", -4.25, -6.0, -2.5, 2.5, "bad", "worse", "125 examples"),
    Contrast("kcenter", 3.0, 1.0, 5.0, float("nan"), "good", "better", "500 examples"),
]


def drawn(rows: list[Contrast]) -> tuple[Any, Any]:
    made = forest("forest", "caption", rows)
    with figure(*made.size) as canvas:
        made.draw(canvas)
        canvas.draw_without_rendering()
        return made, canvas


def test_lines_are_the_contrasts_from_the_top() -> None:
    made, canvas = drawn(ROWS)
    axes, beside = canvas.axes
    lines = [part.get_segments()[0] for part in axes.collections if hasattr(part, "get_segments")]
    assert [line[:, 0].tolist() for line in lines] == [[-0.5, 3.5], [-6, -2.5], [1, 5]]
    assert [line[0, 1] for line in lines] == [1, 2, 4]  # below the headings of their groups
    assert axes.get_ylim()[0] > axes.get_ylim()[1]
    dots = [line for line in axes.lines if line.get_marker() not in ("None", "")]
    assert [(dot.get_xdata()[0], dot.get_color()) for dot in dots] == [
        (row.difference, TONES[row.tone]) for row in ROWS
    ]
    assert len({dot.get_marker() for dot in dots}) == 3
    assert [text.get_text() for text in axes.texts] == ["125 examples", "500 examples"]
    written = [text.get_text() for text in beside.texts]
    assert written[3:6] == [f"{MINUS}4.2", f"[{MINUS}6.0, {MINUS}2.5]", "worse"]
    assert made.alternative.count(";") == 2


def test_the_band_is_as_wide_as_what_can_be_seen() -> None:
    _, canvas = drawn(ROWS)
    bands = [part for part in canvas.axes[0].collections if not hasattr(part, "get_segments")]
    spans = [part.get_paths()[0].get_extents() for part in bands]
    assert [(span.x0, span.x1) for span in spans] == [(-2.5, 2.5)] * 2  # none where it is not known
    assert spans[0].y1 == pytest.approx(spans[1].y0)
    assert len(canvas.legends) == 1
    _, without = drawn([Contrast("kcenter", 1.5, -0.5, 3.5)])
    assert not without.legends and len(without.axes[0].texts) == 0


def test_nothing_leaves_the_canvas() -> None:
    rows = [Contrast("a_sampler_with_a_long_name(inner)", 0.1, -1, 1, 1, "plain", "no difference larger than 1.1")]
    _, canvas = drawn(rows)
    edges = canvas.bbox
    for text in canvas.axes[1].texts:
        box = text.get_window_extent()
        assert box.x0 >= edges.x0 and box.x1 <= edges.x1
