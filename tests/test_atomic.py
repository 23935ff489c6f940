"""Files that appear whole or not at all, and what is said if they cannot."""

import errno
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from ltd.atomic import replacing, reserve, write_json, write_parquet


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 64 kB, on which an older ``file`` lies."""
    folder = tmp_path / "small"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=64k", "none", str(folder)]
    if os.name != "posix" or os.geteuid() != 0 or subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("only root mounts a small file system")
    (folder / "file").write_text("older")
    try:
        yield folder
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def write_array(path: Path) -> None:
    with replacing(path) as temporary, open(temporary, "wb") as file:
        np.save(file, np.random.default_rng(0).random(100_000))


WRITERS = {
    "json": lambda path: write_json(path, list(range(100_000))),
    "parquet": lambda path: write_parquet(path, pa.table({"a": np.random.default_rng(0).random(100_000)})),
    "array": write_array,
}


@pytest.mark.parametrize("kind", WRITERS)
def test_on_a_full_disk_the_file_is_named_and_the_older_one_stays(small_disk: Path, kind: str) -> None:
    """Python's own files name none, Arrow's message is its own, and numpy tells no reason."""
    with pytest.raises(OSError, match=str(small_disk)) as raised:
        WRITERS[kind](small_disk / "file")
    assert raised.value.filename == str(small_disk / "file")
    assert raised.value.errno == (errno.EIO if kind == "array" else errno.ENOSPC)
    assert raised.value.strerror
    assert [path.name for path in small_disk.iterdir()] == ["file"]
    assert (small_disk / "file").read_text() == "older"


def test_room_for_a_file_in_memory_is_had_before_it_is_written(small_disk: Path) -> None:
    """Without it the first write past the disk's end is a bus error, which no test would live to tell."""
    for n_rows in (1_000, 100_000):
        whole = np.lib.format.open_memmap(small_disk / "array.npy", "w+", np.float64, (n_rows,))
        if n_rows == 100_000:
            with pytest.raises(OSError, match=r"No space left on device: '.*array\.npy'"):
                reserve(small_disk / "array.npy")
        else:
            reserve(small_disk / "array.npy")
            whole[:] = 7.0
            whole.flush()
            assert np.load(small_disk / "array.npy").sum() == 7_000.0


def test_an_error_that_names_its_file_stays_as_it_is(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError) as raised, replacing(tmp_path / "file") as temporary:
        temporary.write_text((tmp_path / "missing").read_text())
    assert raised.value.filename == str(tmp_path / "missing")
    assert list(tmp_path.iterdir()) == []


def test_any_other_error_stays_as_it_is(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="not a number"), replacing(tmp_path / "file"):
        raise ValueError("not a number")
    assert list(tmp_path.iterdir()) == []
