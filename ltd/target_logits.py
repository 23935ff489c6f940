"""Logits where they are needed only: at the positions that predict a target token.

The vocabulary is far wider than the network and a target is a few tokens of a long prompt: logits everywhere would take
more memory than all the rest and, for a small network, much of the time.
"""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from itertools import accumulate
from typing import TYPE_CHECKING, Any, NamedTuple

import torch
from torch import Tensor

from ltd.batching import padded_length
from ltd.encoding import Encoded

if TYPE_CHECKING:
    from transformers import PreTrainedModel

LOGITS_AT_ONCE = 256  # rows of the vocabulary's length whose softmax is taken at once: bounds the copies it makes


class MicroBatch(NamedTuple):
    """Sequences that go through the network together.

    Attributes
    ----------
    ids : (n_rows, length), padded on the right. A row is a sequence, or the only row holds all of them.
    predicting : (n_rows, length) true where the next token is a target.
    targets : (n_targets,) the target tokens, sequence by sequence.
    segments : lengths of the sequences, and of the padding, that the only row consists of; None if rows are sequences.
    """

    ids: Tensor
    predicting: Tensor
    targets: Tensor
    segments: tuple[int, ...] | None = None


def n_targets(sequence: Encoded) -> int:
    """Tokens of the continuation; nothing predicts a sequence's very first token."""
    return len(sequence.ids) - max(sequence.n_prompt, 1)


def collate(sequences: Sequence[Encoded]) -> MicroBatch:
    """Pad on the right to a common length.

    Attention is causal: no real token sees what stands to its right, and nothing is predicted there. So the padding can
    be any token and needs no mask, without which attention is faster.
    """
    length = padded_length(max(len(sequence.ids) for sequence in sequences))
    ids = torch.zeros((len(sequences), length), dtype=torch.long)
    predicting = torch.zeros_like(ids, dtype=torch.bool)
    targets: list[int] = []
    for row, sequence in enumerate(sequences):
        end = len(sequence.ids)
        start = end - n_targets(sequence)
        ids[row, :end] = torch.tensor(sequence.ids)
        predicting[row, start - 1 : end - 1] = True
        targets += sequence.ids[start:]
    return MicroBatch(ids, predicting, torch.tensor(targets))


def collate_segments(sequences: Sequence[Encoded]) -> MicroBatch:
    """Put all into one row, for `ltd.segments`; only its end is padded."""
    lengths = [len(sequence.ids) for sequence in sequences]
    padding = padded_length(sum(lengths)) - sum(lengths)
    ids = [token for sequence in sequences for token in sequence.ids] + [0] * padding
    predicting = torch.zeros((1, len(ids)), dtype=torch.bool)
    targets: list[int] = []
    for sequence, end in zip(sequences, accumulate(lengths), strict=True):
        predicting[0, end - n_targets(sequence) - 1 : end - 1] = True
        targets += sequence.ids[len(sequence.ids) - n_targets(sequence) :]
    segments = (*lengths, padding) if padding else tuple(lengths)
    return MicroBatch(torch.tensor([ids]), predicting, torch.tensor(targets), segments)


def target_logits(network: PreTrainedModel, batch: MicroBatch) -> Tensor:
    """(n_targets, vocabulary) logits, in the order of ``batch.targets``."""
    inputs: dict[str, Any] = {"input_ids": batch.ids, "use_cache": False}
    if batch.segments is not None:
        positions = [torch.arange(length, device=batch.ids.device) for length in batch.segments]
        inputs |= {"segments": batch.segments, "position_ids": torch.cat(positions)[None]}
    logits: Tensor
    if "logits_to_keep" in inspect.signature(network.forward).parameters:
        logits = network(**inputs, logits_to_keep=batch.predicting).logits
    else:
        logits = network(**inputs).logits[batch.predicting]
    return logits
