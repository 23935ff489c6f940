"""What can be asked of fine-tuning beside the plain course of it, each against the same computed by hand."""

import logging
from dataclasses import replace

import pytest
import torch
from transformers import AutoModelForCausalLM

from ltd import finetune as module
from ltd import training
from ltd.checkpoint import BEST, DONE, read_checkpoint
from ltd.encoding import TextEncoder
from ltd.errors import TrainingError
from ltd.finetune import finetune
from ltd.finetune_settings import FinetuneSettings
from ltd.model.low_rank_adapters import LowRankAdapters
from ltd.model.tiny import ARCHITECTURES, Tiny
from ltd.training import TrainingModule
from ltd.training_data import TrainingData
from tests.test_finetune import PROMPTS, TARGETS, killed_at, weights
from tests.test_finetune import Killed as Stopped
from tests.test_training import OneProcess

SETTINGS = FinetuneSettings(
    lr=1e-3, match="steps", steps=4, examples_per_step=14, tokens_per_batch=96, precision="fp32"
)
ADAPTERS = LowRankAdapters(rank=4, dropout=0.1)


def encoded_by(loaded, max_length=2048):
    return TextEncoder(loaded.tokenizer, loaded.begin, loaded.end, max_length=max_length).targets(PROMPTS, TARGETS)


def train(folder, settings, loaded=None, on_step=module.nothing, max_length=2048):
    loaded = loaded or Tiny().load()
    return finetune(loaded, encoded_by(loaded, max_length), PROMPTS, settings, 3, folder, on_step)


def log_probabilities(network, sequence):
    with torch.no_grad():
        return network(input_ids=torch.tensor([sequence.ids])).logits[0, :-1].log_softmax(-1)


def losses_by_hand(network, sequence, first):
    ids = torch.tensor(sequence.ids)[1:, None]
    return -log_probabilities(network, sequence).gather(1, ids)[first - 1 :, 0]


def test_adapters_learn_and_leave_an_ordinary_model(tmp_path):
    loaded = Tiny().load()
    before = {name: weight.clone() for name, weight in loaded.network.state_dict().items()}
    result = train(tmp_path, replace(SETTINGS, lora=ADAPTERS, steps=12), loaded)
    assert result.losses[-1] < result.losses[0] - 0.3
    kept = read_checkpoint(tmp_path / "checkpoints" / "last.ckpt")["state_dict"]
    assert kept
    assert all("lora_" in name for name in kept)
    network = AutoModelForCausalLM.from_pretrained(result.model)
    changed = {name for name, weight in network.state_dict().items() if not torch.equal(weight, before[name])}
    assert changed == {name for name in before if "_proj" in name}
    ids = torch.arange(12)[None]
    torch.testing.assert_close(network(ids).logits, loaded.network(ids).logits)


@pytest.mark.parametrize("step", [3, 4])
def test_adapters_killed_and_resumed_end_with_the_same_bytes(tmp_path, step):
    settings = replace(SETTINGS, lora=ADAPTERS, checkpoint_every_steps=2)
    train(tmp_path / "unbroken", settings)
    with pytest.raises(Stopped):
        train(tmp_path / "broken", settings, on_step=killed_at(step))
    reports = []
    train(tmp_path / "broken", settings, on_step=reports.append)
    assert [report.step for report in reports] == ([3, 4] if step == 3 else [])
    assert weights(tmp_path / "broken") == weights(tmp_path / "unbroken")


@pytest.mark.parametrize("architecture", ARCHITECTURES)
@pytest.mark.parametrize("checkpointing", [False, True])
def test_packed_adapters_have_the_gradients_of_one_example_at_a_time(architecture, checkpointing, monkeypatch):
    loaded = Tiny(architecture=architecture).load()
    encoded = encoded_by(loaded)
    monkeypatch.setattr(TrainingModule, "trainer", OneProcess())
    monkeypatch.setattr(TrainingModule, "manual_backward", lambda _, value: value.backward())
    settings = replace(SETTINGS, gradient_checkpointing=checkpointing)
    found = []
    with LowRankAdapters().learning_on(loaded.network, seed=0):
        learning = [parameter for parameter in loaded.network.parameters() if parameter.requires_grad]
        with torch.no_grad():
            for parameter in learning:
                parameter.add_(0.05 * torch.randn(parameter.shape, generator=torch.Generator().manual_seed(0)))
        for tokens_per_batch in (10_000, 1):
            data = TrainingData(encoded, PROMPTS, [tuple(range(14))], tokens_per_batch)
            whole = TrainingModule(loaded.network, settings, data, seed=0, key="")
            if tokens_per_batch == 1:
                loss = whole._accumulate(data.batch(data.steps[0], rank=0, ranks=1))
            else:
                # gradient checkpointing works in training mode only, where none of these has dropout but OPT
                loaded.network.config.dropout = 0.0
                for layer in loaded.network.modules():
                    if isinstance(getattr(layer, "dropout", None), float):
                        layer.dropout = 0.0
                loaded.network.train()
                with module._packing(whole) as data.packed, module._switched(loaded.network, settings):
                    assert data.packed
                    loss = whole._accumulate(data.batch(data.steps[0], rank=0, ranks=1))
                loaded.network.eval()
            found.append((loss, [parameter.grad.clone() for parameter in learning]))
            loaded.network.zero_grad()
    (packed, packed_gradients), (alone, gradients) = found
    assert packed.item() == pytest.approx(alone.item(), rel=1e-5)
    for one, other in zip(packed_gradients, gradients, strict=True):
        assert (one - other).norm() <= 1e-5 * other.norm()


