"""What each arm costs, its choice included, against what it comes to."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ltd.cost import Cost, RunCost
from ltd.report.arms import Arm
from ltd.report.content import Cell, Section, Table
from ltd.report.figures import CostPoint, pareto
from ltd.report.figures.cost import front
from ltd.report.report_run import ReportRun
from ltd.report.wording import NOTHING, joined, share_cell, share_interval_cell
from ltd.statistics.accuracy import Accuracy, accuracy

COMMON = ("pool", "leakage")
"""Stages that every arm has alike, whatever chooses."""

RANKING = ("rank", "rank before", "rank after", "diagnose")
"""Stages that measure; a model that is only used needs none of them."""

CAPTION = (
    "Average accuracy against all that an arm costs, its choice included. The step line joins the arms that nothing "
    "cheaper equals; whiskers are 95% intervals over seeds and questions."
)

NOTE = """One run, on average over seeds{alone}. In all: pool and leakage gate (alike for every arm), choosing, \
fine-tuning; not the ranking that measures. What is as accurate is read from the averages; their intervals say how \
certain that is."""

AS_IF_ALONE = ", as if it had made everything itself: what a cache spared it is counted"

NO_PROCESSOR_TIME = (
    "These runs kept no processor time: what else the machine did is in it, and what a cache spared them is not known."
)

BEFORE_RANKING = "ranked/"
"""How artefacts of the cache begin that hold the untuned model's answers."""


@dataclass(frozen=True)
class Unit:
    """What costs are counted in.

    Attributes
    ----------
    field : of `Cost`.
    seconds : that one of it has.
    """

    field: str
    name: str
    seconds: float


KINDS = {"device_seconds": "GPU-", "cpu_seconds": "core-", "seconds": ""}
"""What can be counted, the best first."""

SCALES = {"hours": 3600.0, "minutes": 60.0, "seconds": 1.0}


@dataclass(frozen=True, eq=False)
class ArmCost:
    """What one run of an arm costs on average, had it made everything itself, in the unit of the report.

    Attributes
    ----------
    choosing, training, common : by part; the last is what every arm needs alike. What measuring takes is in none.
    accuracy : what it comes to.
    unknown : artefacts that were made before costs were kept, and are not in it.
    """

    arm: Arm
    choosing: float
    training: float
    common: float
    accuracy: Accuracy
    unknown: frozenset[str]

    @property
    def total(self) -> float:
        return self.choosing + self.training + self.common

    def point(self, baseline: Sequence[Arm] = ()) -> CostPoint:
        """As a figure shows it."""
        value, low, high = (100 * share for share in (self.accuracy.value, self.accuracy.low, self.accuracy.high))
        return CostPoint(self.arm.name, self.total, value, low, high, self.choosing, self.arm in baseline)


def costs(arms: Sequence[Arm], baseline: Sequence[Arm] = ()) -> Section:
    """Cost against accuracy, with the arms that nothing cheaper equals."""
    key, title = "costs", "Cost against accuracy"
    by_run = {run: RunCost.read(run.folder / "cost.json") for arm in arms for run in arm.runs}
    trained = [arm for arm in arms if all("fine-tune" in by_run[run].stages for run in arm.runs)]
    if not trained:
        return Section(
            key, title, "", missing="no run of this report left the cost of its training; `python train.py` does"
        )
    unit = _unit([by_run[run] for arm in trained for run in arm.runs])
    found = [one for one in (_arm_cost(arm, by_run, unit) for arm in trained) if one.total > 0]
    best = {point.name for point in front([one.point() for one in found])}
    figure = pareto("costs", CAPTION, [one.point(baseline) for one in found], unit.name)
    return Section(key, title, _lead(found, best, unit), (_table(found, best, unit),), (figure,), _notes(found, unit))


def _unit(found: Sequence[RunCost]) -> Unit:
    """The first in which all training is known, so that no arm is counted in another, at a scale with short numbers."""
    stages = [cost.stages["fine-tune"] for cost in found]
    field = next(field for field in KINDS if all(getattr(stage, field) is not None for stage in stages))
    most = max(getattr(stage, field) for stage in stages)
    scale = next((scale for scale, seconds in SCALES.items() if most >= seconds), "seconds")
    return Unit(field, f"{KINDS[field]}{scale}", SCALES[scale])


def _arm_cost(arm: Arm, by_run: Mapping[ReportRun, RunCost], unit: Unit) -> ArmCost:
    parts = np.array([[_amount(cost, unit) for cost in _parts(by_run[run])] for run in arm.runs]).mean(axis=0)
    names = [name for run in arm.runs for name in by_run[run].unknown if not name.startswith(BEFORE_RANKING)]
    choosing, training, common = map(float, parts)
    return ArmCost(arm, choosing, training, common, accuracy(arm.outcomes()), frozenset(names))


