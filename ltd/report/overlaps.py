"""How much two arms' choices have in common, beside what choices at random would."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations_with_replacement

import numpy as np

from ltd.compare import Chosen, overlap
from ltd.errors import LtdError
from ltd.report import figures
from ltd.report.arms import Arm
from ltd.report.content import Cell, Figure, Table
from ltd.report.wording import share_cell


@dataclass(frozen=True)
class Shared:
    """What the choices of two arms, or of two seeds of one arm, have in common, on average over pairs of runs.

    Attributes
    ----------
    share, chance : of the shorter choice: in both / in both on average if both were random.
    """

    first: Arm
    second: Arm
    n_pairs: int
    share: float
    chance: float
    jaccard: float


def loaded_choices(arms: Sequence[Arm]) -> tuple[dict[Arm, list[Chosen]], list[str]]:
    """The saved choices of arms, and why others cannot be read: accuracies do not need them, so nothing stops."""
    loaded: dict[Arm, list[Chosen]] = {}
    unread = []
    for arm in arms:
        for run in arm.runs:
            try:
                loaded.setdefault(arm, []).append(Chosen.load(run.folder))
            except (LtdError, KeyError) as error:
                unread.append(f"{run.run_id} ({error})")
    return {arm: choices for arm, choices in loaded.items() if choices}, unread


def shared_choices(loaded: Mapping[Arm, Sequence[Chosen]]) -> list[Shared]:
    """Pairs of arms of one pool that were given the same budget, and each arm with itself, over its seeds."""
    pools = Counter(one[0].selection.pool_fingerprint for one in loaded.values())
    found = []
    for first, second in combinations_with_replacement(loaded, 2):
        same_pool = {loaded[arm][0].selection.pool_fingerprint for arm in (first, second)} == {
            pools.most_common(1)[0][0]
        }
        if same_pool and first.budget_word == second.budget_word:
            of_pair = [*_overlaps(loaded[first], loaded[second], first is second)]
            if of_pair:
                share, chance, jaccard = np.mean(of_pair, axis=0).tolist()
                found.append(Shared(first, second, len(of_pair), share, chance, jaccard))
    return found


def _overlaps(first: Sequence[Chosen], second: Sequence[Chosen], same: bool) -> Iterator[tuple[float, float, float]]:
    for place, one in enumerate(first):
        for other in second[place + 1 :] if same else second:
            pair = overlap(one, other, ("", ""), "")
            yield pair.share, pair.expected / pair.size, pair.jaccard


def overlap_table(shared: Sequence[Shared]) -> Table:
    rows = []
    for one in sorted(shared, key=lambda one: (one.first is not one.second, -one.share)):
        folders = tuple(dict.fromkeys((*one.first.folders, *one.second.folders)))
        other = "its other seeds" if one.first is one.second else one.second.name
        numbers = [share_cell(share, folders) for share in (one.share, one.chance)]
        pairs = Cell(str(one.n_pairs), one.n_pairs)
        rows.append(
            (Cell(one.first.name), Cell(other), pairs, *numbers, Cell(f"{one.jaccard:.3f}", one.jaccard, folders))
        )
    return Table(
        "overlap",
        "What choices have in common",
        ("choice of", "with", "pairs of runs", "in common (%)", "by chance (%)", "Jaccard"),
        tuple(rows),
        frozenset({2, 3, 4, 5}),
        note="Of the shorter choice, on average over pairs of runs; by chance is what two random choices have.",
    )


def overlap_figures(shared: Sequence[Shared]) -> list[Figure]:
    """Of the budget that most arms have."""
    between = [one for one in shared if one.first is not one.second]
    if not between:
        return []
    budgets = Counter(one.first.budget_word for one in between)
    word = max(between, key=lambda one: (budgets[one.first.budget_word], one.first.examples)).first.budget_word
    drawn = [one for one in shared if one.first.budget_word == word]
    arms = list(dict.fromkeys(arm for one in drawn for arm in (one.first, one.second)))
    values = np.eye(len(arms))
    for one in drawn:
        row, column = arms.index(one.first), arms.index(one.second)
        values[row, column] = values[column, row] = one.share
    caption = f"Share of the picks in common at {word}, on average over pairs of runs; on the diagonal, of two seeds."
    names = [arm.name for arm in arms]
    return [figures.overlap("overlap", caption, names, values.tolist(), "share of picks in common")]
