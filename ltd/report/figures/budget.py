"""Accuracy against budget: what more data buys, sampler by sampler."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from ltd.plots.style import WIDTH, shortened
from ltd.report.content import Figure
from ltd.report.figures.marks import FAINT, LETTER, QUIET, arm_marks, budget_axis, spread

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Canvas
    from matplotlib.lines import Line2D

TOGETHER = 7
"""Curves that one panel can hold and still be read."""

PANELS_PER_ROW = 4


@dataclass(frozen=True)
class Curve:
    """One sampler over its budgets.

    Attributes
    ----------
    budgets : (n_budgets,) examples, ascending, above 0.
    mean, low, high : (n_budgets,) accuracy over the seeds and its interval, in percent; NaN where there is none.
    runs : (n_runs, 2) budget and accuracy of each seed's run.
    fitted : (n, 2) budget and accuracy along the curve that was fitted, if one was.
    baseline : whether the others are compared with it.
    hollow : (n_budgets,) whether training stopped before it had seen that budget: hollow, and not on the line; () if
        no point is.
    """

    name: str
    budgets: Sequence[float]
    mean: Sequence[float]
    low: Sequence[float]
    high: Sequence[float]
    runs: Sequence[tuple[float, float]] = ()
    fitted: Sequence[tuple[float, float]] = ()
    baseline: bool = False
    hollow: Sequence[bool] = ()


@dataclass(frozen=True)
class Reference:
    """A level that does not depend on the budget, in percent, with its interval if it has one.

    Such are the untuned model, always the most frequent answer, and training on all related data.
    """

    name: str
    accuracy: float
    low: float | None = None
    high: float | None = None


def budget_curves(
    name: str,
    caption: str,
    curves: Sequence[Curve],
    references: Sequence[Reference] = (),
    accuracy: str = "accuracy (%)",
    alternative: str = "",
) -> Figure:
    """Draw accuracy over the budget in examples, on a log axis; beyond `TOGETHER` curves a small panel each.

    Parameters
    ----------
    accuracy : what stands at the vertical axis.
    alternative : what the figure shows, for those who do not see it; empty: made from the curves.
    """
    if len(curves) <= TOGETHER:
        draw, size = partial(_draw_together, curves, references, accuracy), (WIDTH, 3.6)
    else:
        n_rows = -(-sum(not curve.baseline for curve in curves) // PANELS_PER_ROW)
        draw, size = partial(_draw_panels, curves, references, accuracy), (WIDTH, 0.6 + 1.35 * n_rows)
    return Figure(name, caption, alternative or _in_words(curves, accuracy), draw, size)


def _in_words(curves: Sequence[Curve], accuracy: str) -> str:
    ends = [
        f"{curve.name} {curve.mean[-1]:.1f} at {curve.budgets[-1]:,.0f} examples" for curve in curves if curve.budgets
    ]
    return f"{accuracy} over the budget in examples: {'; '.join(ends)}."


def _draw_together(curves: Sequence[Curve], references: Sequence[Reference], accuracy: str, canvas: Canvas) -> None:
    axes = canvas.subplots()
    marks = arm_marks([curve.baseline for curve in curves])
    budget_axis(axes, [budget for curve in curves for budget in curve.budgets])
    for place, (curve, look) in enumerate(zip(curves, marks, strict=True)):
        apart = 1.02 ** (place - (len(curves) - 1) / 2)  # so that intervals at one budget stand side by side
        _draw_curve(axes, curve, look, apart)
    _draw_references(axes, references)
    axes.set_ylabel(accuracy)
    axes.margins(y=0.06)
    if any(any(curve.hollow) for curve in curves):
        axes.legend(handles=[_hollow_sample()], loc="best")
    _label_ends(axes, curves, marks, references)


def _draw_curve(axes: Axes, curve: Curve, look: dict[str, Any], apart: float = 1.0, size: float = 5) -> None:
    budgets, mean = np.array(curve.budgets, float) * apart, np.array(curve.mean, float)
    low, high = np.array(curve.low, float), np.array(curve.high, float)
    colour, marker, line = look["color"], look["marker"], look["linestyle"]
    if curve.runs:
        x, y = np.array(curve.runs, float).T
        axes.plot(x * apart, y, marker, color=colour, alpha=0.35, markersize=0.55 * size, markeredgewidth=0)
    empty = np.array(curve.hollow, bool) if curve.hollow else np.zeros(len(budgets), bool)
    axes.fill_between(budgets[~empty], low[~empty], high[~empty], color=colour, alpha=0.1, linewidth=0)
    axes.vlines(budgets, low, high, color=colour, linewidth=0.8, alpha=0.7)
    if curve.fitted:
        axes.plot(*np.array(curve.fitted, float).T, color=colour, linestyle=line)
    axes.plot(
        budgets[~empty],
        mean[~empty],
        color=colour,
        marker=marker,
        linestyle="none" if curve.fitted else line,
        markersize=size,
        markeredgecolor="white",
        markeredgewidth=0.6,
        zorder=3,
    )
    if empty.any():
        look = {"color": colour, "marker": marker, "markerfacecolor": "white", "markeredgecolor": colour}
        axes.plot(budgets[empty], mean[empty], linestyle="none", markersize=size, zorder=4, **look)


def _draw_references(axes: Axes, references: Sequence[Reference]) -> None:
    for reference in references:
        axes.axhline(reference.accuracy, color=QUIET, linewidth=0.8, linestyle=(0, (1, 2)), zorder=1)
        if reference.low is not None and reference.high is not None:
            axes.axhspan(reference.low, reference.high, color=FAINT, alpha=0.6, linewidth=0, zorder=0)


def _label_ends(
    axes: Axes, curves: Sequence[Curve], marks: Sequence[dict[str, Any]], references: Sequence[Reference]
) -> None:
    """Names at the right, each beside the end of its line and no two on each other."""
    low, high = axes.get_ylim()
    axes.set_ylim(low, high)
    ends = [*(curve.mean[-1] for curve in curves), *(reference.accuracy for reference in references)]
    wanted = [(end - low) / (high - low) for end in ends]
    places = spread(wanted, 1.25 * LETTER / 2.9)
    looks = [*marks, *({"color": QUIET, "marker": "", "linestyle": (0, (1, 2)), "linewidth": 0.8} for _ in references)]
    names = [*(curve.name for curve in curves), *(reference.name for reference in references)]
    across = axes.transAxes
    for end, place, look, text in zip(wanted, places, looks, names, strict=True):
        axes.plot([1.005, 1.025], [end, place], color=FAINT, linewidth=0.8, transform=across, clip_on=False)
        sample: dict[str, Any] = {"markersize": 4.5, "markeredgecolor": "white", "markeredgewidth": 0.5} | look
        axes.plot([1.03, 1.055, 1.08], [place] * 3, markevery=[1], transform=across, clip_on=False, **sample)
        grey = QUIET if not look["marker"] else "black"
        axes.text(1.095, place, shortened(text, 28), va="center", color=grey, transform=across)


def _draw_panels(curves: Sequence[Curve], references: Sequence[Reference], accuracy: str, canvas: Canvas) -> None:
    """A panel a sampler, the baseline in each, and the others in grey behind them."""
    shown = [curve for curve in curves if not curve.baseline]
    baselines = [curve for curve in curves if curve.baseline]
    n_columns = min(PANELS_PER_ROW, len(shown))
    n_rows = -(-len(shown) // n_columns)
    panels = canvas.subplots(n_rows, n_columns, sharex=True, sharey=True, squeeze=False)
    own, its = arm_marks([False])[0], arm_marks([True])[0]
    for axes, curve in zip(panels.flat, shown, strict=False):
        budget_axis(axes, [budget for one in curves for budget in one.budgets])
        axes.set_xlabel("")
        for other in shown:
            axes.plot(other.budgets, other.mean, color="#D8D8D8", linewidth=0.7, zorder=0)
        for baseline in baselines:
            _draw_curve(axes, baseline, its, size=4)
        _draw_curve(axes, curve, own, size=4)
        _draw_references(axes, references)
        axes.set_title(shortened(curve.name))
        axes.tick_params(axis="x", labelsize=6.5)
    for place, axes in enumerate(panels.flat):
        if place >= len(shown):
            axes.set_axis_off()
        elif place + n_columns >= len(shown):
            axes.tick_params(labelbottom=True)  # the lowest of its column, whatever the row
    canvas.supxlabel("budget (examples)", fontsize=8)
    canvas.supylabel(accuracy, fontsize=8)
    _explain(canvas, baselines, references, any(any(curve.hollow) for curve in curves))


def _hollow_sample() -> Line2D:
    from matplotlib.lines import Line2D

    look: dict[str, Any] = {"color": QUIET, "marker": "o", "markerfacecolor": "white", "linestyle": "none"}
    return Line2D([], [], label="hollow: stopped at the cap", **look)


def _explain(
    canvas: Canvas, baselines: Sequence[Curve], references: Sequence[Reference], any_hollow: bool = False
) -> None:
    from matplotlib.lines import Line2D

    own, its = arm_marks([False])[0], arm_marks([True])[0]
    handles = [
        Line2D([], [], label="sampler of the panel", **own),
        *(Line2D([], [], label=baseline.name, **its) for baseline in baselines),
        Line2D([], [], color="#D8D8D8", label="other samplers"),
    ]
    dots: dict[str, Any] = {"color": QUIET, "linewidth": 0.8, "linestyle": (0, (1, 2))}
    handles += [Line2D([], [], label=f"{one.name} {one.accuracy:.1f}", **dots) for one in references]
    handles += [_hollow_sample()] if any_hollow else []
    canvas.legend(handles=handles, loc="outside upper left", ncols=3, markerscale=0.8)
