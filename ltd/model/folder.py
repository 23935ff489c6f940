"""A model as a folder: weights in safetensors, configuration, tokenizer; as `save_pretrained` leaves it."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from ltd.errors import ModelError
from ltd.example import content_key
from ltd.quiet import quiet_transformers

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase


def check_folder(name: str, folder: Path) -> None:
    """Raise `ModelError` unless ``folder`` looks like a saved model."""
    if not folder.is_dir():
        problem = "is not a folder"
    elif not (folder / "config.json").is_file():
        problem = "has no config.json"
    elif not has_safetensors(folder):
        problem = "has no *.safetensors (pickled weights are not read; load and save_pretrained() them once elsewhere)"
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
    """Hash of the weights, the configuration and the tokenizer; some 2 GB are read in a second."""
    digests = {}
    for path in sorted(folder.iterdir()):
        if path.suffix in {".safetensors", ".json", ".txt", ".model"}:
            with open(path, "rb") as file:
                digests[path.name] = hashlib.file_digest(file, "sha256").hexdigest()
    return content_key(digests)


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
