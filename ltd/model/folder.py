"""A model as a folder: weights in safetensors, configuration, tokenizer; as `save_pretrained` leaves it."""

from __future__ import annotations

import os
import shutil
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from ltd.atomic import replacing
from ltd.errors import ModelError
from ltd.example import content_key, file_digest
from ltd.quiet import quiet_transformers

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

TOKENIZERS = ("tokenizer.json", "*.model", "vocab.*", "tekken.json", "*.tiktoken")
"""One of these holds a tokenizer's vocabulary."""

LARGE = 1 << 30
"""Bytes from which a file's digest is kept between commands: a smaller file is read again in less than a second."""


def models_folder() -> Path:
    """Where models are kept, and what is known of their files: ``$LTD_MODELS``, or ``~/.cache/ltd/models``."""
    return Path(os.environ.get("LTD_MODELS") or "~/.cache/ltd/models").expanduser()


def find_folder(path: str) -> Path:
    """The folder with a model that ``path`` means, which may be that of a run."""
    folder = Path(path).expanduser()
    is_run = (folder / "status.json").is_file() or (folder / "model").is_dir()
    return folder / "model" if is_run and not (folder / "config.json").exists() else folder


def model_name(path: str) -> str:
    """The word a model in a folder goes by: the folder's name, or that of the run that left it.

    >>> model_name("outputs/train/kcenter-s0-1234abcd/model")
    'kcenter-s0-1234abcd'
    >>> model_name("/models/galactica-125m/")
    'galactica-125m'
    """
    folder = Path(path).expanduser().resolve()
    return (folder.parent if folder.name == "model" else folder).name


def check_folder(name: str, folder: Path) -> None:
    """Raise `ModelError` unless ``folder`` looks like a saved model."""
    if (folder.parent / "status.json").is_file() and not folder.exists():
        problem = "is not there: that run has not trained a model, not finished, or not kept it (keep=results)"
    elif not folder.is_dir():
        problem = "is not a folder"
    elif not (folder / "config.json").is_file():
        problem = "has no config.json"
    elif not has_safetensors(folder):
        problem = "has no *.safetensors (pickled weights are not read; load and save_pretrained() them once elsewhere)"
    elif not any(file for pattern in TOKENIZERS for file in folder.glob(pattern)):
        problem = "has no tokenizer.json (nor one of another kind; save_pretrained() the tokenizer there, too)"
    else:
        return
    raise ModelError(
        f"model {name}: {folder} {problem}; point model.path= at a folder with a saved model, "
        "or leave it empty and connect to a model hub"
    )


def has_safetensors(folder: Path) -> bool:
    """Whether there are weights of the only format that is read."""
    return any(folder.glob("*.safetensors"))


def folder_digest(folder: Path) -> str:
    """Hash of the weights, the configuration and the tokenizer; some 2 GB are read in a second, large files once."""
    kinds = {".safetensors", ".json", ".txt", ".model"}
    return content_key({path.name: _digest(path) for path in sorted(folder.iterdir()) if path.suffix in kinds})


def _digest(file: Path) -> str:
    status = file.stat()
    # Not its time of modification alone, which a copy may take over from its original.
    return _digest_as_written(file.resolve(), (status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns))


@cache
def _digest_as_written(file: Path, written: tuple[int, ...]) -> str:
    """Its `file_digest`, once a process; that of a large file is kept for as long as nobody has written to it."""
    if file.stat().st_size < LARGE:
        return file_digest(file)
    note = models_folder() / "digests" / content_key([file, *written])
    try:
        return note.read_text()
    except OSError:
        digest = file_digest(file)
    with suppress(OSError), replacing(note) as temporary:
        temporary.write_text(digest)
    return digest


def save_folder(network: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, folder: Path) -> None:
    """Write the model whole under another name, and put it in the place of what was there."""
    work = folder.with_name(f".{folder.name}.partial")
    shutil.rmtree(work, ignore_errors=True)
    with quiet_transformers():
        network.save_pretrained(work)
        tokenizer.save_pretrained(work)
    for path in work.glob("*.safetensors"):
        path.chmod((work / "config.json").stat().st_mode)  # safetensors makes them unreadable for anyone else
    shutil.rmtree(folder, ignore_errors=True)
    work.replace(folder)
