"""The precision that a network computes in: what is asked for, and what stays in fp32 whatever is asked or allowed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Literal

import torch
from torch import Tensor, nn

from ltd.errors import ModelError

if TYPE_CHECKING:
    from transformers import PreTrainedModel

Precision = Literal["fp32", "bf16"]


def autocast(network: PreTrainedModel, precision: Precision) -> torch.autocast:
    """Within it the network computes in ``precision``."""
    return torch.autocast(network.device.type, dtype=torch.bfloat16, enabled=precision == "bf16")


@contextmanager
def full_precision() -> Iterator[None]:
    """Products in fp32, also where a user or a container has allowed TF32 or bfloat16; as before afterwards."""
    backends: tuple[Any, ...] = (torch.backends.cuda.matmul, torch.backends.mkldnn.matmul)  # type: ignore[attr-defined]
    of_backends = [backend.fp32_precision for backend in backends]
    try:
        before = torch.get_float32_matmul_precision()
    except RuntimeError:  # a backend was set by itself, of which the older setting knows nothing
        before = "highest"
    torch.set_float32_matmul_precision("highest")
    try:
        yield
    finally:
        torch.set_float32_matmul_precision(before)
        for backend, precision in zip(backends, of_backends, strict=True):
            backend.fp32_precision = precision


@contextmanager
def full_precision_output(network: PreTrainedModel) -> Iterator[None]:
    """Within it the output layer computes in fp32 whatever autocast does to the rest, and fp32 is `full_precision`.

    Logits in bf16 or TF32 have three digits; the loss, its gradient, and often the choice between answers live in the
    fourth.

    Raises
    ------
    ModelError
        If it has no output layer.
    """
    layer: nn.Module | None = network.get_output_embeddings()  # type: ignore[no-untyped-call]
    if layer is None:
        raise ModelError(f"{network.config.model_type} has no output layer; it has to be a causal language model")
    forward, own_forward = layer.forward, vars(layer).get("forward")

    def of_full_precision(states: Tensor) -> Tensor:
        with torch.autocast(states.device.type, enabled=False):
            logits: Tensor = forward(states.float())
            return logits

    layer.forward = of_full_precision
    try:
        with full_precision():
            yield
    finally:
        if own_forward is None:
            del layer.forward  # the class's own shows again
        else:
            layer.forward = own_forward
