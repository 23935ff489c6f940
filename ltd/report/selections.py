"""What was chosen: beside random choices of the same size, and how much two arms' choices have in common."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ltd.report import figures
from ltd.report.arms import Arm
from ltd.report.content import Cell, Figure, Mark, Section, Table
from ltd.report.overlaps import Shared, loaded_choices, overlap_figures, overlap_table, shared_choices
from ltd.report.report_run import ReportRun
from ltd.report.wording import joined

DIAGNOSE = "python select.py -m sampler=random,kcenter seed=0,1,2 diagnostics=always"

SAME = ("pool_fingerprint", "n_candidates", "seed", "budget", "sampler", "examples", "tokens")
"""What two manifests of one choice have in common."""

MEASURES: Mapping[str, tuple[str, ...]] = {
    "covering radius": ("coverage", "radius"),
    "mean distance": ("coverage", "mean_distance"),
    "near-duplicates": ("near_duplicates",),
    "outliers": ("outliers",),
    "clusters reached": ("effective_clusters",),
    "divergence of data sets (bits)": ("composition", "data set", "divergence"),
    "divergence of labels (bits)": ("composition", "label", "divergence"),
}
"""What a selection is read for, and where it stands in ``diagnostics.json``; of a curve its end is taken."""

OUTSIDE = Mark("", "outside what nine in ten random choices have")

SHARES = ("near-duplicates", "outliers")
DISTANCE = "mean distance"

SHOWN = 4
"""Arms named in a sentence."""


@dataclass(frozen=True)
class Diagnosed:
    """What the selection stage read from the choices of one arm.

    Attributes
    ----------
    readings : one for each seed that was diagnosed: the content of ``diagnostics.json``.
    """

    arm: Arm
    folders: tuple[Path, ...]
    readings: tuple[Mapping[str, Any], ...]

    def reading(self, measure: str) -> figures.Reading | None:
        """The mean over seeds, with the mean band of random choice; None if it was not read."""
        found = [part for part in (_part(reading, MEASURES[measure]) for reading in self.readings) if part]
        if not found:
            return None
        value, low, high = (
            float(np.mean([np.atleast_1d(part)[-1] for part in values]))
            for values in zip(*((part["selection"], part["random"]["low"], part["random"]["high"]) for part in found),
                              strict=True)
        )  # fmt: skip
        scale = 100 if measure in SHARES else 1
        name = f"{measure} (%)" if measure in SHARES else measure
        return figures.Reading(self.arm.name, name, scale * value, scale * low, scale * high)


def selections(arms: Sequence[Arm]) -> Section:
    """Diagnostics and overlap of the choices of a report."""
    chosen = [arm for arm in arms if not arm.is_untrained and arm.sampler != "all"]
    diagnosed = [one for arm in chosen if (one := _diagnosed(arm)).readings]
    loaded, unread = loaded_choices(chosen)
    shared = shared_choices(loaded)
    key, title = "selections", "What was chosen"
    if not diagnosed and not shared:
        why = "; ".join(unread[:SHOWN]) or "no arm of this report chose anything; `python train.py` does"
        return Section(key, title, "", missing=why)
    tables = [_diagnostics_table(diagnosed)] * bool(diagnosed) + [overlap_table(shared)] * bool(shared)
    drawn = [*_diagnostics_figures(diagnosed), *overlap_figures(shared)]
    notes = (*_notes(chosen, diagnosed, shared), *_unread_note(unread))
    return Section(key, title, _lead(diagnosed, shared), tuple(tables), tuple(drawn), notes)


def _diagnosed(arm: Arm) -> Diagnosed:
    """Of the runs' own folders, or of those where the selection stage made the very same choice."""
    found = [folder for run in arm.runs if (folder := _diagnosed_folder(run)) is not None]
    readings = tuple(_read(folder / "diagnostics.json") for folder in found)
    return Diagnosed(arm, tuple(found), readings)


def _diagnosed_folder(run: ReportRun) -> Path | None:
    if _read(run.folder / "diagnostics.json"):
        return run.folder
    assert run.manifest is not None
    for file in sorted(run.folder.parent.parent.glob("select/*/diagnostics.json")):
        manifest = _read(file.parent / "selection.json")
        if _read(file) and all(manifest.get(name) == run.manifest.get(name) for name in SAME):
            return file.parent
    return None


def _read(path: Path) -> dict[str, Any]:
    """Empty if there is no such file, or one that broke off: diagnostics are an extra."""
    try:
        content = json.loads(path.read_text())
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


def _part(reading: Mapping[str, Any], path: Sequence[str]) -> Mapping[str, Any] | None:
    part: Any = reading
    for name in path:
        if name not in part:
            return None
        part = part[name]
    return part if isinstance(part, Mapping) else None


