"""A report's tables and figures as files for elsewhere: Markdown, LaTeX, CSV, PNG and SVG."""

from __future__ import annotations

import csv
import re
import textwrap
from collections.abc import Iterator
from pathlib import Path

from ltd.atomic import replacing
from ltd.plots.style import figure, save
from ltd.report.content import Cell, Figure, Report, Table

MAIN = "results"
"""The table that is also ``table.csv``."""

FORMATS = ("png", "svg")

CODE = re.compile("`([^`]+)`")

BAR = r"\|"


def write_tables(report: Report, folder: Path) -> None:
    """Write ``table.md`` and ``table.tex`` with every table, ``tables/<name>.csv``, and the main one as ``table.csv``.

    CSV holds `data_columns`.
    """
    tables = [table for section in report.sections for table in section.tables]
    _write(folder / "table.md", "\n".join(markdown(table) for table in tables))
    _write(folder / "table.tex", "\n".join([PREAMBLE, *(latex(table) for table in tables)]))
    for table in tables:
        for path in (table_path(table), *([Path("table.csv")] if table.name == MAIN else [])):
            with replacing(folder / path) as temporary, open(temporary, "w", newline="", encoding="utf-8") as file:
                csv.writer(file).writerows(csv_rows(table))


def write_figures(report: Report, folder: Path) -> None:
    """Draw every figure and write it as ``plots/<name>.png`` and ``plots/<name>.svg``."""
    for section in report.sections:
        for one in section.figures:
            with figure(*one.size) as canvas:
                one.draw(canvas)
                for suffix in FORMATS:
                    save(canvas, folder / figure_path(one, suffix))


def table_path(table: Table) -> Path:
    """Where a table's CSV lies in the report's folder."""
    return Path("tables", f"{table.name}.csv")


def figure_path(one: Figure, suffix: str) -> Path:
    """Where a figure lies in the report's folder."""
    return Path("plots", f"{one.name}.{suffix}")


Value = float | str | None

Column = tuple[str, list[Value]]


def data_columns(table: Table) -> list[Column]:
    """The table as data: numbers unrounded, an interval as its two ends, and marks and verdicts beside their numbers.

    >>> from ltd.report.content import Mark
    >>> row = (Cell("random"), Cell("1.2", 1.24, mark=Mark(" ?", "undecidable")), Cell("0 to 2", bounds=(0, 2.5)))
    >>> for name, values in data_columns(Table("t", "T", ("arm", "points", "interval"), (row,))):
    ...     print(f"{name}: {values}")
    arm: ['random']
    points: [1.24]
    points, mark: ['undecidable']
    interval, low: [0]
    interval, high: [2.5]
    """
    places = range(len(table.columns))
    return [column for place in places for column in _data(table.columns[place], [row[place] for row in table.rows])]


def _data(name: str, cells: list[Cell]) -> Iterator[Column]:
    is_interval = any(cell.bounds for cell in cells)
    is_number = any(cell.value is not None for cell in cells)
    if is_number or not is_interval:
        yield name, [_value(cell, is_number) for cell in cells]
    if any(cell.mark for cell in cells):
        yield f"{name}, mark", [cell.mark.words if cell.mark else None for cell in cells]
    if is_interval:
        for place, end in enumerate(("low", "high")):
            yield f"{name}, {end}", [cell.bounds[place] if cell.bounds else None for cell in cells]


def _value(cell: Cell, is_number: bool) -> Value:
    """A dash among numbers says that there is none."""
    if cell.value is not None:
        return cell.value
    return None if is_number and not any(map(str.isalnum, cell.text)) else cell.text


def csv_rows(table: Table) -> Iterator[list[str]]:
    """The columns of `data_columns` and each row; empty where there is nothing."""
    columns = data_columns(table)
    yield [name for name, _ in columns]
    for row in zip(*(values for _, values in columns), strict=True):
        yield [_csv(value) for value in row]


def _csv(value: Value) -> str:
    if value is None or isinstance(value, str):
        return value or ""
    return str(int(value)) if float(value).is_integer() else repr(float(value))


