"""Random choices that are the same bytes on every machine and with every later version of numpy."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import TypeVar

import numpy as np

T = TypeVar("T")


class Draw:
    """Choices from one stream of uniform numbers.

    Only `random` of a PCG64 generator is used: its stream does not change between versions of numpy, while those of
    `choice` and `shuffle` may.

    Parameters
    ----------
    seed : whatever names the stream; two data sets draw from different streams, so that one can change alone.
    """

    def __init__(self, *seed: int | str) -> None:
        digest = hashlib.sha256(repr(seed).encode()).digest()
        self._random = np.random.Generator(np.random.PCG64(int.from_bytes(digest[:16], "big"))).random

    def integer(self, low: int, high: int) -> int:
        """A whole number between ``low`` and ``high``, both included."""
        return low + int(self._random() * (high - low + 1))

    def choice(self, items: Sequence[T]) -> T:
        return items[int(self._random() * len(items))]

    def sample(self, items: Sequence[T], count: int) -> list[T]:
        """``count`` different items in random order."""
        rest = list(items)
        return [rest.pop(int(self._random() * len(rest))) for _ in range(count)]

    def shuffled(self, items: Sequence[T]) -> list[T]:
        return self.sample(items, len(items))
