"""Tasks: each option is an evaluation set written as questions with answer choices and one gold answer."""

from __future__ import annotations

from typing import Protocol

from ltd.score import Question


class Task(Protocol):
    """An evaluation set.

    Attributes
    ----------
    name : the word it goes by in tables, metrics and W&B (``eval/<name>/accuracy``).
    """

    name: str

    def source(self) -> dict[str, object]:
        """Everything the questions depend on, as plain values; raises `DataError` if the data is missing."""
        ...

    def questions(self) -> list[Question]:
        """The questions, in the data set's order."""
        ...
