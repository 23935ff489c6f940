"""Token sequences that begin alike, packed into rows so that what they share is computed once.

A row is a tree: a shared prefix stands in it once, and what follows are its branches. Each token sees its own ancestors
only (the tree mask) and sits at its depth (the position id), so a model cannot tell a row from the plain sequences.
Pure numpy: no model is needed to build or to test a row.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ltd.batching import padded_length


@dataclass(frozen=True)
class Row:
    """Sequences that share what they have in common.

    Attributes
    ----------
    ids : (n_tokens,) token ids, every branch after what it branches from.
    branches : where each branch starts and ends, and the tokens of the row that it continues, root first.
    paths : for each sequence, by its index in the input, the tokens of the row that spell it.
    """

    ids: NDArray[np.int64]
    branches: tuple[tuple[int, int, NDArray[np.int64]], ...]
    paths: dict[int, NDArray[np.int64]]

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def is_chain(self) -> bool:
        """Whether the row is one plain sequence, for which the model's own causal mask is right."""
        return len(self.branches) == 1

    def positions(self) -> NDArray[np.int64]:
        """(n_tokens,) depth of each token, counted from 0."""
        return np.concatenate([np.arange(end - start) + len(stem) for start, end, stem in self.branches])

    def mask(self, length: int) -> NDArray[np.bool_]:
        """(length, length) whether the token of a line sees that of a column; padding sees itself."""
        mask = np.eye(length, dtype=bool)
        for start, end, stem in self.branches:
            mask[start:end, start:end] = np.tri(end - start, dtype=bool)
            mask[start:end, stem] = True
        return mask


@dataclass(frozen=True)
class Batch:
    """Rows that go through the network together: each a line of its own, or as segments of the only line.

    Lines are padded on the right to one length, as `padded_length` gives it.

    Attributes
    ----------
    ids, positions : (n_lines, length); padding is token 0 at position 0.
    starts : for each row where it begins, counted over all lines.
    mask : (n_lines, 1, length, length) for lines, or None if every row is a chain.
    segments : for the only line, what it consists of, the padding last: its length, and (length, length) what its
        tokens see, or None if that is all that is before them. None if each row has a line.
    """

    rows: tuple[Row, ...]
    ids: NDArray[np.int64]
    positions: NDArray[np.int64]
    starts: tuple[int, ...]
    mask: NDArray[np.bool_] | None = None
    segments: tuple[tuple[int, NDArray[np.bool_] | None], ...] | None = None


def pack(sequences: Sequence[tuple[int, ...]], width: int, limit: int, branching: bool = True) -> list[Row]:
    """Put every sequence into a row, together with those it shares enough with.

    Parameters
    ----------
    sequences : token ids; none is empty. Equal ones, and one that another begins with, share all they can.
    width : the model's hidden size. A row of n tokens costs n for the matrix products and about ``n² / 6 width`` for
        attention, which a mask does not make cheaper; a sequence joins a row if that lowers the sum.
    limit : a row of more tokens is not made out of several sequences.
    branching : whether the model can take a tree mask; if not, rows are plain sequences.
    """
    order = sorted(range(len(sequences)), key=lambda index: (sequences[index], index))
    rows: list[Row] = []
    building: _RowBuilder | None = None
    for index in order:
        if building is None or not building.takes(sequences[index], width, limit, branching):
            if building is not None:
                rows.append(building.row())
            building = _RowBuilder()
        building.add(index, sequences[index])
    return rows if building is None else [*rows, building.row()]


def segment_batches(rows: Iterable[Row], tokens_per_batch: int) -> Iterator[Batch]:
    """Batches of one line each, longest rows first; nothing is padded but the line's end.

    A batch holds at most ``tokens_per_batch`` tokens, padding included, but at least one row.
    """
    together: list[Row] = []
    for row in sorted(rows, key=len, reverse=True):
        if together and padded_length(sum(map(len, [*together, row]))) > tokens_per_batch:
            yield _segments(together)
            together = []
        together.append(row)
    if together:
        yield _segments(together)


