"""The shared cache: what it holds, how large that is, and what may go."""

from __future__ import annotations

import json
import os
import re
import shutil
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from ltd.errors import DataError
from ltd.lock import STALE, held, holder
from ltd.manifest import MANIFEST, VERIFIED

DAY = 24 * 3600.0
CLAIM = re.compile(r".+\.(lock|gone)\.[0-9a-f]{8}")
"""What a process that wants a lock calls its claim to it. Locks themselves are broken by whoever wants them next."""


@dataclass(frozen=True, slots=True)
class Artefact:
    """One folder of the cache, complete or left by an interrupted process.

    Attributes
    ----------
    days : since it was last used, to a day: using it verifies it, once a day.
    runs : how many runs refer to it.
    """

    kind: str
    name: str
    folder: Path
    size: int
    days: float
    runs: int
    is_complete: bool
    is_being_made: bool


def find_artefacts(cache: Path, outputs: Path) -> list[Artefact]:
    """All that lies in ``cache``, and what the runs below ``outputs`` say that they use of it."""
    runs = _references(outputs)
    found = [_artefact(folder, runs) for folder in sorted(cache.glob("*/*")) if folder.is_dir()]
    return [artefact for artefact in found if artefact is not None]


def _references(outputs: Path) -> list[set[str]]:
    """What each run says that it uses, as ``<kind>/<key>``."""
    runs = []
    for file in _of_runs(outputs, "artefacts.json"):
        with suppress(FileNotFoundError):  # it is done again just now
            runs.append(set(json.loads(file.read_text())))
    return runs


def _of_runs(outputs: Path, name: str) -> list[Path]:
    """The file of each run below ``outputs``, or below an ``outputs=`` in them, which may use the same cache."""
    return [file for depth in ("*/*/", "*/*/*/") for file in sorted(outputs.glob(f"{depth}{name}"))]


def _artefact(folder: Path, runs: Iterable[set[str]]) -> Artefact | None:
    """None if it is no longer there: complete meanwhile, or taken over by another process, or removed."""
    is_complete = (folder / MANIFEST).exists() and not folder.name.endswith(".partial")
    used = _changed(folder / VERIFIED)
    if used is None and (used := _changed(folder)) is None:
        return None
    return Artefact(
        kind=folder.parent.name,
        name=folder.name,
        folder=folder,
        size=_size(folder),
        days=(time.time() - used) / DAY,
        runs=sum(f"{folder.parent.name}/{folder.name}" in used_by_run for used_by_run in runs),
        is_complete=is_complete,
        is_being_made=holder(_lock(folder)) is not None,
    )


def _lock(folder: Path) -> Path:
    """Of the artefact that the folder is, or is to become."""
    return folder.with_name(f"{folder.name.lstrip('.').partition('.')[0]}.lock")


def _changed(path: Path) -> float | None:
    """When, in seconds since the epoch; None if it is not there."""
    try:
        return path.stat().st_mtime
    except FileNotFoundError:
        return None


def _size(folder: Path) -> int:
    """Bytes of its files; what vanishes meanwhile, as while it is being made, does not count."""
    size = 0
    for place, _, names in os.walk(folder):  # passes over folders that vanish
        for name in names:
            with suppress(FileNotFoundError):
                size += Path(place, name).stat().st_size
    return size


def prunable(artefacts: Iterable[Artefact], outputs: Path, days: float | None) -> list[Artefact]:
    """What may be removed: unused for ``days``, or, without a number, what no run refers to; never what is being made.

    Raises
    ------
    DataError
        If there are runs that do not say what they use, so that only age can tell.
    """
    if days is None and (silent := _silent_runs(outputs)):
        raise DataError(
            f"{len(silent)} run(s) do not say what they use of the cache, such as {silent[0]}: running, killed or "
            "of an earlier version; prune by age instead, such as --days 30, or let them finish"
        )
    return [artefact for artefact in artefacts if not artefact.is_being_made and _is_unused(artefact, days)]


def _is_unused(artefact: Artefact, days: float | None) -> bool:
    return artefact.runs == 0 if days is None else artefact.days >= days


def _silent_runs(outputs: Path) -> list[str]:
    files = _of_runs(outputs, "status.json")
    return [file.parent.name for file in files if not file.with_name("artefacts.json").exists()]


def remove(artefacts: Iterable[Artefact], cache: Path, outputs: Path, days: float | None) -> list[Artefact]:
    """Remove what `prunable` found and may still go when its lock is held, and claims that killed processes left.

    Returns
    -------
    The artefacts that were removed; one that a run has meanwhile begun to make or to use stays.
    """
    removed = [artefact for artefact in artefacts if _removed(artefact.folder, outputs, days)]
    for claim in cache.glob("*/*"):
        if CLAIM.fullmatch(claim.name):
            touched = _changed(claim)
            if touched is not None and time.time() - touched > STALE and holder(claim) is None:
                claim.unlink(missing_ok=True)
    return removed


def _removed(folder: Path, outputs: Path, days: float | None) -> bool:
    if holder(_lock(folder)) is not None:  # in use, and maybe for hours
        return False
    with held(_lock(folder), f"pruning {folder.parent.name} {folder.name}"):
        artefact = _artefact(folder, _references(outputs))
        if artefact is None or not _is_unused(artefact, days) or (days is None and _silent_runs(outputs)):
            return False
        gone = folder.with_name(f".{folder.name.lstrip('.').removesuffix('.pruned')}.pruned")
        if gone != folder:
            shutil.rmtree(gone, ignore_errors=True)  # an interrupted call may have left one
            folder.rename(gone)  # at once: a run sees all of it or nothing
        shutil.rmtree(gone)
        return True
