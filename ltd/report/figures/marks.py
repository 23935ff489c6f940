"""How arms and verdicts look in every figure: colour is never the only sign, and labels stand beside what they name."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from ltd.plots.style import RANDOM
from ltd.report.content import Tone

if TYPE_CHECKING:
    from matplotlib.axes import Axes

INK, QUIET, FAINT = "#222222", "#6B6B6B", "#E8E8E8"
GOOD, BAD = "#009E73", "#D55E00"

TONES: dict[Tone, str] = {"good": GOOD, "bad": BAD, "plain": QUIET, "unsure": QUIET, "strong": INK}
SYMBOLS: dict[Tone, str] = {"good": "▲", "bad": "▼", "plain": "=", "unsure": "?", "strong": "•"}
WORDS: dict[Tone, str] = {"good": "better", "bad": "worse", "plain": "no difference", "unsure": "undecided"}

COLOURS = ("#0072B2", "#009E73", "#CC79A7", "#000000", "#D55E00", "#56B4E9")  # orange is the baseline's
MARKERS = ("o", "s", "^", "D", "v", "P")
LINES: tuple[Any, ...] = (
    "-",
    (0, (6, 1.5)),
    (0, (4, 1.2, 1, 1.2)),
    (0, (1.5, 1)),
    (0, (8, 1, 1, 1, 1, 1)),
    (0, (3, 3)),
)

MINUS, NOTHING = "\N{MINUS SIGN}", "\N{EN DASH}"

LETTER = 8 / 72
"""Inches that a line of text is high."""


def arm_marks(baselines: Sequence[bool]) -> list[dict[str, Any]]:
    """Colour, marker and line of each arm, in its order: the baseline's is its own wherever it stands."""
    others = iter(range(len(baselines)))
    return [_marks(None if baseline else next(others)) for baseline in baselines]


def _marks(place: int | None) -> dict[str, Any]:
    if place is None:
        return {"color": RANDOM, "marker": "X", "linestyle": (0, (4, 2))}
    n = len(COLOURS)
    line = (place + place // n) % n  # the seventh has the first one's colour, and a line of its own
    return {"color": COLOURS[place % n], "marker": MARKERS[line], "linestyle": LINES[line]}


def spread(wanted: Sequence[float], gap: float) -> list[float]:
    """Places as near as possible to those wanted, in least squares, of which each pair is ``gap`` apart.

    >>> [round(place, 6) for place in spread([0.5, 0.52, 0.9], 0.1)]
    [0.46, 0.56, 0.9]
    """
    order = np.argsort(np.array(wanted, float), kind="stable")
    blocks: list[tuple[float, int]] = []  # mean and size: less rank times gap, the places must only not decrease
    for rank, place in enumerate(order):
        mean, size = wanted[place] - rank * gap, 1
        while blocks and blocks[-1][0] > mean:
            before, many = blocks.pop()
            mean, size = (mean * size + before * many) / (size + many), size + many
        blocks.append((mean, size))
    sorted_places = np.repeat([mean for mean, _ in blocks], [size for _, size in blocks]) + gap * np.arange(len(order))
    places = np.empty(len(order))
    places[order] = sorted_places
    return [float(place) for place in places]


def budget_axis(axes: Axes, budgets: Sequence[float]) -> None:
    """A logarithmic axis of examples, its ticks at the budgets themselves where there is room for them."""
    from matplotlib.ticker import FixedLocator, FuncFormatter, LogLocator, NullFormatter, NullLocator

    found = sorted(set(budgets)) or [1.0]
    axes.set_xscale("log")
    axes.set_xlim(found[0] / 1.35, found[-1] * 1.35)
    width = np.log10(found[-1] / found[0] * 1.35**2)
    apart = all(later > 10 ** (0.11 * width) * earlier for earlier, later in pairwise(found))
    axes.xaxis.set_major_locator(FixedLocator(found) if apart else LogLocator(subs=(1, 2, 5)[: 1 if width > 2 else 3]))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda count, _: f"{count:,.0f}"))
    axes.xaxis.set_minor_formatter(NullFormatter())
    if apart:
        axes.xaxis.set_minor_locator(NullLocator())
    axes.set_xlabel("budget (examples)")


def cost_axis(axes: Axes, costs: Sequence[float]) -> None:
    """A logarithmic axis of costs with its numbers written out."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    low, high = min(costs) / 1.4, max(costs) * 1.4
    axes.set_xscale("log")
    axes.set_xlim(low, high)
    axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5) if high < 200 * low else (1,)))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda cost, _: f"{cost:,.10g}"))
    axes.xaxis.set_minor_formatter(NullFormatter())


def signed(points: float) -> str:
    """A difference in percentage points.

    >>> signed(1.27), signed(-0.01)
    ('+1.3', '0.0')
    """
    text = f"{points:+.1f}"
    return "0.0" if float(text) == 0 else text.replace("-", MINUS)
