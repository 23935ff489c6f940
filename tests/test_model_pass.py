"""The pass against the model's own forward, one text at a time."""

from __future__ import annotations

from contextlib import AbstractContextManager
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

from ltd import model_pass
from ltd.encoding import Encoded
from ltd.model import LoadedModel
from ltd.model.tiny import ARCHITECTURES, Tiny
from ltd.model_pass import passed
from ltd.segments import segments_on_cpu

TOLERANCE = 1e-4


def sequences(n: int = 9) -> list[Encoded]:
    rng = np.random.default_rng(0)
    lengths = rng.integers(2, 50, n)
    return [Encoded(tuple(rng.integers(3, 200, k).tolist()), int(rng.integers(1, k))) for k in lengths.tolist()]


def alone(loaded: LoadedModel, sequence: Encoded) -> tuple[np.ndarray, np.ndarray]:
    """Losses and state by hand: log-softmax of the plain logits, and a weighted mean of the last hidden states."""
    ids = torch.tensor([sequence.ids])
    with torch.no_grad():
        output = loaded.network(input_ids=ids, output_hidden_states=True)
    log_probabilities = output.logits[0].double().log_softmax(-1)
    losses = [-log_probabilities[place - 1, sequence.ids[place]].item() for place in range(1, len(sequence.ids))]
    states, total = np.zeros(output.hidden_states[-1].shape[-1]), 0
    for place in range(sequence.n_prompt):
        states += (place + 1) * output.hidden_states[-1][0, place].double().numpy()
        total += place + 1
    return np.array(losses), states / total


@pytest.mark.parametrize("architecture", ARCHITECTURES)
@pytest.mark.parametrize("tokens_per_batch", [16, 128])
def test_it_is_the_models_own_forward(architecture: str, tokens_per_batch: int) -> None:
    loaded = Tiny(architecture=architecture).load()
    for sequence, one in zip(
        sequences(), passed(loaded.network, sequences(), tokens_per_batch=tokens_per_batch), strict=True
    ):
        losses, state = alone(loaded, sequence)
        np.testing.assert_allclose(one.losses, losses, atol=TOLERANCE)
        np.testing.assert_allclose(one.state, state, atol=TOLERANCE)
        assert one.state.dtype == np.float32


def test_rows_of_one_sequence_each_give_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """As for a model whose attention takes no segments."""
    loaded = Tiny().load()
    packed = passed(loaded.network, sequences(), tokens_per_batch=128)
    loaded.network.set_attn_implementation("eager")
    monkeypatch.setattr(model_pass, "LOGITS_AT_ONCE", 3)
    padded = passed(loaded.network, sequences(), tokens_per_batch=128)
    for one, other in zip(packed, padded, strict=True):
        np.testing.assert_allclose(one.losses, other.losses, atol=TOLERANCE)
        np.testing.assert_allclose(one.state, other.state, atol=TOLERANCE)


def elsewhere(network: Any, longest: int) -> AbstractContextManager[bool]:
    """What `segments_on_cpu` gives where a kernel for each segment would cost more."""
    network.register_forward_pre_hook(check_lines, with_kwargs=True)
    return segments_on_cpu(SimpleNamespace(device=torch.device("cuda")), longest)  # type: ignore[arg-type]


def check_lines(module: Any, args: Any, keywords: dict[str, Any]) -> None:
    assert "segments" not in keywords
    assert len(keywords["input_ids"]) > 1 or keywords["input_ids"].numel() <= 64


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_off_the_cpu_each_sequence_has_a_line_and_gives_the_same(
    architecture: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    loaded = Tiny(architecture=architecture).load()
    packed = passed(loaded.network, sequences(), tokens_per_batch=128)
    monkeypatch.setattr(model_pass, "segments_on_cpu", elsewhere)
    for one, other in zip(packed, passed(loaded.network, sequences(), tokens_per_batch=128), strict=True):
        np.testing.assert_allclose(one.losses, other.losses, atol=TOLERANCE)
        np.testing.assert_allclose(one.state, other.state, atol=TOLERANCE)


def test_bf16_is_near() -> None:
    loaded = Tiny().load()
    exact = passed(loaded.network, sequences(), tokens_per_batch=128)
    rounded = passed(loaded.network, sequences(), precision="bf16", tokens_per_batch=128)
    differences = [np.abs(one.losses - other.losses).max() for one, other in zip(exact, rounded, strict=True)]
    assert 0 < max(differences) < 0.05


def test_the_network_is_left_as_it_came() -> None:
    network = Tiny().load().network.train()
    passed(network, sequences(2), tokens_per_batch=64)
    assert network.training
    assert network.config._attn_implementation == "sdpa"
    assert "forward" not in vars(network.get_output_embeddings())
    assert not network.get_output_embeddings()._forward_pre_hooks
    assert all(parameter.requires_grad and parameter.grad is None for parameter in network.parameters())


def test_progress_counts_up_to_all_sequences() -> None:
    reports: list[tuple[int, int]] = []
    passed(Tiny().load().network, sequences(), tokens_per_batch=64, progress=lambda *report: reports.append(report))
    assert reports[-1] == (9, 9)
    assert reports == sorted(reports)
