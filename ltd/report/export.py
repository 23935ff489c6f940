"""A report's tables and figures as files for elsewhere: Markdown, LaTeX, CSV, PNG and SVG."""

from __future__ import annotations

import csv
import re
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

    Numbers in CSV are not rounded.
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


def csv_rows(table: Table) -> Iterator[list[str]]:
    """The columns, and each row with its numbers as they are: where there is no number, the text."""
    yield list(table.columns)
    for row in table.rows:
        yield [cell.text if cell.value is None else repr(float(cell.value)) for cell in row]


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
    lines = (_markdown_escaped(table.columns), sides, *(_markdown_escaped(_texts(row)) for row in table.rows))
    note = f"\n{table.note}\n" if table.note else ""
    return f"### {table.title}\n\n" + "".join(f"| {' | '.join(line)} |\n" for line in lines) + note


def _markdown_escaped(texts: tuple[str, ...]) -> tuple[str, ...]:
    """Texts that stay in their cell and are no markup, but for what stands between backticks, which is code."""
    return tuple("".join(_markdown_pieces(" ".join(text.split()))) for text in texts)


def _markdown_pieces(text: str) -> Iterator[str]:
    for place, piece in enumerate(CODE.split(text)):
        if place % 2:
            yield f"`{piece.replace('|', BAR)}`"  # GitHub ends a cell at a bar, in code too
        else:
            yield re.sub(r"([\\|<>*_`\[\]])", r"\\\1", piece)


def _texts(row: tuple[Cell, ...]) -> tuple[str, ...]:
    return tuple(cell.text for cell in row)


LONG_TEXT = 32
"""Letters beyond which a column of a LaTeX table breaks its lines."""

PREAMBLE = "% needs \\usepackage[T1]{fontenc} and \\usepackage{booktabs,textcomp}\n"


def latex(table: Table) -> str:
    r"""A table with the rules of booktabs, in a ``table`` with its title as the caption, label ``tab:<name>``."""
    sides = "".join(_latex_column(table, place) for place in range(len(table.columns)))
    body = "\n".join(_latex_row(row) for row in table.rows)
    caption = " ".join(filter(None, (f"{table.title.rstrip('.')}.", table.note)))
    return rf"""\begin{{table}}
\centering
\caption{{{latex_escaped(caption)}}}
\footnotesize
\setlength{{\tabcolsep}}{{4pt}}
\label{{tab:{re.sub(r"[^A-Za-z0-9-]", "-", table.name)}}}
\begin{{tabular}}{{@{{}}{sides}@{{}}}}
\toprule
{" & ".join(latex_escaped(column) for column in table.columns)} \\
\midrule
{body}
\bottomrule
\end{{tabular}}
\end{{table}}
"""


def _latex_column(table: Table, place: int) -> str:
    """Numbers to the right, names to the left, and sentences in lines of their own."""
    if place in table.numeric:
        return "r"
    lengths = [max((len(row[column].text) for row in table.rows), default=0) for column in range(len(table.columns))]
    if lengths[place] <= LONG_TEXT:
        return "l"
    share = 0.8 * lengths[place] / max(sum(lengths), 2 * lengths[place])
    return rf"p{{{share:.2f}\linewidth}}"


def _latex_row(row: tuple[Cell, ...]) -> str:
    """Empty braces stand first where a bracket would be read as the argument of the row before."""
    texts = [latex_escaped(cell.text) for cell in row]
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
