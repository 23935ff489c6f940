"""Each step is exactly one big batch, whatever micro-batches, padding and processes make of it."""

from dataclasses import replace

import pytest
import torch

from ltd import training
from ltd.batching import padded_length
from ltd.encoding import Encoded, TextEncoder
from ltd.errors import TrainingError
from ltd.finetune import finetune
from ltd.finetune_settings import FinetuneSettings
from ltd.model.tiny import Tiny
from ltd.target_logits import n_targets
from ltd.training import TrainingModule, seed_step
from ltd.training_data import IGNORED, TrainingData

PROMPTS = [f"{'Some birds swim. ' * (number % 4)}Number {number}?" for number in range(10)]
TARGETS = ["yes", "no, it is not", "maybe"] * 3 + ["yes"]
FP32 = FinetuneSettings(precision="fp32", examples_per_step=10, tokens_per_batch=100, match="steps", steps=1)


def encoded_by(loaded):
    return TextEncoder(loaded.tokenizer, loaded.begin, loaded.end).targets(PROMPTS, TARGETS)


def gradient_one_at_a_time(network, encoded):
    """Mean loss over all target tokens by the model's own forward, in the simplest way there is."""
    network.zero_grad()
    total = sum(n_targets(sequence) for sequence in encoded)
    loss = 0.0
    for sequence in encoded:
        ids = torch.tensor([sequence.ids])
        log_probabilities = network(input_ids=ids).logits[0, :-1].log_softmax(dim=-1)
        chosen = log_probabilities.gather(1, ids[0, 1:, None])[sequence.n_prompt - 1 :]
        part = -chosen.sum() / total
        part.backward()
        loss += part.item()
    return loss, {name: parameter.grad.clone() for name, parameter in network.named_parameters()}


class OneProcess:
    """As much of a trainer as a training step asks of it."""

    world_size = 1

    class Strategy:
        @staticmethod
        def reduce(value, reduce_op):
            return value

        @staticmethod
        def batch_to_device(batch):
            return batch

    strategy = Strategy()


@pytest.mark.parametrize("architecture", ["llama", "opt", "gpt_neox", "qwen3"])
@pytest.mark.parametrize("tokens_per_batch", [1, 200, 10_000])
def test_gradient_equals_one_example_at_a_time(architecture, tokens_per_batch, monkeypatch):
    loaded = Tiny(architecture=architecture).load()
    encoded = encoded_by(loaded)
    loss, expected = gradient_one_at_a_time(loaded.network, encoded)
    loaded.network.zero_grad()
    data = TrainingData(encoded, PROMPTS, [tuple(range(10))], tokens_per_batch)
    batch = data.batch(data.steps[0], rank=0, ranks=1)
    assert len(batch.micro_batches) == {1: 10, 10_000: 1}.get(tokens_per_batch, len(batch.micro_batches))
    module = TrainingModule(loaded.network, FP32, data, seed=0, key="")
    monkeypatch.setattr(TrainingModule, "trainer", OneProcess())
    monkeypatch.setattr(TrainingModule, "manual_backward", lambda _, value: value.backward())
    assert module._accumulate(batch).item() == pytest.approx(loss, rel=1e-5)
    for name, parameter in loaded.network.named_parameters():
        torch.testing.assert_close(parameter.grad, expected[name], rtol=1e-5, atol=1e-6, msg=name)


def test_a_steps_parts_over_processes_make_the_whole():
    loaded = Tiny().load()
    encoded = encoded_by(loaded)
    data = TrainingData(encoded, PROMPTS, [tuple(range(10))], tokens_per_batch=100)
    whole = data.batch(data.steps[0], rank=0, ranks=1)
    parts = [data.batch(data.steps[0], rank, ranks=3) for rank in range(3)]
    batches = [batch for part in parts for batch in part.micro_batches if not (batch.targets == IGNORED).all()]
    for part in parts:
        assert (part.n_targets, part.n_tokens) == (whole.n_targets, whole.n_tokens)
        assert part.n_padded == sum(batch.ids.numel() for batch in batches)
    targets = torch.cat([batch.targets for batch in batches])
    assert targets.sort().values.equal(torch.cat([batch.targets for batch in whole.micro_batches]).sort().values)
    assert whole.n_tokens == sum(len(sequence.ids) for sequence in encoded)


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize(("tokens_per_batch", "n_examples"), [(1, 10), (100, 1), (10_000, 2)])
def test_all_processes_compute_as_many_micro_batches(packed, tokens_per_batch, n_examples):
    """Each of them is an exchange among processes: one that has none would leave the others waiting for ever."""
    step = tuple(range(n_examples))
    data = TrainingData(encoded_by(Tiny().load()), PROMPTS, [step], tokens_per_batch)
    data.packed = packed
    whole = data.batch(step, rank=0, ranks=1)
    parts = [data.batch(step, rank, ranks=3) for rank in range(3)]
    assert len({len(part.micro_batches) for part in parts}) == 1
    assert all(len(part.n_examples) == len(part.micro_batches) for part in parts)
    idle = [batch for part in parts for batch in part.micro_batches if (batch.targets == IGNORED).any()]
    assert idle
    shortest = padded_length(min(len(data.encoded[example].ids) for example in step))
    assert all((batch.targets == IGNORED).all() and batch.ids.shape == (1, shortest) for batch in idle)
    assert sum(sum(part.n_examples) for part in parts) - len(idle) == sum(whole.n_examples) == n_examples
    if tokens_per_batch == 1:  # cut as one process cuts it
        assert {part.n_padded for part in parts} == {whole.n_padded}


