"""Where a prompt is too long, what it loses: of its context first, and the same for all its choices."""

from __future__ import annotations

from typing import Any

import pytest

from ltd.encoding import TextEncoder

PREMISE = "one two three four five six"


class Words:
    """A tokenizer of one token a word, which remembers them."""

    def __init__(self) -> None:
        self.words: list[str] = []

    def __call__(self, texts: list[str], **_: Any) -> dict[str, list[list[int]]]:
        for word in " ".join(texts).split():
            if word not in self.words:
                self.words.append(word)
        return {"input_ids": [[self.words.index(word) + 10 for word in text.split()] for text in texts]}

    def text(self, ids: tuple[int, ...]) -> str:
        return " ".join(self.words[token - 10] for token in ids)


def encoded(
    prompt: str, choices: tuple[str, ...], max_length: int, contexts: list[str] | None
) -> list[tuple[str, int]]:
    """Each choice's whole text and how many tokens its prompt lost."""
    tokenizer: Any = Words()
    (row,) = TextEncoder(tokenizer, begin=(2,), max_length=max_length).choices([prompt], [choices], contexts)
    assert all(choice.ids[0] == 2 and len(choice.ids) <= max_length for choice in row)
    assert len({choice.n_prompt for choice in row}) == 1 or contexts is None
    return [(tokenizer.text(choice.ids[1:]), choice.n_cut) for choice in row]


@pytest.mark.parametrize(
    ("prompt", "kept"),
    [
        (f"{PREMISE} does it follow ?", "five six does it follow ?"),
        (f"does it follow ? from {PREMISE}", "does it follow ? from six"),
        (f"does it {PREMISE} follow ?", "does it five six follow ?"),
    ],
)
def test_the_context_loses_its_first_words_for_the_longest_choice(prompt: str, kept: str) -> None:
    n_cut = len(prompt.split()) - len(kept.split())
    found = encoded(prompt, ("yes", "not at all"), 10, [PREMISE])
    assert found == [(f"{kept} yes", n_cut), (f"{kept} not at all", n_cut)]


def test_a_prompt_that_fits_is_whole() -> None:
    assert encoded(f"{PREMISE} ?", ("yes", "not at all"), 11, [PREMISE]) == [
        (f"{PREMISE} ? yes", 0),
        (f"{PREMISE} ? not at all", 0),
    ]


def test_the_whole_context_may_go() -> None:
    assert encoded(f"is it ? {PREMISE}", ("yes",), 5, [PREMISE]) == [("is it ? yes", 6)]


@pytest.mark.parametrize("context", ["", "seven", PREMISE])
def test_without_a_context_or_where_it_is_not_enough_the_beginning_goes(context: str) -> None:
    prompt = f"{PREMISE} is it so or is it not ?"
    found = encoded(prompt, ("yes", "not at all"), 6, [context])
    assert found == [("not ? yes", 12), ("not ? not at all", 12)]


def test_without_contexts_each_choice_leaves_what_room_it_can() -> None:
    assert encoded(f"{PREMISE} ?", ("yes", "not at all"), 6, None) == [
        ("four five six ? yes", 3),
        ("six ? not at all", 5),
    ]
