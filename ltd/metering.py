"""Meters of what a computation costs: opened where it begins (`measured`), told what it goes through (`count`).

Meters may lie inside one another: an artefact of the cache measures what it cost to make, inside the stage that asked
for it.

Operations are estimated by the field's formula, from tokens and ``N``, the weights that tokens are multiplied with
(Kaplan et al. 2020, arXiv 2001.08361, section 2.1: without tables of vocabulary and positions): 2 N for a token that
passes forwards, 2 N more to send its gradient back through all layers, and 2 for each weight that learns from it. That
is 6 N where all do, and 4 N with adapters. Attention between tokens and what is computed twice are not in it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar, Token
from dataclasses import replace
from typing import Any

from ltd.cost import Cost
from ltd.readings import Peak, Reading, reset_peaks

KEEP_EVERY = 10.0
"""Seconds after which a meter keeps what it has measured so far: what is lost of a computation that is killed."""

_open: ContextVar[tuple[_Meter, ...]] = ContextVar("open meters", default=())


@contextmanager
def measured(keep: Callable[[Cost], None], devices: int = 1) -> Iterator[None]:
    """Measure what happens inside.

    Parameters
    ----------
    keep : called with all that it has cost so far, from time to time as it counts, and when it ends in any way.
    devices : how many compute it, if any does.
    """
    meter = _Meter(keep, devices)
    _note_peaks()
    token = _open.set((*_open.get(), meter))
    try:
        yield
    except BaseException:
        with suppress(OSError):  # a full disk would hide what has happened
            _closed(meter, token)
        raise
    _closed(meter, token)


def _closed(meter: _Meter, token: Token[tuple[_Meter, ...]]) -> None:
    _note_peaks()
    _open.reset(token)
    meter.keep(meter.cost())


def count(tokens: int = 0, padded_tokens: int = 0, flops: float = 0.0, *, waited_seconds: float = 0.0) -> None:
    """Tell all open meters what was just gone through; without any it does nothing."""
    amounts = {"tokens": tokens, "padded_tokens": padded_tokens, "flops": flops, "waited_seconds": waited_seconds}
    counted = Cost(**{name: amount for name, amount in amounts.items() if amount})  # type: ignore[arg-type]
    for meter in reversed(_open.get()):
        meter.count(counted)


def count_pass(network: Any, tokens: int, padded_tokens: int) -> None:
    """Tell all open meters of a batch that went forwards through a network."""
    count(tokens, padded_tokens, pass_flops(network) * tokens)


def pass_flops(network: Any) -> float:
    """Floating-point operations for a token that goes forwards through a `torch.nn.Module`."""
    return 2.0 * _size(_multiplied(network))


def training_flops(network: Any) -> float:
    """Those for a token that it is trained on: forwards, backwards, and for the weights that learn."""
    weights = _multiplied(network)
    return 4.0 * _size(weights) + 2.0 * _size([weight for weight in weights if weight.requires_grad])


def _multiplied(network: Any) -> list[Any]:
    """All weights but tables: those of embeddings, and that of the output layer, which few tokens reach."""
    from torch.nn import Embedding

    tables = {id(module.weight) for module in network.modules() if isinstance(module, Embedding)}
    if (head := getattr(network, "get_output_embeddings", lambda: None)()) is not None:
        tables.add(id(head.weight))
    return [parameter for parameter in network.parameters() if id(parameter) not in tables]


def _size(weights: list[Any]) -> int:
    return sum(int(weight.numel()) for weight in weights)


class _Meter:
    def __init__(self, keep: Callable[[Cost], None], devices: int) -> None:
        self.keep = keep
        self.devices = devices
        self.start = self.last = Reading.now()
        self.counted = Cost()
        self.peak = Peak()
        self.processor_joules: float | None = 0.0

    def count(self, counted: Cost) -> None:
        self.counted += counted
        if time.perf_counter() - self.last.seconds > KEEP_EVERY:
            self.keep(self.cost())

    def cost(self) -> Cost:
        """All so far."""
        now, peak = Reading.now(), self.peak | Peak.now()
        drawn = self.last.processor_joules(now)
        self.processor_joules = (
            None if drawn is None or self.processor_joules is None else self.processor_joules + drawn
        )
        self.last = now
        measured = replace(
            self.counted,
            seconds=now.seconds - self.start.seconds,
            cpu_seconds=now.cpu_seconds - self.start.cpu_seconds,
            peak_memory=peak.memory,
            processor_joules=self.processor_joules,
        )
        if now.allocations == self.start.allocations:
            return measured
        return replace(
            measured,
            device_seconds=self.devices * measured.seconds,
            peak_device_memory=peak.device_memory,
            device_joules=self.start.device_joules(now),
        )


def _note_peaks() -> None:
    """Tell all open meters the most memory in use until now, and begin anew for one that lies inside them."""
    peak = Peak.now()
    for meter in _open.get():
        meter.peak |= peak
    reset_peaks()
