"""What a sampler may ask for: a constructor parameter named like one of these attributes is filled in from the run.

A sampler's two files (its module and its YAML) are then all there is to it: it names what it needs, and nothing that
is not asked for is computed.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ltd.example import PromptedPool
from ltd.score import Question


class Supply:
    """Attributes of the candidates, aligned to the points a sampler is given, each computed when first asked for.

    Parameters
    ----------
    pool, candidates : the pool, and the rows of it that can be chosen.
    embed_rows : gives the (n, dimension) points of rows of the pool.
    embed_texts : gives the (n, dimension) points of any texts.
    find_centre : gives the distribution centre.
    questions : gives the evaluation questions.
    """

    def __init__(
        self,
        pool: PromptedPool,
        candidates: NDArray[np.int64],
        find_centre: Callable[[], NDArray[np.float32]],
        embed_texts: Callable[[list[str]], NDArray[np.float32]],
        questions: Callable[[], list[Question]],
    ) -> None:
        self._pool = pool
        self._candidates = candidates
        self._find_centre = find_centre
        self._embed_texts = embed_texts
        self._questions = questions

    @cached_property
    def centre(self) -> NDArray[np.float32]:
        """(dimension,) the distribution centre."""
        return self._find_centre()

    @cached_property
    def data_sets(self) -> list[str]:
        """(n_prompts,) name of each prompt's data set."""
        return self._pool.strings("task", self._candidates)

    @cached_property
    def templates(self) -> list[str]:
        """(n_prompts,) name of each prompt's template."""
        return self._pool.strings("template", self._candidates)

    @cached_property
    def examples(self) -> list[str]:
        """(n_prompts,) id of the raw row each prompt was written from."""
        return self._pool.strings("example", self._candidates)

    @cached_property
    def labels(self) -> list[str]:
        """(n_prompts,) target text of each prompt."""
        return self._pool.strings("target", self._candidates)

    @cached_property
    def prompts(self) -> list[str]:
        """(n_prompts,) text of each prompt."""
        return self._pool.strings("prompt", self._candidates)

    @cached_property
    def target_points(self) -> NDArray[np.float32]:
        """(n_questions, dimension) points of the evaluation questions, without their answers."""
        return self._embed_texts([question.text for question in self._questions()])

    def fill(self, constructor: Callable[..., Any], configured: Mapping[str, object]) -> dict[str, object]:
        """Values for the parameters of ``constructor`` that are named like an attribute here and not configured."""
        offered = {name for name, value in vars(type(self)).items() if isinstance(value, cached_property)}
        asked = offered.intersection(inspect.signature(constructor).parameters)
        return {name: getattr(self, name) for name in sorted(asked) if configured.get(name) is None}
