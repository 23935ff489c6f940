"""A written report in W&B, beside the runs that it compares."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from pathlib import Path

from ltd.example import file_digest
from ltd.report.content import Cell, Figure, Report, Section, Table
from ltd.report.export import figure_path, markdown
from ltd.tracker import RunDescription, product
from ltd.tracker.wandb import Wandb
from ltd.tracker.wandb_report import WrittenSection, publish_run, save_report


def publish(report: Report, folder: Path, project: str = "ltd", entity: str | None = None) -> str:
    """Send the report that was written to ``folder``; give the address at which it is to be seen, or how to send it.

    A run of the type ``report`` holds its tables, its figures and its page. Where the package `wandb-workspaces` is
    installed and the run is online, a saved W&B report shows them beside the runs that it compares.

    Raises
    ------
    SettingsError
        If W&B does not accept the project's name, or ``WANDB_MODE`` makes no sense.
    """
    digest = file_digest(folder / "index.html")
    description = RunDescription(
        run_id=f"report-{digest[:8]}",  # the same report again is the same run
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
            rows = _values(table)
            yield product.Table(_table_name(table), table.columns, rows, len(rows))
        for figure in section.figures:
            yield product.Picture(_figure_name(figure), folder / figure_path(figure, "png"), figure.caption)
    files = {str(path.relative_to(folder)): path for path in sorted(folder.rglob("*")) if path.is_file()}
    written = {name: path for name, path in files.items() if not name.startswith("wandb")}
    yield product.Artefact("report", digest, f"{report.title}, {report.made}", written)


def _values(table: Table) -> list[list[product.Value]]:
    """The numbers behind a column's cells if there are numbers alone, else what people read: W&B sorts by either."""
    columns = [_column(cells) for cells in zip(*table.rows, strict=True)]
    return [list(row) for row in zip(*columns, strict=True)]


def _column(cells: tuple[Cell, ...]) -> list[product.Value]:
    if all(cell.value is not None or not any(map(str.isalnum, cell.text)) for cell in cells):  # a dash is no text
        return [None if cell.value is None else float(cell.value) for cell in cells]
    return [cell.text for cell in cells]


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
