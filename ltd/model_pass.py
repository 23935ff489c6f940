"""One forward pass over texts: the loss of every token, and where each prompt lies among the model's own states.

A prompt's state is the mean of the last hidden states of its tokens, weighted by their position: a later token has seen
more (SGPT, Muennighoff 2022, arXiv 2202.08904, section 3.1; RDS+ uses the same). The states are what enters the output
layer. Both come from the same pass, since attention is causal: a prompt's states do not depend on what follows it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from ltd.batching import micro_batches
from ltd.encoding import Encoded
from ltd.hardware import effective_tokens_per_batch
from ltd.metering import count_pass
from ltd.precision import Precision, autocast, full_precision_output
from ltd.progress import Progress, silent
from ltd.segments import segments_on_cpu
from ltd.target_logits import LOGITS_AT_ONCE, MicroBatch, collate, collate_segments, target_logits

if TYPE_CHECKING:
    from transformers import PreTrainedModel


class PassedText(NamedTuple):
    """What the pass found of one sequence.

    Attributes
    ----------
    losses : (n_tokens - 1,) negative log-likelihood, in nats, of every token but the first, which nothing predicts.
    state : (width,) float32, the weighted mean of its prompt's states.
    """

    losses: NDArray[np.float64]
    state: NDArray[np.float32]


def passed(
    network: PreTrainedModel,
    sequences: Sequence[Encoded],
    *,
    precision: Precision = "fp32",
    tokens_per_batch: int | None = None,
    progress: Progress = silent,
) -> list[PassedText]:
    """What the network makes of each sequence, in their order; each needs two tokens, one of them a prompt's.

    Parameters
    ----------
    network : a causal language model with fp32 weights, on any device; left as it came.
    precision : of everything but the output layer and the softmax.
    tokens_per_batch : padding included; the logits of a batch take this times the vocabulary times 4 bytes. None goes
        by the device.
    """
    whole = [Encoded(sequence.ids, 1) for sequence in sequences]  # so that every token but the first is a target
    lengths = [len(sequence.ids) for sequence in sequences]
    limit = effective_tokens_per_batch(tokens_per_batch, network.device.type)
    found: dict[int, PassedText] = {}
    with torch.no_grad(), reading(network, max(lengths)) as packed, autocast(network, precision):
        for batch in micro_batches(range(len(sequences)), lengths, limit, packed=packed):
            inputs = together([whole[index] for index in batch], network.device, packed=packed)
            with _output_inputs(network) as seen:
                logits = target_logits(network, inputs)
            count_pass(network, sum(lengths[index] for index in batch), inputs.ids.numel())
            states = seen[0] if seen[0].ndim == 2 else seen[0][inputs.predicting]
            n_losses = [lengths[index] - 1 for index in batch]
            losses = torch.split(token_losses(logits, inputs.targets).cpu(), n_losses)
            for index, loss, state in zip(batch, losses, torch.split(states, n_losses), strict=True):
                found[index] = PassedText(loss.double().numpy(), _pooled(state[: sequences[index].n_prompt]))
            progress(len(found), len(sequences))
    return [found[index] for index in range(len(sequences))]


def together(sequences: Sequence[Encoded], device: torch.device, *, packed: bool) -> MicroBatch:
    """The sequences as one batch, on the device."""
    batch = collate_segments(sequences) if packed else collate(sequences)
    return MicroBatch(batch.ids.to(device), batch.predicting.to(device), batch.targets.to(device), batch.segments)


def token_losses(logits: Tensor, targets: Tensor) -> Tensor:
    """(n_targets,) negative log-likelihood of each target."""
    parts = zip(torch.split(logits, LOGITS_AT_ONCE), torch.split(targets, LOGITS_AT_ONCE), strict=True)
    return torch.cat([nn.functional.cross_entropy(some, their, reduction="none") for some, their in parts])


@contextmanager
def reading(network: PreTrainedModel, longest: int) -> Iterator[bool]:
    """No dropout, and the output layer in fp32; gives whether a row may hold several sequences.

    Parameters
    ----------
    longest : tokens of the longest sequence.
    """
    was_training = network.training
    network.train(False)
    try:
        with full_precision_output(network), segments_on_cpu(network, longest) as packed:
            yield packed
    finally:
        network.train(was_training)


@contextmanager
def _output_inputs(network: PreTrainedModel) -> Iterator[list[Tensor]]:
    """Collects what enters the output layer."""
    seen: list[Tensor] = []
    layer: Any = network.get_output_embeddings()  # type: ignore[no-untyped-call]
    handle = layer.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
    try:
        yield seen
    finally:
        handle.remove()


def _pooled(states: Tensor) -> NDArray[np.float32]:
    weights = torch.arange(1, len(states) + 1, dtype=torch.float32, device=states.device)
    mean = (states.float() * (weights / weights.sum())[:, None]).sum(0)
    result: NDArray[np.float32] = mean.cpu().numpy()
    return result
