"""How much faster fine-tuning is than its peers, as ratios within one process, and whether it learns the same.

    pip install --no-deps -r benchmarks/peers_finetuning.txt
    LTD_DATA=/path python benchmarks/finetuning.py [--model llama_512] [--precision fp32] [--threads 2] [--rounds 3]

Every side makes the same optimiser steps from the same weights, on prompts from every configuration of P3:

- padded: a step is one padded batch with logits everywhere, as a plain loop in torch has it;
- bucketed: a step is cut into padded batches of similar length, with logits at target tokens only;
- grouped: the same, and a step's own prompts are of similar length, which is another order of the data;
- Trainer: Hugging Face's, which pads;
- SFTTrainer: TRL's, whose packing puts the prompts of each step into one row;
- ltd: `ltd.finetune.finetune`.

The sides take turns. Time runs from the end of the first step to the end of the last, so that no set-up and no
checkpoint is in it. Tokens are those of prompts and targets, without padding. Of all rounds the median ratio counts:
believe that of wall times on a quiet machine, that of processor times with --threads 1 on a busy one. Memory is the
peak above what was taken before. The share is of what one large matrix product reaches on the same device, and counts
the operations that tokens and targets need, attention left out.

On a GPU: --device cuda --precision bf16 --model galactica_1_3b --examples-per-step 64 --tokens-per-batch 16384
"""

from __future__ import annotations

import argparse
import ctypes
import importlib.util
import os
import platform
import statistics
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import torch
from finetuning_sides import LONGEST, SEED, SIDES, Clock, Work
from transformers import AutoConfig, AutoTokenizer

from ltd.batching import plan_steps
from ltd.encoding import TextEncoder
from ltd.finetune_settings import FinetuneSettings
from ltd.hardware import reuse_freed_memory
from ltd.model.causal_lm import CausalLM
from ltd.model.smollm2_135m import ensure
from ltd.model.tiny import random_network
from ltd.quiet import quiet_transformers


@dataclass
class Side:
    """One way to train, and what its rounds came to."""

    train: Callable[[Work, Clock], Sequence[float]]
    work: Work
    wall: list[float] = field(default_factory=list)
    processor: list[float] = field(default_factory=list)
    memory: float = 0.0
    losses: Sequence[float] = ()

    def measure(self) -> None:
        clock, last = Clock(self.work.device), len(self.work.steps) - 1
        with peak_memory(self.work.device) as peak, quiet_transformers():
            self.losses = self.train(self.work, clock)
        self.memory = max(self.memory, peak[0])
        self.wall.append((clock.wall[last] - clock.wall[0]) / self.work.n_tokens)
        self.processor.append((clock.processor[last] - clock.processor[0]) / self.work.n_tokens)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", choices=MODELS, default="llama_512")
    parser.add_argument("--precision", choices=("fp32", "bf16"), default="fp32")
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--examples", type=int, default=320, help="prompts that steps are drawn from")
    parser.add_argument("--examples-per-step", type=int, default=8)
    parser.add_argument("--steps", type=int, default=4, help="the first of which is not timed")
    parser.add_argument("--tokens-per-batch", type=int, default=2048)
    parser.add_argument("--sides", nargs="+", choices=SIDES, default=list(SIDES), help="whom to compare")
    options = parser.parse_args()
    if "LTD_DATA" not in os.environ:
        sys.exit("LTD_DATA is not set: where is the mirror of P3?")
    torch.set_num_threads(options.threads)
    reuse_freed_memory()
    work = prepared(options)
    names = [name for name in SIDES if name in (*options.sides, "ltd")]
    if "SFTTrainer" in names and importlib.util.find_spec("trl") is None:
        names.remove("SFTTrainer")
        sys.stderr.write("trl is not installed: SFTTrainer is left out\n")
    sides = {name: Side(SIDES[name], grouped(work) if name == "grouped" else work) for name in names}
    for _ in range(options.rounds):
        for side in sides.values():
            side.measure()
    print_table(sides, matrix_rate(options.device, options.precision))


def grouped(work: Work) -> Work:
    """The same work with steps of similar lengths: the examples sorted, cut, and the parts in random order."""
    size = work.settings.examples_per_step
    order = sorted(range(len(work.encoded)), key=lambda example: len(work.encoded[example].ids))
    parts = [tuple(order[start : start + size]) for start in range(0, len(order), size)]
    chosen = np.random.default_rng(SEED).permutation(len(parts))[: len(work.steps)]
    return replace(work, steps=[parts[part] for part in chosen])


def prepared(options: argparse.Namespace) -> Work:
    """The model and the steps that the options ask for."""
    tokenizer = AutoTokenizer.from_pretrained(ensure(), local_files_only=True)
    encoder = TextEncoder(tokenizer, end=tokenizer.eos_token_id, max_length=LONGEST)
    encoded = encoder.targets(*p3(options.examples))
    settings = FinetuneSettings(
        lr=1e-4,
        match="steps",
        steps=options.steps,
        examples_per_step=options.examples_per_step,
        tokens_per_batch=options.tokens_per_batch,
        schedule="constant",
        warmup_fraction=0.0,
        weight_decay=0.0,
        precision=options.precision,
        accelerator="cpu" if options.device == "cpu" else "gpu",
    )
    steps = plan_steps(len(encoded), settings.examples_per_step, settings.epochs, settings.steps, SEED)
    return Work(MODELS[options.model](), tokenizer, encoded, steps, settings, options.device)


