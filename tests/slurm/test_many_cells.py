"""A sweep of hundreds of cells: each is submitted, runs, and stands in the table."""

from __future__ import annotations

import sys
import time
from datetime import datetime
from pathlib import Path
from statistics import median

import pytest

from ltd.runs import find_runs
from tests.slurm.conftest import Slurm

pytestmark = [pytest.mark.slurm, pytest.mark.slow]

CELLS = 500
SLURM_TIME = "%Y-%m-%dT%H:%M:%S"


def test_five_hundred_cells_are_submitted_run_and_tabulated(slurm: Slurm, tmp_path: Path) -> None:
    """With ``-s`` it says how long that took."""
    start = time.monotonic()
    sweep = slurm.sweep(tmp_path, "sampler=random", f"seed=range({CELLS})", "tracker=none", "keep=results")
    table, errors = sweep.communicate()
    seconds = time.monotonic() - start
    assert sweep.returncode == 0, errors
    found = find_runs(tmp_path.glob("sweeps/*"))
    assert [record.state for record in found] == ["finished"] * CELLS
    assert sorted(record.seed for record in found if record.seed is not None) == list(range(CELLS))
    assert f"{CELLS} finished; folders are in" in table
    taken = slurm.ask("sacct", "--allocations", "--noheader", "--parsable2", "--format=Start,End").splitlines()
    times = [[datetime.strptime(moment, SLURM_TIME) for moment in line.split("|")] for line in taken]
    each = median((end - begin).total_seconds() for begin, end in times)
    sys.stdout.write(f"\n{CELLS} cells in {seconds:.0f} s, two at once; a job took {each:.0f} s (median)\n")
