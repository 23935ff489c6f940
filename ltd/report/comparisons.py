"""Every arm against the baseline of equal budget, on the same questions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ltd.errors import SettingsError
from ltd.report.arms import Arm
from ltd.report.content import Cell, Figure, Section, Table, Tone
from ltd.report.contrasts import Pair, pairs, versus
from ltd.report.figures import Contrast, forest
from ltd.report.wording import NOTHING, counted, joined, number_cell, p_words, points
from ltd.settings import choice_name
from ltd.statistics.comparison import Comparison, Verdict, holm

TONES: Mapping[Verdict, Tone] = {"better": "good", "worse": "bad", "no difference": "plain", "undecidable": "unsure"}

UNEQUAL = 0.05
"""Share by which budgets may differ and still be called equal."""

USED_BY_SAMPLER = ("embedder", "distribution_centre")
"""Settings that a sampler such as random does not look at; arms that differ in these are still a pair."""

HOW = """The difference is the arm's accuracy less the baseline's, averaged over tasks, in percentage points. Its \
interval covers other seeds and other questions (by shared premise). It is at the level at which Holm's correction \
tests it, so that it leaves out 0 exactly where the verdict is better or worse; where no arm differs, a report names \
one better or worse in at most 5 of 100 cases. "Could be seen": the smallest true difference that so many seeds and \
questions would show in 80 of 100 such studies."""

VERDICTS = """Better, worse: the interval lies on one side of 0. No difference larger than x: it holds 0 and no \
difference above {margin:g} points, in either direction. Undecidable: neither; more seeds or questions are needed, or \
the difference is too small for them."""

CHECKS = """For readers who look for them; no verdict rests on these. McNemar's exact test asks of each pair of runs \
whether one got more of the questions right that only one of them did; it takes questions as independent and says \
nothing of other seeds. Over pairs: twice the mean p, at most 1. The plain hierarchical bootstrap (seeds, then shared \
premises, then questions; 2,000 resamples; at the level of the interval above) is too narrow with few seeds."""


@dataclass(frozen=True, eq=False)
class Compared:
    """An arm and its baseline, and how they compare."""

    arm: Arm
    baseline: Arm
    comparison: Comparison

    @property
    def unequal(self) -> dict[str, float]:
        """By what share the arm's budget is larger (or smaller, below 0), where that is more than `UNEQUAL`."""
        spent = {
            "examples": (self.arm.examples, self.baseline.examples),
            "tokens": (self.arm.tokens, self.baseline.tokens),
            "tokens trained on": (self.arm.trained_tokens, self.baseline.trained_tokens),
        }
        shares = {unit: ours / theirs - 1 for unit, (ours, theirs) in spent.items() if ours is not None and theirs}
        return {unit: share for unit, share in shares.items() if abs(share) > UNEQUAL}

    @property
    def words(self) -> str:
        """The verdict, and what it is about if that is not any seed."""
        return f"{self.comparison.words}{' (of these runs)' if self.comparison.conditional else ''}"


def baseline_arms(arms: Sequence[Arm], baseline: str) -> list[Arm]:
    """The trained arms that a baseline such as ``sampler=random`` names.

    Raises
    ------
    SettingsError
        If it is no setting and value.
    """
    key, equals, value = baseline.partition("=")
    if not equals or not value:
        raise SettingsError(f"a baseline is a setting and its value, such as sampler=random, not '{baseline}'")
    trained = [arm for arm in arms if not arm.is_untrained]
    if trained and not any(key in arm.settings for arm in trained):
        valid = ", ".join(sorted({name for arm in trained for name in arm.settings}))
        raise SettingsError(f"arms have no setting '{key}' that could be a baseline; they have {valid}")
    return [arm for arm in trained if _value(arm, key) == value]


def baseline_pairs(arms: Sequence[Arm], baseline: str) -> list[Pair]:
    """Each trained arm with the baseline that differs from it in the baseline's setting alone; some have none."""
    key, chosen = baseline.partition("=")[0], baseline_arms(arms, baseline)
    others = [arm for arm in arms if arm not in chosen and not arm.is_untrained]
    also = USED_BY_SAMPLER if key == "sampler" else ()
    found: dict[Arm, Pair] = {}
    for pair in (*pairs(others, chosen, key), *pairs(others, chosen, key, *also)):
        found.setdefault(pair[0], pair)
    return [found[arm] for arm in others if arm in found]


def compare_with_baseline(arms: Sequence[Arm], baseline: str) -> tuple[Compared, ...]:
    """All pairs, as one family for Holm's correction."""
    found = baseline_pairs(arms, baseline)
    tested = holm([versus(arm, other) for arm, other in found])
    return tuple(Compared(*pair, comparison) for pair, comparison in zip(found, tested, strict=True))


def comparisons(arms: Sequence[Arm], baseline: str = "sampler=random") -> Section:
    """Whether each arm is better than the baseline at equal budget."""
    found = compare_with_baseline(arms, baseline)
    key, title = "comparisons", f"Better than {_name(baseline)}?"
    if not found:
        return Section(key, title, "", missing=_missing(arms, baseline))
    notes = (HOW, VERDICTS.format(margin=100 * found[0].comparison.margin), *_notes(arms, found, baseline))
    tables = (_verdict_table(found, baseline), _check_table(found))
    return Section(key, title, _lead(found, baseline), tables, (_figure(found, baseline),), notes)


