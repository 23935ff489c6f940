"""A cache of folders keyed by the content they were made from, so that nothing is computed twice.

A folder is made under a name of its own and renamed when it is complete: a reader sees all of it or nothing. While one
process makes it, others that want it wait; if the maker dies, the operating system frees its lock and the next one goes
on with the files it left.
"""

from __future__ import annotations

import logging
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

from filelock import FileLock, Timeout

from ltd.atomic import write_json
from ltd.example import content_key

logger = logging.getLogger(__name__)


class Cache:
    """Artefacts below one folder, as ``<kind>/<key>/``.

    Parameters
    ----------
    root : may lie on a file system shared by many jobs.
    """

    def __init__(self, root: Path) -> None:
        self.root = root

    def folder(self, kind: str, source: Mapping[str, object], make: Callable[[Path], None]) -> Path:
        """The folder made from ``source``, made now by ``make(work_folder)`` if it is not there yet.

        ``make`` may find files in its folder that an interrupted call left, and may use them; it must not trust a file
        that it did not write whole. ``source.json`` beside the result says what it was made from.
        """
        key = content_key(source)
        final = self.root / kind / key
        if final.is_dir():
            return final
        final.parent.mkdir(parents=True, exist_ok=True)
        with _lock(final.with_suffix(".lock")):
            if not final.is_dir():
                work = final.with_suffix(".partial")
                work.mkdir(exist_ok=True)
                make(work)
                write_json(work / "source.json", dict(source))
                work.replace(final)
        return final

    def clear(self) -> None:
        """Remove all of it."""
        shutil.rmtree(self.root, ignore_errors=True)


def _lock(path: Path) -> FileLock:
    lock = FileLock(path)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        logger.info("another process is making %s; waiting for it", path.with_suffix(""))
        lock.acquire()
    return lock
