"""The folder of a run: its status, what it has cost so far, and where its files are."""

from __future__ import annotations

import json
import logging
import os
import shutil
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout
from omegaconf import OmegaConf

from ltd.atomic import replacing, write_json

logger = logging.getLogger(__name__)


class Run:
    """One run's folder, ``<outputs>/<stage>/<run id>``.

    The same configuration finds the same folder: a finished run is read back from it, an interrupted one goes on.
    """

    def __init__(self, outputs: Path, stage: str, run_id: str) -> None:
        self.stage = stage
        self.run_id = run_id
        self.folder = outputs / stage / run_id

    @property
    def state(self) -> str | None:
        """``running``, ``finished``, ``failed`` or ``interrupted``; None if it never started."""
        try:
            state: str = json.loads((self.folder / "status.json").read_text())["state"]
        except FileNotFoundError:
            return None
        return state

    @property
    def metrics(self) -> dict[str, Any]:
        """What stands in ``metrics.json``."""
        metrics: dict[str, Any] = json.loads((self.folder / "metrics.json").read_text())
        return metrics

    @property
    def costs(self) -> dict[str, float]:
        """Seconds spent in each stage so far, interrupted attempts included."""
        try:
            seconds: dict[str, float] = json.loads((self.folder / "cost.json").read_text())["seconds"]
        except FileNotFoundError:
            return {}
        return seconds

    @contextmanager
    def held(self) -> Iterator[None]:
        """Keep other processes out of the folder; they wait."""
        self.folder.parent.mkdir(parents=True, exist_ok=True)
        lock = FileLock(self.folder.with_name(f".{self.run_id}.lock"))
        try:
            lock.acquire(timeout=0)
        except Timeout:
            logger.info("another process is computing this run; waiting for it")
            lock.acquire()
        try:
            yield
        finally:
            lock.release()

    def clear(self) -> None:
        """Remove all that earlier attempts left."""
        shutil.rmtree(self.folder, ignore_errors=True)

    @contextmanager
    def recorded(self, settings: dict[str, Any]) -> Iterator[None]:
        """Leave the settings, a log and the state in the folder, whatever happens inside."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with replacing(self.folder / "config.yaml") as temporary:
            temporary.write_text(OmegaConf.to_yaml(OmegaConf.create(settings)))
        self._write_state("running")
        with self._log_file():
            try:
                yield
            except BaseException as error:
                kind = "failed" if isinstance(error, Exception) else "interrupted"
                self._write_state(kind, error=f"{type(error).__name__}: {error}")
                raise
        self._write_state("finished")

    @contextmanager
    def timed(self, stage: str) -> Iterator[None]:
        """Add the seconds spent inside to the run's cost of ``stage``."""
        start = time.perf_counter()
        try:
            yield
        finally:
            seconds = self.costs
            seconds[stage] = round(seconds.get(stage, 0.0) + time.perf_counter() - start, 3)
            write_json(self.folder / "cost.json", {"seconds": seconds})

    def _write_state(self, state: str, **more: str) -> None:
        where = {"host": socket.gethostname(), "process": os.getpid(), "at": time.strftime("%Y-%m-%dT%H:%M:%S%z")}
        write_json(self.folder / "status.json", {"state": state, **where, **more})

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