def test_the_loss_may_be_that_of_all_tokens(tmp_path):
    loaded = Tiny().load()
    expected = torch.cat([losses_by_hand(loaded.network, sequence, 1) for sequence in encoded_by(loaded)]).mean()
    result = train(tmp_path, replace(SETTINGS, loss_on="all", steps=1), loaded)
    assert result.losses[0] == pytest.approx(expected.item(), rel=1e-5)


def test_label_smoothing_spreads_its_share_over_the_vocabulary(tmp_path):
    loaded, losses = Tiny().load(), []
    for sequence in encoded_by(loaded):
        spread = -log_probabilities(loaded.network, sequence).mean(-1)[sequence.n_prompt - 1 :]
        losses.append(0.8 * losses_by_hand(loaded.network, sequence, sequence.n_prompt) + 0.2 * spread)
    result = train(tmp_path, replace(SETTINGS, label_smoothing=0.2, steps=1), loaded)
    assert result.losses[0] == pytest.approx(torch.cat(losses).mean().item(), rel=1e-5)


def test_training_may_be_as_long_as_a_number_of_tokens(tmp_path):
    settings = replace(SETTINGS, match="tokens", steps=None, tokens=700, examples_per_step=2)
    reports = []
    result = train(tmp_path, settings, on_step=reports.append)
    assert 700 <= result.tokens < 700 + 2 * 40
    assert len(reports) == result.steps == reports[0].steps


def test_a_cap_on_tokens_ends_training_and_says_so_only_where_it_is_reached(tmp_path, caplog):
    settings = replace(SETTINGS, match="epochs", steps=None, epochs=4, examples_per_step=2)
    whole = train(tmp_path / "whole", settings)
    loose = train(tmp_path / "loose", replace(settings, tokens_cap=whole.tokens))
    assert caplog.messages == []
    tight = train(tmp_path / "tight", replace(settings, tokens_cap=120))
    assert caplog.messages == [
        f"trainer.tokens_cap=120 will end training after {tight.steps} of its {whole.steps} steps; "
        "set it to null to train to the end"
    ]
    assert (whole.capped, loose.capped, tight.capped) == (False, False, True)
    assert weights(tmp_path / "loose") == weights(tmp_path / "whole")
    assert 120 <= tight.tokens < 120 + 2 * 40
    assert tight.losses[0] == whole.losses[0]
    assert tight.examples == 2 * tight.steps < whole.examples == len(PROMPTS)
    assert (tight.summary()["capped"], tight.summary()["precision"]) == (True, "fp32")


JUDGED = replace(
    SETTINGS, match="epochs", steps=None, epochs=6, examples_per_step=5, lr=0.05, validation_share=0.3, patience=2
)


def test_the_best_epochs_weights_are_kept_and_training_stops_when_it_gets_no_better(tmp_path):
    loaded = Tiny().load()
    result = train(tmp_path / "unbroken", JUDGED, loaded)
    losses = list(result.validation_losses)
    best = losses.index(min(losses))
    assert len(losses) in (best + 3, 6)
    assert result.steps == 2 * len(losses)  # ten of fourteen examples, five a step
    judges = module.held_out(14, 0.3, 3)[1]
    encoded = encoded_by(loaded)
    by_hand = [losses_by_hand(loaded.network, encoded[example], encoded[example].n_prompt) for example in judges]
    assert min(losses) == pytest.approx(torch.cat(by_hand).mean().item(), rel=1e-4)

    with pytest.raises(Stopped):
        train(tmp_path / "broken", replace(JUDGED, checkpoint_every_steps=3), on_step=killed_at(5))
    resumed = train(tmp_path / "broken", replace(JUDGED, checkpoint_every_steps=3))
    assert list(resumed.validation_losses) == losses
    assert weights(tmp_path / "broken") == weights(tmp_path / "unbroken")
    again = []
    train(tmp_path / "broken", replace(JUDGED, checkpoint_every_steps=3), on_step=again.append)
    assert again == []  # stopped early is finished too


