"""The main path: choose, fine-tune, rank. Each stage reads top to bottom, and each step's product is a file.

A stage takes a composed configuration, refuses what is wrong with it before anything is loaded or written, finds the
run's folder from it, and goes on from whatever an earlier attempt left there.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Generic, TypeVar

import numpy as np
from hydra.core.hydra_config import HydraConfig
from numpy.typing import NDArray
from omegaconf import DictConfig, OmegaConf

from ltd import products, results, summary
from ltd.assisting import FINE_TUNE, assist
from ltd.cache import Cache
from ltd.choosing import Geometry
from ltd.console import progress_bar
from ltd.errors import SettingsError
from ltd.example import PromptedPool
from ltd.finetune import check_devices
from ltd.finetune_settings import FinetuneSettings
from ltd.hardware import reuse_freed_memory
from ltd.libraries import NETWORK_MODULES, load_libraries
from ltd.model import LoadedModel
from ltd.model_scores import ModelReader
from ltd.parts import EvaluateParts, SelectParts
from ltd.places import path_below_root
from ltd.process_group import ProcessGroup
from ltd.progress import Progress, silent
from ltd.run import Run, check_multirun, leads
from ltd.score import Question, TaskScore
from ltd.selecting import agreement, chosen, diagnosed, remade, saved_choice
from ltd.selection import Selection
from ltd.settings import BOOKKEEPING, check, resolved, run_id
from ltd.source import versions
from ltd.token_counts import token_counts
from ltd.tracker import Tracker
from ltd.tracking import tracking
from ltd.tuning import fine_tuned

logger = logging.getLogger(__name__)

PartsT = TypeVar("PartsT", bound=EvaluateParts)


def select(cfg: DictConfig) -> float:
    """Choose a coreset and keep it, or verify one that was kept; gives the number of examples."""
    if not leads():
        return math.nan  # a choice is not shared out: one process makes it
    if cfg.verify is not None:
        return _verify(cfg)
    experiment = Experiment.prepare("select", cfg, SelectParts)
    experiment.do(_select)
    return float(len(Selection.load(experiment.run.folder)))


def train(cfg: DictConfig) -> float:
    """Choose a coreset, fine-tune on it, rank every task before and after; gives what a sweeper judges it by."""
    if cfg.verify is not None:
        raise SettingsError("verify= makes a choice again without training on it: it belongs to select.py")
    if _is_judged() and cfg.trainer.validation_share == 0:
        raise SettingsError(
            "a sweeper judges settings by examples held out of the training part, never by the evaluation tasks; "
            "set trainer.validation_share, such as 0.2"
        )
    experiment = Experiment.prepare("train", cfg, SelectParts)
    if not experiment.run.leads:
        return assist(experiment, fine_tuned)
    experiment.do(_train)
    return _objective(experiment.run.metrics)


def _is_judged() -> bool:
    """Whether a sweeper that looks for the best settings, such as Optuna's, waits for this run's number."""
    return HydraConfig.initialized() and "n_trials" in HydraConfig.get().sweeper


def _objective(metrics: dict[str, Any]) -> float:
    """The lowest validation loss, to be minimised; where no examples were held out, the average accuracy."""
    loss = metrics.get("training", {}).get("validation_loss")
    return float(metrics["average"]["accuracy"] if loss is None else loss)


def evaluate(cfg: DictConfig) -> float:
    """Rank every task with one model; gives the average accuracy."""
    experiment = Experiment.prepare("evaluate", cfg, EvaluateParts)
    if not experiment.run.leads:
        return assist(experiment)
    experiment.do(_evaluate)
    return float(experiment.run.metrics["average"]["accuracy"])


def _verify(cfg: DictConfig) -> float:
    """Make a kept choice again from its own configuration, with this command's outputs, cache and device."""
    saved, kept = saved_choice(Path(cfg.verify).expanduser())
    OmegaConf.set_struct(kept, False)
    kept.update({name: cfg[name] for name in ("outputs", "cache")})
    if "device" in kept.sampler:  # that of another machine may not be here; the picks are the same
        kept.sampler.device = cfg.sampler.get("device", "auto")
    experiment = Experiment.prepare("select", kept, SelectParts)
    with TemporaryDirectory() as folder:
        made = remade(replace(experiment, run=Run(Path(folder), "select", experiment.run.run_id)))
    logger.info(agreement(saved, made))
    return float(len(saved))


