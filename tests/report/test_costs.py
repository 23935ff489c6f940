"""Cost against accuracy: what a cache spared is counted, measuring is not, and the front is the one of brute force."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from ltd.report.arms import read_runs
from ltd.report.content import Section
from ltd.report.costs import costs

Write = Callable[..., Path]


def stage(seconds: float, cpu: float, **more: float) -> dict:
    return {"seconds": seconds, "cpu_seconds": cpu, **more}


def made(place: Path) -> Section:
    return costs(read_runs([place]).arms)


def row(section: Section, name: str) -> dict[str, float | str]:
    table = section.tables[0]
    cells = next(row for row in table.rows if row[0].text == name)
    return {column: cell.text if cell.value is None else cell.value
            for column, cell in zip(table.columns, cells, strict=True)}  # fmt: skip


def test_a_run_that_read_from_the_cache_is_charged_what_it_would_have_cost(write: Write, tmp_path: Path) -> None:
    points = {"cost": stage(100, 200), "paid": stage(100, 200)}
    own = {
        "stages": {
            "pool": stage(10, 10),
            "leakage": stage(5, 5),
            "choose": stage(120, 240),
            "rank before": stage(50, 50),
            "fine-tune": stage(60, 120),
            "rank after": stage(999, 999),
        },
        "shared": {"points/abc": points},
    }
    read = {
        "stages": own["stages"] | {"choose": stage(20, 40)},
        "shared": {"points/abc": points | {"paid": {}}, "ranked/x": {"cost": stage(7, 7), "paid": {}}},
    }
    write(seed=0, sampler="kcenter", cost=own)
    write(seed=1, sampler="kcenter", cost=read)
    found = row(made(tmp_path), "kcenter")
    assert found["choosing (core-minutes)"] == pytest.approx(240 / 60)
    assert found["fine-tuning (core-minutes)"] == pytest.approx(120 / 60)
    assert found["in all (core-minutes)"] == pytest.approx((240 + 120 + 15) / 60)
    assert found["choosing's share (%)"] == pytest.approx(100 * 240 / 375)


def test_waiting_for_another_is_no_cost(write: Write, tmp_path: Path) -> None:
    stages = {"choose": {"seconds": 300.0, "waited_seconds": 240.0}, "fine-tune": {"seconds": 60.0}}
    write(cost={"stages": stages, "shared": {}})
    assert row(made(tmp_path), "random")["choosing (minutes)"] == pytest.approx(1)


def test_files_of_an_earlier_version_are_read(write: Write, tmp_path: Path) -> None:
    write(cost={"seconds": {"choose": 3.0, "fine-tune": 7200.0, "rank after": 50.0}})
    section = made(tmp_path)
    assert row(section, "random")["in all (hours)"] == pytest.approx(7203 / 3600)
    assert any("clock on the wall" in note for note in section.notes)


def test_the_front_is_what_nothing_cheaper_equals(write: Write, tmp_path: Path) -> None:
    arms = {0.001: (1, 0.3), 0.002: (2, 0.2), 0.003: (3, 0.6), 0.004: (4, 0.6), 0.005: (5, 0.9)}
    for fraction, (minutes, share) in arms.items():
        right = [number % 10 < 10 * share for number in range(32)]
        write(right, fraction=fraction, cost={"seconds": {"fine-tune": 60.0 * minutes}})
    section = made(tmp_path)
    table = section.tables[0]
    front = [cells[0].text for cells in table.rows if cells[-1].text == "yes"]
    assert front == ["random 0.1%", "random 0.3%", "random 0.5%"]
    assert "random 0.1%, random 0.3% and random 0.5%" in section.lead
    assert "5.0 times as much" in section.lead


def test_without_costs_it_says_so(write: Write, tmp_path: Path) -> None:
    write(fraction=0.0, cost={"seconds": {"rank before": 1.0}})
    assert "no run of this report" in made(tmp_path).missing
