"""A cache of folders keyed by the content they were made from, so that nothing is computed twice.

A folder is made under a name of its own and renamed when it is complete: a reader sees all of it or nothing. While one
process makes it, others that want it wait; if the maker dies, the next one goes on with the files it left. A folder
whose files are not what its manifest says is made again. What it cost to make lies in it, in ``cost.json``.
"""

from __future__ import annotations

import json
import logging
import shutil
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

from ltd.atomic import write_json
from ltd.cost import Cost, Share
from ltd.example import content_key
from ltd.lock import held
from ltd.manifest import problem, seal
from ltd.metering import count, measured

logger = logging.getLogger(__name__)

COST = "cost.json"


class Cache:
    """Artefacts below one folder, as ``<kind>/<key>/``.

    Parameters
    ----------
    root : may lie on a file system shared by many jobs.

    Attributes
    ----------
    used : the folders that this object has given out, relative to ``root``, and what they cost.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self.used: dict[str, Share] = {}

    def folder(self, kind: str, source: Mapping[str, object], make: Callable[[Path], None]) -> Path:
        """The folder made from ``source``, made now by ``make(work_folder)`` if it is not there yet.

        ``make`` may find files in its folder that an interrupted call left, and may use them; it must not trust a file
        that it did not write whole. ``source.json`` beside the result says what it was made from.
        """
        final = self.root / kind / content_key(source)
        name = f"{kind}/{final.name}"
        self.used.setdefault(name, Share())
        if not (final.is_dir() and problem(final) is None):
            asked = time.perf_counter()
            with held(final.with_suffix(".lock"), f"{kind} {final.name}") as owner:
                count(waited_seconds=time.perf_counter() - asked)
                _remove_damaged(final)
                if not final.is_dir():
                    work = _work_folder(final, owner.token)
                    with measured(self._keeper(name, work)):
                        make(work)
                    write_json(work / "source.json", dict(source))
                    seal(work)
                    work.replace(final)
        self.used[name] = replace(self.used[name], cost=_cost(final))
        return final

    def _keeper(self, name: str, work: Path) -> Callable[[Cost], None]:
        """Keeps what is spent on an artefact: in its folder with what others have spent, and for this run alone."""
        others, before = _cost(work) or Cost(), self.used[name].paid

        def keep(cost: Cost) -> None:
            self.used[name] = Share(paid=before + cost)
            if work.is_dir():  # else this process has lost its lock, and the folder
                write_json(work / COST, (others + cost).statement())

        return keep

    def clear(self) -> None:
        """Remove all of it."""
        shutil.rmtree(self.root, ignore_errors=True)


def _cost(folder: Path) -> Cost | None:
    try:
        return Cost.of(json.loads((folder / COST).read_text()))
    except FileNotFoundError:  # made by an earlier version, or just begun
        return None


def _remove_damaged(folder: Path) -> None:
    if folder.is_dir() and (found := problem(folder)):
        logger.warning("%s is damaged: %s; it is made again", folder, found)
        shutil.rmtree(folder)


def _work_folder(final: Path, token: str) -> Path:
    """A folder that is this holding's alone, with what an earlier one left: a process that lost its lock while it was
    suspended finds its folder gone, and writes into nobody else's.
    """
    work = final.with_name(f"{final.name}.{token}.partial")
    for left in sorted(final.parent.glob(f"{final.name}.*partial"), key=lambda path: path.stat().st_mtime)[-1:]:
        left.rename(work)
    work.mkdir(exist_ok=True)
    return work
