"""Whether a verdict holds however one scores: a cell a variant, with the difference and the verdict."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ltd.plots.style import shortened
from ltd.report.content import Figure, Tone
from ltd.report.figures.marks import BAD, FAINT, GOOD, LETTER, NOTHING, SYMBOLS, WORDS, signed

if TYPE_CHECKING:
    from matplotlib.colors import Colormap
    from matplotlib.figure import Figure as Canvas

CELL = (0.58, 0.27)
"""Inches of a cell, in which its number has room; a grid of many columns is wider than a page."""

LABEL = 40
"""Letters of an arm's name."""


def verdict_grid(
    name: str,
    caption: str,
    rows: Sequence[str],
    columns: Sequence[str],
    differences: Sequence[Sequence[float]],
    tones: Sequence[Sequence[Tone]],
    alternative: str = "",
) -> Figure:
    """Draw a heat map.

    Parameters
    ----------
    rows, columns : arms, and variants of scoring.
    differences : (n_rows, n_columns) to the baseline in percentage points; NaN where there is none.
    tones : (n_rows, n_columns) of the verdicts, shown by symbols.
    """
    values = np.array(differences, float).reshape(len(rows), len(columns))
    counts = ", ".join(f"{sum(tone == one for line in tones for one in line)} {word}" for tone, word in WORDS.items())
    words = f"Difference to the baseline for {len(rows)} arms under {len(columns)} ways of scoring: {counts}."
    longest_row, longest_column = (max(map(len, names), default=0) for names in (rows, columns))
    beside = LETTER * (0.55 * min(LABEL, longest_row) + 0.4 * longest_column)
    above = 0.3 * LETTER * longest_column
    size = (max(4.4, beside + CELL[0] * len(columns)), 0.6 + above + CELL[1] * len(rows))
    return Figure(name, caption, alternative or words, partial(_draw, rows, columns, values, tones), size)


def _draw(
    rows: Sequence[str],
    columns: Sequence[str],
    values: NDArray[np.float64],
    tones: Sequence[Sequence[Tone]],
    canvas: Canvas,
) -> None:
    axes = canvas.subplots()
    reach = max(1.0, float(np.nanmax(np.abs(values), initial=0)))
    axes.imshow(values, cmap=_diverging(), vmin=-reach, vmax=reach, aspect="auto")
    axes.set_xticks(range(len(columns)), [shortened(name, 30) for name in columns], rotation=30, ha="left")
    axes.set_yticks(range(len(rows)), [shortened(name, LABEL) for name in rows])
    axes.tick_params(length=0, labeltop=True, labelbottom=False)
    for label in axes.get_xticklabels():
        label.set_rotation_mode("anchor")
    axes.spines[:].set_visible(False)
    axes.set_xticks(np.arange(len(columns) - 1) + 0.5, minor=True)
    axes.set_yticks(np.arange(len(rows) - 1) + 0.5, minor=True)
    axes.grid(which="minor", color="white", linewidth=1.5)
    axes.tick_params(which="minor", length=0)
    for (row, column), value in np.ndenumerate(values):
        text = f"{SYMBOLS[tones[row][column]]} {signed(value)}" if np.isfinite(value) else NOTHING
        axes.text(column, row, text, ha="center", va="center", fontsize=7)
    key = "    ".join(f"{SYMBOLS[tone]} {word}" for tone, word in WORDS.items())
    axes.set_xlabel(key, loc="left", labelpad=6)


def _diverging() -> Colormap:
    """From worse over nothing to better, in the verdicts' own colours, light enough for black numbers."""
    from matplotlib.colors import LinearSegmentedColormap

    return LinearSegmentedColormap.from_list("verdict", [BAD, "#F7D9C4", "#FAFAFA", "#C4E8DC", GOOD], bad=FAINT)
