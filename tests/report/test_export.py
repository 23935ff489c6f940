"""Tables leave whole: numbers unrounded in CSV, no text becomes markup, and LaTeX reads what it is given."""

from __future__ import annotations

import csv
import re
import shutil
import string
import subprocess
from pathlib import Path

import pytest

from ltd.report.by_task import ONE_ANSWER
from ltd.report.content import Cell, Mark, Report, Section, Table
from ltd.report.export import LATEX, PREAMBLE, WIDE, csv_rows, latex, latex_escaped, markdown, write_tables
from ltd.report.results_table import CAPPED, CONSTANT, SINGLE

MINUS, UMLAUT, KANJI, FACE = "\N{MINUS SIGN}", "\u00fc", "\u65e5", "\U0001f600"

SIGNS = sorted({*LATEX} - {"`"})  # of which string.punctuation has one; two would make code of what is between them

HOSTILE = f"{string.punctuation} {UMLAUT} {KANJI} {FACE} {''.join(SIGNS)} \\input{{secret}} | a\nb <b> [x](y)"

TABLE = Table(
    "results",
    "Results & 100%",
    ("sampler_name", "accuracy (%)", "[note]"),
    (
        (Cell("[kcenter]", tone="strong"), Cell("54.3", 54.30000000000001), Cell(HOSTILE)),
        (Cell("random"), Cell(f"{MINUS}0.1", -0.1), Cell("", None)),
    ),
    frozenset({1}),
    "Means over 3 seeds_.",
)


def test_files_hold_every_table_and_numbers_unrounded(tmp_path: Path) -> None:
    other = Table("other", "Another", ("a",), ((Cell("x"),),))
    sections = (Section("one", "One", "", (other,)), Section("two", "Two", "", (TABLE,)))
    write_tables(Report("title", "made", (), sections), tmp_path)
    with open(tmp_path / "tables" / "results.csv", newline="", encoding="utf-8") as file:
        header, first, second = csv.reader(file)
    assert tuple(header) == TABLE.columns
    assert first == ["[kcenter]", "54.30000000000001", HOSTILE]
    assert float(second[1]) == -0.1
    assert (tmp_path / "table.csv").read_bytes() == (tmp_path / "tables" / "results.csv").read_bytes()
    assert (tmp_path / "tables" / "other.csv").read_text().split() == ["a", "x"]
    for name in ("table.md", "table.tex"):
        text = (tmp_path / name).read_text("utf-8")
        assert text.index("Another") < text.index("Results")


def test_data_has_numbers_ends_of_intervals_and_marks_apart() -> None:
    capped = Mark("‡", "stopped early")
    rows = (
        (Cell("a", mark=capped), Cell("3", 3), Cell("50.0", 50.0), Cell("1.0 to 2.5", bounds=(1.04, 2.5))),
        (Cell("b"), Cell("-"), Cell("-"), Cell("-")),
    )
    found = [*csv_rows(Table("t", "T", ("arm", "seeds", "average (%)", "95% interval"), rows))]
    assert found == [
        ["arm", "arm, mark", "seeds", "average (%)", "95% interval, low", "95% interval, high"],
        ["a", "stopped early", "3", "50", "1.04", "2.5"],
        ["b", "", "", "", "", ""],
    ]


def test_marks_and_emphasis_are_shown_in_markdown_and_latex() -> None:
    row = (Cell("54.3", 54.3, mark=Mark("‡", "stopped early")), Cell("0.5 (1 to 2)", 0.5, tone="strong"))
    table = Table("t", "T", ("a", "b"), (row,))
    assert "| 54.3‡ | **0.5 (1 to 2)** |" in markdown(table)
    assert r"54.3\textdaggerdbl{} & \textbf{0.5 (1 to 2)} \\" in latex(table)


def test_a_wide_table_lies_on_its_side_under_broken_headings() -> None:
    heads = tuple(f"tokens trained on_{number} (%)" for number in range(WIDE))
    wide = latex(Table("t", "T", heads, (tuple(Cell("1", 1) for _ in heads),), frozenset(range(WIDE))))
    assert wide.startswith(r"\begin{sidewaystable}") and wide.rstrip().endswith(r"\end{sidewaystable}")
    assert r"\shortstack[r]{tokens\\trained\\on\_0 (\%)}" in wide
    narrow = latex(TABLE)
    assert narrow.startswith(r"\begin{table}") and "shortstack" in narrow


