"""What a report is made of: sections of text, tables and figures, in words that page, files and tests all read.

The analysis fills these in and knows nothing of HTML; whoever writes pages and files knows nothing of runs.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Canvas

Tone = Literal["plain", "good", "bad", "unsure", "strong"]


@dataclass(frozen=True, slots=True)
class Mark:
    """What a cell says beside its text or number, such as a dagger.

    Attributes
    ----------
    sign : as it follows the text; empty if the tone shows it.
    words : the same for files in which a sign would need its legend.
    """

    sign: str
    words: str


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell of a table.

    Attributes
    ----------
    text : as people read it.
    value : the number behind it, unrounded, for CSV; None if it is not a number.
    sources : folders of the runs it was computed from; a page links to them.
    tone : how it is shown: a verdict for the better, for the worse, undecided, or a line to be looked at first.
    mark : what its text or number does not say.
    bounds : the ends of an interval, unrounded, for CSV: the one that the text is, or that belongs to the value.
    """

    text: str
    value: float | None = None
    sources: tuple[Path, ...] = ()
    tone: Tone = "plain"
    mark: Mark | None = None
    bounds: tuple[float, float] | None = None

    @property
    def shown(self) -> str:
        """Its text with its mark."""
        return self.text + (self.mark.sign if self.mark else "")


@dataclass(frozen=True, slots=True)
class Table:
    """A table; every row has as many cells as there are columns.

    Attributes
    ----------
    name : of its file, as ``results`` in ``results.csv``.
    columns : what stands over each column, with its unit in brackets.
    numeric : which columns are aligned to the right.
    note : how to read it, in a sentence or two.
    """

    name: str
    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    numeric: frozenset[int] = frozenset()
    note: str = ""

    def __post_init__(self) -> None:
        for row in self.rows:
            assert len(row) == len(self.columns), (
                f"table {self.name}: a row has {len(row)} of {len(self.columns)} cells"
            )


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure that draws itself into an empty canvas of (width, height) inches, in `ltd.plots.style`.

    Attributes
    ----------
    name : of its files, as ``budget`` in ``budget.png`` and ``budget.svg``.
    caption : what it shows and how to read it.
    alternative : what it shows, in a sentence, for those who do not see it.
    """

    name: str
    caption: str
    alternative: str
    draw: Callable[[Canvas], None]
    size: tuple[float, float] = (6.9, 3.4)


@dataclass(frozen=True, slots=True)
class Section:
    """One part of the report.

    Attributes
    ----------
    key : its anchor, as ``comparisons``.
    lead : its answer, in one to three sentences; what somebody reads who reads nothing else.
    missing : why there is nothing to show, and which command would give it; empty if there is.
    """

    key: str
    title: str
    lead: str
    tables: tuple[Table, ...] = ()
    figures: tuple[Figure, ...] = ()
    notes: tuple[str, ...] = ()
    missing: str = ""


@dataclass(frozen=True, slots=True)
class Report:
    """The whole, in the order of reading."""

    title: str
    made: str
    summary: tuple[str, ...]
    sections: Sequence[Section]
