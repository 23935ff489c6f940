"""Commands whose results cannot be written: one line and exit code 2, and no fault of ours is hidden by it."""

import errno
import math
import os
from pathlib import Path

import pytest

from tests.test_command import Outcome, Run, conf, run

__all__ = ["conf", "run"]  # pytest looks for fixtures where they are used

REMEDY = "free some space or correct the rights, or set outputs= and cache= to other folders"


@pytest.mark.parametrize(
    ("number", "file"),
    [
        (errno.ENOSPC, "/anywhere/file"),
        (errno.EDQUOT, "/mine/outputs/train/a/status.json"),
        (errno.EACCES, "/mine/outputs/train"),
        (errno.EROFS, "/mine"),
        (errno.ENOTDIR, "/mine/elsewhere/pool"),
        (errno.ENOENT, "/mine/outputs"),
    ],
)
def test_a_folder_that_cannot_be_written_is_one_line(run: Run, number: int, file: str) -> None:
    outcome = run("what=OSError", f"number={number}", f"file={file}", "outputs=/mine/outputs", "cache=/mine/elsewhere")
    assert outcome == Outcome(2, f"error: {file} cannot be written ({os.strerror(number)}); {REMEDY}\n", [])


def test_a_full_disk_is_one_line_also_if_the_system_names_no_file(run: Run) -> None:
    outcome = run("what=OSError", f"number={errno.ENOSPC}", "outputs=/mine/outputs", "cache=/mine/elsewhere")
    where = "something below /mine/outputs or /mine/elsewhere"
    assert outcome == Outcome(2, f"error: {where} cannot be written (No space left on device); {REMEDY}\n", [])


@pytest.mark.parametrize(
    ("number", "file"),
    [
        (errno.EACCES, "/somebody/else"),  # not a folder that results go to
        (errno.ENOENT, "{outputs}/train/a/selection.parquet"),  # the folder is there: whoever reads it is wrong
        (errno.EINVAL, "{outputs}/train/a/status.json"),
        (errno.EACCES, "null"),
    ],
)
def test_any_other_error_of_the_system_keeps_its_traceback(run: Run, conf: Path, number: int, file: str) -> None:
    outputs = conf.parent / "outputs"
    (outputs / "cache").mkdir(parents=True)
    outcome = run("what=OSError", f"number={number}", f"file={file.format(outputs=outputs)}")
    assert outcome.code == 1
    assert "Traceback" in outcome.stderr
    assert os.strerror(number) in outcome.stderr


def test_a_multirun_whose_folder_cannot_be_made_is_one_line(run: Run, conf: Path) -> None:
    (conf.parent / "file").touch()
    outcome = run("-m", "seed=0,1", f"outputs={conf.parent}/file")
    assert outcome.code == 2
    assert outcome.values == []
    assert outcome.stderr.startswith(f"error: {conf.parent}/file/sweeps")
    assert outcome.stderr.endswith(f" cannot be written (Not a directory); {REMEDY}\n")
    assert outcome.stderr.count("\n") == 1


def test_a_multirun_that_begins_on_a_full_disk_is_one_line(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(file: Path, _: str) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(Path, "write_text", full)
    outcome = run("-m", "seed=0,1")
    assert (outcome.code, outcome.values) == (2, [])
    assert outcome.stderr.endswith(f"/sweep.json cannot be written (No space left on device); {REMEDY}\n")
    assert outcome.stderr.count("\n") == 1


def test_a_job_of_a_multirun_that_finds_the_disk_full_counts_as_failed(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = Path.write_text

    def full(file: Path, text: str) -> int:
        if file.suffix != ".error":
            return write(file, text)
        file.touch()
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(Path, "write_text", full)
    outcome = run("-m", "what=odd", "seed=0,1,2")
    assert outcome.code == 2
    assert outcome.values == pytest.approx([0.0, math.inf, 2.0])
    assert "error: job 1 (what=odd seed=1): 1 is odd\n" in outcome.stderr
    assert "Traceback" not in outcome.stderr
