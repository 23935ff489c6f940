"""What the paper claims and asks (Chen et al. 2023), and the one question that it does not ask and should have."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from ltd.report import paper
from ltd.report.arms import Arm
from ltd.report.content import Tone
from ltd.report.contrasts import CHOOSING, Pair, pairs, pairs_with_untrained
from ltd.report.paper import CORESET, PaperContrast, PaperRow
from ltd.statistics.comparison import Comparison, holm

BY_CHANCE = ("random", "stratified")
"""Samplers that look at nothing, or only at where a prompt comes from: what a choice has to beat."""

Finder = Callable[[Sequence[Arm], Sequence[Arm]], list[Pair]]

Answer = Literal["supported", "contradicted", "no gain", "undecidable"]


@dataclass(frozen=True, eq=False)
class Claim:
    """A claim as a difference between two arms.

    Attributes
    ----------
    place : where the paper makes it.
    says : of the first arm against the second: that it is better, or only that it is not worse.
    rows : of the paper's table, that it rests on; None if the paper gives no numbers.
    pairs : our arms that bear on it, of all arms and those of the baseline.
    command : what makes runs that do.
    family : claims whose p-values are corrected together.
    by : how much better the claim says at least, as a share of questions.
    """

    id: str
    words: str
    place: str
    says: Literal["better", "not worse"]
    rows: tuple[PaperRow, PaperRow] | None
    pairs: Finder
    command: str
    family: str
    by: float = 0.0

    def answer(self, found: Comparison) -> Answer:
        """What a comparison of ours says of the claim.

        Of "better": ``supported`` if the interval lies above `by`, ``contradicted`` if below it, and, where the claim
        says no size, ``no gain`` if it holds 0 and no gain above the margin. Of "not worse": whether it lies above or
        below minus the margin.
        """
        low, high = found.interval
        if self.says == "not worse":
            answers: dict[str, Answer] = {"yes": "supported", "no": "contradicted"}
            return answers.get(found.not_worse(), "undecidable")
        if low > self.by:
            return "supported"
        if high < self.by:
            return "contradicted"
        return "no gain" if not self.by and high <= found.margin else "undecidable"

    def paper_verdict(self, found: PaperContrast) -> tuple[str, Tone]:
        """What the paper's own counts say of the claim: by its averages, and pooled where that is another answer."""
        if self.says == "not worse":
            return ("worse", "bad") if found.high < 0 else ("not to be told apart", "unsure")
        if found.low > self.by:
            return "shown, of one run each", "good"
        if found.high < self.by:
            return "contradicted", "bad"
        pooled = not self.by and found.pooled_p < 0.05 and found.pooled_difference > 0
        return "not shown by its averages" + ", only pooled" * pooled, "unsure"

    def statement(self) -> dict[str, Any]:
        """The claim and the paper's numbers, for JSON; shares of 1."""
        stated: dict[str, Any] = {
            name: getattr(self, name) for name in ("id", "words", "place", "says", "by", "command", "family")
        }
        if self.rows is None:
            return stated | {"paper": None}
        found = paper.paper_contrast(*self.rows)
        names = ("difference", "p", "pooled_difference", "pooled_p")
        return stated | {
            "paper": {
                "rows": [{"name": row.name, "average": row.average, "right": row.counts.tolist()} for row in self.rows],
                "questions": list(paper.QUESTIONS),
                **{name: getattr(found, name) for name in names},
                "interval": [found.low, found.high],
                "verdict": self.paper_verdict(found)[0],
            }
        }


def holm_of_claims(family: Sequence[tuple[Claim | None, Comparison]]) -> tuple[Comparison, ...]:
    """Holm's correction of comparisons that are each tested against what its claim says, others against 0."""
    gains = [0.0 if claim is None else claim.by for claim, _ in family]
    shifted = []
    for (_, comparison), by in zip(family, gains, strict=True):
        estimate = comparison.estimate.less(by)
        shifted.append(replace(comparison, estimate=estimate, adjusted_p_value=estimate.p_value()))
    return tuple(
        replace(corrected, estimate=comparison.estimate)
        for corrected, (_, comparison) in zip(holm(shifted), family, strict=True)
    )


def _rows(first: PaperRow, second: PaperRow) -> Finder:
    """Our counterparts of two rows, alike in all but what was chosen."""

    def find(arms: Sequence[Arm], baseline: Sequence[Arm]) -> list[Pair]:  # noqa: ARG001
        ours = [arm for arm in arms if paper.row_of(arm) == first]
        if second == paper.VANILLA:
            return pairs_with_untrained(ours, arms)
        theirs = [arm for arm in arms if paper.row_of(arm) == second]
        return pairs(ours, theirs, *CHOOSING, "pool.related", "instruction_mode")

    return find


def _small_against_untrained(arms: Sequence[Arm], baseline: Sequence[Arm]) -> list[Pair]:  # noqa: ARG001
    """Whatever was trained on at most the paper's share, chosen as in the paper, against the model as it was."""
    small = [arm for arm in _kcenter(arms) if arm.mode == "multi" and arm.fraction <= 1.01 * CORESET]
    return pairs_with_untrained(small, arms)


def _more_instructions(arms: Sequence[Arm], baseline: Sequence[Arm]) -> list[Pair]:  # noqa: ARG001
    """Each arm with more templates a data set against the fewest that there are of it, by the same sampler."""
    chosen = [arm for arm in arms if _n_instructions(arm) and arm.sampler != "all"]
    found = [pair for pair in _of_other_modes(chosen, chosen) if _n_instructions(pair[0]) > _n_instructions(pair[1])]
    fewest = {more: min(_n_instructions(one) for other, one in found if other is more) for more, _ in found}
    return [(more, fewer) for more, fewer in found if _n_instructions(fewer) == fewest[more]]


