"""A data set of the corpus: examples, and the instruction templates each of them is written through."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice

from ltd.corpus.draw import Draw
from ltd.corpus.lexicon import Lexicon
from ltd.example import Example, Prompt

Row = tuple[dict[str, str], str]
"""An example's fields and its answer."""


@dataclass(frozen=True)
class Template:
    """An instruction.

    Attributes
    ----------
    text : with the names of fields in braces.
    answers : for each answer the words that stand for it, in the order of the choices; None leaves the answer open.
    target : the right answer, if it is open.
    """

    name: str
    text: str
    answers: Mapping[str, str] | None = None
    target: str = "{answer}"

    def write(self, example: Example) -> Prompt:
        """The example through this template."""
        choices = None
        target = self.target.format(answer=example.answer, **example.fields)
        if self.answers is not None:
            choices = tuple(words.format_map(example.fields) for words in self.answers.values())
            target = self.answers[example.answer].format_map(example.fields)
        return Prompt(
            id=f"{example.task}/{example.id}/{self.name}",
            example=f"{example.task}/{example.id}",
            task=example.task,
            template=self.name,
            prompt=self.text.format_map(example.fields),
            target=target,
            choices=choices,
        )


@dataclass(frozen=True)
class DataSet:
    """Rows without end, cut off and made distinct here.

    Attributes
    ----------
    rows : called with words, choices and how many rows are wanted; may give more.
    """

    name: str
    rows: Callable[[Lexicon, Draw, int], Iterator[Row]]
    templates: tuple[Template, ...]

    def examples(self, lexicon: Lexicon, seed: int, number: int) -> list[Example]:
        """``number`` examples, no two with the same fields."""
        draw = Draw(seed, self.name)
        return [
            Example(f"{index}", self.name, fields, answer)
            for index, (fields, answer) in enumerate(islice(_distinct(self.rows(lexicon, draw, number)), number))
        ]

    def prompts(self, lexicon: Lexicon, seed: int, number: int) -> list[Prompt]:
        """Every example through every template."""
        examples = self.examples(lexicon, seed, number)
        return [template.write(example) for example in examples for template in self.templates]


def _distinct(rows: Iterator[Row]) -> Iterator[Row]:
    seen = set()
    for fields, answer in rows:
        key = tuple(fields.values())
        if key not in seen:
            seen.add(key)
            yield fields, answer
