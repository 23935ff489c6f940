"""Checkpoints of fine-tuning: when they are due, and how they are kept: written whole or not at all.

``last.ckpt`` is the newest; ``previous.ckpt`` is there, until training is complete, in case the newest cannot be read.
They hold plain tensors and numbers, and are read with ``weights_only=True``.
"""

from __future__ import annotations

import logging
import pickle
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from pytorch_lightning import Callback, LightningModule, Trainer
from pytorch_lightning.plugins.io import TorchCheckpointIO

from ltd.atomic import replacing
from ltd.deferred_signals import DeferredSignals, names
from ltd.errors import TrainingError
from ltd.finetune_settings import StepReport

logger = logging.getLogger(__name__)

LAST = "last.ckpt"
PREVIOUS = "previous.ckpt"
KEY = "ltd_key"
"""Entry of a checkpoint that says what is trained on what; one with another value is not gone on from."""
DONE = "ltd_done"
"""Entry with what training has gone through: losses, tokens, seconds."""
BEST = "ltd_best"
"""Entry with the weights of the lowest validation loss; empty if no examples are held out."""


class KeepPrevious(TorchCheckpointIO):
    """How Lightning writes a checkpoint here: whole under another name, then in the place of the newest so far."""

    def save_checkpoint(self, checkpoint: dict[str, Any], path: Any, storage_options: Any | None = None) -> None:  # noqa: ARG002 - Lightning's signature
        last = Path(path)
        try:
            with replacing(last) as temporary:
                torch.save(checkpoint, temporary)
                if last.exists():
                    last.replace(last.with_name(PREVIOUS))
        except (OSError, RuntimeError) as error:  # torch's writer raises the second when a disk is full
            raise TrainingError(
                f"a checkpoint cannot be written to {last.parent} ({str(error).splitlines()[0]}); "
                "free some space or correct the rights, and run the same command again: it goes on from the last one"
            ) from error


class SaveAndReport(Callback):
    """After each step a checkpoint, if one is due or a signal asks to leave, and the report."""

    def __init__(
        self, folder: Path, every_steps: int, on_step: Callable[[StepReport], None], signals: DeferredSignals
    ) -> None:
        self.folder = folder
        self.every_steps = every_steps
        self.on_step = on_step
        self.signals = signals

    def on_train_start(self, trainer: Trainer, _: LightningModule) -> None:  # noqa: ARG002
        self.signals.defer()  # now, because Lightning has just set its own handlers, which would leave without saving

    def on_train_batch_end(self, trainer: Trainer, module: LightningModule, outputs: Any, *_: Any) -> None:
        report: StepReport = outputs["report"]
        received = torch.tensor(self.signals.received, device=module.device)
        asked = int(trainer.strategy.reduce(received, reduce_op="max"))  # all processes leave, or none
        if asked or trainer.should_stop or report.step % self.every_steps == 0:
            trainer.save_checkpoint(self.folder / LAST)
        if trainer.is_global_zero:
            self.on_step(report)
        if asked:
            logger.info("%s: a checkpoint holds all %d steps so far", names(asked)[0].name, report.step)
            self.signals.obey(asked)


def find_checkpoint(folder: Path, key: str) -> Path | None:
    """The newest checkpoint in ``folder`` that can be read and belongs to ``key``; others are named in the log.

    Also removes what a killed process left half-written; only one process may train in a folder.
    """
    for leftover in folder.glob(f".{LAST}.*"):
        leftover.unlink(missing_ok=True)  # processes that train together all come here
    for path in (folder / LAST, folder / PREVIOUS):
        if path.exists():
            problem = _problem(path, key)
            if problem is None:
                return path
            logger.warning("%s %s; it is not used", path, problem)
    return None


def read_checkpoint(path: Path) -> dict[str, Any]:
    """The checkpoint's content, its tensors mapped from the file rather than read."""
    checkpoint: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True, mmap=True)
    return checkpoint


def _problem(path: Path, key: str) -> str | None:
    try:
        with zipfile.ZipFile(path) as archive:
            if damaged := archive.testzip():  # torch writes the sum of each part, and never looks at it
                return f"is damaged: {damaged.partition('/')[2]} in it is not what was written"
        found = read_checkpoint(path)[KEY]
    except (RuntimeError, OSError, EOFError, KeyError, TypeError, pickle.UnpicklingError, zipfile.BadZipFile) as error:
        return f"cannot be read ({type(error).__name__})"
    return None if found == key else "belongs to other examples, settings or weights"
