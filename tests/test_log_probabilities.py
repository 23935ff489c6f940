"""Scores agree with the model's own forward, whatever is shared, batched or branched."""

from __future__ import annotations

import logging
import math
from contextlib import nullcontext
from typing import Any

import numpy as np
import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode
from transformers import AutoConfig

from ltd.encoding import Encoded
from ltd.log_probabilities import log_probabilities
from ltd.model.tiny import random_network

ARCHITECTURES: dict[str, dict[str, Any]] = {
    "llama": {"num_key_value_heads": 2},
    "opt": {"ffn_dim": 64, "word_embed_proj_dim": 32, "init_std": 0.3},
    "gpt_neox": {},
    "qwen3": {"num_key_value_heads": 2, "head_dim": 8},
}
VOCABULARY = 50


def network_of(architecture: str, **keywords: Any) -> Any:
    """Weights large enough that a wrong mask or position shows in the first digits of a score."""
    sizes = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 64}
    special = {"pad_token_id": 0, "bos_token_id": 1, "eos_token_id": 2}
    settings = sizes | special | {"vocab_size": VOCABULARY, "max_position_embeddings": 256, "initializer_range": 0.3}
    return random_network(
        AutoConfig.for_model(architecture, **settings | ARCHITECTURES.get(architecture, {}) | keywords), 0
    )


@pytest.fixture(params=ARCHITECTURES)
def network(request: pytest.FixtureRequest) -> Any:
    return network_of(request.param)