def _parts(cost: RunCost) -> tuple[Cost, Cost, Cost]:
    """Choosing, training, and what every arm needs alike; as if the run had made all of it and waited for nobody."""
    stages = {name: _unwaited(stage) for name, stage in cost.stages.items() if name not in RANKING}
    for name, share in cost.shared.items():
        stage = _stage_of(name)
        if stage in stages:
            stages[stage] = stages[stage] - share.paid + (share.cost or share.paid)
    common = [stage for name, stage in stages.items() if name in COMMON]
    training = [stage for name, stage in stages.items() if name == "fine-tune"]
    choosing = [stage for name, stage in stages.items() if name not in (*COMMON, "fine-tune")]
    total, trained, alike = (sum(part, Cost()) for part in (choosing, training, common))
    return total, trained, alike


def _stage_of(artefact: str) -> str:
    """The stage that makes an artefact of the cache."""
    kind = artefact.partition("/")[0]
    return {"pool": "pool", "leaks": "leakage", "ranked": "rank before"}.get(kind, "choose")


def _unwaited(stage: Cost) -> Cost:
    return replace(stage, seconds=stage.seconds - (stage.waited_seconds or 0.0), waited_seconds=None)


def _amount(cost: Cost, unit: Unit) -> float:
    return max(0.0, float(getattr(cost, unit.field) or 0.0)) / unit.seconds


def _lead(found: Sequence[ArmCost], best: Collection[str], unit: Unit) -> str:
    on_front = sorted((one for one in found if one.arm.name in best), key=lambda one: one.total)
    cheap, dear = on_front[0], on_front[-1]
    lead = f"Nothing cheaper is as accurate, by its average, as {joined([one.arm.name for one in on_front])}."
    if cheap.total < dear.total and cheap.total:
        gain = 100 * (dear.accuracy.value - cheap.accuracy.value)
        times = f"{dear.total / cheap.total:,.1f} times as much"
        lead += f" From {cheap.arm.name} to {dear.arm.name}, {gain:.1f} points cost {times}."
    share, most = max((one.choosing / one.total if one.total else 0.0, one.arm.name) for one in found)
    return f"{lead} Choosing takes up to {share:.0%} of an arm's {unit.name} ({most})."


def _table(found: Sequence[ArmCost], best: Collection[str], unit: Unit) -> Table:
    rows = []
    for one in sorted(found, key=lambda one: one.total):
        folders = one.arm.folders
        amounts = [Cell(_digits(amount), amount, folders) for amount in (one.choosing, one.training, one.total)]
        share = one.choosing / one.total if one.total else None
        part = Cell(NOTHING) if share is None else Cell(f"{100 * share:.0f}", 100 * share, folders)
        comes_to = (
            share_cell(one.accuracy.value, folders),
            share_interval_cell((one.accuracy.low, one.accuracy.high), folders),
        )
        on_front = Cell("yes", tone="strong") if one.arm.name in best else Cell("no")
        rows.append((Cell(one.arm.name, sources=folders), *amounts, part, *comes_to, on_front))
    parts = (f"choosing ({unit.name})", f"fine-tuning ({unit.name})", f"in all ({unit.name})", "choosing's share (%)")
    return Table(
        "costs",
        "What an arm costs and comes to",
        ("arm", *parts, "average (%)", "95% interval", "nothing cheaper is as accurate"),
        tuple(rows),
        frozenset(range(1, 7)),
        note=NOTE.format(alone="" if unit.field == "seconds" else AS_IF_ALONE),
    )


def _digits(amount: float) -> str:
    if 0 < amount < 0.01:
        return "< 0.01"
    return "0" if amount == 0 else f"{amount:.2g}" if amount < 10 else f"{amount:,.0f}"


def _notes(found: Sequence[ArmCost], unit: Unit) -> tuple[str, ...]:
    unknown = [one.arm.name for one in found if one.unknown]
    notes = []
    if unit.field == "seconds":
        notes.append(f"{unit.name.capitalize()} are by the clock on the wall. {NO_PROCESSOR_TIME}")
    if unit.field == "device_seconds":
        notes.append("GPU time is by the clock on the wall times the GPUs; what ran on processors alone is not in it.")
    if unknown:
        notes.append(f"Some of what {joined(unknown)} used was made before costs were kept, and is not in it.")
    return tuple(notes)
