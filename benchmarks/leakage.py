"""What the leakage gate takes for the related part of a P3 mirror, and for as many prompts as the full pool has.

    LTD_DATA=/path python benchmarks/leakage.py [--prompts 500000] [--convention single]

The questions are the paper's five tasks, the prompts the mirror's natural language inference. They are repeated up to
``--prompts``, each copy with two of its words exchanged for new ones, so that no copy equals another. Every size runs
in a process of its own, so that its peak memory is its own: that of Python and its libraries is in it.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import resource
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
from hydra import compose, initialize_config_dir
from hydra.utils import instantiate

from ltd import settings
from ltd.example import POOL_SCHEMA, Prompt, PromptedPool
from ltd.leakage import Item, LeakageSettings, count_leaks, find_leaks
from ltd.pool.p3 import NLI, P3

ROOT = Path(__file__).resolve().parents[1]
PROMPTS_PER_BATCH = 8192


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--prompts", type=int, default=500_000)
    parser.add_argument("--convention", default="single", help="t0 asks each question through all its templates")
    options = parser.parse_args()
    if "LTD_DATA" not in os.environ:
        sys.exit("set LTD_DATA to a folder that holds P3/<configuration>/train.parquet and raw/")
    sys.stdout.write("| prompts | questions | seconds | prompts/s | peak memory | leaks |\n|---|---|---|---|---|---|\n")
    with tempfile.TemporaryDirectory() as folder:
        related, repeated = Path(folder, "related"), Path(folder, "repeated")
        P3(path=os.environ["LTD_DATA"], data_sets=NLI).write(related)
        PromptedPool.write(repeated, perturbed(PromptedPool.open(related), options.prompts))
        for pool in (related, repeated):
            process = multiprocessing.get_context("spawn").Process(target=measure, args=(pool, options.convention))
            process.start()
            process.join()
            if process.exitcode:
                sys.exit(process.exitcode)


def measure(folder: Path, convention: str) -> None:
    pool, items = PromptedPool.open(folder), paper_items(convention)
    start = time.perf_counter()
    leaks = find_leaks(pool, np.arange(len(pool)), items, LeakageSettings())
    seconds = time.perf_counter() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    sys.stdout.write(
        f"| {len(pool):,} | {len(items):,} | {seconds:.1f} | {len(pool) / seconds:,.0f} | {peak:.2f} GiB "
        f"| {'; '.join(f'{task} {kinds}' for task, kinds in count_leaks(leaks).items())} |\n"
    )
    sys.stdout.flush()


def paper_items(convention: str) -> list[Item]:
    settings.register()
    with initialize_config_dir(str(ROOT / "conf"), version_base="1.3"):
        config = compose("evaluate", ["task=paper_nli", f"convention={convention}"])
    tasks = [instantiate(option) for option in config.task.values()]
    return [Item.from_question(task.name, question) for task in tasks for question in task.questions()]


def perturbed(pool: PromptedPool, n_prompts: int) -> Iterator[pa.RecordBatch | list[Prompt]]:
    """The pool's prompts again and again, from the second time on with two words exchanged in each."""
    generator = np.random.default_rng(0)
    for start in range(0, n_prompts, PROMPTS_PER_BATCH):
        rows = np.arange(start, min(start + PROMPTS_PER_BATCH, n_prompts))
        taken = pool.table.take(pa.array(rows % len(pool))).combine_chunks()
        columns = {name: taken[name].combine_chunks() for name in POOL_SCHEMA.names}
        texts = columns["prompt"].to_pylist()
        columns["id"] = pa.array(rows).cast(pa.string())
        columns["prompt"] = pa.array(
            [
                exchange(text, row, generator) if row >= len(pool) else text
                for text, row in zip(texts, rows, strict=True)
            ]
        )
        yield pa.RecordBatch.from_arrays([columns[name] for name in POOL_SCHEMA.names], schema=POOL_SCHEMA)


def exchange(text: str, row: int, generator: np.random.Generator) -> str:
    words = text.split(" ")
    for place in generator.integers(len(words), size=2):
        words[place] = f"new{row}"
    return " ".join(words)


if __name__ == "__main__":
    main()
