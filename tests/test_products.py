"""What a run left, as a tracker shows it: the same numbers as in its files, bounded tables, and what came from what."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from ltd import products, results, shown_predictions
from ltd.cost import Cost, RunCost
from ltd.example import PromptedPool
from ltd.run import Run
from ltd.score import Question, RankedQuestion, TaskScore
from ltd.tracker.product import Artefact, Confusion, Picture, Product, Table
from tests.test_selection import make_pool, make_selection

SETTINGS: dict[str, Any] = {
    "seed": 0,
    "pool": {"_target_": "ltd.pool.fragments.Fragments"},
    "sampler": {"_target_": "ltd.sampler.kcenter.KCenter"},
    "selection": None,
    "model": {"_target_": "ltd.model.tiny.Tiny"},
}
BEFORE = [(-1.0, -2.0), (-1.0, -2.0), (-1.0, -1.5)]
AFTER = [(-1.0, -2.0), (-3.0, -2.0), (-1.0, -1.25)]
GOLD = [0, 1, 1]


def score(log_probabilities: Iterable[tuple[float, float]], copies: int = 1) -> TaskScore:
    ranked = [
        RankedQuestion(Question(f"q{n}-{copy}", "Dogs bark. " * 200, ("Yes", "No"), gold, "t", f"g{n}"), values, (1, 1))
        for copy in range(copies)
        for n, (values, gold) in enumerate(zip(log_probabilities, GOLD, strict=True))
    ]
    return TaskScore("rte", ranked)


@pytest.fixture
def pool(tmp_path: Path) -> PromptedPool:
    return make_pool(tmp_path / "pool")


@pytest.fixture
def run(tmp_path: Path, pool: PromptedPool) -> Run:
    """A finished run that trained."""
    run = Run(tmp_path / "outputs", "train", "kcenter-0.5-s0-1234abcd")
    (run.folder / "model").mkdir(parents=True)
    (run.folder / "model" / "model.safetensors").write_bytes(bytes(100))
    make_selection(pool).save(run.folder, pool)
    results.write_results(run.folder, {"budget": {"examples": 3}}, [score(AFTER)], [score(BEFORE)])
    RunCost({"rank before": Cost(2.0, cpu_seconds=3.0), "fine-tune": Cost(5.0, tokens=70)}).write(
        run.folder / "cost.json"
    )
    return run


def by_name(found: Iterable[Product]) -> dict[str, Any]:
    return {product.name: product for product in found}


def test_numbers_are_those_of_the_files(run: Run) -> None:
    numbers = products.numbers(run)
    metrics = run.metrics
    assert numbers["eval/rte/accuracy"] == pytest.approx(2 / 3)
    assert numbers["eval_before/rte/accuracy"] == pytest.approx(1 / 3)
    assert numbers["eval_change/rte"] == numbers["eval_change/average"] == pytest.approx(1 / 3)
    assert numbers["eval/pooled"] == metrics["pooled"]["accuracy"]
    assert numbers["eval/rte/calibration_error"] == metrics["tasks"]["rte"]["calibration_error"]
    assert numbers["budget/examples"] == 3
    costs = {name: value for name, value in numbers.items() if name.startswith("cost/")}
    assert costs["cost/rank_before/seconds"] == 2.0
    assert costs["cost/fine-tune/tokens"] == costs["cost/total/tokens"] == 70
    assert costs["cost/total/seconds"] == 7.0


def test_a_run_that_only_chose_has_costs_alone(run: Run) -> None:
    (run.folder / "metrics.json").unlink()
    assert {name.split("/")[0] for name in products.numbers(run)} == {"cost"}


def test_picks_stand_in_their_order_with_their_texts(run: Run, pool: PromptedPool) -> None:
    table = by_name(products.of_selection(run, SETTINGS, pool))["selection/picks"]
    rows = [dict(zip(table.columns, row, strict=True)) for row in table.rows]
    assert [row["id"] for row in rows] == ["p4", "p0", "p3"]
    assert [row["prompt"] for row in rows] == ["text 4", "text 0", "text 3"]
    assert rows[2] | {"data set": "rte", "template": "t0", "tokens": 5, "target": "True", "rank": 2} == rows[2]


def test_only_the_first_picks_are_shown_and_it_says_so(
    run: Run, pool: PromptedPool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(products, "SHOWN_PICKS", 2)
    monkeypatch.setattr(products, "SHOWN_CHARACTERS", 4)
    table = by_name(products.of_selection(run, SETTINGS, pool))["selection/picks"]
    assert (len(table.rows), table.n_all) == (2, 3)
    assert dict(zip(table.columns, table.rows[0], strict=True))["prompt"] == "text"


def test_figures_are_those_that_there_are(run: Run, pool: PromptedPool) -> None:
    (run.folder / "map.png").write_bytes(b"")
    pictures = [product for product in products.of_selection(run, SETTINGS, pool) if isinstance(product, Picture)]
    assert [(picture.name, picture.path) for picture in pictures] == [("selection/map", run.folder / "map.png")]


def test_predictions_stand_side_by_side_before_and_after(run: Run) -> None:
    table = by_name(products.of_results(run, SETTINGS))["predictions/questions"]
    rows = [dict(zip(table.columns, row, strict=True)) for row in table.rows]
    assert [(row["gold"], row["before"], row["after"]) for row in rows] == [
        ("Yes", "Yes", "Yes"),
        ("No", "Yes", "No"),
        ("No", "Yes", "Yes"),
    ]
    assert [(row["right before"], row["right after"]) for row in rows] == [(True, True), (False, True), (False, False)]
    assert [(row["margin before"], row["margin after"]) for row in rows] == [(1.0, 1.0), (-1.0, 1.0), (-0.5, -0.25)]
    assert rows[1]["scores after"] == "Yes -3.000 | No -2.000"
    assert len(str(rows[0]["question"])) == products.SHOWN_CHARACTERS


def test_a_run_that_only_evaluates_has_nothing_before(run: Run) -> None:
    results.write_results(run.folder, {}, [score(AFTER)])
    (run.folder / "predictions_before.parquet").unlink()
    table = by_name(products.of_results(run, SETTINGS))["predictions/questions"]
    (empty,) = {
        tuple(row[table.columns.index(name)] for row in table.rows) for name in table.columns if "before" in name
    }
    assert empty == (None, None, None)


def test_of_too_many_questions_an_even_sample_is_shown(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shown_predictions, "SHOWN_QUESTIONS", 4)
    results.write_results(run.folder, {}, [score(AFTER, copies=10)], [score(BEFORE, copies=10)])
    table = by_name(products.of_results(run, SETTINGS))["predictions/questions"]
    assert table.n_all == 30
    assert [row[-1] for row in table.rows] == ["q0-0", "q0-3", "q1-6", "q2-9"]  # 0, 9, 19, 29


def test_confusion_matrices_count_the_answers(run: Run) -> None:
    found = by_name(products.of_results(run, SETTINGS))
    chart: Confusion = found["confusion/rte"]
    assert (chart.labels, chart.counts) == (("Yes", "No"), [[1, 0], [1, 1]])
    table: Table = found["predictions/confusion"]
    assert ("rte", "before", "No", "Yes", 2) in table.rows
    assert ("rte", "after", "No", "Yes", 1) in table.rows


def artefacts(run: Run, pool: PromptedPool, settings: dict[str, Any]) -> dict[str, Artefact]:
    found = [*products.of_selection(run, settings, pool), *products.of_results(run, settings)]
    return {product.kind: product for product in found if isinstance(product, Artefact)}


def test_training_goes_from_a_selection_of_a_pool_to_a_model_and_its_metrics(run: Run, pool: PromptedPool) -> None:
    found = artefacts(run, pool, SETTINGS)
    assert {kind: artefact.is_input for kind, artefact in found.items()} == {
        "pool": True,
        "selection": True,
        "model": False,
        "predictions": False,
    }
    assert found["pool"].name == f"pool-{pool.fingerprint}"
    assert found["selection"].metadata["pool"] == found["pool"].name
    assert found["model"].metadata["selection"] == found["selection"].name
    assert found["predictions"].metadata["model"] == found["model"].name
    assert found["predictions"].metadata["average"] == run.metrics["average"]["accuracy"]
    assert set(found["predictions"].files) == {"metrics.json", "predictions.parquet", "predictions_before.parquet"}


def test_choosing_makes_the_selection_that_training_goes_on_from(run: Run, pool: PromptedPool, tmp_path: Path) -> None:
    chose = Run(tmp_path / "outputs", "select", "kcenter-0.5-s0-abcd1234")
    make_selection(pool).save(chose.folder, pool)
    made = by_name(products.of_selection(chose, SETTINGS, pool))
    used = by_name(products.of_selection(run, SETTINGS, pool))
    (name,) = (name for name in made if name.startswith("selection-"))
    assert not made[name].is_input
    assert used[name].is_input


def test_evaluating_uses_the_model_that_training_made(run: Run, pool: PromptedPool, tmp_path: Path) -> None:
    evaluated = Run(tmp_path / "outputs", "evaluate", "causal_lm-s0-12345678")
    evaluated.folder.mkdir(parents=True)
    results.write_results(evaluated.folder, {}, [score(AFTER)])
    model = {"_target_": "ltd.model.causal_lm.CausalLM", "path": str(run.folder / "model")}
    found = {product.name: product for product in products.of_results(evaluated, {"seed": 0, "model": model})}
    made = artefacts(run, pool, SETTINGS)["model"]
    assert found[made.name].is_input
    assert found[f"predictions-{evaluated.run_id}"].metadata["model"] == made.name


def test_what_cannot_be_read_is_a_warning_and_the_rest_is_shown(run: Run, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    (run.folder / "predictions.parquet").write_bytes(b"cut off")
    found = by_name(products.of_results(run, SETTINGS))
    assert "predictions/questions" not in found
    assert {"confusion/rte", "predictions/confusion"} <= set(found)
    assert len(caplog.records) == 1
