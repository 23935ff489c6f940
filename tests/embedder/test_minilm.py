"""MiniLM against the model's own forward, one text at a time."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from transformers import AutoModel, AutoTokenizer

from ltd.embedder.minilm import Minilm, _batches, _folder

TEXTS = [
    "Every dog barks.",
    "Is the sum of 3 and 4 larger than 6?",
    "a",
    "The old man who lives by the sea has not spoken to his brother for more than twenty years, and never will. " * 20,
]


def plainly(text: str) -> np.ndarray:
    """Mean of the last hidden states of one text, unit length, by the library alone."""
    tokenizer, network = AutoTokenizer.from_pretrained(_folder()), AutoModel.from_pretrained(_folder()).eval()
    with torch.no_grad():
        states = network(**tokenizer(text, return_tensors="pt", truncation=True, max_length=256)).last_hidden_state
    mean = states[0].mean(dim=0)
    return (mean / mean.norm()).numpy()


def test_a_batch_gives_what_each_text_gives_alone() -> None:
    points = Minilm(precision="fp32", tokens_per_batch=600).embed(TEXTS)
    assert points.shape == (4, 384)
    assert points.dtype == np.float32
    np.testing.assert_allclose(points, [plainly(text) for text in TEXTS], atol=2e-6)


def test_bf16_is_within_a_hundredth_of_fp32() -> None:
    cosines = (Minilm(precision="bf16").embed(TEXTS) * Minilm(precision="fp32").embed(TEXTS)).sum(axis=1)
    assert cosines.min() > 0.99


def test_progress_counts_every_text() -> None:
    reports: list[tuple[int, int]] = []
    Minilm(tokens_per_batch=32).embed(TEXTS[:3], lambda done, total: reports.append((done, total)))
    assert reports[-1] == (3, 3)
    assert [done for done, _ in reports] == sorted(done for done, _ in reports)


@pytest.mark.parametrize("tokens_per_batch", [1, 10, 1000])
def test_batches_hold_every_row_once_and_stay_within_their_tokens(tokens_per_batch: int) -> None:
    lengths = [5, 1, 9, 3, 3, 7]
    batches = list(_batches(lengths, tokens_per_batch))
    assert sorted(row for batch in batches for row in batch) == list(range(6))
    assert all(
        len(batch) == 1 or len(batch) * max(lengths[row] for row in batch) <= tokens_per_batch for batch in batches
    )


@pytest.mark.parametrize(("device", "tokens_per_batch"), [("cpu", 1024), ("cuda", 16_384)])
def test_a_batch_is_as_large_as_suits_the_device(
    device: str, tokens_per_batch: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []

    def batches(lengths: list[int], limit: int) -> list[list[int]]:
        asked.append(limit)
        return []

    monkeypatch.setattr("ltd.embedder.minilm._batches", batches)
    embedder = Minilm()
    embedder.__dict__ |= {"_device": device, "_network": SimpleNamespace(config=SimpleNamespace(hidden_size=1))}
    embedder.embed(TEXTS[:1])
    assert asked == [tokens_per_batch]
