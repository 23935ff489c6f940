"""Arrays with a row for each text, computed in blocks that survive an interruption, and put together at the end."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ltd.atomic import replacing, reserve
from ltd.progress import Progress

Compute = Callable[[list[int], Progress], dict[str, NDArray[Any]]]
"""Gives arrays by name, each with a row for every one of the texts it is told of by number, and reports on them."""


def compute_in_blocks(work: Path, texts: Sequence[str], size: int, compute: Compute, progress: Progress) -> None:
    """Leave in ``work`` a file ``<name>.npy`` for each array, its rows in the order of the texts.

    A block is a file of its own until all are done; those that an interrupted call left are not computed again.

    Parameters
    ----------
    size : texts in a block; they are of like length, so that they pad little.
    """
    order = sorted(range(len(texts)), key=lambda row: (len(texts[row]), row))
    blocks = [order[start : start + size] for start in range(0, len(order), size)]
    done = 0
    for number, block in enumerate(blocks):
        path = _path(work, number)
        if path.exists():
            progress(done + len(block), len(texts))
        else:
            arrays = compute(block, _shifted(progress, done, len(texts)))
            with replacing(path) as temporary, open(temporary, "wb") as file:
                np.savez(file, allow_pickle=False, **arrays)
        done += len(block)
    _assemble(work, blocks)


def _path(work: Path, number: int) -> Path:
    return work / f"block-{number:05d}.npz"


def _shifted(progress: Progress, start: int, total: int) -> Progress:
    return lambda done, _: progress(start + done, total)


def _assemble(work: Path, blocks: list[list[int]]) -> None:
    """One array at a time, so that memory holds one block of it."""
    n_rows = sum(map(len, blocks))
    with np.load(_path(work, 0)) as first:
        forms = {name: (first[name].dtype, first[name].shape[1:]) for name in first.files}
    for name, (dtype, shape) in forms.items():
        path = work / f"{name}.npy"
        whole = np.lib.format.open_memmap(path, mode="w+", dtype=dtype, shape=(n_rows, *shape))
        reserve(path)
        for number, block in enumerate(blocks):
            with np.load(_path(work, number)) as part:
                whole[block] = part[name]
        whole.flush()
    for number in range(len(blocks)):
        _path(work, number).unlink()
