"""The engine of ranking: for each token sequence the log-probability of its continuation, with nothing computed twice.

What sequences have in common is computed once: they become branches of rows with a tree mask (`ltd.tree_batch`), and
logits exist only where a continuation's token is predicted. On a CPU rows follow one another as segments of one line,
so that next to nothing is padded; elsewhere, where a kernel for each segment would cost more, rows of about one length
share a batch. The output layer and the softmax are in fp32 whatever the precision of the rest: logits in bf16 have
three digits, and choices often differ in the fourth.
"""

from __future__ import annotations

import inspect
import logging
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from ltd.encoding import Encoded
from ltd.errors import ModelError
from ltd.hardware import effective_tokens_per_batch
from ltd.metering import count_pass
from ltd.precision import Precision, autocast, full_precision_output
from ltd.progress import Progress, silent
from ltd.segments import attention_hindrance, segments_on_cpu
from ltd.target_logits import LOGITS_AT_ONCE
from ltd.tree_batch import Batch, Row, batches, pack, segment_batches

if TYPE_CHECKING:
    from transformers import PreTrainedModel

_Batched = Callable[[Iterable[Row], int], Iterator[Batch]]
CHECK_TOLERANCE = 1e-3

logger = logging.getLogger(__name__)


def log_probabilities(
    network: PreTrainedModel,
    sequences: Sequence[Encoded],
    *,
    precision: Precision = "fp32",
    tokens_per_batch: int | None = None,
    progress: Progress = silent,
) -> list[float]:
    """For each sequence the sum of the log-probabilities of its continuation's tokens (natural log).

    Parameters
    ----------
    tokens_per_batch : padding included; None goes by the device. Halved where its memory does not suffice, as often as
        it takes.

    Raises
    ------
    ModelError
        If the weights are not in fp32, or there is no output layer.
    torch.OutOfMemoryError
        If the device's memory does not suffice for one row.
    """
    if network.dtype != torch.float32:
        raise ModelError(f"ranking needs fp32 weights, these are {network.dtype}; load the model in fp32")
    fed = [sequence.ids[:-1] for sequence in sequences]  # nothing is predicted after the last token
    width, longest = network.config.hidden_size, max(map(len, fed))
    totals = [math.nan] * len(sequences)
    limit = effective_tokens_per_batch(tokens_per_batch, network.device.type)
    with _evaluating(network):
        rows = pack(fed, width, limit, branching=_is_tree_model(network, longest))
        expected = _plain_scores(network, sequences, rows)
        with segments_on_cpu(network, longest) as in_segments:
            batched = segment_batches if in_segments else batches
            if not _agrees(network, sequences, expected, batched):
                rows = pack(fed, width, limit, branching=False)
            done = 0
            with autocast(network, precision):
                for batch, scores in _scored(network, sequences, rows, batched, limit):
                    count_pass(network, sum(map(len, batch.rows)), batch.ids.size)
                    for index, score in scores.items():
                        totals[index] = score
                    done += len(scores)
                    progress(done, len(sequences))
    return totals


def _scored(
    network: PreTrainedModel,
    sequences: Sequence[Encoded],
    rows: Sequence[Row],
    batched: _Batched,
    tokens_per_batch: int,
) -> Iterator[tuple[Batch, dict[int, float]]]:
    """Every batch with its scores; batches become smaller where the device's memory does not suffice for one."""
    scored: set[int] = set()
    while waiting := [row for row in rows if scored.isdisjoint(row.paths)]:
        for batch in batched(waiting, tokens_per_batch):
            try:
                scores = _score(network, batch, sequences)
            except torch.OutOfMemoryError:
                if len(batch.rows) == 1:
                    raise
                tokens_per_batch = batch.ids.size // 2
                break  # out of the handler, which keeps all that the failed pass has computed
            scored.update(scores)
            yield batch, scores
        else:
            return
        logger.warning("out of memory on the device: going on with ranking.tokens_per_batch=%d", tokens_per_batch)
        torch.cuda.empty_cache()


def _score(network: PreTrainedModel, batch: Batch, sequences: Sequence[Encoded]) -> dict[int, float]:
    """The scores of the sequences in a batch, by index."""
    members: list[int] = []
    spans: list[NDArray[np.int64]] = []  # where in the flattened batch each sequence's choice is predicted
    for start, row in zip(batch.starts, batch.rows, strict=True):
        for index, path in row.paths.items():
            members.append(index)
            spans.append(path[sequences[index].n_prompt - 1 :] + start)
    targets = np.concatenate([sequences[index].ids[sequences[index].n_prompt :] for index in members])
    where, inverse = np.unique(np.concatenate(spans), return_inverse=True)  # shared positions get one line of logits
    logits = _logits(network, batch, where)
    lines = torch.from_numpy(inverse).to(logits.device)
    normaliser = torch.cat([some.logsumexp(-1) for some in torch.split(logits, LOGITS_AT_ONCE)])
    scores = (logits[lines, torch.from_numpy(targets).to(logits.device)] - normaliser[lines]).double().cpu().numpy()
    starts = np.cumsum([0, *(len(span) for span in spans[:-1])])
    return dict(zip(members, np.add.reduceat(scores, starts).tolist(), strict=True))


