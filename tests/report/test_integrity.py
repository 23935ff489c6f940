"""Integrity: each fault is found where it was put, and none where there is none."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from ltd.report.arms import read_runs
from ltd.report.content import Section
from ltd.report.grid import gaps
from ltd.report.integrity import integrity

Write = Callable[..., Path]
COMMAND = "python train.py sampler=random fraction=0.005 seed=0 trainer.epochs=1"
PYTHON = shlex.quote(sys.executable)


def looked(place: Path) -> dict[str, tuple[str, str]]:
    """What was found, and in what tone, by what was looked for."""
    table = integrity(read_runs([place])).tables[0]
    return {row[0].text: (row[2].text, row[1].tone) for row in table.rows}


def test_clean_runs_are_clean(write: Write, tmp_path: Path) -> None:
    for sampler in ("random", "kcenter"):
        for seed in (0, 1):
            write(0.6, sampler=sampler, seed=seed)
    found = looked(tmp_path)
    assert {tone for _, tone in found.values()} == {"plain"}, found
    section = integrity(read_runs([tmp_path]))
    assert section.lead.endswith("None was found.")
    assert len(section.tables) == 1


@pytest.mark.parametrize(
    ("change", "name", "text", "tone"),
    [
        ({"manifest": {"versions": {"torch": "2.12.0"}}}, "mixed versions", "2.12.0 (1 run)", "unsure"),
        ({"metrics": {"versions": {"ltd source": "ab"}}}, "mixed versions", "not said (1 run)", "unsure"),
        ({"manifest": {"pool_fingerprint": "other"}}, "different pools", "other: kcenter", "unsure"),
        ({"tasks": {"fragments_two_way": 9}}, "different questions", "9 questions: kcenter", "unsure"),
        (
            {"manifest": {"stated": {"leakage": {"action": "off", "looked_at": 0, "taken_away": 0, "found": {}}}}},
            "leakage",
            "1 run did not look",
            "bad",
        ),
        (
            {
                "manifest": {
                    "stated": {
                        "leakage": {
                            "action": "report",
                            "looked_at": 50,
                            "taken_away": 0,
                            "found": {"rte": {"exact": 2, "premise": 1}},
                        }
                    }
                }
            },
            "leakage",
            "up to 3",
            "bad",
        ),
        ({"right": [number % 3 != 0 for number in range(32)]}, "constant predictors", "kcenter", "unsure"),
        ({"indices": [1, 2]}, "budgets that do not match", "has 5 examples, kcenter 2", "unsure"),
        ({"separator": "\n"}, "other settings that differ", "separator", "unsure"),
        (
            {"metrics": {"training": {"tokens": 9, "truncated": 4, "capped": False}}},
            "prompts that were cut",
            "up to 4 examples of 1 run in training",
            "unsure",
        ),
    ],
    ids=[
        "versions",
        "source",
        "pools",
        "questions",
        "gate off",
        "leaks kept",
        "constant",
        "budgets",
        "settings",
        "cut",
    ],
)
def test_each_fault_is_found(write: Write, tmp_path: Path, change: dict, name: str, text: str, tone: str) -> None:
    write(0.6, seed=0)
    write(**{"right": 0.6, "sampler": "kcenter", **change})
    found, told = looked(tmp_path)[name]
    assert text in found
    assert told == tone


def test_unfinished_and_unreadable_runs_are_told(write: Write, tmp_path: Path) -> None:
    write(seed=0)
    write(seed=1, status={"state": "failed", "error": "ValueError: no"})
    (write(seed=2) / "predictions.parquet").unlink()
    torn = write(seed=3) / "metrics.json"
    torn.write_text(torn.read_text()[:99])
    found = looked(tmp_path)
    assert "2 failed" in found["runs that did not finish"][0]
    assert f"{torn.parent.name}: its files cannot be read" in found["runs that did not finish"][0]
    assert "ValueError: no" in found["runs that did not finish"][0]
    assert "predictions.parquet" in found["unreadable runs"][0]
    lead = integrity(read_runs([tmp_path])).lead
    assert "To be put right: runs that did not finish and unreadable runs." in lead


@pytest.mark.parametrize(("again", "words", "tone"), [(0.5, "the same", "unsure"), (0.9, "other", "bad")])
def test_two_runs_of_one_arm_and_seed_are_told(
    write: Write, tmp_path: Path, again: float, words: str, tone: str
) -> None:
    write(0.5, seed=0)
    write(again, seed=0, force=True)
    text, told = looked(tmp_path)["runs of one arm and seed"]
    assert text.startswith("1 run left out: ") and text.endswith(f"({words} answers)")
    assert told == tone


def test_gaps_are_what_others_have(write: Write, tmp_path: Path) -> None:
    for fraction in (0.001, 0.005, 0.01):
        for seed in (0, 1):
            write(seed=seed, fraction=fraction, status={"command": COMMAND})
    write(seed=0, sampler="kcenter", fraction=0.001, status={"command": COMMAND.replace("random", "kcenter")})
    write(seed=0, sampler="kcenter", fraction=0.005, status={"command": COMMAND.replace("random", "kcenter")})
    write(seed=0, sampler="topk", fraction=0.005)  # one budget: meant to be
    found = {(gap.cell, gap.seeds): gap.command for gap in gaps(read_runs([tmp_path]).arms)}
    assert set(found) == {
        ("kcenter 0.1%", "1"),
        ("kcenter 0.5%", "1"),
        ("topk 0.5%", "1"),
        ("kcenter 1%", "0"),
    }
    assert found["kcenter 0.5%", "1"] == f"{PYTHON} train.py sampler=kcenter fraction=0.005 seed=1 trainer.epochs=1"
    assert found["kcenter 1%", "0"] == f"{PYTHON} train.py sampler=kcenter fraction=0.01 seed=0 trainer.epochs=1"
    assert found["topk 0.5%", "1"] == ""
    section: Section = integrity(read_runs([tmp_path]))
    assert [table.name for table in section.tables] == ["integrity", "gaps"]


def test_commands_for_several_seeds_are_sweeps(write: Write, tmp_path: Path) -> None:
    for seed in (0, 1, 2):
        write(seed=seed, sampler="kcenter")
    write(seed=0, status={"command": COMMAND})
    (gap,) = gaps(read_runs([tmp_path]).arms)
    assert gap.command == f"{PYTHON} train.py -m sampler=random fraction=0.005 seed=1,2 trainer.epochs=1"


def test_commands_begin_where_and_with_what_they_were_given(write: Write, tmp_path: Path) -> None:
    for seed in (0, 1):
        write(seed=seed, sampler="kcenter")
    write(seed=0, status={"command": COMMAND, "directory": "/else where", "environment": {"LTD_DATA": "/m"}})
    (gap,) = gaps(read_runs([tmp_path]).arms)
    settings = "sampler=random fraction=0.005 seed=1 trainer.epochs=1"
    assert gap.command == f"(cd '/else where' && LTD_DATA=/m {PYTHON} train.py {settings})"
