"""Accuracy against budget, and how many times more data the baseline needs."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from ltd.report.arms import Arm
from ltd.report.baseline import USED_BY_SAMPLER, baseline_arms, baseline_name
from ltd.report.content import Cell, Figure, Section, Table, Tone
from ltd.report.contrasts import key_without, pairs, pairs_with_untrained
from ltd.report.figures import Curve, Reference, budget_curves
from ltd.report.wording import counted, joined, number_cell, percent, share_cell
from ltd.statistics.accuracy import accuracy
from ltd.statistics.efficiency import LEVEL, Efficiency, Ratio, data_efficiency

BUDGET = ("fraction", "budget", "budget_unit", "clip")

HOW = """The baseline's accuracy over the logarithm of its examples is fitted by a curve that never falls (isotonic \
regression, straight between its budgets). The ratio is the number of examples at which it reaches the arm's accuracy, \
over the arm's own. The curve is never continued: "> r" and "< r" say that it ends before. Intervals cover other seeds \
and other questions, and are widened for the number of ratios (Bonferroni): all of them hold together with 95%."""

CUT_SHORT = "stopped at the cap on training tokens before all chosen examples had been seen"


@dataclass(frozen=True, eq=False)
class Group:
    """Arms that differ in budget and in the baseline's setting alone; those of the baseline apart."""

    baseline: tuple[Arm, ...]
    others: tuple[Arm, ...]
    references: tuple[Arm, ...]

    @property
    def with_ratios(self) -> tuple[Arm, ...]:
        """The others, none if the baseline has one budget only; arms that were cut short never saw theirs."""
        budgets = {arm.examples for arm in self.baseline if not arm.is_cut_short}
        return tuple(arm for arm in self.others if not arm.is_cut_short) if len(budgets) > 1 else ()

    def fitted(self, n_ratios: int) -> Efficiency | None:
        """The curve and its ratios, whose intervals are those of so many in all."""
        if not self.with_ratios:
            return None
        theirs = [(arm.examples, arm.outcomes()) for arm in self.baseline if not arm.is_cut_short]
        ours = [(arm.examples, arm.outcomes()) for arm in self.with_ratios]
        return data_efficiency(theirs, ours, level=LEVEL * len(ours) / n_ratios)


def efficiency(arms: Sequence[Arm], baseline: str = "sampler=random") -> Section:
    """What more data buys by each sampler, and how much of it the baseline needs to be as good."""
    name, key, title = baseline_name(baseline), "efficiency", "Accuracy against budget"
    groups = _groups(arms, baseline)
    if not groups:
        sampler = baseline if baseline.startswith("sampler=") else "sampler=random"
        command = f"`python train.py -m {sampler},kcenter fraction=0.001,0.002,0.005,0.01 seed=0,1,2`"
        missing = f"no sampler was run at two budgets or more with all else equal; {command} makes four of two"
        return Section(key, title, "", missing=missing)
    n_ratios = sum(len(group.with_ratios) for group in groups)
    fitted = [(group, group.fitted(n_ratios)) for group in groups]
    rows = [
        (arm, ratio)
        for group, found in fitted
        if found is not None
        for arm, ratio in zip(group.with_ratios, found.ratios, strict=True)
    ]
    figures = tuple(_figure(group, found, name, place) for place, (group, found) in enumerate(fitted))
    tables = (_table(rows, name),) if rows else ()
    return Section(key, title, _lead(rows, name), tables, figures, (*([HOW] if rows else []), *_notes(groups, rows)))


def _groups(arms: Sequence[Arm], baseline: str) -> list[Group]:
    """Those in which some curve has two budgets; samplers are mixed only where they are what is compared."""
    chosen, by_key = baseline_arms(arms, baseline), dict[str, list[Arm]]()
    setting = baseline.partition("=")[0]
    free = (setting, *BUDGET, *(USED_BY_SAMPLER if setting == "sampler" else ()))
    trained = [arm for arm in arms if not arm.is_untrained and arm.examples > 0]
    everything = [arm for arm in trained if arm.sampler == "all"]
    for arm in sorted(trained, key=lambda arm: arm.examples):
        if arm not in everything:
            by_key.setdefault(key_without(arm, *free), []).append(arm)
    groups = []
    for curves in by_key.values():
        untrained = dict.fromkeys(vanilla for _, vanilla in pairs_with_untrained(curves, arms))
        whole = dict.fromkeys(arm for _, arm in pairs(curves, everything, "sampler", *free, *USED_BY_SAMPLER))
        ours = tuple(arm for arm in curves if arm in chosen)
        group = Group(ours, tuple(arm for arm in curves if arm not in chosen), (*untrained, *whole))
        if any(len(curve) > 1 for curve in _by_curve(curves).values()):
            groups.append(group)
    return groups


def _by_curve(arms: Sequence[Arm]) -> dict[str, list[Arm]]:
    """Arms that differ in the budget alone, under what is left of their names without it."""
    by_key: dict[str, list[Arm]] = {}
    for arm in arms:
        by_key.setdefault(key_without(arm, *BUDGET), []).append(arm)
    names: dict[str, list[Arm]] = {}
    for members in by_key.values():
        first = members[0]
        name = " ".join(first.name.replace(first.budget_word, "").split())
        names[first.name if name in names else name] = members
    return names


