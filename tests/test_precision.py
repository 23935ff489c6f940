"""What stays in fp32 whatever is asked for or allowed, and that everything is as before afterwards."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from transformers import BertConfig, BertModel

from ltd.encoding import Encoded
from ltd.errors import ModelError
from ltd.log_probabilities import log_probabilities
from ltd.model.causal_lm import CausalLM
from ltd.model.tiny import Tiny
from ltd.model_pass import passed
from ltd.precision import full_precision, full_precision_output
from ltd.segments import attention_within_segments

TOKENS = torch.tensor([[4, 5, 6, 7]])


def of_backends() -> tuple[str, str]:
    return torch.backends.cuda.matmul.fp32_precision, torch.backends.mkldnn.matmul.fp32_precision


@pytest.fixture
def matmul_precision() -> Iterator[None]:
    """Whatever a test allows is taken back."""
    yield
    torch.set_float32_matmul_precision("highest")


def by_older_setting() -> None:
    torch.set_float32_matmul_precision("medium")


def by_backend() -> None:
    torch.backends.cuda.matmul.fp32_precision = "tf32"


@pytest.mark.parametrize("allow", [by_older_setting, by_backend])
@pytest.mark.usefixtures("matmul_precision")
def test_a_users_lower_precision_is_put_aside_and_given_back(allow: Callable[[], None]) -> None:
    allow()
    before = of_backends()
    assert "tf32" in before
    with full_precision():
        assert of_backends() == ("ieee", "ieee")
        assert torch.get_float32_matmul_precision() == "highest"
    assert of_backends() == before


@pytest.mark.usefixtures("matmul_precision")
def test_a_users_older_setting_is_as_before_even_after_an_error() -> None:
    torch.set_float32_matmul_precision("high")
    with pytest.raises(RuntimeError, match="stop"), full_precision():
        raise RuntimeError("stop")
    assert torch.get_float32_matmul_precision() == "high"


def products(network: Any) -> list[str]:
    """The precision of the products of every forward pass from now on."""
    seen: list[str] = []
    network.base_model.register_forward_pre_hook(lambda *_: seen.extend(of_backends()))
    return seen


SEQUENCES = [Encoded((4, 5, 6, 7), 2), Encoded((4, 5, 8), 2)]


def packs(network: Any) -> None:
    with attention_within_segments(network, 8):
        pass


@pytest.mark.parametrize(
    "compute",
    [
        lambda network: log_probabilities(network, SEQUENCES),
        lambda network: passed(network, SEQUENCES, tokens_per_batch=64),
        lambda network: CausalLM(name="tiny", path="nowhere")._check_causal(network),
        packs,
    ],
)
@pytest.mark.usefixtures("matmul_precision")
def test_no_pass_is_in_less_than_fp32(compute: Callable[[Any], object]) -> None:
    network = Tiny().load().network
    seen = products(network)
    torch.set_float32_matmul_precision("high")
    compute(network)
    assert set(seen) == {"ieee"}
    assert torch.get_float32_matmul_precision() == "high"


def test_the_output_layer_is_in_fp32_under_autocast_and_as_before_afterwards() -> None:
    network = Tiny().load().network
    layer = network.get_output_embeddings()
    seen = []
    layer.register_forward_hook(lambda module, inputs, output: seen.append(output.dtype))
    with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
        with full_precision_output(network):
            network(input_ids=TOKENS)
        network(input_ids=TOKENS)
    assert seen == [torch.float32, torch.bfloat16]
    assert "forward" not in vars(layer)


def test_a_forward_of_the_layer_s_own_is_used_and_back_afterwards() -> None:
    """As one that another library has put there, such as accelerate."""
    network = Tiny().load().network
    layer: nn.Module = network.get_output_embeddings()
    forward = layer.forward

    def doubled(states: Tensor) -> Tensor:
        result: Tensor = 2 * forward(states)
        return result

    with torch.no_grad():
        plain = network(input_ids=TOKENS).logits
        layer.forward = doubled
        with full_precision_output(network):
            torch.testing.assert_close(network(input_ids=TOKENS).logits, 2 * plain)
        assert layer.forward is doubled
        log_probabilities(network, SEQUENCES)
    assert layer.forward is doubled


def test_a_model_without_an_output_layer_is_told_of() -> None:
    network = BertModel(BertConfig(vocab_size=20, hidden_size=8, num_hidden_layers=1, num_attention_heads=1))
    with pytest.raises(ModelError, match="bert has no output layer"), full_precision_output(network):
        pass
