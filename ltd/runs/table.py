"""Runs and artefacts as tables of at most 100 columns."""

from __future__ import annotations

import os
from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from statistics import fmean, stdev

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from ltd.runs.artefacts import Artefact
from ltd.runs.record import STATES, RunRecord
from ltd.runs.sweep import Job, varied

WIDTH = 100


def runs_table(records: Sequence[RunRecord]) -> Table:
    """One row for each run."""
    table = Table(box=SIMPLE_HEAD, padding=(0, 1, 0, 0), show_edge=False)
    for name in ("stage", "state", "sampler", "mode", "budget", "model", "seed", "average", "age", "id"):
        numbers = name in ("seed", "average", "age", "budget")
        table.add_column(name, justify="right" if numbers else "left", no_wrap=True, overflow="ellipsis")
    for record in records:
        average = "" if record.average is None else f"{100 * record.average:.1f}"
        seconds = (datetime.now(record.changed.tzinfo) - record.changed).total_seconds()
        words = (record.sampler, record.mode, record.budget, record.model, record.seed)
        named = ["" if word is None else str(word) for word in words]
        table.add_row(record.stage, record.state, *named, average, _age(seconds), record.run_id.rpartition("-")[2])
    return table


def show_jobs(console: Console, jobs: Sequence[Job]) -> None:
    """Print the jobs of a sweep with what varied between them, the same over seeds, and what is not finished."""
    console.print()
    console.print(jobs_table(jobs))
    if seeds := seeds_table(jobs):
        console.print()
        console.print(seeds)
    states = counted([job.record for job in jobs])
    places = {_display(Path(job.record.folder).parent) for job in jobs if Path(job.record.folder).is_dir()}
    console.print(
        f"\n{states}; folders are in {', '.join(sorted(places))}" if places else f"\n{states}", soft_wrap=True
    )


def counted(records: Sequence[RunRecord]) -> str:
    """How many are in which state."""
    counts = Counter(record.state for record in records)
    return ", ".join(f"{counts[state]} {state}" for state in STATES if counts[state]) or "no runs"


def jobs_table(jobs: Sequence[Job]) -> Table:
    """One row for each job, with its settings that are not those of all."""
    names = varied(jobs)
    table = _table(("job", "state", *names, "average", "folder"), right=("job", "average"))
    for job in jobs:
        settings = [job.settings.get(name, "") for name in names]
        state = f"{job.record.state}, capped" if job.record.capped else job.record.state
        table.add_row(str(job.number), state, *settings, _average(job.record), Path(job.record.folder).name)
    return table


def seeds_table(jobs: Sequence[Job]) -> Table | None:
    """One row for each setting that ran with several seeds; None if none did."""
    names = [name for name in varied(jobs) if name != "seed"]
    groups = defaultdict(list)
    for job in jobs:
        if job.record.average is not None:
            groups[tuple(job.settings.get(name, "") for name in names)].append(100 * job.record.average)
    if all(len(averages) < 2 for averages in groups.values()):
        return None
    numbers = ("seeds", "mean", "standard deviation", "lowest", "highest")
    table = _table((*names, *numbers), right=numbers)
    for settings, found in groups.items():
        spread = stdev(found) if len(found) > 1 else None
        values = (fmean(found), spread, min(found), max(found))
        table.add_row(*settings, str(len(found)), *("" if value is None else f"{value:.1f}" for value in values))
    return table


def _table(names: Sequence[str], right: Sequence[str]) -> Table:
    table = Table(box=SIMPLE_HEAD, padding=(0, 1, 0, 0), show_edge=False)
    for name in names:
        table.add_column(name, justify="right" if name in right else "left", overflow="fold")
    return table


def _average(record: RunRecord) -> str:
    if record.average is None:
        return ""
    error = f" ± {100 * record.standard_error:.1f}" if record.standard_error is not None else ""
    return f"{100 * record.average:.1f}{error}"


def _display(folder: Path) -> str:
    return os.path.relpath(folder) if folder.is_relative_to(Path.cwd()) else str(folder)


def artefacts_table(artefacts: Sequence[Artefact]) -> Table:
    """One row for each artefact."""
    table = Table(box=SIMPLE_HEAD, padding=(0, 1, 0, 0), show_edge=False)
    for name in ("kind", "artefact", "size", "used", "runs", ""):
        table.add_column(name, justify="left" if name in ("kind", "artefact", "") else "right", no_wrap=True)
    for artefact in artefacts:
        state = "being made" if artefact.is_being_made else "" if artefact.is_complete else "incomplete"
        age = _age(artefact.days * 24 * 3600)
        table.add_row(artefact.kind, artefact.name, size_words(artefact.size), age, str(artefact.runs), state)
    return table


def size_words(size: float) -> str:
    """``size`` bytes to three digits."""
    for unit in ("B", "kB", "MB"):
        if size < 1000:
            return f"{size:.3g} {unit}"
        size /= 1000
    return f"{size:.3g} GB"


def _age(seconds: float) -> str:
    for unit, length in (("d", 24 * 3600.0), ("h", 3600.0), ("min", 60.0)):
        if seconds >= length:
            return f"{int(seconds / length)} {unit}"
    return f"{max(0, int(seconds))} s"
