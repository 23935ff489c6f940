"""Two processes learn what one does, whether each holds all weights or a piece of them."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

ROOT = Path(__file__).resolve().parents[1]

TWO_PROCESSES = f"""
import json, os, sys
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
settings = replace(settings, **json.loads(sys.argv[4]))
leave = lambda report: report.step == last and os._exit(0)
result = test_finetune.train(folder, leave, settings=settings)
exists = (result.model / "model.safetensors").exists()
print(json.dumps([result.losses, result.validation_losses, result.tokens, exists]), flush=True)
"""


def train_together(folder, strategy, last=0, **changes):
    """Train in processes of their own, until step ``last`` if it is not 0; what they have said."""
    program = folder / "program.py"  # a file, not -c: Lightning starts the second process by running the same again
    program.write_text(TWO_PROCESSES)
    command = [sys.executable, program, folder / strategy, strategy, str(last), json.dumps(changes)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def assert_the_same_weights(folder, strategy, **tolerance):
    one, two = (load_file(folder / name / "model" / "model.safetensors") for name in ("auto", strategy))
    assert one.keys() == two.keys()
    for name, tensor in one.items():
        torch.testing.assert_close(two[name], tensor, **tolerance)


@pytest.mark.slow
@pytest.mark.parametrize("strategy", ["ddp", "fsdp"])
def test_two_processes_learn_what_one_does(tmp_path, strategy):
    assert len(train_together(tmp_path, "auto")) == 1
    if strategy == "fsdp":
        assert train_together(tmp_path, strategy, last=12) == []  # and from a checkpoint
    output = train_together(tmp_path, strategy)
    assert len(output) == 2
    assert all(exists for *_, exists in output)
    assert_the_same_weights(tmp_path, strategy, rtol=1e-4, atol=1e-5)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("strategy", "changes"),
    [
        # One has an example and the other none, in each step and where the single one held out judges.
        ("ddp", {"steps": 3, "examples_per_step": 1, "validation_share": 0.05}),
        ("fsdp", {"steps": 3, "examples_per_step": 1, "validation_share": 0.05}),
        # Two micro-batches and one, of the steps and of those that judge.
        ("fsdp", {"steps": 4, "examples_per_step": 3, "tokens_per_batch": 1}),
    ],
)
def test_processes_that_have_less_to_do_wait_for_nobody_and_change_nothing(tmp_path, strategy, changes):
    [(losses, judgements, tokens, _)] = train_together(tmp_path, "auto", **changes)
    output = train_together(tmp_path, strategy, **changes)
    assert judgements
    for others_losses, others_judgements, others_tokens, _ in output:
        assert others_losses == pytest.approx(losses, rel=1e-5)
        assert others_judgements == pytest.approx(judgements, rel=1e-5)
        assert others_tokens == tokens
    assert len(output) == 2
    assert_the_same_weights(tmp_path, strategy, rtol=0, atol=1e-5)
