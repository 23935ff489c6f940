"""The cache: made once, whole or not at all, and continued by the next process if the maker dies."""

from __future__ import annotations

import logging
import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from ltd.cache import Cache
from ltd.cost import Cost, Share
from ltd.manifest import seal
from ltd.metering import count, measured


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
    processes = [context.Process(target=_ask, args=(tmp_path,)) for _ in range(8)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert [process.exitcode for process in processes] == [0] * 8
    assert (tmp_path / "thing" / "calls").read_text() == "x"


def _make_and_die(work: Path) -> None:
    (work / "part").write_text("half")
    os.kill(os.getpid(), signal.SIGKILL)


def _resume(work: Path) -> None:
    assert (work / "part").read_text() == "half"
    _make_slowly(work)


def _ask_for(root: Path, make: Callable[[Path], None]) -> None:
    Cache(root).folder("thing", {"a": 1}, make)


def test_when_the_maker_is_killed_one_of_those_that_wait_goes_on_with_its_files(tmp_path: Path) -> None:
    context = multiprocessing.get_context("fork")
    first = context.Process(target=_ask_for, args=(tmp_path, _make_and_die))
    first.start()
    while not list(tmp_path.glob("thing/*.partial/part")):
        time.sleep(0.005)
    others = [context.Process(target=_ask_for, args=(tmp_path, _resume)) for _ in range(7)]
    for process in others:
        process.start()
    for process in [first, *others]:
        process.join()
    assert [process.exitcode for process in [first, *others]] == [-signal.SIGKILL] + [0] * 7
    assert (tmp_path / "thing" / "calls").read_text() == "x"
    assert sorted(path.suffix for path in (tmp_path / "thing").iterdir()) == ["", ""]  # the result and the calls


def _flip(file: Path) -> None:
    file.write_bytes(bytes([file.read_bytes()[0] ^ 1]))


@pytest.mark.parametrize("damage", [_flip, lambda file: os.truncate(file, 0), Path.unlink])
def test_a_damaged_folder_is_made_again_and_told(
    damage: Callable[[Path], None], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    def make(work: Path) -> None:
        (work / "value").write_text("1")

    folder = Cache(tmp_path).folder("thing", {"a": 1}, make)
    damage(folder / "value")
    assert (Cache(tmp_path).folder("thing", {"a": 1}, make) / "value").read_text() == "1"
    assert f"{folder} is damaged: " in caplog.text
    assert "value" in caplog.text


def test_a_maker_that_lost_its_lock_writes_into_nobody_elses_folder(tmp_path: Path) -> None:
    """A process that was suspended for minutes wakes up in the middle of its work."""

    def overtaken(work: Path) -> None:
        work.with_name(f"{work.name.partition('.')[0]}.lock").unlink()
        Cache(tmp_path).folder("thing", {"a": 1}, lambda work: (work / "value").write_text("theirs") and None)
        (work / "value").write_text("ours")

    with pytest.raises(FileNotFoundError):
        Cache(tmp_path).folder("thing", {"a": 1}, overtaken)
    (folder,) = (path for path in (tmp_path / "thing").iterdir() if path.is_dir())
    assert (folder / "value").read_text() == "theirs"


def test_it_knows_what_it_gave_out(tmp_path: Path) -> None:
    cache = Cache(tmp_path)
    folder = cache.folder("thing", {"a": 1}, lambda work: None)
    assert list(cache.used) == [str(folder.relative_to(tmp_path))]


def test_an_artefact_says_what_it_cost_whoever_asks(tmp_path: Path) -> None:
    def make(work: Path) -> None:
        count(tokens=7)
        time.sleep(0.05)

    maker, reader = Cache(tmp_path), Cache(tmp_path)
    (name,) = (f"thing/{cache.folder('thing', {'a': 1}, make).name}" for cache in (maker,))
    reader.folder("thing", {"a": 1}, make)
    paid = maker.used[name].paid
    assert paid.tokens == 7
    assert paid.seconds >= 0.05
    assert maker.used[name].cost == Cost.of(paid.statement())
    assert reader.used[name] == Share(cost=maker.used[name].cost, paid=Cost())


def test_one_that_two_made_cost_both_their_shares(tmp_path: Path) -> None:
    def fail(work: Path) -> None:
        count(tokens=3)
        raise RuntimeError("no")

    first, second = Cache(tmp_path), Cache(tmp_path)
    with pytest.raises(RuntimeError):
        first.folder("thing", {"a": 1}, fail)
    (name,) = first.used
    assert first.used[name].cost is None  # it is not known yet
    second.folder("thing", {"a": 1}, lambda work: count(tokens=4))
    assert (first.used[name].paid.tokens, second.used[name].paid.tokens) == (3, 4)
    assert second.used[name].cost is not None
    assert second.used[name].cost.tokens == 7


def test_of_one_made_before_costs_were_kept_it_is_unknown(tmp_path: Path) -> None:
    folder = Cache(tmp_path).folder("thing", {"a": 1}, lambda work: None)
    (folder / "cost.json").unlink()
    seal(folder)
    cache = Cache(tmp_path)
    cache.folder("thing", {"a": 1}, lambda work: None)
    assert list(cache.used.values()) == [Share()]


def _make_when_let(work: Path) -> None:
    while not (work.parent / "enough").exists():
        time.sleep(0.01)
    (work / "value").write_text("1")


def test_a_wait_for_another_process_is_counted(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    other = multiprocessing.get_context("fork").Process(target=_ask_for, args=(tmp_path, _make_when_let))
    other.start()
    while not list(tmp_path.glob("thing/*.partial")):
        time.sleep(0.002)
    kept: list[Cost] = []

    def wait() -> None:
        with measured(kept.append):
            _ask_for(tmp_path, _make_when_let)

    waiting = threading.Thread(target=wait)
    waiting.start()
    while f"waits for process {other.pid}" not in caplog.text and waiting.is_alive():
        time.sleep(0.002)
    time.sleep(0.2)
    (tmp_path / "thing" / "enough").touch()
    waiting.join()
    other.join()
    assert 0.2 < (kept[-1].waited_seconds or 0.0) <= kept[-1].seconds
