"""Rows hold every sequence, once where they agree, and each token sees exactly what comes before it."""

from __future__ import annotations

import numpy as np
import pytest

from ltd.batching import padded_length
from ltd.tree_batch import Row, batches, pack, segment_batches

ANY_WIDTH = 10**6  # so wide a model that sharing a single token pays


def random_sequences(seed: int, n_sequences: int = 60) -> list[tuple[int, ...]]:
    """Of three kinds of tokens, so that many begin alike, are equal, or are beginnings of others."""
    rng = np.random.default_rng(seed)
    return [tuple(rng.integers(3, size=rng.integers(1, 12)).tolist()) for _ in range(n_sequences)]


def spelt(row: Row, index: int) -> tuple[int, ...]:
    return tuple(row.ids[row.paths[index]].tolist())


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("branching", [True, False])
@pytest.mark.parametrize("limit", [12, 1000])
@pytest.mark.parametrize("width", [1, ANY_WIDTH])
def test_every_sequence_is_spelt_once_and_seen_as_it_is(seed: int, branching: bool, limit: int, width: int) -> None:
    sequences = random_sequences(seed)
    rows = pack(sequences, width, limit, branching)
    assert sorted(index for row in rows for index in row.paths) == list(range(len(sequences)))
    for row in rows:
        assert len(row) <= limit
        mask, positions = row.mask(padded_length(len(row))), row.positions()
        for index, path in row.paths.items():
            assert spelt(row, index) == sequences[index]
            for depth, token in enumerate(path):
                assert positions[token] == depth
                np.testing.assert_array_equal(np.flatnonzero(mask[token]), path[: depth + 1])


@pytest.mark.parametrize("seed", range(5))
def test_what_sequences_share_stands_once(seed: int) -> None:
    sequences = random_sequences(seed)
    rows = pack(sequences, ANY_WIDTH, 1000)
    assert len(rows) == len({sequence[0] for sequence in sequences})
    prefixes = {sequence[:length] for sequence in sequences for length in range(1, len(sequence) + 1)}
    assert sum(map(len, rows)) == len(prefixes)


@pytest.mark.parametrize("seed", range(5))
def test_without_branches_rows_are_the_longest_sequences(seed: int) -> None:
    sequences = random_sequences(seed)
    rows = pack(sequences, ANY_WIDTH, 1000, branching=False)
    beginnings = {sequence[:length] for sequence in sequences for length in range(len(sequence))}
    assert all(row.is_chain for row in rows)
    assert sorted(tuple(row.ids.tolist()) for row in rows) == sorted(set(sequences) - beginnings)


def test_choices_of_one_token_need_no_branch() -> None:
    (row,) = pack([(7, 8, 9)] * 3, 64, 1000)
    assert row.is_chain
    assert row.ids.tolist() == [7, 8, 9]


def test_choices_are_branches_of_their_prompt() -> None:
    prompt = tuple(range(10, 20))
    (row,) = pack([(*prompt, 1, 2), prompt, (*prompt, 1, 3), (*prompt, 4)], 64, 1000)
    assert row.ids.tolist() == [*prompt, 1, 2, 3, 4]
    assert row.positions().tolist() == [*range(10), 10, 11, 11, 10]
    seen = row.mask(14)[10:, 10:]
    np.testing.assert_array_equal(seen, [[1, 0, 0, 0], [1, 1, 0, 0], [1, 0, 1, 0], [0, 0, 0, 1]])


def test_sequences_that_share_little_stay_apart() -> None:
    """Two of 101 tokens that share s: s tokens fewer, but about 2 * 101 * 101 / 6 width more in attention."""
    first = tuple(range(101))

    def together(shared: int) -> bool:
        return len(pack([first, (*first[:shared], *range(1000, 1101 - shared))], 100, 1000)) == 1

    assert [together(shared) for shared in (0, 10, 31)] == [False, False, True]


@pytest.mark.parametrize("tokens_per_batch", [1, 64, 100])
@pytest.mark.parametrize("seed", range(3))
def test_batches_hold_every_row_within_the_budget(tokens_per_batch: int, seed: int) -> None:
    rows = pack(random_sequences(seed), 1, 12)
    found = list(batches(rows, tokens_per_batch))
    assert sorted(map(id, rows)) == sorted(id(row) for batch in found for row in batch.rows)
    for batch in found:
        assert batch.ids.size <= tokens_per_batch or len(batch.rows) == 1
        assert batch.ids.shape[1] == padded_length(max(map(len, batch.rows)))
        assert (batch.mask is None) == all(row.is_chain for row in batch.rows)
        assert len({row.is_chain for row in batch.rows}) == 1
        assert batch.starts == tuple(line * batch.ids.shape[1] for line in range(len(batch.rows)))
        for line, row in enumerate(batch.rows):
            np.testing.assert_array_equal(batch.ids[line, : len(row)], row.ids)
            np.testing.assert_array_equal(batch.positions[line, : len(row)], row.positions())
            if batch.mask is not None:
                np.testing.assert_array_equal(batch.mask[line, 0], row.mask(batch.ids.shape[1]))


@pytest.mark.parametrize("tokens_per_batch", [1, 64, 100])
@pytest.mark.parametrize("seed", range(3))
def test_segments_follow_one_another(tokens_per_batch: int, seed: int) -> None:
    rows = pack(random_sequences(seed), 1, 12)
    found = list(segment_batches(rows, tokens_per_batch))
    assert sorted(map(id, rows)) == sorted(id(row) for batch in found for row in batch.rows)
    for batch in found:
        used = sum(map(len, batch.rows))
        assert batch.ids.shape == batch.positions.shape == (1, padded_length(used))
        assert batch.ids.size <= tokens_per_batch or len(batch.rows) == 1
        assert batch.mask is None
        assert batch.segments is not None
        *segments, padding = [*batch.segments, *([(0, None)] if used == batch.ids.size else [])]
        assert padding == (batch.ids.size - used, None)
        for row, start, (length, seen) in zip(batch.rows, batch.starts, segments, strict=True):
            assert length == len(row)
            np.testing.assert_array_equal(batch.ids[0, start : start + length], row.ids)
            np.testing.assert_array_equal(batch.positions[0, start : start + length], row.positions())
            assert (seen is None) == row.is_chain
            np.testing.assert_array_equal(np.tri(length, dtype=bool) if seen is None else seen, row.mask(length))


def test_long_rows_come_first() -> None:
    rows = pack([tuple(range(start, start + length)) for start, length in ((0, 3), (100, 40), (200, 20))], 1, 100)
    for batched in (batches, segment_batches):
        assert [len(batch.rows[0]) for batch in batched(rows, 1)] == [40, 20, 3]


def test_padding_sees_itself_only() -> None:
    (row,) = pack([(1, 2), (1, 3)], ANY_WIDTH, 100)
    np.testing.assert_array_equal(row.mask(5)[3:], np.eye(5)[3:])


def test_nothing_makes_no_rows() -> None:
    assert pack([], 64, 100) == []
    assert list(batches([], 100)) == list(segment_batches([], 100)) == []
