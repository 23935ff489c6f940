"""The pool on disk: what is written is what is read, by rows and by columns."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ltd.errors import DataError
from ltd.example import Prompt, PromptedPool, content_key

ROWS = [
    Prompt("a", "1", "rte", "t0", "one", "True", ("True", "False")),
    Prompt("b", "1", "rte", "t1", "two", "ä\n", None),
    Prompt("c", "2", "cb", "t0", "three", "Maybe", ("Maybe",)),
]


def test_rows_come_back_in_the_order_asked_for(tmp_path: Path) -> None:
    PromptedPool.write(tmp_path, [ROWS[:1], ROWS[1:]])
    pool = PromptedPool.open(tmp_path)
    assert len(pool) == 3
    assert list(pool.prompts(np.array([2, 0, 1]))) == [ROWS[2], ROWS[0], ROWS[1]]
    assert pool.strings("prompt") == ["one", "two", "three"]
    assert pool.strings("target", np.array([1])) == ["ä\n"]
    assert pool.counts("task") == {"rte": 2, "cb": 1}
    assert pool.counts("template", np.array([0, 2])) == {"t0": 2}


def test_the_fingerprint_follows_the_content(tmp_path: Path) -> None:
    for name, rows in (("a", ROWS), ("b", ROWS), ("c", ROWS[::-1])):
        PromptedPool.write(tmp_path / name, [rows])
    fingerprints = [PromptedPool.open(tmp_path / name).fingerprint for name in "abc"]
    assert fingerprints[0] == fingerprints[1] != fingerprints[2]


def test_an_empty_pool_and_a_damaged_file_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="came out empty"):
        PromptedPool.write(tmp_path / "empty", [])
    PromptedPool.write(tmp_path, [ROWS])
    (tmp_path / "pool.arrow").write_bytes(b"ARROW1")
    with pytest.raises(DataError, match=r"no readable pool in .* delete the folder"):
        PromptedPool.open(tmp_path)


def test_a_content_key_knows_values_apart() -> None:
    assert content_key({"a": 1}) != content_key({"a": "1"})
    assert content_key([1, 2]) != content_key([2, 1])
