"""The whole report: its sections in order, its summary in plain words, and its command."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from ltd.errors import SettingsError
from ltd.report.__main__ import main
from ltd.report.build import Built, build

Write = Callable[..., Path]
TASKS = {"fragments_two_way": 30, "fragments_embedded": 20}


def write_two(write: Write, kcenter: float, random: float) -> None:
    for seed in (0, 1, 2):
        for sampler, share in (("kcenter", kcenter), ("random", random)):
            right = np.arange(50) % 10 < 10 * share
            right[seed] = not right[seed]
            write(right.tolist(), sampler=sampler, seed=seed, tasks=TASKS)


def test_the_report_says_first_what_was_compared_and_found(write: Write, tmp_path: Path) -> None:
    write_two(write, 0.9, 0.3)
    write(fraction=0.0, tasks=TASKS)
    steps: list[tuple[int, int]] = []
    built = build([tmp_path], progress=lambda done, total, note="": steps.append((done, total)))
    assert [section.key for section in built.report.sections] == [
        "results",
        "efficiency",
        "comparisons",
        "claims",
        "sensitivity",
        "costs",
        "selections",
        "integrity",
    ]
    first, second, third, fourth = built.report.summary
    assert first.startswith(
        "7 runs of 3 arms were compared: the model tiny, trained on what kcenter and random chose ("
    )
    assert "chose (0.5%), with 3 seeds an arm, and asked" in first
    assert "asked 50 questions of 2 tasks" in first
    assert second.startswith(
        "Choosing was better than random in the one comparison at equal budget, that of kcenter: +"
    )
    assert "very runs" not in second
    assert "contradicted by its own table" in third
    assert "kcenter against random" in third
    assert fourth.startswith("What cannot be told: differences below ")
    assert "are found in fewer than 80 of 100 such studies" in fourth
    assert steps[0] == (0, 8)
    assert steps[-1] == (8, 8)


def test_every_section_is_filled_or_says_what_would_fill_it(write: Write, tmp_path: Path) -> None:
    write(tasks=TASKS)
    built = build([tmp_path])
    for section in built.report.sections:
        assert section.lead or section.missing, section.key
        assert section.tables or section.missing, section.key
    assert built.report.summary[0].startswith("1 run of 1 arm was compared: ")
    assert "cannot be told" in built.report.summary[1]


def test_runs_that_only_evaluated_have_a_report_too(write: Write, tmp_path: Path) -> None:
    folder = write(fraction=0.0, tasks=TASKS)
    (folder / "selection.json").unlink()
    metrics = json.loads((folder / "metrics.json").read_text())
    chose = ("fraction", "budget", "budget_unit", "sampler", "pool", "instruction_mode", "trainer", "selection")
    settings = {name: value for name, value in metrics["settings"].items() if name not in chose}
    metrics |= {"stage": "evaluate", "settings": settings, "run_id": "evaluated"}
    (folder / "metrics.json").write_text(json.dumps(metrics))
    other = {"fragments_two_way": 10}
    write(tasks=other, selection="elsewhere", manifest={"sampler": {"given": {"rows": "abc"}}})
    built = build([tmp_path])
    assert built.report.summary[0] == (
        "2 runs of 2 arms were compared: the model tiny, trained on what given chose, with 1 seed an arm, and asked 50 "
        "questions of 2 tasks or 10 questions of 1 task."
    )
    rows = {row[0].text for row in built.report.sections[0].tables[0].rows}
    assert {"vanilla", "given", "most frequent answer, as vanilla was asked"} <= rows


NOT_OF_RUNS = {
    "results": ("the paper's average (%)",),
    "paper": ("RTE (%)", "CB (%)", "ANLI R1 (%)", "ANLI R2 (%)", "ANLI R3 (%)", "average (%)"),
    "overlap": ("pairs of runs",),
    "selections": ("seeds",),
    "paper_claims": ("difference (points)", "p", "pooled (points)", "p, pooled", "95% interval"),
}
"""Columns of numbers that no run was asked for."""


def test_every_number_of_a_run_leads_to_its_folder(write: Write, tmp_path: Path) -> None:
    write_two(write, 0.9, 0.3)
    n_numbers = 0
    for section in build([tmp_path]).report.sections:
        for table in section.tables:
            for row in table.rows:
                for column, cell in zip(table.columns, row, strict=True):
                    assert all((folder / "metrics.json").exists() for folder in cell.sources)
                    is_number = cell.value is not None or cell.bounds is not None
                    if is_number and column not in NOT_OF_RUNS.get(table.name, ()) and "frequent" not in row[0].text:
                        assert cell.sources, (table.name, column, row[0].text)
                        n_numbers += 1
    assert n_numbers > 50


def cells(built: Built, section: str, column: str) -> dict[str, str]:
    """One column of a section's first table, by what stands first in each line."""
    (table, *_) = next(one for one in built.report.sections if one.key == section).tables
    return {row[0].text: row[table.columns.index(column)].shown for row in table.rows}


