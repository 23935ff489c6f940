"""The order of training: which examples make an optimiser step, and how a step is cut into padded micro-batches.

All of it is a pure function of lengths, seed and settings: nothing has to be remembered to go on in the middle.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate

import numpy as np

LENGTH_MULTIPLE = 16
"""Lengths are padded to multiples of this: every new shape costs the bf16 kernels a set-up."""

Indices = tuple[int, ...]


def plan_steps(n_examples: int, examples_per_step: int, epochs: float, steps: int | None, seed: int) -> list[Indices]:
    """The examples of every optimiser step, over all epochs.

    Each epoch is a new permutation cut into steps of nearly equal size, at most ``examples_per_step``: equal parts
    rather than full ones and a rest, because a step of two examples moves the weights as far as a full one.

    Parameters
    ----------
    epochs : how often every example is seen; need not be whole.
    steps : if given, the exact number of optimiser steps instead, over as many epochs as that takes.

    >>> plan_steps(5, 2, epochs=1, steps=None, seed=0)
    [(2, 4), (3, 0), (1,)]
    """
    per_epoch = -(-n_examples // examples_per_step)
    total = max(1, round(per_epoch * epochs)) if steps is None else steps
    planned: list[Indices] = []
    for epoch in range(-(-total // per_epoch)):
        order = np.random.default_rng([seed, epoch]).permutation(n_examples)
        planned += [tuple(part.tolist()) for part in np.array_split(order, per_epoch)]
    return planned[:total]


def plan_tokens(lengths: Sequence[int], examples_per_step: int, tokens: int, seed: int) -> list[Indices]:
    """The steps of `plan_steps`, over as many epochs as it takes until ``tokens`` tokens were seen.

    The step that reaches the number is the last one.

    >>> plan_tokens([10, 20, 30, 40, 50], 2, tokens=100, seed=0)
    [(2, 4), (3, 0)]
    """
    planned = plan_steps(len(lengths), examples_per_step, -(-tokens // sum(lengths)), None, seed)
    return until_tokens(planned, lengths, tokens)


def until_tokens(steps: Sequence[Indices], lengths: Sequence[int], tokens: int) -> list[Indices]:
    """The first of ``steps``, up to the one with which ``tokens`` tokens were seen.

    >>> until_tokens([(0, 1), (2,), (0,)], [10, 20, 30], tokens=31)
    [(0, 1), (2,)]
    """
    seen = accumulate(sum(lengths[example] for example in step) for step in steps)
    return list(steps[: 1 + sum(count < tokens for count in seen)])


def held_out(n_examples: int, share: float, seed: int) -> tuple[Indices, Indices]:
    """The examples that are trained on, and those that are held out to judge by, chosen at random.

    A share above 0 holds out one at least; the rest is trained on, in its order.

    >>> held_out(5, 0.4, seed=0)
    ((1, 2, 4), (0, 3))
    """
    number = 0 if share == 0 else max(1, round(n_examples * share))
    order = np.random.default_rng([seed, n_examples]).permutation(n_examples)
    return tuple(sorted(order[number:].tolist())), tuple(sorted(order[:number].tolist()))


def micro_batches(
    step: Sequence[int],
    lengths: Sequence[int],
    tokens_per_batch: int,
    rank: int = 0,
    ranks: int = 1,
    *,
    packed: bool = False,
) -> list[Indices]:
    """What process ``rank`` of ``ranks`` computes of a step: batches of similar length, longest first.

    A batch holds at most ``tokens_per_batch`` tokens, padding included, but always one example. If there are fewer
    examples than processes, the last ones get none; how many they get may differ.

    Parameters
    ----------
    packed : whether a batch is one row with all its examples, padded at its end, or a row for each, padded to the
        longest.

    >>> micro_batches([0, 1, 2, 3], lengths=[16, 30, 9, 12], tokens_per_batch=48)
    [(1,), (0, 3, 2)]
    >>> micro_batches([0, 1, 2, 3], lengths=[16, 30, 9, 12], tokens_per_batch=48, packed=True)
    [(1, 0), (3, 2)]
    """
    ordered = sorted(step, key=lambda example: (-lengths[example], example))[rank::ranks]
    batches: list[list[int]] = []
    for example in ordered:
        if batches and n_padded([*batches[-1], example], lengths, packed=packed) <= tokens_per_batch:
            batches[-1].append(example)
        else:
            batches.append([example])
    return [tuple(batch) for batch in batches]


def n_padded(batch: Sequence[int], lengths: Sequence[int], *, packed: bool) -> int:
    """Tokens of a batch whose first example is its longest, with padding."""
    if packed:
        return padded_length(sum(lengths[example] for example in batch))
    return padded_length(lengths[batch[0]]) * len(batch)


def padded_length(length: int) -> int:
    """``length`` rounded up to a multiple of `LENGTH_MULTIPLE`."""
    return -(-length // LENGTH_MULTIPLE) * LENGTH_MULTIPLE