@pytest.mark.parametrize("label_smoothing", [0.0, 0.1])
def test_nothing_is_learned_from_an_idle_micro_batch(label_smoothing, monkeypatch):
    loaded = Tiny().load()
    data = TrainingData(encoded_by(loaded), PROMPTS, [(3,)], tokens_per_batch=100)
    settings = replace(FP32, label_smoothing=label_smoothing)
    module = TrainingModule(loaded.network, settings, data, seed=0, key="")
    monkeypatch.setattr(TrainingModule, "trainer", OneProcess())
    monkeypatch.setattr(TrainingModule, "manual_backward", lambda _, value: value.backward())
    assert module._accumulate(data.batch((3,), rank=1, ranks=2)).item() == 0
    for name, parameter in loaded.network.named_parameters():  # one each, for the others wait for it
        assert parameter.grad is not None, name
        assert not parameter.grad.any(), name


@pytest.mark.parametrize(("packed", "halved"), [(True, [1720]), (False, [8192, 4096, 2048])])
def test_parts_are_halved_until_the_one_that_is_too_large_holds_one_example(packed, halved, monkeypatch, caplog):
    """Also where that is the longest of several: no part is smaller than it."""
    lengths = [2040, *[200] * 7]
    encoded = [Encoded(tuple([5] * length), n_prompt=length - 1) for length in lengths]
    data = TrainingData(encoded, PROMPTS, [tuple(range(8))], tokens_per_batch=16_384)
    data.packed = packed
    module = TrainingModule(Tiny().load().network, FP32, data, seed=0, key="")
    attempts = []

    def small_device(network, batch):
        assert len(attempts) < 10, attempts
        attempts.append(batch.ids.numel())
        raise torch.OutOfMemoryError("CUDA out of memory.")  # at the first part, which is the largest

    monkeypatch.setattr(training, "target_logits", small_device)
    monkeypatch.setattr(TrainingModule, "trainer", OneProcess())
    with pytest.raises(TrainingError) as raised:
        module._fitting(data.batch(data.steps[0], rank=0, ranks=1), step=0)
    assert str(raised.value) == (
        "out of memory on the device at step 1, with parts of at most 2048 tokens; "
        "set trainer.gradient_checkpointing=true or a smaller trainer.max_length"
    )
    assert [int(message.rpartition("=")[2]) for message in caplog.messages] == halved


def test_one_step_of_training_is_adamw_on_that_gradient(tmp_path):
    """The whole path through Lightning against torch's own optimiser, with clipping and without dropout."""
    settings = replace(FP32, lr=1e-2, warmup_fraction=0.0, weight_decay=0.1, gradient_clip=0.01)
    loaded, reference = Tiny().load(), Tiny().load()
    encoded = encoded_by(loaded)
    finetune(loaded, encoded, PROMPTS, settings, seed=0, folder=tmp_path)

    gradient_one_at_a_time(reference.network, encoded)
    norm = torch.nn.utils.clip_grad_norm_(reference.network.parameters(), 0.01)
    assert norm > 0.01
    embedding = reference.network.get_input_embeddings().weight
    matrices = [value for value in reference.network.parameters() if value.ndim == 2 and value is not embedding]
    others = [value for value in reference.network.parameters() if value.ndim != 2 or value is embedding]
    groups = [{"params": matrices, "weight_decay": 0.1}, {"params": others, "weight_decay": 0.0}]
    torch.optim.AdamW(groups, lr=1e-2).step()
    for name, expected in reference.network.state_dict().items():
        # AdamW's first step is lr * sign(gradient): where a gradient is a rounding error, its sign is one too.
        difference = (loaded.network.state_dict()[name] - expected).abs()
        assert (difference < 1e-5).float().mean() > 0.995, name


def test_not_finite_stops_with_the_examples_and_the_remedy(tmp_path):
    loaded = Tiny().load()
    encoded = encoded_by(loaded)
    with torch.no_grad():
        loaded.network.get_input_embeddings().weight[loaded.tokenizer.convert_tokens_to_ids("7")] = float("nan")
    settings = replace(FP32, examples_per_step=2, match="epochs", steps=None, epochs=1, lr=0.5)
    ids = [f"example-{number}" for number in range(10)]
    with pytest.raises(TrainingError) as raised:
        finetune(loaded, encoded, ids, settings, seed=0, folder=tmp_path)
    message = str(raised.value)
    assert message.startswith("the loss became nan at step ")
    assert message.endswith("; lower model.lr=0.5 or set model.precision=fp32")
    assert "\n" not in message
    assert not (tmp_path / "model").exists()
    assert not loaded.network.training


def test_each_step_and_process_has_its_own_random_state():
    def draw(*place):
        seed_step(*place)
        return torch.rand(4).tolist()

    draws = [draw(seed, step, rank) for seed in (0, 1) for step in (0, 1) for rank in (0, 1)]
    assert len({tuple(values) for values in draws}) == len(draws)
    assert draw(1, 0, 1) == draws[5]
