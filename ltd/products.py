"""What a run left, as a tracker shows it: numbers, tables, figures, and artefacts that say what came from what.

Everything is read from the run's folder, so that a tracker shows what was kept, and a run that goes on shows it again.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow.compute as pc
import pyarrow.parquet as pq

from ltd.example import PromptedPool, content_key
from ltd.model.folder import folder_digest
from ltd.run import Run
from ltd.selection import Selection
from ltd.settings import choice_name
from ltd.shown_predictions import predictions
from ltd.tracker.product import Artefact, Confusion, Picture, Product, Table
from ltd.tracking import chooser

logger = logging.getLogger(__name__)

SHOWN_PICKS = 2_000
SHOWN_CHARACTERS = 1_000
"""Of a prompt. With `SHOWN_PICKS`, a table comes to 2 MB at most."""

PICK_COLUMNS = {"rank": "rank", "data set": "task", "template": "template", "tokens": "n_tokens", "id": "id"}
"""Columns of the table of picks that stand in ``selection.parquet``, under the name they have there."""

FIGURES = {
    "coverage": "how near the candidates lie to the selection as it grows, beside random choices",
    "map": "the candidates and the selection among them",
    "composition": "the selection's make-up beside that of the candidates",
}

Settings = Mapping[str, Any]


def numbers(run: Run) -> dict[str, float]:
    """What was measured so far: ``eval/<task>/accuracy`` and others of ``metrics.json``, ``cost/<stage>/<number>``."""
    results = _results(run.metrics) if (run.folder / "metrics.json").exists() else {}
    return results | _costs(run)


def of_selection(run: Run, settings: Settings, pool: PromptedPool) -> Iterator[Product]:
    """What there is once it is chosen: the picks, their figures; the pool it came from, the selection."""
    yield from _guarded(
        lambda: _selection_artefacts(run, settings),
        lambda: [_picks(run.folder, pool)],
        lambda: _figures(run.folder),
    )


def of_results(run: Run, settings: Settings) -> Iterator[Product]:
    """What there is at the end: predictions, confusion matrices; the model, and what it was found to be worth."""
    yield from _guarded(
        lambda: _result_artefacts(run, settings),
        lambda: [predictions(run.folder, SHOWN_CHARACTERS)],
        lambda: _confusions(run.metrics),
    )


def _guarded(*makers: Callable[[], Sequence[Product] | Iterator[Product]]) -> Iterator[Product]:
    """The products of all makers; one that fails is a warning."""
    for make in makers:
        try:
            yield from make()
        except Exception as error:  # of whatever kind: no run is lost to a table
            logger.warning("not everything is shown: %s: %s", type(error).__name__, error)


def _results(metrics: Mapping[str, Any]) -> dict[str, float]:
    values = {f"budget/{name}": float(value) for name, value in metrics.get("budget", {}).items()}
    for prefix, part in (("eval", metrics), ("eval_before", metrics.get("before"))):
        for name, task in (part or {}).get("tasks", {}).items():
            shown = ("accuracy", "standard_error", "macro_f1", "majority", "calibration_error")
            values |= {f"{prefix}/{name}/{number}": task[number] for number in shown if task[number] is not None}
        if part:
            values[f"{prefix}/average"] = part["average"]["accuracy"]
            values[f"{prefix}/pooled"] = part["pooled"]["accuracy"]
    if "change" in metrics:
        values["eval_change/average"] = metrics["change"]["average"]["accuracy"]
        values |= {f"eval_change/{name}": task["accuracy"] for name, task in metrics["change"]["tasks"].items()}
    return values


def _costs(run: Run) -> dict[str, float]:
    cost = run.cost
    parts = {**cost.stages, "total": cost.total, "total_alone": cost.total_alone}
    return {
        f"cost/{stage.replace(' ', '_')}/{name}": value
        for stage, part in parts.items()
        for name, value in part.statement().items()
    }


def _selection_artefacts(run: Run, settings: Settings) -> Iterator[Artefact]:
    """The pool it was chosen from, and the selection: made by choosing, gone on from by training."""
    selection = Selection.load(run.folder)
    yield Artefact(
        kind="pool",
        key=selection.pool_fingerprint,
        description=f"{selection.n_pool:,} prompts of {choice_name(settings['pool'])}",
        metadata={"fingerprint": selection.pool_fingerprint, "prompts": selection.n_pool, "pool": settings["pool"]},
        is_input=True,
    )
    yield Artefact(
        kind="selection",
        key=_selection_key(selection),
        description=f"{len(selection):,} of {selection.n_pool:,} prompts of {choice_name(settings['pool'])}, "
        f"chosen by {chooser(settings)}",
        files={name: run.folder / name for name in ("selection.json", "selection.parquet")},
        metadata={
            "pool": f"pool-{selection.pool_fingerprint}",
            "points": selection.points_fingerprint,
            "sampler": dict(selection.sampler),
            "budget": dict(selection.budget),
            "examples": len(selection),
            "tokens": selection.tokens,
            "fraction": selection.fraction,
        },
        is_input=run.stage == "train",
    )


def _selection_key(selection: Selection) -> str:
    """Of which prompts of which pool, in which order: whoever chooses the same finds the same artefact."""
    return content_key([selection.pool_fingerprint, selection.indices.tolist()])


def _picks(folder: Path, pool: PromptedPool) -> Table:
    """The selection in pick order, with its texts."""
    file = pq.read_table(folder / "selection.parquet")
    picks = file.slice(0, SHOWN_PICKS)
    texts = pool.take(picks["index"].to_numpy(), ["prompt", "target"])
    columns = {
        **{shown: picks[name] for shown, name in PICK_COLUMNS.items()},
        **{name: pc.utf8_slice_codeunits(texts[name], 0, SHOWN_CHARACTERS) for name in texts.column_names},
    }
    rows = list(zip(*(column.to_pylist() for column in columns.values()), strict=True))
    return Table("selection/picks", tuple(columns), rows, file.num_rows)


def _figures(folder: Path) -> Iterator[Picture]:
    for name, caption in FIGURES.items():
        path = folder / f"{name}.png"
        if path.exists():
            yield Picture(f"selection/{name}", path, caption)


def _confusions(metrics: Mapping[str, Any]) -> Iterator[Product]:
    """A chart a task, and the same with the untuned model's in one table."""
    rows = [
        (name, model, gold, predicted, count)
        for model, part in (("before", metrics.get("before", {})), ("after", metrics))
        for name, task in part.get("tasks", {}).items()
        for gold, line in task["confusion"].items()
        for predicted, count in line.items()
    ]
    yield Table("predictions/confusion", ("task", "model", "gold", "predicted", "questions"), rows, len(rows))
    for name, task in metrics["tasks"].items():
        counts = [list(line.values()) for line in task["confusion"].values()]
        title = f"{name}: {100 * task['accuracy']:.1f}% of {task['n']:,} questions"
        yield Confusion(f"confusion/{name}", title, tuple(task["confusion"]), counts)


