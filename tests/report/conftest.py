"""Folders of runs as a train or evaluate stage leaves them, with answers that a test decides."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from ltd.atomic import write_json, write_parquet
from ltd.results import write_results
from ltd.score import Question, RankedQuestion, TaskScore

CHOICES = ("True", "Neither", "False")
TASKS = {"fragments_two_way": 20, "fragments_embedded": 12}

Write = Callable[..., Path]


def scored(tasks: dict[str, int], right: Sequence[bool], templates: Sequence[str] = ("one",)) -> list[TaskScore]:
    """Tasks of so many questions a template, answered right where ``right`` says so, in the order of questions.

    Two questions share a premise. The right answer is mostly the first choice; ``mean`` ranks as ``sum`` does.
    """
    answers, scores = iter(right), []
    for task, n in tasks.items():
        ranked = []
        for template in templates:
            for number in range(n):
                gold = 0 if number % 3 else 2
                predicted = gold if next(answers) else (gold + 1) % 3
                question = Question(f"q{number}", f"{template} {number}?", CHOICES, gold, template, f"g{number // 2}")
                sums = tuple(-1.0 if choice == predicted else -2.0 for choice in range(3))
                ranked.append(RankedQuestion(question, sums, (1, 1, 1), 0, (-1.0,) * 3, (math.log(1 / 3),) * 3))
        scores.append(TaskScore(task, ranked))
    return scores


def settings_of(**changes: Any) -> dict[str, Any]:
    """The settings of a run as far as a report looks at them; ``sampler`` and ``mode`` by their names."""
    seed, sampler = changes.get("seed", 0), changes.pop("sampler", "random")
    mode, tasks = changes.pop("mode", "multi"), changes.pop("tasks", TASKS)
    names = {"random": "Random", "kcenter": "KCenter", "all": "All", "topk": "TopK"}
    option: dict[str, Any] = {"_target_": f"ltd.sampler.{sampler}.{names[sampler]}"}
    if sampler == "random":
        option["seed"] = seed
    return {
        "seed": seed,
        "model": {"_target_": "ltd.model.tiny.Tiny", "name": "tiny", "lr": 0.001, "method": "full"},
        "task": {task: {"_target_": "ltd.task.fragments.Fragments", "name": task} for task in tasks},
        "ranking": {"score": "sum"},
        "separator": " ",
        "convention": "single",
        "fraction": 0.005,
        "budget": None,
        "budget_unit": "examples",
        "clip": False,
        "related_by": "names",
        "selection": None,
        "leakage": {"action": "remove"},
        "pool": {"_target_": "ltd.pool.fragments.Fragments", "name": "fragments", "related": ["nli_*"]},
        "instruction_mode": {"_target_": f"ltd.instruction_mode.{mode}.{mode.title()}", "name": mode},
        "embedder": {"_target_": "ltd.embedder.minilm.Minilm", "name": "minilm"},
        "sampler": option,
        "distribution_centre": {"clusters": 16, "seed": 0},
        "trainer": {"accelerator": "cpu", "devices": 1, "num_nodes": 1, "strategy": "auto", "epochs": 1.0},
        **changes,
    }


def manifest_of(settings: dict[str, Any], indices: Sequence[int], **changes: Any) -> dict[str, Any]:
    """``selection.json``."""
    sampler = {name: value for name, value in settings["sampler"].items() if name != "_target_"}
    return {
        "n_pool": 1000,
        "n_candidates": 50,
        "pool_fingerprint": "pool",
        "points_fingerprint": None,
        "seed": settings["seed"],
        "budget": {"amount": len(indices), "unit": "examples", "asked": f"fraction={settings['fraction']:g}"},
        "sampler": {"class": settings["sampler"]["_target_"], **sampler},
        "stated": {"leakage": {"action": "remove", "looked_at": 50, "taken_away": 0, "found": {}}},
        "versions": {"torch": "2.13.0"},
        "examples": len(indices),
        "tokens": 10 * len(indices),
        "fraction": len(indices) / 1000,
        **changes,
    }


def write_run(
    place: Path,
    right: Sequence[bool] | float = 0.5,
    before: Sequence[bool] | None = None,
    tasks: dict[str, int] = TASKS,
    templates: Sequence[str] = ("one",),
    **changes: Any,
) -> Path:
    """A finished train run.

    Parameters
    ----------
    right : which questions it answers right, or what share of them (drawn with the run's seed).
    changes : of settings; also ``manifest`` and ``metrics`` (of those files), ``cost``, ``indices``, ``status``.
    """
    manifest, extra = changes.pop("manifest", {}), changes.pop("metrics", {})
    cost, status = changes.pop("cost", {"seconds": {"fine-tune": 3.0}}), changes.pop("status", {})
    chosen = changes.pop("indices", None)
    settings = settings_of(tasks=tasks, **changes)
    n = sum(tasks.values()) * len(templates)
    if isinstance(right, float):
        right = (np.random.default_rng(settings["seed"]).random(n) < right).tolist()
    amount = round(1000 * settings["fraction"]) if settings["budget"] is None else settings["budget"]
    indices = list(range(amount)) if chosen is None else chosen
    run_id = f"{settings['sampler']['_target_'].split('.')[-2]}-{len(list(place.glob('train/*')))}-s{settings['seed']}"
    folder = place / "train" / run_id
    spent = {"fraction": len(indices) / 1000, "examples": len(indices), "tokens": 10 * len(indices), "pool": 1000,
             "related": 50}  # fmt: skip
    header = {"run_id": run_id, "stage": "train", "settings": settings, "budget": spent, **extra}
    untrained = scored(tasks, before or [False] * n, templates)
    write_results(folder, header, scored(tasks, right, templates), untrained if indices else None)
    write_json(folder / "selection.json", manifest_of(settings, indices, **manifest))
    columns = {"index": pa.array(indices, pa.int64()), "n_tokens": pa.array([10] * len(indices), pa.int64())}
    write_parquet(folder / "selection.parquet", pa.table(columns))
    write_json(folder / "cost.json", cost)
    state = {"state": "finished", "host": "h", "process": 1, "at": "2026-01-01T00:00:00+0000"}
    write_json(folder / "status.json", state | status)
    (folder / "config.yaml").write_text(json.dumps(settings))  # JSON is YAML
    return folder


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """`write_run` into one folder of outputs, ``tmp_path``."""
    return lambda right=0.5, **changes: write_run(tmp_path, right, **changes)