def _figure(group: Group, found: Efficiency | None, name: str, place: int) -> Figure:
    curves = [_curve(arms, sampler) for sampler, arms in _by_curve(group.others).items()]
    curves += [replace(_curve(group.baseline, name), fitted=_line(found), baseline=True)] if group.baseline else []
    references = []
    for arm in group.references:
        measured = accuracy(arm.outcomes())
        references.append(Reference(arm.name, 100 * measured.value))
    caption = (
        "Mean accuracy over tasks against the number of examples chosen (log axis). Faint points are single seeds; "
        "bands are 95% intervals over seeds and questions, of arms with three seeds or more, and of a single seed over "
        f"questions alone. The line of {name} is the fitted curve that ratios are read from."
    )
    if any(any(curve.hollow) for curve in curves):
        caption += f" Hollow points {CUT_SHORT}: they stand at a budget that they never saw."
    return budget_curves("budget" if place == 0 else f"budget_{place + 1}", caption, curves, references)


def _line(found: Efficiency | None) -> list[tuple[float, float]]:
    if found is None:
        return []
    return [(float(budget), 100 * float(share)) for budget, share in zip(found.budgets, found.fitted, strict=True)]


def _curve(arms: Sequence[Arm], name: str) -> Curve:
    measured = [accuracy(arm.outcomes()) for arm in arms]
    # Over two seeds, which know next to nothing of a third, an interval would hide all other curves.
    bands = [one if len(arm.runs) != 2 else None for arm, one in zip(arms, measured, strict=True)]
    runs = [
        (run.metrics["budget"]["examples"], 100 * run.metrics["average"]["accuracy"])
        for arm in arms
        for run in arm.runs
    ]
    return Curve(
        name=name,
        budgets=[arm.examples for arm in arms],
        mean=[100 * one.value for one in measured],
        low=[math.nan if one is None else 100 * one.low for one in bands],
        high=[math.nan if one is None else 100 * one.high for one in bands],
        runs=runs,
        hollow=[arm.is_cut_short for arm in arms],
    )


def _table(rows: Sequence[tuple[Arm, Ratio]], name: str) -> Table:
    return Table(
        name="efficiency",
        title=f"How many times more data {name} needs",
        columns=("arm", "examples", "accuracy (%)", f"{name} needs (examples)", "ratio", "95% interval"),
        rows=tuple(_row(arm, ratio) for arm, ratio in rows),
        numeric=frozenset(range(1, 6)),
        note=f"Above 1, {name} needs more data to be as good as the arm; > and < where its curve ends before.",
    )


def _row(arm: Arm, ratio: Ratio) -> tuple[Cell, ...]:
    tone: Tone = "unsure" if ratio.conditional else "good" if ratio.is_more else "bad" if ratio.is_less else "unsure"
    text = ratio.words(ratio.value)
    reached = 0 < ratio.value < math.inf
    sign, bound = ("", ratio.value) if reached else (f"{text[0]} ", ratio.most if ratio.value else ratio.least)
    return (
        Cell(arm.name, sources=arm.folders),
        number_cell(arm.examples, arm.folders),
        share_cell(accuracy(arm.outcomes()).value, arm.folders),
        Cell(f"{sign}{bound * arm.examples:,.0f}", bound * arm.examples if reached else None, arm.folders),
        Cell(text, ratio.value if reached else None, arm.folders, tone),
        Cell(
            f"{ratio.words(ratio.low)} to {ratio.words(ratio.high)}",
            sources=arm.folders,
            bounds=(ratio.low, ratio.high),
        ),
    )


def _lead(rows: Sequence[tuple[Arm, Ratio]], name: str) -> str:
    if not rows:
        return f"{name} was not run to its end at two budgets beside others, so no ratio can be read from its curve."
    several = [(arm, ratio) for arm, ratio in rows if not ratio.conditional]
    if not several:
        return f"One seed cannot say how much more data {name} needs: seed=0,1,2 gives intervals over seeds."
    more = [(arm, ratio) for arm, ratio in several if ratio.is_more]
    of = counted(len(several), "arm")
    if not more:
        return f"{name} is not seen to need more data to be as good: of {of}, no ratio's 95% interval lies above 1."
    arm, ratio = max(more, key=lambda pair: pair[1].low)
    return (
        f"{name} needs more data to be as good as {len(more)} of {of}, where the ratio's 95% interval lies above 1: "
        f"{ratio.words(ratio.value)} times that of {arm.name} ({ratio.words(ratio.low)} to {ratio.words(ratio.high)}) "
        f"to come to its {percent(accuracy(arm.outcomes()).value)}%."
    )


def _notes(groups: Sequence[Group], rows: Sequence[tuple[Arm, Ratio]]) -> list[str]:
    notes = []
    single = [arm.name for arm, ratio in rows if ratio.conditional]
    if single:
        notes.append(f"One seed only, its own or the baseline's; intervals are too narrow to count: {joined(single)}.")
    drawn = [arm for group in groups for arm in (*group.baseline, *group.others)]
    cut_short = [arm.name for arm in drawn if arm.is_cut_short]
    if cut_short:
        notes.append(f"Left out of curve and ratios, drawn hollow: {joined(cut_short)} {CUT_SHORT}.")
    capped = [arm.name for arm in drawn if arm.is_capped and not arm.is_cut_short]
    if capped:
        notes.append(f"Stopped at the cap on training tokens: {joined(capped)}.")
    return notes