def batches(rows: Iterable[Row], tokens_per_batch: int) -> Iterator[Batch]:
    """Batches of lines of about one length, longest first, trees apart from chains.

    A batch holds at most ``tokens_per_batch`` tokens, padding included, but at least one row.
    """
    ordered = sorted(rows, key=lambda row: (row.is_chain, -len(row)))
    start = 0
    while start < len(ordered):
        length = padded_length(len(ordered[start]))
        end = start + max(1, tokens_per_batch // length)
        chunk = [row for row in ordered[start:end] if row.is_chain == ordered[start].is_chain]
        yield _batch(tuple(chunk), length)
        start += len(chunk)


def _batch(rows: tuple[Row, ...], length: int) -> Batch:
    ids = np.zeros((len(rows), length), dtype=np.int64)
    positions = np.zeros_like(ids)
    for line, row in enumerate(rows):
        ids[line, : len(row)] = row.ids
        positions[line, : len(row)] = row.positions()
    mask = None if rows[0].is_chain else np.stack([row.mask(length) for row in rows])[:, None]
    return Batch(rows, ids, positions, tuple(range(0, ids.size, length)), mask)


def _segments(rows: Sequence[Row]) -> Batch:
    *starts, end = np.cumsum([0, *map(len, rows)]).tolist()
    padding = np.zeros(padded_length(end) - end, dtype=np.int64)
    segments = [(len(row), None if row.is_chain else row.mask(len(row))) for row in rows]
    if len(padding):
        segments.append((len(padding), None))
    ids = np.concatenate([*(row.ids for row in rows), padding])[None]
    positions = np.concatenate([*(row.positions() for row in rows), padding])[None]
    return Batch(tuple(rows), ids, positions, tuple(starts), segments=tuple(segments))


class _RowBuilder:
    """Grows one row from sequences in sorted order, in which the previous one shares the most with the next."""

    def __init__(self) -> None:
        self._ids: list[int] = []
        self._branches: list[tuple[int, int, NDArray[np.int64]]] = []
        self._paths: dict[int, NDArray[np.int64]] = {}
        self._sequence: tuple[int, ...] = ()  # the last one added
        self._path: NDArray[np.int64] = np.arange(0)

    def takes(self, sequence: tuple[int, ...], width: int, limit: int, branching: bool) -> bool:
        """Whether adding ``sequence`` costs less than a row of its own."""
        shared = _shared(self._sequence, sequence)
        together = len(self._ids) + len(sequence) - shared
        if shared == len(self._ids):  # a chain, of which the sequence is the continuation
            return True
        attention = together**2 - len(self._ids) ** 2 - len(sequence) ** 2
        return branching and together <= limit and attention < shared * 6 * width

    def add(self, index: int, sequence: tuple[int, ...]) -> None:
        """Add the part of ``sequence`` that the row does not have yet."""
        shared = _shared(self._sequence, sequence)
        start, end = len(self._ids), len(self._ids) + len(sequence) - shared
        stem = self._path[:shared]
        if end > start:
            self._ids.extend(sequence[shared:])
            if self._branches and shared == start:  # the chain grows longer
                self._branches[-1] = (0, end, np.arange(0))
            else:
                self._branches.append((start, end, stem))
        self._sequence, self._path = sequence, np.concatenate([stem, np.arange(start, end)])
        self._paths[index] = self._path

    def row(self) -> Row:
        return Row(np.array(self._ids, dtype=np.int64), tuple(self._branches), self._paths)


def _shared(first: tuple[int, ...], second: tuple[int, ...]) -> int:
    """How many tokens the two begin with in common."""
    for count, (left, right) in enumerate(zip(first, second, strict=False)):
        if left != right:
            return count
    return min(len(first), len(second))
