"""A model of 1.3 billion random weights, shaped as Galactica's, takes training steps on the processor.

    python benchmarks/large_model.py --tokenizer <folder of Galactica's tokenizer> [overrides of train.yaml]

such as ``model.method=full``. The model is made in a temporary folder (2.6 GB, and 5.3 GB more for what comes out) and
then trained as ``train.py`` trains it, with ``model=galactica_1_3b model.method=lora trainer=cpu``, for a step of four
prompts of the generated pool. What each part takes is printed as it ends.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from hydra import compose, initialize_config_dir

from ltd import results, settings
from ltd.candidates import made_pool
from ltd.command import MENDABLE
from ltd.cost import Cost
from ltd.experiment import Experiment
from ltd.finetune import finetune
from ltd.metering import measured
from ltd.parts import SelectParts

ROOT = Path(__file__).resolve().parents[1]
TRAINED = ["model=galactica_1_3b", "model.method=lora", "trainer=cpu", "tracker=none"]
SMALL_POOL = ["pool.n_family=8", "pool.n_two_way=8", "pool.n_embedded=4", "pool.n_multi_step=8"]
ONE_STEP = ["trainer.match=steps", "trainer.steps=1", "trainer.examples_per_step=4"]
N_PROMPTS = 4


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tokenizer", type=Path, required=True)
    parser.add_argument("overrides", nargs="*")
    options = parser.parse_args()
    sys.stdout.write("| part | seconds | processor seconds | peak memory | tokens |\n|---|---|---|---|---|\n")
    with tempfile.TemporaryDirectory() as folder:
        with part("make the model"):
            make(Path(folder, "galactica"), options.tokenizer)
        try:
            train(Path(folder), options.overrides)
        except MENDABLE as error:
            sys.exit(f"refused: {error}")


def make(folder: Path, tokenizer: Path) -> None:
    """Save a model with the numbers of Galactica's 1.3b checkpoint; in bf16, which takes half the space."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer, OPTConfig

    config = OPTConfig(
        vocab_size=50_000,
        hidden_size=2048,
        word_embed_proj_dim=2048,
        ffn_dim=8192,
        num_hidden_layers=24,
        num_attention_heads=32,
        max_position_embeddings=2048,
        activation_function="gelu",
        dtype="bfloat16",
    )
    torch.manual_seed(0)
    network = AutoModelForCausalLM.from_config(config, dtype=torch.bfloat16)
    sys.stderr.write(f"{sum(weights.numel() for weights in network.parameters()):,} weights\n")
    network.save_pretrained(folder)
    AutoTokenizer.from_pretrained(tokenizer, local_files_only=True).save_pretrained(folder)


def train(folder: Path, overrides: list[str]) -> None:
    settings.register()
    with initialize_config_dir(str(ROOT / "conf"), version_base="1.3"):
        own = [f"model.path={folder / 'galactica'}", f"outputs={folder}"]
        config = compose("train", [*TRAINED, *SMALL_POOL, *ONE_STEP, *own, *overrides])
    experiment = Experiment.prepare("train", config, SelectParts)
    with part("load it"):
        loaded = experiment.loaded
    how = experiment.finetuning()
    text = experiment.settings
    encoder = results.text_encoder(loaded, text["separator"], text["trainer"]["max_length"])
    prompts = list(made_pool(experiment.parts.pool, experiment.cache).prompts(np.arange(N_PROMPTS)))
    encoded = encoder.targets([prompt.prompt for prompt in prompts], [prompt.target for prompt in prompts])
    with part("train it, and save what comes out"):
        done = finetune(loaded, encoded, [prompt.id for prompt in prompts], how, 0, folder / "run")
    sys.stdout.write(f"\nthe step alone: {done.seconds:.1f} s, {done.tokens} tokens, loss {done.losses[0]:.3f}\n")


@contextmanager
def part(name: str) -> Iterator[None]:
    """Print what happens inside as a line of the table."""
    kept: list[Cost] = []
    with measured(kept.append):
        yield
    cost = kept[-1]
    memory = f"{(cost.peak_memory or 0) / 2**30:.1f} GiB"
    line = f"| {name} | {cost.seconds:.0f} | {cost.cpu_seconds:.0f} | {memory} | {cost.tokens or ''} |\n"
    sys.stdout.write(line)
    sys.stdout.flush()


if __name__ == "__main__":
    main()
