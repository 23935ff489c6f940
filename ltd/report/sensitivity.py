"""Does a verdict hold if one scores, averages, words or asks otherwise?"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from ltd.report.arms import Arm
from ltd.report.baseline import TONES
from ltd.report.content import Cell, Mark, Section, Table, Tone
from ltd.report.contrasts import Pair, versus
from ltd.report.figures import verdict_grid
from ltd.report.wording import NOTHING, counted, joined, points_cell
from ltd.statistics.comparison import Comparison, Verdict, holm
from ltd.statistics.outcomes import Outcomes
from ltd.variants import VARIANTS

REPORTED = "as reported"
SIGNS: Mapping[Verdict, str] = {"better": "better", "worse": "worse", "no difference": "none", "undecidable": "?"}


@dataclass(frozen=True)
class Way:
    """One way to come to a verdict.

    Attributes
    ----------
    arguments : of `versus`.
    """

    name: str
    arguments: Mapping[str, Any]

    def applies_to(self, arm: Arm) -> bool:
        """Whether it is another way for this arm, rather than the one it is reported by."""
        answers = arm.runs[0].answers
        if "variant" in self.arguments:
            return bool(self.arguments["variant"] != answers.ranked_by)
        if "template" in self.arguments:
            return self.arguments["template"] in answers.templates
        task = self.arguments.get("task")
        return task is None or (task in answers.tasks and len(answers.tasks) > 1)


@dataclass(frozen=True)
class Row:
    """One contrast, by every way; None where a way is none for it."""

    pair: Pair
    by_way: Mapping[str, Comparison | None]

    @property
    def name(self) -> str:
        return " against ".join(arm.name for arm in self.pair)

    @property
    def folders(self) -> tuple[Path, ...]:
        return tuple(folder for arm in self.pair for folder in arm.folders)

    @property
    def reported(self) -> Verdict:
        comparison = self.by_way[REPORTED]
        assert comparison is not None
        return comparison.verdict

    @property
    def others(self) -> dict[str, Verdict]:
        """The verdicts that are not the reported one, by way."""
        found = {way: comparison.verdict for way, comparison in self.by_way.items() if comparison is not None}
        return {way: verdict for way, verdict in found.items() if verdict != self.reported}

    @property
    def is_reversed(self) -> bool:
        """Whether it is better by one way and worse by another."""
        return {"better", "worse"} <= {self.reported, *self.others.values()}


def sensitivity(families: Sequence[Sequence[Pair]]) -> Section:
    """Every contrast by every way of scoring, averaging, wording and asking.

    Parameters
    ----------
    families : contrasts whose p-values are corrected together.
    """
    key, title = "sensitivity", "Sensitivity of the verdicts"
    families = [family for family in families if family]
    if not families:
        command = "`python train.py -m sampler=random,kcenter seed=0,1,2`"
        return Section(key, title, "", missing=f"there is no contrast whose verdict could change; {command} makes one")
    ways = list(_ways([arm for family in families for pair in family for arm in pair]))
    rows = [row for family in families for row in _rows(family, ways)]
    return Section(key, title, _lead(rows), (_table(rows, ways),), (_figure(rows, ways),), _notes(rows))


def without_task(task: str, outcomes: Outcomes) -> Outcomes:
    """All but one task's questions."""
    kept = [place for place, (name, *_) in enumerate(outcomes.questions) if name != task]
    questions = tuple(outcomes.questions[place] for place in kept)
    return Outcomes(
        outcomes.correct[:, kept], outcomes.seeds, questions, tuple(outcomes.groups[place] for place in kept)
    )


def _ways(arms: Sequence[Arm]) -> Iterator[Way]:
    yield Way(REPORTED, {})
    yield Way("pooled over questions", {"average": "pooled"})
    ranked_by = {arm.runs[0].answers.ranked_by for arm in arms}
    yield from (Way(f"score {name}", {"variant": name}) for name in VARIANTS if {name} != ranked_by)
    tasks = dict.fromkeys(task for arm in arms for task in arm.tasks)
    if len(tasks) > 1:
        yield from (Way(f"without {task}", {"task": task}) for task in tasks)
    if any(_has_several_templates(arm) for arm in arms):
        templates = dict.fromkeys(name for arm in arms for name in arm.runs[0].answers.templates)
        yield from (Way(f"template {name}", {"template": name}) for name in templates)


def _has_several_templates(arm: Arm) -> bool:
    used = {(task, template) for task, template, _ in arm.runs[0].answers.questions}
    return len(used) > len(arm.tasks)


