"""The table of results: an arm a line, with the paper's own numbers where a row of its table corresponds."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ltd.report import paper
from ltd.report.arms import Arm
from ltd.report.by_task import by_task, one_answer_note
from ltd.report.content import Cell, Mark, Section, Table
from ltd.report.contrasts import Pair
from ltd.report.wording import NOTHING, joined, number_cell, percent, points, share_cell, share_interval_cell
from ltd.statistics.accuracy import Accuracy, accuracy, task_accuracies

CAPPED = Mark("‡", "stopped at the cap on training tokens")
CONSTANT = Mark("†", "one answer to every question of the task")
SINGLE = Mark("§", "of a single seed: over other questions alone")

BEFORE = ("arm", "average (%)", "95% interval", "pooled (%)", "the paper's average (%)")
AFTER = ("seeds", "examples", "examples seen", "tokens chosen", "tokens trained on", "row of the paper")
"""Columns of the table of results that stand before and after those of the tasks."""


def results(arms: Sequence[Arm], against: Sequence[Pair] = ()) -> Section:
    """What every arm came to, the paper's rows first, then by sampler and budget.

    Parameters
    ----------
    against : arms with the baseline that they are set against, task by task.
    """
    ordered = in_order(arms)
    tables = (_results_table(ordered), _paper_table(ordered), by_task(ordered, against))
    return Section("results", "Results", _lead(ordered), tables, notes=_notes(ordered))


def interval(found: Accuracy) -> str:
    """In percent."""
    return f"{percent(found.low)} to {percent(found.high)}"


def in_order(arms: Sequence[Arm]) -> list[Arm]:
    """The paper's rows as the paper has them, then by sampler and budget."""
    rows = {row: place for place, row in enumerate(paper.ROWS)}

    def place(arm: Arm) -> tuple[int, str, float, str]:
        row = paper.row_of(arm)
        return (len(rows) if row is None else rows[row], arm.sampler or "", arm.tokens, arm.name)

    return sorted(arms, key=place)


def majority_accuracies(arm: Arm) -> dict[str, float]:
    """Of always giving each task's most frequent right answer."""
    answers = arm.runs[0].answers
    tasks = arm.outcomes().tasks
    golds = {name: answers.gold[tasks == number] for number, name in enumerate(answers.tasks)}
    return {name: float(np.bincount(gold).max()) / len(gold) for name, gold in golds.items()}


def _majority_averages(arm: Arm) -> tuple[float, float]:
    """Over tasks and over questions."""
    by_task: NDArray[np.float64] = np.array([*majority_accuracies(arm).values()])
    return float(by_task.mean()), float(by_task[arm.outcomes().tasks].mean())


def constant_tasks(arm: Arm) -> list[str]:
    """Tasks on which some run gave every question the same answer."""
    tasks = arm.outcomes().tasks
    return [
        name
        for number, name in enumerate(arm.tasks)
        if any(len(np.unique(run.answers.predicted[run.answers.ranked_by][tasks == number])) == 1 for run in arm.runs)
    ]


def _results_table(arms: Sequence[Arm]) -> Table:
    tasks = list(dict.fromkeys(task for arm in arms for task in arm.tasks))
    columns = (*BEFORE, *(f"{task} (%)" for task in tasks), *AFTER)
    return Table(
        name="results",
        title="Accuracy after training",
        columns=columns,
        rows=(*_majority_rows(arms, tasks), *(_row(arm, tasks) for arm in arms)),
        numeric=frozenset(range(1, len(columns) - 1)),
        note="Means over seeds. The average counts tasks alike, as the paper does; pooled counts questions alike. The "
        "interval is of the average: it covers both other seeds and other questions (of a single seed: only "
        f"other questions, {SINGLE.sign}). {CONSTANT.sign} a run gave one answer to every question of the task, so "
        f"that its accuracy says nothing about the model. {CAPPED.sign} stopped at the cap on training tokens: of the "
        "examples chosen, those seen are what it is trained on.",
    )


def _majority_rows(arms: Sequence[Arm], tasks: Sequence[str]) -> list[tuple[Cell, ...]]:
    """One for each set of questions that was asked."""
    first = {arm.runs[0].answers.key: arm for arm in reversed(arms)}
    rows = []
    for arm in first.values():
        by_task = majority_accuracies(arm)
        macro, pooled = _majority_averages(arm)
        name = "most frequent answer" if len(first) == 1 else f"most frequent answer, as {arm.name} was asked"
        cells = [share_cell(by_task.get(task)) for task in tasks]
        begin = (Cell(name), share_cell(macro), Cell(""), share_cell(pooled), Cell(""))
        rows.append((*begin, *cells, *[Cell("")] * len(AFTER)))
    return rows


