"""What AdamW is told: which weights decay, and the learning rate of each step."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from torch import nn

Schedule = Literal["linear", "cosine", "constant"]


def parameter_groups(network: nn.Module, weight_decay: float) -> list[dict[str, Any]]:
    """The trained weights in two groups: matrices decay; biases, norms and embeddings, as is usual, do not."""
    from torch import nn

    embeddings = {id(module.weight) for module in network.modules() if isinstance(module, nn.Embedding)}
    trained = [parameter for parameter in network.parameters() if parameter.requires_grad]
    decaying = [parameter for parameter in trained if parameter.ndim >= 2 and id(parameter) not in embeddings]
    chosen = set(map(id, decaying))
    others = [parameter for parameter in trained if id(parameter) not in chosen]
    return [{"params": decaying, "weight_decay": weight_decay}, {"params": others, "weight_decay": 0.0}]


def rate_factor(step: int, steps: int, schedule: Schedule, warmup_fraction: float) -> float:
    """What the peak learning rate is multiplied by at step 0, 1, ..., ``steps`` - 1.

    It rises linearly over the first ``warmup_fraction`` of the steps, then falls towards zero and does not reach it.

    >>> [rate_factor(step, 5, "linear", 0.4) for step in range(5)]
    [0.5, 1.0, 1.0, 0.6666666666666666, 0.3333333333333333]
    """
    warmup = math.ceil(warmup_fraction * steps)
    if step < warmup:
        return (step + 1) / warmup
    left = (steps - step) / (steps - warmup)
    return {"linear": left, "cosine": (1 - math.cos(math.pi * left)) / 2, "constant": 1.0}[schedule]
