"""Sums and sorting."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator

from ltd.corpus.contrast import Cast
from ltd.corpus.data_set import DataSet, Row, Template
from ltd.corpus.draw import Draw
from ltd.corpus.lexicon import Lexicon

STORIES: dict[str, Callable[[int, int], int]] = {
    "{a} has {x} {things}. {b} gives {a} {y} more. How many {things} does {a} have now?": operator.add,
    "{a} has {x} {things} and {b} has {y} {things}. How many {things} do they have together?": operator.add,
    "There were {x} {things} in the {place}. {a} took {y} of them. How many {things} are left?": operator.sub,
    "{a} filled {x} shelves with {y} {things} each. How many {things} are on the shelves?": operator.mul,
}


def stories(lexicon: Lexicon, draw: Draw, _number: int) -> Iterator[Row]:
    while True:
        cast = Cast(lexicon, draw)
        story = draw.choice(tuple(STORIES))
        x, y = draw.integer(13, 60), draw.integer(2, 12)
        slots: dict[str, object] = {"a": cast.name(), "b": cast.name(), "x": x, "y": y}
        slots |= {"things": cast.thing().plural, "place": draw.choice(lexicon.places)}
        yield {"problem": story.format_map(slots)}, str(STORIES[story](x, y))


def lists(lexicon: Lexicon, draw: Draw, _number: int) -> Iterator[Row]:
    """Four numbers, names or nouns, and their ascending sequence."""
    nouns = [str(noun) for noun in (*lexicon.things, *lexicon.roles)]
    while True:
        if draw.choice((True, False)):
            numbers = draw.sample(range(2, 100), 4)
            items, ascending = [[str(number) for number in row] for row in (numbers, sorted(numbers))]
        else:
            items = draw.sample(draw.choice((lexicon.names, nouns)), 4)
            ascending = sorted(items)
        yield {"items": ", ".join(items), "first": ascending[0], "last": ascending[-1]}, ", ".join(ascending)


ARITHMETIC = DataSet(
    "arithmetic_stories",
    stories,
    (
        Template("problem", "{problem}"),
        Template("answer", "{problem}\nAnswer:"),
        Template("solve", "Solve this problem: {problem} Give only the number."),
        Template("teacher", "A pupil asks: {problem}\nThe right answer is"),
    ),
)

SORTING = DataSet(
    "sorting_lists",
    lists,
    (
        Template("sort", "Sort from lowest to highest, or from A to Z: {items}"),
        Template("first", "Which of these comes first when sorted? {items}\nAnswer:", target="{first}"),
        Template("last", "Sort these and tell me the last one: {items}", target="{last}"),
        Template("arrange", "Unsorted: {items}\nSorted:"),
    ),
)
