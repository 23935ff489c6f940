import pytest
import torch
from transformers import AutoModelForCausalLM, Gemma2Config

from ltd.encoding import Encoded
from ltd.model.tiny import Tiny
from ltd.precision import full_precision_output
from ltd.target_logits import collate, n_targets, target_logits

SEQUENCES = [Encoded((4, 5, 6, 7, 8, 2), n_prompt=4), Encoded(tuple(range(3, 23)), n_prompt=17), Encoded((9, 10), 1)]


def own_logits(network, sequence):
    """What the model's own forward gives for one sequence alone, without padding or mask, at the target positions."""
    logits = network(input_ids=torch.tensor([sequence.ids])).logits[0]
    return logits[max(sequence.n_prompt, 1) - 1 : -1]


@pytest.mark.parametrize("architecture", ["llama", "opt", "gpt_neox", "qwen3"])
def test_equal_the_models_own_logits_one_sequence_at_a_time(architecture):
    network = Tiny(architecture=architecture).load().network
    with torch.no_grad(), full_precision_output(network):
        logits = target_logits(network, collate(SEQUENCES))
        expected = torch.cat([own_logits(network, sequence) for sequence in SEQUENCES])
    assert logits.shape == (2 + 3 + 1, network.config.vocab_size)
    torch.testing.assert_close(logits, expected, rtol=1e-5, atol=1e-6)


def test_models_that_change_their_logits_after_the_output_layer_are_followed():
    config = Gemma2Config(
        vocab_size=50, hidden_size=32, intermediate_size=64, num_hidden_layers=2, num_attention_heads=4,
        num_key_value_heads=2, head_dim=8, final_logit_softcapping=0.05, initializer_range=0.3,
    )  # fmt: skip
    network = AutoModelForCausalLM.from_config(config).eval()
    with torch.no_grad():
        logits = target_logits(network, collate(SEQUENCES))
        expected = torch.cat([own_logits(network, sequence) for sequence in SEQUENCES])
    assert logits.abs().max() <= 0.05
    torch.testing.assert_close(logits, expected, rtol=1e-5, atol=1e-6)


def test_a_model_that_cannot_choose_positions_computes_them_all_and_keeps_the_same():
    network = Tiny().load().network
    forward = network.forward

    class Everywhere:
        def forward(self, input_ids, use_cache):
            return forward(input_ids=input_ids, use_cache=use_cache)

        __call__ = forward

    with torch.no_grad():
        torch.testing.assert_close(
            target_logits(Everywhere(), collate(SEQUENCES)), target_logits(network, collate(SEQUENCES))
        )


def test_targets_follow_the_positions_that_predict_them():
    batch = collate(SEQUENCES)
    assert batch.ids.shape == (3, 32)
    assert batch.targets.tolist() == [8, 2, 20, 21, 22, 10]
    rows, columns = batch.predicting.nonzero(as_tuple=True)
    assert batch.ids[rows, columns + 1].tolist() == batch.targets.tolist()
    assert [batch.ids[row, : len(sequence.ids)].tolist() for row, sequence in enumerate(SEQUENCES)] == [
        list(sequence.ids) for sequence in SEQUENCES
    ]


def test_without_a_prompt_the_first_token_is_no_target():
    sequence = Encoded((5, 6, 7), n_prompt=0)
    assert n_targets(sequence) == 2
    assert collate([sequence]).targets.tolist() == [6, 7]
