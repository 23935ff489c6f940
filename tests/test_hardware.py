"""What this machine can do, as it is asked for: by torch's names, and by Lightning's."""

from __future__ import annotations

import pytest
import torch

from ltd import hardware
from ltd.hardware import computes_bfloat16, device_type


@pytest.mark.parametrize("emulates", [False, True])
def test_bfloat16_that_a_gpu_emulates_is_not_computed(emulates: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        torch.cuda, "is_bf16_supported", lambda including_emulation=True: including_emulation or not emulates
    )
    assert computes_bfloat16("cuda") is not emulates


@pytest.mark.parametrize("fast", [False, True])
def test_bfloat16_on_a_processor_is_what_its_flags_say(fast: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hardware, "has_fast_bfloat16", lambda: fast)
    assert computes_bfloat16("cpu") is fast


@pytest.mark.parametrize(
    ("accelerator", "with_cuda", "expected"),
    [
        ("auto", True, "cuda"),
        ("gpu", True, "cuda"),
        ("auto", False, "cpu"),
        ("cpu", True, "cpu"),
        ("cuda", False, "cuda"),
    ],
)
def test_what_lightning_is_asked_for_is_a_device(
    accelerator: str, with_cuda: bool, expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: with_cuda)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    assert device_type(accelerator) == expected
