"""Kills real training runs at random moments until they are done, and compares what they end with.

    python benchmarks/kills.py [--kills 100] [--seed 0] [--workers 1] [--minutes 60]

A run is ``python train.py`` with the tiny model and a small pool, in a folder with a cache of its own, so that every
stage is computed. From when its settings are written it is killed (SIGKILL) at a moment drawn uniformly from the
processor time of an unbroken run, and started again, until it ends before its moment has come. Then selection, metrics,
predictions and weights are compared, byte by byte, with those of an unbroken ``python train.py`` of the same
configuration, and the folder is searched for locks and temporary files that nobody owns any more.

Each attempt is a process of its own that runs ``train.py``. It is forked from one that has loaded the libraries and
done nothing else: loading them takes half of so small a run. Moments are on the clock of processor time, so that a busy
machine changes nothing. Exits with 1 if anything was lost.
"""

from __future__ import annotations

import argparse
import itertools
import multiprocessing
import os
import runpy
import shlex
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
SMALL = """
    model=tiny tracker=csv ranking.precision=fp32 embedder.precision=fp32 distribution_centre.clusters=1
    pool.n_family=8 pool.n_two_way=8 pool.n_embedded=4 pool.n_multi_step=8 fraction=0.04
    task=[fragments_two_way,fragments_embedded] task.fragments_two_way.n_questions=10
    task.fragments_embedded.n_questions=9
    trainer.epochs=6 trainer.examples_per_step=4 trainer.checkpoint_every_steps=2
"""
CONFIGURATIONS = {
    "kcenter": "sampler=kcenter",
    "random": "sampler=random seed=1",
    "ifd, early stopping": "sampler=ifd trainer.validation_share=0.2 trainer.patience=1",
    "kcenter, lora": "sampler=kcenter model.method=lora",
}
RESULTS = (
    "selection.json",
    "selection.parquet",
    "metrics.json",
    "predictions.parquet",
    "predictions_before.parquet",
    "model/model.safetensors",
)
N_TASKS = 2
STAGES = ("pool", "leakage", "read", "choose", "diagnose", "rank before", "fine-tune", "rank after", "end")
LOADED = [
    "ltd.experiment",
    "ltd.training",
    "ltd.ranking",
    "ltd.model_pass",
    "ltd.plots",
    "transformers",
    "faiss",
    "peft",
]
FORKS = multiprocessing.get_context("forkserver")
TICK = os.sysconf("SC_CLK_TCK")
GIVEN_UP_AFTER = 1800.0
"""Seconds after which a run that does not end is counted as lost."""


@dataclass
class Tally:
    """What all workers have seen together."""

    kills: int
    until: float
    by_stage: Counter[str] = field(default_factory=Counter)
    by_configuration: Counter[str] = field(default_factory=Counter)
    runs: Counter[str] = field(default_factory=Counter)
    losses: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def goes_on(self) -> bool:
        return self.by_stage.total() < self.kills and time.monotonic() < self.until


@dataclass(frozen=True)
class Unbroken:
    """An unbroken run: its results, and the processor seconds that it took once it had written its settings."""

    results: dict[str, bytes]
    seconds: float
    diagnoses: bool


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--workers", type=int, default=1, help="runs at a time")
    parser.add_argument("--minutes", type=float, default=60.0, help="after which no further kill is begun")
    options = parser.parse_args()
    FORKS.set_forkserver_preload(LOADED)
    tally = Tally(options.kills, time.monotonic() + 60 * options.minutes)
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(options.workers) as workers:
        folders = [Path(folder, f"unbroken-{number}") for number in range(len(CONFIGURATIONS))]
        found = workers.map(unbroken, folders, CONFIGURATIONS.values())
        whole = dict(zip(CONFIGURATIONS, found, strict=True))
        trials = itertools.count()

        def work(_: int) -> None:
            while tally.goes_on:
                trial = next(trials)
                name = list(CONFIGURATIONS)[trial % len(CONFIGURATIONS)]
                generator = np.random.default_rng((options.seed, trial))
                broken(Path(folder, str(trial)), name, whole[name], tally, generator)

        list(workers.map(work, range(options.workers)))
    report(tally)
    sys.exit(bool(tally.losses))


def arguments(outputs: Path, overrides: str) -> list[str]:
    return [*shlex.split(SMALL), *overrides.split(), f"outputs={outputs}"]


def unbroken(outputs: Path, overrides: str) -> Unbroken:
    """By the command itself; and once more as a fork, whose processor time is what moments are drawn from."""
    outputs.mkdir(parents=True)
    command = [sys.executable, str(ROOT / "train.py"), *arguments(outputs, overrides)]
    subprocess.run(command, cwd=outputs, check=True, capture_output=True)  # noqa: S603 - our own script
    whole = Unbroken(the_results(outputs), 0.0, any(outputs.glob("train/*/map.png")))
    again = outputs.with_name(f"{outputs.name}-forked")
    attempt = Attempt(again, overrides)
    attempt.killed(np.inf)
    if lost := differences(attempt.process.exitcode, again, whole):
        sys.exit(f"unbroken, {overrides}: {lost}")
    say(f"unbroken: {overrides}: {attempt.spent:.1f} processor seconds")
    return replace(whole, seconds=attempt.spent)


