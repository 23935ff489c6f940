"""Two processes learn what one does, whether each holds all weights or a piece of them."""

import subprocess
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

ROOT = Path(__file__).resolve().parents[1]

TWO_PROCESSES = f"""
import os, sys
sys.path[:0] = [{str(ROOT)!r}, {str(ROOT / "tests")!r}]
from dataclasses import replace
from pathlib import Path
import test_finetune
from ltd.model.tiny import Tiny
test_finetune.MODEL = Tiny()  # without dropout, which each process draws for itself
folder, strategy, last = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
# Each step is clipped, by the norm of all the weights, and those that decay do so.
settings = replace(test_finetune.SETTINGS, strategy=strategy, lr=1e-3, gradient_clip=0.05, weight_decay=1.0)
settings = replace(settings, devices=1 if strategy == "auto" else 2, validation_share=0.2)
leave = lambda report: report.step == last and os._exit(0)
result = test_finetune.train(folder, leave, settings=settings)
print(result.losses[-1], result.tokens, (result.model / "model.safetensors").exists(), flush=True)
"""


def train_together(folder, strategy, last=0):
    """Train in processes of their own, until step ``last`` if it is not 0; what they have said."""
    program = folder / "program.py"  # a file, not -c: Lightning starts the second process by running the same again
    program.write_text(TWO_PROCESSES)
    command = [sys.executable, program, folder / strategy, strategy, str(last)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


@pytest.mark.slow
@pytest.mark.parametrize("strategy", ["ddp", "fsdp"])
def test_two_processes_learn_what_one_does(tmp_path, strategy):
    assert len(train_together(tmp_path, "auto")) == 1
    if strategy == "fsdp":
        assert train_together(tmp_path, strategy, last=12) == []  # and from a checkpoint
    output = train_together(tmp_path, strategy)
    assert len(output) == 2
    assert all(line.endswith(" True") for line in output)
    one, two = (load_file(tmp_path / name / "model" / "model.safetensors") for name in ("auto", strategy))
    assert one.keys() == two.keys()
    for name, tensor in one.items():
        torch.testing.assert_close(two[name], tensor, rtol=1e-4, atol=1e-5)
