import pytest
from torch import nn

from ltd.model.tiny import Tiny
from ltd.optimisation import parameter_groups, rate_factor


@pytest.mark.parametrize("schedule", ["linear", "cosine"])
@pytest.mark.parametrize("warmup_fraction", [0.0, 0.1, 0.5])
def test_the_rate_rises_to_its_peak_and_falls_without_reaching_zero(schedule, warmup_fraction):
    factors = [rate_factor(step, 40, schedule, warmup_fraction) for step in range(40)]
    peak = factors.index(1.0)
    assert factors[: peak + 1] == sorted(factors[: peak + 1])
    assert factors[peak:] == sorted(factors[peak:], reverse=True)
    assert min(factors) > 0
    assert max(factors) == 1.0
    assert factors[-1] < 0.06


def test_rates_by_hand():
    assert [rate_factor(step, 4, "linear", 0.5) for step in range(4)] == [0.5, 1.0, 1.0, 0.5]
    assert rate_factor(2, 4, "cosine", 0.0) == pytest.approx(0.5)
    assert [rate_factor(step, 3, "constant", 0.0) for step in range(3)] == [1.0, 1.0, 1.0]
    assert rate_factor(0, 1, "linear", 1.0) == 1.0


@pytest.mark.parametrize("architecture", ["llama", "opt", "gpt_neox", "qwen3"])
def test_every_weight_is_in_one_group_and_only_matrices_decay(architecture):
    network = Tiny(architecture=architecture).load().network
    decaying, others = parameter_groups(network, 0.1)
    assert decaying["weight_decay"] == 0.1
    assert others["weight_decay"] == 0.0
    grouped = [id(parameter) for group in (decaying, others) for parameter in group["params"]]
    assert sorted(grouped) == sorted(map(id, network.parameters()))
    # Tied: the embedding is also the output layer's matrix, and does not decay as either.
    linears = {id(module.weight) for module in network.modules() if isinstance(module, nn.Linear)} - {
        id(network.get_input_embeddings().weight)
    }
    assert {id(parameter) for parameter in decaying["params"]} == linears


def test_frozen_weights_are_in_no_group():
    network = Tiny().load().network
    network.get_input_embeddings().requires_grad_(False)
    grouped = [id(parameter) for group in parameter_groups(network, 0.1) for parameter in group["params"]]
    assert id(network.get_input_embeddings().weight) not in grouped
