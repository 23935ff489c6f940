"""Adapters: the gradient of each example against autograd's own, one at a time; a network that is left as it was."""

from __future__ import annotations

from contextlib import nullcontext

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from ltd.encoding import Encoded
from ltd.lora import SCALE, AdaptedNetwork, adapted, read_checkpoints, save_checkpoints
from ltd.model.tiny import ARCHITECTURES, Tiny
from ltd.target_logits import n_targets


def sequences(n: int = 7, seed: int = 0) -> list[Encoded]:
    rng = np.random.default_rng(seed)
    lengths = rng.integers(3, 40, n)
    return [Encoded(tuple(rng.integers(3, 200, k).tolist()), int(rng.integers(1, k))) for k in lengths.tolist()]


def stir(network: AdaptedNetwork) -> None:
    """Adapters that add something: at first the second matrix is zero, and the first has no gradient."""
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for matrix in network.weights:
            matrix.add_(0.1 * torch.randn(matrix.shape, generator=generator))


def by_autograd(network: AdaptedNetwork, sequence: Encoded) -> Tensor:
    """The gradient of one example's mean loss, from the model's plain forward."""
    ids = torch.tensor([sequence.ids])
    logits = network.network(input_ids=ids).logits[0, sequence.n_prompt - 1 : -1]
    loss = nn.functional.cross_entropy(logits, ids[0, sequence.n_prompt :])
    return torch.cat([part.flatten() for part in torch.autograd.grad(loss, network.weights)])


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_each_examples_gradient_is_autograds(architecture: str) -> None:
    loaded = Tiny(architecture=architecture).load()
    with adapted(loaded.network, rank=3, seed=0, precision="fp32", tokens_per_batch=64) as network:
        stir(network)
        found = dict(network.gradients(sequences()))
        assert sorted(found) == list(range(7))
        for number, sequence in enumerate(sequences()):
            expected = by_autograd(network, sequence)
            assert expected.abs().max() > 1e-4
            torch.testing.assert_close(found[number], expected, atol=1e-6, rtol=1e-4)


@pytest.mark.parametrize("where", ["without segments", "off the CPU"])
def test_rows_of_one_example_each_give_the_same(where: str, monkeypatch: pytest.MonkeyPatch) -> None:
    loaded = Tiny().load()
    if where == "off the CPU":
        monkeypatch.setattr("ltd.model_pass.segments_on_cpu", lambda *_: nullcontext(False))
    else:
        loaded.network.set_attn_implementation("eager")
    with adapted(loaded.network, rank=3, seed=0, precision="fp32", tokens_per_batch=64) as network:
        stir(network)
        for number, gradient in dict(network.gradients(sequences())).items():
            torch.testing.assert_close(gradient, by_autograd(network, sequences()[number]), atol=1e-6, rtol=1e-4)


def test_an_adapter_adds_the_product_of_its_matrices() -> None:
    loaded = Tiny().load()
    layer = loaded.network.model.layers[0].self_attn.k_proj
    states = torch.randn(5, 32, generator=torch.Generator().manual_seed(0))
    plain = layer(states)
    with adapted(loaded.network, rank=3, seed=0, precision="fp32", tokens_per_batch=64) as network:
        torch.testing.assert_close(layer(states), plain)  # nothing at first
        stir(network)
        adapter = network.adapters[1]  # query, key, value, output
        expected = plain + SCALE * states @ adapter.down.T @ adapter.up.T
        torch.testing.assert_close(layer(states), expected)
    torch.testing.assert_close(layer(states), plain)


def test_the_network_is_left_as_it_was() -> None:
    loaded = Tiny().load()
    fixed = loaded.network.model.norm.weight.requires_grad_(False)
    before = {name: value.clone() for name, value in loaded.network.state_dict().items()}
    with adapted(loaded.network, rank=3, seed=0, precision="fp32", tokens_per_batch=64) as network:
        list(network.warm_up([[sequences()]], lr=0.1))
        list(network.gradients(sequences()))
    after = loaded.network.state_dict()
    assert before.keys() == after.keys()
    assert all(torch.equal(value, after[name]) for name, value in before.items())
    parameters = list(loaded.network.parameters())
    assert all(parameter.grad is None for parameter in parameters)
    assert [parameter.requires_grad for parameter in parameters] == [parameter is not fixed for parameter in parameters]
    assert not any(module._forward_hooks for module in loaded.network.modules())


