"""The traversal in torch, here on the processor: picks of the textbook algorithm."""

from __future__ import annotations

import numpy as np
import pytest

from ltd.farthest import blocks, lazy, textbook
from ltd.farthest.blocks import TorchShard

DEVICES = ["cpu", pytest.param("cuda", marks=pytest.mark.gpu)]


def points_of(kind: str) -> np.ndarray:
    rng = np.random.default_rng(5)
    points = {
        "noise": rng.normal(size=(600, 24)),
        "grid": rng.integers(0, 3, (600, 3)),
        "few": rng.normal(size=(30, 5))[rng.integers(0, 30, 600)],
        "far off": 1000 + rng.normal(size=(600, 5)),
        "large": 1e19 * rng.normal(size=(600, 5)),
    }
    return points[kind].astype(np.float32)


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("kind", ["noise", "grid", "few", "far off", "large"])
def test_picks_are_the_textbook_ones(kind: str, device: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blocks, "ROWS", 250)
    monkeypatch.setattr(blocks, "PAIRS", 1000)
    points, chosen = points_of(kind), np.array([17, 3])
    picks = lazy.traverse(TorchShard(points, 0, device), chosen, 120, lazy.Alone())
    expected = textbook(points, chosen, 120)
    assert picks.rows[2:].tolist() == expected.rows.tolist()
    assert picks.squared[2:].tobytes() == expected.squared.tobytes()
