"""The front is what nothing cheaper equals, and labels keep off each other where there is room."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from ltd.plots.style import figure
from ltd.report.figures import CostPoint, pareto
from ltd.report.figures.cost import front


def points(seed: int, n: int) -> list[CostPoint]:
    """Costs and accuracies with ties in both."""
    rng = np.random.default_rng(seed)
    return [CostPoint(f"arm {k}", float(rng.integers(1, 9)), float(rng.integers(40, 48)), 39.0, 49.0) for k in range(n)]


@pytest.mark.parametrize("seed", range(20))
def test_the_front_is_that_of_brute_force(seed: int) -> None:
    arms = points(seed, 12)
    undominated = {
        (one.cost, one.accuracy)
        for one in arms
        if not any(
            other.cost <= one.cost
            and other.accuracy >= one.accuracy
            and (other.cost, other.accuracy) != (one.cost, one.accuracy)
            for other in arms
        )
    }
    found = front(arms)
    assert {(one.cost, one.accuracy) for one in found} == undominated
    assert len(found) == len(undominated)
    assert [one.cost for one in found] == sorted(one.cost for one in found)


def test_the_step_line_and_the_tails_are_drawn() -> None:
    arms = [
        CostPoint("random", 1.0, 50.0, 48.0, 52.0, 0.0, True),
        CostPoint("less", 4.0, 55.0, 53.0, 57.0, 3.0),
        CostPoint("perplexity", 2.0, 49.0, 47.0, 51.0),
    ]
    made = pareto("pareto", "caption", arms, "core-hours")
    with figure(*made.size) as canvas:
        made.draw(canvas)
        canvas.draw_without_rendering()
    (axes,) = canvas.axes
    (step,) = (line for line in axes.lines if line.get_drawstyle() == "steps-post")
    assert step.get_xdata()[:2].tolist() == [1.0, 4.0] and step.get_ydata().tolist() == [50, 55, 55]
    lines = [segment for part in axes.collections for segment in part.get_segments()]
    (tail,) = (line for line in lines if line[0, 1] == line[1, 1])
    assert tail[:, 0].tolist() == [1.0, 4.0]  # it would have cost 1 without the choice
    hollow = {
        line.get_xdata()[0]: line.get_markerfacecolor() == "white" for line in axes.lines if len(line.get_xdata()) == 1
    }
    assert hollow == {1.0: False, 4.0: False, 2.0: True}
    assert axes.get_xlabel() == "cost (core-hours)" and axes.get_xscale() == "log"
    assert made.alternative.endswith("as accurate as random 50.0 for 1; less 55.0 for 4.")


def test_labels_keep_off_each_other() -> None:
    arms = [CostPoint(f"sampler_{k}", 1 + k % 3, 50 + 1.5 * (k // 3), 49, 54) for k in range(9)]
    made = pareto("pareto", "caption", arms)
    with figure(*made.size) as canvas:
        made.draw(canvas)
        canvas.draw_without_rendering()
    boxes = [text.get_window_extent() for text in canvas.axes[0].texts]
    assert len(boxes) == 9
    assert not any(one.overlaps(other) for one, other in itertools.combinations(boxes, 2))
    assert all(canvas.bbox.x0 <= box.x0 and box.x1 <= canvas.bbox.x1 for box in boxes)