def test_the_warm_up_is_adam_on_the_steps_mean_loss() -> None:
    """Its moments are those of the step's gradient, and its checkpoints learn."""
    loaded = Tiny().load()
    epochs = [[sequences(4), sequences(3, seed=1)]] * 3
    with adapted(loaded.network, rank=3, seed=0, precision="fp32", tokens_per_batch=64) as network:
        step = sequences(4)
        weights = torch.tensor([float(n_targets(sequence)) for sequence in step])
        gradient = sum(w * by_autograd(network, s) for w, s in zip(weights, step, strict=True)) / weights.sum()
        (first,) = network.warm_up([[step]], lr=0.01)
        torch.testing.assert_close(first.averages, 0.1 * gradient, atol=1e-7, rtol=1e-3)
        torch.testing.assert_close(first.squares, 0.001 * gradient.square(), atol=1e-9, rtol=1e-3)
        network.restore(network.untrained())
        checkpoints = list(network.warm_up(epochs, lr=0.01))
    assert [checkpoint.steps for checkpoint in checkpoints] == [2, 4, 6]
    assert checkpoints[0].rate > checkpoints[1].rate > checkpoints[2].rate > 0


def test_the_step_that_adam_would_make_is_torchs() -> None:
    loaded = Tiny().load()
    with adapted(loaded.network, rank=2, seed=0, precision="fp32", tokens_per_batch=64) as network:
        *_, checkpoint = network.warm_up([[sequences(4)], [sequences(4)]], lr=0.01)
        gradient = torch.randn(checkpoint.weights.shape, generator=torch.Generator().manual_seed(0)) * 1e-2
        weights = nn.Parameter(checkpoint.weights.clone())
        optimizer = torch.optim.Adam([weights], lr=1.0)
        moments = {"exp_avg": checkpoint.averages.clone(), "exp_avg_sq": checkpoint.squares.clone()}
        optimizer.state[weights] = {"step": torch.tensor(float(checkpoint.steps)), **moments}
        weights.grad = gradient
        optimizer.step()
        torch.testing.assert_close(
            checkpoint.adam(gradient), checkpoint.weights - weights.detach(), atol=1e-4, rtol=1e-4
        )
        assert torch.equal(network.untrained().adam(gradient), gradient)


def test_checkpoints_are_read_back_as_they_were(tmp_path) -> None:
    loaded = Tiny().load()
    with adapted(loaded.network, rank=2, seed=0, precision="fp32", tokens_per_batch=64) as network:
        written = list(network.warm_up([[sequences(2)], [sequences(2)]], lr=0.01))
        save_checkpoints(tmp_path / "both.pt", written)
        for one, other in zip(read_checkpoints(tmp_path / "both.pt", torch.device("cpu")), written, strict=True):
            assert all(torch.equal(torch.as_tensor(a), torch.as_tensor(b)) for a, b in zip(one, other, strict=True))
        network.restore(written[0])
        assert torch.equal(network.untrained().weights, written[0].weights)


def test_a_seed_draws_the_same_adapters_and_leaves_torchs_own_generator_alone() -> None:
    loaded, state, drawn = Tiny().load(), torch.get_rng_state(), []
    for seed in (0, 0, 1):
        with adapted(loaded.network, rank=2, seed=seed, precision="fp32", tokens_per_batch=64) as network:
            drawn.append(network.untrained().weights)
    assert torch.equal(drawn[0], drawn[1])
    assert not torch.equal(drawn[0], drawn[2])
    assert torch.equal(torch.get_rng_state(), state)
