"""The main path from end to end with a tiny model and a small pool: files, resuming, and the same bytes again."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from hydra import compose, initialize_config_dir
from omegaconf import DictConfig
from transformers import AutoModelForCausalLM

from ltd import choosing, experiment, settings
from ltd.errors import LtdError, SettingsError
from ltd.example import PromptedPool
from ltd.model.causal_lm import CausalLM
from ltd.parts import EvaluateParts

CONF = Path(__file__).resolve().parents[1] / "conf"
SMALL = [
    "model=tiny",
    "tracker=csv",
    "pool.n_family=8",
    "pool.n_two_way=8",
    "pool.n_embedded=4",
    "pool.n_multi_step=8",
    "fraction=0.04",
    "diagnostics=never",  # their figures take longer than the choice
    "task=[fragments_two_way,fragments_embedded]",
    "task.fragments_two_way.n_questions=10",
    "task.fragments_embedded.n_questions=9",
    "distribution_centre.clusters=1",
    "ranking.precision=fp32",
    "embedder.precision=fp32",
    "trainer.epochs=2",
    "trainer.examples_per_step=4",
]
N_PROMPTS = 4 * (13 * 8 + 8 + 4 + 8)
RESULTS = ["metrics.json", "predictions.parquet", "predictions_before.parquet", "selection.json", "selection.parquet"]


def composed(stage: str, outputs: Path, *overrides: str) -> DictConfig:
    settings.register()
    with initialize_config_dir(str(CONF), version_base="1.3"):
        return compose(stage, [*SMALL_OF[stage], f"outputs={outputs}", *overrides])


SMALL_OF = {
    "train": SMALL,
    "select": [override for override in SMALL if not override.startswith("trainer.")],
    "evaluate": [override for override in SMALL if override.startswith(("model", "tracker", "task", "ranking"))],
}


def the_run(outputs: Path, stage: str) -> Path:
    """The run of that stage with the default sampler and seed."""
    runs = [folder for folder in (outputs / stage).iterdir() if folder.is_dir()]
    (run,) = [run for run in runs if run.name.startswith("kcenter-0.04") and "-s0-" in run.name]
    return run


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Outputs in which one k-center run is finished."""
    outputs = tmp_path_factory.mktemp("outputs")
    experiment.train(composed("train", outputs))
    return outputs


def test_a_run_leaves_its_files_and_numbers_that_agree(finished: Path) -> None:
    run = the_run(finished, "train")
    metrics = json.loads((run / "metrics.json").read_text())
    assert metrics["budget"]["pool"] == N_PROMPTS
    assert metrics["budget"]["examples"] == round(0.04 * N_PROMPTS) == pq.read_table(run / "selection.parquet").num_rows
    assert metrics["budget"]["tokens"] == sum(pq.read_table(run / "selection.parquet")["n_tokens"].to_pylist())
    assert (metrics["precision"], metrics["training"]["precision"]) == ("fp32", "fp32")
    assert json.loads((run / "status.json").read_text())["state"] == "finished"
    predictions = pq.read_table(run / "predictions.parquet").to_pylist()
    for name, task in metrics["tasks"].items():
        first_choices = [row for row in predictions if row["task"] == name and row["choice"] == 0]
        right = sum(row["gold"] == row["predicted"] for row in first_choices)
        assert task["n"] == len(first_choices) == {"fragments_two_way": 10, "fragments_embedded": 9}[name]
        assert task["accuracy"] == right / task["n"]
        difference = task["accuracy"] - metrics["before"]["tasks"][name]["accuracy"]
        assert metrics["change"]["tasks"][name]["accuracy"] == pytest.approx(difference)
    accuracies = [task["accuracy"] for task in metrics["tasks"].values()]
    assert metrics["average"]["accuracy"] == pytest.approx(sum(accuracies) / 2)


def test_all_that_was_chosen_is_related(finished: Path) -> None:
    tasks = pq.read_table(the_run(finished, "train") / "selection.parquet")["task"].to_pylist()
    assert {task.split("_")[0] for task in tasks} == {"nli"}


