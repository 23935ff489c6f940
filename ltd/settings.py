"""The typed root of the configuration, and everything that is refused before anything is loaded or written."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hydra.core.config_store import ConfigStore
from omegaconf import MISSING, DictConfig, OmegaConf

from ltd.budget import Request
from ltd.errors import SettingsError, unknown_name
from ltd.example import content_key
from ltd.finetune_settings import HOW_AND_WHERE, trainer_problems
from ltd.free_prompts import FreePrompts
from ltd.hardware import as_on_cpu
from ltd.model.folder import model_name
from ltd.task import CONVENTIONS
from ltd.variants import VARIANTS

CHOOSING = (
    "sampler",
    "fraction",
    "budget",
    "budget_unit",
    "clip",
    "related_by",
    "max_candidates",
    "embedder",
    "distribution_centre",
    "instruction_mode",
)
"""Settings that decide nothing where the selection is given."""

RELATED_BY = ("names", "cluster")
"""What tells which prompts belong to the target task: the pool's patterns, or the cluster that holds most of those."""

DIAGNOSTICS = ("auto", "always", "never")

TEMPLATES = ("all", "held_out", "trained")
"""Which templates tasks are asked through; with the last two, those held out are kept out of training."""

KEEP = ("all", "model", "results")
"""What a finished run keeps of its large files: checkpoint and model, the model alone, or neither."""

WHERE_MODELS_LIE = ("path", "tokenizer")
"""A model's settings that name folders, whose content counts and not their place."""

OF_TRAINING = ("lr", "precision", "method", "lora")
"""A model's settings that decide nothing where nothing is trained."""

BOOKKEEPING = ("force", "outputs", "cache", "group", "tracker", "verify", "diagnostics", "keep")
"""Settings that say where a run is kept and shown; they change no result."""


@dataclass
class DistributionCentreSettings:
    clusters: int = MISSING
    seed: int = MISSING


@dataclass
class RankingSettings:
    precision: str = MISSING
    tokens_per_batch: int | None = MISSING
    score: str = MISSING
    domain_free: str = MISSING
    content_free: list[str] = MISSING


@dataclass
class DeviceSettings:
    devices: int = MISSING
    num_nodes: int = MISSING


@dataclass
class TrainerSettings(DeviceSettings):
    accelerator: str = MISSING
    strategy: str = MISSING
    match: str = MISSING
    epochs: float = MISSING
    steps: int | None = MISSING
    tokens: int | None = MISSING
    tokens_cap: int | None = MISSING
    examples_per_step: int = MISSING
    tokens_per_batch: int = MISSING
    loss_on: str = MISSING
    label_smoothing: float = MISSING
    end_token: bool = MISSING
    max_length: int = MISSING
    schedule: str = MISSING
    warmup_fraction: float = MISSING
    weight_decay: float = MISSING
    gradient_clip: float = MISSING
    validation_share: float = MISSING
    patience: int | None = MISSING
    gradient_checkpointing: bool = MISSING
    compile: bool = MISSING
    checkpoint_every_steps: int = MISSING


@dataclass
class EvaluateSettings:
    """What every stage has: a model, tasks, a tracker and where things are kept."""

    seed: int = 0
    force: bool = False  # do a finished run again
    outputs: str = "outputs"  # relative to the project's root, so that a run is found from any directory
    cache: str = "${outputs}/cache"
    group: str | None = None  # W&B group; by default the sweep
    model: dict[str, Any] = MISSING
    task: dict[str, Any] = MISSING
    tracker: dict[str, Any] = MISSING
    trainer: DeviceSettings = field(default_factory=DeviceSettings)  # one word for where to compute, as in training
    ranking: RankingSettings = field(default_factory=RankingSettings)
    separator: str = " "  # between a prompt and its answer, in training and in ranking
    convention: str = "single"  # which prompts and which split the tasks have
    templates: str = "all"  # which of promptsource's convention=t0 asks through
    held_out_templates: list[str] = field(default_factory=list)