def _select(experiment: Experiment[SelectParts], tracker: Tracker) -> None:
    choice = chosen(experiment)
    diagnosed(experiment, choice)
    tracker.log({f"budget/{name}": value for name, value in _spent(choice.selection).items()})
    tracker.log(products.numbers(experiment.run))
    tracker.keep(products.of_selection(experiment.run, experiment.settings, choice.pool))


def _train(experiment: Experiment[SelectParts], tracker: Tracker) -> None:
    choice = chosen(experiment)
    diagnosed(experiment, choice)
    pool, selection = choice.pool, choice.selection
    tracker.keep(products.of_selection(experiment.run, experiment.settings, pool))
    with experiment.run.timed("rank before", experiment.devices):
        before = experiment.rank(experiment.loaded, experiment.cache, "before")
    header = experiment.header() | {"budget": _spent(selection)}
    if len(selection) == 0:  # the vanilla row: no fine-tuning, only ranking
        results.write_results(experiment.run.folder, header, before)
    else:
        if experiment.group is not None:
            experiment.group.ask(FINE_TUNE)
        with experiment.run.timed("fine-tune", experiment.devices):
            tuned, training = fine_tuned(experiment, list(pool.prompts(selection.indices)), tracker)
        ranked = Cache(experiment.run.folder / "ranked")  # until all tasks are, and then predictions.parquet
        with experiment.run.timed("rank after", experiment.devices):
            after = experiment.rank(tuned, ranked, "after")
        results.write_results(experiment.run.folder, header | {"training": training}, after, before)
        ranked.clear()
    tracker.log(products.numbers(experiment.run))
    tracker.keep(products.of_results(experiment.run, experiment.settings))


def _evaluate(experiment: Experiment[EvaluateParts], tracker: Tracker) -> None:
    with experiment.run.timed("rank", experiment.devices):
        scores = experiment.rank(experiment.loaded, experiment.cache, "rank")
    results.write_results(experiment.run.folder, experiment.header(), scores)
    tracker.log(products.numbers(experiment.run))
    tracker.keep(products.of_results(experiment.run, experiment.settings))


def _spent(selection: Selection) -> dict[str, float]:
    return {
        "fraction": selection.fraction,
        "examples": len(selection),
        "tokens": selection.tokens,
        "pool": selection.n_pool,
        "related": selection.n_candidates,
    }


