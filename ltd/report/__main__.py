"""From folders of runs to a page: what they found, how certain it is, and what it says of the paper's claims.

    python -m ltd.report outputs                        of all runs below outputs/
    python -m ltd.report outputs/sweeps/<sweep>         of one sweep
    python -m ltd.report outputs --margin 1             differences below 1 point do not matter
    python -m ltd.report outputs --baseline sampler=kcenter --out /tmp/report --wandb --wandb-project tables

Writes ``index.html``, ``table.md``, ``table.tex``, ``table.csv``, ``claims.json``, and a table or plot a file in
``tables/`` and ``plots/``. Exit codes: 0 done, whatever the verdicts; 2 an error, in one line.
"""

from __future__ import annotations

import argparse
import logging
import math
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table as Printed

from ltd.console import progress_bar
from ltd.errors import LtdError, SettingsError
from ltd.places import outputs_folder
from ltd.report import page
from ltd.report.build import BASELINE, Built, build
from ltd.report.claims import write_claims
from ltd.report.content import Report, Section, Table
from ltd.runs.table import WIDTH
from ltd.statistics.comparison import MARGIN

USER_ERROR = 2

HEADLINES = {
    "results": ("arm", "seeds", "examples", "average (%)", "95% interval"),
    "comparisons": ("arm", "against", "difference (points)", "interval", "verdict"),
}
"""Tables that are printed, by section, and their columns."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and give its exit code."""
    options = _parser().parse_args(arguments)
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(message)s")
    console = Console(width=WIDTH, soft_wrap=True, highlight=False, markup=False)
    places = options.places or [outputs_folder()]
    try:
        with progress_bar("report") as bar:
            built = build(places, options.baseline, bar, _margin(options.margin))
        index = page.write(built.report, options.out)
        write_claims(built.findings, options.out, built.margin)
        _show(console, built, index)
        if options.wandb:
            from ltd.report.publishing import publish

            where = publish(built.report, options.out, options.wandb_project, options.wandb_entity)
            console.print(f"wandb     {where}")
    except LtdError as error:
        sys.stderr.write(f"error: {error}\n")
        return USER_ERROR
    except BrokenPipeError:  # the reader, such as head, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m ltd.report", description=str(__doc__).splitlines()[0])
    parser.add_argument(
        "places", nargs="*", type=Path, metavar="FOLDER", help="of outputs, a stage, a sweep or a run; by default all"
    )
    parser.add_argument("--baseline", default=BASELINE, help="what others are compared with (default: %(default)s)")
    parser.add_argument(
        "--margin", default=f"{100 * MARGIN:g}", metavar="POINTS",
        help="differences below so many points do not matter (default: %(default)s)",
    )  # fmt: skip
    out = outputs_folder() / "report"
    parser.add_argument("--out", type=Path, default=out, help="where the files go (default: %(default)s)")
    parser.add_argument("--wandb", action="store_true", help="also keep it as a comparison in W&B")
    parser.add_argument("--wandb-project", default="ltd", metavar="NAME", help="(default: %(default)s)")
    parser.add_argument("--wandb-entity", metavar="NAME", help="user or team (default: that of the key)")
    return parser


def _margin(words: str) -> float:
    """As a share of questions.

    Raises
    ------
    SettingsError
        If it is not a number of points between 0 and 100.
    """
    try:
        points = float(words)
    except ValueError:
        points = math.nan
    if not 0 < points < 100:
        raise SettingsError(f"a margin is a number of points above 0 and below 100, such as 2, not '{words}'")
    return points / 100


def _show(console: Console, built: Built, index: Path) -> None:
    report = built.report
    for key, columns in HEADLINES.items():
        table = next((table for table in _section(report, key).tables if table.name == key), None)
        if table is not None:
            console.print(_printed(table, columns))
            console.print()
    verdicts: dict[str, list[str]] = {}
    for one in built.findings:
        if one.verdict not in verdicts.setdefault(one.claim.id, []):
            verdicts[one.claim.id].append(one.verdict)
    for claim, found in verdicts.items():
        console.print(f"{claim:<10}{' / '.join(found)}")
    console.print(f"margin    {100 * built.margin:g} points")
    console.print()
    for line in report.summary:
        console.print(line)
    console.print(f"\nreport    {index}")


def _section(report: Report, key: str) -> Section:
    return next(section for section in report.sections if section.key == key)


def _printed(table: Table, columns: Sequence[str]) -> Printed:
    """Some columns of a table, as far as it has them."""
    places = [table.columns.index(column) for column in columns if column in table.columns]
    printed = Printed(title=table.title, title_justify="left", title_style="bold", box=SIMPLE_HEAD, show_edge=False,
                      padding=(0, 1, 0, 0))  # fmt: skip
    for place in places:
        is_number = place in table.numeric
        printed.add_column(
            table.columns[place], justify="right" if is_number else "left", no_wrap=is_number or place == 0
        )
    for row in table.rows:
        printed.add_row(*(row[place].shown for place in places))
    return printed


if __name__ == "__main__":
    raise SystemExit(main())