@dataclass
class TrainSettings(EvaluateSettings):
    """Everything: choosing, fine-tuning, ranking. Choosing alone takes the same, so that one line serves both."""

    fraction: float = MISSING  # of the whole pool
    budget: int | None = None  # a number instead
    budget_unit: str = MISSING
    clip: bool = MISSING
    related_by: str = MISSING
    max_candidates: int | None = None  # all of them
    selection: str | None = None  # one made elsewhere
    verify: str | None = None
    diagnostics: str = MISSING
    keep: str = MISSING
    leakage: dict[str, Any] = MISSING
    pool: dict[str, Any] = MISSING
    instruction_mode: dict[str, Any] = MISSING
    embedder: dict[str, Any] = MISSING
    sampler: dict[str, Any] = MISSING
    distribution_centre: DistributionCentreSettings = field(default_factory=DistributionCentreSettings)
    trainer: TrainerSettings = field(default_factory=TrainerSettings)


def register() -> None:
    """Make the typed roots known to Hydra as ``schema/<stage>``; unknown keys and wrong types then fail to compose."""
    store = ConfigStore.instance()
    # Hydra copies it for every group that --help lists, which takes half of its time; nobody writes to a copy.
    ConfigStore.__deepcopy__ = lambda self, _: self  # type: ignore[attr-defined]
    for stage, schema in (("select", TrainSettings), ("train", TrainSettings), ("evaluate", EvaluateSettings)):
        store.store(group="schema", name=stage, node=schema, package="_global_")


def resolved(cfg: DictConfig) -> dict[str, Any]:
    """The configuration as a plain dict, without Hydra's own node."""
    plain = OmegaConf.to_container(cfg, resolve=True, throw_on_missing=True)
    assert isinstance(plain, dict)
    return {str(name): value for name, value in plain.items() if name != "hydra"}


def check(settings: dict[str, Any]) -> None:
    """Refuse, all at once, values that are out of range."""
    if "fraction" in settings:
        budget_request(settings)
    FreePrompts(settings["ranking"]["domain_free"], settings["ranking"]["content_free"])
    problems = [f"seed={settings['seed']} must not be negative"] if settings["seed"] < 0 else []
    at_least_one: dict[str, tuple[str, ...]] = {
        "distribution_centre": ("clusters",),
        "ranking": ("tokens_per_batch",),
        "trainer": ("devices", "num_nodes", "max_length"),
    }
    for group, names in at_least_one.items():
        values = {name: settings[group][name] for name in names if settings.get(group, {}).get(name) is not None}
        problems += [f"{group}.{name}={value} must be at least 1" for name, value in values.items() if value < 1]
    for name, words in {
        "convention": CONVENTIONS,
        "diagnostics": DIAGNOSTICS,
        "keep": KEEP,
        "related_by": RELATED_BY,
        "templates": TEMPLATES,
    }.items():
        if name in settings and settings[name] not in words:
            problems.append(unknown_name(name, settings[name], words))
    problems += _prompt_problems(settings)
    if not 0 < settings["model"].get("lr", 1) < math.inf:
        problems.append(f"model.lr={settings['model']['lr']:g} must be above 0; fraction=0 does not fine-tune")
    words_of = {
        ("ranking", "precision"): ("auto", "bf16", "fp32"),
        ("ranking", "score"): VARIANTS,
        ("model", "method"): ("full", "lora"),
        ("model", "precision"): ("auto", "bf16", "fp32"),
    }
    for (group, name), valid in words_of.items():
        if group in settings and settings[group].get(name, valid[0]) not in valid:
            problems.append(f"{group}.{name}={settings[group][name]} must be one of {', '.join(valid)}")
    if "fraction" in settings:
        problems += trainer_problems(settings["trainer"])
    if problems:
        raise SettingsError("; ".join(problems))


