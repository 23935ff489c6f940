"""Checkpoints of fine-tuning: written whole or not at all, the one before kept until training is complete.

``last.ckpt`` is the newest; ``previous.ckpt`` is there in case the newest cannot be read. They hold plain tensors and
numbers, and are read with ``weights_only=True``.
"""

from __future__ import annotations

import logging
import pickle
from pathlib import Path
from typing import Any

import torch
from pytorch_lightning.plugins.io import TorchCheckpointIO

from ltd.atomic import replacing
from ltd.errors import TrainingError

logger = logging.getLogger(__name__)

LAST = "last.ckpt"
PREVIOUS = "previous.ckpt"
KEY = "ltd_key"
"""Entry of a checkpoint that says what is trained on what; one with another value is not gone on from."""
DONE = "ltd_done"
"""Entry with what training has gone through: losses, tokens, seconds."""


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


def find_checkpoint(folder: Path, key: str) -> Path | None:
    """The newest checkpoint in ``folder`` that can be read and belongs to ``key``; others are named in the log.

    Also removes what a killed process left half-written; only one process may train in a folder.
    """
    for leftover in folder.glob(f".{LAST}.*"):
        leftover.unlink()
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
        found = read_checkpoint(path)[KEY]
    except (RuntimeError, OSError, EOFError, KeyError, TypeError, pickle.UnpicklingError) as error:
        return f"cannot be read ({type(error).__name__})"
    return None if found == key else "belongs to other examples, settings or weights"
