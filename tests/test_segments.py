"""A row of several sequences is the same as the sequences alone: logits, loss and gradients."""

from types import SimpleNamespace

import pytest
import torch
from torch.nn.functional import cross_entropy
from transformers import AutoModelForCausalLM, GemmaConfig, MistralConfig

from ltd.encoding import Encoded
from ltd.model.tiny import Tiny
from ltd.segments import attention_within_segments, segment_attention, segments_on_cpu
from ltd.target_logits import collate_segments, target_logits

SEQUENCES = [Encoded((4, 5, 6, 7, 8, 2), n_prompt=4), Encoded(tuple(range(3, 23)), n_prompt=17), Encoded((9, 10), 1)]
ARCHITECTURES = ["llama", "opt", "gpt_neox", "qwen3"]


def alone(network, sequence):
    logits = network(input_ids=torch.tensor([sequence.ids])).logits[0]
    return logits[max(sequence.n_prompt, 1) - 1 : -1]


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_logits_and_gradients_are_those_of_one_sequence_at_a_time(architecture):
    network = Tiny(architecture=architecture).load().network
    batch = collate_segments(SEQUENCES)
    with attention_within_segments(network, 20) as works:
        assert works
        packed = target_logits(network, batch)
        cross_entropy(packed, batch.targets).backward()
    gradients = {name: parameter.grad.clone() for name, parameter in network.named_parameters()}
    network.zero_grad()
    plain = torch.cat([alone(network, sequence) for sequence in SEQUENCES])
    cross_entropy(plain, batch.targets).backward()
    torch.testing.assert_close(packed, plain, rtol=1e-5, atol=1e-6)
    for name, parameter in network.named_parameters():
        torch.testing.assert_close(gradients[name], parameter.grad, rtol=1e-4, atol=1e-5, msg=name)


def test_a_row_is_padded_at_its_end_only_and_says_what_it_holds():
    batch = collate_segments(SEQUENCES)
    assert batch.ids.shape == (1, 32)
    assert batch.segments == (6, 20, 2, 4)
    assert batch.targets.tolist() == [8, 2, 20, 21, 22, 10]
    _, columns = batch.predicting.nonzero(as_tuple=True)
    assert batch.ids[0, columns + 1].tolist() == batch.targets.tolist()
    assert collate_segments([Encoded(tuple(range(16)), 3)]).segments == (16,)


def test_a_sequence_without_a_prompt_borrows_nothing_from_the_one_before():
    batch = collate_segments([Encoded((5, 6, 7), 0), Encoded((8, 9), 0)])
    assert batch.targets.tolist() == [6, 7, 9]
    assert batch.predicting[0].nonzero().flatten().tolist() == [0, 1, 3]


def test_the_networks_own_attention_is_back_afterwards_even_after_an_error():
    network = Tiny().load().network

    def stop() -> None:
        assert network.config._attn_implementation != "sdpa"
        raise RuntimeError("stop")

    with pytest.raises(RuntimeError, match="stop"), attention_within_segments(network, 8):
        stop()
    assert network.config._attn_implementation == "sdpa"


def test_heads_of_the_keys_serve_their_share_of_the_queries():
    generator = torch.Generator().manual_seed(0)
    query = torch.randn(1, 4, 5, 8, generator=generator)
    key, value = (torch.randn(1, 2, 5, 8, generator=generator) for _ in range(2))
    result, _ = segment_attention(torch.nn.Identity(), query, key, value, None, segments=(3, 2))
    for head in range(4):
        scores = query[0, head, 3:] @ key[0, head // 2, 3:].T / 8**0.5
        scores[0, 1] = -torch.inf
        torch.testing.assert_close(result[0, 3:, head], scores.softmax(-1) @ value[0, head // 2, 3:])


SMALL = {
    "vocab_size": 50, "hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4,
    "num_key_value_heads": 2, "head_dim": 8,
}  # fmt: skip


def test_a_window_shorter_than_the_longest_example_is_not_packed():
    network = AutoModelForCausalLM.from_config(MistralConfig(**SMALL, sliding_window=16))
    with attention_within_segments(network, 16) as works:
        assert works
    with attention_within_segments(network, 17) as works:
        assert not works
        assert network.config._attn_implementation == "sdpa"


def test_off_the_cpu_rows_are_padded_instead():
    network = Tiny().load().network
    with segments_on_cpu(network, 8) as works:
        assert works
    with segments_on_cpu(SimpleNamespace(device=torch.device("cuda")), 8) as works:
        assert not works


def test_a_model_that_does_not_heed_segments_is_found_out():
    network = AutoModelForCausalLM.from_config(GemmaConfig(**SMALL, initializer_range=0.3))
    forward = network.forward

    def deaf(input_ids, position_ids=None, use_cache=False, segments=None):
        network.config._attn_implementation = "sdpa"
        return forward(input_ids=input_ids, use_cache=use_cache)

    network.forward = deaf
    with attention_within_segments(network, 8) as works:
        assert not works