def _result_artefacts(run: Run, settings: Settings) -> Iterator[Artefact]:
    """The model that was made or used, and the predictions with the metrics that follow from them."""
    metrics, folder = run.metrics, run.folder
    came_from: dict[str, object] = {}
    if (folder / "selection.json").exists():
        selection = Selection.load(folder)
        came_from = {
            "pool": f"pool-{selection.pool_fingerprint}",
            "selection": f"selection-{_selection_key(selection)}",
        }
    model = _model_artefact(run, settings, came_from)
    if model is not None:
        yield model
        came_from["model"] = model.name
    accuracies = {name: task["accuracy"] for name, task in metrics["tasks"].items()}
    names = ("metrics.json", "predictions.parquet", "predictions_before.parquet")
    yield Artefact(
        kind="predictions",
        key=run.run_id,
        description=f"every choice of every question with its score; average accuracy {_average(metrics):.3f}",
        files={name: folder / name for name in names if (folder / name).exists()},
        metadata={**came_from, "average": _average(metrics), "accuracy": accuracies},
    )


def _model_artefact(run: Run, settings: Settings, came_from: Mapping[str, object]) -> Artefact | None:
    """The tuned model, named by its files' content; of a run that only evaluates, the folder that it was read from."""
    given = settings["model"].get("path")
    is_made = (run.folder / "model").exists()
    folder = run.folder / "model" if is_made else Path(given or "").expanduser()
    if not is_made and (given is None or run.stage != "evaluate"):
        return None
    files = {path.name: path for path in sorted(folder.iterdir()) if path.is_file()}
    digest, name = folder_digest(folder), choice_name(settings["model"])
    n_bytes = sum(path.stat().st_size for path in files.values())
    metadata = {"fingerprint": digest, "path": str(folder), "bytes": n_bytes, "model": name}
    return Artefact(
        kind="model",
        key=digest,
        description=f"{name} fine-tuned by {run.run_id}, in {folder}" if is_made else f"the model in {folder}",
        files=files,
        metadata=metadata | ({**came_from, "average": _average(run.metrics)} if is_made else {}),
        is_input=not is_made,
    )


def _average(metrics: Mapping[str, Any]) -> float:
    return float(metrics["average"]["accuracy"])
