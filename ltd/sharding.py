"""Weights that are divided among processes (FSDP): each holds a piece of all, and whole blocks only while they compute.

This is torch's second FSDP, through Lightning's `ModelParallelStrategy`. What Lightning calls ``fsdp`` is the first: it
makes one forward pass of a training step, within which no gradient can be computed, and ours adds up several.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import Tensor, nn
    from torch.distributed.device_mesh import DeviceMesh
    from transformers import PreTrainedModel


def lightning_strategy(name: str, processes: int) -> Any:
    """What Lightning's trainer is to be given for ``trainer.strategy``."""
    if name != "fsdp":
        return name
    from pytorch_lightning.strategies import ModelParallelStrategy

    return ModelParallelStrategy(processes, tensor_parallel_size=1, save_distributed_checkpoint=False)


def divide(network: PreTrainedModel, processes: DeviceMesh) -> None:
    """Leave each process its piece of the network's weights; a block is whole while it computes."""
    from torch.distributed.fsdp import fully_shard

    blocks = [block for block in network.modules() if type(block).__name__ in (network._no_split_modules or ())]
    for part in (*blocks, network):
        fully_shard(part, mesh=processes)


def unite(module: nn.Module) -> None:
    """Give each process all of the weights, one after another, in the processor's memory; `divide` cannot follow."""
    from torch.nn import Parameter

    whole: dict[int, Parameter] = {}  # tied ones stay one
    for part in module.modules():
        for name, piece in list(part.named_parameters(recurse=False)):
            if hasattr(piece, "full_tensor"):
                if id(piece) not in whole:
                    whole[id(piece)] = Parameter(piece.full_tensor().detach().cpu(), piece.requires_grad)
                part._parameters[name] = whole[id(piece)]
                part._load_state_dict_post_hooks.clear()  # they are FSDP's, and expect pieces


def united(tensor: Tensor) -> Tensor:
    """What processes hold in pieces as one; any other tensor as it is."""
    whole: Tensor = getattr(tensor, "full_tensor", lambda: tensor)()
    return whole
