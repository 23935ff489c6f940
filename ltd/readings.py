"""What the machine and this process say of themselves at one moment: time, memory, energy. Nothing is estimated."""

from __future__ import annotations

import ctypes
import math
import os
import resource
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

PROC = Path("/proc/self")
MEMINFO = Path("/proc/meminfo")
CGROUP = Path("/sys/fs/cgroup")
POWERCAP = Path("/sys/class/powercap")
MOST_WATTS = 1000.0
"""No processor draws more: for how long a counter of energy that has gone round once cannot have done so twice."""
UUID_SIZE = 96
"""Bytes that hold any device's UUID (``NVML_DEVICE_UUID_V2_BUFFER_SIZE``)."""


@dataclass(frozen=True, slots=True)
class Counter:
    """A processor's counter of the energy it has drawn, which goes round after ``size`` joules."""

    joules: float
    size: float


@dataclass(frozen=True, slots=True)
class Reading:
    """The state of everything that counts up.

    Attributes
    ----------
    seconds : of a clock that never goes back.
    cpu_seconds : of all threads, and of processes that this one has started and that have ended.
    allocations : how often memory of a CUDA device was asked for.
    processors : energy counters, which are the whole machine's, by name; empty where they cannot be read.
    devices : what each of the machine's NVIDIA devices has drawn, whoever used it, in joules by UUID; empty where their
        driver does not say.
    device : UUID of the first CUDA device of this process; None until it computes with one.
    """

    seconds: float
    cpu_seconds: float
    allocations: int
    processors: Mapping[str, Counter]
    devices: Mapping[str, float]
    device: str | None

    @classmethod
    def now(cls) -> Reading:
        children = resource.getrusage(resource.RUSAGE_CHILDREN)
        cpu_seconds = time.process_time() + children.ru_utime + children.ru_stime
        return cls(time.perf_counter(), cpu_seconds, _allocations(), _processors(), _devices(), _device())

    def processor_joules(self, later: Reading) -> float | None:
        """What all processors have drawn between this reading and a later one."""
        if not self.processors or self.processors.keys() != later.processors.keys():
            return None
        if (later.seconds - self.seconds) * MOST_WATTS > min(counter.size for counter in self.processors.values()):
            return None
        return sum((later.processors[name].joules - old.joules) % old.size for name, old in self.processors.items())

    def device_joules(self, later: Reading) -> float | None:
        """What the device of the later reading has drawn since this one."""
        before, after = (reading.devices.get(later.device or "") for reading in (self, later))
        return None if before is None or after is None else after - before


@dataclass(frozen=True, slots=True)
class Peak:
    """The most memory in use, in bytes, since `reset_peaks`: the process's, and of its tensors on a CUDA device."""

    memory: int = 0
    device_memory: int = 0

    @classmethod
    def now(cls) -> Peak:
        cuda = _cuda()
        return cls(_peak_memory(), 0 if cuda is None else cuda.max_memory_allocated())

    def __or__(self, other: Peak) -> Peak:
        return Peak(max(self.memory, other.memory), max(self.device_memory, other.device_memory))


def reset_peaks() -> None:
    """Begin anew with the most memory in use, if `can_reset_memory`."""
    if (cuda := _cuda()) is not None:
        cuda.reset_peak_memory_stats()
    if can_reset_memory():
        (PROC / "clear_refs").write_text("5")  # proc(5): resets the peak resident set size


def can_reset_memory() -> bool:
    """Whether the system, as Linux does, can tell the peak of a part of a process; else it is the whole process's."""
    return os.access(PROC / "clear_refs", os.W_OK)


def free_memory() -> float:
    """Bytes that this process can still have, by the machine and by every control group it is in, as a job of SLURM is.

    Unbounded where the system, unlike Linux, does not say.
    """
    try:
        lines = dict(line.split(":", 1) for line in MEMINFO.read_text().splitlines())
    except OSError:
        return math.inf
    return min(1024 * float(lines["MemAvailable"].split()[0]), *_free_in_groups(), math.inf)


