"""A report as one page that opens anywhere: no request leaves it, and it works without a script."""

from __future__ import annotations

import base64
import hashlib
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from importlib.resources import files
from pathlib import Path
from urllib.parse import quote

from jinja2 import Environment, StrictUndefined, Template
from markupsafe import Markup, escape

from ltd.atomic import replacing
from ltd.report.content import Cell, Figure, Report
from ltd.report.export import figure_path, table_path, write_figures, write_tables

INLINE_AT_MOST = 400_000
"""Bytes of an SVG in the page; a figure with more marks than that is shown as its PNG."""

PIXELS_PER_INCH = 116
"""A figure's text, 8 points in print, is as large as a table's on a screen."""

LONG_TEXT = 30
"""Letters beyond which a cell breaks its lines."""

KINDS = {"svg": "image/svg+xml", "png": "image/png"}


def write(report: Report, folder: Path) -> Path:
    """Write ``index.html``, and beside it the plots and tables that it links to; give its path.

    Those of an earlier report in the folder that this one does not have are removed.
    """
    write_tables(report, folder)
    write_figures(report, folder)
    style, script = (files("ltd.report").joinpath(f"page.{kind}").read_text("utf-8") for kind in ("css", "js"))
    sources = Sources(folder)
    for section in report.sections:
        for table in section.tables:
            for row in table.rows:
                for cell in row:
                    sources.number(cell.sources)
    text = _template().render(
        report=report,
        sources=sources,
        style=Markup(style),  # noqa: S704 ours
        script=Markup(script),  # noqa: S704 ours
        policy=_policy(style, script),
        pixels=PIXELS_PER_INCH,
        long_text=LONG_TEXT,
        picture=partial(_picture, folder),
        table_path=table_path,
        figure_path=figure_path,
    )
    earlier = _linked(folder)
    with replacing(folder / "index.html") as temporary:
        temporary.write_text(text, encoding="utf-8")
    for name in earlier - _linked(folder):
        (folder / name).unlink(missing_ok=True)
    return folder / "index.html"


def _linked(folder: Path) -> set[str]:
    """The tables and plots that the page in a folder offers: its own files, whatever else lies beside them."""
    try:
        page = (folder / "index.html").read_text("utf-8")
    except (FileNotFoundError, UnicodeDecodeError):
        return set()
    return set(re.findall(r'href="((?:tables/\w+\.csv)|(?:plots/\w+\.(?:png|svg)))"', page))


@dataclass
class Sources:
    """The runs behind the numbers, each set of them numbered in the order in which the page first needs it."""

    folder: Path
    numbers: dict[tuple[Path, ...], int] = field(default_factory=dict)

    def number(self, runs: tuple[Path, ...]) -> int:
        """That of a set of runs; 0 of none."""
        return self.numbers.setdefault(runs, len(self.numbers) + 1) if runs else 0

    def behind(self, row: tuple[Cell, ...]) -> list[int]:
        """All sets of runs that a row's numbers come from, which paper shows where there is nothing to click."""
        return sorted({self.number(cell.sources) for cell in row} - {0})

    def link(self, run: Path) -> str:
        """From the page to a run's folder; it still holds if both are moved together."""
        return quote(self.shown(run)) + "/"

    def shown(self, run: Path) -> str:
        """The same as people read it."""
        return Path(os.path.relpath(run.resolve(), self.folder.resolve())).as_posix()

    def __iter__(self) -> Iterator[tuple[int, tuple[Path, ...]]]:
        return ((number, runs) for runs, number in self.numbers.items())


def marked_up(text: str) -> Markup:
    """A text in which what stands between backticks is code; everything else is shown as it is.

    >>> marked_up("run `train.py` <now>")
    Markup('run <code>train.py</code> &lt;now&gt;')
    """
    return Markup(re.sub(r"`([^`]+)`", r"<code>\1</code>", str(escape(text))))  # noqa: S704 escaped just before


def breakable(name: str) -> Markup:
    """A name that may go on in a new line after an underscore.

    >>> breakable("two_way <%>")
    Markup('two_<wbr>way &lt;%&gt;')
    """
    return Markup("_<wbr>").join(name.split("_"))


def _template() -> Template:
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.filters |= {"marked_up": marked_up, "breakable": breakable}
    return environment.from_string(files("ltd.report").joinpath("page.html.jinja").read_text("utf-8"))


def _policy(style: str, script: str) -> str:
    """What a browser may load and run: nothing but this style, this script and the pictures in the page."""
    style_hash, script_hash = (
        base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in (style, script)
    )
    return f"default-src 'none'; img-src data:; style-src 'sha256-{style_hash}'; script-src 'sha256-{script_hash}'"


def _picture(folder: Path, figure: Figure) -> str:
    """A figure as a data URI; as an image a figure's names cannot clash with those of another."""
    path = folder / figure_path(figure, "svg")
    suffix = "svg" if path.stat().st_size <= INLINE_AT_MOST else "png"
    content = base64.b64encode((folder / figure_path(figure, suffix)).read_bytes()).decode()
    return f"data:{KINDS[suffix]};base64,{content}"
