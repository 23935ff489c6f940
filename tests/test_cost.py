"""Costs add up over stages, attempts and artefacts; what nobody measured stays unknown."""

from __future__ import annotations

import json
from pathlib import Path

from ltd.atomic import write_json
from ltd.cost import Cost, RunCost, Share


def test_amounts_add_up_and_peaks_do_not() -> None:
    first = Cost(seconds=1.5, cpu_seconds=2.0, peak_memory=300, tokens=10)
    second = Cost(seconds=2.0, peak_memory=200, tokens=5, flops=6e9, device_joules=7.0)
    assert first + second == Cost(3.5, None, 2.0, None, 300, None, None, 7.0, 15, None, 6e9)
    assert (first + second) - second == Cost(1.5, None, 2.0, None, 300, None, None, 0.0, 10, None, 0.0)
    assert first + Cost() == first  # unknown is not zero: no energy comes into it


def test_what_is_unknown_is_not_written() -> None:
    assert Cost(seconds=1.23456, tokens=3).statement() == {"seconds": 1.235, "tokens": 3}
    assert Cost.of({"seconds": 1.235, "tokens": 3, "of a later version": 1}) == Cost(seconds=1.235, tokens=3)


def test_alone_a_run_pays_for_what_others_made_and_waits_for_nobody() -> None:
    """It found its pool, made its points, and made the rest of a ranking that another run had begun."""
    stages = {
        "pool": Cost(seconds=3.0, waited_seconds=2.5, cpu_seconds=0.1),
        "choose": Cost(seconds=20.0, cpu_seconds=30.0, peak_memory=900),
        "rank before": Cost(seconds=10.0, cpu_seconds=12.0, peak_memory=500),
    }
    shared = {
        "pool/a": Share(cost=Cost(seconds=100.0, cpu_seconds=90.0, peak_memory=2000)),
        "points/b": Share(Cost(seconds=18.0, cpu_seconds=28.0), Cost(seconds=18.0, cpu_seconds=28.0)),
        "ranked/c": Share(Cost(seconds=40.0, cpu_seconds=50.0), Cost(seconds=9.0, cpu_seconds=11.0)),
    }
    cost = RunCost(stages, shared)
    assert cost.total == Cost(33.0, 2.5, 42.1, peak_memory=900)
    # Without the wait, and with the pool's 100 seconds and the ranking's 40 in place of 9.
    assert cost.total_alone == Cost(33.0 - 2.5 + 100.0 + 31.0, None, 42.1 + 90.0 + 39.0, peak_memory=2000)
    assert cost.unknown == []


def test_an_artefact_of_unknown_cost_is_named() -> None:
    cost = RunCost({"pool": Cost(seconds=1.0)}, {"pool/a": Share(), "points/b": Share(cost=Cost(seconds=2.0))})
    assert cost.unknown == ["pool/a"]
    assert cost.total_alone.seconds == 3.0


def test_attempts_add_up_and_the_newest_knows_what_an_artefact_cost() -> None:
    killed = RunCost({"pool": Cost(seconds=1.0)}, {"points/b": Share(None, Cost(seconds=4.0))})
    later = RunCost(
        {"pool": Cost(seconds=0.5), "choose": Cost(seconds=9.0)},
        {"points/b": Share(Cost(seconds=10.0), Cost(seconds=6.0))},
    )
    both = killed + later
    assert {stage: cost.seconds for stage, cost in both.stages.items()} == {"pool": 1.5, "choose": 9.0}
    assert both.shared == {"points/b": Share(Cost(seconds=10.0), Cost(seconds=10.0))}
    assert (both + RunCost({}, {"points/b": Share()})).shared["points/b"].cost == Cost(seconds=10.0)


def test_it_is_read_back_as_it_was_written(tmp_path: Path) -> None:
    cost = RunCost(
        {"choose": Cost(seconds=9.0, tokens=12, flops=2.5e12), "pool": Cost(seconds=0.25, peak_memory=123)},
        {"points/b": Share(Cost(seconds=10.0), Cost(seconds=6.0)), "pool/a": Share()},
    )
    cost.write(tmp_path / "cost.json")
    found = RunCost.read(tmp_path / "cost.json")
    assert found == cost
    assert list(found.stages) == ["choose", "pool"]  # in the order they were met
    written = json.loads((tmp_path / "cost.json").read_text())
    assert written["total"] == {"seconds": 9.25, "peak_memory": 123, "tokens": 12, "flops": 2.5e12}
    assert written["total_alone"]["seconds"] == 13.25
    assert written["unknown"] == ["pool/a"]


def test_seconds_of_an_earlier_version_are_read(tmp_path: Path) -> None:
    write_json(tmp_path / "cost.json", {"seconds": {"pool": 1.5, "fine-tune": 125.0}})
    found = RunCost.read(tmp_path / "cost.json")
    assert found == RunCost({"pool": Cost(seconds=1.5), "fine-tune": Cost(seconds=125.0)})
    assert found.total_alone.seconds == 126.5
    assert RunCost.read(tmp_path / "none.json") == RunCost()
