"""A task's prompts from promptsource's template files: one by name, or all that keep the data set's own task."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cached_property
from pathlib import Path

from ltd.errors import DataError, SettingsError, unknown_name
from ltd.promptsource import Template, load_templates
from ltd.task.format import Written
from ltd.templates import named


@dataclass(frozen=True)
class TemplateWriter:
    """Writes the rows of a task through a template; the right answer is the choice that its target is."""

    task: str
    template: Template

    @property
    def name(self) -> str:
        return self.template.name

    def write(self, row: Mapping[str, object], label: int, place: str) -> Written | None:  # noqa: ARG002
        """As `Writer` says. The label is of no use here: a template may have its choices in another order, or fewer."""
        try:
            rendered = self.template.render(row)
        except DataError as error:
            raise DataError(f"{place}: {error}; task.{self.task}.exclude_templates leaves it out") from error
        if rendered is None:
            return None
        choices = rendered.choices or ()
        if (n_times := choices.count(rendered.target)) != 1:
            listed = ", ".join(map(repr, choices)) or "none"
            raise DataError(
                f"{place}: the template '{self.name}' has the target {rendered.target!r} and the choices {listed}; "
                f"it is one of them {n_times} times, not once; task.{self.task}.exclude_templates leaves it out"
            )
        return Written(rendered.prompt, choices, choices.index(rendered.target))


@dataclass(frozen=True)
class Templates:
    """The templates there are for a task.

    Attributes
    ----------
    task : whose settings an error speaks of.
    path : folder that holds ``promptsource/<data set>/templates.yaml``; None if there is none.
    data_set : what promptsource calls the task's rows; None if it does not know them.
    """

    task: str
    path: str | None
    data_set: str | None

    @cached_property
    def names(self) -> list[str]:
        """Of those that keep the data set's own task and have answer choices."""
        return [each.name for each in self._original]

    def fits(self, patterns: Sequence[str], name: str) -> bool:
        """Whether the name is, or fits, any of the patterns; it may hold what one would take for its own signs."""
        own = any(name == pattern or fnmatchcase(name, pattern) for pattern in patterns)
        return own or named(patterns, self.data_set or "", name)

    @cached_property
    def _original(self) -> list[Template]:
        return [each for each in self._load() if each.original_task and each.answer_choices is not None]

    def original(self, exclude: Sequence[str] = (), only: Sequence[str] = ("*",)) -> list[TemplateWriter]:
        """Those that keep the data set's own task and have answer choices: ``only`` these, but for those excluded.

        Both are names or patterns.

        Raises
        ------
        SettingsError
            If nothing remains, or if a name or pattern fits none.
        """
        for pattern in (*exclude, *only):
            if not any(self.fits([pattern], name) for name in self.names):
                setting = "exclude_templates" if pattern in exclude else "templates"
                raise SettingsError(f"task.{self.task}.{setting}: " + unknown_name("template", pattern, self.names))
        kept = [each for each in self._original if self.fits(only, each.name) and not self.fits(exclude, each.name)]
        if not kept:
            raise SettingsError(
                f"task.{self.task}.exclude_templates={list(exclude)} leaves none of the {len(self.names)} templates of "
                f"{self.data_set} that keep its task: {', '.join(self.names)}"
            )
        return [TemplateWriter(self.task, each) for each in kept]

    def named(self, name: str, own: str) -> TemplateWriter:
        """The one of that name; ``own`` is the task's own format, which an error names among the valid ones."""
        offered = {each.name: each for each in self._load() if each.answer_choices is not None}
        if name not in offered:
            raise SettingsError(unknown_name(f"template for task.{self.task}.template", name, [own, *offered]))
        return TemplateWriter(self.task, offered[name])

    def _load(self) -> list[Template]:
        if self.data_set is None:
            raise SettingsError(f"promptsource has no templates for task {self.task}; set convention=single")
        if self.path is None:
            raise DataError(
                f"the templates of task {self.task} are not on the hub; set LTD_DATA or "
                f"task.{self.task}.templates_path to a folder that holds promptsource/{self.data_set}/templates.yaml"
            )
        return load_templates(Path(self.path).expanduser() / "promptsource" / self.data_set)
