"""The folder of a run: its status, what it has cost so far, and where its files are.

Where several processes train one run together, the first of them leads: it alone holds the run, writes its records and
does all else; the others wait until it calls them.
"""

from __future__ import annotations

import json
import logging
import os
import shlex
import shutil
import socket
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import cached_property
from pathlib import Path
from typing import Any

from hydra.core.hydra_config import HydraConfig
from hydra.types import RunMode
from omegaconf import OmegaConf

from ltd.atomic import replacing, write_json
from ltd.cost import Cost, RunCost, Share
from ltd.errors import SettingsError
from ltd.lock import Owner, held, holder
from ltd.metering import measured
from ltd.places import PROJECT_ROOT
from ltd.quiet import quiet_lightning

logger = logging.getLogger(__name__)

RANKS = ("RANK", "GROUP_RANK", "NODE_RANK", "LOCAL_RANK", "SLURM_PROCID")
"""Where Lightning, torchrun and SLURM tell a process which of those of a run it is."""

PLACES = ("LTD_DATA", "LTD_OUTPUTS")
"""Variables of the environment that say where data come from and where results go."""

POLL = 0.5
"""Seconds between two looks at whether the others are called."""


class Run:
    """One run's folder, ``<outputs>/<stage>/<run id>``.

    The same configuration finds the same folder: a finished run is read back from it, an interrupted one goes on.
    """

    def __init__(self, outputs: Path, stage: str, run_id: str) -> None:
        self.stage = stage
        self.run_id = run_id
        self.folder = outputs / stage / run_id
        self._stages: dict[str, Cost] = {}  # of this attempt
        self._used: Mapping[str, Share] = {}

    @property
    def state(self) -> str | None:
        """``running``, ``finished``, ``failed`` or ``interrupted``; None if it never started."""
        return self._status().get("state")

    @property
    def metrics(self) -> dict[str, Any]:
        """What stands in ``metrics.json``."""
        metrics: dict[str, Any] = json.loads((self.folder / "metrics.json").read_text())
        return metrics

    @property
    def cost(self) -> RunCost:
        """What stands in ``cost.json``: what all stages have cost so far, interrupted attempts included."""
        return RunCost.read(self.folder / "cost.json")

    @property
    def leads(self) -> bool:
        """Whether this process is the first, or only, one of those that compute the run together."""
        return leads()

    @property
    def holder(self) -> Owner | None:
        """The process that computes the run now, on whichever machine; None if there is none."""
        return holder(self._lock)

    @contextmanager
    def held(self) -> Iterator[None]:
        """Keep the processes of other commands out of the folder; they wait.

        Those that train together with the one that holds it go in: they were started by it, or beside it.
        """
        if self.leads:
            self._note_in_sweep()
            with held(self._lock, f"run {self.run_id}"):
                yield
        else:
            yield

    def _note_in_sweep(self) -> None:
        """Tell the sweep which run its job is: another one may have computed it already."""
        if HydraConfig.initialized() and HydraConfig.get().mode is RunMode.MULTIRUN:
            hydra = HydraConfig.get()
            note = {"overrides": list(hydra.overrides.task), "folder": str(self.folder)}
            write_json(Path(hydra.sweep.dir, f"{hydra.job.num}.run"), note)

    def call_others(self) -> None:
        """Tell the processes that SLURM started beside this one that it is about to rank or fine-tune with them."""
        self._write_state("running", called="yes")

    def is_called(self, force: bool) -> bool:
        """Wait, beside the process that leads, until it calls for others; False if it will not.

        Parameters
        ----------
        force : whether it does a finished run again.
        """
        attempt = _attempt()
        while True:
            status = self._status()
            state, ours = status.get("state"), status.get("attempt") == attempt
            if ours and state == "running" and "called" in status:
                return True
            known = ours and (attempt is not None or _is_of_parent(status))  # not an earlier attempt's end
            if (known and state != "running") or (state == "finished" and not force):
                return False
            time.sleep(POLL)

    @property
    def _lock(self) -> Path:
        return self.folder.with_name(f".{self.run_id}.lock")

    def shed(self, kept: str) -> None:
        """Remove large files that a finished run can do without: checkpoints, and with ``results`` its model."""
        names = {"all": (), "model": ("checkpoints",), "results": ("checkpoints", "model")}[kept]
        for name in names if self.leads and self.state == "finished" else ():
            shutil.rmtree(self.folder / name, ignore_errors=True)

    def clear(self) -> None:
        """Remove all that earlier attempts left."""
        shutil.rmtree(self.folder, ignore_errors=True)
        self.__dict__.pop("_earlier", None)

    @contextmanager
    def recorded(self, settings: dict[str, Any], used: Mapping[str, Share] | None = None) -> Iterator[None]:
        """Leave the settings, a log and the state in the folder, whatever happens inside.

        Parameters
        ----------
        used : the artefacts of the shared cache that the run refers to, which grow as it goes on: `Cache.used`.
        """
        if not self.leads:
            yield
            return
        self._used = {} if used is None else used
        self.folder.mkdir(parents=True, exist_ok=True)
        for leftover in self.folder.glob(".*.[0-9]*"):  # half-written when an earlier attempt was killed
            leftover.unlink()
        with replacing(self.folder / "config.yaml") as temporary:
            temporary.write_text(OmegaConf.to_yaml(OmegaConf.create(settings)))
        self._write_state("running")
        with self._log_file():
            try:
                yield
            except BaseException as error:
                kind = "failed" if isinstance(error, Exception) else "interrupted"
                with suppress(OSError):  # a full disk would hide what has happened
                    self._write_state(kind, error=f"{type(error).__name__}: {error}")
                    self._write_artefacts()
                raise
            self._write_artefacts()
        self._write_state("finished")

    @contextmanager
    def timed(self, stage: str, devices: int = 1) -> Iterator[None]:
        """Add what is spent inside to the run's cost of ``stage``.

        Parameters
        ----------
        devices : how many compute it.
        """
        if not self.leads:
            yield
            return
        before = self._stages.get(stage, Cost())

        def keep(cost: Cost) -> None:
            self._stages[stage] = before + cost
            self._cost_so_far.write(self.folder / "cost.json")

        with measured(keep, devices):
            yield

    @cached_property
    def _earlier(self) -> RunCost:
        """What other attempts have cost."""
        return self.cost

    @property
    def _cost_so_far(self) -> RunCost:
        return self._earlier + RunCost(self._stages, self._used)

    def _write_artefacts(self) -> None:
        write_json(self.folder / "artefacts.json", sorted(self._cost_so_far.shared))

    def _write_state(self, state: str, **more: str) -> None:
        where = {"host": socket.gethostname(), "process": os.getpid(), "at": time.strftime("%Y-%m-%dT%H:%M:%S%z")}
        write_json(self.folder / "status.json", {"state": state, **where, **_attempt_note(), **_invocation(), **more})

    def _status(self) -> dict[str, Any]:
        try:
            status: dict[str, Any] = json.loads((self.folder / "status.json").read_text())
        except FileNotFoundError:
            return {}
        except ValueError as error:  # as with a damaged artefact of the cache, it is made again
            logger.warning("%s cannot be read (%s): the run counts as not begun", self.folder / "status.json", error)
            return {}
        return status

    @contextmanager
    def _log_file(self) -> Iterator[None]:
        handler = logging.FileHandler(self.folder / "run.log")
        handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
        logging.getLogger().addHandler(handler)
        try:
            yield
        finally:
            logging.getLogger().removeHandler(handler)
            handler.close()


