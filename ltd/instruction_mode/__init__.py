"""Instruction modes: each option says which templates a data set's examples may be written through."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from ltd.example import PromptedPool


class InstructionMode(Protocol):
    """Keeps some of a pool's prompts, whole templates at a time."""

    def choose(self, pool: PromptedPool, seed: int) -> NDArray[np.int64]:
        """The rows of ``pool`` that are kept, ascending.

        The same pool and seed keep the same rows, and what is kept of one data set does not depend on the others.

        Raises
        ------
        SettingsError
            If it names a data set or template that the pool has not.
        """
        ...
