"""The claim ledger: what the paper claims, what its own numbers say of it, and what ours do."""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ltd.atomic import write_json
from ltd.report import paper
from ltd.report.arms import Arm
from ltd.report.baseline import SINGLE
from ltd.report.claim_list import CLAIMS, Claim, holm_of_claims
from ltd.report.content import Cell, Section, Table, Tone
from ltd.report.contrasts import Pair, versus
from ltd.report.results_table import CAPPED, CONSTANT, constant_tasks
from ltd.report.wording import NOTHING, joined, p_words, points, points_cell, points_interval_cell
from ltd.statistics.comparison import MARGIN, Comparison

NOT_TESTED = "not tested here"
UNDECIDABLE = "undecidable at this power"
OF_CAPPED = ", of a capped run"

NO_GAIN = "no gain above"

OURS = """Averages over the same questions and matched seeds. p is corrected within the family of the claim (C1 to \
C5; D1 and each question their own), and the interval is at the level that this correction leaves: the same two arms \
have a narrower one here than in a table of more comparisons, and D1, the one contrast planned beforehand, is not \
corrected at all. Detectable is the smallest true difference that so many questions and seeds would show in 80 of 100 \
such studies. C1 names a gain of 2 points, and it and its p are held to that: supported above, contradicted below. Any \
other claim of being better is supported by an interval above 0 and contradicted by one below; where it holds 0 and \
nothing above {margin:g} points, there is no gain above its end. A claim of not being worse is held to {margin:g} \
points, too. {capped} stopped at the cap on training tokens before all that was chosen had been seen: a verdict on it \
is not one on all the data that the claim is about. {constant} gave one answer to all questions of every task, in a \
run at least."""

THEIRS = """Each percentage of the paper's table is a whole count of 277, 56, 1,000, 1,000 and 1,200 questions. The \
test of the averages counts its five columns alike; pooled are all 3,533 questions (chi-squared). Both take two rows \
as independent and know of one run each: how much another seed would differ is in neither."""

TONES: dict[str, Tone] = {"supported": "good", "contradicted": "bad"}


@dataclass(frozen=True, eq=False)
class Finding:
    """A claim, and one of our contrasts that bears on it.

    Attributes
    ----------
    arms, comparison : None if no runs of this report bear on it.
    """

    claim: Claim
    arms: Pair | None = None
    comparison: Comparison | None = None

    @property
    def verdict(self) -> str:
        """``supported``, ``contradicted``, `NO_GAIN` so many points, `UNDECIDABLE` or `NOT_TESTED`; what limits it.

        An arm that saw less than it stands for cannot decide a claim about all of that, nor one seed any claim.
        """
        answer, comparison, arms = self._answer, self.comparison, self.arms
        if comparison is None or arms is None or answer == UNDECIDABLE:
            return answer
        return answer + OF_CAPPED * any(arm.is_cut_short for arm in arms) + SINGLE * comparison.conditional

    @property
    def _answer(self) -> str:
        if self.comparison is None:
            return NOT_TESTED
        answer = self.claim.answer(self.comparison)
        if answer == "no gain":
            return f"{NO_GAIN} {math.ceil(1000 * self.comparison.interval[1]) / 10:.1f} points"
        return UNDECIDABLE if answer == "undecidable" else answer

    @property
    def tone(self) -> Tone:
        """Sure of a verdict without limits alone."""
        if self.comparison is None or (self.verdict == self._answer and self.verdict.startswith(NO_GAIN)):
            return "plain"
        return TONES.get(self.verdict, "unsure")

    @property
    def folders(self) -> tuple[Path, ...]:
        return () if self.arms is None else tuple(folder for arm in self.arms for folder in arm.folders)


