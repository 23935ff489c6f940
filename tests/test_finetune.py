"""Fine-tuning from end to end: it learns, leaves a loadable model, and loses nothing when it is killed."""

import logging
import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from pytorch_lightning import Trainer
from transformers import AutoModelForCausalLM, AutoTokenizer

from ltd import finetune as module
from ltd import hardware
from ltd.encoding import TextEncoder
from ltd.errors import TrainingError
from ltd.finetune import finetune
from ltd.finetune_settings import FinetuneSettings
from ltd.model.causal_lm import CausalLM
from ltd.model.tiny import Tiny
from ltd.optimisation import rate_factor

ROOT = Path(__file__).resolve().parents[1]
# Its dropout is 0.1: a resumed run must also draw what it would have drawn.
MODEL = Tiny(architecture="opt", begin="</s>")
SETTINGS = FinetuneSettings(
    lr=1e-2,
    match="steps",
    steps=24,
    examples_per_step=4,
    tokens_per_batch=96,
    precision="fp32",
    checkpoint_every_steps=5,
)
PROMPTS = [f"{'so ' * (number % 5)}is {number} even?" for number in range(14)]
TARGETS = ["yes" if number % 2 == 0 else "no" for number in range(14)]


def train(folder, on_step=module.nothing, settings=SETTINGS, seed=3, targets=TARGETS):
    torch.set_num_threads(1)  # bytes are promised for the same number of threads; another test may have changed it
    loaded = MODEL.load()
    encoded = TextEncoder(loaded.tokenizer, loaded.begin, loaded.end).targets(PROMPTS, targets)
    return finetune(loaded, encoded, PROMPTS, settings, seed, folder, on_step)


def weights(folder):
    return (folder / "model" / "model.safetensors").read_bytes()


@pytest.fixture(scope="module")
def unbroken(tmp_path_factory):
    """A run that nothing happened to."""
    folder = tmp_path_factory.mktemp("unbroken")
    reports = []
    result = train(folder, reports.append)
    return folder, result, reports


class Killed(BaseException):
    """Stands for whatever ends a process; nothing catches it."""


def killed_at(step):
    def on_step(report):
        if report.step == step:
            raise Killed

    return on_step


def train_killed(folder, step):
    with pytest.raises(Killed):
        train(folder, killed_at(step))


def test_learns_and_counts(unbroken):
    folder, result, reports = unbroken
    assert result.steps == 24
    assert result.model == folder / "model"
    assert sum(result.losses[-4:]) / 4 < 0.5 * result.losses[0]
    assert result.tokens < result.padded_tokens
    assert result.seconds > 0
    assert [report.step for report in reports] == list(range(1, 25))
    assert [report.loss for report in reports] == list(result.losses)
    assert {report.steps for report in reports} == {24}
    assert [report.lr for report in reports] == [1e-2 * rate_factor(step, 24, "linear", 0.1) for step in range(24)]
    assert all(report.tokens_per_second > 0 for report in reports)


def test_leaves_a_checkpoint_and_a_model_that_anyone_can_load(unbroken):
    folder, result, _ = unbroken
    assert [path.name for path in (folder / "checkpoints").iterdir()] == ["last.ckpt"]
    assert sorted(path.name for path in folder.iterdir()) == ["checkpoints", "model"]
    network = AutoModelForCausalLM.from_pretrained(result.model)
    tokenizer = AutoTokenizer.from_pretrained(result.model)
    text = tokenizer("is 6 even?", return_tensors="pt")
    assert text["input_ids"][0, 0] == 2  # documents begin as in training, without being told
    answer = network.generate(**text, max_new_tokens=4, do_sample=False)[0, text["input_ids"].shape[1] :]
    assert set(tokenizer.decode(answer, skip_special_tokens=True)) <= set(" yesno")
    assert CausalLM(path=str(result.model)).load().begin == (2,)