def _lead(found: Sequence[Compared], baseline: str) -> str:
    by_verdict: dict[Verdict, list[str]] = {}
    for one in found:
        by_verdict.setdefault(one.comparison.verdict, []).append(one.arm.name)
    words: dict[Verdict, str] = {
        "better": "better",
        "worse": "worse",
        "no difference": "with no difference that matters",
        "undecidable": "undecidable with these seeds and questions",
    }
    parts = [f"{len(names)} {words[verdict]} ({joined(names)})" for verdict, names in by_verdict.items()]
    least, most = (pick(one.comparison.detectable for one in found) for pick in (min, max))
    seen = f"{100 * least:.1f}" if f"{least:.3f}" == f"{most:.3f}" else f"{100 * least:.1f} to {100 * most:.1f}"
    return (
        f"Of {counted(len(found), 'comparison')} with {_name(baseline)} at equal budget: {'; '.join(parts)}. "
        f"What so many seeds and questions could have seen is a difference of {seen} points."
    )


def _verdict_table(found: Sequence[Compared], baseline: str) -> Table:
    name = _name(baseline)
    columns = (
        "arm",
        "against",
        "seeds",
        "examples",
        "difference (points)",
        "interval",
        "p, corrected",
        "could be seen",
    )
    return Table(
        name="comparisons",
        title=f"Difference to {name} at equal budget",
        columns=(*columns, "verdict", "budget"),
        rows=tuple(_verdict_row(one) for one in found),
        numeric=frozenset(range(2, 8)),
        note="Of the average over tasks; intervals and p-values are corrected for the number of lines.",
    )


def _verdict_row(one: Compared) -> tuple[Cell, ...]:
    comparison, folders = one.comparison, (*one.arm.folders, *one.baseline.folders)
    low, high = comparison.interval
    unequal = [f"{unit} {100 * share:+.0f}%" for unit, share in one.unequal.items()]
    return (
        Cell(one.arm.name, sources=one.arm.folders),
        Cell(one.baseline.name, sources=one.baseline.folders),
        Cell(_seeds(comparison), min(comparison.n_runs), folders),
        number_cell(one.arm.examples, one.arm.folders),
        Cell(points(comparison.difference), 100 * comparison.difference, folders),
        Cell(f"{points(low)} to {points(high)}", sources=folders),
        Cell(p_words(comparison.adjusted_p_value), comparison.adjusted_p_value, folders),
        Cell(f"{100 * comparison.detectable:.1f}", 100 * comparison.detectable, folders),
        Cell(one.words, sources=folders, tone=TONES[comparison.verdict]),
        Cell(joined(unequal) or "equal", sources=folders, tone="unsure" if unequal else "plain"),
    )


def _seeds(comparison: Comparison) -> str:
    ours, theirs = comparison.n_runs
    return str(ours) if comparison.seeds else f"{ours} and {theirs}, unmatched"


def _check_table(found: Sequence[Compared]) -> Table:
    columns = ("arm", "p, uncorrected", "only the arm : only the baseline right", "McNemar's p", "p over pairs")
    rows = []
    for one in found:
        comparison, folders = one.comparison, (*one.arm.folders, *one.baseline.folders)
        low, high = comparison.bootstrap
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
                Cell(f"{points(low)} to {points(high)}", sources=folders),
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
            tone=TONES[one.comparison.verdict],
            verdict=one.words,
            group=one.arm.budget_word,
        )
        for one in sorted(found, key=lambda one: one.arm.tokens)
    ]
    ordered = [row for group in dict.fromkeys(row.group for row in rows) for row in rows if row.group == group]
    caption = f"Differences to {_name(baseline)} at equal budget, with the intervals that the verdicts rest on."
    return forest("comparisons", caption, ordered, _name(baseline))


def _notes(arms: Sequence[Arm], found: Sequence[Compared], baseline: str) -> list[str]:
    notes = []
    if any(one.comparison.conditional for one in found):
        notes.append(
            '"Of these runs": an arm has one seed only. How much another seed would change is unknown, and the verdict '
            "is about the very models that were trained; seed=0,1,2 makes it one about the choice."
        )
    two = [one.arm.name for one in found if not one.comparison.conditional and min(one.comparison.n_runs) == 2]
    if two:
        notes.append(f"Two seeds say next to nothing about a third: {joined(two)} can hardly be decided.")
    left = sum(one.comparison.n_left_out for one in found)
    if left:
        notes.append(f"{counted(left, 'run')} had no partner with the same seed and are left out of the differences.")
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
    trained = {_value(arm, key) or NOTHING for arm in arms if not arm.is_untrained}
    if not chosen:
        have = f"; there are {joined(sorted(trained))}" if trained else ""
        return f"no trained run has {baseline}{have}; `python train.py -m {key}={value} seed=0,1,2` makes three"
    others = joined(sorted(trained - {value})) or "nothing else"
    return (
        f"no arm differs from {baseline} in {key} alone; beside it there is {others}. Compare at equal budget: "
        f"`python train.py -m {key}={value},kcenter seed=0,1,2`"
    )


def _name(baseline: str) -> str:
    return baseline.partition("=")[2]


def _value(arm: Arm, key: str) -> str | None:
    value = arm.settings.get(key)
    return (
        choice_name(value) if isinstance(value, dict) and "_target_" in value else None if value is None else str(value)
    )
