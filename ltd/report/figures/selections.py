"""What was selected, beside what random choice of the same size would have given."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ltd.plots.overlap import draw_overlap
from ltd.plots.style import RANDOM, SELECTION, WIDTH, log_axis, shortened
from ltd.report.content import Figure
from ltd.report.figures.marks import arm_marks

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Canvas

PANELS_PER_ROW = 3


@dataclass(frozen=True)
class Chance:
    """Random choice over the number of picks: its mean and the band in which nine draws in ten lie."""

    picks: Sequence[float]
    mean: Sequence[float]
    low: Sequence[float]
    high: Sequence[float]


@dataclass(frozen=True)
class Coverage:
    """A selection's radius, or its mean distance, over the number of picks."""

    name: str
    picks: Sequence[float]
    values: Sequence[float]


@dataclass(frozen=True)
class Reading:
    """One number of a selection, such as its share of near-duplicates, with the band of random choice."""

    name: str
    measure: str
    value: float
    low: float
    high: float


def coverage(
    name: str,
    caption: str,
    selections: Sequence[Coverage],
    chance: Chance,
    measure: str = "covering radius (Euclidean)",
    alternative: str = "",
) -> Figure:
    """Draw how far the candidates are from the nearest pick, with random choice's band."""
    ends = [f"{one.name} {one.values[-1]:.3g}" for one in selections]
    words = f"{measure} over the number of picks; at the last: {'; '.join(ends)}; random {chance.mean[-1]:.3g}."
    draw = partial(_draw_coverage, selections, chance, measure)
    return Figure(name, caption, alternative or words, draw, (WIDTH, 3.0))


def _draw_coverage(selections: Sequence[Coverage], chance: Chance, measure: str, canvas: Canvas) -> None:
    axes = canvas.subplots()
    axes.fill_between(
        chance.picks, chance.low, chance.high, color=RANDOM, alpha=0.3, linewidth=0, label="random, 5 to 95%"
    )
    axes.plot(chance.picks, chance.mean, color=RANDOM, linestyle="--", label="random, mean")
    for one, look in zip(selections, arm_marks([False] * len(selections)), strict=True):
        axes.plot(one.picks, one.values, markersize=3, clip_on=False, label=shortened(one.name), **look)
    log_axis(axes, 1, max(2, *chance.picks, *(one.picks[-1] for one in selections)))
    axes.set_xlabel("picks")
    axes.set_ylabel(measure)
    canvas.legend(loc="outside right upper")


def against_chance(name: str, caption: str, readings: Sequence[Reading], alternative: str = "") -> Figure:
    """Draw a panel a measure and in it a line a selection: its value, and the band of random choice."""
    measures = list(dict.fromkeys(reading.measure for reading in readings))
    names = list(dict.fromkeys(reading.name for reading in readings))
    out = sum(not reading.low <= reading.value <= reading.high for reading in readings)
    words = f"{', '.join(measures)} of {len(names)} selections; {out} of {len(readings)} outside random choice's band."
    n_rows = -(-len(measures) // PANELS_PER_ROW)
    size = (WIDTH, 0.5 + n_rows * (0.6 + 0.2 * len(names)))
    return Figure(name, caption, alternative or words, partial(_draw_readings, readings, measures, names), size)


def _draw_readings(readings: Sequence[Reading], measures: list[str], names: list[str], canvas: Canvas) -> None:
    n_columns = min(PANELS_PER_ROW, len(measures))
    panels = canvas.subplots(-(-len(measures) // n_columns), n_columns, sharey=True, squeeze=False)
    for axes, measure in zip(panels.flat, measures, strict=False):
        _draw_panel(axes, [reading for reading in readings if reading.measure == measure], names)
        axes.set_title(measure)
    for axes in panels.flat[len(measures) :]:
        axes.set_axis_off()
    first = panels[0, 0]
    first.set_yticks(range(len(names)), [shortened(name) for name in names])
    first.set_ylim(len(names) - 0.5, -0.5)
    handles, labels = first.get_legend_handles_labels()
    canvas.legend(handles, labels, loc="outside upper left", ncols=2)


def _draw_panel(axes: Axes, readings: Sequence[Reading], names: list[str]) -> None:
    from matplotlib.ticker import MaxNLocator

    places = [names.index(reading.name) for reading in readings]
    values = np.array([(reading.value, reading.low, reading.high) for reading in readings], float)
    axes.hlines(places, values[:, 1], values[:, 2], color=RANDOM, linewidth=4, label="random, 5 to 95%")
    axes.plot(values[:, 0], places, "o", color=SELECTION, markersize=4.5, label="selection")
    axes.tick_params(axis="y", length=0)
    axes.margins(x=0.1)
    axes.xaxis.set_major_locator(MaxNLocator(4))
    low, high = np.nanmin(values), np.nanmax(values)
    if low == high:  # such as no outliers at all
        axes.set_xlim(low - 0.5, high + 0.5)


def overlap(
    name: str,
    caption: str,
    names: Sequence[str],
    values: Sequence[Sequence[float]],
    title: str = "Jaccard overlap",
    alternative: str = "",
) -> Figure:
    """Draw a heat map of how much selections have in common, each a share from 0 to 1."""
    matrix = np.array(values, float).reshape(len(names), len(names))
    side = min(WIDTH, 2.6 + 0.33 * len(names))
    apart = matrix[~np.eye(len(names), dtype=bool)]
    most = f"; at most {apart.max():.2f} between two" if apart.size else ""
    words = f"{title} of {len(names)} selections{most}."
    return Figure(name, caption, alternative or words, partial(_draw_matrix, matrix, names, title), (1.15 * side, side))


def _draw_matrix(matrix: NDArray[np.float64], names: Sequence[str], title: str, canvas: Canvas) -> None:
    draw_overlap(canvas, matrix, names, title)
