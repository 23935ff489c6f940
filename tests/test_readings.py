"""Readings are the machine's own: memory in use, energy of counters that go round, nothing where it is silent."""

from __future__ import annotations

import ctypes
import mmap
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from ltd import readings
from ltd.readings import Counter, Peak, Reading, can_reset_memory, free_memory, reset_peaks

MIB = 1 << 20


def test_processor_time_counts_processes_that_have_ended() -> None:
    before = Reading.now().cpu_seconds
    burn = "import time\nwhile time.process_time() < 0.2: pass"
    subprocess.run([sys.executable, "-c", burn], check=True)
    assert Reading.now().cpu_seconds - before >= 0.2


@pytest.mark.skipif(not can_reset_memory(), reason="this system tells a whole process's peak only")
def test_the_peak_is_that_since_it_was_reset() -> None:
    with resident(96 * MIB):
        high = Peak.now().memory
    assert high >= 96 * MIB
    reset_peaks()
    low = Peak.now().memory
    assert low < high - 48 * MIB
    with resident(64 * MIB):
        assert Peak.now().memory > low + 48 * MIB


@contextmanager
def resident(size: int) -> Iterator[None]:
    """Memory of the system's own, which it has back at the end whatever the allocator is set to keep."""
    with mmap.mmap(-1, size) as block:
        for page in range(0, size, mmap.PAGESIZE):
            block[page] = 1
        yield


def test_without_proc_the_peak_is_that_of_the_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = Peak.now().memory
    monkeypatch.setattr(readings, "PROC", tmp_path)
    assert not can_reset_memory()
    reset_peaks()  # does nothing
    assert Peak.now().memory >= 0.9 * whole
    assert (Peak(3, 9) | Peak(5, 1)) == Peak(5, 9)


def powercap(folder: Path, **microjoules: int) -> None:
    for name, value in microjoules.items():
        domain = folder / name.replace("_", "-").replace("-package", ":")
        domain.mkdir(exist_ok=True)
        (domain / "energy_uj").write_text(f"{value}\n")
        (domain / "max_energy_range_uj").write_text("262143328849\n")


def test_energy_is_the_sum_of_packages_whose_counters_go_round(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readings, "POWERCAP", tmp_path)
    assert Reading.now().processor_joules(Reading.now()) is None  # it does not tell
    powercap(tmp_path, intel_rapl_package0=262_143_000_000, intel_rapl_package1=5_000_000)
    before = Reading.now()
    assert set(before.processors) == {"intel-rapl:0", "intel-rapl:1"}
    powercap(tmp_path, intel_rapl_package0=671_151, intel_rapl_package1=9_500_000)
    assert before.processor_joules(Reading.now()) == pytest.approx(0.328850 + 0.671151 + 4.5, abs=1e-5)


def test_a_counter_that_may_have_gone_round_twice_says_nothing() -> None:
    def at(seconds: float, joules: float) -> Reading:
        return Reading(seconds, 0.0, 0, {"intel-rapl:0": Counter(joules, 262_143.3)}, {}, None)

    assert at(0, 10.0).processor_joules(at(262, 30.0)) == 20.0
    assert at(0, 10.0).processor_joules(at(263, 30.0)) is None


class Nvml:
    """Stands in for NVIDIA's library, with devices in the order of their places on the bus."""

    def __init__(self, code: int = 0) -> None:
        self.code = code
        self.millijoules = {b"GPU-4f": 1_000_000, b"GPU-9a": 700_000}

    def nvmlInit_v2(self) -> int:
        return 0

    def nvmlDeviceGetCount_v2(self, count: Any) -> int:
        count._obj.value = len(self.millijoules)
        return 0

    def nvmlDeviceGetHandleByIndex_v2(self, index: ctypes.c_uint, handle: Any) -> int:
        handle._obj.value = index.value + 1
        return 0

    def nvmlDeviceGetUUID(self, handle: ctypes.c_void_p, uuid: Any, size: ctypes.c_uint) -> int:
        uuid.value = self._uuid(handle)
        return 0

    def nvmlDeviceGetTotalEnergyConsumption(self, handle: ctypes.c_void_p, value: Any) -> int:
        value._obj.value = self.millijoules[self._uuid(handle)]
        return self.code

    def _uuid(self, handle: ctypes.c_void_p) -> bytes:
        assert handle.value is not None
        return list(self.millijoules)[handle.value - 1]


