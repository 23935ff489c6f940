"""How long ranking takes in fp32 and in bf16, and how many predictions change: all of RTE, CB and ANLI dev.

    LTD_DATA=/path python benchmarks/precision.py [--limit 50] [--threads 2]

SmolLM2-135M with the prompts and choices of lm-evaluation-harness, as `evaluate.py` asks them. The two
run one after the other: on a busy machine believe processor time.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from pathlib import Path

import numpy as np
import torch
from harness import TASKS, our_side, task_on

from ltd.model.causal_lm import CausalLM
from ltd.model.smollm2_135m import ensure
from ltd.score import TaskScore


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--limit", type=int, help="questions of each task, the labels by turns; by default all")
    parser.add_argument("--tokens-per-batch", type=int, default=1024)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    if "LTD_DATA" not in os.environ:
        sys.exit("LTD_DATA is not set: where are the rows of RTE, CB and ANLI?")
    torch.set_num_threads(options.threads)
    loaded = CausalLM(path=str(ensure())).load()
    with tempfile.TemporaryDirectory() as rows:
        tasks = {name: task_on(name, Path(rows), options.limit) for name in TASKS}
        exact, of_exact = our_side(loaded, tasks, options.tokens_per_batch, "fp32")
        coarse, of_coarse = our_side(loaded, tasks, options.tokens_per_batch, "bf16")
    sys.stdout.write("| task | n | accuracy fp32 | bf16 | predictions that change |\n|---|--:|--:|--:|--:|\n")
    for name in TASKS:
        print_row(name, [exact[name]], [coarse[name]])
    print_row("all", list(exact.values()), list(coarse.values()))
    for clock in ("wall", "processor"):
        sys.stdout.write(f"\n{clock} time: fp32 {of_exact[clock]:.0f} s, bf16 {of_coarse[clock]:.0f} s\n")


def print_row(name: str, exact: list[TaskScore], coarse: list[TaskScore]) -> None:
    n, right, right_coarse = (np.sum([score.n for score in exact]), hits(exact), hits(coarse))
    changed = np.mean(np.concatenate(predictions(exact)) != np.concatenate(predictions(coarse)))
    sys.stdout.write(f"| {name} | {n} | {right / n:.4f} | {right_coarse / n:.4f} | {changed:.1%} |\n")


def hits(scores: list[TaskScore]) -> float:
    return sum(score.accuracy * score.n for score in scores)


def predictions(scores: list[TaskScore]) -> list[list[int]]:
    return [[int(np.argmax(ranked.log_probabilities)) for ranked in score.questions] for score in scores]


if __name__ == "__main__":
    main()
