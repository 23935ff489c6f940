"""What computing costs: time, memory, energy, tokens and floating-point operations, by stage and by artefact."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any, Self

from ltd.atomic import write_json
from ltd.readings import can_reset_memory

PEAKS = ("peak_memory", "peak_device_memory")


@dataclass(frozen=True, slots=True)
class Cost:
    """What something cost; None is what nobody measured.

    Attributes
    ----------
    seconds : by the clock on the wall.
    waited_seconds : of them, in which another process made what this one wanted.
    cpu_seconds : of all threads, and of processes that were started for it and have ended.
    device_seconds : by the clock on the wall, times the devices, if a CUDA device was used.
    peak_memory, peak_device_memory : bytes; resident, and of tensors on the first device.
    processor_joules, device_joules : drawn meanwhile by all of the machine's processors and by the first device.
    tokens, padded_tokens : that went through a network, without and with padding.
    flops : floating-point operations, by the formula in `ltd.metering`.
    """

    seconds: float = 0.0
    waited_seconds: float | None = None
    cpu_seconds: float | None = None
    device_seconds: float | None = None
    peak_memory: int | None = None
    peak_device_memory: int | None = None
    processor_joules: float | None = None
    device_joules: float | None = None
    tokens: int | None = None
    padded_tokens: int | None = None
    flops: float | None = None

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> Self:
        """From JSON; what a later version may have written beside is left out."""
        return cls(**{each.name: values[each.name] for each in fields(cls) if each.name in values})

    def statement(self) -> dict[str, Any]:
        """For JSON: what is known, seconds to the millisecond."""
        known = {name: value for name, value in asdict(self).items() if value is not None}
        return {name: round(value, 3) if isinstance(value, float) else value for name, value in known.items()}

    def __add__(self, other: Cost) -> Cost:
        return self._with(other, 1)

    def __sub__(self, other: Cost) -> Cost:
        """Without a part of it; peaks, of which it is not known whose they were, stay."""
        return self._with(other, -1)

    def _with(self, other: Cost, sign: int) -> Cost:
        values: dict[str, Any] = {}
        for name, theirs in asdict(other).items():
            ours = getattr(self, name)
            if theirs is None or (sign < 0 and name in PEAKS):
                values[name] = ours
            elif name in PEAKS:
                values[name] = max(ours or 0, theirs)
            else:
                values[name] = (ours or 0) + sign * theirs
        return Cost(**values)


@dataclass(frozen=True, slots=True)
class Share:
    """An artefact of the cache as one run sees it.

    Attributes
    ----------
    cost : of making it, whoever did; None if it is not known.
    paid : what this run spent on making it.
    """

    cost: Cost | None = None
    paid: Cost = Cost()

    def __add__(self, later: Share) -> Share:
        """With what a later attempt of the run found."""
        return Share(self.cost if later.cost is None else later.cost, self.paid + later.paid)


@dataclass(frozen=True)
class RunCost:
    """What a run has cost, all its attempts together.

    Attributes
    ----------
    stages : in the order they were first met.
    shared : the artefacts that it used, by name.
    """

    stages: Mapping[str, Cost] = field(default_factory=dict)
    shared: Mapping[str, Share] = field(default_factory=dict)

    @property
    def total(self) -> Cost:
        """What this run paid."""
        return sum(self.stages.values(), Cost())

    @property
    def total_alone(self) -> Cost:
        """What it would have paid had it made everything itself, and waited for nobody."""
        total = self.total
        alone = replace(total, seconds=total.seconds - (total.waited_seconds or 0.0), waited_seconds=None)
        for share in self.shared.values():
            alone = alone - share.paid + (share.cost or share.paid)
        return alone

    @property
    def unknown(self) -> list[str]:
        """Artefacts that `total_alone` lacks: they were made before costs were kept."""
        return [name for name, share in self.shared.items() if share.cost is None]

    def __add__(self, later: RunCost) -> RunCost:
        """With a later attempt."""
        stages, shared = dict(self.stages), dict(self.shared)
        for stage, cost in later.stages.items():
            stages[stage] = stages.get(stage, Cost()) + cost
        for name, share in later.shared.items():
            shared[name] = shared.get(name, Share()) + share
        return RunCost(stages, shared)

    @classmethod
    def read(cls, path: Path) -> RunCost:
        """From ``cost.json``, nothing if there is none; one of an earlier version has seconds alone."""
        try:
            found = json.loads(path.read_text())
        except FileNotFoundError:
            return cls()
        stages = found.get("stages") or {stage: {"seconds": value} for stage, value in found["seconds"].items()}
        shared = {
            name: Share(None if share["cost"] is None else Cost.of(share["cost"]), Cost.of(share["paid"]))
            for name, share in found.get("shared", {}).items()
        }
        return cls({stage: Cost.of(values) for stage, values in stages.items()}, shared)

    def write(self, path: Path) -> None:
        """As ``cost.json``."""
        shared = {
            name: {"cost": share.cost and share.cost.statement(), "paid": share.paid.statement()}
            for name, share in sorted(self.shared.items())
        }
        statement = {
            "peak_memory_of": "each stage" if can_reset_memory() else "the process until then",
            "stages": {stage: cost.statement() for stage, cost in self.stages.items()},
            "total": self.total.statement(),
            "shared": shared,
            "total_alone": self.total_alone.statement(),
            "unknown": self.unknown,
        }
        write_json(path, statement)