def _one_instruction(arms: Sequence[Arm], baseline: Sequence[Arm]) -> list[Pair]:  # noqa: ARG001
    """One template a data set against all of them, of what is related alone."""
    related = [arm for arm in arms if not arm.is_untrained and arm.settings["pool"]["related"] != ["*"]]
    one, every = ([arm for arm in related if _n_instructions(arm) == number] for number in (1, math.inf))
    return _of_other_modes(one, every)


def _of_other_modes(first: Sequence[Arm], second: Sequence[Arm]) -> list[Pair]:
    """Pairs that differ in how many templates there are, and not in how often an example comes."""

    def often(arm: Arm) -> Any:
        return arm.settings["instruction_mode"].get("per_example")

    return [pair for pair in pairs(first, second, "instruction_mode") if often(pair[0]) == often(pair[1])]


def _n_instructions(arm: Arm) -> float:
    """Templates a data set; 0 where that is not known."""
    if arm.mode == "few":
        return float(arm.settings["instruction_mode"]["k"])
    return {"fixed": 1.0, "multi": math.inf}.get(str(arm.mode), 0.0)


def _kcenter_against_others(arms: Sequence[Arm], baseline: Sequence[Arm]) -> list[Pair]:
    """The paper's sampler against each other that chooses, at each budget."""
    others = [arm for arm in arms if arm.sampler not in (None, "kcenter", "all", "random") and arm not in baseline]
    return pairs(_kcenter(arms), others, "sampler", "embedder", "distribution_centre")


def _kcenter_against_chance(arms: Sequence[Arm], baseline: Sequence[Arm]) -> list[Pair]:
    """The one planned contrast: at the paper's budget if there is one, else at the largest that both have."""
    by_chance = [arm for arm in baseline if arm.sampler in BY_CHANCE] or [
        arm for arm in arms if arm.sampler == "random"
    ]
    found = pairs(_kcenter(arms), by_chance, "sampler", "embedder", "distribution_centre")
    planned = [pair for pair in found if paper.row_of(pair[0]) == paper.KCENTER]
    return planned or sorted(found, key=lambda pair: -pair[0].examples)[:1]


def _kcenter(arms: Sequence[Arm]) -> list[Arm]:
    return [arm for arm in arms if arm.sampler == "kcenter" and not arm.is_untrained]


SEEDS = "seed=0,1,2"

CLAIMS = (
    Claim(
        "C1",
        "Less than 0.5% of the data does 2% better than the full task-related data",
        "abstract",
        "better",
        (paper.KCENTER, paper.RELATED),
        _rows(paper.KCENTER, paper.RELATED),
        f"python train.py -m experiment=paper/nli_coreset,paper/nli_related {SEEDS}",
        "paper",
        by=0.02,
    ),
    Claim(
        "C2",
        "0.5% of the data does better than all of it; the table's nearest to the abstract's 2%",
        "table, coreset against P3",
        "better",
        (paper.KCENTER, paper.P3),
        _rows(paper.KCENTER, paper.P3),
        f"python train.py -m experiment=paper/nli_coreset,paper/p3 {SEEDS}",
        "paper",
    ),
    Claim(
        "C3",
        "For one task, its own data does better than the data of all tasks",
        "table, NLI-related against P3",
        "better",
        (paper.RELATED, paper.P3),
        _rows(paper.RELATED, paper.P3),
        f"python train.py -m experiment=paper/nli_related,paper/p3 {SEEDS}",
        "paper",
    ),
    Claim(
        "C4",
        "One instruction a data set is nearly as good as all of them",
        "table, fixed instruction against P3",
        "not worse",
        (paper.FIXED, paper.P3),
        _rows(paper.FIXED, paper.P3),
        f"python train.py -m experiment=paper/fixed_instruction,paper/p3 {SEEDS}",
        "paper",
    ),
    Claim(
        "C5",
        "Training on 0.5% of the data does better than no training",
        "table, coreset against vanilla",
        "better",
        (paper.KCENTER, paper.VANILLA),
        _rows(paper.KCENTER, paper.VANILLA),
        f"python train.py -m experiment=paper/nli_coreset,paper/vanilla {SEEDS}",
        "paper",
    ),
    Claim(
        "D1",
        "The coreset does better than as many examples chosen at random",
        "nowhere: the paper has no such row",
        "better",
        None,
        _kcenter_against_chance,
        f"python train.py -m experiment=paper/nli_coreset,paper/nli_random {SEEDS}",
        "D1",
    ),
    Claim(
        "RQ1",
        "A task's model can be trained with 0.5% of the data and less",
        "research question 1",
        "better",
        (paper.KCENTER, paper.VANILLA),
        _small_against_untrained,
        "python train.py -m experiment=rq1",
        "RQ1",
    ),
    Claim(
        "RQ2",
        "More and more varied instructions do better, as many examples given",
        "research question 2",
        "better",
        None,
        _more_instructions,
        "python train.py -m experiment=rq2",
        "RQ2",
    ),
    Claim(
        "RQ3",
        "K-center does better than the other ways to choose",
        "research question 3",
        "better",
        None,
        _kcenter_against_others,
        "python train.py -m experiment=rq3",
        "RQ3",
    ),
    Claim(
        "RQ4",
        "For NLI one instruction is enough",
        "research question 4",
        "not worse",
        None,
        _one_instruction,
        "python train.py -m experiment=rq4",
        "RQ4",
    ),
)
