"""Progress for people: a bar on a terminal, a line now and then in a log file."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.progress import Progress as Bars

logger = logging.getLogger(__name__)

SECONDS_BETWEEN_LINES = 30.0


@contextmanager
def progress_bar(description: str, unit: str = "") -> Iterator[Bar]:
    """Show how far ``description`` is while the block runs, and how many of ``unit`` go through in a second."""
    bar = Bar(description, unit)
    try:
        yield bar
    finally:
        bar.close()


class Bar:
    """Counts up to a total that is told along the way; drawn from the first report on: cached work shows none."""

    def __init__(self, description: str, unit: str = "") -> None:
        self._description = description
        self._unit = unit
        self._start = time.monotonic()
        self._console = Console(stderr=True)
        self._bars: Bars | None = None
        self._last_line = time.monotonic()

    def __call__(self, done: int, total: int, note: str = "") -> None:
        """Show ``done`` of ``total``, with a note such as the loss beside it; without one, the pace."""
        if self._unit and not note:
            note = f"{done / max(time.monotonic() - self._start, 1e-9):.1f} {self._unit}/s"
        if self._console.is_terminal:
            self._draw(done, total, note)
        elif done >= total or time.monotonic() - self._last_line > SECONDS_BETWEEN_LINES:
            self._last_line = time.monotonic()
            logger.info("%s: %d of %d  %s", self._description, done, total, note)

    def close(self) -> None:
        if self._bars is not None:
            self._bars.stop()

    def _draw(self, done: int, total: int, note: str) -> None:
        if self._bars is None:
            columns = (
                MofNCompleteColumn(),
                TimeElapsedColumn(),
                TimeRemainingColumn(),
                TextColumn("{task.fields[note]}"),
            )
            self._bars = Bars(TextColumn("{task.description:<18}"), BarColumn(), *columns, console=self._console)
            self._bars.add_task(self._description, note="")
            self._bars.start()
        self._bars.update(self._bars.task_ids[0], completed=done, total=total, note=note)
