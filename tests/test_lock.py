"""The lock between processes: one holder, none that is dead, and no two that take it from the dead."""

from __future__ import annotations

import json
import logging
import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest

from ltd import lock
from ltd.errors import SettingsError
from ltd.lock import Owner, held, holder

CONTEXT = multiprocessing.get_context("fork")


def write(path: Path, owner: Owner, age: float = 0.0) -> None:
    """A lock as ``owner`` would have left it ``age`` seconds ago."""
    path.write_text(json.dumps(asdict(owner)))
    os.utime(path, (time.time() - age, time.time() - age))


def elsewhere() -> Owner:
    return replace(Owner.here(), host="another")


def gone() -> Owner:
    """A process of this machine that has ended."""
    return replace(Owner.here(), started="1")


def acquired(path: Path) -> bool:
    """Whether the lock was got, and nothing is left of it or of claims to it."""
    with held(path, "a test") as me:
        assert holder(path) == me
    return not list(path.parent.iterdir())


def test_its_holder_is_known_and_it_leaves_nothing(tmp_path: Path) -> None:
    assert holder(tmp_path / "a.lock") is None
    assert acquired(tmp_path / "a.lock")
    with pytest.raises(KeyError), held(tmp_path / "a.lock", "a test"):
        raise KeyError
    assert not list(tmp_path.iterdir())


def test_a_dead_process_of_this_machine_loses_it_at_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    write(tmp_path / "a.lock", gone())
    assert holder(tmp_path / "a.lock") is None
    assert acquired(tmp_path / "a.lock")
    assert f"process {os.getpid()} on {Owner.here().host} is gone; its lock a.lock is broken" in caplog.text


def test_a_process_elsewhere_loses_it_when_its_heart_has_stopped(tmp_path: Path) -> None:
    write(tmp_path / "a.lock", elsewhere(), age=lock.STALE + 5)
    assert acquired(tmp_path / "a.lock")


def test_a_host_that_was_started_anew_is_another(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path / "a.lock", replace(Owner.here(), system="an earlier boot"))
    assert holder(tmp_path / "a.lock") is not None
    monkeypatch.setattr(lock, "STALE", 0.5)
    assert acquired(tmp_path / "a.lock")


def test_what_is_no_lock_of_ours_is_broken(tmp_path: Path) -> None:
    (tmp_path / "a.lock").write_text("")
    assert acquired(tmp_path / "a.lock")


def test_a_breaker_that_died_while_breaking_is_made_up_for(tmp_path: Path) -> None:
    dead, breaker = gone(), gone()
    write(tmp_path / "a.lock", dead)
    write(tmp_path / f"a.lock.{dead.token}.gone", breaker)
    assert acquired(tmp_path / "a.lock")


def test_a_file_system_without_hard_links_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: Path, target: Path) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(Path, "hardlink_to", refuse)
    with pytest.raises(SettingsError, match=r"Operation not permitted.*hard links"), held(tmp_path / "a.lock", "x"):
        pass
    assert not list(tmp_path.iterdir())


def start(count: int, target: Callable[..., None], *arguments: object) -> list[multiprocessing.process.BaseProcess]:
    processes = [CONTEXT.Process(target=target, args=arguments) for _ in range(count)]
    for process in processes:
        process.start()
    return list(processes)


def enter(path: Path, inside: Path) -> None:
    with held(path, "a test"):
        inside.mkdir()  # fails if anybody else is inside
        time.sleep(0.01)
        inside.rmdir()


@pytest.mark.parametrize("left", [None, "dead", "silent"])
def test_of_eight_processes_one_is_inside_at_a_time(left: str | None, tmp_path: Path) -> None:
    """Also if all eight at once find a lock whose owner is dead."""
    if left:
        write(tmp_path / "a.lock", gone() if left == "dead" else elsewhere(), age=lock.STALE + 5)
    processes = start(8, enter, tmp_path / "a.lock", tmp_path / "inside")
    for process in processes:
        process.join()
    assert [process.exitcode for process in processes] == [0] * 8
    assert not list(tmp_path.iterdir())


def stay(path: Path) -> None:
    with held(path, "a test"):
        time.sleep(600)


def test_the_lock_of_a_killed_process_is_free(tmp_path: Path) -> None:
    (process,) = start(1, stay, tmp_path / "a.lock")
    while holder(tmp_path / "a.lock") is None:
        time.sleep(0.01)
    os.kill(process.pid or 0, signal.SIGKILL)  # and not yet waited for: a zombie
    assert acquired(tmp_path / "a.lock")
    process.join()


def test_a_holder_shows_that_it_lives(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lock, "HEARTBEAT", 0.02)
    with held(tmp_path / "a.lock", "a test"):
        os.utime(tmp_path / "a.lock", (0, 0))
        deadline = time.monotonic() + 120
        while (tmp_path / "a.lock").stat().st_mtime < 1 and time.monotonic() < deadline:
            time.sleep(0.01)
        assert time.time() - (tmp_path / "a.lock").stat().st_mtime < 5


@pytest.mark.parametrize("handler", [signal.default_int_handler, signal.SIG_IGN], ids=["heard", "background"])
def test_a_holder_that_lost_it_is_interrupted_and_leaves_the_new_one_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, handler: Any
) -> None:
    monkeypatch.setattr(lock, "HEARTBEAT", 0.02)
    other = elsewhere()
    before = signal.signal(signal.SIGINT, handler)

    def lose() -> None:
        with held(tmp_path / "a.lock", "a test"):
            write(tmp_path / "a.lock", other)
            for _ in range(1200):
                time.sleep(0.1)

    try:
        with pytest.raises(KeyboardInterrupt):
            lose()
    finally:
        signal.signal(signal.SIGINT, before)
    assert holder(tmp_path / "a.lock") == other
    assert "the lock a.lock was lost" in caplog.text


def test_waiting_is_said_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    (process,) = start(1, hold_until, tmp_path / "a.lock", tmp_path / "enough")
    while holder(tmp_path / "a.lock") is None:
        time.sleep(0.005)
    said = f"this waits for process {process.pid} on"

    def wait() -> None:
        with held(tmp_path / "a.lock", "this"):
            pass

    waiting = threading.Thread(target=wait)
    waiting.start()
    while said not in caplog.text and waiting.is_alive():
        time.sleep(0.005)
    time.sleep(0.3)  # more than three looks
    (tmp_path / "enough").touch()
    waiting.join()
    process.join()
    assert caplog.text.count(said) == 1


def hold_until(path: Path, enough: Path) -> None:
    with held(path, "a test"):
        while not enough.exists():
            time.sleep(0.01)