def p3(number: int) -> tuple[list[str], list[str]]:
    """Prompts and targets, as many from each configuration of P3 as from any other."""
    rng = np.random.default_rng(SEED)
    files = sorted((Path(os.environ["LTD_DATA"]) / "P3").glob("*/train.parquet"))
    files = [files[place] for place in rng.permutation(len(files))]
    rows = []
    for file, count in zip(files, np.bincount(np.arange(number) % len(files), minlength=len(files)), strict=True):
        table = pq.read_table(file, columns=["inputs_pretokenized", "targets_pretokenized"])
        rows += table.take(rng.choice(len(table), count, replace=False)).to_pylist()
    texts, targets = ([row[f"{name}_pretokenized"].strip() for row in rows] for name in ("inputs", "targets"))
    return texts, targets


def llama_512() -> Any:
    """Eight layers of width 512 with random weights and SmolLM2's vocabulary."""
    sizes = {"hidden_size": 512, "intermediate_size": 1365, "num_hidden_layers": 8, "num_attention_heads": 8}
    config = AutoConfig.for_model("llama", vocab_size=49_152, tie_word_embeddings=True, **sizes)
    return random_network(config, SEED)


def galactica_1_3b() -> Any:
    """Its shape, with random weights."""
    sizes = {"hidden_size": 2048, "word_embed_proj_dim": 2048, "ffn_dim": 8192, "num_hidden_layers": 24}
    config = AutoConfig.for_model(
        "opt", vocab_size=50_000, num_attention_heads=32, activation_function="gelu", dropout=0.0, **sizes
    )
    return random_network(config, SEED)


MODELS: dict[str, Callable[[], Any]] = {
    "llama_512": llama_512,
    "smollm2_135m": lambda: CausalLM(path=str(ensure())).load().network,
    "galactica_1_3b": galactica_1_3b,
}


def operations(work: Work) -> float:
    """Floating-point operations that a token needs, forward and backward: six a weight.

    Those of the output layer are needed by target tokens only.
    """
    layers = [module for module in work.network.modules() if isinstance(module, torch.nn.Linear)]
    output = work.network.get_output_embeddings().weight.numel()
    inner = sum(layer.weight.numel() for layer in layers) - output
    return 6.0 * (inner + output * work.n_targets / work.n_tokens)


def matrix_rate(device: str, precision: str) -> float:
    """Floating-point operations a second in a product of large matrices; the best of a few."""
    size = 8192 if device == "cuda" else 2048
    dtype = torch.bfloat16 if precision == "bf16" else torch.float32
    left, right = (torch.randn(size, size, device=device).to(dtype) for _ in range(2))
    clock = Clock(device)
    for _ in range(10):
        left @ right
        clock.step_ended()
    return 2 * size**3 / min(np.diff(clock.wall))


@contextmanager
def peak_memory(device: str) -> Iterator[list[float]]:
    """A list that afterwards holds the gigabytes that were taken at once within it."""
    peak: list[float] = []
    if device == "cuda":
        torch.cuda.reset_peak_memory_stats()
        yield peak
        peak.append(torch.cuda.max_memory_allocated() / 1e9)
        return
    if platform.libc_ver()[0] == "glibc":
        ctypes.CDLL(None).malloc_trim(0)  # what the side before has left
    Path("/proc/self/clear_refs").write_text("5")  # VmHWM begins again
    before = status("VmRSS")
    yield peak
    peak.append((status("VmHWM") - before) / 1e9)


def status(name: str) -> int:
    lines = dict(line.split(":") for line in Path("/proc/self/status").read_text().splitlines())
    return 1024 * int(lines[name].split()[0])


def print_table(sides: dict[str, Side], rate: float) -> None:
    ours = sides["ltd"]
    sys.stdout.write("| side | tokens/s | ltd is faster by | by processor time | memory (GB) | share of matrix rate ")
    sys.stdout.write("| mean loss | largest difference of a step's loss |\n|---|--:|--:|--:|--:|--:|--:|--:|\n")
    for name, side in sides.items():
        speed = 1 / statistics.median(side.wall)
        same = side.work.steps == ours.work.steps
        cells = [
            name,
            f"{speed:.0f}",
            f"{ratio(side.wall, ours.wall):.2f}x",
            f"{ratio(side.processor, ours.processor):.2f}x",
            f"{side.memory:.2f}",
            f"{operations(side.work) * speed / rate:.0%}",
            f"{np.mean(side.losses):.4f}",
            f"{np.abs(np.subtract(side.losses, ours.losses)).max():.0e}" if same else "other order",
        ]
        sys.stdout.write(f"| {' | '.join(cells)} |\n")
    sys.stdout.write(f"\none large matrix product: {rate / 1e9:,.0f} GFLOP/s\n")


def ratio(theirs: Sequence[float], ours: Sequence[float]) -> float:
    """The median over rounds."""
    return statistics.median(their / own for their, own in zip(theirs, ours, strict=True))


if __name__ == "__main__":
    main()