def findings(arms: Sequence[Arm], baseline: Sequence[Arm], margin: float = MARGIN) -> list[Finding]:
    """Every claim with each contrast of ours that bears on it, corrected within its family.

    Parameters
    ----------
    margin : differences below it do not matter, as a share of questions.
    """
    families: dict[str, list[tuple[Claim, Pair]]] = {}
    for claim in CLAIMS:
        families.setdefault(claim.family, []).extend((claim, pair) for pair in claim.pairs(arms, baseline))
    tested = {
        family: holm_of_claims([(claim, versus(*pair, margin=margin)) for claim, pair in members])
        for family, members in families.items()
    }
    found = [
        Finding(claim, pair, comparison)
        for family, members in families.items()
        for (claim, pair), comparison in zip(members, tested[family], strict=True)
    ]
    return [one for claim in CLAIMS for one in ([one for one in found if one.claim is claim] or [Finding(claim)])]


def claims(found: Sequence[Finding], margin: float = MARGIN) -> Section:
    """The ledger as a section; ``margin`` is the one that `findings` had."""
    tables = (_table(found, margin), _paper_table(found))
    return Section("claims", "The claim ledger", _lead(found), tables, notes=_notes(found))


def write_claims(found: Sequence[Finding], folder: Path, margin: float = MARGIN) -> Path:
    """Write ``claims.json``: each claim with its findings, whose runs are told from the report's folder on.

    Parameters
    ----------
    margin : the one that `findings` had, as a share of questions.
    """
    statements = [
        claim.statement() | {"ours": [_statement(one, folder) for one in found if one.claim is claim and one.arms]}
        for claim in dict.fromkeys(one.claim for one in found)
    ]
    verdicts = {claim["id"]: [one["verdict"] for one in claim["ours"]] or [NOT_TESTED] for claim in statements}
    write_json(folder / "claims.json", {"margin": margin, "verdicts": verdicts, "claims": statements})
    return folder / "claims.json"


def _statement(one: Finding, folder: Path) -> dict[str, Any]:
    comparison, arms = one.comparison, one.arms
    assert comparison is not None
    assert arms is not None
    low, high = comparison.interval
    return {
        "arm": arms[0].name,
        "against": arms[1].name,
        "difference": comparison.difference,
        "interval": [low, high],
        "level": comparison.level,
        "p_value": comparison.estimate.p_value(one.claim.by),
        "adjusted_p_value": comparison.adjusted_p_value,
        "mcnemar_p_value": comparison.mcnemar_p_value,
        "smallest_detectable": comparison.detectable,
        "seeds": list(comparison.seeds),
        "only_about_these_runs": comparison.conditional,
        "stopped_at_cap": [arm.name for arm in arms if arm.is_capped],
        "not_all_seen": [arm.name for arm in arms if arm.is_cut_short],
        "one_answer_to_all": [arm.name for arm in arms if _is_constant(arm)],
        "verdict": one.verdict,
        "runs": [[_from(folder, run) for run in arm.folders] for arm in arms],
    }


def _from(folder: Path, run: Path) -> str:
    """As the page has it: it still holds if both are moved together."""
    return Path(os.path.relpath(run.resolve(), folder.resolve())).as_posix()


def _table(found: Sequence[Finding], margin: float) -> Table:
    columns = ("id", "claim", "verdict", "our contrast", "ours (points)", "interval", "p (Holm)", "detectable (points)")
    rows, before = [], None
    for one in found:
        claim = [Cell(one.claim.id), Cell(one.claim.words)] if one.claim is not before else [Cell("")] * 2
        rows.append((*claim, *_our_cells(one)))
        before = one.claim
    return Table(
        "claims",
        "Each claim, and what these runs say of it",
        columns,
        tuple(rows),
        frozenset({4, 5, 6, 7}),
        note=OURS.format(margin=100 * margin, capped=CAPPED.sign, constant=CONSTANT.sign),
    )


