"""Which arms may be set against each other, and how: those that differ in what a question is about and nothing else."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from ltd.example import content_key
from ltd.report.arms import Arm
from ltd.statistics.comparison import MARGIN, Comparison, compare
from ltd.statistics.estimate import Average
from ltd.statistics.outcomes import Outcomes

Pair = tuple[Arm, Arm]
Change = Callable[[Outcomes], Outcomes]

CHOOSING = ("sampler", "fraction", "budget", "budget_unit", "clip", "embedder", "distribution_centre", "related_by")
"""Settings that say which examples, and how many."""

RANKED = ("model", "ranking", "separator", "convention", "task")
"""Settings that an untrained model has, too."""


def key_without(arm: Arm, *names: str) -> str:
    """Equal for arms whose settings differ in these alone; ``pool.related`` is one of them."""
    settings: dict[str, Any] = {name: value for name, value in arm.settings.items() if name not in names}
    if "pool.related" in names and "pool" in settings:
        settings["pool"] = {name: value for name, value in settings["pool"].items() if name != "related"}
    return content_key(settings)


def pairs(first: Sequence[Arm], second: Sequence[Arm], *names: str) -> list[Pair]:
    """Each of the first arms with those of the second whose settings differ from its own in these alone."""
    return [
        (one, other)
        for one in first
        for other in second
        if one is not other and key_without(one, *names) == key_without(other, *names)
    ]


def pairs_with_untrained(arms: Sequence[Arm], everything: Sequence[Arm]) -> list[Pair]:
    """Each of the trained arms with the same model, asked the same, before training.

    Where no run only evaluated that model, it is what a trained run's model answered before.
    """

    def ranked(arm: Arm) -> str:
        return content_key({name: arm.settings.get(name) for name in RANKED})

    trained = {arm: ranked(arm) for arm in arms if not arm.is_untrained}
    untrained = {ranked(arm): arm for arm in everything if arm.is_untrained}
    for arm, key in trained.items():
        if key not in untrained and (before := _before(arm)) is not None:
            untrained[key] = before
    return [(arm, untrained[key]) for arm, key in trained.items() if key in untrained]


def _before(arm: Arm) -> Arm | None:
    """An arm's model before training, by the first of its runs that was asked then: no seed changes what it answers."""
    run = next((run.before for run in arm.runs if run.before is not None), None)
    if run is None:
        return None
    name = f"{arm.model} untrained"
    return replace(arm, name=name, sampler=None, mode=None, budget_word="", settings=run.identity, runs=(run,))


def versus(
    arm: Arm,
    baseline: Arm,
    average: Average = "macro",
    variant: str | None = None,
    template: str | None = None,
    change: Change | None = None,
    margin: float = MARGIN,
) -> Comparison:
    """The arm against the baseline.

    Parameters
    ----------
    change : what is done to both arms' outcomes before, such as leaving out a task.
    margin : differences below it do not matter, as a share of questions.
    """
    ours, theirs = (one.outcomes(variant, template) for one in (arm, baseline))
    if baseline.is_untrained:  # no seed changes what is not trained: its answers belong to every run
        theirs = _for_seeds(theirs, ours.seeds)
    if change is not None:
        ours, theirs = change(ours), change(theirs)
    return compare(ours, theirs, average, margin)


def _for_seeds(untrained: Outcomes, seeds: tuple[int, ...]) -> Outcomes:
    correct = np.repeat(untrained.correct[:1], len(seeds), axis=0)
    return Outcomes(correct, seeds, untrained.questions, untrained.groups)
