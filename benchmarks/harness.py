"""Whether ranking agrees with lm-evaluation-harness 0.4.13, and how much faster it is.

    python -m venv /path/to/harness && /path/to/harness/bin/pip install lm_eval==0.4.13 torch transformers scikit-learn
    LTD_DATA=/path python benchmarks/harness.py /path/to/harness/bin/python
        [--model tiny_opt] [--choices several_tokens] [--precision bf16] [--limit 8]

Both sides read the same rows of RTE, CB and ANLI dev and the same model folder, each by its own code. In fp32 every
log-likelihood must agree within 1e-3, and every accuracy, acc_norm, acc_bytes and macro-F1 exactly. Seconds are from
rows to metrics, with the model loaded. The sides run one after the other: on a busy machine believe processor time.

The harness's own prompts have choices of one token, all of which it takes from one pass over the prompt. After the same
prompts, the choices of ``several_tokens`` (promptsource's Guaranteed, Possible, Impossible) go through its model one by
one.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import torch
import yaml
from hydra import compose, initialize_config_dir
from hydra.utils import instantiate
from transformers import AutoConfig, AutoTokenizer

from ltd import settings
from ltd.encoding import TextEncoder
from ltd.model import LoadedModel
from ltd.model.causal_lm import CausalLM
from ltd.model.smollm2_135m import ensure
from ltd.model.tiny import byte_tokenizer, random_network
from ltd.ranking import rank
from ltd.score import TaskScore

ROOT = Path(__file__).resolve().parents[1]
TASK_FILES = ROOT / "benchmarks" / "harness_tasks"
TASKS = ("rte", "cb", "anli_r1", "anli_r2", "anli_r3")
TOLERANCE = 1e-3


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("python", help="of the environment that lm_eval is installed in")
    parser.add_argument("--model", choices=MODELS, default="smollm2_135m")
    parser.add_argument("--choices", choices=("one_token", "several_tokens"), default="one_token")
    parser.add_argument("--precision", choices=("fp32", "bf16"), default="fp32", help="of both sides")
    parser.add_argument("--limit", type=int, help="questions of each task, the labels by turns; by default all")
    parser.add_argument("--batch-size", type=int, default=16, help="the harness's; ours counts tokens")
    parser.add_argument("--tokens-per-batch", type=int, default=1024)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    if "LTD_DATA" not in os.environ:
        sys.exit("LTD_DATA is not set: where are the rows of RTE, CB and ANLI?")
    torch.set_num_threads(options.threads)
    with tempfile.TemporaryDirectory() as temporary:
        rows = Path(temporary) / "rows"
        tasks = {name: task_on(name, rows, options.limit, options.choices) for name in TASKS}
        model = MODELS[options.model](Path(temporary) / "model")
        loaded = CausalLM(path=str(model)).load()
        ours, seconds = our_side(loaded, tasks, options.tokens_per_batch, options.precision)
        theirs = harness_side(rows, model, options)
    print_table(ours, theirs["tasks"])
    for clock, our_seconds in seconds.items():
        their_seconds = theirs["seconds"][clock]
        times = f"the harness {their_seconds:.1f} s, ltd {our_seconds:.1f} s: {their_seconds / our_seconds:.1f}x"
        sys.stdout.write(f"\n{clock} time: {times}\n")
    if options.precision != "fp32":
        return
    if problems := [problem for name in TASKS for problem in differences(name, ours[name], theirs["tasks"][name])]:
        sys.exit("\n".join(problems))


def task_on(name: str, rows: Path, limit: int | None = None, choices: str = "one_token") -> Any:
    """A task of ours under convention=single, on rows that are copied to where the harness looks for them."""
    settings.register()
    with initialize_config_dir(str(ROOT / "conf"), version_base="1.3"):
        option = compose("evaluate", [f"task={name}"]).task[name]
    original = instantiate(option, _convert_="all")
    file = original.file.format(split=original.split["single"] if isinstance(original.split, dict) else original.split)
    table = pq.read_table(Path(os.environ["LTD_DATA"]) / file)
    (rows / file).parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(table.take(by_turns(table["label"].to_numpy())[:limit]), rows / file)
    lines = (TASK_FILES / choices / f"{name}.yaml").read_text().splitlines()
    theirs = yaml.safe_load(next(line for line in lines if line.startswith("doc_to_choice:")))
    return instantiate(option, path=str(rows), choices=theirs["doc_to_choice"], _convert_="all")


def by_turns(labels: Any) -> Any:
    """The rows in an order in which the labels take turns: macro-F1 of the first few is then of all labels."""
    turn = np.zeros(len(labels), dtype=int)
    for label in np.unique(labels):
        turn[labels == label] = np.arange((labels == label).sum())
    return np.lexsort((labels, turn))


def tiny_opt(folder: Path) -> Path:
    """A random OPT whose weights are large enough for the choices' scores to differ in their first digits."""
    sizes = {"hidden_size": 32, "word_embed_proj_dim": 32, "ffn_dim": 64}
    layers = {"num_hidden_layers": 2, "num_attention_heads": 4, "max_position_embeddings": 2048, "init_std": 0.2}
    return random_model(folder, "opt", byte_tokenizer(), **sizes, **layers)


