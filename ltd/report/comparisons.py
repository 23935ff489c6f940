"""Every arm against the baseline of equal budget, on the same questions."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ltd.report.arms import Arm
from ltd.report.baseline import (
    SINGLE,
    UNEQUAL,
    Compared,
    at_equal_budget,
    baseline_arms,
    baseline_name,
    compare_with_baseline,
    setting_of,
)
from ltd.report.content import Cell, Figure, Section, Table
from ltd.report.figures import Contrast, forest
from ltd.report.wording import NOTHING, counted, joined, number_cell, p_words, points_cell, points_interval_cell
from ltd.statistics.comparison import MARGIN, MOST_SEEDS, Comparison, Verdict

HOW = """The difference is the arm's accuracy less the baseline's, averaged over tasks, in percentage points. Its \
interval covers other seeds and other questions (by shared premise). It is at the level at which Holm's correction \
tests it, so that it leaves out 0 exactly where the verdict is better or worse; where no arm differs, this table names \
one better or worse in at most 5 of 100 cases. "Could be seen": the smallest true difference that so many seeds and \
questions would show in 80 of 100 such studies. "Seeds for {margin:g} points": how many seeds a side would show a true \
difference of that size as often, on the same questions; "more questions" where {most} would not. Both are estimates \
from the seeds that there are: with two or three, another study's may be half or twice as large."""

VERDICTS = """Better, worse: the interval lies on one side of 0. No difference larger than x: it holds 0 and no \
difference above {margin:g} points, in either direction. Undecidable: neither; more seeds or questions are needed, or \
the difference is too small for them."""

CHECKS = """For readers who look for them; no verdict rests on these. McNemar's exact test asks of each pair of runs \
whether one got more of the questions right that only one of them did; it takes questions as independent and says \
nothing of other seeds. Over pairs: twice the mean p, at most 1. The plain hierarchical bootstrap (seeds, then shared \
premises, then questions; 2,000 resamples; at the level of the interval above) is too narrow with few seeds."""


def comparisons(arms: Sequence[Arm], baseline: str = "sampler=random", margin: float = MARGIN) -> Section:
    """Whether each arm is better than the baseline at equal budget.

    Parameters
    ----------
    margin : differences below it do not matter, as a share of questions.
    """
    found = compare_with_baseline(arms, baseline, margin)
    key, title = "comparisons", f"Better than {baseline_name(baseline)}?"
    if not found:
        return Section(key, title, "", missing=_missing(arms, baseline))
    how = (HOW.format(margin=100 * margin, most=MOST_SEEDS), VERDICTS.format(margin=100 * margin))
    notes = (*how, *_notes(arms, found, baseline))
    tables = (_verdict_table(found, baseline, margin), _check_table(found))
    return Section(key, title, _lead(found, baseline), tables, (_figure(found, baseline),), notes)


def _lead(found: Sequence[Compared], baseline: str) -> str:
    by_verdict: dict[str, list[str]] = {}
    words: dict[Verdict, str] = {
        "better": "better",
        "worse": "worse",
        "no difference": "with no difference that matters",
        "undecidable": "undecidable with these seeds and questions",
    }
    for one in found:
        verdict = words[one.comparison.verdict] + SINGLE * one.comparison.conditional
        by_verdict.setdefault(verdict, []).append(one.arm.name)
    parts = [f"{len(names)} {verdict}: {joined(names)}" for verdict, names in by_verdict.items()]
    return (
        f"Of {counted(len(found), 'comparison')} with {baseline_name(baseline)}{at_equal_budget(baseline)}, "
        f"{'; '.join(parts)}. "
        f"What so many seeds and questions could have seen is a difference of {detectable_range(found)} points."
    )


def detectable_range(found: Sequence[Compared]) -> str:
    """The smallest true differences that the comparisons would have seen in 80 of 100 such studies, in points."""
    least, most = (f"{100 * pick(one.comparison.detectable for one in found):.1f}" for pick in (min, max))
    return least if least == most else f"{least} to {most}"


def _verdict_table(found: Sequence[Compared], baseline: str, margin: float) -> Table:
    columns = (
        "arm",
        "against",
        "seeds",
        "examples",
        "difference (points)",
        "interval",
        "p, corrected",
        "could be seen",
        f"seeds for {100 * margin:g} points",
    )
    return Table(
        name="comparisons",
        title=f"Difference to {baseline_name(baseline)}{at_equal_budget(baseline)}",
        columns=(*columns, "verdict", "budget"),
        rows=tuple(_verdict_row(one) for one in found),
        numeric=frozenset(range(2, 9)),
        note="Of the average over tasks; intervals and p-values are corrected for the number of lines.",
    )


def _verdict_row(one: Compared) -> tuple[Cell, ...]:
    comparison, folders = one.comparison, (*one.arm.folders, *one.baseline.folders)
    unequal = [f"{unit} {100 * share:+.0f}%" for unit, share in one.unequal.items()]
    return (
        Cell(one.arm.name, sources=one.arm.folders),
        Cell(one.baseline.name, sources=one.baseline.folders),
        _seeds_cell(comparison, folders),
        number_cell(one.arm.examples, one.arm.folders),
        points_cell(comparison.difference, folders),
        points_interval_cell(comparison.interval, folders),
        Cell(p_words(comparison.adjusted_p_value), comparison.adjusted_p_value, folders),
        Cell(f"{100 * comparison.detectable:.1f}", 100 * comparison.detectable, folders),
        _seeds_needed_cell(comparison, folders),
        Cell(one.words, sources=folders, tone=one.tone),
        Cell(joined(unequal) or "equal", sources=folders, tone="unsure" if unequal else "plain"),
    )


