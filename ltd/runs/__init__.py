"""What became of the runs below a folder, from their files alone: ``python -m ltd.runs``."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from ltd.errors import DataError
from ltd.runs.record import RunRecord
from ltd.runs.sweep import cells_without_run, read_jobs


def find_runs(places: Iterable[Path]) -> list[RunRecord]:
    """The runs in each of ``places``: a folder of outputs, of one stage's runs, of one run, or of one sweep.

    Raises
    ------
    DataError
        If a place does not exist.
    """
    records: dict[str, RunRecord] = {}
    for place in map(Path.absolute, places):
        if not place.is_dir():
            raise DataError(f"there is no folder {place}")
        found = _runs_of_sweep(place) if is_sweep(place) else _all_below(place)
        records |= {record.folder: record for record in found}
    return list(records.values())


def is_sweep(place: Path) -> bool:
    """Whether ``place`` is the folder of one sweep."""
    return place.absolute().parent.name == "sweeps"


def _runs_of_sweep(sweep: Path) -> list[RunRecord]:
    """The runs of its jobs, whoever computed them, and those that were made since to belong to it."""
    own = [record for record in _runs_below(sweep.parent.parent) if record.sweep == sweep.name]
    return [job.record for job in read_jobs(sweep, own)] + own


def _all_below(place: Path) -> list[RunRecord]:
    """The runs below ``place``, and the cells of its sweeps that have begun, or ended, without one."""
    records = _runs_below(place)
    sweeps = (sweep for depth in ("", "*/") for sweep in sorted(place.glob(f"{depth}sweeps/*/")))
    return records + cells_without_run([*sweeps], records)


def _runs_below(place: Path) -> list[RunRecord]:
    """Of outputs, also those of an ``outputs=`` below them, as ``make report`` has it."""
    files = (file for depth in ("", "*/", "*/*/", "*/*/*/") for file in sorted(place.glob(f"{depth}status.json")))
    return [RunRecord.read(file.parent) for file in files]
