"""The processes that compute one run together, one a device, which Lightning starts and connects.

The first of them leads: it alone knows what there is to do, and asks the others, who wait for that. What they exchange
is small and goes from processor to processor, through gloo, where a process sees at once that another one is gone.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any, Self, TypeVar

import numpy as np

from ltd.deferred_signals import leaving_native_waits
from ltd.errors import LtdError, SettingsError
from ltd.quiet import quiet_lightning

if TYPE_CHECKING:
    import torch
    from lightning_fabric import Fabric

PATIENCE = timedelta(days=7)
"""For what the others do meanwhile; one that is gone is noticed at once."""

T = TypeVar("T")


class ProcessGoneError(LtdError):
    """Another of the processes has ended before its work was done."""


class ProcessGroup:
    """Nothing is started or connected before the first request.

    To be used as a context, at whose end the others are let go; after an error they find that this process is gone.

    Parameters
    ----------
    accelerator, devices, num_nodes : Lightning's own; devices are counted on each node.
    call : told before the first request, for processes that were started beside this one and not by it.
    """

    def __init__(self, accelerator: str, devices: int, num_nodes: int, call: Callable[[], None]) -> None:
        self.devices = devices * num_nodes
        self._places = (accelerator, devices, num_nodes)
        self._call = call
        self._channel: Any = None

    @classmethod
    def of(cls, trainer: Mapping[str, Any], call: Callable[[], None]) -> Self | None:
        """With a trainer's settings; None for one device."""
        devices, num_nodes = trainer.get("devices", 1), trainer.get("num_nodes", 1)
        if devices * num_nodes == 1:
            return None
        return cls(trainer.get("accelerator", "auto"), devices, num_nodes, call)

    def check(self) -> None:
        """Raise `SettingsError`, with Lightning's reason, if there are no such devices or nobody starts the others."""
        accelerator, devices, num_nodes = self._places
        with refused_in_one_line(accelerator=accelerator, devices=devices, num_nodes=num_nodes):
            strategy = self._fabric.strategy
        check_nodes(num_nodes, strategy)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if self._channel is None:
            return
        from torch import distributed

        if kind is None and self.leads:
            self.ask(None)
        self._channel = None
        distributed.destroy_process_group()

    @cached_property
    def _fabric(self) -> Fabric:
        from lightning_fabric import Fabric

        accelerator, devices, num_nodes = self._places
        with quiet_lightning():
            return Fabric(accelerator=accelerator, strategy="ddp", devices=devices, num_nodes=num_nodes)

    @property
    def device(self) -> torch.device:
        """That of this process."""
        return self._fabric.device

    @property
    def leads(self) -> bool:
        """Whether this process asks, and the others answer."""
        return self._fabric.global_rank == 0

    def ask(self, request: str | None) -> None:
        """Tell the others what to do next; None lets them go."""
        if self._channel is None:
            self._call()
            self._connect()
        self._exchange("broadcast_object_list", [request], src=0)

    def asked(self) -> str | None:
        """What the process that leads asks for next; None if there is nothing more."""
        if self._channel is None:
            self._connect()
        request: list[str | None] = [None]
        self._exchange("broadcast_object_list", request, src=0)
        return request[0]

    def collect(self, own: T | Exception) -> list[T]:
        """Bring to the process that leads what each has computed, in their order; the others get nothing.

        An exception in place of it is raised there.
        """
        parts: list[Any] | None = [None] * self._fabric.world_size if self.leads else None
        self._exchange("gather_object", own, parts, dst=0)
        for part in parts or []:
            if isinstance(part, Exception):
                raise part
        return parts or []

    def share(self, items: Sequence[T], sizes: Sequence[float]) -> Sequence[T]:
        """This process's part of ``items``, neighbours all, of about the size of the others' parts."""
        ends = np.cumsum(sizes, dtype=np.float64)
        rank, middles = self._fabric.global_rank, ends - np.asarray(sizes) / 2
        first, end = np.searchsorted(middles, ends[-1:].sum() * np.array([rank, rank + 1]) / self._fabric.world_size)
        return items[first:end]

    def _connect(self) -> None:
        from torch import distributed

        with quiet_lightning(), leaving_native_waits():
            self._fabric.launch()
        # Beside the group that Lightning makes and fine-tuning uses, which on CUDA devices is NCCL's.
        self._channel = distributed.new_group(backend="gloo", timeout=PATIENCE)

    def _exchange(self, collective: str, *values: object, **ends: int) -> None:
        from torch import distributed

        try:
            with leaving_native_waits():
                getattr(distributed, collective)(*values, **ends, group=self._channel)
        except RuntimeError as error:
            raise ProcessGoneError(
                f"another of the {self.devices} processes of this run has ended before its work was done; its own "
                "error stands above; run the same command again to go on"
            ) from error


@contextmanager
def refused_in_one_line(**asked: object) -> Iterator[None]:
    """Within it, what Lightning cannot do with the trainer's settings that are ``asked`` becomes a `SettingsError`."""
    from lightning_fabric.utilities.exceptions import MisconfigurationException

    try:
        with quiet_lightning():
            yield
    except (MisconfigurationException, ModuleNotFoundError, RuntimeError, ValueError) as error:
        names = ", ".join(f"trainer.{name}={value}" for name, value in asked.items())
        remedy = "trainer=cpu" if "accelerator" in asked and asked["accelerator"] != "auto" else "trainer.devices=1"
        raise SettingsError(f"{names}: {' '.join(str(error).split())} ({remedy} works everywhere)") from error


def check_nodes(num_nodes: int, strategy: object) -> None:
    """Raise `SettingsError` if nothing starts processes on the other nodes, by Lightning's ``strategy``."""
    from lightning_fabric.plugins.environments.lightning import LightningEnvironment

    is_alone = isinstance(getattr(strategy, "cluster_environment", None), LightningEnvironment)
    if num_nodes > 1 and is_alone and not {"NODE_RANK", "GROUP_RANK"} & os.environ.keys():
        raise SettingsError(
            f"trainer.num_nodes={num_nodes}, but nothing was found that starts processes on other nodes, as SLURM and "
            "torchrun do: this one would wait for them; set trainer.num_nodes=1"
        )


def end_with_launcher() -> None:
    """End this process, if Lightning has started it, when the one that did so ends: nobody would take its work."""
    if os.environ.get("LOCAL_RANK", "0") == "0":
        return
    launcher = os.getppid()

    def watch() -> None:
        while os.getppid() == launcher:
            time.sleep(1)
        os._exit(1)

    threading.Thread(target=watch, name="end-with-launcher", daemon=True).start()