def test_the_model_was_trained_and_loads_with_the_library_alone(finished: Path) -> None:
    run = the_run(finished, "train")
    tuned = AutoModelForCausalLM.from_pretrained(run / "model")
    untuned = composed("train", finished).model
    from hydra.utils import instantiate

    before = instantiate(untuned).load().network.state_dict()
    changed = [name for name, weights in tuned.state_dict().items() if not weights.equal(before[name])]
    assert len(changed) > len(before) / 2
    assert (run / "checkpoints" / "last.ckpt").exists()


def test_a_finished_run_answers_at_once_and_computes_nothing(
    finished: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(experiment, "chosen", forbidden)
    average = experiment.train(composed("train", finished))
    assert average == json.loads((the_run(finished, "train") / "metrics.json").read_text())["average"]["accuracy"]
    shown = capsys.readouterr().out
    assert "fragments_two_way" in shown
    assert f"of {N_PROMPTS:,} prompts" in shown


def forbidden(*_: object, **__: object) -> Any:
    raise AssertionError("computed again")


def test_forced_again_it_gives_the_same_bytes_and_embeds_nothing(
    finished: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = the_run(finished, "train")
    before = {name: (run / name).read_bytes() for name in [*RESULTS, "model/model.safetensors"]}
    started = json.loads((run / "status.json").read_text())["at"]
    monkeypatch.setattr("ltd.embedder.minilm.Minilm.embed", forbidden)
    experiment.train(composed("train", finished, "force=true"))
    assert {name: (run / name).read_bytes() for name in before} == before
    assert json.loads((run / "status.json").read_text())["at"] >= started


def test_what_is_large_can_be_shed_and_the_run_still_answers(
    finished: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    outputs = Path(shutil.copytree(finished, tmp_path / "outputs"))
    monkeypatch.setattr(experiment, "chosen", forbidden)
    folder = the_run(outputs, "train")
    for kept, left in {"model": ["model"], "results": []}.items():
        experiment.train(composed("train", outputs, f"keep={kept}"))
        assert [name for name in ("checkpoints", "model") if (folder / name).exists()] == left
        assert all((folder / name).exists() for name in RESULTS)


def test_the_seed_and_the_sampler_make_another_run_with_the_same_points(
    finished: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ltd.embedder.minilm.Minilm.embed", forbidden)
    monkeypatch.setattr(experiment, "_train", lambda run, tracker: choosing_only(run))
    monkeypatch.setattr(experiment.summary, "show", lambda run: None)
    outputs = finished
    for overrides in (["seed=1"], ["sampler=random"], ["sampler=random", "seed=1"]):
        with pytest.raises(FileNotFoundError):  # no metrics: it stops after choosing
            experiment.train(composed("train", outputs, *overrides))
    chosen = {
        folder.name.rsplit("-", 1)[0]: tuple(pq.read_table(folder / "selection.parquet")["index"].to_pylist())
        for folder in (outputs / "train").iterdir()
        if folder.is_dir()
    }
    assert len(chosen) == 4
    kcenter = {picks for name, picks in chosen.items() if name.startswith("kcenter")}
    assert len(kcenter) == 1  # k-center draws nothing: the seed only orders training
    assert len(set(chosen.values())) == 3


def choosing_only(run: experiment.Experiment) -> None:
    experiment.chosen(run)


def test_fraction_zero_ranks_the_model_as_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ltd.tuning.finetune", forbidden)
    monkeypatch.setattr("ltd.embedder.minilm.Minilm.embed", forbidden)
    experiment.train(composed("train", tmp_path, "fraction=0"))
    (run,) = (tmp_path / "train").glob("kcenter-0-*")
    metrics = json.loads((run / "metrics.json").read_text())
    assert metrics["budget"]["examples"] == metrics["budget"]["tokens"] == 0
    assert "before" not in metrics
    assert not (run / "model").exists()


def test_select_alone_chooses_what_train_chose(finished: Path) -> None:
    assert experiment.select(composed("select", finished)) == round(0.04 * N_PROMPTS)
    for name in ("selection.json", "selection.parquet"):
        assert (the_run(finished, "select") / name).read_bytes() == (the_run(finished, "train") / name).read_bytes()


def test_evaluating_the_tuned_model_gives_the_scores_of_its_run(finished: Path) -> None:
    run = the_run(finished, "train")
    accuracy = experiment.evaluate(composed("evaluate", finished, "model=causal_lm", f"model.path={run}"))
    assert accuracy == json.loads((run / "metrics.json").read_text())["average"]["accuracy"]
    (evaluation,) = (finished / "evaluate").glob(f"{run.name}-fragments_two_way-fragments_embedded-s0-*")
    metrics = json.loads((evaluation / "metrics.json").read_text())
    assert metrics["precision"] == "fp32"
    assert metrics["model"] == CausalLM(path=str(run)).load().fingerprint


def test_another_model_in_the_same_folder_is_another_run(
    finished: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def identity(path: Path | str) -> str:
        config = composed("evaluate", finished, "model=causal_lm", f"model.path={path}")
        return experiment.Experiment.prepare("evaluate", config, EvaluateParts).run.run_id

    folder = Path(shutil.copytree(the_run(finished, "train") / "model", tmp_path / "mine"))
    first = identity(folder)
    monkeypatch.chdir(tmp_path)
    assert identity("mine") == first
    weights = bytearray((folder / "model.safetensors").read_bytes())
    weights[-1] ^= 1
    (folder / "model.safetensors").write_bytes(weights)
    assert identity(folder) != first


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (["fraction=1.5"], r"fraction=1\.5 is not a share of the pool; it must be between 0 and 1"),
        (["fraction=1e-9"], rf"fraction=1e-09 of a pool of {N_PROMPTS:,} prompts comes to no example"),
        (["fraction=0.9"], r"asks for 446 examples, but only 80 prompts of the pool may be chosen from .*clip=true"),
        (["seed=-1", "ranking.precision=fp8"], "seed=-1 must not be negative; ranking.precision=fp8 must be one of"),
        (["trainer.examples_per_step=0"], r"trainer\.examples_per_step=0 must be at least 1"),
        (["model=galactica_125m", "model.path=/nowhere"], r"/nowhere is not a folder; point model\.path= at a folder"),
        (["pool=p3", "pool.path=/nowhere"], "/nowhere"),
    ],
)
def test_what_cannot_be_meant_is_refused_before_anything_is_written(
    tmp_path: Path, overrides: list[str], message: str
) -> None:
    small = [item for item in SMALL if "pool=p3" not in overrides or not item.startswith("pool.")]
    settings.register()
    with initialize_config_dir(str(CONF), version_base="1.3"):
        config = compose("train", [*small, f"outputs={tmp_path / 'outputs'}", *overrides])
    with pytest.raises(LtdError, match=message) as caught:
        experiment.train(config)
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "outputs").exists()


def test_a_parameter_of_the_wrong_type_names_its_group(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="sampler"):
        experiment.train(composed("train", tmp_path, "sampler._target_=ltd.sampler.kcenter.Nothing"))


def test_a_selection_of_another_pool_is_refused(finished: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    shutil.copytree(the_run(finished, "train"), run)
    manifest = json.loads((run / "selection.json").read_text())
    (run / "selection.json").write_text(json.dumps(manifest | {"pool_fingerprint": "0" * 16}))
    pool = PromptedPool.open(next((finished / "cache" / "pool").glob("*/")))
    with pytest.raises(LtdError, match="the selection was made from pool 0000000000000000"):
        choosing.saved_selection(run, pool)


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("model=galactica_125m", r"galactica_125m.*connect to a model hub, or point model.path= at a local folder"),
        ("trainer.strategy=foo", r"trainer\.strategy=foo: You selected an invalid strategy name"),
    ],
)
def test_what_cannot_be_had_is_told_before_anything_is_made(tmp_path: Path, override: str, message: str) -> None:
    with pytest.raises(LtdError, match=message):
        experiment.train(composed("train", tmp_path / "outputs", override))
    assert not (tmp_path / "outputs" / "cache").exists()
    assert not list((tmp_path / "outputs" / "train").glob("kcenter*"))
