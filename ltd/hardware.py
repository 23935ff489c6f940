"""What the machine can do, and how to get it out of it; torch is loaded only to ask for a GPU."""

from __future__ import annotations

import ctypes
import platform
from functools import cache
from pathlib import Path
from typing import Any


@cache
def has_fast_bfloat16() -> bool:
    """Whether this CPU multiplies bfloat16 in hardware (AVX512-BF16, AMX); without, it is slower than fp32."""
    try:
        flags = Path("/proc/cpuinfo").read_text().split()
    except OSError:  # not Linux: macOS and Windows have no such file, and fp32 is always right
        return False
    return "avx512_bf16" in flags or "amx_bf16" in flags


def computes_bfloat16(device_type: str) -> bool:
    """Whether devices of that type, as torch names it, compute bfloat16 in hardware; GPUs before Ampere emulate it."""
    if device_type == "cpu":
        return has_fast_bfloat16()
    import torch

    return device_type == "cuda" and bool(torch.cuda.is_bf16_supported(including_emulation=False))


def device_type(accelerator: str) -> str:
    """The type of device, as torch names it, that Lightning's ``accelerator`` comes to on this machine."""
    if accelerator not in ("auto", "gpu"):
        return accelerator
    import torch

    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"


def effective_tokens_per_batch(setting: int | None, device_type: str) -> int:
    """Tokens that go through a network at once: ``setting``, or what suits the type of device if it is None.

    On a CPU more of them only pad more, and no longer fit into its cache; a wide device is idle with so few.
    """
    if setting is not None:
        return setting
    return 1024 if device_type == "cpu" else 16_384


def as_on_cpu(settings: dict[str, Any]) -> dict[str, Any]:
    """A run's settings with what they leave to the device as on a CPU: the device is no part of its identity."""
    open_ones = [
        group for group in ("ranking", "embedder") if settings.get(group, {}).get("tokens_per_batch", 0) is None
    ]
    tokens_per_batch = effective_tokens_per_batch(None, "cpu")
    return settings | {group: settings[group] | {"tokens_per_batch": tokens_per_batch} for group in open_ones}


@cache
def reuse_freed_memory() -> None:
    """Have glibc keep the memory of freed tensors instead of giving it back to the kernel each time.

    By default every large tensor is mapped, faulted in page by page, and unmapped again: 100,000 page faults for one
    forward pass of a 135M-parameter model, a tenth of its time. Does nothing where the C library is not glibc.
    """
    if platform.libc_ver()[0] == "glibc":
        glibc = ctypes.CDLL(None)
        glibc.mallopt(_M_MMAP_THRESHOLD, 1 << 30)
        glibc.mallopt(_M_TRIM_THRESHOLD, (1 << 31) - 1)


_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3  # malloc.h
