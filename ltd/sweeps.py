"""What a multirun says of itself: what it submits, and at its end one table of its runs, whatever became of them."""

from __future__ import annotations

import logging
import math
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hydra.core.global_hydra import GlobalHydra
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override
from hydra.core.utils import JobReturn, JobStatus
from hydra.experimental.callback import Callback
from hydra.types import RunMode
from omegaconf import DictConfig

from ltd.command import USER_ERROR, ending_if_unwritable
from ltd.places import path_below_root

if TYPE_CHECKING:
    from submitit import Job

logger = logging.getLogger(__name__)

SUBMITIT = "hydra_plugins.hydra_submitit_launcher."


class SweepTable(Callback):
    """Says what goes to SLURM when a multirun starts, and what became of all its runs when it ends."""

    def on_multirun_start(self, config: DictConfig, **_: Any) -> None:
        for file in Path(config.hydra.sweep.dir).glob("*.run"):  # of an earlier multirun in a folder the user named
            file.unlink()
        if empty := [override for override in _swept(config) if not list(override.sweep_string_iterator())]:
            sys.stderr.write(f"error: no option fits {empty[0].input_line}; python {config.hydra.job.name}.py --help\n")
            raise SystemExit(USER_ERROR)
        with ending_if_unwritable(config):
            _note_submission(config)
        if str(config.hydra.launcher.get("_target_", "")).startswith(SUBMITIT):
            logger.info("%s", announcement(config))
            _wait_for_every_job(Path(config.hydra.sweep.dir))

    def on_job_end(self, config: DictConfig, job_return: JobReturn, **_: Any) -> None:
        """Note a fault of ours as an error of its job: else Hydra ends with the first one and no table.

        Not that of a process beside the one that leads the run, which fails whenever that one is requeued.
        """
        from ltd.run import leads

        if config.hydra.mode is RunMode.MULTIRUN and job_return.status is JobStatus.FAILED and leads():
            error, job = job_return._return_value, config.hydra.job
            logger.error("job %s", job.num, exc_info=error)
            _note(
                Path(config.hydra.sweep.dir), job.num, config.hydra.overrides.task, f"{type(error).__name__}: {error}"
            )
            job_return.status, job_return.return_value = JobStatus.COMPLETED, math.inf

    def on_multirun_end(self, config: DictConfig, **_: Any) -> None:
        sweep = Path(config.hydra.sweep.dir).absolute()
        if not any(sweep.glob("*.run")):  # the errors say it all
            return
        from rich.console import Console

        from ltd.runs.sweep import read_jobs
        from ltd.runs.table import WIDTH, show_jobs

        show_jobs(Console(width=WIDTH, highlight=False, markup=False), read_jobs(sweep))


def announcement(config: DictConfig) -> str:
    """What submitit's launcher is about to submit, and where it can be seen."""
    launcher, sweep = config.hydra.launcher, config.hydra.sweep.dir
    words = {
        "at a time": launcher.get("array_parallelism"),
        "tasks": launcher.tasks_per_node if launcher.tasks_per_node > 1 else None,
        "CPUs": launcher.cpus_per_task,
        "GB": launcher.mem_gb,
        "GPUs": launcher.gpus_per_node,
        "minutes": launcher.timeout_min,
    }
    each = [f"{amount} {word}" for word, amount in words.items() if amount is not None]
    if "partition" in launcher:  # on SLURM, not on this machine
        each.append(f"partition {launcher.partition or 'by default'}")
        each += [f"{name} {launcher[name]}" for name in ("account", "qos", "constraint") if launcher[name] is not None]
    count = _number_of_jobs(config)
    return "\n".join(
        (
            f"{count} job{'s' * (count != 1)}: {', '.join(each)}",
            f"runs in {path_below_root(config.outputs)}/{config.hydra.job.name}; logs and errors in {sweep}",
            f"how far they are: python -m ltd.runs {shlex.quote(str(sweep))}; they go on if this command is ended",
        )
    )


def _note_submission(config: DictConfig) -> None:
    """Keep what was asked for, so that jobs which never begin are missed, and can be asked for again."""
    from ltd.atomic import write_json
    from ltd.run import place, script
    from ltd.runs.sweep import SUBMITTED

    called = script(config.hydra.job.name)
    command = shlex.join(["python", called, *sys.argv[1:]])
    noted = {"stage": config.hydra.job.name, "script": called, "command": command, "jobs": _number_of_jobs(config)}
    write_json(Path(config.hydra.sweep.dir, SUBMITTED), noted | place())


def _number_of_jobs(config: DictConfig) -> int:
    if "n_trials" in config.hydra.sweeper:  # which its sweeper chooses as it goes
        return int(config.hydra.sweeper.n_trials)
    return math.prod(len(list(override.sweep_string_iterator())) for override in _swept(config))


def _swept(config: DictConfig) -> list[Override]:
    """What the sweep has several values of, on the command line or in its recipe; not what a sweeper searches."""
    if "n_trials" in config.hydra.sweeper:
        return []
    parameters = [f"{name}={values}" for name, values in (config.hydra.sweeper.get("params") or {}).items()]
    parser = OverridesParser.create(config_loader=GlobalHydra.instance().config_loader())
    overrides = parser.parse_overrides([*parameters, *config.hydra.overrides.task])
    values = {override.get_key_element(): override for override in overrides}  # of two with one name the last counts
    return [override for override in values.values() if override.is_sweep_override()]


def _wait_for_every_job(sweep: Path) -> None:
    """Have submitit's launcher note a job that was cancelled or killed as failed, and wait for the others.

    By itself it ends at the first job without a result, and says nothing of the others, which go on.
    """
    from submitit import Job
    from submitit.core.utils import FailedJobError, UncompletedJobError

    results = Job.results

    def noted(job: Job[Any]) -> list[Any]:
        try:
            return results(job)
        except (FailedJobError, UncompletedJobError) as error:
            overrides, _, number, *_ = job.submission().args
            _note(sweep, number, overrides, f"{_reason(job, error)}; its log is {job.paths.stderr}")
            return [JobReturn(overrides=overrides, status=JobStatus.COMPLETED, _return_value=math.inf)]

    Job.results = noted  # type: ignore[assignment,method-assign]


def _reason(job: Job[Any], error: Exception) -> str:
    lines = [line for line in str(error).splitlines() if line.strip("- ")]
    return lines[-1].strip() if "Traceback" in str(error) else f"it ended without a result ({job.state})"


def _note(sweep: Path, number: int, overrides: Sequence[str], reason: str) -> None:
    """As `ltd.command` notes an error that a user can mend."""
    (sweep / f"{number}.error").write_text(f"job {number} ({shlex.join(overrides)}): {reason}\n")
