"""Each arm on each task: how often it is right, how, and by how much more than its baseline."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from ltd.report.arms import Arm
from ltd.report.content import Cell, Mark, Table
from ltd.report.contrasts import Pair, versus
from ltd.report.wording import (
    NOTHING,
    joined,
    number_cell,
    points_cell,
    points_interval_cell,
    share_cell,
    share_interval_cell,
)
from ltd.score import CALIBRATION_BINS
from ltd.statistics.accuracy import of_task, task_accuracies
from ltd.statistics.comparison import Comparison

NEARLY_ALL = 0.95
"""Share of a task's questions that are given one answer from which the accuracy says little about the model."""

ONE_ANSWER = Mark("¶", f"one answer to {NEARLY_ALL:.0%} of the questions or more, in a run")

COLUMNS = (
    "arm",
    "task",
    "questions",
    "accuracy (%)",
    "95% interval",
    "majority (%)",
    "macro-F1 (%)",
    "calibration error (points)",
    "most given answer",
    "given (%)",
    "gold (%)",
    "difference (points)",
    "95% interval of the difference",
)

NOTE = f"""Means over seeds. Intervals cover other seeds and other questions, of a single seed other questions alone. \
Majority is the share of the most frequent right answer, macro-F1 the unweighted mean over answers, the calibration \
error the expected one, of {CALIBRATION_BINS} bins. The most given answer stands beside the share of questions that it \
was given to and of those that it is right for (gold); {ONE_ANSWER.sign} a run gave one answer to {NEARLY_ALL:.0%} or \
more. Differences are to the baseline arm, their intervals not corrected for their number: they tell where a \
difference comes from, and the verdict is that of the average."""


@dataclass(frozen=True)
class MostGiven:
    """The answer that an arm gave most on a task, over its runs.

    Attributes
    ----------
    share, gold : of questions that it was given to, and that it is right for.
    most_in_a_run : the largest share of questions that one run gave one answer to.
    """

    label: str
    share: float
    gold: float
    most_in_a_run: float


def by_task(arms: Sequence[Arm], against: Sequence[Pair] = ()) -> Table:
    """A line for each arm and task.

    Parameters
    ----------
    against : arms with their baseline; others have no difference.
    """
    differences = _differences(against)
    baselines = dict(against)
    rows = [
        (*_own_cells(arm, task), *_difference_cells(arm, baselines.get(arm), differences, task))
        for arm in arms
        for task in arm.tasks
    ]
    numeric = frozenset(range(2, len(COLUMNS))) - {COLUMNS.index("most given answer")}
    return Table("by_task", "Accuracy by task", COLUMNS, tuple(rows), numeric, NOTE)


def one_answer_note(arms: Sequence[Arm]) -> str:
    """Which arms gave nearly one answer on which tasks, yet in no run one to all; empty if none did."""
    nearly = {
        arm.name: [
            task
            for task in arm.tasks
            if (most := most_given(arm, task)) is not None and NEARLY_ALL <= most.most_in_a_run < 1
        ]
        for arm in arms
    }
    words = joined([f"{name} ({joined(tasks)})" for name, tasks in nearly.items() if tasks])
    return words and f"One answer to {NEARLY_ALL:.0%} of the questions or more, if not to all, in a run of: {words}."


def most_given(arm: Arm, task: str) -> MostGiven | None:
    """None if a run does not say how often it gave which answer."""
    found = [_of_task(run.metrics, task) for run in arm.runs]
    if not all(one.get("predictions") and one.get("confusion") for one in found):
        return None
    given, gold = Counter[str](), Counter[str]()
    for one in found:
        given.update(one["predictions"])
        gold.update({label: sum(line.values()) for label, line in one["confusion"].items()})
    label, number = given.most_common(1)[0]
    return MostGiven(
        label,
        share=number / given.total(),
        gold=gold[label] / gold.total(),
        most_in_a_run=max(max(one["predictions"].values()) / sum(one["predictions"].values()) for one in found),
    )


def _differences(against: Sequence[Pair]) -> dict[tuple[Arm, str], Comparison]:
    """By arm and task."""
    return {
        (pair[0], task): versus(*pair, change=partial(of_task, task=task)) for pair in against for task in pair[0].tasks
    }


def _own_cells(arm: Arm, task: str) -> tuple[Cell, ...]:
    folders, found = arm.folders, task_accuracies(arm.outcomes())[task]
    most = most_given(arm, task)
    mark = ONE_ANSWER if most is not None and most.most_in_a_run >= NEARLY_ALL else None
    error = _mean(arm, task, "calibration_error")
    return (
        Cell(arm.name, sources=folders),
        Cell(task),
        number_cell(sum(name == task for name, *_ in arm.outcomes().questions), folders),
        share_cell(found.value, folders),
        share_interval_cell((found.low, found.high), folders),
        share_cell(_mean(arm, task, "majority"), folders),
        share_cell(_mean(arm, task, "macro_f1"), folders),
        Cell(NOTHING) if error is None else Cell(f"{100 * error:.1f}", 100 * error, folders),
        Cell(NOTHING if most is None else most.label, sources=folders),
        share_cell(None if most is None else most.share, folders, "unsure" if mark else "plain", mark),
        share_cell(None if most is None else most.gold, folders),
    )


def _difference_cells(
    arm: Arm, baseline: Arm | None, differences: Mapping[tuple[Arm, str], Comparison], task: str
) -> tuple[Cell, Cell]:
    if baseline is None:
        return Cell(""), Cell("")
    comparison, folders = differences[arm, task], (*arm.folders, *baseline.folders)
    return points_cell(comparison.difference, folders), points_interval_cell(comparison.interval, folders)


def _mean(arm: Arm, task: str, name: str) -> float | None:
    """Over the runs; None if one does not say."""
    values = [_of_task(run.metrics, task).get(name) for run in arm.runs]
    return None if None in values else float(np.mean([value for value in values if value is not None]))


def _of_task(metrics: Mapping[str, Any], task: str) -> Mapping[str, Any]:
    found: Mapping[str, Any] = metrics.get("tasks", {}).get(task, {})
    return found