def markdown(table: Table) -> str:
    """A table in GitHub's Markdown, under its title.

    >>> print(markdown(Table("t", "Results", ("arm", "%"), ((Cell("a|b"), Cell("1.0", 1.0)),), frozenset({1}))))
    ### Results
    <BLANKLINE>
    | arm | % |
    | :-- | --: |
    | a\\|b | 1.0 |
    <BLANKLINE>
    """
    sides = ("--:" if place in table.numeric else ":--" for place in range(len(table.columns)))
    rows = (tuple(map(_markdown_cell, row)) for row in table.rows)
    lines = (tuple(map(_markdown_escaped, table.columns)), tuple(sides), *rows)
    note = f"\n{table.note}\n" if table.note else ""
    return f"### {table.title}\n\n" + "".join(f"| {' | '.join(line)} |\n" for line in lines) + note


def _markdown_cell(cell: Cell) -> str:
    text = _markdown_escaped(cell.shown)
    return f"**{text}**" if cell.tone == "strong" and text else text


def _markdown_escaped(text: str) -> str:
    """A text that stays in its cell and is no markup, but for what stands between backticks, which is code."""
    return "".join(_markdown_pieces(" ".join(text.split())))


def _markdown_pieces(text: str) -> Iterator[str]:
    for place, piece in enumerate(CODE.split(text)):
        if place % 2:
            yield f"`{piece.replace('|', BAR)}`"  # GitHub ends a cell at a bar, in code too
        else:
            yield re.sub(r"([\\|<>*_`\[\]])", r"\\\1", piece)


LONG_TEXT = 32
"""Letters beyond which a column of a LaTeX table breaks its lines."""

LONG_HEAD = 10
"""The same of what stands over a column of numbers."""

WIDE = 9
"""Columns from which on a LaTeX table lies on its side."""

PREAMBLE = "% needs \\usepackage[T1]{fontenc} and \\usepackage{booktabs,graphicx,rotating,textcomp}\n"

FIT = r"\resizebox{\ifdim\width>\linewidth\linewidth\else\width\fi}{!}{%"
"""Narrower where the table is wider than the page, and as it is where it is not."""


def latex(table: Table) -> str:
    r"""A table with the rules of booktabs, in a ``table`` with its title as the caption, label ``tab:<name>``.

    One of many columns is a ``sidewaystable``; whatever is still wider than the page is made as narrow.
    """
    sides = "".join(_latex_column(table, place) for place in range(len(table.columns)))
    heads = (_latex_head(column, place in table.numeric) for place, column in enumerate(table.columns))
    body = "\n".join(_latex_row(row) for row in table.rows)
    caption = " ".join(filter(None, (f"{table.title.rstrip('.')}.", table.note)))
    kind = "sidewaystable" if len(table.columns) >= WIDE else "table"
    return rf"""\begin{{{kind}}}
\centering
\caption{{{latex_escaped(caption)}}}
\footnotesize
\setlength{{\tabcolsep}}{{4pt}}
\label{{tab:{re.sub(r"[^A-Za-z0-9-]", "-", table.name)}}}
{FIT}
\begin{{tabular}}{{@{{}}{sides}@{{}}}}
\toprule
{" & ".join(heads)} \\
\midrule
{body}
\bottomrule
\end{{tabular}}}}
\end{{{kind}}}
"""


def _latex_column(table: Table, place: int) -> str:
    """Numbers to the right, names to the left, and sentences in lines of their own."""
    if place in table.numeric:
        return "r"
    lengths = [max((len(row[column].shown) for row in table.rows), default=0) for column in range(len(table.columns))]
    if lengths[place] <= LONG_TEXT:
        return "l"
    share = 0.8 * lengths[place] / max(sum(lengths), 2 * lengths[place])
    return rf"p{{{share:.2f}\linewidth}}"


