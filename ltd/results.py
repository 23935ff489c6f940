"""Ranked tasks as files: one a task while it goes on, then the run's predictions and metrics."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ltd.atomic import write_json, write_parquet
from ltd.cache import Cache
from ltd.change import change
from ltd.console import progress_bar
from ltd.encoding import TextEncoder
from ltd.free_prompts import FreePrompts
from ltd.hardware import computes_bfloat16, effective_tokens_per_batch
from ltd.model import LoadedModel
from ltd.predictions import predictions_table, read_predictions
from ltd.process_group import ProcessGroup
from ltd.progress import Progress
from ltd.score import Question, RankedQuestion, TaskScore
from ltd.shared_ranking import Ranker, assist, rank_together
from ltd.standard_error import clustered_standard_error
from ltd.task import Task

if TYPE_CHECKING:
    import torch

RANKING_VERSION = 3
"""Raised when a change of ours changes scores, so that cached ones are not mistaken for new ones."""


def rank_tasks(
    loaded: LoadedModel,
    tasks: Mapping[str, Task],
    settings: Mapping[str, Any],
    cache: Cache,
    description: str,
    group: ProcessGroup | None = None,
) -> list[TaskScore]:
    """Score every task with a model; tasks that an earlier attempt ranked are read back from ``cache``.

    All variants of the score are in there, so that the one that ranks can be chosen afterwards.

    Parameters
    ----------
    group : processes that share the questions; the others have the same model and `assist_ranking` when they are asked.
    """
    variant = settings["ranking"]["score"]
    return [
        _rank_task(loaded, task, settings, cache, f"{description} {task.name}", group).under(variant)
        for task in tasks.values()
    ]


def assist_ranking(loaded: LoadedModel, task: Task, settings: Mapping[str, Any], group: ProcessGroup) -> None:
    """Score this process's share of a task that another process ranks."""
    assist(_ranker(loaded, settings, group.device), task.questions(), _free_prompts(settings), group)


def _rank_task(
    loaded: LoadedModel,
    task: Task,
    settings: Mapping[str, Any],
    cache: Cache,
    description: str,
    group: ProcessGroup | None,
) -> TaskScore:
    ranking, device = settings["ranking"], _default_device() if group is None else group.device
    source = {
        "model": loaded.fingerprint,
        "task": task.source(),
        "precision": effective_precision(ranking["precision"], device.type),
        "tokens_per_batch": effective_tokens_per_batch(ranking["tokens_per_batch"], device.type),
        "domain_free": ranking["domain_free"],
        "content_free": ranking["content_free"],
        "separator": settings["separator"],
        "convention": settings["convention"],
        "version": RANKING_VERSION,
    }
    ranker, free = _ranker(loaded, settings, device), _free_prompts(settings)

    def make(work: Path) -> None:
        with progress_bar(description, "questions") as bar:
            if group is None:
                ranked = ranker(task.questions(), free, bar)
            else:
                group.ask(task.name)
                ranked = rank_together(ranker, task.questions(), free, group, bar)
        write_parquet(work / "predictions.parquet", predictions_table([TaskScore(task.name, ranked)]))

    (score,) = read_predictions(cache.folder("ranked", source, make) / "predictions.parquet")
    return score


def _ranker(loaded: LoadedModel, settings: Mapping[str, Any], device: torch.device) -> Ranker:
    """Ranks with this model and these settings on one device."""
    from ltd.ranking import rank

    encoder = text_encoder(loaded, settings["separator"])
    network: Any = loaded.network
    precision = effective_precision(settings["ranking"]["precision"], device.type)
    tokens_per_batch = effective_tokens_per_batch(settings["ranking"]["tokens_per_batch"], device.type)

    def ranked(questions: Sequence[Question], free: FreePrompts, progress: Progress) -> list[RankedQuestion]:
        network.to(device)
        return rank(
            network,
            encoder,
            questions,
            precision=precision,
            tokens_per_batch=tokens_per_batch,
            free=free,
            cut="beginning" if settings["convention"] == "lm_eval" else "context",  # as the harness cuts
            progress=progress,
        )

    return ranked


