"""From text to token ids, for training and for ranking alike: one function, so that the two can never differ.

A continuation (target or answer choice) is encoded together with its prompt and split off at the prompt's length.
Encoding it alone, or without the separator in front, gives other tokens and silently wrong scores.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ltd.errors import DataError

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase


@dataclass(frozen=True, slots=True)
class Encoded:
    """Token ids of one prompt with one continuation.

    Attributes
    ----------
    ids : the whole sequence.
    n_prompt : how many of them belong to the prompt; the rest is the continuation.
    n_cut : how many prompt tokens were dropped to fit the maximum length.
    """

    ids: tuple[int, ...]
    n_prompt: int
    n_cut: int = 0


@dataclass(frozen=True, slots=True)
class TextEncoder:
    """Encodes prompts with their continuations for one model.

    Attributes
    ----------
    tokenizer : a Hugging Face tokenizer; it adds no special token here, whatever its defaults.
    begin : ids in front of every sequence, as the model's authors begin a document; may be empty.
    end : id after a training target, or None; a ranked choice never gets one.
    separator : between prompt and continuation. A space: the word-initial form of the label is what models have seen.
    max_length : the context window; a longer prompt loses its first tokens, or those of its context, never a token of
        the continuation.
    """

    tokenizer: PreTrainedTokenizerBase
    begin: tuple[int, ...] = ()
    end: int | None = None
    separator: str = " "
    max_length: int = 2048

    def choices(
        self, prompts: Sequence[str], choices: Sequence[Sequence[str]], contexts: Sequence[str] | None = None
    ) -> list[list[Encoded]]:
        """Each prompt with each of its answer choices, without an end token.

        Parameters
        ----------
        contexts : the part of each prompt that loses its beginning if the prompt is too long with its longest choice,
            such as the premise, so that the question itself is whole wherever it stands; all choices then follow the
            same prompt. Where there is none, or to lose it is not enough, the prompt loses its own beginning. None:
            every choice's prompt loses its own beginning, and no more than that choice asks for.
        """
        flat = [(prompt, choice) for prompt, row in zip(prompts, choices, strict=True) for choice in row]
        encoded = iter(self._encode(flat, end=()))
        rows = [[next(encoded) for _ in row] for row in choices]
        for index, context in enumerate(contexts or ()):
            if any(choice.n_cut for choice in rows[index]):
                rows[index] = self._shortened(prompts[index], choices[index], context) or self._alike(rows[index])
        return rows

    def targets(self, prompts: Sequence[str], targets: Sequence[str]) -> list[Encoded]:
        """Each prompt with its training target and the end token."""
        end = () if self.end is None else (self.end,)
        return self._encode(list(zip(prompts, targets, strict=True)), end)

    def n_tokens(self, prompts: Sequence[str], targets: Sequence[str]) -> list[int]:
        """How many tokens `targets` would give each prompt with its target."""
        texts = [prompt + self.separator + target for prompt, target in zip(prompts, targets, strict=True)]
        more = len(self.begin) + (self.end is not None)
        return [min(len(ids) + more, self.max_length) for ids in self._ids(texts)]

    def _encode(self, pairs: Sequence[tuple[str, str]], end: tuple[int, ...]) -> list[Encoded]:
        if not pairs:
            return []
        whole = self._ids([prompt + self.separator + continuation for prompt, continuation in pairs])
        alone = self._ids([prompt for prompt, _ in pairs])
        return [
            self._fit(ids[: len(prompt_ids)], ids[len(prompt_ids) :] + list(end), pair)
            for ids, prompt_ids, pair in zip(whole, alone, pairs, strict=True)
        ]

    def _shortened(self, prompt: str, choices: Sequence[str], context: str) -> list[Encoded] | None:
        """The choices after the prompt whose context lost as few of its first words as it must; None if it has none."""
        start = prompt.find(context)
        if not context or start < 0:
            return None
        whole = len(self.begin) + len(self._ids([prompt])[0])
        words = [start + word.start() for word in re.finditer(r"\S+", context)]

        def after_loss(n_words: int) -> list[Encoded]:
            rest = [*words, start + len(context)][n_words]
            return self._encode([(prompt[:start] + prompt[rest:], choice) for choice in choices], end=())

        n_words = bisect_left(range(len(words)), True, key=lambda n: not any(choice.n_cut for choice in after_loss(n)))
        row = after_loss(n_words)
        if any(choice.n_cut for choice in row):
            return None
        return [replace(choice, n_cut=whole - choice.n_prompt) for choice in row]

    def _alike(self, row: Sequence[Encoded]) -> list[Encoded]:
        """Choices of one prompt, of which each lost as much of it as the longest choice asks for."""
        n_prompt, begin = min(choice.n_prompt for choice in row), len(self.begin)
        return [
            Encoded(choice.ids[:begin] + choice.ids[begin + more :], n_prompt, choice.n_cut + more)
            for choice in row
            for more in [choice.n_prompt - n_prompt]
        ]

    def _fit(self, prompt: list[int], continuation: list[int], pair: tuple[str, str]) -> Encoded:
        if not continuation:
            raise DataError(f"the answer {pair[1]!r} has no token of its own after the prompt {pair[0][-60:]!r}")
        room = self.max_length - len(self.begin) - len(continuation)
        if room < 1:
            raise DataError(
                f"the answer {pair[1][:60]!r} takes {len(continuation)} tokens; the window of {self.max_length} (the "
                "model's, or in training trainer.max_length if that is less) leaves no room for its prompt"
            )
        n_cut = max(0, len(prompt) - room)
        kept = [*self.begin, *prompt[n_cut:]]
        return Encoded((*kept, *continuation), len(kept), n_cut)

    def _ids(self, texts: list[str]) -> list[list[int]]:
        ids: list[list[int]] = self.tokenizer(texts, add_special_tokens=False, verbose=False)["input_ids"]
        return ids
