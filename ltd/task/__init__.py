"""Tasks: each option is an evaluation set written as questions with answer choices and one gold answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol, runtime_checkable

from ltd.errors import SettingsError, unknown_name
from ltd.score import Question

CONVENTIONS = ("single", "lm_eval", "t0")
"""Which prompts and which split a labelled data set has; what each means is in `ltd.task.multiple_choice`."""


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


@runtime_checkable
class Templated(Protocol):
    """A task that is asked through templates, some of which may be kept out of training.

    Attributes
    ----------
    held_out : names of those that must not be trained on, as `ltd.templates.named` takes them.
    """

    @property
    def held_out(self) -> Sequence[str]: ...

    def template_names(self, patterns: Sequence[str] = ("*",)) -> list[str]:
        """Those of its templates that fit any of the patterns."""
        ...


def check_convention(convention: str, tasks: Mapping[str, Task]) -> None:
    """Refuse a convention that no task heeds."""
    if convention != "single" and not any(hasattr(task, "convention") for task in tasks.values()):
        raise SettingsError(
            f"convention={convention} means nothing to {', '.join(tasks)}, which have prompts of their own; "
            "set convention=single"
        )


def check_held_out(names: Sequence[str], tasks: Mapping[str, Task]) -> None:
    """Refuse a name of templates to be held out that no task has."""
    templated = [task for task in tasks.values() if isinstance(task, Templated)]
    if not templated:
        raise SettingsError(f"no templates can be held out: {', '.join(tasks)} are not asked through any")
    for name in names:
        if not any(task.template_names([name]) for task in templated):
            valid = {template for task in templated for template in task.template_names()}
            raise SettingsError("held_out_templates: " + unknown_name("template", name, valid))