def _latex_head(column: str, is_number: bool) -> str:
    """What stands over numbers breaks its lines, or it would be wider than they are."""
    if not is_number or len(column) <= LONG_HEAD:
        return latex_escaped(column)
    lines = textwrap.wrap(column.replace("_", "_ "), LONG_HEAD, break_long_words=False)
    stacked = r"\\".join(latex_escaped(line.replace("_ ", "_")) for line in lines)
    return rf"\shortstack[r]{{{stacked}}}"


def _latex_row(row: tuple[Cell, ...]) -> str:
    """Empty braces stand first where a bracket would be read as the argument of the row before."""
    texts = [latex_escaped(cell.shown) for cell in row]
    bold = [rf"\textbf{{{text}}}" if cell.tone == "strong" else text for text, cell in zip(texts, row, strict=True)]
    return ("{}" if bold[0].startswith(("[", "*")) else "") + " & ".join(bold) + r" \\"


LATEX = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    '"': r"\textquotedbl{}",
    "'": r"\textquotesingle{}",
    "`": r"\textasciigrave{}",
    **{sign: rf"\{sign}" for sign in "&%$#_"},
    "\N{MINUS SIGN}": "$-$",
    "\N{EN DASH}": "--",
    "\N{EM DASH}": "---",
    "\N{PLUS-MINUS SIGN}": r"$\pm$",
    "\N{MULTIPLICATION SIGN}": r"$\times$",
    "\N{LESS-THAN OR EQUAL TO}": r"$\leq$",
    "\N{GREATER-THAN OR EQUAL TO}": r"$\geq$",
    "\N{ALMOST EQUAL TO}": r"$\approx$",
    "\N{NOT EQUAL TO}": r"$\neq$",
    "\N{RIGHTWARDS ARROW}": r"$\rightarrow$",
    "\N{BLACK UP-POINTING TRIANGLE}": r"$\uparrow$",
    "\N{BLACK DOWN-POINTING TRIANGLE}": r"$\downarrow$",
    "\N{GREEK SMALL LETTER ALPHA}": r"$\alpha$",
    "\N{GREEK CAPITAL LETTER DELTA}": r"$\Delta$",
    "\N{INFINITY}": r"$\infty$",
    "\N{HORIZONTAL ELLIPSIS}": r"\dots{}",
    "\N{LEFT SINGLE QUOTATION MARK}": "`",
    "\N{RIGHT SINGLE QUOTATION MARK}": "'",
    "\N{LEFT DOUBLE QUOTATION MARK}": "``",
    "\N{RIGHT DOUBLE QUOTATION MARK}": "''",
    "\N{NO-BREAK SPACE}": "~",
    "\N{NARROW NO-BREAK SPACE}": "~",
    "\N{THIN SPACE}": r"\,",
    "\N{MIDDLE DOT}": r"\textperiodcentered{}",
    "\N{BULLET}": r"\textbullet{}",
    "\N{CHECK MARK}": r"$\surd$",
    "\N{DAGGER}": r"\textdagger{}",
    "\N{DOUBLE DAGGER}": r"\textdaggerdbl{}",
    "\N{SECTION SIGN}": r"\S{}",
    "\N{PILCROW SIGN}": r"\P{}",
}


def latex_escaped(text: str) -> str:
    r"""A text that any LaTeX reads as itself; a sign that it has no letter for is given by its number.

    >>> print(latex_escaped("50% of {x} by `a_1`"))
    50\% of \{x\} by \texttt{a\_1}
    """
    pieces = CODE.split(" ".join(text.split()))
    escaped = ["".join(LATEX.get(sign) or _letter(sign) for sign in piece) for piece in pieces]
    return "".join(rf"\texttt{{{piece}}}" if place % 2 else piece for place, piece in enumerate(escaped))


def _letter(sign: str) -> str:
    if (
        " " <= sign <= "~"
        or "\N{LATIN CAPITAL LETTER A WITH GRAVE}" <= sign <= "\N{LATIN SMALL LETTER Y WITH DIAERESIS}"
    ):
        return sign
    return rf"\mbox{{U+{ord(sign):04X}}}"


def _write(path: Path, text: str) -> None:
    with replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8")