def _rows(family: Sequence[Pair], ways: Sequence[Way]) -> list[Row]:
    by_way = {way.name: _compared(family, way) for way in ways}
    return [Row(pair, {way: found[place] for way, found in by_way.items()}) for place, pair in enumerate(family)]


def _compared(family: Sequence[Pair], way: Way) -> list[Comparison | None]:
    """The family's contrasts by one way, corrected for their number again."""
    arguments = {name: value for name, value in way.arguments.items() if name != "task"}
    if "task" in way.arguments:
        arguments["change"] = partial(without_task, way.arguments["task"])
    places = [place for place, pair in enumerate(family) if all(map(way.applies_to, pair))]
    tested = holm([versus(*family[place], **arguments) for place in places])
    found = dict(zip(places, tested, strict=True))
    return [found.get(place) for place in range(len(family))]


def _lead(rows: Sequence[Row]) -> str:
    decided = [row for row in rows if row.reported != "undecidable"]
    open_ = [row for row in rows if row.reported == "undecidable"]
    parts = []
    if decided:
        firm = sum(not row.others for row in decided)
        parts.append(f"Of {counted(len(decided), 'decided contrast')}, {_are(firm)} decided alike in every way.")
    if open_:
        loose = sum(bool(row.others) for row in open_)
        expected = ", as a few are expected to be by chance" * bool(loose)
        parts.append(
            f"Of {counted(len(open_), 'undecidable contrast')}, {_are(loose)} decided in some other way{expected}."
        )
    if reversed_ := [row.name for row in rows if row.is_reversed]:
        parts.append(f"Turned round, better by one way and worse by another: {joined(reversed_)}.")
    elif changing := [row.name for row in decided if row.others]:
        parts.append(f"Decided, but not alike in every way: {joined(changing)}.")
    else:
        parts.append("None is better by one way and worse by another.")
    return " ".join(parts)


def _table(rows: Sequence[Row], ways: Sequence[Way]) -> Table:
    lines = []
    for row in rows:
        n_ways = sum(comparison is not None for comparison in row.by_way.values())
        tone: Tone = "bad" if row.is_reversed else "unsure" if row.others else "plain"
        n_alike, folders = n_ways - len(row.others), row.folders
        holds = Cell(str(n_alike), n_alike, folders, tone, Mark(f" of {n_ways}", f"of {n_ways} ways"))
        cells = (_cell(row.by_way[way.name], folders) for way in ways)
        lines.append((Cell(row.name, sources=folders), holds, *cells))
    return Table(
        "sensitivity",
        "Each verdict by other ways to score, average, word and ask",
        ("contrast", "the reported verdict holds in", *(way.name for way in ways)),
        tuple(lines),
        frozenset(range(1, len(ways) + 2)),
        note="Differences in points, with the verdict: better, worse, none (no difference that matters), ? "
        "(undecidable); corrected within the family by every way. As reported is the average over tasks by the score "
        "that the runs ranked by.",
    )


def _cell(comparison: Comparison | None, folders: Sequence[Path]) -> Cell:
    if comparison is None:
        return Cell(NOTHING)
    verdict = comparison.verdict
    return points_cell(comparison.difference, folders, TONES[verdict], Mark(f" {SIGNS[verdict]}", verdict))


def _are(number: int) -> str:
    return f"{number or 'none'} {'are' if number > 1 else 'is'}"


def _notes(rows: Sequence[Row]) -> tuple[str, ...]:
    notes = []
    if not any(_has_several_templates(arm) for row in rows for arm in row.pair):
        notes.append(
            "Each task was asked through one template, so none was left to choose: `convention=t0` has several."
        )
    single = [row.name for row in rows if _is_single(row)]
    if single:
        notes.append(f"Verdicts about the very runs that there are, for lack of a second seed: {joined(single)}.")
    return tuple(notes)


def _is_single(row: Row) -> bool:
    comparison = row.by_way[REPORTED]
    return comparison is not None and comparison.conditional


def _figure(rows: Sequence[Row], ways: Sequence[Way]) -> Any:
    found = [[row.by_way[way.name] for way in ways] for row in rows]
    differences = [[math.nan if one is None else 100 * one.difference for one in line] for line in found]
    tones: list[list[Tone]] = [["plain" if one is None else TONES[one.verdict] for one in line] for line in found]
    caption = "Differences in points by each way to score, average, word and ask; the symbols are the verdicts."
    return verdict_grid(
        "sensitivity", caption, [row.name for row in rows], [way.name for way in ways], differences, tones
    )
