"""The harness's side of the comparison: run by the Python of its own environment, in the folder that holds the rows.

python score.py MODEL_FOLDER TASK_FOLDER RESULT.json --batch-size 16 --threads 2 --precision fp32
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

import torch
from lm_eval import evaluator
from lm_eval.models.huggingface import HFLM
from lm_eval.tasks import TaskManager

DTYPES = {"fp32": "float32", "bf16": "bfloat16"}
METRICS = {"accuracy": "acc", "characters": "acc_norm", "bytes": "acc_bytes", "macro_f1": "f1"}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("model")
    parser.add_argument("folder", type=Path, help="of the task files")
    parser.add_argument("result", type=Path)
    parser.add_argument("--batch-size", type=int, required=True)
    parser.add_argument("--threads", type=int, required=True)
    parser.add_argument("--precision", choices=DTYPES, required=True)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    dtype = DTYPES[options.precision]
    model = HFLM(pretrained=options.model, dtype=dtype, device=device, batch_size=options.batch_size)
    names = sorted(f"ltd_{file.stem}" for file in options.folder.glob("*.yaml"))
    tasks = TaskManager(include_path=options.folder, include_defaults=False).load(names)
    start, start_of_processor = time.perf_counter(), time.process_time()
    results = evaluator.evaluate(model, tasks, bootstrap_iters=0, log_samples=True)
    seconds = {"wall": time.perf_counter() - start, "processor": time.process_time() - start_of_processor}
    scores = {name.removeprefix("ltd_"): numbers(results, name) for name in names}
    options.result.write_text(json.dumps({"seconds": seconds, "tasks": scores}))


def numbers(results: dict, name: str) -> dict:
    samples = sorted(results["samples"][name], key=lambda sample: sample["doc_id"])
    log_likelihoods = [[choice[0] for choice in sample["filtered_resps"]] for sample in samples]
    metrics = {ours: results["results"][name][f"{theirs},none"] for ours, theirs in METRICS.items()}
    return metrics | {"log_likelihoods": log_likelihoods}


if __name__ == "__main__":
    main()