def _prompt_problems(settings: dict[str, Any]) -> list[str]:
    """Of which prompts may be chosen, and which are asked through."""
    problems = []
    if settings.get("max_candidates") is not None and settings["max_candidates"] < 1:
        problems.append(f"max_candidates={settings['max_candidates']} must be at least 1, or null for all")
    templates, convention = settings["templates"], settings["convention"]
    if templates != "all" and convention != "t0":
        problems.append(f"templates={templates} means nothing under convention={convention}; set convention=t0")
    if templates != "all" and not settings["held_out_templates"]:
        problems.append(f"templates={templates} needs the templates that training may not use in held_out_templates")
    return problems


def budget_request(settings: dict[str, Any]) -> Request:
    """The budget as the settings ask for it."""
    return Request(settings["fraction"], settings["budget"], settings["budget_unit"], settings["clip"])


def choice_name(option: dict[str, Any]) -> str:
    """The word an option goes by: its ``name``, that of a model in a folder, or the module of its class.

    >>> choice_name({"_target_": "ltd.sampler.kcenter.KCenter"})
    'kcenter'
    """
    if name := option.get("name"):
        return str(name)
    place = option.get("path") or option.get("hub")
    return model_name(place) if place else str(option["_target_"]).split(".")[-2]


def run_id(stage: str, settings: dict[str, Any], sources: dict[str, Any]) -> str:
    """A readable name for a run that ends in a hash of all that its result depends on.

    Not in it: the tracker, paths, devices, the clock. ``sources`` stands for the content of model, pool and tasks:
    the same in another place is the same run, and something else under the same name is not.
    """
    by_content = ("pool", "task", "selection")
    settings = as_on_cpu(settings)
    matters = {name: value for name, value in settings.items() if name not in (*BOOKKEEPING, *by_content)}
    if settings.get("selection") is not None:
        matters = {name: value for name, value in matters.items() if name not in CHOOSING}
    if matters.get("budget") is not None:
        matters.pop("fraction")  # it decides nothing
    if matters.get("templates", "all") == "all":
        matters = {name: value for name, value in matters.items() if name not in ("templates", "held_out_templates")}
    if matters.get("max_candidates") is None:
        matters.pop("max_candidates", None)
    if "sampler" in matters:
        matters["sampler"] = _without_devices(matters["sampler"])
    unheeded = (*WHERE_MODELS_LIE, *(OF_TRAINING if stage != "train" else ()))
    matters["model"] = {name: value for name, value in settings["model"].items() if name not in unheeded}
    if stage == "select":  # of training, how long a prompt is decides a budget in tokens
        lengths = {name: settings["trainer"][name] for name in ("max_length", "end_token")}
        matters = {name: value for name, value in matters.items() if name != "ranking"} | {"trainer": lengths}
    elif stage == "evaluate":
        matters.pop("trainer")  # where, and nothing else
    else:
        matters["trainer"] = {k: v for k, v in matters["trainer"].items() if k not in HOW_AND_WHERE}
    key = content_key({"stage": stage, "settings": matters, "sources": sources})[:8]
    return "-".join([*_readable(settings), f"s{settings['seed']}", key])


def _without_devices(sampler: dict[str, Any]) -> dict[str, Any]:
    """A sampler's settings, and those of the samplers it contains, less where they compute."""
    return {
        name: _without_devices(value) if isinstance(value, dict) else value
        for name, value in sampler.items()
        if name != "device"
    }


def _readable(settings: dict[str, Any]) -> list[str]:
    tasks = "-".join(settings["task"]) if len(settings["task"]) < 3 else f"{len(settings['task'])}_tasks"
    model = choice_name(settings["model"])
    if "fraction" not in settings:
        return [model, tasks]
    if settings["selection"] is not None:
        return [f"given_{Path(settings['selection']).stem}"[:60], choice_name(settings["pool"]), model]
    names = [choice_name(settings[group]) for group in ("sampler", "instruction_mode", "pool")]
    return [names[0], budget_word(settings), names[1], names[2], model]


def budget_word(settings: dict[str, Any]) -> str:
    """The budget as it stands in a run's name, such as ``0.005``, ``16000`` or ``50000tokens``."""
    amount = settings["budget"]
    word = f"{settings['fraction']:g}" if amount is None else str(amount)
    return word if settings["budget_unit"] == "examples" else f"{word}tokens"
