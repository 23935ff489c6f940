"""Random choice: every prompt is as likely as any other."""

from __future__ import annotations

import numpy as np

from ltd.sampler.random import Random


def test_every_prompt_is_as_likely() -> None:
    points = np.zeros((20, 0), np.float32)
    counts = np.zeros(20)
    for seed in range(2000):
        counts[Random(seed).select(points, 5)] += 1
    # Expected 500 each, standard deviation 19.4; four of those are exceeded once in 16,000 draws.
    assert np.abs(counts - 500).max() < 78


def test_another_seed_is_another_choice() -> None:
    points = np.zeros((1000, 0), np.float32)
    assert set(Random(0).select(points, 20).tolist()) != set(Random(1).select(points, 20).tolist())
