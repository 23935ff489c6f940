"""The curves show what was measured: means, intervals, seeds and references, with a name beside each."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from ltd.plots.style import RANDOM, figure
from ltd.report.figures import Curve, Reference, budget_curves
from ltd.report.figures.budget import TOGETHER

RANDOMLY = Curve("random", [25, 50], [40.0, 44.0], [38.0, 41.0], [42.0, 47.0], [(25, 39), (25, 41)], baseline=True)
KCENTER = Curve("kcenter", [25, 50], [41.0, 43.5], [39.0, 42.0], [43.0, 45.0], [(25, 40.5)], [(25, 41), (50, 44)])
MODEL = Reference("untuned model", 37.0, 36.0, 38.0)


def drawn(curves: list[Curve], references: list[Reference]) -> tuple[Any, list[Any]]:
    made = budget_curves("budget", "caption", curves, references)
    with figure(*made.size) as canvas:
        made.draw(canvas)
        canvas.draw_without_rendering()
        return made, list(canvas.axes)


def test_every_number_is_where_it_belongs() -> None:
    made, (axes,) = drawn([RANDOMLY, KCENTER], [MODEL])
    by_colour: dict[str, list[list[float]]] = {}
    for line in axes.lines:
        if line.get_transform() == axes.transData:
            by_colour.setdefault(line.get_color(), []).append(list(map(float, line.get_ydata())))
    assert by_colour[RANDOM] == [[39, 41], [40, 44]]  # seeds, means
    (kcenter,) = (rows for colour, rows in by_colour.items() if [41.0, 43.5] in rows)
    assert kcenter == [[40.5], [41, 44], [41, 43.5]]  # seeds, the fitted curve, means
    whiskers = [one for part in axes.collections if hasattr(part, "get_segments") for one in part.get_segments()]
    assert [segment[:, 1].tolist() for segment in whiskers] == [[38, 42], [41, 47], [39, 43], [42, 45]]
    x = np.array(
        [line.get_xdata()[0] for line in axes.lines if len(line.get_ydata()) == 2 and line.get_marker() == "X"]
    )
    assert x == pytest.approx([25, 25], rel=0.03)  # beside each other, and hardly moved
    assert any(list(line.get_ydata()) == [37.0, 37.0] for line in axes.lines)
    assert made.alternative == (
        "accuracy (%) over the budget in examples: random 44.0 at 50 examples; kcenter 43.5 at 50 examples."
    )


def test_names_stand_in_the_order_of_the_lines_ends_and_apart() -> None:
    close = [Curve(f"sampler {n}", [25, 50], [40, 44 + n / 100], [39, 43], [41, 45]) for n in (2, 0, 1)]
    _, (axes,) = drawn(close, [MODEL])
    places = {text.get_text(): text.get_position()[1] for text in axes.texts}
    names = sorted(places, key=places.__getitem__)
    assert names == ["untuned model", "sampler 0", "sampler 1", "sampler 2"]
    assert np.diff(sorted(places.values())).min() > 0.03


def test_many_samplers_have_a_panel_each_with_the_baseline_in_it() -> None:
    samplers = [Curve(f"sampler {n}", [25, 50], [40, 41 + n], [39, 43], [41, 45]) for n in range(TOGETHER)]
    _, panels = drawn([RANDOMLY, *samplers], [MODEL])
    shown = [axes for axes in panels if axes.axison]
    assert [axes.get_title(loc="left") for axes in shown] == [f"sampler {n}" for n in range(TOGETHER)]
    for n, axes in enumerate(shown):
        with_marks = [list(line.get_ydata()) for line in axes.lines if line.get_marker() in ("X", "o")]
        assert [40, 44] in with_marks and [40, 41 + n] in with_marks
        assert axes.xaxis.get_tick_params()["labelbottom"] == (n >= TOGETHER - 4)


def test_one_budget_and_unknown_intervals_can_be_drawn() -> None:
    nan = float("nan")
    _, (axes,) = drawn([Curve("random", [250], [50], [nan], [nan], baseline=True)], [])
    assert [tick.get_text() for tick in axes.get_xticklabels()] == ["250"]
