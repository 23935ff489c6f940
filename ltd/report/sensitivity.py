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
from ltd.report.claim_list import Answer, Claim, holm_of_claims
from ltd.report.content import Cell, Mark, Section, Table, Tone
from ltd.report.contrasts import Pair, versus
from ltd.report.figures import verdict_grid
from ltd.report.wording import NOTHING, counted, joined, points_cell
from ltd.statistics.comparison import MARGIN, Comparison, Verdict
from ltd.statistics.outcomes import Outcomes
from ltd.variants import VARIANTS

REPORTED = "as reported"

Said = Verdict | Answer
"""A verdict on two arms, or what it says of a claim."""

Contrast = tuple[Claim | None, Pair]
"""Two arms, and the claim that they are set against each other for; None beside the baseline."""

SIGNS: Mapping[Said, str] = {"no difference": "none", "undecidable": "?"}
"""As a cell has them, where it is not the verdict itself."""

OF_CLAIMS: Mapping[Answer, Tone] = {"supported": "good", "contradicted": "bad", "no gain": "plain"}

REVERSED = ({"better", "worse"}, {"supported", "contradicted"})


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
    """One contrast, by every way; None where a way is none for it.

    Attributes
    ----------
    claim : that the verdicts are about; None if they are about the arms alone.
    """

    claim: Claim | None
    pair: Pair
    by_way: Mapping[str, Comparison | None]

    @property
    def name(self) -> str:
        about = "" if self.claim is None else f"{self.claim.id}: "
        return about + " against ".join(arm.name for arm in self.pair)

    @property
    def folders(self) -> tuple[Path, ...]:
        return tuple(folder for arm in self.pair for folder in arm.folders)

    def said(self, comparison: Comparison) -> Said:
        """The comparison's verdict; of a claim, its answer."""
        return comparison.verdict if self.claim is None else self.claim.answer(comparison)

    def tone(self, comparison: Comparison) -> Tone:
        return (
            TONES[comparison.verdict] if self.claim is None else OF_CLAIMS.get(self.claim.answer(comparison), "unsure")
        )

    @property
    def reported(self) -> Said:
        comparison = self.by_way[REPORTED]
        assert comparison is not None
        return self.said(comparison)

    @property
    def others(self) -> dict[str, Said]:
        """The verdicts that are not the reported one, by way."""
        found = {way: self.said(comparison) for way, comparison in self.by_way.items() if comparison is not None}
        return {way: verdict for way, verdict in found.items() if verdict != self.reported}

    @property
    def is_reversed(self) -> bool:
        """Whether it is better (or supported) by one way and worse (or contradicted) by another."""
        return any(both <= {self.reported, *self.others.values()} for both in REVERSED)


def sensitivity(families: Sequence[Sequence[Contrast]], margin: float = MARGIN) -> Section:
    """Every contrast by every way of scoring, averaging, wording and asking.

    Parameters
    ----------
    families : contrasts whose p-values are corrected together, as they are where their verdicts are reported.
    margin : differences below it do not matter, as a share of questions.
    """
    key, title = "sensitivity", "Sensitivity of the verdicts"
    families = [family for family in families if family]
    if not families:
        command = "`python train.py -m sampler=random,kcenter seed=0,1,2`"
        return Section(key, title, "", missing=f"there is no contrast whose verdict could change; {command} makes one")
    ways = list(_ways([arm for family in families for _, pair in family for arm in pair]))
    rows = [row for family in families for row in _rows(family, ways, margin)]
    return Section(key, title, _lead(rows), (_table(rows, ways, margin),), (_figure(rows, ways),), _notes(rows))


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


def _rows(family: Sequence[Contrast], ways: Sequence[Way], margin: float) -> list[Row]:
    by_way = {way.name: _compared(family, way, margin) for way in ways}
    return [
        Row(claim, pair, {way: found[place] for way, found in by_way.items()})
        for place, (claim, pair) in enumerate(family)
    ]


def _compared(family: Sequence[Contrast], way: Way, margin: float) -> list[Comparison | None]:
    """The family's contrasts by one way, corrected for their number again."""
    arguments = {name: value for name, value in way.arguments.items() if name != "task"}
    if "task" in way.arguments:
        arguments["change"] = partial(without_task, way.arguments["task"])
    places = [place for place, (_, pair) in enumerate(family) if all(map(way.applies_to, pair))]
    contrasts = [family[place] for place in places]
    tested = holm_of_claims([(claim, versus(*pair, **arguments, margin=margin)) for claim, pair in contrasts])
    found = dict(zip(places, tested, strict=True))
    return [found.get(place) for place in range(len(family))]


def _lead(rows: Sequence[Row]) -> str:
    decided = [row for row in rows if row.reported != "undecidable"]
    open_ = [row for row in rows if row.reported == "undecidable"]
    parts = []
    if decided:
        firm = sum(not row.others for row in decided)
        parts.append(f"Of {counted(len(decided), 'decided verdict')}, {_are(firm)} the same in every way.")
    if open_:
        loose = sum(bool(row.others) for row in open_)
        expected = ", as a few are expected to be by chance" * bool(loose)
        parts.append(
            f"Of {counted(len(open_), 'undecidable verdict')}, {_are(loose)} decided in some other way{expected}."
        )
    if reversed_ := [row.name for row in rows if row.is_reversed]:
        parts.append(f"Turned round, better by one way and worse by another: {joined(reversed_)}.")
    elif changing := [row.name for row in decided if row.others]:
        parts.append(f"Decided, but not alike in every way: {joined(changing)}.")
    else:
        parts.append("None is better by one way and worse by another.")
    return " ".join(parts)


def _table(rows: Sequence[Row], ways: Sequence[Way], margin: float) -> Table:
    lines = []
    for row in rows:
        n_ways = sum(comparison is not None for comparison in row.by_way.values())
        tone: Tone = "bad" if row.is_reversed else "unsure" if row.others else "plain"
        n_alike, folders = n_ways - len(row.others), row.folders
        holds = Cell(str(n_alike), n_alike, folders, tone, Mark(f" of {n_ways}", f"of {n_ways} ways"))
        cells = (_cell(row, row.by_way[way.name]) for way in ways)
        lines.append((Cell(row.name, sources=folders), holds, *cells))
    return Table(
        "sensitivity",
        "Each verdict by other ways to score, average, word and ask",
        ("contrast", "the reported verdict holds in", *(way.name for way in ways)),
        tuple(lines),
        frozenset(range(1, len(ways) + 2)),
        note="Differences in points, with the verdict: better, worse, none (no difference above "
        f"{100 * margin:g} points), ? (undecidable); of a claim or question of the ledger, which its id begins, what "
        "it says there. Each way is corrected as the table is in which the verdict is reported: all arms beside the "
        "baseline together, each family of claims by itself, D1 not at all. As reported is the average over tasks by "
        "the score that the runs ranked by.",
    )


def _cell(row: Row, comparison: Comparison | None) -> Cell:
    if comparison is None:
        return Cell(NOTHING)
    said = row.said(comparison)
    mark = Mark(f" {SIGNS.get(said, said)}", said)
    return points_cell(comparison.difference, row.folders, row.tone(comparison), mark)


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
    tones: list[list[Tone]] = [
        ["plain" if one is None else row.tone(one) for one in line] for row, line in zip(rows, found, strict=True)
    ]
    caption = "Differences in points by each way to score, average, word and ask; the symbols are the verdicts."
    return verdict_grid(
        "sensitivity", caption, [row.name for row in rows], [way.name for way in ways], differences, tones
    )
