"""A sweep as its folder tells of it: its jobs in their order, and the run that each of them is."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import yaml

from ltd.run import Run
from ltd.runs.record import RunRecord

ERROR = re.compile(r"job (?P<number>\d+) \((?P<overrides>.*?)\): (?P<reason>.*)", re.DOTALL)
"""How the error of a job of a multirun is noted in ``<number>.error``."""

SUBMITTED = "sweep.json"
"""Where a multirun notes what it was asked for."""

Cell = tuple[str, frozenset[str]]
"""Which run a job of a sweep is: its stage, and what it was given."""


@dataclass(frozen=True, slots=True)
class Job:
    """One job of a sweep.

    Attributes
    ----------
    record : of its run, which another sweep may have computed; or of its failure to get as far as a run.
    """

    number: int
    overrides: tuple[str, ...]
    record: RunRecord

    @property
    def settings(self) -> dict[str, str]:
        """What the job was given, by name."""
        return dict(_parted(override) for override in self.overrides)


def read_jobs(sweep: Path, records: Iterable[RunRecord] = ()) -> list[Job]:
    """The jobs of the sweep in folder ``sweep`` that have begun, or have failed.

    Parameters
    ----------
    records : runs that may be those of jobs which failed, made since with a command of their own.
    """
    return _jobs(sweep, _Runs.of(records))


def cells_without_run(sweeps: Iterable[Path], records: Iterable[RunRecord]) -> list[RunRecord]:
    """The jobs of sweeps that have no run, each once, unless ``records`` have the run that was made since."""
    runs = _Runs.of(records)
    jobs = (job.record for sweep in sweeps for job in _jobs(sweep, runs))
    without = [record for record in jobs if not Path(record.folder, "status.json").exists()]
    return [*{_cell(record): record for record in without}.values()]  # of a command given again, the last


@dataclass(frozen=True)
class _Runs:
    """Runs that are known already, by their folder and by the cell of a sweep that they are."""

    by_folder: Mapping[str, RunRecord]
    by_cell: Mapping[Cell, RunRecord]

    @classmethod
    def of(cls, records: Iterable[RunRecord]) -> _Runs:
        records = [*records]
        return cls(
            {record.folder: record for record in records},
            {_cell(record): record for record in records if record.command},
        )


def _jobs(sweep: Path, runs: _Runs) -> list[Job]:
    files = {int(file.stem) for suffix in ("error", "run") for file in sweep.glob(f"*.{suffix}")}
    jobs = (_job(sweep, number, runs) for number in sorted(files))
    return [job for job in jobs if job is not None]


def submitted(sweep: Path) -> dict[str, Any]:
    """What was noted when the sweep began: its command, how many jobs it has; of earlier versions the stage alone."""
    noted, multirun = sweep / SUBMITTED, sweep / "multirun.yaml"
    if noted.exists():
        return dict(json.loads(noted.read_text()))
    # Optuna's sweeper, which is only for train.py, keeps no multirun.yaml.
    stage = yaml.safe_load(multirun.read_text())["hydra"]["job"]["name"] if multirun.exists() else "train"
    return {"stage": stage, "script": f"{stage}.py", "directory": None, "environment": {}}


def varied(jobs: Iterable[Job]) -> list[str]:
    """The names of the settings that are not the same in all jobs."""
    settings = [job.settings for job in jobs]
    names = dict.fromkeys(name for setting in settings for name in setting)
    return [name for name in names if len({setting.get(name) for setting in settings}) > 1]


def _job(sweep: Path, number: int, runs: _Runs) -> Job | None:
    started, failed = sweep / f"{number}.run", sweep / f"{number}.error"
    error = ERROR.match(failed.read_text()) if failed.exists() else None
    if started.exists():
        note = json.loads(started.read_text())
        overrides, folder = tuple(note["overrides"]), Path(note["folder"])
        if (folder / "status.json").exists():
            return Job(number, overrides, runs.by_folder.get(str(folder)) or RunRecord.read(folder))
        if error is None:
            return Job(number, overrides, _without_status(sweep, number, overrides, folder))
    if error is None:
        return None
    overrides = tuple(shlex.split(error["overrides"]))
    record = _without_run(sweep, number, overrides, failed, error["reason"].strip())
    return Job(number, overrides, runs.by_cell.get(_cell(record), record))


def _without_status(sweep: Path, number: int, overrides: tuple[str, ...], folder: Path) -> RunRecord:
    """Of a job that has not yet begun with its run, because it loads a model or waits for another process."""
    state = "running" if Run(folder.parent.parent, folder.parent.name, folder.name).holder else "interrupted"
    reason = "" if state == "running" else "its process ended before it wrote anything"
    return _record(sweep, number, overrides, folder, state, reason, changed=sweep / f"{number}.run")


def _without_run(sweep: Path, number: int, overrides: tuple[str, ...], error: Path, reason: str) -> RunRecord:
    """Of a job that failed before it had a run, such as one with a setting out of range."""
    return _record(sweep, number, overrides, error, "failed", reason, changed=error)


def _record(
    sweep: Path, number: int, overrides: tuple[str, ...], place: Path, state: str, reason: str, changed: Path
) -> RunRecord:
    given = submitted(sweep)
    return RunRecord(
        run_id=f"job-{number}",
        stage=given["stage"],
        folder=str(place),
        state=state,
        reason=reason,
        changed=datetime.fromtimestamp(changed.stat().st_mtime).astimezone(),
        sweep=sweep.name,
        command=shlex.join(["python", given["script"], *overrides, f"group={sweep.name}"]),
        directory=given["directory"],
        environment=given["environment"],
    )


def _cell(record: RunRecord) -> Cell:
    """Its stage, and of its command's overrides those that say which run it is."""
    _, script, *overrides = shlex.split(record.command or "python ?")
    own = (override for override in overrides if _parted(override)[0] not in ("force", "group", "outputs"))
    return Path(script).stem, frozenset(own)


def _parted(override: str) -> tuple[str, str]:
    name, _, value = override.partition("=")
    return name.lstrip("+~"), value
