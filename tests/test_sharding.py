"""Weights in pieces; that processes train so as one does is in `test_finetune.py`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from pytorch_lightning.strategies import ModelParallelStrategy
from torch import distributed, nn
from torch.distributed.device_mesh import DeviceMesh, init_device_mesh
from torch.distributed.tensor import DTensor

from ltd.model.tiny import Tiny
from ltd.optimisation import parameter_groups
from ltd.sharding import divide, lightning_strategy, unite, united


@pytest.fixture
def processes(tmp_path: Path) -> Iterator[DeviceMesh]:
    """One that is alone, which holds all pieces."""
    distributed.init_process_group("gloo", init_method=f"file://{tmp_path}/store", rank=0, world_size=1)
    try:
        yield init_device_mesh("cpu", (1,))
    finally:
        distributed.destroy_process_group()


def test_all_weights_are_divided_and_come_back_as_they_were(processes: DeviceMesh) -> None:
    network, original = Tiny().load().network, Tiny().load().network
    divide(network, processes)
    assert all(isinstance(parameter, DTensor) for parameter in network.parameters())
    unite(network)
    assert not any(isinstance(parameter, DTensor) for parameter in network.parameters())
    assert network.lm_head.weight is network.model.embed_tokens.weight
    for name, tensor in original.state_dict().items():
        assert torch.equal(network.state_dict()[name], tensor)
    network.load_state_dict(original.state_dict())


def test_the_same_weights_decay(processes: DeviceMesh) -> None:
    network, original = Tiny().load().network, Tiny().load().network
    divide(network, processes)
    grouped, expected = ([group["params"] for group in parameter_groups(each, 0.1)] for each in (network, original))
    assert [[piece.shape for piece in group] for group in grouped] == [[w.shape for w in group] for group in expected]
    assert len(grouped[0]) > 0


def test_the_norm_of_pieces_is_that_of_the_whole(processes: DeviceMesh) -> None:
    network = Tiny().load().network
    divide(network, processes)
    network(input_ids=torch.tensor([[5, 6, 7]])).logits.logsumexp(-1).sum().backward()
    squares = sum(united(parameter.grad).square().sum() for parameter in network.parameters())
    norm = united(nn.utils.clip_grad_norm_(network.parameters(), 1e-3))
    assert not isinstance(norm, DTensor)
    torch.testing.assert_close(norm, squares.sqrt())


def test_other_strategies_are_lightnings_own_and_other_weights_stay() -> None:
    assert lightning_strategy("ddp", 2) == "ddp"
    assert isinstance(lightning_strategy("fsdp", 2), ModelParallelStrategy)
    layer = nn.Linear(2, 2)
    weight = layer.weight
    unite(layer)
    assert layer.weight is weight
    assert united(weight) is weight
