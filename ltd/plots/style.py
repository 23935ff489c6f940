"""One look for all figures: the colours of Okabe and Ito (2008), which the colour-blind tell apart, and little else."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ltd.atomic import replacing

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SELECTION, RANDOM, CANDIDATES, START = "#0072B2", "#E69F00", "#CFCFCF", "#000000"
CATEGORIES = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#F0E442")

WIDTH = 6.9
"""Inches of a page's two columns."""

DPI = 200

# No time and no version, so that the same figure is the same bytes.
METADATA: dict[str, dict[str, str | None]] = {
    "png": {"Software": None},
    "pdf": {"CreationDate": None, "Producer": None, "Creator": None},
    "svg": {"Date": None, "Creator": None, "Format": None, "Type": None},
}

SETTINGS: Any = {
    "font.family": "DejaVu Sans",  # comes with matplotlib: the same on every machine
    "font.size": 8,
    "axes.titlesize": 8,
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.linewidth": 0.6,
    "legend.frameon": False,
    "lines.linewidth": 1.4,
    "pdf.fonttype": 42,  # letters stay letters in a PDF; many publishers refuse matplotlib's default
    "svg.hashsalt": "ltd",
}


@contextmanager
def figure(width: float, height: float) -> Iterator[Figure]:
    """An empty figure, of inches, to be drawn and saved while the style is in force; no window, no global state."""
    import matplotlib as mpl
    from matplotlib.figure import Figure

    with mpl.rc_context():
        mpl.rcdefaults()  # whatever a user's own style file says
        mpl.rcParams.update(SETTINGS)
        yield Figure(figsize=(width, height), dpi=DPI, layout="constrained")


def save(drawn: Figure, path: Path) -> None:
    """Write a figure in the format of the path's suffix: ``.png``, ``.pdf`` or ``.svg``."""
    kind = path.suffix.removeprefix(".")
    with replacing(path) as temporary:
        drawn.savefig(temporary, format=kind, dpi=DPI, metadata=METADATA[kind])


def log_axis(axes: Axes, low: float, high: float) -> None:
    """A logarithmic x axis of counts from ``low`` to ``high``, which are above 0, with its numbers written out."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    axes.set_xscale("log")
    axes.set_xlim(low, high)
    steps = (1, 2, 5) if high < 100 * low else (1,)
    axes.xaxis.set_major_locator(LogLocator(subs=steps))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda count, _: f"{count:,.0f}"))
    axes.xaxis.set_minor_formatter(NullFormatter())


def shortened(text: str, length: int = 24) -> str:
    """A text for a tick: one line, its end cut off if it is long.

    >>> shortened("entailment, that is", 10)
    'entailmen…'
    """
    line = " ".join(text.split()).replace("$", r"\$")  # a dollar would start a formula
    return line if len(line) <= length else f"{line[: length - 1]}…"
