"""What a run makes beside numbers: tables, figures, and artefacts that other runs go on from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

Value = str | int | float | bool | None


@dataclass(frozen=True)
class Table:
    """Rows of values; the values of a column are of one type, or None.

    Attributes
    ----------
    n_all : how many rows there are; more than are shown if these are a sample.
    """

    name: str
    columns: tuple[str, ...]
    rows: Sequence[Sequence[Value]]
    n_all: int


@dataclass(frozen=True)
class Confusion:
    """How often each gold label (line) was answered with each label (column)."""

    name: str
    title: str
    labels: tuple[str, ...]
    counts: Sequence[Sequence[int]]


@dataclass(frozen=True)
class Picture:
    """A figure that lies in a file."""

    name: str
    path: Path
    caption: str = ""


@dataclass(frozen=True)
class Page:
    """An HTML page that lies in a file and needs no other."""

    name: str
    path: Path


@dataclass(frozen=True)
class Artefact:
    """Something that one run makes and others use, named by what it is, so that every run finds the same one.

    Attributes
    ----------
    kind : ``pool``, ``selection``, ``model``, ``predictions``, ``report``.
    key : what distinguishes it from others of its kind, such as a hash of its content.
    description : what it is, in a line.
    files : by their names in it; they lie in the run's folder and stay as they are.
    metadata : fingerprints and numbers, as plain values.
    is_input : whether this run goes on from it, rather than makes it.
    """

    kind: str
    key: str
    description: str
    files: Mapping[str, Path] = field(default_factory=dict)
    metadata: Mapping[str, object] = field(default_factory=dict)
    is_input: bool = False

    @property
    def name(self) -> str:
        return f"{self.kind}-{self.key}"


Product = Table | Confusion | Picture | Page | Artefact