def _our_cells(one: Finding) -> list[Cell]:
    if one.comparison is None or one.arms is None:
        return [Cell(NOT_TESTED), Cell(f"`{one.claim.command}`"), *[Cell(NOTHING)] * 4]
    comparison, folders = one.comparison, one.folders
    names = [arm.name + CAPPED.sign * arm.is_cut_short + CONSTANT.sign * _is_constant(arm) for arm in one.arms]
    return [
        Cell(one.verdict, sources=folders, tone=one.tone),
        Cell(" against ".join(names), sources=folders),
        points_cell(comparison.difference, folders),
        points_interval_cell(comparison.interval, folders),
        Cell(p_words(comparison.adjusted_p_value), comparison.adjusted_p_value, folders),
        Cell(f"{100 * comparison.detectable:.1f}", 100 * comparison.detectable, folders),
    ]


def _is_constant(arm: Arm) -> bool:
    return len(constant_tasks(arm)) == len(arm.tasks)


def _paper_table(found: Sequence[Finding]) -> Table:
    columns = (
        "id",
        "where the paper makes it",
        "the paper's averages (%)",
        "difference (points)",
        "95% interval",
        "p",
        "pooled (points)",
        "p, pooled",
        "by its own counts",
    )
    claims_ = dict.fromkeys(one.claim for one in found)
    return Table(
        "paper_claims",
        "What the paper's own counts say of each claim",
        columns,
        tuple(_paper_row(claim) for claim in claims_),
        frozenset(range(2, 8)),
        note=THEIRS,
    )


def _paper_row(claim: Claim) -> tuple[Cell, ...]:
    begin = (Cell(claim.id), Cell(claim.place))
    if claim.rows is None:
        return (*begin, *[Cell(NOTHING)] * 6, Cell("no numbers published"))
    first, second = claim.rows
    found = paper.paper_contrast(first, second)
    verdict, tone = claim.paper_verdict(found)
    return (
        *begin,
        Cell(f"{first.average:.2f} - {second.average:.2f}"),
        points_cell(found.difference),
        points_interval_cell((found.low, found.high)),
        Cell(p_words(found.p), found.p),
        points_cell(found.pooled_difference),
        Cell(p_words(found.pooled_p), found.pooled_p),
        Cell(verdict, tone=tone),
    )


def _equal(p: float) -> str:
    words = p_words(p)
    return words if words.startswith("<") else f"= {words}"


def _lead(found: Sequence[Finding]) -> str:
    by_claim: dict[str, list[str]] = {}
    for one in found:
        by_claim.setdefault(one.claim.id, []).append(one.verdict)
    groups: dict[str, list[str]] = {}
    for claim, verdicts in by_claim.items():
        groups.setdefault(verdicts[0] if len({*verdicts}) == 1 else "mixed", []).append(claim)
    order = ("supported", "contradicted", NO_GAIN, "mixed", UNDECIDABLE, NOT_TESTED)
    ordered = sorted(groups, key=lambda verdict: next(n for n, word in enumerate(order) if verdict.startswith(word)))
    parts = [f"{joined(groups[verdict])} {verdict}" for verdict in ordered]
    return f"Of {len(by_claim)} claims and questions, by these runs: {'; '.join(parts)}."


def _notes(found: Sequence[Finding]) -> tuple[str, ...]:
    contradiction = paper.paper_contrast(paper.KCENTER, paper.RELATED)
    other = paper.paper_contrast(paper.KCENTER, paper.P3)
    notes = [
        "The abstract and the table contradict each other. The abstract says that 0.5% of the data does 2% better than "
        f"the full task-related data; in the table the coreset is {points(contradiction.difference)} points from "
        f"'{paper.RELATED.name}' (p {_equal(contradiction.p)}), and {points(other.difference)} from '{paper.P3.name}', "
        f"which is not the task-related data. Of the latter the average says p {_equal(other.p)}: its CB column has 56 "
        f"questions and a fifth of the weight; all questions pooled say {points(other.pooled_difference)}, "
        f"p {_equal(other.pooled_p)}.",
        "No line of the paper's table can tell choosing from chance: it has no row with as many examples chosen at "
        "random. That is D1.",
    ]
    if any(one.comparison is not None and one.comparison.conditional for one in found):
        notes.append(
            "Contrasts with a single seed on a side are about those very runs, not about others of their kind."
        )
    return tuple(notes)
