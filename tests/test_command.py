"""Commands under Hydra: errors for people, exit codes, and nothing written by Hydra itself."""

import logging
import math
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

import hydra
import pytest
import torch
from omegaconf import DictConfig

from ltd import command
from ltd.errors import SettingsError

ROOT = Path(__file__).resolve().parents[1]

CONFIG = """
defaults: [command, part: picky, _self_]
what: nothing
seed: 0
outputs: {folder}/outputs
cache: {folder}/outputs/cache
number: 0
file: null
required: ???
"""


class Picky:
    """A part with a constructor that refuses."""

    def __init__(self, size: int) -> None:
        if size < 0:
            raise SettingsError(f"size={size} must not be negative")


def stage(config: DictConfig) -> float:
    """A stage that does what ``what`` says, and gives its seed if it comes to its end."""
    match config.what:
        case "error" | "OSError" | "memory":
            raise _error(config)
        case "odd" if config.seed % 2:
            raise SettingsError(f"{config.seed} is odd")
        case "part":
            hydra.utils.instantiate(config.part)
        case "missing":
            _ = config.required
        case "fault":
            raise RuntimeError("ours")
        case "SIGINT" | "SIGTERM" | "SIGUSR2":
            os.kill(os.getpid(), signal.Signals[config.what])
            time.sleep(10)
        case "lightning":
            try:
                raise KeyboardInterrupt
            except KeyboardInterrupt:
                sys.exit(1)
        case "log":
            logging.getLogger("ltd.thing").info("ours")
            logging.getLogger("ltd.thing").warning("beware")
            logging.getLogger("httpx").info("chatter")
            logging.getLogger("httpx").warning("trouble")
    return float(config.seed)


def _error(config: DictConfig) -> Exception:
    if config.what == "error":
        return SettingsError(f"no such thing\nin seed {config.seed}")
    if config.what == "memory":
        return torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 GiB")
    return OSError(config.number, os.strerror(config.number), config.file and str(config.file))


@pytest.fixture
def conf(tmp_path: Path) -> Path:
    """A folder with a configuration of its own, that uses the project's settings for Hydra."""
    conf = tmp_path / "conf"
    for group in ("part", "recipe"):
        (conf / group).mkdir(parents=True)
    (conf / "part" / "picky.yaml").write_text(f"_target_: {__name__}.Picky\nsize: 1\n")
    (conf / "recipe" / "small.yaml").write_text("# @package _global_\nseed: 1\n")
    (conf / "command.yaml").write_text((ROOT / "conf" / "command.yaml").read_text())
    (conf / "stage.yaml").write_text(CONFIG.format(folder=tmp_path))
    return conf


@dataclass(frozen=True)
class Outcome:
    """How a command ended: its exit code, what it wrote to stderr, and what its jobs returned."""

    code: int
    stderr: str
    values: list[float]


Run = Callable[..., Outcome]


