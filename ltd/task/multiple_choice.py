"""A labelled data set as multiple-choice questions: each row in one prompt or several, its label as a choice's number.

Which prompts is the convention: ``single``, one that is named; ``lm_eval``, lm-evaluation-harness's own and its split;
``t0``, all of promptsource's templates that keep the data set's own task, as T0 was evaluated (Sanh et al. 2022).
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

from ltd.errors import DataError, SettingsError, unknown_name
from ltd.example import content_key
from ltd.repository import HubRepository, LocalFolder
from ltd.rows import Row, place, read_rows
from ltd.score import Question
from ltd.task import CONVENTIONS
from ltd.task.format import Format, Writer
from ltd.task.promptsource import Templates

logger = logging.getLogger(__name__)


class Item(NamedTuple):
    """A row with its name, its label as the number of a choice, and where it stands."""

    id: str
    row: Row
    label: int
    place: str


@dataclass(frozen=True)
class MultipleChoice:
    """Questions from a file of a local mirror or of the hub.

    Attributes
    ----------
    prompt, choices : the task's own format in Jinja, such as ``{{premise}}\\nQuestion: {{hypothesis}} True or
        False?\\nAnswer:``, and the answers in the order of the labels.
    format : the name of that format.
    split : goes into both file names where they have ``{split}``; or a split for each convention.
    path : folder of a mirror that holds `file`; None reads `hub_file` of `repository` at `revision` on the hub, which a
        task of one's own need not have.
    template : under ``single``, the template of promptsource to use instead of the task's own format.
    promptsource : what promptsource calls the data set, such as ``super_glue/rte``.
    templates_path : folder that holds ``promptsource/<data set>/templates.yaml``.
    templates : what ``t0`` asks through: ``all``; ``held_out``, only `held_out_templates`; ``trained``, all but those;
        or names and patterns.
    held_out_templates : the templates that are kept out of training, as `ltd.templates.named` takes them; those of
        other tasks may be among them.
    exclude_templates : what ``t0`` leaves out in any case, by name or pattern, such as ``*true/false*``.
    label_column : the number of the right choice, counted from 0, or one of `labels`.
    labels : the values of `label_column` in the order of `choices`; None for 0, 1, ...
    skip_labels : values of `label_column` whose rows are left out and counted.
    id_column : unique names of the rows; None numbers them from 0.
    group_column : what rows share whose answers are not independent, as the premise; None for nothing.
    context_column : the premise or passage; None if `group_column` is.
    optional_columns : columns that the format can do without.
    """

    name: str
    prompt: str
    choices: Sequence[str]
    split: str | Mapping[str, str]
    file: str
    repository: str | None = None
    hub_file: str = ""
    revision: str = "main"
    format: str = "lm_eval"
    path: str | None = None
    convention: str = "single"
    template: str | None = None
    promptsource: str | None = None
    templates_path: str | None = None
    templates: str | Sequence[str] = "all"
    held_out_templates: Sequence[str] = ()
    exclude_templates: Sequence[str] = ()
    label_column: str = "label"
    labels: Sequence[object] | None = None
    skip_labels: Sequence[object] = ()
    id_column: str | None = None
    group_column: str | None = None
    context_column: str | None = None
    optional_columns: Sequence[str] = ()

    def __post_init__(self) -> None:
        if self.convention not in CONVENTIONS:
            raise SettingsError(unknown_name("convention", self.convention, CONVENTIONS))
        if self.template is not None and self.convention != "single":
            raise SettingsError(
                f"task.{self.name}.template={self.template} means nothing under convention={self.convention}; "
                "leave it out, or set convention=single"
            )
        if self.templates != "all" and self.convention != "t0":
            raise SettingsError(
                f"task.{self.name}.templates={self.templates} means nothing under convention={self.convention}; "
                "leave it out, or set convention=t0"
            )
        if self.templates in ("held_out", "trained") and not self.held_out_templates:
            raise SettingsError(
                f"task.{self.name}.templates={self.templates} needs the templates that are kept out of training; "
                f"name them in task.{self.name}.held_out_templates"
            )
        if not isinstance(self.split, str) and self.convention not in self.split:
            raise SettingsError(
                f"task.{self.name}.split names a split for {', '.join(self.split)} but none for convention="
                f"{self.convention}; name one, or one for all"
            )
        if self.labels is not None and len(self.labels) != len(self.choices):
            raise SettingsError(
                f"task {self.name} has {len(self.labels)} labels for {len(self.choices)} choices; name one for each"
            )

    def source(self) -> dict[str, object]:
        """The questions' own content, so that mirror and hub count as the same if their rows are."""
        questions = [asdict(question) for question in self._questions]
        return {"task": self.name, "split": self._split, "questions": content_key(questions)}

    def questions(self) -> list[Question]:
        """Those of one template after those of the other, each in the file's order."""
        return list(self._questions)

    @cached_property
    def _questions(self) -> tuple[Question, ...]:
        writers, items = self._writers(), self._items()
        return tuple(question for writer in writers for question in self._written(writer, items))

    @property
    def held_out(self) -> tuple[str, ...]:
        """Names of the templates that must not be trained on."""
        return tuple(self.held_out_templates) if self.templates in ("held_out", "trained") else ()

    def template_names(self, patterns: Sequence[str] = ("*",)) -> list[str]:
        """Those of the templates ``t0`` could ask through that fit any of the patterns."""
        return [name for name in self._templates.names if self._templates.fits(patterns, name)]

    @cached_property
    def _templates(self) -> Templates:
        return Templates(self.name, self.templates_path, self.promptsource)

    @property
    def _split(self) -> str:
        return self.split if isinstance(self.split, str) else self.split[self.convention]

    @property
    def _format(self) -> Format:
        return Format(self.format, self.prompt, self.choices)

    def _writers(self) -> Sequence[Writer]:
        if self.convention == "t0":
            return self._t0_writers()
        if self.convention == "lm_eval" or self.template in (None, self.format):
            return [self._format]
        return [self._templates.named(self.template, self.format)]

    def _t0_writers(self) -> Sequence[Writer]:
        exclude, templates = self.exclude_templates, self._templates
        match self.templates:
            case "all":
                return templates.original(exclude)
            case "held_out":
                return templates.original(exclude, only=self._held_out_of_its_own())
            case "trained":
                return templates.original((*exclude, *self._held_out_of_its_own()))
            case names:
                return templates.original(exclude, only=(names,) if isinstance(names, str) else names)

    def _held_out_of_its_own(self) -> list[str]:
        held_out = self.template_names(self.held_out_templates)
        if not held_out:
            raise SettingsError(
                f"none of task {self.name}'s templates is held out by {list(self.held_out_templates)}; name some in "
                f"task.{self.name}.held_out_templates: {', '.join(self.template_names())}"
            )
        return held_out

    def _written(self, writer: Writer, items: Sequence[Item]) -> Iterator[Question]:
        """The rows that ``writer`` is meant for: some of COPA's templates ask for causes only."""
        n_written = 0
        context_column = self.context_column or self.group_column
        for item in items:
            if (written := writer.write(item.row, item.label, item.place)) is None:
                continue
            n_written += 1
            yield Question(
                id=item.id,
                text=written.text,
                choices=written.choices,
                gold=written.gold,
                template=writer.name,
                group=item.id if self.group_column is None else _digest(str(item.row[self.group_column])),
                context="" if context_column is None else str(item.row[context_column]),
            )
        if n_written == 0:
            raise DataError(
                f"the template '{writer.name}' writes none of the {len(items)} rows of task {self.name}; "
                f"leave it out with task.{self.name}.exclude_templates"
            )
        if n_written < len(items):
            logger.info("%s: template '%s' is for %d of %d rows", self.name, writer.name, n_written, len(items))

    def _items(self) -> list[Item]:
        path = self._file()
        items, n_skipped = [], 0
        for number, row in enumerate(read_rows(path)):
            if row.get(self.label_column) in self.skip_labels:
                n_skipped += 1
            else:
                items.append(self._item(number, row, place(path, number + 1)))
        if not items:
            raise DataError(
                f"{path}: none of its {n_skipped} rows has a label; choose another split with task.{self.name}.split="
            )
        if n_skipped:
            logger.info(
                "%s: %d of %d rows have no label and are left out", self.name, n_skipped, n_skipped + len(items)
            )
        if len({item.id for item in items}) < len(items):
            raise DataError(f"{path} has rows with the same {self.id_column}; set task.{self.name}.id_column=null")
        return items

    def _item(self, number: int, row: Row, where: str) -> Item:
        if missing := [column for column in self._columns if column not in row]:
            raise DataError(f"{where}: no column {', '.join(missing)}; its columns: {', '.join(row)}")
        for column in self._columns:
            value = row[column]
            if value is None or (isinstance(value, str) and not value.strip()):
                raise DataError(f"{where}: nothing in column {column}")
        label = self._label(row[self.label_column], where)
        identity = str(number if self.id_column is None else row[self.id_column])
        return Item(identity, row | {self.label_column: label}, label, where)  # templates count labels from 0

    @cached_property
    def _columns(self) -> list[str]:
        special = (self.label_column, self.id_column, self.group_column, self.context_column)
        named = [*self._format.columns, *(column for column in special if column is not None)]
        return [column for column in dict.fromkeys(named) if column not in self.optional_columns]

    def _label(self, value: object, where: str) -> int:
        labels = list(range(len(self.choices)) if self.labels is None else self.labels)
        if value not in labels:
            raise DataError(
                f"{where}: {self.label_column} is {value!r}, not one of {', '.join(map(repr, labels))} (test splits "
                f"often come without labels); choose another split with task.{self.name}.split=, or leave such rows "
                f"out with task.{self.name}.skip_labels"
            )
        return labels.index(value)

    def _file(self) -> Path:
        file, hub_file = self.file.format(split=self._split), self.hub_file.format(split=self._split)
        remedy = f"set LTD_DATA or task.{self.name}.path to a folder that holds {file}"
        if self.path is None:
            if self.repository is None:
                raise DataError(f"task {self.name} is nowhere to be read from: {remedy}")
            return HubRepository(self.repository, self.revision, remedy).file(hub_file)
        folder = LocalFolder(self.path, remedy)
        found = folder.names(self.file.format(split="*"))
        if found and file not in found:
            raise DataError(
                f"{self.path} has {', '.join(found)} but no {file}; "
                f"choose another split with task.{self.name}.split=, or {remedy}"
            )
        return folder.file(file)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]
