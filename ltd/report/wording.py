"""Numbers as people read them, with the same digits in every section."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

from ltd.report.content import Cell, Mark, Tone

NOTHING = "-"
"""Where there is no number."""


def percent(share: float | None) -> str:
    """A share in percent.

    >>> percent(0.5664), percent(None)
    ('56.6', '-')
    """
    return NOTHING if share is None or math.isnan(share) else f"{100 * share:.1f}"


def points(difference: float) -> str:
    """A difference of shares in percentage points, with its sign.

    >>> points(-0.0631), points(-0.0001)
    ('-6.3', '0.0')
    """
    text = f"{100 * difference:+.1f}"
    return "0.0" if text in ("+0.0", "-0.0") else text


def p_words(p: float) -> str:
    """A p value, to three digits where a verdict may hang on them.

    >>> p_words(0.00004), p_words(0.0531), p_words(0.187)
    ('< 0.001', '0.053', '0.19')
    """
    return "< 0.001" if p < 0.001 else f"{p:.3f}" if p < 0.1 else f"{p:.2f}"


def counted(number: float, noun: str) -> str:
    """A number of things.

    >>> counted(1, "run"), counted(1234, "question")
    ('1 run', '1,234 questions')
    """
    return f"{number:,.0f} {noun}" if number == 1 else f"{number:,.0f} {noun}s"


def joined(words: Sequence[str], last: str = "and") -> str:
    """An enumeration.

    >>> joined(["a", "b", "c"])
    'a, b and c'
    """
    return f" {last} ".join(filter(None, (", ".join(words[:-1]), *words[-1:])))


def share_cell(
    share: float | None, sources: Sequence[Path] = (), tone: Tone = "plain", mark: Mark | None = None
) -> Cell:
    """A share as a cell in percent."""
    if share is None or math.isnan(share):
        return Cell(NOTHING)
    return Cell(percent(share), 100 * share, tuple(sources), tone, mark)


def number_cell(number: float | None, sources: Sequence[Path] = ()) -> Cell:
    """A count, or a mean of counts, as a cell."""
    return Cell(NOTHING) if number is None else Cell(f"{number:,.0f}", number, tuple(sources))


def points_cell(
    difference: float, sources: Sequence[Path] = (), tone: Tone = "plain", mark: Mark | None = None
) -> Cell:
    """A difference of shares as a cell in percentage points."""
    return Cell(points(difference), 100 * difference, tuple(sources), tone, mark)


def points_interval_cell(interval: tuple[float, float], sources: Sequence[Path] = ()) -> Cell:
    """An interval of such a difference."""
    low, high = interval
    return Cell(f"{points(low)} to {points(high)}", sources=tuple(sources), bounds=(100 * low, 100 * high))


def share_interval_cell(interval: tuple[float, float], sources: Sequence[Path] = (), mark: Mark | None = None) -> Cell:
    """An interval of a share, in percent."""
    low, high = interval
    text = f"{percent(low)} to {percent(high)}"
    return Cell(text, sources=tuple(sources), mark=mark, bounds=(100 * low, 100 * high))
