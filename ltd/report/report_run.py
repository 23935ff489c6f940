"""A finished run as a report sees it: its files, what it answered, and all that this depends on but the seed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from ltd.errors import DataError
from ltd.finetune_settings import HOW_AND_WHERE
from ltd.hardware import as_on_cpu
from ltd.predictions import read_predictions
from ltd.report.answers import Answers
from ltd.score import TaskScore
from ltd.settings import BOOKKEEPING, CHOOSING, WHERE_MODELS_LIE, choice_name

Settings = dict[str, Any]


@dataclass(frozen=True, eq=False)
class ReportRun:
    """A finished run, as its folder tells of it.

    Attributes
    ----------
    manifest : ``selection.json``; None for a run that only evaluates or trains on nothing.
    cost, status : ``cost.json`` and ``status.json``.
    predictions : name of the file of its answers.
    """

    folder: Path
    run_id: str
    stage: str
    settings: Settings
    metrics: Mapping[str, Any]
    seed: int
    manifest: Mapping[str, Any] | None
    cost: Mapping[str, Any]
    status: Mapping[str, Any]
    predictions: str = "predictions.parquet"

    @classmethod
    def read(cls, folder: Path) -> ReportRun:
        """The finished run in ``folder``.

        Raises
        ------
        DataError
            If one of its files cannot be read, or is missing: what a trained run chose tells its arm.
        """
        metrics = _json(folder / "metrics.json")
        try:
            run = cls(
                folder=folder,
                run_id=metrics["run_id"],
                stage=metrics["stage"],
                settings=metrics["settings"],
                metrics=metrics,
                seed=metrics["settings"]["seed"],
                manifest=_json(folder / "selection.json", optional=True),
                cost=_json(folder / "cost.json", optional=True) or {},
                status=_json(folder / "status.json"),
            )
            if run.manifest is None and not run.is_untrained:
                _json(folder / "selection.json")
            _ = run.identity
        except (KeyError, TypeError, AttributeError) as error:
            raise DataError(
                f"{folder}: metrics.json or selection.json is not as this version writes it "
                f"({type(error).__name__}: {error}); do the run again with force=true"
            ) from error
        return run

    def scores(self, variant: str | None = None) -> list[TaskScore]:
        """Every task's questions as they were ranked; all of their text is read, so `answers` is quicker."""
        scores = self._scores
        return scores if variant is None else [score.under(variant) for score in scores]

    @cached_property
    def _scores(self) -> list[TaskScore]:
        return read_predictions(self.folder / self.predictions)

    @cached_property
    def answers(self) -> Answers:
        """What it answered."""
        return Answers.read(self.folder / self.predictions)

    @cached_property
    def before(self) -> ReportRun | None:
        """Its model before it was trained, as a run that only evaluated; None if it was not asked then."""
        name = "predictions_before.parquet"
        if self.is_untrained or not (self.folder / name).exists():
            return None
        metrics = {**self.metrics, "training": None, "budget": {"examples": 0}, **self.metrics.get("before", {})}
        return replace(self, stage="evaluate", metrics=metrics, manifest=None, cost={}, predictions=name)

    @property
    def is_untrained(self) -> bool:
        """Whether nothing was trained: a run that only evaluates, or one with an empty selection."""
        return self.stage == "evaluate" or self.metrics["budget"]["examples"] == 0

    @property
    def training(self) -> Mapping[str, Any]:
        """What training came to: ``tokens``, ``examples`` (different ones), ``capped``, ``truncated``; if recorded."""
        training: Mapping[str, Any] = self.metrics.get("training") or {}
        return training

    @cached_property
    def identity(self) -> Settings:
        """All that its result depends on but the seed: settings, and by content model, pool, questions, selection."""
        settings = _without_bookkeeping(self.settings)
        if "model" in self.metrics:  # what it is, for where it lies
            model = {name: value for name, value in settings["model"].items() if name not in WHERE_MODELS_LIE}
            settings["model"] = model | {"name": choice_name(settings["model"]), "content": self.metrics["model"]}
        if self.is_untrained:
            for name in (*CHOOSING, "trainer", "pool", "leakage", "selection"):
                settings.pop(name, None)
        else:
            assert self.manifest is not None
            settings = _without_run_seed(settings, self.seed)
            settings["pool"] = {"name": choice_name(settings["pool"]), "related": settings["pool"].get("related")}
            settings["pool"]["fingerprint"] = self.manifest["pool_fingerprint"]
            if settings.get("selection") is not None:
                settings = {name: value for name, value in settings.items() if name not in CHOOSING}
                settings["selection"] = self.manifest["sampler"].get("given")
                settings["sampler"] = {"name": "given"}
        settings["task"] = {"names": list(self.settings["task"]), "questions": self.answers.key}
        return settings


def _without_bookkeeping(settings: Settings) -> Settings:
    settings = as_on_cpu(settings)
    kept = {name: value for name, value in settings.items() if name not in (*BOOKKEEPING, "seed", "verify")}
    if "trainer" in kept:
        kept["trainer"] = {name: value for name, value in kept["trainer"].items() if name not in HOW_AND_WHERE}
    if kept.get("budget") is not None:
        kept.pop("fraction")  # it decides nothing
    return kept


def _without_run_seed(settings: Settings, seed: int) -> Settings:
    """A sampler's seed that follows the run's is no difference between arms; one that was set otherwise is."""

    def follow(value: Any) -> Any:
        if not isinstance(value, Mapping):
            return value
        follows = {name for name, inner in value.items() if name.endswith("seed") and inner == seed}
        return {name: "the run's" if name in follows else follow(inner) for name, inner in value.items()}

    return settings | {"sampler": follow(settings["sampler"])} if "sampler" in settings else settings


def _json(path: Path, optional: bool = False) -> Any:
    try:
        content = json.loads(path.read_text())
        if not isinstance(content, dict):
            raise ValueError(f"it holds a {type(content).__name__}, not names and values")
        return content
    except FileNotFoundError as error:
        if optional:
            return None
        raise DataError(f"{path} is missing; do the run again with force=true") from error
    except ValueError as error:
        raise DataError(f"{path} cannot be read ({error}); do the run again with force=true") from error
