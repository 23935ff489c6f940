"""What a sampler may ask for: a constructor parameter named like one of these attributes is filled in from the run.

A parameter by another name is filled in if the configuration sets it to ``run.<attribute>``, as ``scores:
run.text_losses``. A sampler's two files (its module and its YAML) are then all there is to it: it names what it needs,
and nothing that is not asked for is computed.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from functools import cached_property
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

import numpy as np
from numpy.typing import NDArray

from ltd.errors import SelectionError, unknown_name
from ltd.example import PromptedPool
from ltd.gradients import GradientSettings, influences
from ltd.model_scores import ModelReader, ModelScores
from ltd.score import Question

RUN = "run."
"""What a configured value begins with that names an attribute of the run."""


class Supply:
    """Attributes of the candidates, aligned to the points a sampler is given, each computed when first asked for.

    Parameters
    ----------
    pool, candidates : the pool, and the rows of it that can be chosen.
    embed_rows : gives the (n, dimension) points of rows of the pool.
    embed_texts : gives the (n, dimension) points of any texts.
    find_centre : gives the distribution centre.
    questions : gives the evaluation questions.
    reader : the model that is to be trained, as it is before.
    """

    def __init__(
        self,
        pool: PromptedPool,
        candidates: NDArray[np.int64],
        find_centre: Callable[[], NDArray[np.float32]],
        embed_texts: Callable[[list[str]], NDArray[np.float32]],
        questions: Callable[[], list[Question]],
        reader: ModelReader,
    ) -> None:
        self._pool = pool
        self._candidates = candidates
        self._find_centre = find_centre
        self._embed_texts = embed_texts
        self._questions = questions
        self._reader = reader

    @cached_property
    def centre(self) -> NDArray[np.float32]:
        """(dimension,) the distribution centre."""
        return self._find_centre()

    @cached_property
    def ids(self) -> list[str]:
        """(n_prompts,) id of each prompt."""
        return self._pool.strings("id", self._candidates)

    @cached_property
    def data_sets(self) -> list[str]:
        """(n_prompts,) name of each prompt's data set."""
        return self._pool.strings("task", self._candidates)

    @cached_property
    def templates(self) -> list[str]:
        """(n_prompts,) name of each prompt's template."""
        return self._pool.strings("template", self._candidates)

    @cached_property
    def examples(self) -> list[str]:
        """(n_prompts,) id of the raw row each prompt was written from."""
        return self._pool.strings("example", self._candidates)

    @cached_property
    def labels(self) -> list[str]:
        """(n_prompts,) target text of each prompt."""
        return self._pool.strings("target", self._candidates)

    @cached_property
    def prompts(self) -> list[str]:
        """(n_prompts,) text of each prompt."""
        return self._pool.strings("prompt", self._candidates)

    @cached_property
    def target_points(self) -> NDArray[np.float32]:
        """(n_questions, dimension) points of the evaluation questions, without their answers."""
        return self._embed_texts([question.text for question in self._questions()])

    @cached_property
    def text_losses(self) -> NDArray[np.float64]:
        """(n_prompts,) the model's mean loss on each prompt with its target."""
        return self._model_scores.text_losses

    @cached_property
    def conditional_losses(self) -> NDArray[np.float64]:
        """(n_prompts,) the model's mean loss on each target, given its prompt."""
        return self._model_scores.conditional_losses

    @cached_property
    def target_losses(self) -> NDArray[np.float64]:
        """(n_prompts,) the model's mean loss on each target alone."""
        return self._model_scores.target_losses

    @cached_property
    def model_states(self) -> NDArray[np.float32]:
        """(n_prompts, width) where each prompt lies among the model's own states."""
        return self._model_scores.states

    @cached_property
    def target_states(self) -> NDArray[np.float32]:
        """(n_questions, width) where the evaluation questions lie among them, without their answers."""
        return self._asked_reader.states(self._questions())

    def influences(self, gradients: Mapping[str, Any] | None = None) -> NDArray[np.float64]:
        """(n_prompts, n_validation_sets) by the model's gradients, with the sampler's own settings for them."""
        return influences(self._asked_reader, self._pool, self._candidates, GradientSettings.of(gradients or {}))

    @cached_property
    def _model_scores(self) -> ModelScores:
        return self._asked_reader.scores(self._pool, self._candidates)

    @cached_property
    def _asked_reader(self) -> ModelReader:
        return self._reader

    def statement(self) -> dict[str, object]:
        """For the manifest: the model, if what was filled in depends on it."""
        return {"model": self._reader.source()} if "_asked_reader" in vars(self) else {}

    def fill(self, constructor: Callable[..., Any], configured: Mapping[str, object]) -> dict[str, object]:
        """Values for the parameters of ``constructor`` that ask for an attribute of the run."""
        asked = self.asked(constructor, configured)
        return {name: self._value(attribute, configured) for name, attribute in sorted(asked.items())}

    @classmethod
    def asked(cls, constructor: Callable[..., Any], configured: Mapping[str, object]) -> dict[str, str]:
        """The parameters of ``constructor`` that ask for an attribute of the run, and the attribute's name."""
        offered = {name for name in dir(cls) if not name.startswith("_")} - {"asked", "fill", "statement"}
        asked: dict[str, str] = {}
        for name in inspect.signature(constructor).parameters:
            value = configured.get(name)
            if value is None and name in offered:
                asked[name] = name
            elif isinstance(value, str) and value.startswith(RUN):
                asked[name] = value.removeprefix(RUN)
        for attribute in asked.values():
            if attribute not in offered:
                raise SelectionError(unknown_name("attribute of the run", attribute, offered))
        return asked

    def _value(self, name: str, configured: Mapping[str, object]) -> object:
        """An attribute, or what a method gives for those of its parameters that are configured."""
        value = getattr(self, name)
        if not callable(value):
            return value
        return value(**{own: configured[own] for own in inspect.signature(value).parameters if own in configured})


