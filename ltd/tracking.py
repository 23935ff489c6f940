"""A run as its tracker sees it: what it is called, and that it is always closed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from hydra.core.hydra_config import HydraConfig
from hydra.types import RunMode

from ltd.example import content_key
from ltd.finetune_settings import HOW_AND_WHERE
from ltd.hardware import as_on_cpu
from ltd.run import Run
from ltd.settings import BOOKKEEPING, budget_word, choice_name
from ltd.tracker import RunDescription, Tracker


@contextmanager
def tracking(tracker: Tracker, run: Run, settings: dict[str, Any]) -> Iterator[Tracker]:
    """Keep ``tracker`` open while the run goes on, and close it in any case: open runs of one process would merge."""
    succeeded = False
    tracker.start(describe(run, settings))
    try:
        yield tracker
        succeeded = True
    finally:
        tracker.finish(succeeded)


def describe(run: Run, settings: dict[str, Any]) -> RunDescription:
    """What the tracker is told about a run.

    ``arm`` among the settings is equal in runs that differ in the seed alone, for means over seeds; it is the group of
    runs that no sweep holds together.
    """
    name = run.run_id.rsplit("-", 1)[0]
    arm = f"{name.rsplit('-', 1)[0]}-{_arm_key(settings)}"
    return RunDescription(
        run_id=run.run_id,
        name=name,
        group=settings["group"] or _sweep() or arm,
        stage=run.stage,
        tags=_tags(settings),
        settings=settings | {"arm": arm},
        folder=run.folder,
        notes=notes(settings),
    )


def notes(settings: dict[str, Any]) -> str:
    """What a run is, in a line: ``kcenter, 0.5% of fragments, multi instructions, smollm2_135m, seed 0``."""
    model, seed = choice_name(settings["model"]), f"seed {settings['seed']}"
    if "fraction" not in settings:
        return f"{model} on {', '.join(settings['task'])}, {seed}"
    pool = choice_name(settings["pool"])
    if settings["selection"] is not None:
        return f"{chooser(settings)}, of {pool}, {model}, {seed}"
    unit = settings["budget_unit"]
    amount = f"{100 * settings['fraction']:g}%" if settings["budget"] is None else f"{settings['budget']:,} {unit}"
    if settings["budget"] is None and unit != "examples":
        amount += f" of the {unit}"
    mode = choice_name(settings["instruction_mode"])
    return f"{chooser(settings)}, {amount} of {pool}, {mode} instructions, {model}, {seed}"


def chooser(settings: Mapping[str, Any]) -> str:
    """Who chooses what is trained on: the sampler, or whoever made the selection that is given."""
    if settings["selection"] is not None:
        return f"the choice in {Path(settings['selection']).name}"
    return choice_name(settings["sampler"])


def _arm_key(settings: dict[str, Any]) -> str:
    """Of all settings that a result depends on but the seed, also where the sampler takes it over."""
    seed = settings["seed"]

    def follows(name: str, value: object) -> bool:
        return (name == "seed" or name.endswith("_seed")) and value == seed

    def without(option: dict[str, Any]) -> dict[str, Any]:
        kept = {name: value for name, value in option.items() if not follows(name, value)}
        return {name: without(value) if isinstance(value, dict) else value for name, value in kept.items()}

    settings = as_on_cpu(settings)
    matters = {name: value for name, value in settings.items() if name not in (*BOOKKEEPING, "seed")}
    trainer = {name: value for name, value in settings.get("trainer", {}).items() if name not in HOW_AND_WHERE}
    return content_key(matters | {"sampler": without(settings.get("sampler", {})), "trainer": trainer})[:6]


def _tags(settings: dict[str, Any]) -> list[str]:
    groups = [group for group in ("sampler", "instruction_mode", "model", "pool") if group in settings]
    tags = [choice_name(settings[group]) for group in groups]
    if "fraction" in settings:
        tags.append(f"{'fraction' if settings['budget'] is None else 'budget'}={budget_word(settings)}")
    return [*tags, f"seed={settings['seed']}"]


def _sweep() -> str | None:
    """Name of the sweep this run is a part of; None outside of one."""
    if not HydraConfig.initialized() or HydraConfig.get().mode != RunMode.MULTIRUN:
        return None
    return Path(HydraConfig.get().sweep.dir).name