def _row(arm: Arm, tasks: Sequence[str]) -> tuple[Cell, ...]:
    outcomes, constant, folders = arm.outcomes(), constant_tasks(arm), arm.folders
    by_task, found, pooled = task_accuracies(outcomes), accuracy(outcomes), accuracy(outcomes, "pooled")
    row = paper.row_of(arm)
    printed = None if row is None else row.average
    single = SINGLE if found.conditional and not arm.is_untrained else None
    cells = [
        share_cell(
            by_task[task].value if task in by_task else None,
            folders,
            *(("unsure", CONSTANT) if task in constant else ("plain", None)),
        )
        for task in tasks
    ]
    return (
        Cell(arm.name, sources=folders, mark=CAPPED if arm.is_capped else None),
        share_cell(found.value, folders),
        share_interval_cell((found.low, found.high), folders, single),
        share_cell(pooled.value, folders),
        Cell("") if printed is None else Cell(f"{printed:.2f}", printed),
        *cells,
        Cell(str(len(arm.runs)), len(arm.runs), folders),
        number_cell(arm.examples, folders),
        number_cell(arm.examples_seen, folders),
        number_cell(arm.tokens, folders),
        number_cell(arm.trained_tokens, folders),
        Cell(row.name if row else ""),
    )


def _paper_table(arms: Sequence[Arm]) -> Table:
    """The paper's rows in full, each with our arms in its place."""
    rows = []
    for row in paper.ROWS:
        ours = [arm for arm in arms if paper.row_of(arm) == row]
        cells = [Cell(f"{value:.2f}", value) for value in row.percents] or [Cell(NOTHING)] * len(paper.COLUMNS)
        average = Cell(NOTHING) if row.average is None else Cell(f"{row.average:.2f}", row.average)
        found = [accuracy(arm.outcomes()).value for arm in ours]
        names = Cell("; ".join(arm.name for arm in ours) or f"not run: experiment={row.recipe}")
        folders = tuple(folder for arm in ours for folder in arm.folders)
        mine = Cell("; ".join(map(percent, found)), 100 * found[0] if len(found) == 1 else None, folders)
        rows.append((Cell(row.name), *cells, average, names, mine if ours else Cell(NOTHING)))
    columns = ("row of the paper", *(f"{name} (%)" for name in paper.COLUMNS), "average (%)", "our arm", "ours (%)")
    n_columns = len(paper.COLUMNS)
    return Table(
        name="paper",
        title="The paper's table, and our arm in each row's place",
        columns=columns,
        rows=tuple(rows),
        numeric=frozenset((*range(1, n_columns + 2), n_columns + 3)),
        note="Chen et al. 2023 (arXiv 2305.09246), Galactica-1.3b: one run a row. Ours is the average over the "
        f"tasks of this report, {_how_alike(arms)}.",
    )


def _how_alike(arms: Sequence[Arm]) -> str:
    tasks = {task for arm in arms for task in arm.tasks}
    if tasks == {ours for ours, _ in paper.COLUMNS.values()}:
        return "which are the paper's"
    return "which are not the paper's: what can be compared is the order of rows and the differences, not the level"


def _lead(arms: Sequence[Arm]) -> str:
    found = [(accuracy(arm.outcomes()), arm) for arm in arms]
    best, arm = max(found, key=lambda pair: pair[0].value)
    lead = f"The highest average is that of {arm.name}: {percent(best.value)}% (95% interval {interval(best)}); always "
    lead += f"giving the most frequent answer comes to {percent(_majority_averages(arm)[0])}%."
    vanilla = [pair for pair in found if pair[1].is_untrained and pair[1].model == arm.model and pair[1] is not arm]
    if vanilla:
        distance = points(best.value - vanilla[0][0].value)
        lead += f" Untrained, the model has {percent(vanilla[0][0].value)}%: {distance} points by training."
    return lead


def _notes(arms: Sequence[Arm]) -> tuple[str, ...]:
    notes = []
    cut = [f"{arm.name} ({_seen_of_chosen(arm)})" for arm in arms if arm.is_cut_short]
    if cut:
        notes.append(f"Stopped at the cap on training tokens before all that was chosen had been seen: {joined(cut)}.")
    late = [arm.name for arm in arms if arm.is_capped and not arm.is_cut_short]
    if late:
        notes.append(f"Stopped there when all had been seen, in a later epoch: {joined(late)}.")
    if any(arm.trained_tokens is None for arm in arms):
        notes.append("Runs of an earlier version do not say what they trained on; those columns are empty.")
    constant = {arm.name: constant_tasks(arm) for arm in arms}
    lines = [f"{name} ({joined(tasks)})" for name, tasks in constant.items() if tasks]
    if lines:
        notes.append(f"One answer to every question, which is no knowledge, in a run of: {joined(lines)}.")
    if one_answer := one_answer_note(arms):
        notes.append(one_answer)
    return tuple(notes)


def _seen_of_chosen(arm: Arm) -> str:
    seen = arm.examples_seen
    return "how many is not known" if seen is None else f"{seen:,.0f} of {arm.examples:,.0f} examples"