def _unread_note(unread: Sequence[str]) -> list[str]:
    rest = f"; and {len(unread) - SHOWN} more" if len(unread) > SHOWN else ""
    return [f"Overlap leaves out choices that cannot be read: {'; '.join(unread[:SHOWN])}{rest}."] if unread else []


def _diagnostics_table(diagnosed: Sequence[Diagnosed]) -> Table:
    rows = []
    for one in diagnosed:
        cells = [Cell(one.arm.name, sources=one.folders), Cell(str(len(one.folders)), len(one.folders))]
        for reading in (one.reading(measure) for measure in MEASURES):
            if reading is None:
                cells.append(Cell("-"))
                continue
            outside = not reading.low <= reading.value <= reading.high
            cells.append(
                Cell(
                    f"{reading.value:.3g} ({reading.low:.3g} to {reading.high:.3g})",
                    reading.value,
                    one.folders,
                    "strong" if outside else "plain",
                    OUTSIDE if outside else None,
                    (reading.low, reading.high),
                )
            )
        rows.append(tuple(cells))
    measures = tuple(f"{measure} (%)" if measure in SHARES else measure for measure in MEASURES)
    return Table(
        "selections",
        "Selections beside random choices of the same size",
        ("arm", "seeds", *measures),
        tuple(rows),
        frozenset(range(1, len(measures) + 2)),
        note="In brackets what nine in ten random choices of the same size have; what lies outside is emphasised. "
        "Covering radius and mean distance: of the candidates to the nearest pick, Euclidean, of unit vectors. "
        "Near-duplicates have a cosine above 0.95 to an earlier pick, outliers a local outlier factor above 1.5.",
    )


def _diagnostics_figures(diagnosed: Sequence[Diagnosed]) -> list[Figure]:
    found = [reading for one in diagnosed for measure in MEASURES if (reading := one.reading(measure))]
    if not found:
        return []
    caption = "What each selection is like (dot), beside random choices of the same size (band: nine in ten)."
    drawn = [figures.against_chance("selections", caption, found)]
    sizes = Counter(one.readings[0]["picks"] for one in diagnosed)
    size = sizes.most_common(1)[0][0]
    alike = [one for one in diagnosed if one.readings[0]["picks"] == size]
    curves = [one.readings[0]["coverage"] for one in alike]
    random = curves[0]["mean_distance"]["random"]
    chance = figures.Chance(curves[0]["picks"], random["mean"], random["low"], random["high"])
    lines = [
        figures.Coverage(one.arm.name, curve["picks"], curve["mean_distance"]["selection"])
        for one, curve in zip(alike, curves, strict=True)
    ]
    caption = (
        f"Mean distance of the candidates to the nearest of the first picks, of arms with {size:,} picks (lowest seed)."
    )
    return [*drawn, figures.coverage("coverage", caption, lines, chance, "mean distance (Euclidean)")]


def _lead(diagnosed: Sequence[Diagnosed], shared: Sequence[Shared]) -> str:
    closer, farther = [], []
    for one in diagnosed:
        reading = one.reading(DISTANCE)
        if reading and reading.value < reading.low:
            closer.append(one.arm.name)
        elif reading and reading.value > reading.high:
            farther.append(one.arm.name)
    parts = []
    if closer:
        parts.append(f"By mean distance, closer to the candidates than random choices: the picks of {joined(closer)}.")
    if farther:
        parts.append(f"By mean distance, farther from them than random choices: those of {joined(farther)}.")
    seeds = [one for one in shared if one.first is one.second]
    if seeds:
        texts = [
            f"{100 * one.share:.0f}% of {one.first.name} ({100 * one.chance:.0f}% by chance)" for one in seeds[:SHOWN]
        ]
        parts.append(f"Two seeds of an arm have so much in common: {joined(texts)}.")
    return " ".join(parts) or "Every selection is within what random choices of its size are like."


def _notes(chosen: Sequence[Arm], diagnosed: Sequence[Diagnosed], shared: Sequence[Shared]) -> tuple[str, ...]:
    notes = []
    without = [arm.name for arm in chosen if arm not in [one.arm for one in diagnosed]]
    if without:
        notes.append(
            f"Not diagnosed: {joined(without)}. `{DIAGNOSE}` diagnoses those of the same settings; it is found."
        )
    left_out = len({*chosen} - {arm for one in shared for arm in (one.first, one.second)})
    fixed = [one.first.name for one in shared if one.first is one.second and one.jaccard == 1]
    if fixed:
        notes.append(f"Every seed chooses the same: {joined(fixed)}. Their seeds differ in training alone.")
    if shared and left_out:
        notes.append(f"Overlap leaves out {left_out} arms of another pool, or alone at their budget with one seed.")
    return tuple(notes)