def _free_in_groups() -> list[float]:
    """Of version 2 and of version 1 of control groups; files that the kernel only keeps at hand take no memory."""
    free: list[float] = []
    membership = PROC / "cgroup"
    for line in membership.read_text().splitlines() if membership.exists() else []:
        _, controllers, path = line.split(":", 2)
        if controllers not in ("", "memory"):
            continue
        names = ("memory.max", "memory.current", "inactive_file")
        if controllers:
            names = ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file")
        group = CGROUP / controllers / path.lstrip("/")
        for folder in (group, *group.parents):
            if CGROUP not in (folder, *folder.parents):
                break
            free.append(_free_in_group(folder, *names))
    return free


def _free_in_group(folder: Path, limit: str, usage: str, inactive: str) -> float:
    try:
        most, used = (folder / limit).read_text().strip(), int((folder / usage).read_text())
        kept = dict(line.split() for line in (folder / "memory.stat").read_text().splitlines())
    except OSError:  # the root has no limit, and within a container the path may be another
        return math.inf
    return math.inf if most == "max" else float(int(most) - used + int(kept[inactive]))


def _peak_memory() -> int:
    try:
        lines = dict(line.split(":", 1) for line in (PROC / "status").read_text().splitlines())
        return 1024 * int(lines["VmHWM"].split()[0])
    except (OSError, KeyError):
        unit = 1 if sys.platform == "darwin" else 1024
        return unit * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def _cuda() -> Any:
    """`torch.cuda` if this process computes with it; None if not, and nothing is loaded to find that out."""
    torch = sys.modules.get("torch")
    cuda = getattr(torch, "cuda", None)
    return cuda if cuda is not None and cuda.is_initialized() else None


def _allocations() -> int:
    cuda = _cuda()
    return 0 if cuda is None else int(cuda.memory_stats().get("allocation.all.allocated", 0))


def _processors() -> dict[str, Counter]:
    """Intel's and AMD's running average power limit counters, one a package; only root may read them by default."""
    counters = {}
    for domain in POWERCAP.glob("intel-rapl:?"):
        try:
            microjoules, size = (int((domain / name).read_text()) for name in ("energy_uj", "max_energy_range_uj"))
        except (OSError, ValueError):
            continue
        counters[domain.name] = Counter(microjoules / 1e6, (size + 1) / 1e6)
    return counters


def _device() -> str | None:
    """By its UUID: CUDA's numbers follow ``CUDA_VISIBLE_DEVICES`` and an order of its own, NVML's the PCI bus."""
    cuda = _cuda()
    return None if cuda is None else f"GPU-{cuda.get_device_properties(0).uuid}"


def _devices() -> dict[str, float]:
    """Before CUDA is in use it is not known which device will be: so of all."""
    library, handles = _nvml()
    joules = {}
    for uuid, handle in handles.items():
        millijoules = ctypes.c_ulonglong()
        if library.nvmlDeviceGetTotalEnergyConsumption(handle, ctypes.byref(millijoules)) == 0:
            joules[uuid] = millijoules.value / 1e3
    return joules


@cache
def _nvml() -> tuple[Any, dict[str, ctypes.c_void_p]]:
    """NVML, which comes with NVIDIA's driver, and its handles of the devices by UUID."""
    handles: dict[str, ctypes.c_void_p] = {}
    try:
        library = ctypes.CDLL("libnvidia-ml.so.1")
    except OSError:
        return None, handles
    count = ctypes.c_uint()
    if library.nvmlInit_v2() != 0 or library.nvmlDeviceGetCount_v2(ctypes.byref(count)) != 0:
        return None, handles
    for index in range(count.value):
        handle, uuid = ctypes.c_void_p(), ctypes.create_string_buffer(UUID_SIZE)
        if library.nvmlDeviceGetHandleByIndex_v2(ctypes.c_uint(index), ctypes.byref(handle)) != 0:
            continue
        if library.nvmlDeviceGetUUID(handle, uuid, ctypes.c_uint(UUID_SIZE)) == 0:
            handles[uuid.value.decode()] = handle
    return library, handles
