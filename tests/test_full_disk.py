"""A run on a disk that is too small: whichever file does not fit, one line says so, and with more room it goes on."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.test_experiment import SMALL

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Callable[[str], Path]]:
    """Gives a file system of a size, and the same one with another size."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = False

    def sized(size: str) -> Path:
        nonlocal mounted
        options = f"{'remount,' * mounted}size={size}"
        mount = ["mount", "-t", "tmpfs", "-o", options, "none", str(folder)]
        if (
            os.name != "posix"
            or os.geteuid() != 0
            or subprocess.run(mount, check=False, capture_output=True).returncode
        ):
            pytest.skip("only root mounts a small file system")
        mounted = True
        return folder

    yield sized
    if mounted:
        subprocess.run(["umount", str(folder)], check=True)


def train(outputs: Path, cache: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(ROOT / "train.py"), *SMALL, f"outputs={outputs}", f"cache={cache}"]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.mark.slow
@pytest.mark.parametrize("size", ["4k", "32k", "200k", "300k"])
def test_a_full_disk_is_one_line_and_with_more_room_it_goes_on(
    size: str, disk: Callable[[str], Path], tmp_path: Path
) -> None:
    """The first records; an artefact of the cache; a checkpoint; what comes after it."""
    outputs = disk(size)
    cache = outputs / "cache" if size == "200k" else tmp_path / "cache"
    done = train(outputs, cache)
    assert done.returncode == 2, done.stderr
    assert "Traceback" not in done.stderr
    (error,) = [line for line in done.stderr.splitlines() if line.startswith("error: ")]
    assert "cannot be written" in error
    assert str(outputs) in error
    assert "free some space" in error
    disk("64m")
    again = train(outputs, cache)
    assert again.returncode == 0, again.stderr
