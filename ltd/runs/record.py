"""One run as its folder tells of it, and nothing but its folder."""

from __future__ import annotations

import json
import shlex
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import yaml

from ltd.run import Run
from ltd.settings import budget_word, choice_name

STATES = ("finished", "running", "interrupted", "failed")


@dataclass(frozen=True, slots=True)
class RunRecord:
    """One run as its folder tells of it.

    Attributes
    ----------
    state : one of `STATES`; a run that was being computed by a process that is gone is interrupted.
    reason : why it is not finished, or cannot be read; empty if there is none to tell.
    sampler, mode, budget : None for a run that only evaluates.
    average, standard_error : accuracy over all tasks.
    capped : whether ``trainer.tokens_cap`` ended training before its own end.
    command, directory, environment : what computes the run, or goes on with it, as it was given, where, and with which
        variables; None if it was not started by a script.
    """

    run_id: str
    stage: str
    folder: str
    state: str
    reason: str
    changed: datetime
    sampler: str | None = None
    mode: str | None = None
    budget: str | None = None
    model: str | None = None
    seed: int | None = None
    average: float | None = None
    standard_error: float | None = None
    capped: bool = False
    sweep: str | None = None
    command: str | None = None
    directory: str | None = None
    environment: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_finished(self) -> bool:
        return self.state == "finished"

    @property
    def resume(self) -> str | None:
        """The line for a shell that goes on with it; None if its command is not known."""
        return None if self.command is None else shell_line(self.command, self.directory, self.environment)

    @classmethod
    def read(cls, folder: Path) -> RunRecord:
        """The run whose ``status.json`` is in ``folder``; failed, or being done again, if its files cannot be read."""
        status: dict[str, Any] = {}
        try:
            status = dict(json.loads((folder / "status.json").read_text()))
            return cls._read(folder, status)
        except (OSError, ValueError, KeyError, TypeError, AttributeError, yaml.YAMLError) as error:
            return cls._damaged(folder, status, f"its files cannot be read ({type(error).__name__}: {error})")

    @classmethod
    def _damaged(cls, folder: Path, status: Mapping[str, Any], reason: str) -> RunRecord:
        run, given = Run(folder.parent.parent, folder.parent.name, folder.name), _given(status)
        if run.holder is not None:  # it is done again just now
            return cls(run.run_id, run.stage, str(folder), "running", "", datetime.now().astimezone(), **given)
        if given["command"] and status.get("state") == "finished":  # it would answer from what it has
            given["command"] += " force=true"
        changed = datetime.fromtimestamp((folder / "status.json").stat().st_mtime).astimezone()
        return cls(run.run_id, run.stage, str(folder), "failed", reason, changed, **given)

    @classmethod
    def _read(cls, folder: Path, status: Mapping[str, Any]) -> RunRecord:
        run = Run(folder.parent.parent, folder.parent.name, folder.name)
        state, reason = status["state"], status.get("error", "")
        if state == "running" and run.holder is None:
            state, reason = "interrupted", f"process {status['process']} on {status['host']} is gone"
        metrics = run.metrics if state == "finished" and (folder / "metrics.json").exists() else None
        settings = metrics["settings"] if metrics else _read_settings(folder)
        return cls(
            run_id=run.run_id,
            stage=run.stage if metrics is None else metrics.get("stage", run.stage),  # also where its folder was copied
            folder=str(folder),
            state=state,
            reason=reason,
            **_settings(settings),
            average=metrics["average"]["accuracy"] if metrics else None,
            standard_error=metrics["average"].get("standard_error") if metrics else None,
            capped=bool(metrics and (metrics.get("training") or {}).get("capped")),
            changed=datetime.fromisoformat(status["at"]),
            **_given(status),
        )


def shell_line(command: str, directory: str | None, environment: Mapping[str, str]) -> str:
    """``command`` for a shell that stands here and may find no Python: it is called with the one that runs now."""
    variables = "".join(f"{name}={shlex.quote(value)} " for name, value in environment.items())
    line = f"{variables}{shlex.quote(sys.executable)}{command.removeprefix('python')}"
    if directory is None or Path(directory) == Path.cwd():
        return line
    return f"(cd {shlex.quote(directory)} && {line})"


def _given(status: Mapping[str, Any]) -> dict[str, Any]:
    """Of a status, what computes the run."""
    given = {name: status.get(name) for name in ("sweep", "command", "directory")}
    return given | {"environment": status.get("environment", {})}


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
