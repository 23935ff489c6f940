"""The cache: made once, whole or not at all, and continued by the next process if the maker dies."""

from __future__ import annotations

import multiprocessing
import time
from pathlib import Path

import pytest

from ltd.cache import Cache


def test_is_made_once_for_equal_sources_and_again_for_others(tmp_path: Path) -> None:
    calls = []

    def make(work: Path) -> None:
        calls.append(work)
        (work / "value").write_text("1")

    cache = Cache(tmp_path)
    first = cache.folder("thing", {"a": 1, "b": [2]}, make)
    assert cache.folder("thing", {"b": [2], "a": 1}, make) == first
    assert len(calls) == 1
    assert cache.folder("thing", {"a": 2}, make) != first
    assert len(calls) == 2
    assert (first / "value").read_text() == "1"


def test_a_failed_attempt_leaves_no_result_and_its_files_to_the_next(tmp_path: Path) -> None:
    cache = Cache(tmp_path)

    def fail(work: Path) -> None:
        (work / "part").write_text("half")
        raise RuntimeError("killed")

    with pytest.raises(RuntimeError):
        cache.folder("thing", {"a": 1}, fail)

    def resume(work: Path) -> None:
        assert (work / "part").read_text() == "half"
        (work / "whole").write_text("done")

    assert (cache.folder("thing", {"a": 1}, resume) / "whole").exists()


def _make_slowly(work: Path) -> None:
    with open(work.parent / "calls", "a") as file:
        file.write("x")
    time.sleep(0.3)
    (work / "value").write_text("1")


def _ask(root: Path) -> None:
    Cache(root).folder("thing", {"a": 1}, _make_slowly)


def test_processes_that_start_together_make_it_once(tmp_path: Path) -> None:
    context = multiprocessing.get_context("fork")
    processes = [context.Process(target=_ask, args=(tmp_path,)) for _ in range(4)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert [process.exitcode for process in processes] == [0] * 4
    assert (tmp_path / "thing" / "calls").read_text() == "x"