def test_the_same_seed_gives_the_same_bytes_and_another_seed_others(unbroken, tmp_path):
    train(tmp_path / "same")
    train(tmp_path / "other", seed=4)
    assert weights(tmp_path / "same") == weights(unbroken[0]) != weights(tmp_path / "other")


@pytest.mark.parametrize("step", [3, 7, 10, 24])
def test_an_interrupted_run_goes_on_to_the_same_bytes(unbroken, tmp_path, step):
    """Before the first checkpoint, between two, right after one, and after the last step."""
    train_killed(tmp_path, step)
    assert not (tmp_path / "model").exists()
    reports = []
    result = train(tmp_path, reports.append)
    kept = 24 if step == 24 else step // 5 * 5
    assert [report.step for report in reports] == list(range(kept + 1, 25))
    assert list(result.losses) == list(unbroken[1].losses)
    assert (result.tokens, result.padded_tokens) == (unbroken[1].tokens, unbroken[1].padded_tokens)
    assert weights(tmp_path) == weights(unbroken[0])


@pytest.mark.parametrize("broken", [("last.ckpt",), ("last.ckpt", "previous.ckpt")])
def test_broken_checkpoints_are_named_and_gone_round(unbroken, tmp_path, caplog, broken):
    train_killed(tmp_path, 12)
    for name in broken:
        path = tmp_path / "checkpoints" / name
        path.write_bytes(path.read_bytes()[:-500])
    reports = []
    with caplog.at_level(logging.INFO):
        train(tmp_path, reports.append)
    named = [record.message for record in caplog.records if record.levelno == logging.WARNING]
    assert [message.split(" cannot be read")[0].split("/")[-1] for message in named] == list(broken)
    assert ("checkpoints/previous.ckpt, step 5 of 24" in caplog.text) == (len(broken) == 1)
    assert reports[0].step == (6 if len(broken) == 1 else 1)
    assert weights(tmp_path) == weights(unbroken[0])


@pytest.mark.parametrize("other", [{"seed": 4}, {"targets": TARGETS[::-1]}, {"settings": replace(SETTINGS, lr=1e-3)}])
def test_a_checkpoint_of_something_else_is_not_gone_on_from(tmp_path, caplog, other):
    train_killed(tmp_path, 12)
    reports = []
    train(tmp_path, reports.append, **other)
    assert reports[0].step == 1
    assert "belongs to other examples, settings or weights" in caplog.text


def test_how_it_is_computed_may_change_on_the_way(tmp_path):
    train_killed(tmp_path, 12)
    reports = []
    train(tmp_path, reports.append, settings=replace(SETTINGS, tokens_per_batch=500, checkpoint_every_steps=7))
    assert reports[0].step == 11


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGUSR2])
def test_a_signal_lets_the_step_end_and_is_kept_in_a_checkpoint(unbroken, tmp_path, number):
    with pytest.raises(KeyboardInterrupt):
        train(tmp_path, lambda report: report.step == 7 and os.kill(os.getpid(), number))
    assert signal.getsignal(number) in (signal.SIG_DFL, signal.default_int_handler)
    reports = []
    train(tmp_path, reports.append)
    assert reports[0].step == 9  # the signal came when step 7 was reported, so during step 8
    assert weights(tmp_path) == weights(unbroken[0])


def test_a_scheduler_that_requeues_is_asked_after_the_checkpoint_and_one_that_does_not_leave_goes_on(
    unbroken, tmp_path
):
    def requeue(number, frame):
        handled.append((number, (tmp_path / "checkpoints" / "last.ckpt").exists()))
        if number == signal.SIGUSR2:
            raise SystemExit(-1)  # as submitit does when it has requeued the job

    handled = []
    before = {number: signal.signal(number, requeue) for number in (signal.SIGTERM, signal.SIGUSR2)}
    try:
        sent = {2: signal.SIGTERM, 3: signal.SIGUSR2}
        with pytest.raises(SystemExit):
            train(tmp_path, lambda report: report.step in sent and os.kill(os.getpid(), sent[report.step]))
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    assert handled == [(signal.SIGTERM, True), (signal.SIGUSR2, True)]
    train(tmp_path)
    assert weights(tmp_path) == weights(unbroken[0])


