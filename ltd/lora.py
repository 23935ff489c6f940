"""Low-rank adapters on a model's attention: their warm-up, and the gradient of every single example.

Examples share batches, on a CPU even rows (`ltd.segments`), in the forward and backward pass, and each one's gradient
is still its own: that of a linear layer's weights is the product of what entered the layer and the gradient of what
left it, over the example's own tokens.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import torch
from torch import Tensor, nn

from ltd.atomic import replacing
from ltd.batching import Indices, micro_batches
from ltd.encoding import Encoded
from ltd.errors import ModelError
from ltd.hardware import effective_tokens_per_batch
from ltd.metering import count, training_flops
from ltd.model_pass import reading, together, token_losses
from ltd.optimisation import rate_factor
from ltd.precision import Precision, autocast
from ltd.target_logits import n_targets, target_logits

if TYPE_CHECKING:
    from transformers import PreTrainedModel

SCALE = 4  # what an adapter adds is multiplied by it: alpha 512 by rank 128 in LESS
RISE = 0.03  # share of the warm-up's steps over which its learning rate rises, in LESS
BETAS, EPSILON = (0.9, 0.999), 1e-8  # of Adam, in the warm-up and in what it makes of a gradient


class Checkpoint(NamedTuple):
    """The adapters after some steps of their warm-up.

    Attributes
    ----------
    weights, averages, squares : (n_weights,) the adapters' weights, and Adam's two moments of their gradients.
    steps : optimiser steps until then; without any, nothing is known of the moments.
    rate : mean learning rate of the steps since the checkpoint before.
    """

    weights: Tensor
    averages: Tensor
    squares: Tensor
    steps: int = 0
    rate: float = 1.0

    def adam(self, gradient: Tensor) -> Tensor:
        """(n_weights,) the step, but for the rate, that Adam's next update would make of a gradient; without moments
        the gradient itself.
        """
        if self.steps == 0:
            return gradient
        averages = BETAS[0] * self.averages + (1 - BETAS[0]) * gradient
        squares = BETAS[1] * self.squares + (1 - BETAS[1]) * gradient.square()
        now = self.steps + 1
        return averages / (1 - BETAS[0] ** now) / ((squares / (1 - BETAS[1] ** now)).sqrt() + EPSILON)


class Adapter:
    """What is added to the output of a linear layer: a product of two thin matrices, the second zero at first.

    It is a forward hook of the layer, so that the network itself stays what it is.
    """

    def __init__(self, layer: nn.Linear, rank: int, generator: torch.Generator) -> None:
        bound, device = 1 / math.sqrt(layer.in_features), layer.weight.device  # as Hu et al.'s own code draws them
        down = torch.empty(rank, layer.in_features).uniform_(-bound, bound, generator=generator)
        self.down = nn.Parameter(down.to(device))
        self.up = nn.Parameter(torch.zeros(layer.out_features, rank, device=device))

    def __call__(self, _: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> Tensor:
        change = nn.functional.linear(nn.functional.linear(inputs[0], self.down), self.up)
        output = output + SCALE * change
        if output.requires_grad:
            self.entered = inputs[0].detach().flatten(0, -2)
            output.register_hook(self._arrived)  # type: ignore[no-untyped-call]
        return output

    def _arrived(self, gradient: Tensor) -> None:
        self.returned = gradient.flatten(0, -2)

    def gradient(self, tokens: slice) -> tuple[Tensor, Tensor]:
        """Of the two matrices, from the last backward pass, by way of some of its tokens."""
        entered, returned = self.entered[tokens].float(), SCALE * self.returned[tokens].float()
        with torch.no_grad():
            return (returned @ self.up).T @ entered, returned.T @ (entered @ self.down.T)


def save_checkpoints(path: Path, checkpoints: Sequence[Checkpoint]) -> None:
    """Write them to one file."""
    with replacing(path) as temporary:
        torch.save([checkpoint._asdict() for checkpoint in checkpoints], temporary)


def read_checkpoints(path: Path, device: torch.device) -> list[Checkpoint]:
    """What `save_checkpoints` wrote."""
    return [Checkpoint(**values) for values in torch.load(path, map_location=device, weights_only=True)]


@dataclass(frozen=True)
class AdaptedNetwork:
    """A network with adapters, the only weights of it that learn."""

    network: PreTrainedModel
    adapters: Sequence[Adapter]
    precision: Precision
    tokens_per_batch: int

    @property
    def weights(self) -> list[nn.Parameter]:
        """Both matrices of every adapter, in the order of the network's layers."""
        return [matrix for adapter in self.adapters for matrix in (adapter.down, adapter.up)]

    def untrained(self) -> Checkpoint:
        """The adapters as they are, with nothing known of their moments."""
        weights = _flat(self.weights)
        return Checkpoint(weights, torch.zeros_like(weights), torch.zeros_like(weights))

    def restore(self, checkpoint: Checkpoint) -> None:
        """Put the adapters where they were."""
        sizes = [matrix.numel() for matrix in self.weights]
        with torch.no_grad():
            for matrix, values in zip(self.weights, torch.split(checkpoint.weights, sizes), strict=True):
                matrix.copy_(values.view_as(matrix))

    def warm_up(self, epochs: Sequence[Sequence[Sequence[Encoded]]], lr: float) -> Iterator[Checkpoint]:
        """Train the adapters with Adam on the mean loss of each step's targets; gives a checkpoint after each epoch.

        Parameters
        ----------
        epochs : the examples of every step of every epoch.
        lr : peak learning rate.
        """
        optimizer = torch.optim.Adam(self.weights, lr=lr, betas=BETAS, eps=EPSILON)
        total, done = sum(map(len, epochs)), 0
        for steps in epochs:
            rates = [lr * rate_factor(done + number, total, "linear", RISE) for number in range(len(steps))]
            for step, rate in zip(steps, rates, strict=True):
                optimizer.param_groups[0]["lr"] = rate
                for batch in self._batches(step):
                    (batch.losses.sum() / sum(map(n_targets, step))).backward()  # type: ignore[no-untyped-call]
                optimizer.step()
                optimizer.zero_grad()
            done += len(steps)
            moments = [optimizer.state[matrix] for matrix in self.weights]
            averages, squares = (_flat([moment[name] for moment in moments]) for name in ("exp_avg", "exp_avg_sq"))
            yield Checkpoint(_flat(self.weights), averages, squares, done, sum(rates) / len(rates))

    def gradients(self, sequences: Sequence[Encoded]) -> Iterator[tuple[int, Tensor]]:
        """Each sequence's number and (n_weights,) the gradient of its mean target loss; longest sequences first.

        Between two of them the network must not be used for anything else.
        """
        for batch in self._batches(sequences):
            counts = [n_targets(sequences[index]) for index in batch.members]
            means = torch.stack([losses.mean() for losses in torch.split(batch.losses, counts)])
            means.sum().backward()  # type: ignore[no-untyped-call]
            for matrix in self.weights:
                matrix.grad = None  # of all together
            for index, start in zip(batch.members, batch.starts, strict=True):
                tokens = slice(start, start + len(sequences[index].ids))
                yield index, _flat([part for adapter in self.adapters for part in adapter.gradient(tokens)])

    def _batches(self, sequences: Sequence[Encoded]) -> Iterator[_Batch]:
        """The sequences in batches, with losses to go back from."""
        lengths = [len(sequence.ids) for sequence in sequences]
        with reading(self.network, max(lengths)) as packed:
            for members in micro_batches(range(len(sequences)), lengths, self.tokens_per_batch, packed=packed):
                inputs = together([sequences[index] for index in members], self.network.device, packed=packed)
                with autocast(self.network, self.precision):
                    losses = token_losses(target_logits(self.network, inputs), inputs.targets)
                n_tokens = sum(lengths[index] for index in members)
                count(n_tokens, inputs.ids.numel(), training_flops(self.network) * n_tokens)
                steps = [lengths[index] if packed else inputs.ids.shape[1] for index in members]
                yield _Batch(members, list(accumulate(steps[:-1], initial=0)), losses)


