"""Several sequences in one row, with attention within each: nothing is padded but the row's end.

The attention function is registered with transformers, whose models pass on to it the segments they were called with.
Each segment is an attention of its own, causal unless it comes with a mask; a block mask over the whole row would cost
the square of its length.
"""

from __future__ import annotations

import inspect
import logging
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from ltd.precision import full_precision

if TYPE_CHECKING:
    from transformers import PreTrainedModel

NAME = "ltd_segments"
TOLERANCE = 1e-3  # of a logit; attention across a segment's border changes them in the first digit

logger = logging.getLogger(__name__)


def segments_on_cpu(network: PreTrainedModel, longest: int) -> AbstractContextManager[bool]:
    """`attention_within_segments` on a CPU; else False: there a kernel for each segment costs more than padding."""
    if network.device.type == "cpu":
        return attention_within_segments(network, longest)
    return nullcontext(False)


@contextmanager
def attention_within_segments(network: PreTrainedModel, longest: int) -> Iterator[bool]:
    """Within it ``network(..., segments=lengths)`` computes one row as that many sequences, or trees of sequences.

    Gives False, and changes nothing, if the network cannot: rows then have to hold one sequence each.

    Parameters
    ----------
    longest : tokens of the longest sequence, for models that look at a window only.
    """
    from transformers import AttentionInterface

    own = network.config._attn_implementation
    reason = "its attention is not the scaled dot product" if own != "sdpa" else attention_hindrance(network, longest)
    if reason is None:
        AttentionInterface.register(NAME, segment_attention)
        try:
            network.set_attn_implementation(NAME)
            if _is_heeded(network, own):
                yield True
                return
        finally:
            network.set_attn_implementation(own)
        reason = "its forward does not heed them"
    logger.info("%s takes padded rows, which are slower than segments: %s", network.config.model_type, reason)
    yield False


def segment_attention(  # noqa: PLR0913 - the signature is transformers'
    module: nn.Module,  # noqa: ARG001
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attention_mask: Tensor | None,  # noqa: ARG001 - the segments say what sees what
    *,
    segments: Sequence[int],
    segment_masks: Sequence[Tensor | None] | None = None,
    scaling: float | None = None,
    dropout: float = 0.0,
    **_: Any,
) -> tuple[Tensor, None]:
    """Attention within each of the segments that a row consists of.

    Parameters
    ----------
    query, key, value : (1, n_heads, n_tokens, head_dimension); keys and values may have fewer heads.
    segments : lengths, which add up to n_tokens.
    segment_masks : for each segment (length, length) which tokens a token sees; None stands for those before it.

    Returns
    -------
    (1, n_tokens, n_heads, head_dimension), as transformers' attention functions give it, and no weights.
    """
    shared = query.shape[1] // key.shape[1]
    if shared > 1:  # grouped queries: each head of the keys serves several
        key, value = key.repeat_interleave(shared, dim=1), value.repeat_interleave(shared, dim=1)
    # Split rather than sliced: the gradient of a split is one concatenation, that of a slice a whole row of zeros.
    queries, keys, values = (torch.split(tensor, list(segments), dim=2) for tensor in (query, key, value))
    attended = [
        nn.functional.scaled_dot_product_attention(
            q, k, v, attn_mask=mask, is_causal=mask is None, scale=scaling, dropout_p=dropout
        )
        for q, k, v, mask in zip(queries, keys, values, segment_masks or [None] * len(segments), strict=True)
    ]
    return torch.cat(attended, dim=2).transpose(1, 2), None


def attention_hindrance(network: PreTrainedModel, longest: int) -> str | None:
    """Why its attention cannot be computed from the positions and the mask, or the segments, that it is given, or None.

    Parameters
    ----------
    longest : tokens of the longest sequence, for models that look at a window only.
    """
    config = network.config
    window = getattr(config, "sliding_window", None) if getattr(config, "use_sliding_window", True) else None
    layers = set(getattr(config, "layer_types", None) or ["full_attention"])
    reasons = {
        "it takes no position ids": "position_ids" not in inspect.signature(network.forward).parameters,
        "not all its layers are attention": not layers <= {"full_attention", "sliding_attention"},
        f"its window of {window} is shorter than the longest sequence": window is not None and window < longest,
    }
    return next((reason for reason, applies in reasons.items() if applies), None)


def _is_heeded(network: PreTrainedModel, own: str) -> bool:
    """Whether two segments in a row get the logits that the second gets alone from the model's own attention.

    A model may swallow an argument it does not know; its losses would be wrong without an error.
    """
    tokens = torch.arange(8, device=network.device) % network.config.vocab_size
    positions = torch.tensor([[0, 1, 2, 3, 0, 1, 2, 3]], device=network.device)
    was_training = network.training
    network.train(False)  # dropout would make any two passes differ
    try:
        with torch.no_grad(), full_precision():
            packed = network(input_ids=tokens[None], position_ids=positions, segments=(4, 4), use_cache=False).logits
            network.set_attn_implementation(own)
            plain = network(input_ids=tokens[None, 4:], use_cache=False).logits
    except TypeError:  # no such argument
        return False
    finally:
        network.set_attn_implementation(NAME)
        network.train(was_training)
    return torch.allclose(packed[:, 4:].float(), plain.float(), atol=TOLERANCE, rtol=TOLERANCE)