KILLED_PROGRAM = f"""
import os, signal, sys
sys.path[:0] = [{str(ROOT)!r}, {str(ROOT / "tests")!r}]
from pathlib import Path
from test_finetune import train
train(Path(sys.argv[1]), lambda report: report.step == int(sys.argv[2]) and os.kill(os.getpid(), signal.SIGKILL))
"""


def kill_a_process(folder, step):
    command = [sys.executable, "-c", KILLED_PROGRAM, str(folder), str(step)]
    done = subprocess.run(command, env=os.environ | {"PYTHONHASHSEED": "1"}, check=False)
    assert done.returncode == -signal.SIGKILL


@pytest.mark.slow
def test_a_killed_process_is_gone_on_from_to_the_same_bytes(unbroken, tmp_path):
    kill_a_process(tmp_path, 13)
    reports = []
    train(tmp_path, reports.append)
    assert reports[0].step == 11
    assert weights(tmp_path) == weights(unbroken[0])


@pytest.mark.slow
def test_a_process_killed_again_and_again_ends_with_the_same_bytes(unbroken, tmp_path):
    for step in (2, 6, 11, 17, 23):
        kill_a_process(tmp_path, step)
    train(tmp_path)
    assert weights(tmp_path) == weights(unbroken[0])


def test_bfloat16_keeps_weights_in_full_precision_and_learns(tmp_path):
    loaded = MODEL.load()
    encoded = TextEncoder(loaded.tokenizer, loaded.begin, loaded.end).targets(PROMPTS, TARGETS)
    dtypes = set()
    layer = loaded.network.model.decoder.layers[0].fc1
    layer.register_forward_hook(lambda module, inputs, output: module.training and dtypes.add(output.dtype))
    result = finetune(loaded, encoded, PROMPTS, replace(SETTINGS, precision="bf16"), 3, tmp_path)
    assert dtypes == {torch.bfloat16}
    assert {parameter.dtype for parameter in loaded.network.parameters()} == {torch.float32}
    assert sum(result.losses[-4:]) / 4 < 0.5 * result.losses[0]


@pytest.mark.parametrize(("fast", "expected"), [(True, "bf16-mixed"), (False, "32-true")])
@pytest.mark.parametrize("accelerator", ["cpu", "auto"])
def test_automatic_precision_follows_the_processor(monkeypatch, tmp_path, fast, expected, accelerator):
    monkeypatch.setattr(hardware, "has_fast_bfloat16", lambda: fast)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with module.quiet_lightning():
        assert module._trainer(FinetuneSettings(accelerator=accelerator), 1, [], tmp_path).precision == expected


def test_under_slurm_lightning_requeues_nothing(monkeypatch, tmp_path):
    for name, value in {"NTASKS": "1", "JOB_ID": "1", "JOB_NAME": "sweep", "PROCID": "0", "LOCALID": "0"}.items():
        monkeypatch.setenv(f"SLURM_{name}", value)
    with module.quiet_lightning():
        trainer = module._trainer(FinetuneSettings(), 1, [], tmp_path)
    assert isinstance(trainer, Trainer)
    assert trainer._accelerator_connector.cluster_environment.auto_requeue is False


def test_says_nothing_by_itself(tmp_path, capfd, caplog):
    with caplog.at_level(logging.INFO):
        train(tmp_path, settings=replace(SETTINGS, steps=2))
    assert capfd.readouterr() == ("", "")
    assert caplog.messages == []


def test_signals_are_answered_as_before(tmp_path):
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    train(tmp_path, settings=replace(SETTINGS, steps=1))
    assert {number: signal.getsignal(number) for number in before} == before


def test_nothing_to_train_on_is_refused(tmp_path):
    with pytest.raises(TrainingError, match=r"no example to train on: .*lower trainer\.validation_share"):
        finetune(MODEL.load(), [], [], SETTINGS, 0, tmp_path)