def _free_prompts(settings: Mapping[str, Any]) -> FreePrompts:
    return FreePrompts(settings["ranking"]["domain_free"], settings["ranking"]["content_free"])


def _default_device() -> torch.device:
    import torch

    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def text_encoder(loaded: LoadedModel, separator: str, max_length: int | None = None) -> TextEncoder:
    """How this model's text is built; ``max_length`` can only shorten its window."""
    window = loaded.max_length if max_length is None else min(max_length, loaded.max_length)
    return TextEncoder(loaded.tokenizer, loaded.begin, loaded.end, separator, window)


def training_encoder(loaded: LoadedModel, settings: Mapping[str, Any]) -> TextEncoder:
    """How the texts that are trained on are built, and so how tokens of a budget are counted."""
    trainer = settings["trainer"]
    encoder = text_encoder(loaded, settings["separator"], trainer["max_length"])
    return encoder if trainer["end_token"] else replace(encoder, end=None)


def effective_precision(setting: str, device: str) -> Any:
    """``bf16`` or ``fp32``: what ``auto`` comes to on this device."""
    if setting != "auto":
        return setting
    return "bf16" if computes_bfloat16(device) else "fp32"


def ranking_precision(settings: Mapping[str, Any], group: ProcessGroup | None) -> Any:
    """``bf16`` or ``fp32``: in which tasks are ranked here."""
    device = _default_device() if group is None else group.device
    return effective_precision(settings["ranking"]["precision"], device.type)


def write_results(
    folder: Path, header: Mapping[str, Any], scores: Sequence[TaskScore], before: Sequence[TaskScore] | None = None
) -> dict[str, Any]:
    """Write ``predictions.parquet`` and then ``metrics.json``; give what stands in the latter.

    ``before`` are the scores of the same tasks by the untuned model.
    """
    metrics = {**header, **_summaries(scores)}
    write_parquet(folder / "predictions.parquet", predictions_table(scores))
    if before is not None:
        write_parquet(folder / "predictions_before.parquet", predictions_table(before))
        metrics["before"] = _summaries(before)
        metrics["change"] = _changes(before, scores)
    metrics = {name: _without_nan(value) for name, value in metrics.items()}
    write_json(folder / "metrics.json", metrics)
    return metrics


def _summaries(scores: Sequence[TaskScore]) -> dict[str, Any]:
    tasks = {score.task: score.summary() for score in scores}
    average = _average(tasks.values(), ("accuracy", "macro_f1", "majority"))
    return {"tasks": tasks, "average": average, "pooled": _pooled(scores)}


def _pooled(scores: Sequence[TaskScore]) -> dict[str, Any]:
    """All tasks' questions as one sample, in which a task counts by its number of questions."""
    correct = [ranked.is_correct for score in scores for ranked in score.questions]
    groups = [(score.task, ranked.question.group) for score in scores for ranked in score.questions]
    standard_error = clustered_standard_error(correct, groups)
    return {"accuracy": sum(correct) / len(correct), "standard_error": standard_error, "n": len(correct)}


def _changes(before: Sequence[TaskScore], after: Sequence[TaskScore]) -> dict[str, Any]:
    tasks = {}
    for old, new in zip(before, after, strict=True):
        difference = change(old, new)
        tasks[new.task] = {"accuracy": difference.difference, "standard_error": difference.standard_error}
    return {"tasks": tasks, "average": _average(tasks.values(), ("accuracy",))}


def _average(tasks: Iterable[Mapping[str, Any]], names: Sequence[str]) -> dict[str, float]:
    """Unweighted mean over tasks, as the paper averages; its standard error takes tasks as independent samples."""
    rows = list(tasks)
    average = {name: math.fsum(row[name] for row in rows) / len(rows) for name in names}
    return average | {"standard_error": math.sqrt(math.fsum(row["standard_error"] ** 2 for row in rows)) / len(rows)}


def _without_nan(value: Any) -> Any:
    """JSON has no NaN (a standard error of one question is one): null says the same."""
    if isinstance(value, dict):
        return {name: _without_nan(item) for name, item in value.items()}
    return None if isinstance(value, float) and math.isnan(value) else value
