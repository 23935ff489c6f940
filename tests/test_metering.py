"""Meters: what is counted reaches all that are open, and operations are those of the formula."""

from __future__ import annotations

import time
from mmap import mmap
from typing import Any

import pytest
import torch
from transformers import LlamaConfig, LlamaForCausalLM, OPTConfig, OPTForCausalLM

from ltd import metering
from ltd.cost import Cost
from ltd.metering import count, count_pass, measured, pass_flops, training_flops
from ltd.readings import Reading, can_reset_memory

MIB = 1 << 20


def test_what_is_counted_inside_reaches_the_outer_meter_too() -> None:
    outer: list[Cost] = []
    inner: list[Cost] = []
    count(tokens=1000)  # nobody listens
    with measured(outer.append):
        count(3, 4, 10.0)
        with measured(inner.append):
            count(5, waited_seconds=0.5)
        count(7, 7)
    assert (inner[-1].tokens, inner[-1].padded_tokens, inner[-1].waited_seconds) == (5, None, 0.5)
    assert (outer[-1].tokens, outer[-1].padded_tokens, outer[-1].flops) == (15, 11, 10.0)
    assert 0 < inner[-1].seconds < outer[-1].seconds


def test_seconds_are_the_wall_s_and_processor_seconds_the_process_s() -> None:
    kept: list[Cost] = []
    with measured(kept.append):
        time.sleep(0.2)
        start = time.process_time()
        while time.process_time() - start < 0.1:
            pass
    assert kept[-1].seconds >= 0.3
    assert 0.1 <= (kept[-1].cpu_seconds or 0.0) < kept[-1].seconds
    assert kept[-1].device_seconds is None  # no device was used


@pytest.mark.skipif(not can_reset_memory(), reason="this system tells a whole process's peak only")
def test_each_meter_has_the_peak_of_its_own_time() -> None:
    stages: dict[str, int] = {}

    def keeper(name: str) -> Any:
        return lambda cost: stages.update({name: cost.peak_memory})

    with measured(keeper("outer")):
        # From the system and back to it: an allocator may keep what is freed, and then it stays in use.
        with mmap(-1, 128 * MIB) as block:
            block.write(b"x" * len(block))
        with measured(keeper("inner")):
            pass
    with measured(keeper("next")):
        pass
    assert stages["outer"] - stages["inner"] > 100 * MIB
    assert stages["outer"] - stages["next"] > 100 * MIB


def test_an_error_does_not_lose_what_was_spent() -> None:
    kept: list[Cost] = []
    with pytest.raises(ZeroDivisionError), measured(kept.append):
        count(tokens=2 // (count(tokens=2) or 0))
    assert kept[-1].tokens == 2
    count(tokens=1)
    assert len(kept) == 1  # it is closed


def test_it_keeps_from_time_to_time_all_so_far(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [0.0]
    monkeypatch.setattr(time, "perf_counter", lambda: clock[0])
    order: list[tuple[str, int | None]] = []
    with (
        measured(lambda cost: order.append(("outer", cost.tokens))),
        measured(lambda cost: order.append(("inner", cost.tokens))),
    ):
        count(tokens=1)
        clock[0] = metering.KEEP_EVERY + 1
        count(tokens=1)
        assert order == [("inner", 2), ("outer", 2)]  # the artefact's first: the stage's record has it
        count(tokens=1)
        assert len(order) == 2


@pytest.fixture(scope="module")
def opt() -> OPTForCausalLM:
    """With tied output: its table of vocabulary is counted nowhere."""
    config = OPTConfig(
        vocab_size=50,
        hidden_size=8,
        word_embed_proj_dim=8,
        ffn_dim=16,
        num_hidden_layers=2,
        num_attention_heads=2,
        max_position_embeddings=32,
    )
    return OPTForCausalLM(config)


def test_operations_are_the_formula_s(opt: OPTForCausalLM) -> None:
    # A layer: four projections of 8 x 8, two of 8 x 16, their biases and two norms; then the last norm.
    layer = 4 * (8 * 8 + 8) + (8 * 16 + 16) + (16 * 8 + 8) + 2 * (8 + 8)
    weights = 2 * layer + (8 + 8)
    assert pass_flops(opt) == 2 * weights
    assert training_flops(opt) == 6 * weights
    for parameter in opt.parameters():
        parameter.requires_grad_(False)
    assert training_flops(opt) == 4 * weights  # as under adapters, but for theirs


def test_an_output_layer_of_its_own_is_left_out_too() -> None:
    config = LlamaConfig(
        vocab_size=50,
        hidden_size=8,
        intermediate_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        tie_word_embeddings=False,
    )
    weights = 4 * 8 * 8 + 3 * 8 * 16 + 2 * 8 + 8
    assert pass_flops(LlamaForCausalLM(config)) == 2 * weights


def test_a_pass_counts_its_tokens(opt: OPTForCausalLM) -> None:
    kept: list[Cost] = []
    with measured(kept.append):
        count_pass(opt, tokens=10, padded_tokens=16)
    assert (kept[0].tokens, kept[0].padded_tokens, kept[0].flops) == (10, 16, 10 * pass_flops(opt))


@pytest.mark.parametrize(("then", "joules"), [({"GPU-9a": 12.5}, 2.5), ({}, None)])
def test_a_device_s_energy_is_what_it_drew_meanwhile(
    then: dict[str, float], joules: float | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    readings = [
        Reading(0.0, 0.0, 0, {}, {"GPU-4f": 99.0, "GPU-9a": 10.0}, None),
        Reading(1.0, 0.0, 5, {}, then, "GPU-9a"),
    ]
    monkeypatch.setattr(Reading, "now", lambda: readings.pop(0))
    kept: list[Cost] = []
    with measured(kept.append):
        pass
    assert (kept[-1].device_seconds, kept[-1].device_joules) == (1.0, joules)


@pytest.mark.gpu
def test_a_device_s_time_and_memory_are_those_of_the_stage_that_used_it() -> None:
    kept: list[Cost] = []
    torch.ones(1, device="cuda")
    for _ in range(2):
        with measured(kept.append, devices=2):
            if len(kept) == 0:
                torch.ones(64 * MIB // 4, device="cuda")
    assert kept[0].device_seconds == pytest.approx(2 * kept[0].seconds)
    assert (kept[0].peak_device_memory or 0) >= 64 * MIB
    assert kept[1].device_seconds is None
