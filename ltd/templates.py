"""The data sets and templates of a pool: which there are, the rows that belong to some, one row for each example."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator, Sequence
from fnmatch import fnmatchcase

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from ltd.example import PromptedPool


def templates(pool: PromptedPool, held_out: Sequence[str] = ()) -> dict[str, list[str]]:
    """The templates of each data set but for those `named` by ``held_out``, both sorted."""
    found: dict[str, set[str]] = {}
    for pairs, _ in _dictionary_batches(pool):
        for task, template in pairs:
            if not named(held_out, task, template):
                found.setdefault(task, set()).add(template)
    return {task: sorted(found[task]) for task in sorted(found)}


def named(patterns: Sequence[str], task: str, template: str) -> bool:
    """Whether any pattern, with ``*`` for anything, names the template, in promptsource's spelling or in P3's.

    A name without a data set is that of its template in all of them: what one wording is called, as a rule.

    >>> named(["GPT-3 style"], "super_glue_rte", "GPT_3_style"), named(["GPT-3*"], "snli", "can_we_infer")
    (True, False)
    >>> named(["super_glue_rte_GPT_3_style"], "super_glue/rte", "GPT-3 style"), named(["snli/*"], "anli_r1", "mean")
    (True, False)
    >>> named(["anli/can we infer"], "anli_r2", "can_we_infer"), named(["anli_mean_r2"], "anli_r2", "mean")
    (True, True)
    """
    task, template = _spelled(task), _spelled(template)
    names = {template, f"{task}_{template}"}
    if anli := re.fullmatch("anli_(r[123])", task):  # P3 writes the round last, promptsource not at all
        names |= {f"anli_{template}", f"anli_{template}_{anli[1]}"}
    return any(fnmatchcase(name, _spelled(pattern)) for pattern in patterns for name in names)


def _spelled(name: str) -> str:
    """As P3 writes it, which has ``_`` for all but letters and digits."""
    return re.sub(r"(?:[^\w*]|_)+", "_", name).strip("_")


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


def one_per_example(pool: PromptedPool, rows: NDArray[np.int64], seed: int) -> NDArray[np.int64]:
    """Of ``rows`` (ascending) one for each example of a data set, under a template drawn by the seed.

    Each of an example's rows gets a number from the seed, the example and the template, and the lowest is kept: the
    draw for one example depends on no other, and taking away a template changes only the examples that had it. Of rows
    alike in all that the first is kept. Examples are told apart by 64 bits of their names, in 16 bytes for each row.
    """
    if len(rows) == 0:
        return rows
    found = [_draws(batch.take(pa.array(inner)), seed) for batch, inner in _batches_with(pool, rows)]
    examples, draws = (np.concatenate(parts) for parts in zip(*found, strict=True))
    order = np.lexsort((draws, examples))  # stable: the lower of equal rows stays first
    first = np.ones(len(rows), bool)
    first[1:] = examples[order[1:]] != examples[order[:-1]]
    return np.sort(rows[order[first]])


def _batches_with(pool: PromptedPool, rows: NDArray[np.int64]) -> Iterator[tuple[pa.RecordBatch, NDArray[np.int64]]]:
    """The names in each record batch, with those of ``rows`` that lie in it, counted from its beginning."""
    start = 0
    for batch in pool.table.select(["task", "template", "example"]).to_batches():
        first, last = np.searchsorted(rows, [start, start + batch.num_rows])
        yield batch, rows[first:last] - start
        start += batch.num_rows


def _draws(batch: pa.RecordBatch, seed: int) -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
    """A number for each row's example, and one for its example, its template and the seed."""
    names = pc.binary_join_element_wise(batch["task"], batch["example"], _SEPARATOR)
    examples = np.array([_digest(name) for name in names.to_pylist()], np.uint64)
    coded: pa.DictionaryArray = batch["template"].dictionary_encode()
    of_templates = np.array([_digest(f"{seed}{_SEPARATOR}{name}") for name in coded.dictionary.to_pylist()], np.uint64)
    return examples, _mixed(examples ^ of_templates[coded.indices.to_numpy()])


def _digest(text: str) -> int:
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big")


def _mixed(numbers: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Numbers of which every bit depends on every bit of those given: SplitMix64's finaliser (Steele et al. 2014)."""
    numbers = (numbers ^ (numbers >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    numbers = (numbers ^ (numbers >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return numbers ^ (numbers >> np.uint64(31))


_SEPARATOR = "\x1f"  # ASCII's unit separator: names may hold anything that can be typed


def _dictionary_batches(pool: PromptedPool) -> Iterator[tuple[list[tuple[str, str]], NDArray[np.int64]]]:
    """For each record batch its distinct (task, template) pairs, and for each of its rows the number of its pair."""
    for batch in pool.table.select(["task", "template"]).to_batches():
        names: pa.DictionaryArray = pc.binary_join_element_wise(
            batch["task"], batch["template"], _SEPARATOR
        ).dictionary_encode()
        pairs = [tuple(name.split(_SEPARATOR, 1)) for name in names.dictionary.to_pylist()]
        yield pairs, names.indices.to_numpy().astype(np.int64)
