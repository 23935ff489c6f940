"""The table of results: numbers by hand, the paper's rows in their places, and its warnings."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from ltd.report.arms import read_runs
from ltd.report.baseline import baseline_pairs
from ltd.report.by_task import ONE_ANSWER
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


def test_every_arm_is_told_task_by_task(write: Write, tmp_path: Path) -> None:
    tasks = {"rte": 6, "cb": 4}
    answered = {
        ("kcenter", 0): [True] * 6 + [True, True, False, False],
        ("kcenter", 1): [True] * 5 + [False] + [True, False, False, False],
        ("random", 0): [True, False] * 3 + [True] * 4,
        ("random", 1): [False] * 6 + [True] * 4,
    }
    for (sampler, seed), right in answered.items():
        write(right, sampler=sampler, seed=seed, tasks=tasks)
    arms = read_runs([tmp_path]).arms
    table = results(arms, baseline_pairs(arms, "sampler=random")).tables[2]
    assert (table.name, table.title) == ("by_task", "Accuracy by task")
    lines = {(row[0].text, row[1].text): dict(zip(table.columns, row, strict=True)) for row in table.rows}
    assert [*lines] == [(arm, task) for arm in ("kcenter", "random") for task in tasks]
    line = lines["kcenter", "rte"]
    assert line["questions"].value == 6
    assert line["accuracy (%)"].value == pytest.approx(100 * 11 / 12)
    low, high = line["95% interval"].bounds or (0, 0)
    assert 0 <= low < 100 * 11 / 12 < high <= 100
    assert line["difference (points)"].value == pytest.approx(100 * (11 / 12 - 3 / 12))
    assert lines["kcenter", "cb"]["difference (points)"].value == pytest.approx(100 * (3 / 8 - 1))
    assert lines["random", "rte"]["difference (points)"].text == ""
    ends = line["95% interval of the difference"].bounds
    assert ends is not None and ends[0] < 100 * 8 / 12 < ends[1]
    assert {*line["difference (points)"].sources} == {path.parent for path in tmp_path.glob("train/*/metrics.json")}
    assert {*line["accuracy (%)"].sources} == {path.parent for path in tmp_path.glob("train/kcenter*/metrics.json")}


def test_how_a_task_is_answered_is_what_scikit_learn_finds(write: Write, tmp_path: Path) -> None:
    from sklearn.metrics import f1_score

    share = [True, False, True, True, False, True, True, True, True, True, False, True]
    golds = np.array([0 if number % 3 else 2 for number in range(12)])
    answered = [share, share[::-1]]
    predicted = [np.where(right, golds, (golds + 1) % 3) for right in answered]
    for seed, right in enumerate(answered):
        write(right, seed=seed, tasks={"rte": 12})
    table = made(tmp_path).tables[2]
    (line,) = (dict(zip(table.columns, row, strict=True)) for row in table.rows)
    scores = [f1_score(golds, found, average="macro") for found in predicted]
    assert line["macro-F1 (%)"].value == pytest.approx(100 * np.mean(scores))
    assert line["majority (%)"].value == pytest.approx(100 * 8 / 12)
    label, number = Counter(np.concatenate(predicted).tolist()).most_common(1)[0]
    assert line["most given answer"].text == ("True", "Neither", "False")[label]
    assert line["given (%)"].value == pytest.approx(100 * number / 24)
    assert line["gold (%)"].value == pytest.approx(100 * np.mean(golds == label))
    metrics = [json.loads(path.read_text())["tasks"]["rte"] for path in tmp_path.glob("train/*/metrics.json")]
    expected = 100 * np.mean([one["calibration_error"] for one in metrics])
    assert line["calibration error (points)"].value == pytest.approx(expected)


def test_nearly_one_answer_is_marked(write: Write, tmp_path: Path) -> None:
    golds = [0 if number % 3 else 2 for number in range(40)]
    for n_others, sampler in ((2, "random"), (3, "kcenter")):  # of 40, 95 and 92.5% the first choice
        others = [number for number, gold in enumerate(golds) if gold == 2][:n_others]
        right = [gold == 0 or number in others for number, gold in enumerate(golds)]
        write([*right, *[True] * 4], sampler=sampler, tasks={"rte": 40, "cb": 4})
    section = made(tmp_path)
    table = section.tables[2]
    place = table.columns.index("given (%)")
    cells = {(row[0].text, row[1].text): row[place] for row in table.rows}
    assert cells["random", "rte"].shown == f"95.0{ONE_ANSWER.sign}" and cells["random", "rte"].tone == "unsure"
    assert cells["kcenter", "rte"].shown == "92.5" and cells["kcenter", "rte"].tone == "plain"
    (note,) = (note for note in section.notes if "95% of the questions" in note)
    assert note.endswith("in a run of: random (rte).")


def test_the_papers_rows_come_first_and_have_their_numbers(write: Write, tmp_path: Path) -> None:
    write(sampler="topk")
    write(sampler="random", fraction=0.01)
    write(sampler="random")
    write(sampler="kcenter")
    write(sampler="all", fraction=1.0)
    write(sampler="all", fraction=1.0, pool=EVERYTHING)
    write(sampler="all", fraction=1.0, pool=EVERYTHING, mode="fixed")
    write(fraction=0.0)
    table, paper, _ = made(tmp_path).tables
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
