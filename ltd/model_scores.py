"""What the model itself makes of prompts: one forward pass over them, in blocks, kept and memory-mapped from then on.

Samplers that ask for losses and those that ask for states share it: whichever comes second computes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from ltd.blocks import compute_in_blocks
from ltd.cache import Cache
from ltd.encoding import Encoded, TextEncoder
from ltd.errors import DataError
from ltd.example import PromptedPool, content_key
from ltd.model import LoadedModel
from ltd.progress import Progress, silent
from ltd.score import Question

if TYPE_CHECKING:
    from ltd.model_pass import PassedText

PROMPTS_PER_BLOCK = 1024  # what an interrupted pass loses at most; about a minute on two cores
SCORES_VERSION = 1
"""Raised when a change of ours changes scores, so that cached ones are not mistaken for new ones."""


@dataclass(frozen=True)
class ModelScores:
    """What the model makes of each prompt, aligned to the rows it was asked for; losses are in nats a token.

    Attributes
    ----------
    text_losses : (n_prompts,) of the prompt with its target, whose exponential is its perplexity.
    conditional_losses : (n_prompts,) of the target, given the prompt.
    target_losses : (n_prompts,) of the same tokens where they begin the document.
    target_tokens : (n_prompts,) how many these are; no end token is among them, as in ranking.
    states : (n_prompts, width) float32, where the prompt lies; see `ltd.model_pass`.
    """

    text_losses: NDArray[np.float64]
    conditional_losses: NDArray[np.float64]
    target_losses: NDArray[np.float64]
    target_tokens: NDArray[np.int64]
    states: NDArray[np.float32]

    @classmethod
    def load(cls, folder: Path) -> ModelScores:
        """Map what a pass left in ``folder``."""
        return cls(**{field.name: np.load(folder / f"{field.name}.npy", mmap_mode="r") for field in fields(cls)})


@dataclass(frozen=True)
class ModelReader:
    """A model that reads prompts, each set of them once.

    Attributes
    ----------
    encoder : how its text is built.
    tokens_per_batch : tokens that go through the network at once, which changes memory and speed only; None goes by the
        device.
    """

    loaded: LoadedModel
    encoder: TextEncoder
    cache: Cache
    precision: Literal["fp32", "bf16"] = "fp32"
    tokens_per_batch: int | None = None
    progress: Progress = silent

    def scores(self, pool: PromptedPool, rows: NDArray[np.int64]) -> ModelScores:
        """Of the pool's ``rows``."""
        source = {"pool": pool.fingerprint, "rows": content_key(rows.tolist())}
        return self._read(source, pool.strings("prompt", rows), pool.strings("target", rows))

    def states(self, questions: Sequence[Question]) -> NDArray[np.float32]:
        """(n_questions, width) where questions lie; no state depends on an answer, be it right or wrong."""
        prompts, firsts = [question.text for question in questions], [question.choices[0] for question in questions]
        return self._read({"texts": content_key([prompts, firsts])}, prompts, firsts).states

    @property
    def network(self) -> Any:
        """The model, on the accelerator where there is one."""
        import torch

        network: Any = self.loaded.network
        return network.to("cuda" if torch.cuda.is_available() else "cpu")

    def source(self) -> dict[str, object]:
        """What the model's numbers depend on, beside the texts."""
        encoder = [list(self.encoder.begin), self.encoder.end, self.encoder.separator, self.encoder.max_length]
        return {"model": self.loaded.fingerprint, "encoder": encoder, "precision": self.precision}

    def _read(self, source: Mapping[str, object], prompts: list[str], targets: list[str]) -> ModelScores:
        encoder = replace(self.encoder, end=None)

        def score(block: list[int], progress: Progress) -> dict[str, NDArray[Any]]:
            encoded = encoder.targets([prompts[row] for row in block], [targets[row] for row in block])
            return vars(self._scored(encoded, progress))

        def write(work: Path) -> None:
            compute_in_blocks(work, prompts, PROMPTS_PER_BLOCK, score, self.progress)

        key = {**self.source(), **source, "version": SCORES_VERSION}
        return ModelScores.load(self.cache.folder("scores", key, write))

    def _scored(self, sequences: list[Encoded], progress: Progress) -> ModelScores:
        if min(sequence.n_prompt for sequence in sequences) < 1:
            raise DataError("a prompt is empty: nothing predicts its target's first token; leave it out of the pool")
        read = self._passed(sequences, progress)
        begun = max(len(self.encoder.begin), 1)
        conditional = [one.losses[sequence.n_prompt - 1 :] for one, sequence in zip(read, sequences, strict=True)]
        return ModelScores(
            text_losses=np.array([one.losses[begun - 1 :].mean() for one in read]),
            conditional_losses=np.array([losses.mean() for losses in conditional]),
            target_losses=self._losses_alone([sequence.ids[sequence.n_prompt :] for sequence in sequences]),
            target_tokens=np.array([len(losses) for losses in conditional]),
            states=np.stack([one.state for one in read]),
        )

    def _losses_alone(self, targets: list[tuple[int, ...]]) -> NDArray[np.float64]:
        """Mean losses of targets that begin a document; labels are few, and each is read once."""
        begin = self.encoder.begin
        if not begin:  # such a model's documents follow the end of the one before
            end = self.loaded.end
            begin = (self.loaded.tokenizer.pad_token_id if end is None else end,)
        distinct = list(dict.fromkeys(targets))
        read = self._passed([Encoded((*begin, *target), len(begin)) for target in distinct], silent)
        means = {target: one.losses[len(begin) - 1 :].mean() for target, one in zip(distinct, read, strict=True)}
        return np.array([means[target] for target in targets])

    def _passed(self, sequences: list[Encoded], progress: Progress) -> list[PassedText]:
        from ltd.model_pass import passed

        return passed(
            self.network,
            sequences,
            precision=self.precision,
            tokens_per_batch=self.tokens_per_batch,
            progress=progress,
        )