class Cuda:
    """Stands in for torch.cuda in a process whose first device is the second on the bus."""

    def __init__(self, uuid: str = "9a") -> None:
        self.uuid = uuid

    def get_device_properties(self, device: int) -> Any:
        assert device == 0
        return SimpleNamespace(uuid=self.uuid)

    def memory_stats(self) -> dict[str, int]:
        return {}


@pytest.fixture
def nvml(monkeypatch: pytest.MonkeyPatch) -> Iterator[Nvml]:
    library = Nvml()
    monkeypatch.setattr(ctypes, "CDLL", lambda name: library)
    readings._nvml.cache_clear()
    yield library
    readings._nvml.cache_clear()


def test_a_device_s_energy_is_that_of_the_device_in_use(nvml: Nvml, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0")  # CUDA's first, by its own order
    before = Reading.now()  # CUDA is not in use yet
    monkeypatch.setattr(readings, "_cuda", Cuda)
    nvml.millijoules = {b"GPU-4f": 9_000_000, b"GPU-9a": 934_500}
    assert before.device_joules(Reading.now()) == pytest.approx(234.5)
    assert before.device_joules(before) is None


def test_a_device_that_the_driver_does_not_know_says_nothing(nvml: Nvml, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readings, "_cuda", lambda: Cuda("part of one"))
    assert Reading.now().device_joules(Reading.now()) is None


def test_a_device_without_a_counter_says_nothing(nvml: Nvml, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readings, "_cuda", Cuda)
    nvml.code = 3
    silent = Reading.now()
    assert silent.device_joules(Reading.now()) is None
    nvml.code = 0
    assert silent.device_joules(Reading.now()) is None
    assert Reading.now().device_joules(silent) is None  # not minus all that it ever drew


def test_it_is_quick() -> None:
    Reading.now()
    start = time.process_time()
    for _ in range(50):
        Reading.now()
        Peak.now()
    assert time.process_time() - start < 0.25


def written(folder: Path, **files: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (folder / name.replace("memory_", "memory.")).write_text(content)


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine with 8,000,000 kB available, on which nothing limits this process yet."""
    for name, folder in {"PROC": "self", "MEMINFO": "meminfo", "CGROUP": "cgroup"}.items():
        monkeypatch.setattr(readings, name, tmp_path / folder)
    (tmp_path / "meminfo").write_text("MemTotal: 9000000 kB\nMemAvailable:    8000000 kB\n")
    written(tmp_path / "self", cgroup="0::/slurm/job_7/step_0\n")
    written(tmp_path / "cgroup" / "slurm" / "job_7" / "step_0", memory_max="max\n")
    return tmp_path


def test_free_memory_is_the_machine_s_where_no_group_limits_it(machine: Path) -> None:
    assert free_memory() == 8_000_000 * 1024
    (machine / "meminfo").unlink()
    assert free_memory() == float("inf")


def test_a_job_has_what_its_group_leaves_files_at_hand_aside(machine: Path) -> None:
    job = machine / "cgroup" / "slurm" / "job_7"
    written(
        job, memory_max="4000000000\n", memory_current="1500000000\n", memory_stat="anon 7\ninactive_file 300000000\n"
    )
    assert free_memory() == 4_000_000_000 - 1_500_000_000 + 300_000_000


def test_the_older_groups_are_known_too(machine: Path) -> None:
    written(machine / "self", cgroup="5:cpu,cpuacct:/user\n4:memory:/slurm/job_7\n0::/\n")
    written(
        machine / "cgroup" / "memory" / "slurm" / "job_7",
        memory_limit_in_bytes="2000000000\n",
        memory_usage_in_bytes="500000000\n",
        memory_stat="total_inactive_file 100\n",
    )
    assert free_memory() == 1_500_000_100