@dataclass(frozen=True)
class Experiment(Generic[PartsT]):
    """One run, ready to start: checked settings, its parts, its folder and the cache it shares with others."""

    settings: dict[str, Any]
    parts: PartsT
    run: Run
    cache: Cache

    @classmethod
    def prepare(cls, stage: str, cfg: DictConfig, kind: type[PartsT]) -> Experiment[PartsT]:
        """Check everything that can be checked before anything is loaded or written."""
        reuse_freed_memory()
        versions()  # of the modules as they are now, should someone edit them while the run goes on
        settings = resolved(cfg)
        check(settings)
        if stage != "select":  # which one process does
            check_multirun(settings["trainer"])
        parts = kind.build(settings)
        parts.check(settings)
        identity = run_id(stage, settings, parts.sources())
        run = Run(path_below_root(settings["outputs"]), stage, identity)
        return cls(settings, parts, run, Cache(path_below_root(settings["cache"])))

    def do(self, stage: Callable[[Experiment[PartsT], Tracker], None]) -> None:
        """Compute the run unless it is finished already, and show what it found."""
        with self.run.held():
            if self.run.state == "finished" and not self.settings["force"]:
                logger.info("this run was finished before; force=true does it again")
            else:
                self.load()  # first: a model that cannot be had is told before an embedding of minutes
                if self.settings["force"] and self.run.leads:
                    self.run.clear()
                with (
                    self.run.recorded(self.settings, self.cache.used),
                    tracking(self.parts.tracker, self.run, self.settings) as tracker,
                    self.group or nullcontext(),
                ):
                    stage(self, tracker)
            self.run.shed(self.settings.get("keep", "all"))
        summary.show(self.run)

    def header(self) -> dict[str, Any]:
        """How ``metrics.json`` begins; without what differs between two runs of the same configuration."""
        settings = {name: value for name, value in self.settings.items() if name not in BOOKKEEPING}
        return {
            "run_id": self.run.run_id,
            "stage": self.run.stage,
            "settings": settings,
            "versions": versions(),
            "model": self.loaded.fingerprint,
            "precision": results.ranking_precision(self.settings, self.group),
        }

    @cached_property
    def group(self) -> ProcessGroup | None:
        """The processes that compute the run, if they are several."""
        if self.run.stage == "select":  # one makes a choice
            return None
        return ProcessGroup.of(self.settings.get("trainer", {}), self.run.call_others)

    @property
    def devices(self) -> int:
        """How many compute the run."""
        return 1 if self.group is None else self.group.devices

    @cached_property
    def loaded(self) -> LoadedModel:
        """The model as it is before anything is trained; fine-tuning changes its weights in place."""
        return self.parts.model.load()

    def load(self) -> None:
        """Have the model in memory, and before it the libraries."""
        tunes = self.run.stage == "train" and isinstance(self.parts, SelectParts) and not self.parts.request.is_nothing
        load_libraries(*NETWORK_MODULES, *(["ltd.training"] if tunes else []))
        if tunes:
            check_devices(self.finetuning())
        if self.group is not None:
            self.group.check()
        _ = self.loaded

    def rank(self, loaded: LoadedModel, cache: Cache, description: str) -> list[TaskScore]:
        """Every task scored with ``loaded``; what ``cache`` holds is not computed again."""
        return results.rank_tasks(loaded, self.parts.tasks, self.settings, cache, description, self.group)

    def geometry(self: Experiment[SelectParts], progress: Progress = silent) -> Geometry:
        """Where prompts lie, with the run's embedder and clusters."""
        centre = self.settings["distribution_centre"]
        return Geometry(self.parts.embedder, self.cache, centre["clusters"], centre["seed"], progress)

    def reader(self, progress: Progress) -> ModelReader:
        """What the model makes of prompts before it is trained, computed as ranking is."""
        import torch

        ranking = self.settings["ranking"]
        precision = results.effective_precision(ranking["precision"], "cuda" if torch.cuda.is_available() else "cpu")
        encoder = results.text_encoder(self.loaded, self.settings["separator"])
        return ModelReader(self.loaded, encoder, self.cache, precision, ranking["tokens_per_batch"], progress)

    def count_tokens(self, pool: PromptedPool, rows: NDArray[np.int64]) -> NDArray[np.int32]:
        """(n_rows,) tokens of the pool's ``rows``, each a prompt with its target, by the model's tokenizer."""
        encoder = results.training_encoder(self.loaded, self.settings)
        with progress_bar("count tokens") as bar:
            return token_counts(pool, rows, encoder, self.loaded.fingerprint, self.cache, bar)

    def finetuning(self) -> FinetuneSettings:
        """How to fine-tune: the trainer's settings, with the method, learning rate and precision of the model."""
        text, model = ("max_length", "end_token"), self.parts.model
        trainer = {name: value for name, value in self.settings["trainer"].items() if name not in text}
        lora = model.lora if model.method == "lora" else None
        return FinetuneSettings(**trainer, lr=model.lr, lora=lora, precision=model.precision)

    def questions(self) -> list[Question]:
        """The evaluation questions of all tasks."""
        return [question for task in self.parts.tasks.values() for question in task.questions()]
