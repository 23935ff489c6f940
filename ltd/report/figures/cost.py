"""What an accuracy costs, and which arms nothing cheaper equals."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from ltd.plots.style import WIDTH, shortened
from ltd.report.content import Figure
from ltd.report.figures.marks import INK, LETTER, QUIET, arm_marks, cost_axis

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Canvas

SIZE = (WIDTH, 3.8)


@dataclass(frozen=True)
class CostPoint:
    """One arm: what it took in all, its selection included, above 0, and the accuracy it came to with its interval.

    Attributes
    ----------
    cost : in the unit that `pareto` is told.
    selection : the part of the cost that choosing took; NaN if unknown.
    baseline : whether the others are compared with it.
    """

    name: str
    cost: float
    accuracy: float
    low: float
    high: float
    selection: float = float("nan")
    baseline: bool = False


def pareto(
    name: str,
    caption: str,
    points: Sequence[CostPoint],
    unit: str = "core-hours",
    accuracy: str = "accuracy (%)",
    alternative: str = "",
) -> Figure:
    """Draw accuracy over cost, on a log axis, with a step line through the arms that nothing cheaper equals."""
    best = "; ".join(f"{point.name} {point.accuracy:.1f} for {point.cost:.3g}" for point in front(points))
    words = f"{accuracy} over cost in {unit}; nothing cheaper is as accurate as {best}."
    return Figure(name, caption, alternative or words, partial(_draw, points, unit, accuracy), SIZE)


def front(points: Iterable[CostPoint]) -> list[CostPoint]:
    """The arms that no other is at least as cheap and as accurate as, from the cheapest on.

    >>> [point.name for point in front([CostPoint("a", 1, 50, 0, 0), CostPoint("b", 2, 49, 0, 0)])]
    ['a']
    """
    found: list[CostPoint] = []
    for point in sorted(points, key=lambda point: (point.cost, -point.accuracy)):
        if not found or point.accuracy > found[-1].accuracy:
            found.append(point)
    return found


def _draw(points: Sequence[CostPoint], unit: str, accuracy: str, canvas: Canvas) -> None:
    axes = canvas.subplots()
    best = front(points)
    cost_axis(axes, [point.cost for point in points] or [1.0])
    for point, look in zip(points, arm_marks([point.baseline for point in points]), strict=True):
        _draw_point(axes, point, look, point in best)
    axes.margins(y=0.08)
    axes.autoscale_view(scalex=False)
    if best:
        x = [*(point.cost for point in best), axes.get_xlim()[1]]
        y = [*(point.accuracy for point in best), best[-1].accuracy]
        axes.step(x, y, where="post", color=QUIET, linewidth=0.9, zorder=1, label="nothing cheaper is as accurate")
    if any(np.isfinite(point.selection) for point in points):
        axes.plot([], [], color=INK, alpha=0.3, linewidth=2.4, label="part that choosing took")
    _label(axes, points, best)
    axes.set_xlabel(f"cost ({unit})")
    axes.set_ylabel(accuracy)
    canvas.legend(loc="outside upper left", ncols=2)


def _draw_point(axes: Axes, point: CostPoint, look: dict[str, Any], best: bool) -> None:
    colour = look["color"]
    axes.vlines(point.cost, point.low, point.high, color=colour, linewidth=0.9, alpha=0.7)
    if np.isfinite(point.selection) and point.selection > 0:
        # The tail ends at what it would have cost without the choice.
        start = max(point.cost - point.selection, axes.get_xlim()[0])
        axes.hlines(point.accuracy, start, point.cost, color=colour, linewidth=2.4, alpha=0.3)
    face = colour if best else "white"
    axes.plot(point.cost, point.accuracy, look["marker"], color=colour, markerfacecolor=face, markersize=5.5, zorder=3)


def _label(axes: Axes, points: Sequence[CostPoint], best: Sequence[CostPoint]) -> None:
    """A name beside each point, at whichever corner lies on the fewest others; those of the front first."""
    inches = (SIZE[0] - 0.7, SIZE[1] - 0.9)  # of the axes, nearly
    from_data = axes.transData + axes.transAxes.inverted()
    dots = {id(point): from_data.transform((point.cost, point.accuracy)) * inches for point in points}
    taken = [(x - 0.05, y - 0.05, x + 0.05, y + 0.05) for x, y in dots.values()]
    for point in points:
        x = dots[id(point)][0]
        low, high = (from_data.transform((point.cost, end))[1] * inches[1] for end in (point.low, point.high))
        taken.append((x - 0.01, low, x + 0.01, high))
    for point in sorted(points, key=lambda point: point not in best):
        text = shortened(point.name, 28)
        x, y = dots[id(point)]
        width = 0.5 * LETTER * len(text)
        sides = (("left", x + 0.07, 0.0), ("right", x - 0.07, width), ("center", x, width / 2))
        places = [(side, at, at - before, y + up) for up in (0.07, -0.07 - LETTER) for side, at, before in sides]
        side, at, left, below = min(
            places,
            key=lambda place: _crowding((place[2], place[3], place[2] + width, place[3] + LETTER), taken, inches),
        )
        taken.append((left, below, left + width, below + LETTER))
        look: dict[str, Any] = {"fontsize": 7, "color": INK if point in best else QUIET, "transform": axes.transAxes}
        axes.text(at / inches[0], below / inches[1], text, ha=side, **look)


def _crowding(box: tuple[float, ...], taken: Sequence[tuple[float, ...]], inches: tuple[float, float]) -> float:
    """Square inches that a box shares with others, and more if it leaves the axes."""
    outside = max(0, -box[0]) + max(0, box[2] - inches[0]) + max(0, -box[1]) + max(0, box[3] - inches[1])
    shared = (
        max(0, min(box[2], other[2]) - max(box[0], other[0])) * max(0, min(box[3], other[3]) - max(box[1], other[1]))
        for other in taken
    )
    return sum(shared) + 10 * outside
