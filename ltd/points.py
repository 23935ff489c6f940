"""The points of a set of prompts: embedded once, in blocks, and memory-mapped from then on."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ltd.atomic import replacing
from ltd.cache import Cache
from ltd.embedder import Embedder
from ltd.example import PromptedPool, content_key
from ltd.progress import Progress, silent

PROMPTS_PER_BLOCK = 4096  # what an interrupted embedding loses at most; about half a minute on two cores


def embedded(
    pool: PromptedPool, rows: NDArray[np.int64], embedder: Embedder, cache: Cache, progress: Progress = silent
) -> tuple[NDArray[np.float32], str]:
    """The points of the pool's ``rows`` and their fingerprint.

    Only the instruction prompt is embedded, as it would be known before its answer is (the paper, section 3).

    Returns
    -------
    points : (n_rows, dimension) float32, memory-mapped, aligned to ``rows``.
    fingerprint : key of the content they were made from.
    """
    source = {"pool": pool.fingerprint, "rows": content_key(rows.tolist()), "embedder": embedder.source()}
    folder = cache.folder("points", source, lambda work: _write(work, pool.strings("prompt", rows), embedder, progress))
    points: NDArray[np.float32] = np.load(folder / "points.npy", mmap_mode="r")
    return points, content_key(source)


def _write(work: Path, texts: list[str], embedder: Embedder, progress: Progress) -> None:
    # Blocks of texts of like length pad little; each is a file, so that an interrupted embedding goes on.
    order = sorted(range(len(texts)), key=lambda row: (len(texts[row]), row))
    blocks = [order[start : start + PROMPTS_PER_BLOCK] for start in range(0, len(order), PROMPTS_PER_BLOCK)]
    done = 0
    for number, block in enumerate(blocks):
        path = work / f"block-{number:05d}.npy"
        if not path.exists():
            points = embedder.embed([texts[row] for row in block], _shifted(progress, done, len(texts)))
            with replacing(path) as temporary, open(temporary, "wb") as file:
                np.save(file, points)
        done += len(block)
    _assemble(work, blocks)


def _shifted(progress: Progress, start: int, total: int) -> Progress:
    return lambda done, _: progress(start + done, total)


def _assemble(work: Path, blocks: list[list[int]]) -> None:
    dimension = np.load(work / "block-00000.npy", mmap_mode="r").shape[1]
    n_texts = sum(len(block) for block in blocks)
    points = np.lib.format.open_memmap(work / "points.npy", mode="w+", dtype=np.float32, shape=(n_texts, dimension))
    for number, block in enumerate(blocks):
        points[block] = np.load(work / f"block-{number:05d}.npy")
    points.flush()
    for number in range(len(blocks)):
        (work / f"block-{number:05d}.npy").unlink()