class _Batch(NamedTuple):
    """Sequences that went through the network together.

    Attributes
    ----------
    members : their numbers.
    starts : where each starts when the rows of the batch are laid end to end.
    losses : of all their target tokens.
    """

    members: Indices
    starts: Sequence[int]
    losses: Tensor


@contextmanager
def adapted(
    network: PreTrainedModel, rank: int, seed: int, precision: Precision, tokens_per_batch: int | None = None
) -> Iterator[AdaptedNetwork]:
    """Within it the network has adapters on the linear layers of its attention, and its own weights stand still.

    Parameters
    ----------
    tokens_per_batch : padding included; None goes by the device.

    Raises
    ------
    ModelError
        If its attention has no linear layers.
    """
    layers = [
        layer
        for module in network.modules()
        if type(module).__name__.endswith("Attention")  # as in all of transformers
        for layer in module.children()
        if isinstance(layer, nn.Linear)
    ]
    if not layers:
        raise ModelError(f"{network.config.model_type} has no linear layers in its attention to put adapters on")
    generator = torch.Generator().manual_seed(seed)
    adapters = [Adapter(layer, rank, generator) for layer in layers]
    hooks = [layer.register_forward_hook(adapter) for layer, adapter in zip(layers, adapters, strict=True)]
    learning = [parameter for parameter in network.parameters() if parameter.requires_grad]
    try:
        for parameter in learning:
            parameter.requires_grad_(False)
        limit = effective_tokens_per_batch(tokens_per_batch, network.device.type)
        yield AdaptedNetwork(network, adapters, precision, limit)
    finally:
        for parameter in learning:
            parameter.requires_grad_(True)
        for hook in hooks:
            hook.remove()


def _flat(matrices: Sequence[Tensor]) -> Tensor:
    return torch.cat([matrix.detach().flatten() for matrix in matrices])
