"""What fine-tuning is fed with: the parts of each optimiser step that a process computes, made as they are needed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import torch
from pytorch_lightning import LightningDataModule

from ltd.batching import Indices, micro_batches, n_padded
from ltd.encoding import Encoded
from ltd.target_logits import MicroBatch, collate, collate_segments, n_targets

IGNORED = -100
"""A target without loss: the default ``ignore_index`` of `torch.nn.functional.cross_entropy`."""


class StepBatch(NamedTuple):
    """What one process computes of an optimiser step.

    Attributes
    ----------
    micro_batches : as many in every process, because each may be an exchange among them (the gradients of DDP, the
        weights of FSDP): a process that has fewer ends with idle ones, whose targets are all `IGNORED`.
    n_examples : in each of them.
    n_targets, n_tokens, n_padded : of the whole step, over all processes: target tokens, all tokens, and with padding;
        without idle micro-batches.
    """

    micro_batches: list[MicroBatch]
    n_examples: tuple[int, ...]
    n_targets: int
    n_tokens: int
    n_padded: int


class TrainingData(LightningDataModule):
    """The planned steps of all epochs, as one pass over them, and the examples held out."""

    def __init__(
        self,
        encoded: Sequence[Encoded],
        ids: Sequence[str],
        steps: Sequence[Indices],
        tokens_per_batch: int,
        held_out: Indices = (),
    ) -> None:
        super().__init__()
        self.encoded = encoded
        self.ids = ids
        self.steps = steps
        self.tokens_per_batch = tokens_per_batch
        self.held_out = held_out
        self.lengths = [len(sequence.ids) for sequence in encoded]
        self.packed = False  # whether the network takes several sequences in a row; known when it starts

    def train_dataloader(self) -> StepLoader:
        assert self.trainer is not None
        return StepLoader(self, self.trainer.global_rank, self.trainer.world_size)

    def batch(self, step: Indices, rank: int, ranks: int) -> StepBatch:
        """What process ``rank`` of ``ranks`` computes of a step, given by its examples; on the processor."""
        shares = [
            micro_batches(step, self.lengths, self.tokens_per_batch, other, ranks, packed=self.packed)
            for other in range(ranks)
        ]
        own, idle = shares[rank], max(map(len, shares)) - len(shares[rank])
        return StepBatch(
            [self._together(batch) for batch in own] + [self._idle(step)] * idle,
            n_examples=(*map(len, own), *[1] * idle),
            n_targets=sum(n_targets(self.encoded[example]) for example in step),
            n_tokens=sum(self.lengths[example] for example in step),
            n_padded=sum(n_padded(batch, self.lengths, packed=self.packed) for batches in shares for batch in batches),
        )

    def _together(self, examples: Indices) -> MicroBatch:
        sequences = [self.encoded[example] for example in examples]
        return collate_segments(sequences) if self.packed else collate(sequences)

    def _idle(self, step: Indices) -> MicroBatch:
        """The step's shortest example, which has a loss of zero and gradients of zero here: others learn from it."""
        shortest = self._together((min(step, key=self.lengths.__getitem__),))
        return shortest._replace(targets=torch.full_like(shortest.targets, IGNORED))


class StepLoader:
    """Makes the batch of each step, in order; Lightning keeps its position in the checkpoint and restores it.

    A sized iterable rather than a torch `DataLoader`: padding a few short sequences takes microseconds, which no worker
    process would repay.
    """

    def __init__(self, data: TrainingData, rank: int, ranks: int) -> None:
        self.data = data
        self.rank = rank
        self.ranks = ranks
        self.done = 0

    def __len__(self) -> int:
        return len(self.data.steps)

    def __iter__(self) -> Iterator[StepBatch]:
        while self.done < len(self):
            self.done += 1
            yield self.data.batch(self.data.steps[self.done - 1], self.rank, self.ranks)

    def state_dict(self) -> dict[str, int]:
        return {"done": self.done}

    def load_state_dict(self, state: dict[str, int]) -> None:
        self.done = state["done"]
