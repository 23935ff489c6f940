"""What a tokenizer does not know about itself: its special tokens, and how its model's documents begin."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from ltd.errors import ModelError

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase


def prepare_tokenizer(
    name: str, tokenizer: PreTrainedTokenizerBase, special_tokens: Mapping[str, str], begin: str | None
) -> tuple[int, ...]:
    """Give ``tokenizer`` its special tokens and its beginning of a document; returns the ids of that beginning.

    A beginning that is set here becomes part of the tokenizer: the folder it is saved in needs no other note of it.

    Parameters
    ----------
    special_tokens : such as ``{pad_token: <pad>}``; all of them must be in the vocabulary.
    begin : special tokens as text; None keeps what the tokenizer itself puts in front of a text.
    """
    vocabulary = tokenizer.get_vocab()
    wanted = [*special_tokens.values(), *([begin] if begin else [])]
    unknown = sorted({token for token in wanted if token not in vocabulary})
    if unknown:
        raise ModelError(
            f"the tokenizer of model {name} has no token {', '.join(unknown)}; "
            "correct model.special_tokens and model.begin"
        )
    if special_tokens:
        tokenizer.add_special_tokens(dict(special_tokens))
    if tokenizer.pad_token is None:
        tokenizer.pad_token = tokenizer.eos_token or tokenizer.unk_token  # any will do: padding is always masked
    if tokenizer.pad_token is None:
        raise ModelError(
            f"the tokenizer of model {name} has no token to pad with; set model.special_tokens.pad_token, or choose "
            "the group that knows it, as in model=galactica_125m model.path=<folder>"
        )
    tokenizer.padding_side = tokenizer.truncation_side = "left"  # what follows a text is what is generated or scored
    if begin is not None:
        _set_beginning(tokenizer, begin)
    return beginning(tokenizer)


def beginning(tokenizer: PreTrainedTokenizerBase) -> tuple[int, ...]:
    """The ids that the tokenizer itself puts in front of a text.

    >>> from ltd.model.tiny import byte_tokenizer
    >>> beginning(byte_tokenizer())
    ()
    """
    marked: list[int] = tokenizer("a")["input_ids"]
    plain: list[int] = tokenizer("a", add_special_tokens=False)["input_ids"]
    for start in range(len(marked) - len(plain) + 1):
        if marked[start : start + len(plain)] == plain:
            return tuple(marked[:start])
    return ()


def _set_beginning(tokenizer: PreTrainedTokenizerBase, begin: str) -> None:
    from tokenizers.processors import TemplateProcessing

    tokens = [(begin, tokenizer.convert_tokens_to_ids(begin))] if begin else []
    template = [f"{token}:0" for token, _ in tokens]
    tokenizer.backend_tokenizer.post_processor = TemplateProcessing(
        single=[*template, "$A:0"], pair=[*template, "$A:0", "$B:1"], special_tokens=tokens
    )