def _logits(network: PreTrainedModel, batch: Batch, where: NDArray[np.int64]) -> torch.Tensor:
    """(n_positions, vocabulary) fp32 logits at the positions ``where`` of the flattened batch, in that order."""
    device = network.device
    keep = np.zeros(batch.ids.shape, dtype=bool)
    keep.reshape(-1)[where] = True
    inputs: dict[str, object] = {"input_ids": torch.from_numpy(batch.ids).to(device), "use_cache": False}
    if batch.mask is not None:
        inputs["attention_mask"] = _attention_mask(network, torch.from_numpy(batch.mask).to(device))
    if batch.segments is not None:
        inputs["segments"] = [length for length, _ in batch.segments]
        inputs["segment_masks"] = [None if seen is None else torch.from_numpy(seen) for _, seen in batch.segments]
    if batch.mask is not None or batch.segments is not None:
        inputs["position_ids"] = torch.from_numpy(batch.positions).to(device)
    kept = torch.from_numpy(keep).to(device)
    if "logits_to_keep" in _parameters(network):
        logits: torch.Tensor = network(**inputs, logits_to_keep=kept).logits
    else:
        logits = network(**inputs).logits[kept]
    return logits.float()


def _attention_mask(network: PreTrainedModel, seen: torch.Tensor) -> torch.Tensor:
    """A tree mask in the form that the model's attention takes: booleans for sdpa, numbers to add for eager."""
    if network.config._attn_implementation == "sdpa":
        return seen
    return torch.zeros(seen.shape, device=seen.device).masked_fill(~seen, torch.finfo(torch.float32).min)


def _is_tree_model(network: PreTrainedModel, longest: int) -> bool:
    """Whether the model's attention is the full one, computed from the mask and positions it is given."""
    reason = attention_hindrance(network, longest)
    if network.config._attn_implementation not in {"sdpa", "eager"}:
        reason = "its attention takes no 4-dimensional mask"
    if reason is not None:
        logger.info("%s is ranked by one row a choice, which is slower: %s", network.config.model_type, reason)
    return reason is None


class _Expected(NamedTuple):
    """What the model's own forward, without mask and padding, finds of one tree."""

    row: Row
    scores: dict[int, float]


def _plain_scores(network: PreTrainedModel, sequences: Sequence[Encoded], rows: Sequence[Row]) -> _Expected | None:
    """Of the shortest tree, if there is one: the scores of its last branches, which have the most siblings beside."""
    trees = [row for row in rows if not row.is_chain]
    if not trees:
        return None
    row = min(trees, key=len)
    return _Expected(row, {index: _plain_score(network, sequences[index]) for index in list(row.paths)[-4:]})


def _agrees(
    network: PreTrainedModel, sequences: Sequence[Encoded], expected: _Expected | None, batched: _Batched
) -> bool:
    """Whether the tree scores as the model's own forward does.

    A model may take a tree mask and not heed it; its scores would be wrong without an error.
    """
    if expected is None:
        return True
    scores = _score(network, next(batched([expected.row], len(expected.row))), sequences)
    difference = max(abs(scores[index] - score) for index, score in expected.scores.items())
    if difference < CHECK_TOLERANCE:
        return True
    name = network.config.model_type
    logger.warning(
        "%s is ranked by one row a choice, which is slower: with a tree mask a score is off by %.2g", name, difference
    )
    return False


def _plain_score(network: PreTrainedModel, sequence: Encoded) -> float:
    """The score of one sequence by the model's own forward alone."""
    ids = torch.tensor([sequence.ids], device=network.device)
    scores = network(input_ids=ids[:, :-1]).logits[0].float().log_softmax(-1)
    chosen = scores.gather(-1, ids[0, 1:, None])[sequence.n_prompt - 1 :]
    return float(chosen.double().sum())


def _parameters(network: PreTrainedModel) -> frozenset[str]:
    return frozenset(inspect.signature(network.forward).parameters)


@contextmanager
def _evaluating(network: PreTrainedModel) -> Iterator[None]:
    """No dropout, no gradients, the output layer in fp32; everything is as it was afterwards.

    `torch.no_grad`, not inference mode: buffers that a model makes on the way would be unusable in training.
    """
    was_training = network.training
    frozen = [parameter for parameter in network.parameters() if not parameter.requires_grad]
    try:
        network.train(False)
        for parameter in frozen:
            parameter.requires_grad_(True)  # autocast keeps the casts of trainable weights only
        with torch.no_grad(), full_precision_output(network):
            yield
    finally:
        for parameter in frozen:
            parameter.requires_grad_(False)
        network.train(was_training)
