"""The evaluation sets of the generated corpus, one for each column of the paper's table."""

from __future__ import annotations

from ltd.corpus.instructions import EVALUATIONS
from ltd.corpus.prompts import VERSION, questions
from ltd.errors import SettingsError, unknown_name
from ltd.score import Question


class Fragments:
    """Questions in words that the pool does not have.

    Parameters
    ----------
    part : ``two_way``, ``embedded``, ``round_1``, ``round_2`` or ``round_3``.
    seed : of the corpus; the run's own seed changes nothing here.
    """

    def __init__(self, name: str, part: str, n_questions: int, seed: int = 0) -> None:
        if part not in EVALUATIONS:
            raise SettingsError(unknown_name("part of the task fragments", part, EVALUATIONS))
        self.name = name
        self.part = part
        self.n_questions = n_questions
        self.seed = seed

    def source(self) -> dict[str, object]:
        return {
            "task": "fragments",
            "version": VERSION,
            "part": self.part,
            "n_questions": self.n_questions,
            "seed": self.seed,
        }

    def questions(self) -> list[Question]:
        return questions(self.part, self.n_questions, self.seed)
