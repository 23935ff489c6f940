"""The table of results: numbers by hand, the paper's rows in their places, and its warnings."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from ltd.report.arms import read_runs
from ltd.report.content import Section, Table
from ltd.report.results_table import CAPPED, CONSTANT, SINGLE, results

Write = Callable[..., Path]
TASKS = {"rte": 4, "cb": 2}
EVERYTHING = {"_target_": "ltd.pool.fragments.Fragments", "name": "fragments", "related": ["*"]}


def made(place: Path) -> Section:
    return results(read_runs([place]).arms)


def rows(table: Table) -> dict[str, dict[str, str]]:
    """The texts of each row by column, by what stands first without its mark."""
    return {row[0].text: dict(zip(table.columns, (cell.shown for cell in row), strict=True)) for row in table.rows}


def test_the_numbers_are_those_that_hands_find(write: Write, tmp_path: Path) -> None:
    write([True, True, True, False, True, False], seed=0, tasks=TASKS)
    write([True, False, False, False, True, True], seed=1, tasks=TASKS)
    table = made(tmp_path).tables[0]
    row = rows(table)["random"]
    assert row["rte (%)"] == "50.0"  # of 3 and of 1 of 4
    assert row["cb (%)"] == "75.0"
    assert row["average (%)"] == "62.5"
    assert row["pooled (%)"] == "58.3"  # of 7 of 12
    assert (row["seeds"], row["examples"], row["tokens chosen"]) == ("2", "5", "50")
    majority = rows(table)["most frequent answer"]  # the right answer is the last choice for questions 0 and 3 of 4
    assert (majority["rte (%)"], majority["cb (%)"], majority["average (%)"]) == ("50.0", "50.0", "50.0")
    average = table.rows[-1][table.columns.index("average (%)")]
    assert average.value == pytest.approx(62.5)
    assert len(average.sources) == 2


def test_the_papers_rows_come_first_and_have_their_numbers(write: Write, tmp_path: Path) -> None:
    write(sampler="topk")
    write(sampler="random", fraction=0.01)
    write(sampler="random")
    write(sampler="kcenter")
    write(sampler="all", fraction=1.0)
    write(sampler="all", fraction=1.0, pool=EVERYTHING)
    write(sampler="all", fraction=1.0, pool=EVERYTHING, mode="fixed")
    write(fraction=0.0)
    table, paper = made(tmp_path).tables
    assert [(row[0].text, row[-1].text) for row in table.rows] == [
        ("most frequent answer", ""),
        ("vanilla", "Vanilla (0%)"),
        ("whole pool", "P3 (100%)"),
        ("whole pool fixed", "Fixed instruction (10%)"),
        ("all related", "NLI-related (5%)"),
        ("kcenter 0.5%", "NLI coreset (0.5%)"),
        ("random 0.5%", "NLI random (0.5%)"),
        ("random 1%", ""),
        ("topk 0.5%", ""),
    ]
    assert rows(table)["kcenter 0.5%"]["the paper's average (%)"] == "56.64"
    by_row = rows(paper)
    assert by_row["NLI coreset (0.5%)"]["RTE (%)"] == "74.73"
    assert by_row["NLI coreset (0.5%)"]["our arm"] == "kcenter 0.5%"
    assert by_row["NLI random (0.5%)"]["average (%)"] == "-"
    assert "not the paper's" in paper.note


def test_a_row_that_nobody_ran_says_how(write: Write, tmp_path: Path) -> None:
    write(sampler="kcenter")
    paper = rows(made(tmp_path).tables[1])
    assert paper["P3 (100%)"]["our arm"] == "not run: experiment=paper/p3"


def test_warnings(write: Write, tmp_path: Path) -> None:
    constant = [number % 3 != 0 for number in range(4)] + [True, False]  # always the first choice in the first task
    write(constant, tasks=TASKS, metrics={"training": {"tokens": 1234, "examples": 3, "capped": True}})
    section = made(tmp_path)
    row = rows(section.tables[0])["random"]
    assert row["arm"] == f"random{CAPPED.sign}"
    assert (row["examples"], row["examples seen"], row["tokens trained on"]) == ("5", "3", "1,234")
    assert row["rte (%)"].endswith(CONSTANT.sign)
    assert not row["cb (%)"].endswith(CONSTANT.sign)
    assert row["95% interval"].endswith(SINGLE.sign)
    assert any("Stopped at the cap" in note and "random (3 of 5 examples)" in note for note in section.notes)
    assert any("random (rte)" in note for note in section.notes)


def test_a_cap_in_a_later_epoch_leaves_nothing_unseen(write: Write, tmp_path: Path) -> None:
    write(metrics={"training": {"tokens": 9, "examples": 5, "capped": True}})
    section = made(tmp_path)
    assert rows(section.tables[0])["random"]["arm"] == f"random{CAPPED.sign}"
    assert not any("before all that was chosen" in note for note in section.notes)
    assert any("in a later epoch: random" in note for note in section.notes)


def test_the_lead_is_the_best_arm_beside_chance_and_no_training(write: Write, tmp_path: Path) -> None:
    write([True] * 6, tasks=TASKS)
    write([False] * 4 + [True] * 2, tasks=TASKS, fraction=0.0)
    lead = made(tmp_path).lead
    assert lead.startswith("The highest average is that of random: 100.0%")
    assert "always giving the most frequent answer comes to 50.0%" in lead
    assert "Untrained, the model has 50.0%: +50.0 points by training." in lead
