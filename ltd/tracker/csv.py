"""A table of numbers in the run's folder, for those who plot themselves."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping
from pathlib import Path

from ltd.atomic import replacing
from ltd.tracker import RunDescription
from ltd.tracker.product import Product

Key = tuple[str, str]  # step and name, as they are written
HEADER = ("step", "name", "value")


class Csv:
    """Writes ``metrics.csv``: a row a number, with its step, or with an empty step for a result of the whole run.

    A resumed run goes on in the same file. Training that goes back to its last checkpoint logs some steps again: equal
    numbers change nothing, and where they differ the earlier attempt's rows give way. No time of day is written, so
    that an interrupted run ends with the same bytes as one that was not, but for what was measured by the clock.
    """

    def __init__(self) -> None:
        self._path: Path | None = None
        self._rows: dict[Key, str] = {}

    def start(self, run: RunDescription) -> None:
        """Read what an earlier attempt wrote; a row that was cut off in the middle is dropped."""
        self._path = run.folder / "metrics.csv"
        self._rows = _read(self._path)
        self._rewrite(self._path)

    def log(self, values: Mapping[str, float], step: int | None = None) -> None:
        """Write numbers, at once."""
        assert self._path is not None, "log() outside of start() and finish()"
        rows = {("" if step is None else str(step), name): _text(value) for name, value in values.items()}
        if any(self._rows.get(key, text) != text for key, text in rows.items()):
            self._rows = _without_later(self._rows, step) | rows
            self._rewrite(self._path)
            return
        added = {key: text for key, text in rows.items() if key not in self._rows}
        self._rows |= added
        with open(self._path, "a", newline="") as file:
            file.write(_lines(added))

    def keep(self, products: Iterable[Product]) -> None:
        """Nothing: they are made from files that lie beside this one."""

    def finish(self, succeeded: bool = True) -> None:  # noqa: ARG002
        """Nothing is left to write."""
        self._path = None

    def _rewrite(self, path: Path) -> None:
        with replacing(path) as temporary:
            temporary.write_text(_lines({HEADER[:2]: HEADER[2]} | self._rows), newline="")


def _read(path: Path) -> dict[Key, str]:
    if not path.exists():
        return {}
    complete, _, _ = path.read_text().rpartition("\n")
    return {(step, name): value for step, name, value in list(csv.reader(io.StringIO(complete)))[1:]}


def _without_later(rows: Mapping[Key, str], step: int | None) -> dict[Key, str]:
    """The rows but for those of later steps, which training that went back logs again."""
    return {key: text for key, text in rows.items() if step is None or not key[0] or int(key[0]) <= step}


def _lines(rows: Mapping[Key, str]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows((*key, value) for key, value in rows.items())
    return text.getvalue()


def _text(value: float) -> str:
    """The number with all its digits; the shortest text that reads back as the same float."""
    return str(value) if isinstance(value, int) else repr(float(value))
