"""One run as its folder tells of it, and nothing but its folder."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import yaml

from ltd.errors import DataError
from ltd.run import Run
from ltd.settings import budget_word, choice_name

STATES = ("finished", "running", "interrupted", "failed")


@dataclass(frozen=True, slots=True)
class RunRecord:
    """One run as its folder tells of it.

    Attributes
    ----------
    state : one of `STATES`; a run that was being computed by a process that is gone is interrupted.
    reason : why it is not finished; empty if there is none to tell.
    sampler, mode, budget : None for a run that only evaluates.
    average, standard_error : accuracy over all tasks.
    command, directory : what computes the run, or goes on with it, and where; None if it was not started by a script.
    """

    run_id: str
    stage: str
    folder: str
    state: str
    reason: str
    sampler: str | None
    mode: str | None
    budget: str | None
    model: str | None
    seed: int | None
    average: float | None
    standard_error: float | None
    changed: datetime
    sweep: str | None
    command: str | None
    directory: str | None

    @property
    def is_finished(self) -> bool:
        return self.state == "finished"

    @classmethod
    def read(cls, folder: Path) -> RunRecord:
        """The run whose ``status.json`` is in ``folder``.

        Raises
        ------
        DataError
            If its files are not those of a run.
        """
        try:
            return cls._read(folder)
        except (OSError, ValueError, KeyError, TypeError, AttributeError, yaml.YAMLError) as error:
            raise DataError(f"{folder} cannot be read as a run ({type(error).__name__}: {error})") from error

    @classmethod
    def _read(cls, folder: Path) -> RunRecord:
        status = json.loads((folder / "status.json").read_text())
        run = Run(folder.parent.parent, folder.parent.name, folder.name)
        state, reason = status["state"], status.get("error", "")
        if state == "running" and run.holder is None:
            state, reason = "interrupted", f"process {status['process']} on {status['host']} is gone"
        metrics = run.metrics if state == "finished" and (folder / "metrics.json").exists() else None
        settings = metrics["settings"] if metrics else _read_settings(folder)
        return cls(
            run_id=run.run_id,
            stage=run.stage,
            folder=str(folder),
            state=state,
            reason=reason,
            **_settings(settings),
            average=metrics["average"]["accuracy"] if metrics else None,
            standard_error=metrics["average"].get("standard_error") if metrics else None,
            changed=datetime.fromisoformat(status["at"]),
            **{name: status.get(name) for name in ("sweep", "command", "directory")},
        )


def _read_settings(folder: Path) -> dict[str, Any]:
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # the one in C where it is built: ten times as fast
    settings: dict[str, Any] = yaml.load((folder / "config.yaml").read_text(), Loader=loader)  # noqa: S506 - it is safe
    return settings


def _settings(settings: dict[str, Any]) -> dict[str, Any]:
    """The columns of a table of runs."""
    groups = {"sampler": "sampler", "mode": "instruction_mode", "model": "model"}
    names = {column: choice_name(settings[group]) if group in settings else None for column, group in groups.items()}
    budget = budget_word({"budget": None, "budget_unit": "examples"} | settings) if "fraction" in settings else None
    return {**names, "budget": budget, "seed": settings.get("seed")}