def _seeds_cell(comparison: Comparison, folders: tuple[Path, ...]) -> Cell:
    ours, theirs = comparison.n_runs
    return (
        Cell(str(ours), ours, folders) if comparison.seeds else Cell(f"{ours} and {theirs}, unmatched", None, folders)
    )


def _seeds_needed_cell(comparison: Comparison, folders: tuple[Path, ...]) -> Cell:
    if comparison.conditional:
        return Cell("not known", sources=folders)
    seeds = comparison.seeds_needed(difference=comparison.margin, power=0.8)
    return Cell("more questions", sources=folders) if seeds is None else Cell(str(seeds), seeds, folders)


def _check_table(found: Sequence[Compared]) -> Table:
    columns = ("arm", "p, uncorrected", "only the arm : only the baseline right", "McNemar's p", "p over pairs")
    rows = []
    for one in found:
        comparison, folders = one.comparison, (*one.arm.folders, *one.baseline.folders)
        counts = "; ".join(f"{pair.only_arm} : {pair.only_baseline}" for pair in comparison.pairs) or NOTHING
        p_values = "; ".join(p_words(pair.p_value) for pair in comparison.pairs) or NOTHING
        over = comparison.mcnemar_p_value
        rows.append(
            (
                Cell(one.arm.name, sources=one.arm.folders),
                Cell(p_words(comparison.p_value), comparison.p_value, folders),
                Cell(counts, sources=folders),
                Cell(p_values, sources=folders),
                Cell(NOTHING) if over is None else Cell(p_words(over), over, folders),
                points_interval_cell(comparison.bootstrap, folders),
            )
        )
    title = "The same by McNemar's test and the plain bootstrap"
    return Table("checks", title, (*columns, "bootstrap interval"), tuple(rows), frozenset(range(1, 6)), CHECKS)


def _figure(found: Sequence[Compared], baseline: str) -> Figure:
    rows = [
        Contrast(
            name=one.arm.name,
            difference=100 * one.comparison.difference,
            low=100 * one.comparison.interval[0],
            high=100 * one.comparison.interval[1],
            detectable=100 * one.comparison.detectable,
            tone=one.tone,
            verdict=one.words,
            group=one.arm.budget_word,
        )
        for one in sorted(found, key=lambda one: one.arm.tokens)
    ]
    ordered = [row for group in dict.fromkeys(row.group for row in rows) for row in rows if row.group == group]
    name = baseline_name(baseline)
    caption = f"Differences to {name}{at_equal_budget(baseline)}, with the intervals that the verdicts rest on."
    return forest("comparisons", caption, ordered, name)


def _notes(arms: Sequence[Arm], found: Sequence[Compared], baseline: str) -> list[str]:
    notes = []
    if any(one.comparison.conditional for one in found):
        notes.append(
            '"Of these runs": an arm has one seed only. How much another seed would change is unknown, and the verdict '
            "is about the very models that were trained; seed=0,1,2 makes it one about the choice, and tells how many "
            "seeds it needs."
        )
    two = [one.arm.name for one in found if not one.comparison.conditional and min(one.comparison.n_runs) == 2]
    if two:
        notes.append(f"Two seeds say next to nothing about a third: {joined(two)} can hardly be decided.")
    left = sum(one.comparison.n_left_out for one in found)
    if left:
        notes.append(f"{counted(left, 'run')} had no partner with the same seed and are left out of the differences.")
    unmatched = [one.arm.name for one in found if not one.comparison.seeds]
    if unmatched:
        notes.append(f"Too few seeds are shared to match runs, and all runs of both sides count: {joined(unmatched)}.")
    unequal = [one.arm.name for one in found if one.unequal]
    if unequal:
        notes.append(f"Budgets differ by more than {UNEQUAL:.0%} from the baseline's: {joined(unequal)}.")
    compared = {arm for one in found for arm in (one.arm, one.baseline)}
    alone = [arm.name for arm in arms if arm not in compared and not arm.is_untrained]
    if alone:
        notes.append(f"No partner that differs in {baseline.partition('=')[0]} alone: {joined(alone)}.")
    return notes


def _missing(arms: Sequence[Arm], baseline: str) -> str:
    key, _, value = baseline.partition("=")
    chosen = baseline_arms(arms, baseline)
    trained = {setting_of(arm, key) or NOTHING for arm in arms if not arm.is_untrained}
    if not chosen:
        have = f"; there are {joined(sorted(trained))}" if trained else ""
        return f"no trained run has {baseline}{have}; `python train.py -m {key}={value} seed=0,1,2` makes three"
    others = joined(sorted(trained - {setting_of(arm, key) or NOTHING for arm in chosen})) or "nothing else"
    another = "kcenter" if key == "sampler" else "<another>"
    return (
        f"no arm differs from {baseline} in {key} alone; beside it there is {others}. What compares: "
        f"`python train.py -m {key}={value},{another} seed=0,1,2`"
    )
