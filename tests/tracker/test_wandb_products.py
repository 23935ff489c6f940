"""Tables, figures and artefacts in W&B: on disk, at a server, and where one goes away."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ltd.tracker.product import Artefact, Confusion, Page, Picture, Product, Table
from ltd.tracker.wandb import Wandb
from tests.lab.wandb_environment import scrubbed
from tests.lab.wandb_log import closed_run, table
from tests.lab.wandb_server import KEY, WandbServer, sync
from tests.tracker.conftest import Environment, describe, our_lines

ROWS = [("Dogs bark.", 0.25, None, True), ("No cat swims.", -1.5, "yes", False)]
TABLE = Table("predictions/questions", ("question", "margin", "before", "right"), ROWS, n_all=2)
CONFUSION = Confusion("confusion/rte", "rte", ("True", "False"), [[3, 1], [0, 4]])
POOL = Artefact("pool", "b2aff3e88040d1c4", "50,440 prompts", metadata={"prompts": 50440}, is_input=True)


def selection(folder: Path, is_input: bool) -> Artefact:
    (folder / "selection.json").write_text("{}")
    (folder / "selection.parquet").write_bytes(b"PAR1" * 100)
    files = {name: folder / name for name in ("selection.json", "selection.parquet")}
    return Artefact("selection", "44bc3ef5", "252 prompts", files, {"pool": POOL.name}, is_input)


def model(folder: Path) -> Artefact:
    (folder / "model").mkdir(parents=True)
    (folder / "model" / "model.safetensors").write_bytes(bytes(1000))
    files = {"model.safetensors": folder / "model" / "model.safetensors"}
    return Artefact("model", "0123", "tuned", files, {"fingerprint": "0123", "path": str(folder / "model")})


def picture(folder: Path) -> Picture:
    Image.fromarray(np.arange(48, dtype=np.uint8).reshape(4, 4, 3)).save(folder / "map.png")
    return Picture("selection/map", folder / "map.png", "where they lie")


def keep(folder: Path, *products: Product, run_id: str = "kcenter-1234abcd", **settings: bool) -> None:
    tracker = Wandb(project="tests", **settings)
    tracker.start(describe(folder, run_id))
    tracker.keep(products)
    tracker.finish()


def test_a_table_is_read_back_with_its_types(tmp_path: Path, environment: Environment) -> None:
    keep(tmp_path, TABLE)
    run = closed_run(tmp_path)
    assert [tuple(row.values()) for row in table(run, tmp_path, TABLE.name)] == ROWS
    assert list(table(run, tmp_path, TABLE.name)[0]) == list(TABLE.columns)
    assert f"{TABLE.name}/of" not in run.summary


def test_a_sample_says_of_how_many(tmp_path: Path, environment: Environment) -> None:
    keep(tmp_path, Table("predictions/questions", ("question",), [("a",), ("b",)], n_all=45_000))
    run = closed_run(tmp_path)
    shown = {name: run.summary[f"predictions/questions/{name}"] for name in ("shown", "of")}
    assert shown == {"shown": 2, "of": 45_000}


def test_an_empty_table_and_a_column_of_nothing_are_no_mistake(
    tmp_path: Path, environment: Environment, caplog: pytest.LogCaptureFixture
) -> None:
    keep(tmp_path, Table("empty", ("a", "b"), [], 0), Table("nothing", ("a",), [(None,)], 1))
    run = closed_run(tmp_path)
    assert (table(run, tmp_path, "empty"), table(run, tmp_path, "nothing")) == ([], [{"a": None}])
    assert our_lines(caplog) == []


def test_a_confusion_matrix_counts_every_question_once(tmp_path: Path, environment: Environment) -> None:
    keep(tmp_path, CONFUSION)
    rows = table(closed_run(tmp_path), tmp_path, "confusion/rte_table")
    counts = {(row["Actual"], row["Predicted"]): row["nPredictions"] for row in rows}
    assert counts == {("True", "True"): 3, ("True", "False"): 1, ("False", "True"): 0, ("False", "False"): 4}


def test_figures_and_pages_are_whole_on_disk(tmp_path: Path, environment: Environment) -> None:
    (tmp_path / "index.html").write_text("<p>A report</p>")
    keep(tmp_path, picture(tmp_path), Page("report", tmp_path / "index.html"))
    [files] = tmp_path.glob("wandb/*run-*/files")
    summary = closed_run(tmp_path).summary
    assert (files / summary["selection/map"]["path"]).read_bytes() == (tmp_path / "map.png").read_bytes()
    assert summary["selection/map"]["caption"] == "where they lie"
    assert (files / summary["report"]["path"]).read_text() == "<p>A report</p>"


def test_artefacts_say_what_was_used_and_what_was_made(tmp_path: Path, environment: Environment) -> None:
    keep(tmp_path, POOL, selection(tmp_path, is_input=True), model(tmp_path))
    artifacts = {found.kind: found for found in closed_run(tmp_path).artifacts}
    assert {kind: (found.name, found.is_used) for kind, found in artifacts.items()} == {
        "pool": ("pool-b2aff3e88040d1c4", True),
        "selection": ("selection-44bc3ef5", True),
        "model": ("model-0123", False),
    }
    assert artifacts["pool"].metadata == {"prompts": 50440}
    assert artifacts["selection"].metadata == {"pool": POOL.name}
    paths = {name: str(tmp_path / name) for name in ("selection.json", "selection.parquet")}
    assert artifacts["selection"].files == paths  # sent from where they are: no copies
    assert artifacts["model"].files == {}


def test_the_model_is_sent_if_asked_for(tmp_path: Path, environment: Environment) -> None:
    keep(tmp_path, model(tmp_path), upload_model=True)
    assert list(closed_run(tmp_path).artifact("model").files) == ["model.safetensors"]


def test_nothing_is_kept_outside_the_runs_folder(tmp_path: Path) -> None:
    home, folder = tmp_path / "home", tmp_path / "run"
    home.mkdir()
    folder.mkdir()
    with scrubbed(home), pytest.MonkeyPatch.context() as patch:
        patch.delenv("WANDB_DATA_DIR")  # as most users have it
        keep(folder, TABLE, selection(folder, is_input=True))
    run = closed_run(folder)
    places = [Path(str(place)) for artifact in run.artifacts for place in artifact.files.values()]
    assert places
    assert all(place.is_relative_to(folder) and place.exists() for place in places)


def test_a_product_that_fails_is_a_warning_and_the_others_stay(
    tmp_path: Path, environment: Environment, caplog: pytest.LogCaptureFixture
) -> None:
    mixed = Table("mixed", ("a",), [(1,), ("one",)], 2)
    gone = Artefact("predictions", "gone", "", {"metrics.json": tmp_path / "metrics.json"})
    keep(tmp_path, mixed, Picture("selection/map", tmp_path / "no.png"), gone, TABLE)
    lines = our_lines(caplog)
    assert len(lines) == 3
    assert all(
        f"W&B did not take {name} (" in line
        for name, line in zip(["mixed", "selection/map", "predictions-gone"], lines, strict=True)
    )
    run = closed_run(tmp_path)
    assert run.exit_code == 0
    assert len(table(run, tmp_path, TABLE.name)) == 2


def test_disabled_it_makes_nothing(tmp_path: Path, environment: Environment) -> None:
    def products() -> Iterator[Product]:
        raise AssertionError("made for nobody")
        yield

    tracker = Wandb(mode="disabled")
    tracker.start(describe(tmp_path))
    tracker.keep(products())
    tracker.finish()


def train_and_evaluate(folder: Path) -> None:
    """Two runs of one process: one that makes a model, and one that uses it."""
    (folder / "train").mkdir()
    made = model(folder / "train")
    keep(folder / "train", POOL, selection(folder / "train", True), TABLE, made, run_id="train-1")
    used = Artefact("model", made.key, "given", made.files, is_input=True)
    keep(folder / "evaluate", used, picture(folder), run_id="evaluate-2")


def check_received(server: WandbServer) -> None:
    train, evaluate = server.runs["train-1"], server.runs["evaluate-2"]
    assert {artifact.kind: artifact.is_used for artifact in train.artifacts} == {
        "pool": True,
        "selection": True,
        "run_table": False,
        "model": False,
    }
    assert train.artifact("selection").files["selection.parquet"] == b"PAR1" * 100
    rows = json.loads(train.artifact("run_table").files[f"{TABLE.name}.table.json"])["data"]
    assert [tuple(row) for row in rows] == ROWS
    assert evaluate.artifact("model").is_used
    ours, theirs = train.artifact("model"), evaluate.artifact("model")
    assert (ours.name, ours.digest, ours.metadata) == (theirs.name, theirs.digest, theirs.metadata)
    assert len(server.artifacts.received) == 4  # the model is there once, though both runs describe it
    assert ("evaluate-2", evaluate.summary["selection/map"]["path"]) in server.files


def test_online_artefacts_arrive_with_who_made_and_who_used_them(tmp_path: Path, environment: Environment) -> None:
    with WandbServer() as server:
        environment(WANDB_API_KEY=KEY, WANDB_BASE_URL=server.url)
        train_and_evaluate(tmp_path)
    check_received(server)
    assert server.unknown == []


@pytest.mark.slow
def test_offline_runs_sync_to_the_same(tmp_path: Path, environment: Environment) -> None:
    train_and_evaluate(tmp_path)
    with WandbServer() as server:
        for name in ("train", "evaluate"):
            sync(f"wandb sync {tmp_path}/{name}/wandb", tmp_path, server)
    check_received(server)


def test_a_server_that_goes_away_holds_up_no_product(
    tmp_path: Path, environment: Environment, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    tracker = Wandb(finish_timeout=1)
    with WandbServer() as server:
        environment(WANDB_API_KEY=KEY, WANDB_BASE_URL=server.url)
        tracker.start(describe(tmp_path))
    start = time.perf_counter()
    tracker.keep([TABLE, POOL, selection(tmp_path, True), CONFUSION, model(tmp_path)])
    assert time.perf_counter() - start < 60
    tracker.finish()
    rows = table(closed_run(tmp_path), tmp_path, TABLE.name)
    assert [tuple(row.values()) for row in rows] == ROWS
    assert [line for line in our_lines(caplog) if "did not take" in line and "whole run" not in line] == []