def hidden_512(folder: Path) -> Path:
    """A random Llama of SmolLM2's vocabulary."""
    sizes = {"hidden_size": 512, "intermediate_size": 1536, "initializer_range": 0.2}
    layers = {"num_hidden_layers": 8, "num_attention_heads": 8, "max_position_embeddings": 2048}
    return random_model(folder, "llama", AutoTokenizer.from_pretrained(ensure()), **sizes, **layers)


def random_model(folder: Path, architecture: str, tokenizer: Any, **sizes: Any) -> Path:
    special = {name: getattr(tokenizer, name) for name in ("pad_token_id", "bos_token_id", "eos_token_id")}
    config = AutoConfig.for_model(architecture, vocab_size=len(tokenizer), **special, **sizes)
    random_network(config, 0).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


MODELS: dict[str, Callable[[Path], Path]] = {
    "smollm2_135m": lambda _: ensure(),
    "tiny_opt": tiny_opt,
    "hidden_512": hidden_512,
}


def our_side(
    loaded: LoadedModel, tasks: dict[str, Any], tokens_per_batch: int, precision: Any
) -> tuple[dict[str, TaskScore], dict[str, float]]:
    network: Any = loaded.network
    network.to("cuda" if torch.cuda.is_available() else "cpu")
    encoder = TextEncoder(loaded.tokenizer, loaded.begin, loaded.end, max_length=loaded.max_length)
    given = {"tokens_per_batch": tokens_per_batch, "precision": precision}
    start, start_of_processor = time.perf_counter(), time.process_time()
    scores = {name: TaskScore(name, rank(network, encoder, task.questions(), **given)) for name, task in tasks.items()}
    for score in scores.values():
        score.summary()
    wall, processor = time.perf_counter() - start, time.process_time() - start_of_processor
    return scores, {"wall": wall, "processor": processor}


def harness_side(rows: Path, model: Path, options: argparse.Namespace) -> dict[str, Any]:
    result = rows.parent / "harness.json"
    command = [options.python, TASK_FILES / "score.py", model, TASK_FILES / options.choices, result]
    command += [
        f"--batch-size={options.batch_size}",
        f"--threads={options.threads}",
        f"--precision={options.precision}",
    ]
    offline = {"HF_HUB_OFFLINE": "1", "HF_DATASETS_CACHE": str(rows.parent / "cache")}
    done = subprocess.run(  # noqa: S603
        list(map(str, command)), cwd=rows, env=os.environ | offline, capture_output=True, text=True, check=False
    )
    if done.returncode:
        sys.exit(f"the harness failed:\n{done.stderr[-4000:]}")
    return json.loads(result.read_text())


def our_numbers(score: TaskScore) -> dict[str, float]:
    normed = {variant: score.under(variant).accuracy for variant in ("characters", "bytes")}
    return {"accuracy": score.accuracy, **normed, "macro_f1": score.macro_f1}


def largest_difference(ours: TaskScore, theirs: dict[str, Any]) -> float:
    pairs = zip(ours.questions, theirs["log_likelihoods"], strict=True)
    return max(float(np.abs(np.subtract(ranked.log_probabilities, scores)).max()) for ranked, scores in pairs)


def differences(name: str, ours: TaskScore, theirs: dict[str, Any]) -> list[str]:
    """What the two sides do not agree on."""
    found = [
        f"{name}: {metric} is {value!r}, the harness has {theirs[metric]!r}"
        for metric, value in our_numbers(ours).items()
        if abs(value - theirs[metric]) > 1e-9
    ]
    difference = largest_difference(ours, theirs)
    return found if difference < TOLERANCE else [*found, f"{name}: a log-likelihood differs by {difference:.2g}"]


def print_table(ours: dict[str, TaskScore], theirs: dict[str, Any]) -> None:
    """Each number of ours with the harness's beside it."""
    sys.stdout.write("| task | n | acc | acc_norm | acc_bytes | macro-F1 | largest difference of a log-likelihood |\n")
    sys.stdout.write("|---|--:|--:|--:|--:|--:|--:|\n")
    for name, score in ours.items():
        pairs = [f"{value:.4f} / {theirs[name][metric]:.4f}" for metric, value in our_numbers(score).items()]
        cells = [name, str(score.n), *pairs, f"{largest_difference(score, theirs[name]):.0e}"]
        sys.stdout.write(f"| {' | '.join(cells)} |\n")


if __name__ == "__main__":
    main()
