"""`metrics.csv`: the same bytes, whatever happened on the way."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from ltd.tracker.csv import Csv
from tests.tracker.conftest import describe

BUDGET = {"budget/examples": 250}
RESULTS = {"eval/rte/accuracy": 0.75, "eval/average": 0.625}
LAST = 3
WHOLE = """\
step,name,value
,budget/examples,250
1,train/loss,1.0
1,train/learning_rate,0.001
2,train/loss,0.5
2,train/learning_rate,0.001
3,train/loss,0.3333333333333333
3,train/learning_rate,0.001
,eval/rte/accuracy,0.75
,eval/average,0.625
"""


def log_run(folder: Path, checkpoint: int = 0, factor: float = 1.0) -> str:
    """One attempt at a run that goes on from ``checkpoint``, and the file it leaves."""
    tracker = Csv()
    tracker.start(describe(folder))
    tracker.log(BUDGET)
    for step in range(checkpoint + 1, LAST + 1):
        tracker.log({"train/loss": factor / step, "train/learning_rate": 0.001}, step)
    tracker.log(RESULTS)
    tracker.finish()
    tracker.finish()
    return (folder / "metrics.csv").read_text()


def test_rows_are_step_name_and_value(tmp_path: Path) -> None:
    assert log_run(tmp_path / "made" / "by the tracker") == WHOLE


def test_interrupted_run_ends_with_the_same_bytes(tmp_path: Path) -> None:
    """Wherever the file was cut off, and whether training goes on from the last step in it or starts again."""
    path = tmp_path / "metrics.csv"
    for cut in range(len(WHOLE)):
        complete_steps = sum(line.endswith("learning_rate,0.001\n") for line in WHOLE[:cut].splitlines(keepends=True))
        for checkpoint in {0, complete_steps}:
            path.write_text(WHOLE[:cut])
            assert log_run(tmp_path, checkpoint) == WHOLE


def test_numbers_that_came_out_differently_replace_the_earlier_ones(tmp_path: Path) -> None:
    log_run(tmp_path)
    again = dict(line.rsplit(",", 1) for line in log_run(tmp_path, checkpoint=1, factor=2.0).splitlines())
    losses = [float(again[f"{step},train/loss"]) for step in range(1, LAST + 1)]
    assert losses == [1, 2 / 2, 2 / 3]
    assert again[",eval/average"] == "0.625"
    assert len(again) == len(WHOLE.splitlines())


def test_every_number_is_on_disk_when_log_returns(tmp_path: Path) -> None:
    tracker = Csv()
    tracker.start(describe(tmp_path))
    tracker.log({"train/loss": 0.5}, 1)
    assert (tmp_path / "metrics.csv").read_text() == "step,name,value\n1,train/loss,0.5\n"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (np.float32(0.1), "0.10000000149011612"),
        (np.float64(0.1), "0.1"),
        (math.nan, "nan"),
        (3, "3"),
        (1e-300, "1e-300"),
    ],
)
def test_numbers_keep_their_digits(value: float, text: str, tmp_path: Path) -> None:
    tracker = Csv()
    tracker.start(describe(tmp_path))
    tracker.log({"a, b": value})
    assert (tmp_path / "metrics.csv").read_text() == f'step,name,value\n,"a, b",{text}\n'
