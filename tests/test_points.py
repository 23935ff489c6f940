"""Points: aligned to their rows, embedded once, and continued after an interruption."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from ltd import points as points_module
from ltd.cache import Cache
from ltd.example import Prompt, PromptedPool
from ltd.points import embedded
from ltd.progress import Progress, silent


class Lengths:
    """Embeds a text as its length and its number; counts what it was asked, and can die after a number of texts."""

    name = "lengths"

    def __init__(self, survives: int = 1000) -> None:
        self.survives = survives
        self.n_embedded = 0

    def source(self) -> dict[str, object]:
        return {"embedder": "lengths"}

    def embed(self, texts: Sequence[str], progress: Progress = silent) -> np.ndarray:
        if self.n_embedded + len(texts) > self.survives:
            raise KeyboardInterrupt
        self.n_embedded += len(texts)
        progress(len(texts), len(texts))
        return np.array([[len(text), int(text.split()[0])] for text in texts], np.float32)


@pytest.fixture
def pool(tmp_path: Path) -> PromptedPool:
    texts = [f"{n} " + "x" * (n * 7 % 13) for n in range(30)]
    PromptedPool.write(tmp_path / "pool", [[Prompt(text, text, "t", "t", text, "y") for text in texts]])
    return PromptedPool.open(tmp_path / "pool")


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(points_module, "PROMPTS_PER_BLOCK", 8)


def test_points_are_aligned_to_their_rows(pool: PromptedPool, tmp_path: Path) -> None:
    rows = np.array([3, 29, 11])
    points, _ = embedded(pool, rows, Lengths(), Cache(tmp_path))
    assert points[:, 1].tolist() == [3, 29, 11]
    assert points[:, 0].tolist() == [len(text) for text in pool.strings("prompt", rows)]


def test_they_are_embedded_once_and_keyed_by_rows(pool: PromptedPool, tmp_path: Path) -> None:
    embedder, cache, rows = Lengths(), Cache(tmp_path), np.arange(30)
    _, fingerprint = embedded(pool, rows, embedder, cache)
    assert embedded(pool, rows, embedder, cache)[1] == fingerprint
    assert embedder.n_embedded == 30
    assert embedded(pool, rows[1:], embedder, cache)[1] != fingerprint


def test_an_interrupted_embedding_goes_on_where_it_was(pool: PromptedPool, tmp_path: Path) -> None:
    rows = np.arange(30)
    with pytest.raises(KeyboardInterrupt):
        embedded(pool, rows, Lengths(survives=20), Cache(tmp_path))  # two blocks of eight are kept
    second = Lengths()
    points, _ = embedded(pool, rows, second, Cache(tmp_path))
    assert second.n_embedded == 30 - 16
    assert points[:, 1].tolist() == list(range(30))


def test_progress_counts_up_to_all_rows(pool: PromptedPool, tmp_path: Path) -> None:
    reports: list[tuple[int, int]] = []
    embedded(pool, np.arange(30), Lengths(), Cache(tmp_path), lambda done, total: reports.append((done, total)))
    assert reports[-1] == (30, 30)
    assert reports == sorted(reports)
