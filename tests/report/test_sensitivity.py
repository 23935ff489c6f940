"""Sensitivity: what another way of scoring, averaging, wording or asking turns round is shown to be turned."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from ltd.report.arms import Arm, read_runs
from ltd.report.baseline import baseline_pairs
from ltd.report.claim_list import CLAIMS
from ltd.report.content import Section
from ltd.report.export import data_columns
from ltd.report.sensitivity import REPORTED, sensitivity, without_task

Write = Callable[..., Path]
TASKS = {"large": 60, "small": 20}


def write_two(write: Write, kcenter: list[bool], random: list[bool], **changes: object) -> None:
    for seed in (0, 1, 2):
        for sampler, right in (("kcenter", kcenter), ("random", random)):
            answers = list(right)
            answers[seed] = not answers[seed]
            write(answers, sampler=sampler, seed=seed, **{"tasks": TASKS, **changes})


def made(place: Path) -> Section:
    return sensitivity([[(None, pair) for pair in baseline_pairs(read_runs([place]).arms, "sampler=random")]])


def cells(section: Section) -> dict[str, str]:
    table = section.tables[0]
    (row,) = table.rows
    return dict(zip(table.columns, (cell.shown for cell in row), strict=True))


def test_tasks_that_disagree_turn_the_verdict_round(write: Write, tmp_path: Path) -> None:
    large = np.arange(60) % 4 == 0
    small = np.arange(20) % 20 < 19
    write_two(write, [*~large, *~small], [*large, *small])
    section = made(tmp_path)
    found = cells(section)
    assert found["without small"].endswith("better")
    assert found["without large"].endswith("worse")
    assert found["pooled over questions"].startswith("+")
    assert "Turned round" in section.lead
    assert section.tables[0].rows[0][1].tone == "bad"
    assert [figure.name for figure in section.figures] == ["sensitivity"]


def test_a_difference_everywhere_holds_in_every_way(write: Write, tmp_path: Path) -> None:
    right = np.arange(80) % 5 != 0
    write_two(write, right.tolist(), (~right).tolist())
    section = made(tmp_path)
    found = cells(section)
    n_ways = len(found) - 2
    assert n_ways == 1 + 1 + 5 + 2  # as reported, pooled, the other scores, without each task
    assert found["the reported verdict holds in"] == f"{n_ways} of {n_ways}"
    assert {text.split()[1] for name, text in found.items() if name.startswith(("score", REPORTED))} == {"better"}
    assert section.lead.startswith("Of 1 decided verdict, 1 is the same in every way.")
    assert any("asked through one template" in note and "convention=t0" in note for note in section.notes)


def test_a_claim_is_answered_as_in_the_ledger(write: Write, tmp_path: Path) -> None:
    right = np.arange(80) % 5 != 0
    write_two(write, right.tolist(), (~right).tolist())
    (pair,) = baseline_pairs(read_runs([tmp_path]).arms, "sampler=random")
    claim = {one.id: one for one in CLAIMS}
    families = [[(claim["D1"], pair)], [(claim["C4"], pair)], [(claim["RQ3"], (pair[1], pair[0]))]]
    table = sensitivity(families).tables[0]
    place = table.columns.index(REPORTED)
    assert [(row[0].text, row[place].shown.split()[-1], row[place].tone) for row in table.rows] == [
        ("D1: kcenter against random", "supported", "good"),
        ("C4: kcenter against random", "supported", "good"),
        ("RQ3: random against kcenter", "contradicted", "bad"),
    ]


def test_a_smaller_margin_leaves_less_without_a_difference(write: Write, tmp_path: Path) -> None:
    right = (np.arange(80) % 2 == 0).tolist()
    write_two(write, right, right)
    pairs = baseline_pairs(read_runs([tmp_path]).arms, "sampler=random")
    for margin, sign in ((0.001, "?"), (0.9, "none")):
        table = sensitivity([[(None, pair) for pair in pairs]], margin).tables[0]
        assert table.rows[0][table.columns.index(REPORTED)].shown.endswith(sign)
        assert f"no difference above {100 * margin:g} points" in table.note


def test_every_cell_leads_to_the_runs_and_its_file_has_the_verdicts(write: Write, tmp_path: Path) -> None:
    right = np.arange(80) % 5 != 0
    write_two(write, right.tolist(), (~right).tolist())
    (table,) = made(tmp_path).tables
    runs = {path.parent for path in tmp_path.glob("train/*/metrics.json")}
    assert len(runs) == 6
    assert all({*cell.sources} == runs for cell in table.rows[0])
    found = dict(data_columns(table))
    assert found["as reported, mark"] == ["better"]
    assert found["as reported"] == [pytest.approx(60.0, abs=3)]


def test_each_of_several_templates_is_a_way(write: Write, tmp_path: Path) -> None:
    right = [number < 10 for number in range(20)] + [number < 10 for number in range(20)]
    other = [not answer for answer in right[:20]] + right[20:]
    write_two(write, right, other, tasks={"large": 20}, templates=("one", "two"))
    section = made(tmp_path)
    found = cells(section)
    assert not any("one template" in note for note in section.notes)
    assert {"template one", "template two"} <= set(found)
    assert found["template two"].startswith("0.0")
    assert "without large" not in found


def test_leaving_a_task_out_leaves_the_others_as_they_are(write: Write, tmp_path: Path) -> None:
    write(0.5, tasks=TASKS)
    arm: Arm
    (arm,) = read_runs([tmp_path]).arms
    whole, part = arm.outcomes(), without_task("large", arm.outcomes())
    assert part.correct.tolist() == whole.correct[:, 60:].tolist()
    assert {task for task, *_ in part.questions} == {"small"}


def test_without_contrasts_it_says_what_makes_one() -> None:
    assert "python train.py -m sampler=random,kcenter" in sensitivity([[]]).missing
