"""The data sets and templates of a pool: which there are, and the rows that belong to some of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from ltd.example import PromptedPool


def templates(pool: PromptedPool) -> dict[str, list[str]]:
    """The templates of each data set, both sorted."""
    found: dict[str, set[str]] = {}
    for pairs, _ in _dictionary_batches(pool):
        for task, template in pairs:
            found.setdefault(task, set()).add(template)
    return {task: sorted(found[task]) for task in sorted(found)}


def rows_where(pool: PromptedPool, keep: Callable[[str, str], bool]) -> NDArray[np.int64]:
    """The rows, ascending, whose data set and template ``keep(task, template)`` says yes to.

    It is asked once for each pair in a record batch, not for each row.
    """
    found, start = [np.empty(0, np.int64)], 0
    for pairs, codes in _dictionary_batches(pool):
        kept = np.array([keep(task, template) for task, template in pairs], bool)
        found.append(start + np.flatnonzero(kept[codes]))
        start += len(codes)
    return np.concatenate(found)


_SEPARATOR = "\x1f"  # ASCII's unit separator: names may hold anything that can be typed


def _dictionary_batches(pool: PromptedPool) -> Iterator[tuple[list[tuple[str, str]], NDArray[np.int64]]]:
    """For each record batch its distinct (task, template) pairs, and for each of its rows the number of its pair."""
    for batch in pool.table.select(["task", "template"]).to_batches():
        names: pa.DictionaryArray = pc.binary_join_element_wise(
            batch["task"], batch["template"], _SEPARATOR
        ).dictionary_encode()
        pairs = [tuple(name.split(_SEPARATOR, 1)) for name in names.dictionary.to_pylist()]
        yield pairs, names.indices.to_numpy().astype(np.int64)
