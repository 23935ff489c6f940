"""What a sampler asks for by name it is given, aligned to its candidates; nothing else is computed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ltd.example import Prompt, PromptedPool
from ltd.score import Question
from ltd.supply import Supply


def never(*_: object) -> Any:
    raise AssertionError("computed although nobody asked")


@pytest.fixture
def pool(tmp_path: Path) -> PromptedPool:
    rows = [Prompt(str(n), f"e{n}", f"set{n}", f"t{n}", f"text {n}", f"y{n}") for n in range(4)]
    PromptedPool.write(tmp_path, [rows])
    return PromptedPool.open(tmp_path)


def test_only_what_is_asked_for_is_computed_and_it_is_aligned(pool: PromptedPool) -> None:
    class Asking:
        def __init__(self, labels: list[str], templates: list[str], gamma: float = 1.0) -> None: ...

    supply = Supply(pool, np.array([3, 1]), never, never, never)
    assert supply.fill(Asking, {"gamma": 2.0}) == {"labels": ["y3", "y1"], "templates": ["t3", "t1"]}


def test_what_the_configuration_sets_is_left_alone(pool: PromptedPool) -> None:
    class Asking:
        def __init__(self, centre: object) -> None: ...

    supply = Supply(pool, np.array([0]), lambda: np.ones(3, np.float32), never, never)
    assert supply.fill(Asking, {"centre": [0.0, 1.0]}) == {}
    assert supply.fill(Asking, {"centre": None})["centre"].tolist() == [1, 1, 1]


def test_target_points_are_those_of_the_questions(pool: PromptedPool) -> None:
    class Asking:
        def __init__(self, target_points: object) -> None: ...

    questions = [Question(str(n), "q" * n, ("a", "b"), 0, "t", str(n)) for n in (2, 5)]
    supply = Supply(pool, np.array([0]), never, lambda texts: np.array([[len(t)] for t in texts]), lambda: questions)
    assert supply.fill(Asking, {})["target_points"].tolist() == [[2], [5]]
