"""A labelled data set as multiple-choice questions: every row in one format, the label as the number of a choice."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from string import Formatter

from ltd.errors import DataError
from ltd.example import content_key
from ltd.parquet import read_batches
from ltd.repository import HubRepository, LocalFolder
from ltd.score import Question

Row = dict[str, object]


@dataclass
class MultipleChoice:
    """Questions from a Parquet file of a local mirror or of the hub.

    Attributes
    ----------
    template : the name that `prompt` goes by in predictions.
    prompt : the question, with columns in braces: ``{premise}\\nQuestion: {hypothesis} True or False?\\nAnswer:``. What
        stands in the columns goes in as it is.
    choices : the answers in the order of the labels, so that label 0 means the first; columns in braces here too.
    split : goes into both file names where they have ``{split}``.
    path : folder of a mirror that holds `file`; None reads `hub_file` of `repository` at `revision` on the hub.
    label_column : integers that count the choices from 0.
    id_column : unique names of the rows; None numbers them from 0.
    group_column : what rows share whose answers are not independent, as the premise; None for nothing.
    """

    name: str
    template: str
    prompt: str
    choices: Sequence[str]
    split: str
    file: str
    repository: str
    hub_file: str
    revision: str
    path: str | None = None
    label_column: str = "label"
    id_column: str | None = None
    group_column: str | None = None

    def source(self) -> dict[str, object]:
        """The questions' own content, so that mirror and hub count as the same if their rows are."""
        questions = [asdict(question) for question in self.questions()]
        return {"task": self.name, "split": self.split, "questions": content_key(questions)}

    def questions(self) -> list[Question]:
        path = self._file()
        questions = [
            self._question(row, f"{path}, row {number}", number) for number, row in enumerate(self._rows(path))
        ]
        if not questions:
            raise DataError(f"{path} has no rows")
        if len({question.id for question in questions}) < len(questions):
            raise DataError(f"{path} has rows with the same {self.id_column}; set task.{self.name}.id_column=null")
        return questions

    def _file(self) -> Path:
        file, hub_file = self.file.format(split=self.split), self.hub_file.format(split=self.split)
        remedy = f"set LTD_DATA or task.{self.name}.path to a folder that holds {file}"
        if self.path is None:
            return HubRepository(self.repository, self.revision, remedy).file(hub_file)
        return LocalFolder(self.path, remedy).file(file)

    def _rows(self, path: Path) -> Iterator[Row]:
        formats = (self.prompt, *self.choices)
        named = [field for text in formats for _, field, _, _ in Formatter().parse(text) if field is not None]
        special = (self.label_column, self.id_column, self.group_column)
        columns = dict.fromkeys([*named, *(column for column in special if column)])
        for batch in read_batches(path, list(columns)):
            yield from batch.to_pylist()

    def _question(self, row: Row, place: str, number: int) -> Question:
        _refuse_blank(row, place)
        label = row[self.label_column]
        if not isinstance(label, int) or not 0 <= label < len(self.choices):
            raise DataError(
                f"{place}: {self.label_column} is {label!r}, not one of 0 to {len(self.choices) - 1} "
                f"(test splits often come without labels); choose another with task.{self.name}.split="
            )
        identity = str(number if self.id_column is None else row[self.id_column])
        return Question(
            id=identity,
            text=self.prompt.format_map(row),
            choices=tuple(choice.format_map(row) for choice in self.choices),
            gold=int(label),
            template=self.template,
            group=identity if self.group_column is None else _digest(str(row[self.group_column])),
        )


def _refuse_blank(row: Row, place: str) -> None:
    for column, value in row.items():
        if value is None or (isinstance(value, str) and not value.strip()):
            raise DataError(f"{place}: nothing in column {column}")


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]
