"""A written report in W&B, beside the runs that it compares."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from pathlib import Path

from ltd.example import content_key
from ltd.report.content import Figure, Report, Section, Table
from ltd.report.export import FORMATS, Value, data_columns, figure_path, markdown, table_path
from ltd.tracker import RunDescription, product
from ltd.tracker.wandb import Wandb
from ltd.tracker.wandb_report import WrittenSection, publish_run, save_report

PAGES = ("index.html", "table.md", "table.tex", "table.csv", "claims.json")


def publish(report: Report, folder: Path, project: str = "ltd", entity: str | None = None) -> str:
    """Send the report that was written to ``folder``; give the address at which it is to be seen, or how to send it.

    A run of the type ``report`` holds its tables, its figures and its page. Where the package `wandb-workspaces` is
    installed and the run is online, a saved W&B report shows them beside the runs that it compares.

    Raises
    ------
    SettingsError
        If W&B does not accept the project's name, or ``WANDB_MODE`` makes no sense.
    """
    digest = _digest(report)
    description = RunDescription(
        run_id=f"report-{digest[:8]}",  # the same tables again are the same run, whenever they were made
        name=report.title,
        group="reports",
        stage="report",
        tags=["report"],
        settings={"made": report.made, "folder": str(folder), "runs": [str(run) for run in _sources(report)]},
        folder=folder,
        notes=report.summary[0] if report.summary else "",
    )
    url = publish_run(description, list(_products(report, folder, digest)), Wandb(project=project, entity=entity))
    if url is None:
        return f"not sent yet: wandb sync {shlex.quote(str(folder / 'wandb'))}"
    sections = [_written(section) for section in report.sections]
    return save_report(report.title, [_summary(report), *sections], url) or url


def _products(report: Report, folder: Path, digest: str) -> Iterator[product.Product]:
    page = folder / "index.html"
    yield product.Page("report/page", page)
    for section in report.sections:
        for table in section.tables:
            columns = [(name, _alike(values)) for name, values in data_columns(table)]
            rows = [list(row) for row in zip(*(values for _, values in columns), strict=True)]
            yield product.Table(_table_name(table), tuple(name for name, _ in columns), rows, len(rows))
        for figure in section.figures:
            yield product.Picture(_figure_name(figure), folder / figure_path(figure, "png"), figure.caption)
    yield product.Artefact("report", digest, f"{report.title}, {report.made}", _files(report, folder))


def _digest(report: Report) -> str:
    """Equal for equal tables: the page holds the minute in which it was made."""
    tables = [(table.title, data_columns(table)) for section in report.sections for table in section.tables]
    return content_key([report.title, tables])


def _files(report: Report, folder: Path) -> dict[str, Path]:
    """This report's own: an earlier one's, or whatever else lies in the folder, is not sent."""
    tables = [table_path(table) for section in report.sections for table in section.tables]
    plots = [figure_path(one, kind) for section in report.sections for one in section.figures for kind in FORMATS]
    names = [*map(str, (*tables, *plots)), *PAGES]
    return {name: folder / name for name in names if (folder / name).is_file()}


def _alike(values: list[Value]) -> list[product.Value]:
    """Numbers alone or texts alone: W&B sorts a column by either."""
    if any(isinstance(value, str) for value in values):
        return [value if isinstance(value, str) else "" if value is None else f"{value:g}" for value in values]
    return [None if value is None else float(value) for value in values]


def _written(section: Section) -> WrittenSection:
    """A section as Markdown, its tables with it; a figure is shown from the run that holds it."""
    parts = [section.lead, section.missing, *(markdown(table) for table in section.tables), *section.notes]
    figures = tuple(_figure_name(figure) for figure in section.figures)
    return WrittenSection(section.title, "\n\n".join(part for part in parts if part), figures)


def _summary(report: Report) -> WrittenSection:
    return WrittenSection("Summary", "\n".join(f"- {line}" for line in report.summary) + f"\n\n{report.made}")


def _table_name(table: Table) -> str:
    return f"report/{table.name}"


def _figure_name(figure: Figure) -> str:
    return f"report/plot_{figure.name}"


def _sources(report: Report) -> list[Path]:
    """The runs behind its numbers."""
    tables = [table for section in report.sections for table in section.tables]
    return sorted({run for table in tables for row in table.rows for cell in row for run in cell.sources})
