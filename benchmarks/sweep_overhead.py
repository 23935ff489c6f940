"""What a cell of a sweep costs beside its training, in processor seconds, which depend little on other work.

    python benchmarks/sweep_overhead.py [--repeats 3] [--cells 6]

A cell is a run of a tiny model on 20 examples, two epochs, ranked on 19 questions before and after; each line is the
least of the repeats. Training is what the run itself spent in optimiser steps and in ranking.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path
from resource import RUSAGE_CHILDREN, getrusage
from tempfile import TemporaryDirectory

ROOT = Path(__file__).resolve().parents[1]

CELL = (
    "model=tiny",
    "tracker=none",
    "sampler=random",
    "fraction=0.04",
    "pool.n_family=8",
    "pool.n_two_way=8",
    "pool.n_embedded=4",
    "pool.n_multi_step=8",
    "task=[fragments_two_way,fragments_embedded]",
    "task.fragments_two_way.n_questions=10",
    "task.fragments_embedded.n_questions=9",
    "ranking.precision=fp32",
    "trainer.epochs=2",
    "trainer.examples_per_step=4",
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--cells", type=int, default=6, help="in one process, to tell a further cell from the first")
    options = parser.parse_args()
    with TemporaryDirectory() as folder:
        outputs = Path(folder)
        spent(outputs, "seed=0")  # makes what all cells share
        rows = {
            "`--help`": least(options.repeats, outputs, "--help"),
            "an option that does not exist": least(options.repeats, outputs, "sampler=none"),
            "a setting out of range": least(options.repeats, outputs, "fraction=-1"),
            "a finished cell, given again": least(options.repeats, outputs, "seed=0"),
        }
        alone = least(options.repeats, outputs, "seed=0", "force=true")
        seeds = f"seed=range(0,{options.cells + 1})"
        several = least(options.repeats, outputs, "--multirun", seeds, "force=true")
        rows["a cell in a process of its own"] = alone
        rows["a further cell in the same process"] = (several - alone) / options.cells
        rows["of which fine-tuning and ranking"] = training(outputs)
    sys.stdout.write("| what | processor seconds |\n|---|--:|\n")
    sys.stdout.writelines(f"| {what} | {seconds:.2f} |\n" for what, seconds in rows.items())


def least(repeats: int, outputs: Path, *arguments: str) -> float:
    """The least that a command spent."""
    return min(spent(outputs, *arguments) for _ in range(repeats))


def spent(outputs: Path, *arguments: str) -> float:
    """Processor seconds of train.py, in itself and in the kernel for it, on one thread."""
    flags = [argument for argument in arguments if argument.startswith("-")]  # before the overrides
    overrides = [*CELL, f"outputs={outputs}", *(argument for argument in arguments if argument not in flags)]
    command = [sys.executable, "train.py", *flags, *overrides]
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    before = getrusage(RUSAGE_CHILDREN)
    subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, check=False)  # noqa: S603 - our own script
    after = getrusage(RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def training(outputs: Path) -> float:
    """The processor seconds that a run which was not the first of its process spent in fine-tuning and ranking."""
    (file,) = outputs.glob("train/*-s1-*/cost.json")
    stages: dict[str, dict[str, float]] = json.loads(file.read_text())["stages"]
    return sum(stages[stage]["cpu_seconds"] for stage in ("rank before", "fine-tune", "rank after"))


if __name__ == "__main__":
    main()
