"""Embedders: each option maps texts to points; distances between the points stand for differences between prompts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from ltd.progress import Progress, silent


class Embedder(Protocol):
    """Maps texts to vectors.

    Attributes
    ----------
    name : the word it goes by in run ids and tables.
    """

    name: str

    def source(self) -> dict[str, object]:
        """Everything the vectors depend on beside the texts, as plain values."""
        ...

    def embed(self, texts: Sequence[str], progress: Progress = silent) -> NDArray[np.float32]:
        """The (n_texts, dimension) vectors, finite, in the texts' order."""
        ...
