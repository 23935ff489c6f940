"""Models: each option loads a causal language model with the tokenizer rules its authors used."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol

from ltd.model.low_rank_adapters import LowRankAdapters

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase


@dataclass(frozen=True)
class LoadedModel:
    """A model in memory.

    Attributes
    ----------
    network : the causal language model, in fp32 and evaluation mode; loaded on the CPU, moved in place by whoever
        computes with it.
    tokenizer : its tokenizer, with a padding token.
    begin : ids that start every document, as its authors' own code starts one; may be empty.
    end : id that ends a training target, or None.
    max_length : the context window in tokens.
    fingerprint : hash of weights and tokenizer files, or of whatever determines them; the key of anything cached that
        was computed with this model.
    """

    network: PreTrainedModel
    tokenizer: PreTrainedTokenizerBase
    begin: tuple[int, ...]
    end: int | None
    max_length: int
    fingerprint: str


class Model(Protocol):
    """A model that can be loaded.

    Attributes
    ----------
    name : the word it goes by in run ids, tables and W&B tags.
    lr : the peak learning rate that suits it when all of its weights are trained.
    method : whether all of them are trained, or adapters beside them.
    lora : the adapters, if so.
    precision : ``auto``, ``bf16`` or ``fp32``, of fine-tuning.
    """

    name: str
    lr: float
    method: Literal["full", "lora"]
    lora: LowRankAdapters
    precision: Literal["auto", "bf16", "fp32"]

    def check(self) -> None:
        """Raise `ModelError` if the model certainly cannot be loaded, before anything expensive starts."""

    def source(self) -> dict[str, object]:
        """What its weights and its tokenizer are made of, wherever they lie; nothing is loaded or downloaded."""
        ...

    def load(self) -> LoadedModel:
        """Load it; the same call gives the same weights.

        Raises
        ------
        ModelError
            If it cannot be had; one line with both remedies (a hub connection; ``model.path=``).
        """
        ...
