"""From the configuration's groups to objects, with errors a person can act on."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Self

import hydra.utils
from hydra.errors import InstantiationException

from ltd.budget import Request
from ltd.choosing import ConfiguredSampler, check_budget
from ltd.embedder import Embedder
from ltd.errors import LtdError, SettingsError
from ltd.given_selection import given_source
from ltd.instruction_mode import InstructionMode
from ltd.leakage import LeakageSettings
from ltd.model import Model
from ltd.pool import Pool
from ltd.settings import budget_request
from ltd.task import Task, check_convention, check_held_out
from ltd.tracker import Tracker

Settings = dict[str, Any]


@dataclass(frozen=True)
class EvaluateParts:
    """The parts that every stage has."""

    model: Model
    tasks: dict[str, Task]
    tracker: Tracker

    @classmethod
    def build(cls, settings: Settings) -> Self:
        """Build them, loading nothing yet."""
        return cls(**cls._parts(settings))

    @classmethod
    def _parts(cls, settings: Settings) -> dict[str, Any]:
        return {
            "model": build("model", settings["model"]),
            "tasks": {name: build("task", option) for name, option in settings["task"].items()},
            "tracker": build("tracker", settings["tracker"]),
        }

    def check(self, settings: Settings) -> None:
        """Refuse what certainly cannot work, before anything is loaded or written."""
        self.model.check()
        if settings["templates"] != "all":
            check_held_out(settings["held_out_templates"], self.tasks)
        check_convention(settings["convention"], self.tasks)

    def sources(self) -> Settings:
        """What model, pool and tasks are made of; raises if any data is missing."""
        return {"model": self.model.source(), "tasks": {name: task.source() for name, task in self.tasks.items()}}


@dataclass(frozen=True)
class SelectParts(EvaluateParts):
    """The parts of a stage that chooses."""

    pool: Pool
    instruction_mode: InstructionMode
    embedder: Embedder
    sampler: ConfiguredSampler
    leakage: LeakageSettings
    request: Request
    selection: Path | None

    @classmethod
    def _parts(cls, settings: Settings) -> dict[str, Any]:
        groups = ("pool", "instruction_mode", "embedder")
        chosen = {group: build(group, settings[group]) for group in groups}
        return {
            **super()._parts(settings),
            **chosen,
            "sampler": _configured_sampler(settings["sampler"]),
            "leakage": build("leakage", settings["leakage"]),
            "request": budget_request(settings),
            "selection": None if settings["selection"] is None else Path(settings["selection"]).expanduser(),
        }

    @property
    def held_out(self) -> tuple[str, ...]:
        """Names of the templates that must not be trained on, by what the tasks are asked through."""
        return tuple(sorted({name for task in self.tasks.values() for name in getattr(task, "held_out", ())}))

    def check(self, settings: Settings) -> None:
        super().check(settings)
        if settings["selection"] is not None:
            return
        self.sampler.check()
        if settings["related_by"] == "names" and not self.sampler.takes_all:
            check_budget(self.pool, self.request, settings["max_candidates"], self.held_out)

    def sources(self) -> Settings:
        sources = super().sources() | {"pool": self.pool.source(), "related": list(self.pool.related)}
        if self.held_out:
            sources["held_out"] = list(self.held_out)
        if self.selection is not None:
            sources["selection"] = given_source(self.selection)
        return sources


def build(group: str, option: Settings) -> Any:
    """The object that an option describes."""
    try:
        return hydra.utils.instantiate(option, _convert_="all")
    except InstantiationException as error:
        cause = error.__cause__
        if isinstance(cause, LtdError):
            raise cause from None
        raise SettingsError(f"{group}: {_first_line(cause or error)}") from error


def _configured_sampler(option: Settings) -> ConfiguredSampler:
    try:
        constructor: type[Any] = hydra.utils.get_class(option["_target_"])
    except (ImportError, ValueError) as error:
        raise SettingsError(f"sampler: {_first_line(error)}") from error
    parameters = {name: value for name, value in option.items() if name != "_target_"}
    inner = {name: value for name, value in parameters.items() if isinstance(value, dict) and "_target_" in value}
    own = {name: value for name, value in option.items() if name not in inner}
    contained = {name: _configured_sampler(value) for name, value in inner.items()}
    return ConfiguredSampler(constructor, parameters, partial(_build_sampler, own), contained)


def _build_sampler(option: Settings, **supplied: object) -> Any:
    # The supplied arrays go in as they are: through Hydra's instantiate they would be copied into a configuration.
    return build("sampler", option | {"_partial_": True})(**supplied)


def _first_line(error: BaseException) -> str:
    return str(error).splitlines()[0]