def test_without_examples_held_out_no_second_copy_of_the_weights_is_kept(tmp_path):
    train(tmp_path, replace(SETTINGS, steps=1))
    checkpoint = read_checkpoint(tmp_path / "checkpoints" / "last.ckpt")
    assert checkpoint[BEST] == {}
    assert checkpoint[DONE]["validation_losses"] == []


def out_of_memory_above(monkeypatch, tokens):
    original = training.target_logits

    def small_device(network, batch):
        if batch.ids.numel() > tokens:
            raise torch.OutOfMemoryError("CUDA out of memory.")
        return original(network, batch)

    monkeypatch.setattr(training, "target_logits", small_device)


def test_out_of_memory_halves_the_batch_says_so_and_changes_nothing_else(tmp_path, monkeypatch, caplog):
    enough = train(tmp_path / "enough", SETTINGS)
    out_of_memory_above(monkeypatch, 50)
    with caplog.at_level(logging.WARNING):
        little = train(tmp_path / "little", SETTINGS)
    assert caplog.messages[0] == ("out of memory on the device at step 1: going on with trainer.tokens_per_batch=48")
    assert 1 <= len(caplog.messages) <= 2  # once more for a batch that was already on its way
    assert list(little.losses) == pytest.approx(list(enough.losses), rel=1e-4)
    assert little.tokens == enough.tokens


def test_one_example_too_large_for_the_device_is_told_with_what_can_be_done(tmp_path, monkeypatch):
    out_of_memory_above(monkeypatch, 8)
    with pytest.raises(
        TrainingError, match=r"at step 1, with parts of at most \d+ tokens; set trainer\.gradient_check"
    ):
        train(tmp_path, replace(SETTINGS, tokens_per_batch=1))


def test_a_compiled_network_is_trained_on_padded_rows(tmp_path, monkeypatch):
    compiled = []
    monkeypatch.setattr(torch.nn.Module, "compile", lambda network, **how: compiled.append((network, how)))
    loaded = Tiny().load()
    result = train(tmp_path, replace(SETTINGS, compile=True, steps=1), loaded)
    assert compiled == [(loaded.network.model, {"dynamic": True})]
    assert result.padded_tokens >= 14 * 16  # a row each


def test_cut_prompts_are_counted_and_told_once(tmp_path, caplog):
    with caplog.at_level(logging.INFO):
        result = train(tmp_path, replace(SETTINGS, steps=1), max_length=20)
    cut = [sequence.n_cut for sequence in encoded_by(Tiny().load(), 20) if sequence.n_cut]
    assert result.truncated == len(cut) > 0
    assert caplog.messages == [
        f"{len(cut)} of 14 prompts are longer than 20 tokens with their answer; they lost their beginning, "
        f"{sum(cut)} tokens in all"
    ]


def test_more_weights_than_the_memory_holds_are_refused_with_both_numbers(tmp_path, monkeypatch):
    assert 1e8 < module.free_memory() < 1e13
    monkeypatch.setattr(module, "free_memory", lambda: 200_000.0)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    weights = sum(parameter.numel() for parameter in Tiny().load().network.parameters())
    message = rf"training {weights:,} weights takes 0\.0 GB .* and 0\.0 GB are free; set model\.method=lora"
    for accelerator in ("cpu", "auto"):
        with pytest.raises(TrainingError, match=message):
            train(tmp_path, replace(SETTINGS, accelerator=accelerator))
    train(tmp_path, replace(SETTINGS, lora=LowRankAdapters(rank=1), steps=1))


def test_a_model_that_cannot_be_written_is_told_and_not_trained_again(tmp_path, monkeypatch):
    original = module.save_folder

    def full_disk(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(module, "save_folder", full_disk)
    with pytest.raises(TrainingError, match=r"model cannot be written to .*No space left on device\); free some space"):
        train(tmp_path, SETTINGS)
    monkeypatch.setattr(module, "save_folder", original)
    reports = []
    assert train(tmp_path, SETTINGS, on_step=reports.append).steps == 4
    assert reports == []
