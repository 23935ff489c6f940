"""Differences to the baseline, with their intervals and what could have been seen at all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from itertools import groupby
from typing import TYPE_CHECKING, Any

import numpy as np

from ltd.plots.style import WIDTH, shortened
from ltd.report.content import Figure, Tone
from ltd.report.figures.marks import FAINT, QUIET, TONES, signed

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Canvas

ROW = 0.22
"""Inches from a contrast to the next."""

MARKERS: dict[Tone, str] = {"good": ">", "bad": "<", "plain": "s", "unsure": "o", "strong": "D"}


@dataclass(frozen=True)
class Contrast:
    """One arm against the baseline, in percentage points.

    Attributes
    ----------
    difference, low, high : of the accuracies, above 0 where the arm is better, with its interval.
    detectable : the smallest difference that so many questions and seeds could have seen; NaN if unknown.
    tone, verdict : of the comparison, and in a few words.
    group : under which heading it stands, such as its budget; rows of one group follow each other.
    """

    name: str
    difference: float
    low: float
    high: float
    detectable: float = float("nan")
    tone: Tone = "unsure"
    verdict: str = ""
    group: str = ""


def forest(
    name: str, caption: str, rows: Sequence[Contrast], baseline: str = "random", alternative: str = ""
) -> Figure:
    """Draw a line a contrast, from the first at the top, with the smallest detectable difference as a band about 0."""
    n_lines = len(rows) + len({row.group for row in rows} - {""})
    draw = partial(_draw, rows, baseline)
    return Figure(name, caption, alternative or _in_words(rows, baseline), draw, (WIDTH, 0.95 + ROW * n_lines))


def _in_words(rows: Sequence[Contrast], baseline: str) -> str:
    found = [f"{row.name} {signed(row.difference)} ({_interval(row)})" for row in rows]
    return f"Difference to {baseline} in percentage points with its interval: {'; '.join(found)}."


def _interval(row: Contrast) -> str:
    return f"{signed(row.low)} to {signed(row.high)}"


def _draw(rows: Sequence[Contrast], baseline: str, canvas: Canvas) -> None:
    words = 1.05 + 0.055 * max((len(row.verdict) for row in rows), default=0)  # inches of the right panel
    axes, beside = canvas.subplots(1, 2, sharey=True, width_ratios=[5 - words, words])
    beside.set_axis_off()
    line, ticks = 0, []
    for group, members in groupby(rows, lambda row: row.group):
        if group:
            across = axes.get_yaxis_transform()
            axes.text(0, line, shortened(group, 60), fontweight="bold", va="center", transform=across)
            line += 1
        for row in members:
            _draw_row(axes, row, line)
            _write_row(beside, row, line, words)
            ticks.append(line)
            line += 1
    axes.axvline(0, color="black", linewidth=0.8, zorder=1)
    axes.set_ylim(line - 0.4, -0.7)
    axes.set_yticks(ticks, [shortened(row.name, 34) for row in rows])
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    _centre(axes, rows)
    axes.set_xlabel(f"difference to {shortened(baseline)} (percentage points)")
    _explain(canvas, rows)


def _draw_row(axes: Axes, row: Contrast, line: int) -> None:
    if np.isfinite(row.detectable):
        axes.fill_betweenx(
            [line - 0.5, line + 0.5], -row.detectable, row.detectable, color=FAINT, linewidth=0, zorder=0
        )
    colour = TONES[row.tone]
    axes.hlines(line, row.low, row.high, color=colour, linewidth=1.6, zorder=2)
    face = "white" if row.tone == "unsure" else colour
    axes.plot(row.difference, line, MARKERS[row.tone], color=colour, markerfacecolor=face, markersize=5, zorder=3)


def _write_row(beside: Axes, row: Contrast, line: int, width: float) -> None:
    """The numbers and the verdict in columns of inches."""
    place: dict[str, Any] = {"va": "center", "fontsize": 7, "transform": beside.get_yaxis_transform()}
    beside.text(0.28 / width, line, signed(row.difference), ha="right", **place)
    beside.text(0.33 / width, line, f"[{signed(row.low)}, {signed(row.high)}]", color=QUIET, **place)
    beside.text(1.05 / width, line, shortened(row.verdict, 34), color=TONES[row.tone], **place)


def _centre(axes: Axes, rows: Sequence[Contrast]) -> None:
    """As far to the left of 0 as to the right of it."""
    ends = np.array([(row.low, row.high, row.detectable) for row in rows], float)
    reach = np.nanmax(np.abs(ends), initial=1.0) * 1.05
    axes.set_xlim(-reach, reach)


def _explain(canvas: Canvas, rows: Sequence[Contrast]) -> None:
    """What the band is, where there is one."""
    from matplotlib.patches import Patch

    if any(np.isfinite(row.detectable) for row in rows):
        band = Patch(color=FAINT, label="too small to be seen with so many questions and seeds")
        canvas.legend(handles=[band], loc="outside upper left")
