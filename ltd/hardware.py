"""What the processor can do, told without loading torch."""

from __future__ import annotations

from functools import cache
from pathlib import Path


@cache
def has_fast_bfloat16() -> bool:
    """Whether this CPU multiplies bfloat16 in hardware (AVX512-BF16, AMX); without, it is slower than fp32."""
    try:
        flags = Path("/proc/cpuinfo").read_text().split()
    except OSError:  # not Linux: macOS and Windows have no such file, and fp32 is always right
        return False
    return "avx512_bf16" in flags or "amx_bf16" in flags