def leads() -> bool:
    """Whether this process is the first, or only, one of those that were started together."""
    return all(os.environ.get(name, "0") == "0" for name in RANKS)


def check_multirun(trainer: Mapping[str, Any]) -> None:
    """Raise `SettingsError` for several devices in a multirun, unless it is SLURM that starts a process for each.

    Lightning would start the others by the command itself, and each of them would begin the whole multirun anew.
    """
    devices = trainer["devices"] * trainer["num_nodes"]
    if devices == 1 or not HydraConfig.initialized() or HydraConfig.get().mode is not RunMode.MULTIRUN:
        return
    from lightning_fabric.plugins.environments.slurm import SLURMEnvironment

    with quiet_lightning():
        if SLURMEnvironment.detect():
            return
    raise SettingsError(
        f"{devices} devices in a multirun need hydra/launcher=slurm with "
        f"hydra.launcher.tasks_per_node={trainer['devices']}, or one command a run"
    )


def _is_of_parent(status: Mapping[str, Any]) -> bool:
    """Whether the process that wrote it has started this one, as Lightning does."""
    return (status.get("host"), status.get("process")) == (socket.gethostname(), os.getppid())


def _attempt() -> str | None:
    """What processes share that SLURM has started together, and with no others; None without SLURM."""
    names = ("SLURM_JOB_ID", "SLURM_STEP_ID", "SLURM_RESTART_COUNT")
    return ".".join(os.environ.get(name, "0") for name in names) if names[0] in os.environ else None


def _attempt_note() -> dict[str, str]:
    attempt = _attempt()
    return {} if attempt is None else {"attempt": attempt}


def place() -> dict[str, Any]:
    """Where a command was given, and with which of the variables that say where files lie."""
    return {
        "directory": str(Path.cwd()),
        "environment": {name: os.environ[name] for name in PLACES if name in os.environ},
    }


def script(name: str) -> str:
    """How the script ``name`` is called from here."""
    return f"{name}.py" if Path.cwd() == PROJECT_ROOT else str(PROJECT_ROOT / f"{name}.py")


def _invocation() -> dict[str, Any]:
    """The command that makes this run alone, where it was given, and its sweep or group; nothing without Hydra.

    In a worker of a sweep this is not what the process was started with.
    """
    if not HydraConfig.initialized():
        return {}
    hydra = HydraConfig.get()
    overrides = [override for override in hydra.overrides.task if not override.startswith("force=")]  # to go on
    named = dict(override.lstrip("+").partition("=")[::2] for override in overrides)
    if hydra.mode is RunMode.MULTIRUN and "group" not in named:
        named["group"] = Path(hydra.sweep.dir).name
        overrides.append(f"group={named['group']}")  # on its own, the run still belongs to its sweep
    command = shlex.join(["python", script(hydra.job.name), *overrides])
    return {"command": command, **place(), **({"sweep": named["group"]} if "group" in named else {})}