def test_what_sensitivity_has_as_reported_is_what_was_reported(write: Write, tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    for sampler, share in (("kcenter", 0.75), ("random", 0.5), ("topk", 0.4), ("all", 0.6)):
        for seed in (0, 1, 2):
            right = (rng.random(50) < share).tolist()
            write(right, sampler=sampler, seed=seed, tasks=TASKS, fraction=1.0 if sampler == "all" else 0.005)
    built = build([tmp_path])
    said = cells(built, "sensitivity", "as reported")
    words = {"no difference larger": "no difference", "undecidable at this power": "?"}
    (comparisons,) = (one.tables[0] for one in built.report.sections if one.key == "comparisons")
    for row in comparisons.rows:
        verdict = row[comparisons.columns.index("verdict")].text
        assert said[f"{row[0].text} against {row[1].text}"].split(" ", 1)[1] == words.get(verdict, verdict)
    tested = [one for one in built.findings if one.arms is not None]
    assert {one.claim.id for one in tested} == {"C1", "C5", "D1", "RQ1", "RQ3"}
    for one in tested:
        assert one.arms is not None
        shown = said[f"{one.claim.id}: {one.arms[0].name} against {one.arms[1].name}"].split(" ", 1)[1]
        assert shown == {"undecidable at this power": "?"}.get(one.verdict, one.verdict), one.claim.id


def test_the_summary_hides_no_model(write: Write, tmp_path: Path) -> None:
    for name, shares in (("tiny", {"kcenter": 9, "random": 3}), ("other", {"kcenter": 3, "random": 9})):
        for sampler, share in shares.items():
            for seed in (0, 1, 2):
                right = np.arange(50) % 10 < share
                right[seed] = not right[seed]
                model = {"_target_": "ltd.model.tiny.Tiny", "name": name}
                write(right.tolist(), sampler=sampler, seed=seed, tasks=TASKS, model=model)
    paper = build([tmp_path]).report.summary[2]
    assert "mixed (1 of 2 supported)" in paper
    assert "kcenter tiny against random tiny" in paper and "kcenter other against random other" in paper
    assert paper.endswith("planned beforehand and so not corrected for the other comparisons.")


def test_one_seed_is_no_finding(write: Write, tmp_path: Path) -> None:
    for sampler, step in (("kcenter", 10), ("random", 3)):
        write((np.arange(50) % 10 < step).tolist(), sampler=sampler, tasks=TASKS)
    _, against, paper, _ = build([tmp_path]).report.summary
    assert against.startswith("Choosing was better than random in the one comparison")
    assert against.endswith("This is about the very runs that there are: on a side there is one seed only.")
    assert paper.endswith("points: better (of these runs).")


def test_what_cannot_be_told_names_every_reach(write: Write, tmp_path: Path) -> None:
    for fraction, changed in ((0.005, 1), (0.01, 6)):
        for seed in (0, 1, 2):
            for sampler in ("kcenter", "random"):
                right = np.arange(50) % 2 == 0
                right[: changed * seed] = sampler == "random"
                write(right.tolist(), sampler=sampler, seed=seed, tasks=TASKS, fraction=fraction)
    built = build([tmp_path])
    (table, *_) = next(section for section in built.report.sections if section.key == "comparisons").tables
    reach = sorted(row[table.columns.index("could be seen")].value or 0 for row in table.rows)
    assert reach[1] > reach[0] + 1
    assert f"differences below {reach[0]:.1f} to {reach[1]:.1f} points, by comparison, are" in built.report.summary[-1]


def test_whole_data_is_named_among_what_was_trained_on(write: Write, tmp_path: Path) -> None:
    write(tasks=TASKS)
    write(sampler="all", fraction=1.0, tasks=TASKS)
    said = build([tmp_path]).report.summary[0]
    assert "trained on what random chose (0.5%) and on all related, with 1 seed an arm" in said


def test_a_baseline_of_another_setting_is_not_called_chance(write: Write, tmp_path: Path) -> None:
    for fraction, share in ((0.005, 3), (0.01, 9)):
        for seed in (0, 1, 2):
            right = np.arange(50) % 10 < share
            right[seed] = not right[seed]
            write(right.tolist(), seed=seed, tasks=TASKS, fraction=fraction)
    said = build([tmp_path], "fraction=0.005").report.summary[1]
    assert said.startswith("Against fraction=0.005, another was better in the one comparison, that of random 1%: +")


def test_a_report_goes_where_it_is_told(write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tasks=TASKS)
    asked: list[tuple[str, str | None]] = []

    def publish(report: object, folder: Path, project: str, entity: str | None) -> str:
        asked.append((project, entity))
        return "sent"

    monkeypatch.setattr("ltd.report.publishing.publish", publish)
    options = [str(tmp_path), "--out", str(tmp_path / "report"), "--wandb"]
    assert main(options) == 0
    assert main([*options, "--wandb-project", "tables", "--wandb-entity", "team"]) == 0
    assert asked == [("ltd", None), ("tables", "team")]


def test_the_command_writes_all_files_and_prints_the_verdicts(
    write: Write, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_two(write, 0.9, 0.3)
    out = tmp_path / "report"
    assert main([str(tmp_path), "--out", str(out)]) == 0
    printed = capsys.readouterr().out
    assert "Accuracy after training" in printed
    assert "D1        supported" in printed
    assert "C1        not tested here" in printed
    assert "margin    2 points" in printed
    assert f"report    {out / 'index.html'}" in printed
    for name in ("index.html", "table.md", "table.tex", "table.csv", "claims.json", "plots/comparisons.png"):
        assert (out / name).stat().st_size > 0, name
    assert json.loads((out / "claims.json").read_text())["verdicts"]["D1"] == ["supported"]
    with open(out / "table.csv", newline="") as file:
        rows = {row["arm"]: row for row in csv.DictReader(file)}
    assert set(rows) == {"most frequent answer", "kcenter", "random"}
    right = np.arange(50) % 10 < 9
    runs = [np.where(np.arange(50) == seed, ~right, right) for seed in (0, 1, 2)]
    by_task = [np.mean([run[part].mean() for run in runs]) for part in (slice(30), slice(30, 50))]
    assert float(rows["kcenter"]["average (%)"]) == pytest.approx(100 * np.mean(by_task))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ["--baseline", "sampler=kcentre"],
            "no trained run with sampler 'kcentre' (did you mean 'kcenter'?); valid: kcenter",
        ),
        (["--baseline", "fraction=0.77"], "there is no trained run with fraction '0.77'; valid: 0.005"),
        (["--baseline", "random"], "a baseline is a setting and its value, such as sampler=random, not 'random'"),
    ],
)
def test_a_wrong_baseline_is_one_line(
    write: Write, tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], message: str
) -> None:
    write(sampler="kcenter", tasks=TASKS)
    assert main([str(tmp_path), "--out", str(tmp_path / "report"), *arguments]) == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1
    assert not (tmp_path / "report").exists()


def test_no_folder_and_no_runs_are_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(tmp_path / "nowhere")]) == 2
    assert "there is no folder" in capsys.readouterr().err
    assert main([str(tmp_path)]) == 2
    assert "there is no finished run" in capsys.readouterr().err


def test_a_baseline_without_partners_is_refused_by_nobody_but_named(write: Write, tmp_path: Path) -> None:
    write(sampler="kcenter", tasks=TASKS)
    built = build([tmp_path])  # nobody asked for sampler=random: it is the default
    comparisons = next(section for section in built.report.sections if section.key == "comparisons")
    assert comparisons.missing
    with pytest.raises(SettingsError, match="no trained run with sampler 'topk'"):
        build([tmp_path], "sampler=topk")
