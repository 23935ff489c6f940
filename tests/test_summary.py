"""The table at the end: what it says is what stands in the run's files."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ltd import summary
from ltd.atomic import write_json
from ltd.cost import Cost, RunCost, Share
from ltd.run import Run

VARIANTS = ("sum", "mean", "bytes", "characters", "pmi", "calibrated")


def task(accuracy: float, n: int, n_templates: int = 1) -> dict[str, object]:
    over = {"median": accuracy, "mean": 0.55, "spread": None if n_templates == 1 else 0.031, "best": 0.7, "worst": 0.4}
    return {
        "accuracy": accuracy,
        "standard_error": 0.025,
        "majority": 0.5,
        "macro_f1": 0.4321,
        "calibration_error": 0.123,
        "n": n,
        "constant": False,
        "variants": {variant: {"accuracy": place / 10} for place, variant in enumerate(VARIANTS)},
        "over_templates": {"n": n_templates, **over},
    }


@pytest.fixture
def run(tmp_path: Path) -> Run:
    run = Run(tmp_path, "train", "kcenter-s0-12345678")
    average = {"accuracy": 0.6, "standard_error": 0.02, "majority": 0.5, "macro_f1": 0.5}
    metrics = {
        "run_id": run.run_id,
        "budget": {"fraction": 0.005, "examples": 252, "tokens": 7217, "pool": 50440, "related": 2600},
        "tasks": {"rte": task(0.616, 277), "cb": task(0.714, 56)},
        "average": average,
        "pooled": {"accuracy": 0.63, "standard_error": 0.027, "n": 333},
        "before": {"tasks": {"rte": task(0.5, 277), "cb": task(0.75, 56)}, "average": average | {"accuracy": 0.55}},
        "change": {
            "tasks": {
                "rte": {"accuracy": 0.116, "standard_error": 0.031},
                "cb": {"accuracy": -0.036, "standard_error": None},
            },
            "average": {"accuracy": 0.05, "standard_error": 0.02},
        },
    }
    write_json(run.folder / "metrics.json", metrics)
    write_json(run.folder / "cost.json", {"seconds": {"pool": 1.5, "fine-tune": 125.0}})
    return run


def lines(capsys: pytest.CaptureFixture[str]) -> list[str]:
    return [" ".join(line.split()) for line in capsys.readouterr().out.splitlines()]


def test_every_task_has_a_row_before_after_and_change(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    summary.show(run)
    shown = lines(capsys)
    assert "rte 50.0 61.6 ± 2.5 +11.6 ± 3.1 50.0 43.2 277" in shown
    assert "cb 75.0 71.4 ± 2.5 -3.6 ± - 50.0 43.2 56" in shown  # no standard error: a single group
    assert "average 55.0 60.0 ± 2.0 +5.0 ± 2.0 50.0 50.0 333" in shown


@pytest.fixture
def evaluation(run: Run) -> Run:
    """A run that evaluated only, with tasks asked through ten templates."""
    metrics = run.metrics
    for name in ("before", "change", "budget"):
        del metrics[name]
    metrics["precision"] = "bf16"
    metrics["tasks"] = {"fragments_two_way": task(0.616, 277, 10), "cb": task(0.4, 56) | {"constant": True}}
    write_json(run.folder / "metrics.json", metrics)
    return run


def test_an_evaluation_shows_what_depends_on_score_and_template(
    evaluation: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    summary.show(evaluation)
    shown = lines(capsys)
    assert "task accuracy majority macro-F1 calibration error n" in shown
    assert "fragments_two_way 61.6 ± 2.5 50.0 43.2 12.3 277" in shown
    assert "average 60.0 ± 2.0 50.0 50.0" in shown
    assert "pooled 63.0 ± 2.7 333" in shown
    assert "ranked in bf16" in shown
    assert "task sum mean bytes characters pmi calibrated" in shown
    assert "cb 0.0 10.0 20.0 30.0 40.0 50.0" in shown
    assert "task median mean spread best worst templates" in shown
    assert "fragments_two_way 61.6 55.0 3.1 70.0 40.0 10" in shown
    assert "cb 40.0 55.0 - 70.0 40.0 1" in shown
    assert "constant one answer to every question, which is no knowledge: cb" in shown


def test_an_evaluation_fits_eighty_columns(evaluation: Run, capsys: pytest.CaptureFixture[str]) -> None:
    summary.show(evaluation)
    assert max(len(line) for line in capsys.readouterr().out.split("constant")[0].splitlines()) <= 80


def test_without_templates_there_is_no_table_of_them(evaluation: Run, capsys: pytest.CaptureFixture[str]) -> None:
    metrics = evaluation.metrics
    metrics["tasks"].pop("fragments_two_way")
    write_json(evaluation.folder / "metrics.json", metrics)
    summary.show(evaluation)
    assert "over templates" not in capsys.readouterr().out


def test_budget_time_and_folder_are_said(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    summary.show(run)
    shown = lines(capsys)
    assert "budget 252 examples, 7,217 tokens; 0.5% of 50,440 prompts, chosen from 2,600 candidates" in shown
    assert "time pool 1.5 s, fine-tune 2 min 5 s; together 2 min 6 s" in shown
    assert f"files {run.folder}" in shown
    assert not any(line.startswith("spent") for line in shown)  # a run of an earlier version knows no more


def test_what_it_cost_beside_time_is_one_line(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    tuned = Cost(300.0, None, 590.5, None, 3_210_000_000, None, 12_300.0, None, 1_234_567, 1_300_000, 8.1e14)
    shared = {"points/a": Share(Cost(seconds=60.0)), "pool/b": Share(Cost(seconds=2.0), Cost(seconds=2.0))}
    RunCost({"pool": Cost(seconds=2.0), "fine-tune": tuned}, shared).write(run.folder / "cost.json")
    summary.show(run)
    shown = lines(capsys)
    assert "time pool 2.0 s, fine-tune 5 min 0 s; together 5 min 2 s (6 min 2 s if nothing had been there)" in shown
    spent = "9 min 50 s of processors, 3.21 GB of memory at most, 1,234,567 tokens, 810 TFLOP, 12.3 kJ drawn"
    assert f"spent {spent}" in shown


def test_it_fits_eighty_columns_with_long_names(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    metrics = run.metrics
    metrics["tasks"]["fragments_two_way"] = metrics["tasks"].pop("rte")
    metrics["before"]["tasks"]["fragments_two_way"] = metrics["before"]["tasks"].pop("rte")
    metrics["change"]["tasks"]["fragments_two_way"] = metrics["change"]["tasks"].pop("rte")
    write_json(run.folder / "metrics.json", metrics)
    summary.show(run)
    table = capsys.readouterr().out.split("budget")[0].splitlines()
    assert any("fragments_two_way" in line for line in table)
    assert max(len(line) for line in table) <= 80


def manifest(action: str = "remove", taken: int = 3, **found: dict[str, int]) -> dict[str, object]:
    leakage = {"action": action, "looked_at": 2600, "taken_away": taken, "found": found}
    return {
        "n_pool": 50440,
        "n_candidates": 2597,
        "examples": 3,
        "tokens": 90,
        "fraction": 3 / 50440,
        "stated": {"leakage": leakage, "related": {"nli_b": 2000, "nli_a": 597}},
    }


@pytest.mark.parametrize(
    ("stated", "line"),
    [
        (
            manifest(rte={"exact": 1, "premise": 1}, cb={"premise": 1}),
            "leakage 2,600 prompts compared with the questions: 3 share text and were taken away (premise 2, exact 1)",
        ),
        (
            manifest("report", 0, rte={"8-gram": 4}),
            "leakage 2,600 prompts compared with the questions: 4 share text and were kept (8-gram 4)",
        ),
        (manifest(taken=0), "leakage 2,600 prompts compared with the questions: none shares text with them"),
        (manifest("off", 0), "leakage not looked for"),
    ],
)
def test_what_the_leakage_gate_did_is_one_line(
    run: Run, capsys: pytest.CaptureFixture[str], stated: dict[str, object], line: str
) -> None:
    write_json(run.folder / "selection.json", stated)
    summary.show(run)
    assert line in lines(capsys)


def test_a_selection_alone_shows_each_data_set_with_what_could_be_chosen(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = Run(tmp_path, "select", "kcenter-s0-12345678")
    write_json(run.folder / "selection.json", manifest())
    chosen = pa.table({"task": ["nli_b", "nli_b", "nli_b"], "template": ["x", "y", "x"]})
    pq.write_table(chosen, run.folder / "selection.parquet")
    summary.show(run)
    shown = lines(capsys)
    assert "nli_a 0 597 0" in shown
    assert "nli_b 3 2,000 2" in shown
