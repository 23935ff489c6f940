"""Letters of words, and patterns to go on with."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from ltd.corpus.contrast import Cast
from ltd.corpus.data_set import DataSet, Row, Template
from ltd.corpus.draw import Draw
from ltd.corpus.lexicon import Lexicon

WANTED: dict[str, Callable[[list[str]], str]] = {
    "the first letter of each word": lambda words: " ".join(word[0] for word in words),
    "the last letter of each word": lambda words: " ".join(word[-1] for word in words),
    "the number of letters of each word": lambda words: " ".join(str(len(word)) for word in words),
    "the words from last to first": lambda words: " ".join(reversed(words)),
    "the words in capital letters": lambda words: " ".join(words).upper(),
}


def letters(lexicon: Lexicon, draw: Draw, _number: int) -> Iterator[Row]:
    nouns = [str(noun) for noun in (*lexicon.things, *lexicon.roles, *lexicon.places)]
    while True:
        wanted = draw.choice(tuple(WANTED))
        words = draw.sample(nouns, 3)
        yield {"words": " ".join(words), "wanted": wanted}, WANTED[wanted](words)


def patterns(lexicon: Lexicon, draw: Draw, _number: int) -> Iterator[Row]:
    """A row that goes on by repeating words, or by steps of one size."""
    while True:
        if draw.choice((True, False)):
            cast = Cast(lexicon, draw)
            cycle = [str(cast.thing()) for _ in range(draw.integer(2, 3))]
            row = [cycle[index % len(cycle)] for index in range(7)]
        else:
            start, step = draw.integer(1, 60), draw.integer(2, 12)
            row = [str(start + index * step) for index in range(6)]
        yield {"row": ", ".join(row[:-1])}, row[-1]


LETTERS = DataSet(
    "spelling_letters",
    letters,
    (
        Template("write", "Write {wanted}: {words}"),
        Template("words", "Words: {words}\nNow write {wanted}."),
        Template("from these", '"{words}"\nFrom this, give {wanted}.\nAnswer:'),
        Template("task", "Task: write {wanted}.\nInput: {words}\nOutput:"),
    ),
)

PATTERNS = DataSet(
    "pattern_rows",
    patterns,
    (
        Template("next", "What comes next? {row},"),
        Template("continue", "Continue the pattern with one more item: {row}"),
        Template("rule", "This row follows a rule: {row}. The next item is"),
        Template("complete", "Complete the list.\n{row},"),
    ),
)