def broken(outputs: Path, name: str, whole: Unbroken, tally: Tally, generator: np.random.Generator) -> None:
    """One run, killed and started again until it is done."""
    hit: list[str] = []
    while True:
        attempt = Attempt(outputs, CONFIGURATIONS[name])
        if not attempt.killed(generator.uniform(0.0, whole.seconds) if tally.goes_on else np.inf):
            break
        hit.append(stage(outputs, whole.diagnoses))
        with tally.lock:
            tally.by_stage[hit[-1]] += 1
            tally.by_configuration[name] += 1
    lost = differences(attempt.process.exitcode, outputs, whole)
    left = [str(path.relative_to(outputs)) for path in leftovers(outputs)]
    with tally.lock:
        tally.runs[name] += 1
        tally.losses += [f"{name} ({outputs.name}, killed in {', '.join(hit)}): {loss}" for loss in lost]
        tally.left += left
        where = ", ".join(hit) or "nothing"
        say(f"{tally.by_stage.total()} kills; {name}, killed in {where}: {lost or 'the same'} {left}")


class Attempt:
    """One process that runs ``train.py``.

    Attributes
    ----------
    spent : processor seconds since it wrote its settings, as last seen.
    """

    def __init__(self, outputs: Path, overrides: str) -> None:
        outputs.mkdir(parents=True, exist_ok=True)
        self.outputs = outputs
        self.spent = 0.0
        self.process = FORKS.Process(target=train, args=(outputs, arguments(outputs, overrides)))
        self.process.start()

    def killed(self, moment: float) -> bool:
        """Kill it when it has spent so many processor seconds; whether it still ran then."""
        begun, given_up = None, time.monotonic() + GIVEN_UP_AFTER
        while self.process.is_alive() and time.monotonic() < given_up:
            now = cpu_seconds(self.process.pid)
            if begun is None and has_begun(self.outputs, self.process.pid):
                begun = now
            if begun is not None and now:
                self.spent = now - begun
            if begun is not None and self.spent >= moment:
                break
            time.sleep(0.01)
        self.process.kill()
        self.process.join()
        return self.process.exitcode == -signal.SIGKILL and time.monotonic() < given_up


def train(outputs: Path, overrides: list[str]) -> None:
    """What ``python train.py`` does, in this process."""
    os.chdir(outputs)
    with open(outputs / "errors.log", "ab") as log, open(os.devnull, "w") as nothing:
        os.dup2(nothing.fileno(), 1)
        os.dup2(log.fileno(), 2)
    sys.argv = [str(ROOT / "train.py"), *overrides]
    runpy.run_path(sys.argv[0], run_name="__main__")


def has_begun(outputs: Path, process: int) -> bool:
    return any(f'"process": {process},' in file.read_text() for file in outputs.glob("train/*/status.json"))


def cpu_seconds(process: int) -> float:
    """Of all its threads; 0 once it is gone."""
    try:
        fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return 0.0
    return (int(fields[11]) + int(fields[12])) / TICK


def stage(outputs: Path, diagnoses: bool) -> str:
    """Where a run stands, by the files it has left."""

    def there(pattern: str) -> bool:
        return any(outputs.glob(pattern))

    done = {
        "pool": there("cache/pool/*/manifest.json"),
        "leakage": there("cache/leaks/*/manifest.json"),
        "read": not there("cache/scores/*.partial"),
        "choose": there("train/*/selection.json"),
        "diagnose": not diagnoses or there("train/*/map.png"),
        "rank before": len(list(outputs.glob("cache/ranked/*/manifest.json"))) == N_TASKS,
        "fine-tune": there("train/*/model/model.safetensors"),
        "rank after": there("train/*/metrics.json"),
    }
    return next((name for name, is_done in done.items() if not is_done), "end")


def the_results(outputs: Path) -> dict[str, bytes]:
    """What a run is for, by name; of a file that is missing nothing."""
    (run,) = (folder for folder in (outputs / "train").iterdir() if folder.is_dir())
    return {name: (run / name).read_bytes() for name in RESULTS if (run / name).exists()}


def differences(code: int | None, outputs: Path, whole: Unbroken) -> list[str]:
    if code:
        return [f"exit code {code}: {(outputs / 'errors.log').read_text().splitlines()[-1:]}"]
    found = the_results(outputs)
    return [f"{name} differs" for name, content in whole.results.items() if found.get(name) != content]


def leftovers(outputs: Path) -> list[Path]:
    """Locks, claims, work folders and temporary files."""
    patterns = ("**/*.lock", "**/*.lock.*", "**/*.partial", "**/.*.[0-9]*", "**/previous.ckpt")
    return sorted({path for pattern in patterns for path in outputs.glob(pattern)})


def report(tally: Tally) -> None:
    lines = ["| killed in | times |", "|---|---|"]
    lines += [f"| {name} | {tally.by_stage[name]} |" for name in STAGES if tally.by_stage[name]]
    lines += ["", "| configuration | runs | kills |", "|---|---|---|"]
    lines += [f"| {name} | {tally.runs[name]} | {tally.by_configuration[name]} |" for name in CONFIGURATIONS]
    lines += ["", f"{tally.by_stage.total()} kills of {tally.runs.total()} runs: {len(tally.losses)} lost, "]
    lines[-1] += f"{len(tally.left)} locks or temporary files left"
    sys.stdout.write("\n".join([*lines, *tally.losses, *tally.left]) + "\n")


def say(line: str) -> None:
    sys.stderr.write(f"{time.strftime('%H:%M:%S')} {line}\n")


if __name__ == "__main__":
    main()