@pytest.fixture(params=["segments", "lines"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """How rows go through the network: as on a CPU, or a line each, as elsewhere."""
    if request.param == "lines":
        monkeypatch.setattr("ltd.log_probabilities.segments_on_cpu", lambda *_: nullcontext(False))
    return str(request.param)


@pytest.fixture
def sequences() -> list[Encoded]:
    """Prompts of 1 to 40 tokens with 1 to 4 choices of 1 to 6 tokens; some share prompts, beginnings or everything."""
    rng = np.random.default_rng(0)
    result = []
    premise = tuple(rng.integers(3, VOCABULARY, 15).tolist())
    for number in range(20):
        prompt = (*premise[: 15 * (number % 2)], *rng.integers(3, VOCABULARY, rng.integers(1, 25)).tolist())
        for _ in range(rng.integers(1, 5)):
            choice = tuple(rng.integers(3, 5 if number % 3 else VOCABULARY, rng.integers(1, 7)).tolist())
            result.append(Encoded(prompt + choice, len(prompt)))
    return [*result, result[3]]


def by_own_forward(network: Any, sequence: Encoded) -> float:
    """One row, no mask, full logits: the reference."""
    with torch.no_grad():
        logits = network(input_ids=torch.tensor([sequence.ids])).logits[0]
    scores = logits.float().log_softmax(-1)
    positions = range(sequence.n_prompt, len(sequence.ids))
    return math.fsum(float(scores[position - 1, sequence.ids[position]]) for position in positions)


@pytest.mark.usefixtures("way")
def test_scores_are_those_of_the_models_own_forward(
    network: Any, sequences: list[Encoded], caplog: pytest.LogCaptureFixture
) -> None:
    expected = [by_own_forward(network, sequence) for sequence in sequences]
    assert np.ptp(expected) > 5  # the reference tells choices apart
    np.testing.assert_allclose(log_probabilities(network, sequences), expected, rtol=0, atol=1e-4)
    assert caplog.records == []  # by trees, not by falling back to plain rows


@pytest.mark.usefixtures("way")
def test_batched_equals_unbatched(network: Any, sequences: list[Encoded]) -> None:
    batched = log_probabilities(network, sequences, tokens_per_batch=10_000)
    unbatched = [log_probabilities(network, [sequence], tokens_per_batch=1)[0] for sequence in sequences]
    np.testing.assert_allclose(batched, unbatched, rtol=0, atol=1e-4)
    for tokens_per_batch in (1, 64, 200):
        other = log_probabilities(network, sequences, tokens_per_batch=tokens_per_batch)
        np.testing.assert_allclose(other, unbatched, rtol=0, atol=1e-4)


def with_memory_for(network: Any, n_tokens: int) -> list[int]:
    """From now on the network runs out of memory with more tokens; gives the sizes that passed."""
    fed: list[int] = []

    def check(module: Any, args: Any, keywords: dict[str, Any]) -> None:
        if (size := keywords["input_ids"].numel()) > n_tokens:
            raise torch.OutOfMemoryError(f"tried to allocate {size}")
        fed.append(size)

    network.register_forward_pre_hook(check, with_kwargs=True)
    return fed


@pytest.mark.usefixtures("way")
def test_where_memory_does_not_suffice_batches_become_smaller(
    network: Any, sequences: list[Encoded], caplog: pytest.LogCaptureFixture
) -> None:
    expected = [by_own_forward(network, sequence) for sequence in sequences]
    ample = log_probabilities(network, sequences, tokens_per_batch=400)
    fed = with_memory_for(network, 150)
    reports: list[tuple[int, int]] = []
    scores = log_probabilities(
        network, sequences, tokens_per_batch=400, progress=lambda *report: reports.append(report)
    )
    np.testing.assert_allclose(scores, ample, rtol=0, atol=1e-4)
    np.testing.assert_allclose(scores, expected, rtol=0, atol=1e-4)
    assert all(message.startswith("out of memory on the device: going on with ranking.") for message in caplog.messages)
    assert 1 <= len(caplog.messages) <= 2  # from 400 tokens to less than 150
    assert max(fed) > 75  # and no smaller than need be
    assert reports[-1] == (len(sequences),) * 2
    assert reports == sorted(reports)


@pytest.mark.usefixtures("way")
def test_memory_that_does_not_suffice_for_one_row_is_an_error(sequences: list[Encoded]) -> None:
    network = network_of("llama")
    with_memory_for(network, 15)
    with pytest.raises(torch.OutOfMemoryError):
        log_probabilities(network, sequences, tokens_per_batch=400)
    assert "forward" not in vars(network.get_output_embeddings())


def test_eager_attention_takes_the_same_trees(sequences: list[Encoded], caplog: pytest.LogCaptureFixture) -> None:
    network = network_of("llama", attn_implementation="eager")
    assert network.config._attn_implementation == "eager"
    expected = [by_own_forward(network, sequence) for sequence in sequences]
    np.testing.assert_allclose(log_probabilities(network, sequences), expected, rtol=0, atol=1e-4)
    assert caplog.records == []


def test_a_prompt_is_computed_once(sequences: list[Encoded]) -> None:
    network = network_of("llama")
    fed: list[int] = []
    network.base_model.register_forward_pre_hook(
        lambda module, args, kwargs: fed.append(kwargs["input_ids"].numel()), with_kwargs=True
    )
    prompt = tuple(range(3, 48))
    choices = [Encoded((*prompt, *choice), 45) for choice in ((3,), (4,), (5, 6), (5, 7), (8, 9))]
    log_probabilities(network, choices[:2])
    assert fed == [8, 4, 48]  # whether it heeds segments; then 45 and padding: both choices of one token from one row
    fed.clear()
    log_probabilities(network, choices)
    assert fed.count(48) == 2  # 45 + 2 branches and padding, once for the self-check


def test_prompts_of_a_batch_share_one_padding(way: str) -> None:
    network = network_of("llama")
    fed: list[int] = []
    network.base_model.register_forward_pre_hook(
        lambda module, args, kwargs: fed.append(kwargs["input_ids"].numel()), with_kwargs=True
    )
    prompts = [tuple(range(start, start + length)) for start, length in ((3, 17), (4, 17), (5, 17), (6, 3))]
    log_probabilities(network, [Encoded((*prompt, 3), len(prompt)) for prompt in prompts])
    assert fed[-1] == (64 if way == "segments" else 4 * 32)


def test_logits_exist_only_where_a_choice_is_predicted() -> None:
    network = network_of("llama")
    lines: list[int] = []
    network.lm_head.register_forward_hook(lambda module, args, output: lines.append(output[..., 0].numel()))
    prompts = [tuple(range(start, start + 20)) for start in (3, 23)]
    log_probabilities(network, [Encoded((*prompt, choice), 20) for prompt in prompts for choice in (3, 4, 5)])
    assert lines[-1] == 2


@pytest.mark.parametrize("architecture", ["bloom", "qwen2_sliding"])
def test_a_model_that_takes_no_tree_is_ranked_by_plain_rows(
    architecture: str, sequences: list[Encoded], caplog: pytest.LogCaptureFixture
) -> None:
    if architecture == "bloom":  # positions are a bias on attention: no position ids
        network = random_network(AutoConfig.for_model("bloom", vocab_size=VOCABULARY, hidden_size=32, n_head=4), 0)
        reason = "it takes no position ids"
    else:
        sliding = {"use_sliding_window": True, "sliding_window": 8, "max_window_layers": 0}
        network = network_of("qwen2", num_key_value_heads=2, **sliding)
        reason = "its window of 8 is shorter than the longest sequence"
    with caplog.at_level(logging.INFO, logger="ltd.log_probabilities"):
        scores = log_probabilities(network, sequences)
    assert reason in caplog.text
    expected = [by_own_forward(network, sequence) for sequence in sequences]
    np.testing.assert_allclose(scores, expected, rtol=0, atol=1e-4)


def test_a_model_that_does_not_heed_the_mask_is_found_out(
    way: str, sequences: list[Encoded], caplog: pytest.LogCaptureFixture
) -> None:
    network = network_of("llama")
    body = network.base_model.forward

    def heedless(**keywords: Any) -> Any:
        del keywords["segment_masks" if way == "segments" and "segment_masks" in keywords else "attention_mask"]
        return body(**keywords)

    network.base_model.forward = heedless
    scores = log_probabilities(network, sequences)
    assert "with a tree mask a score is off by" in caplog.text
    expected = [by_own_forward(network, sequence) for sequence in sequences]
    np.testing.assert_allclose(scores, expected, rtol=0, atol=1e-4)


def casts(network: Any, sequences: list[Encoded], tokens_per_batch: int) -> int:
    """How often a weight of the first layer is cast while sequences are ranked in bf16."""
    weight = network.model.layers[0].mlp.up_proj.weight.data_ptr()

    class Counter(TorchDispatchMode):
        count = 0

        def __torch_dispatch__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            if function is torch.ops.aten._to_copy.default and args[0].data_ptr() == weight:
                self.count += 1
            return function(*args, **kwargs or {})

    with Counter() as counter:
        log_probabilities(network, sequences, precision="bf16", tokens_per_batch=tokens_per_batch)
    return counter.count


class TestBfloat16:
    def test_it_is_near_fp32(self, network: Any, sequences: list[Encoded]) -> None:
        exact = np.array(log_probabilities(network, sequences))
        coarse = np.array(log_probabilities(network, sequences, precision="bf16"))
        assert 0 < np.abs(coarse - exact).max() < 0.1 * np.abs(exact).max()

    def test_the_output_layer_stays_in_fp32(self, network: Any) -> None:
        dtypes: list[torch.dtype] = []
        network.get_output_embeddings().register_forward_hook(lambda *call: dtypes.append(call[-1].dtype))
        log_probabilities(network, [Encoded((3, 4, 5), 2)], precision="bf16")
        assert set(dtypes) == {torch.float32}

    @pytest.mark.parametrize("trainable", [True, False])
    def test_weights_are_cast_once_a_call(self, trainable: bool, sequences: list[Encoded]) -> None:
        network = network_of("llama").requires_grad_(trainable)
        few, many = (casts(network, sequences, tokens_per_batch) for tokens_per_batch in (10_000, 1))
        assert few == many == 1
        assert all(parameter.requires_grad == trainable for parameter in network.parameters())


def test_same_inputs_same_bytes(network: Any, sequences: list[Encoded]) -> None:
    for precision in ("fp32", "bf16"):
        first, second = (log_probabilities(network, sequences, precision=precision) for _ in range(2))  # type: ignore[arg-type]
        assert first == second


def test_dropout_is_off_also_in_training(sequences: list[Encoded]) -> None:
    network = network_of("opt", dropout=0.5)
    expected = log_probabilities(network, sequences)
    assert log_probabilities(network.train(True), sequences) == expected


def test_the_network_is_left_as_it_was(network: Any, sequences: list[Encoded]) -> None:
    network.train(True)
    for parameter in network.get_input_embeddings().parameters():
        parameter.requires_grad_(False)
    before = {name: parameter.requires_grad for name, parameter in network.named_parameters()}
    head = network.get_output_embeddings()
    log_probabilities(network, sequences, precision="bf16")
    assert network.training
    assert "forward" not in vars(head)
    assert before == {name: parameter.requires_grad for name, parameter in network.named_parameters()}
    loss = network(input_ids=torch.tensor([[3, 4, 5]]), labels=torch.tensor([[3, 4, 5]])).loss
    loss.backward()  # nothing that ranking left behind stands in the way of training
