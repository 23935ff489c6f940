"""What a run answered, as columns: `TaskScore` for statistics, which ask for all runs at once and for no text."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from ltd.errors import DataError
from ltd.variants import VARIANTS

ASKED = ("task", "template", "question_id", "group", "prompt", "choice", "choice_text", "gold")
SCORES = tuple(f"score_{variant}" for variant in VARIANTS)


@dataclass(frozen=True, eq=False)
class Answers:
    """What a table of predictions says of each question.

    Attributes
    ----------
    questions : (n_questions,) task, template and id of each.
    groups : (n_questions,) what a question shares with others.
    gold : (n_questions,) index of each right choice.
    predicted : by variant, (n_questions,) index of the choice with the highest score, the lowest among equals.
    ranked_by : the variant that the run itself ranked by.
    key : equal for the same questions, in words, choices and right answers.
    """

    questions: tuple[tuple[str, str, str], ...]
    groups: tuple[str, ...]
    gold: NDArray[np.int64]
    predicted: Mapping[str, NDArray[np.int64]]
    ranked_by: str
    key: str

    @classmethod
    def read(cls, path: Path) -> Answers:
        """The answers in a file of predictions.

        Raises
        ------
        DataError
            If it cannot be read, or is not one.
        """
        try:
            table = pq.read_table(path, columns=[*ASKED, *SCORES, "ranked_by"])
        except (OSError, pa.ArrowException) as error:
            raise DataError(f"{path} holds no readable predictions ({str(error).splitlines()[0]})") from error
        if table.num_rows == 0:
            raise DataError(f"{path} holds no predictions; do the run again with force=true")
        return cls._of(table)

    @classmethod
    def _of(cls, table: pa.Table) -> Answers:
        starts = np.flatnonzero(table["choice"].to_numpy() == 0)  # a question begins wherever a choice 0 stands
        first = table.select(["task", "template", "question_id", "group", "gold"]).take(starts)
        columns = {name: first[name].to_pylist() for name in ("task", "template", "question_id", "group")}
        digest = hashlib.sha256()
        for name in ASKED:
            digest.update("\0".join(map(str, table[name].to_pylist())).encode() + b"\1")
        return cls(
            questions=tuple(zip(columns["task"], columns["template"], columns["question_id"], strict=True)),
            groups=tuple(columns["group"]),
            gold=first["gold"].to_numpy().astype(np.int64),
            predicted={name: highest(table[f"score_{name}"].to_numpy(), starts) for name in VARIANTS},
            ranked_by=table["ranked_by"][0].as_py(),
            key=digest.hexdigest()[:16],
        )

    def correct(self, variant: str | None = None) -> NDArray[np.bool_]:
        """(n_questions,) whether each was answered right, by a variant, by default the one that the run ranked by."""
        correct: NDArray[np.bool_] = self.predicted[variant or self.ranked_by] == self.gold
        return correct

    def is_alike(self, other: Answers) -> bool:
        """Whether every question was answered as the other run answered it."""
        return self.key == other.key and np.array_equal(
            self.predicted[self.ranked_by], other.predicted[other.ranked_by]
        )

    @cached_property
    def tasks(self) -> tuple[str, ...]:
        """The tasks, in the order in which they first occur."""
        return tuple(dict.fromkeys(task for task, *_ in self.questions))

    @cached_property
    def templates(self) -> tuple[str, ...]:
        """The templates of all tasks, in the order in which they first occur."""
        return tuple(dict.fromkeys(template for _, template, _ in self.questions))


def highest(scores: NDArray[np.float64], starts: NDArray[np.int64]) -> NDArray[np.int64]:
    """(n_questions,) place of the highest score of each question, whose choices begin at ``starts``.

    >>> highest(np.array([0.0, 2.0, 2.0, 5.0, 1.0]), np.array([0, 3])).tolist()
    [1, 0]
    """
    lengths = np.diff(starts, append=len(scores))
    is_highest = scores == np.repeat(np.maximum.reduceat(scores, starts), lengths)
    places = np.where(is_highest, np.arange(len(scores)), len(scores))
    return np.asarray(np.minimum.reduceat(places, starts) - starts, dtype=np.int64)