def test_markdown_keeps_each_text_in_its_cell() -> None:
    title, _, header, sides, first, second, _, note = markdown(TABLE).splitlines()
    assert (title, sides, note) == ("### Results & 100%", "| :-- | --: | :-- |", TABLE.note)
    cells = [re.split(r"(?<!\\)(?:\\\\)*\|", line)[1:-1] for line in (header, first, second)]
    assert [len(line) for line in cells] == [3, 3, 3]
    assert cells[0] == [r" sampler\_name ", " accuracy (%) ", r" \[note\] "]
    shown = re.sub(r"\\(.)", r"\1", cells[1][2]).strip()
    assert shown == " ".join(HOSTILE.split())


def test_latex_holds_only_what_it_was_meant_to() -> None:
    """Without the commands that stand for signs, no sign is left that LaTeX would act on."""
    escaped = latex_escaped(HOSTILE)
    known = sorted({*LATEX.values()} - {"~", "`", "'", "``", "''", "--", "---"}, key=len, reverse=True)
    left = re.sub("|".join(map(re.escape, known)), "", escaped)
    left = re.sub(r"\\mbox\{U\+[0-9A-F]{4,5}\}", "", left)
    assert not set(left) & set("\\{}$&#^_%")
    assert left.isascii() or set(left) - {UMLAUT} <= set(string.printable)
    assert r"\mbox{U+65E5}" in escaped and r"\mbox{U+1F600}" in escaped
    assert r"\textbackslash{}input\{secret\}" in escaped


@pytest.mark.parametrize("mark", [CAPPED, CONSTANT, SINGLE, ONE_ANSWER])
def test_every_mark_of_a_table_has_its_command_in_latex(mark: Mark) -> None:
    assert latex_escaped(mark.sign).startswith("\\") and "mbox" not in latex_escaped(mark.sign)


def test_a_latex_table_has_the_rules_of_booktabs() -> None:
    text = latex(TABLE)
    body = text.split("\\toprule\n")[1].split("\\bottomrule")[0]
    header, middle, first, second = body.strip().splitlines()
    assert header == r"sampler\_name & \shortstack[r]{accuracy\\(\%)} & [note] \\"
    assert middle == r"\midrule"
    assert first.startswith(r"\textbf{[kcenter]} & 54.3 & ")
    assert second == r"random & $-$0.1 &  \\"
    assert re.search(r"\\begin\{tabular\}\{@\{\}lrp\{0\.\d\d\\linewidth\}@\{\}\}", text)
    assert r"\label{tab:results}" in text and r"\caption{Results \& 100\%. Means over 3 seeds\_.}" in text


def test_what_stands_between_backticks_is_code() -> None:
    table = Table("t", "T", ("a",), ((Cell("see `x_y | <z>`, a `"),),))
    assert r"| see `x_y \| <z>`, a \` |" in markdown(table)
    assert r"see \texttt{x\_y \textbar{} \textless{}z\textgreater{}}, a \textasciigrave{} \\" in latex(table)


def test_a_bracket_at_the_start_of_a_row_is_no_argument() -> None:
    table = Table("t", "T", ("a",), ((Cell("x"),), (Cell("[2em]"),), (Cell("*"),)))
    assert "\n{}[2em] \\\\\n{}* \\\\\n" in latex(table)


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="there is no pdflatex")
def test_latex_compiles(tmp_path: Path) -> None:
    packages = r"\usepackage[T1]{fontenc}\usepackage{booktabs,graphicx,rotating,textcomp}"
    assert all(package in PREAMBLE for package in packages.split("\\usepackage")[1:])
    many = tuple(f"a rather long heading, number {number} (%)" for number in range(20))
    wide = Table("wide", "Wide", many, (tuple(Cell("33.8 to 40.8") for _ in many),), frozenset(range(20)))
    document = rf"\documentclass{{article}}{packages}\begin{{document}}{latex(TABLE)}{latex(wide)}\end{{document}}"
    (tmp_path / "table.tex").write_text(document, "utf-8")
    done = subprocess.run(
        ["pdflatex", "-halt-on-error", "-interaction=nonstopmode", "table.tex"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    assert done.returncode == 0, done.stdout[-2000:]
    assert (tmp_path / "table.pdf").exists()
    too_wide = re.findall(r"Overfull \\hbox \(([\d.]+)pt too wide\)", done.stdout)
    assert all(float(points) < 2 for points in too_wide), too_wide