@pytest.fixture
def run(conf: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Iterator[Run]:
    """Run the command with overrides, in this process."""
    values: list[float] = []

    @hydra.main(version_base="1.3", config_path=str(conf), config_name="stage")
    def main(config: DictConfig) -> float:
        values.append(command.job("stage", config))
        return values[-1]

    def call(*overrides: str) -> Outcome:
        monkeypatch.setattr(sys, "argv", ["stage.py", *overrides])
        code = 0
        try:
            command.run(main, conf)
        except SystemExit as leaving:
            code = int(leaving.code or 0)
        output = capfd.readouterr()
        assert output.out == ""
        return Outcome(code, output.err, values)

    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    monkeypatch.setitem(sys.modules, "ltd.experiment", SimpleNamespace(stage=stage))  # type: ignore[misc]
    monkeypatch.chdir(conf.parent)
    yield call
    root.handlers[:], root.level = handlers, level


def test_a_single_run_writes_nothing_of_hydras(run: Run, conf: Path) -> None:
    assert run("seed=3") == Outcome(0, "", [3.0])
    assert [path.name for path in conf.parent.iterdir()] == ["conf"]


def test_an_error_for_people_is_one_line(run: Run) -> None:
    assert run("what=error") == Outcome(2, "error: no such thing; in seed 0\n", [])


def test_the_error_of_a_constructor_is_not_wrapped(run: Run) -> None:
    assert run("what=part", "part.size=-1") == Outcome(2, "error: size=-1 must not be negative\n", [])


@pytest.mark.parametrize(
    ("overrides", "words"),
    [
        (("what=part", "+part.colour=red"), ["unexpected keyword argument 'colour'", "full_key: part"]),
        (("what=part", "part._target_=no.Such"), ["no.Such"]),
        (("what=missing",), ["Missing mandatory value: required"]),
    ],
)
def test_what_an_override_causes_later_is_one_line_too(run: Run, overrides: tuple[str, ...], words: list[str]) -> None:
    outcome = run(*overrides)
    assert outcome.code == 2
    assert outcome.stderr.startswith("error: ")
    assert outcome.stderr.count("\n") == 1
    assert all(word in outcome.stderr for word in words), outcome.stderr


def test_a_fault_of_ours_keeps_its_traceback(run: Run) -> None:
    outcome = run("what=fault")
    assert outcome.code == 1
    assert "Traceback" in outcome.stderr
    assert "RuntimeError: ours" in outcome.stderr


def test_a_device_out_of_memory_is_one_line(run: Run) -> None:
    line = (
        "out of memory on the device: lower ranking.tokens_per_batch or embedder.tokens_per_batch, "
        "or use sampler.device=cpu"
    )
    assert run("what=memory") == Outcome(2, f"error: {line}\n", [])
    outcome = run("-m", "what=memory,nothing")
    assert (outcome.code, outcome.values) == (2, [math.inf, 0.0])
    assert outcome.stderr.splitlines()[-1] == f"job 0 (what=memory): {line}"


def test_an_error_is_told_without_torch_too(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "torch")
    assert run("what=error") == Outcome(2, "error: no such thing; in seed 0\n", [])
    assert "torch" not in sys.modules


@pytest.mark.parametrize(
    ("override", "last_line"),
    [
        (
            "sead=1",
            "there is no setting 'sead' (did you mean 'seed'?); valid: cache, file, number, outputs, part, recipe, ",
        ),
        ("recipes=small", "there is no setting 'recipes' (did you mean 'recipe'?); valid: "),
        ("part.sizes=2", "there is no part setting 'sizes' (did you mean 'size'?); valid: size"),
        ("part.a.b=2", "there is no part setting 'a'; valid: size"),
    ],
)
def test_an_unknown_key_gets_the_valid_ones(run: Run, override: str, last_line: str) -> None:
    outcome = run(override)
    assert outcome.code == 1
    assert outcome.stderr.startswith("Could not override ")
    assert outcome.stderr.splitlines()[-1].startswith(f"error: {last_line}")


@pytest.mark.parametrize("override", ["part=pickey", "part=picky,picky", "seed=[1"])
def test_other_errors_of_composition_are_left_to_hydra(run: Run, override: str) -> None:
    outcome = run(override)
    assert outcome.code == 1
    assert "error:" not in outcome.stderr
    assert "Traceback" not in outcome.stderr


@pytest.mark.parametrize("what", ["SIGINT", "lightning"])
def test_an_interruption_says_how_to_go_on(run: Run, what: str) -> None:
    assert run(f"what={what}") == Outcome(130, "\ninterrupted; run the same command again to go on\n", [])


@pytest.mark.parametrize(("what", "code"), [("SIGTERM", 143), ("SIGUSR2", 140)])
def test_a_scheduler_s_signal_interrupts_too_and_can_be_told_apart(run: Run, what: str, code: int) -> None:
    assert run(f"what={what}") == Outcome(code, "\ninterrupted; run the same command again to go on\n", [])
    assert signal.getsignal(signal.Signals[what]) == signal.SIG_DFL


def test_log_lines_are_ours_and_the_warnings_of_others(run: Run) -> None:
    assert run("what=log") == Outcome(0, "ours\nwarning: beware\nwarning: trouble\n", [0.0])


def test_in_a_multirun_the_other_jobs_go_on(run: Run, conf: Path) -> None:
    outcome = run("-m", "what=odd", "seed=0,1,2,3")
    assert outcome.code == 2
    assert outcome.values == pytest.approx([0.0, math.inf, 2.0, math.inf])
    assert "Traceback" not in outcome.stderr
    assert outcome.stderr.splitlines()[-3:] == [
        "error: 2 job(s) of this multirun failed:",
        "job 1 (what=odd seed=1): 1 is odd",
        "job 3 (what=odd seed=3): 3 is odd",
    ]
    (sweep,) = (conf.parent / "outputs" / "sweeps").iterdir()
    assert {path.name for path in sweep.iterdir()} == {"multirun.yaml", "sweep.json", "1.error", "3.error"}


def test_a_multirun_without_an_error_ends_well(run: Run, conf: Path) -> None:
    (sweep := conf.parent / "outputs" / "sweeps" / "mine").mkdir(parents=True)
    (sweep / "7.error").write_text("an error of last time")
    outcome = run("-m", "seed=0,1", f"hydra.sweep.dir={sweep}")
    assert (outcome.code, outcome.values) == (0, [0.0, 1.0])
    lines = [line.strip() for line in outcome.stderr.splitlines()]
    assert lines == ["Launching 2 jobs locally", "#0 : seed=0", "#1 : seed=1"]
