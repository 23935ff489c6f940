"""Selections: overlaps counted by hand, and diagnostics found where the selection stage left them."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from ltd.report.arms import read_runs
from ltd.report.content import Section
from ltd.report.selections import selections

Write = Callable[..., Path]


def against(value: float, low: float, high: float) -> dict:
    return {"selection": value, "random": {"mean": (low + high) / 2, "low": low, "high": high}, "percentile": 50.0}


def curve(end: float) -> dict:
    return {"selection": [2.0, end], "random": {"mean": [2.0, 1.0], "low": [1.9, 0.9], "high": [2.1, 1.1]}}


def diagnostics(distance: float) -> dict:
    return {
        "candidates": 50,
        "picks": 5,
        "coverage": {"picks": [1, 5], "radius": curve(1.0), "mean_distance": curve(distance)},
        "near_duplicates": against(0.4, 0.0, 0.1),
        "outliers": against(0.0, 0.0, 0.1),
        "effective_clusters": against(20.0, 15.0, 25.0),
        "composition": {"label": {"divergence": against(0.01, 0.0, 0.02)}},
    }


def made(place: Path) -> Section:
    return selections(read_runs([place / "train"]).arms)


def test_overlaps_are_those_counted_by_hand(write: Write, tmp_path: Path) -> None:
    write(seed=0, sampler="random", indices=[1, 2, 3, 4])
    write(seed=1, sampler="random", indices=[3, 4, 5, 6])
    write(seed=0, sampler="kcenter", indices=[1, 2, 3, 9])
    section = made(tmp_path)
    table = next(table for table in section.tables if table.name == "overlap")
    rows = {(row[0].text, row[1].text): [cell.value for cell in row[2:]] for row in table.rows}
    assert rows["random", "its other seeds"] == pytest.approx([1, 50.0, 100 * 4 / 50, 2 / 6])
    assert rows["kcenter", "random"] == pytest.approx([2, 50.0, 100 * 4 / 50, (3 / 5 + 1 / 7) / 2])
    assert [figure.name for figure in section.figures] == ["overlap"]


def test_a_choice_that_no_seed_changes_is_told(write: Write, tmp_path: Path) -> None:
    for seed in (0, 1):
        write(seed=seed, sampler="kcenter")
    assert any("Every seed chooses the same: kcenter" in note for note in made(tmp_path).notes)


def test_diagnostics_of_the_very_same_choice_are_found_in_the_selection_stage(write: Write, tmp_path: Path) -> None:
    run = write(seed=0, sampler="kcenter")
    write(seed=0, sampler="random")
    same, other = tmp_path / "select" / "same", tmp_path / "select" / "other"
    for folder, value in ((same, 0.5), (other, 3.0)):
        folder.mkdir(parents=True)
        shutil.copy(run / "selection.json", folder)
        (folder / "diagnostics.json").write_text(json.dumps(diagnostics(value)))
    manifest = json.loads((other / "selection.json").read_text())
    (other / "selection.json").write_text(json.dumps(manifest | {"pool_fingerprint": "another"}))
    section = made(tmp_path)
    table = next(table for table in section.tables if table.name == "selections")
    (row,) = table.rows
    found = dict(zip(table.columns, row, strict=True))
    assert (row[0].text, row[0].sources) == ("kcenter", (same,))
    assert found["mean distance"].text == "0.5 (0.9 to 1.1)"
    assert found["mean distance"].tone == "strong"
    assert found["near-duplicates (%)"].value == pytest.approx(40)
    assert found["clusters reached"].tone == "plain"
    assert found["divergence of data sets (bits)"].text == "-"
    assert "By mean distance, closer to the candidates than random choices: the picks of kcenter." in section.lead
    assert any("Not diagnosed: random" in note for note in section.notes)
    assert [figure.name for figure in section.figures] == ["selections", "coverage", "overlap"]


def test_a_choice_that_cannot_be_read_stops_nothing(write: Write, tmp_path: Path) -> None:
    for seed in (0, 1):
        write(seed=seed, sampler="random")
    (write(seed=0, sampler="kcenter") / "selection.parquet").unlink()
    broken = write(seed=1, sampler="kcenter")
    (broken / "diagnostics.json").write_text('{"candidates": 5')
    section = made(tmp_path)
    (note,) = (note for note in section.notes if "cannot be read" in note)
    assert "kcenter" in note and "random" not in note
    table = next(table for table in section.tables if table.name == "overlap")
    assert {row[0].text for row in table.rows} == {"random", "kcenter"}


def test_where_nothing_was_chosen_it_says_so(write: Write, tmp_path: Path) -> None:
    write(fraction=0.0)
    assert "no arm of this report chose anything" in made(tmp_path).missing