def check_parameters(place: str, constructor: Callable[..., Any], configured: Mapping[str, object]) -> None:
    """Refuse, all at once, parameters that a sampler has not, lacks, or says to be of another type.

    Parameters
    ----------
    place : where they stand on the command line, such as ``sampler.inner``.
    """
    asked = Supply.asked(constructor, configured)
    gradients = configured.get("gradients") if "influences" in asked.values() else None
    problems = _mismatches(place, constructor, configured, asked)
    if isinstance(gradients, Mapping):
        problems += _mismatches(f"{place}.gradients", GradientSettings, gradients, {})
    if problems:
        raise SelectionError("; ".join(problems))
    if isinstance(gradients, Mapping):
        GradientSettings.of(gradients)


def _mismatches(
    place: str, constructor: Callable[..., Any], configured: Mapping[str, object], asked: Mapping[str, str]
) -> list[str]:
    parameters = inspect.signature(constructor).parameters
    problems = []
    if not any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters.values()):
        unknown = [name for name in configured if name not in parameters and not name.startswith("_")]  # Hydra's have _
        problems = [unknown_name(f"setting of {place}", name, parameters) for name in unknown]
    for name, parameter in parameters.items():
        required = parameter.default is parameter.empty and parameter.kind is parameter.POSITIONAL_OR_KEYWORD
        if required and name not in {*configured, *asked}:
            problems.append(f"{place}.{name} must be given")
    try:
        hints = get_type_hints(constructor.__init__)
    except NameError:  # names that are there for type checkers only
        return problems
    for name, value in configured.items():
        if name in hints and name not in asked and (words := _unlike(value, hints[name])):
            problems.append(f"{place}.{name}={value} must be {words}")
    return problems


PLAIN = {int: "a whole number", float: "a number", str: "text", bool: "true or false", NoneType: "null"}
"""What can be told of a configured value by its type alone, in words for people."""


def _unlike(value: object, hint: Any) -> str:
    """What ``value`` should have been instead; nothing if it fits, or if that cannot be told."""
    kinds = get_args(hint) if get_origin(hint) in (Union, UnionType) else (hint,)
    accepted = {*kinds, int} if float in kinds else {*kinds}
    if not accepted <= PLAIN.keys() or type(value) in accepted:
        return ""
    return " or ".join(PLAIN[kind] for kind in kinds)
