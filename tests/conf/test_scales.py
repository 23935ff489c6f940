"""Every scale composes, and what the command line says wins over it."""

from __future__ import annotations

from pathlib import Path

import pytest
from hydra import compose, initialize_config_dir

from ltd import settings
from ltd.errors import SettingsError
from ltd.parts import EvaluateParts
from ltd.settings import choice_name, resolved

CONF = Path(__file__).resolve().parents[2] / "conf"


def composed(stage: str, *overrides: str) -> dict:
    settings.register()
    with initialize_config_dir(str(CONF), version_base="1.3"):
        return resolved(compose(stage, list(overrides)))


@pytest.mark.parametrize(
    ("scale", "pool", "model", "accelerator", "tasks"),
    [
        ("quick", "fragments", "smollm2_135m", "cpu", 5),
        ("local", "p3", "smollm2_135m", "cpu", 5),
        ("paper", "p3", "galactica_1_3b", "gpu", 5),
    ],
)
def test_a_scale_is_pool_tasks_model_and_device(
    scale: str, pool: str, model: str, accelerator: str, tasks: int
) -> None:
    found = composed("train", f"scale={scale}")
    assert (choice_name(found["pool"]), choice_name(found["model"])) == (pool, model)
    assert found["trainer"]["accelerator"] == accelerator
    assert len(found["task"]) == tasks
    assert found["fraction"] == 0.005
    settings.check(found)


def test_the_paper_scale_ranks_the_papers_tasks() -> None:
    assert list(composed("train", "scale=paper")["task"]) == ["rte", "cb", "anli_r1", "anli_r2", "anli_r3"]


def test_the_command_line_wins() -> None:
    found = composed("train", "scale=local", "model=tiny", "task=rte", "fraction=0.1")
    assert (choice_name(found["model"]), list(found["task"]), found["fraction"]) == ("tiny", ["rte"], 0.1)


@pytest.mark.parametrize("scale", ["quick", "local", "paper"])
def test_one_line_of_settings_serves_both_select_and_train(scale: str) -> None:
    line = [f"scale={scale}", "trainer.epochs=7", "seed=3"]
    chosen, trained = composed("select", *line), composed("train", *line)
    assert {name for name in trained if chosen[name] != trained[name]} == {"tracker"}
    other = composed("select", f"scale={scale}", "trainer.epochs=1", "seed=3")
    assert settings.run_id("select", chosen, {}) == settings.run_id("select", other, {})


@pytest.mark.parametrize(
    ("option", "fraction"),
    [("full", 1), ("tenth", 0.1), ("five_percent", 0.05), ("one_percent", 0.01), ("tenth_percent", 0.001), ("none", 0)],
)
def test_a_data_fraction_is_a_word_and_a_number_wins_over_it(option: str, fraction: float) -> None:
    assert composed("train", f"data_fraction={option}")["fraction"] == fraction
    assert composed("train", f"data_fraction={option}", "fraction=0.3")["fraction"] == 0.3


def test_the_run_id_follows_the_content_and_not_the_place() -> None:
    sources = {"pool": {"seed": 0}, "tasks": {}}

    def name(*overrides: str, **more: object) -> str:
        return settings.run_id("train", composed("train", *overrides), sources | more)

    same = name()
    assert same == name(
        "outputs=/elsewhere",
        "tracker=none",
        "force=true",
        "trainer=gpu",
        "trainer.tokens_per_batch=64",
        "trainer.gradient_checkpointing=true",
        "trainer.compile=true",
        "trainer.checkpoint_every_steps=1",
        "trainer.max_length=512",
        "group=mine",
    )
    others = [name("seed=1"), name("fraction=0.01"), name("trainer.epochs=1"), name("model.lr=1e-5"), name(pool={})]
    assert len({same, *others}) == 6
    assert name(model={"folder": "a"}) != name(model={"folder": "b"})
    assert same.startswith("kcenter-0.005-multi-fragments-smollm2_135m-s0-")


@pytest.mark.parametrize("stage", ["train", "evaluate", "select"])
def test_tokens_at_once_by_the_device_name_a_run_as_a_cpus_do(stage: str) -> None:
    """Runs of versions in which the default was that number are found again."""
    by_device, by_number = composed(stage), composed(stage)
    assert by_device["ranking"]["tokens_per_batch"] is None
    for group in {"ranking", "embedder"} & by_number.keys():
        assert by_device[group]["tokens_per_batch"] is None
        by_number[group] = by_number[group] | {"tokens_per_batch": 1024}
    assert settings.run_id(stage, by_device, {}) == settings.run_id(stage, by_number, {})
    assert composed(stage, "ranking.tokens_per_batch=64")["ranking"]["tokens_per_batch"] == 64
    settings.check(by_device)


def test_a_models_place_is_no_part_of_the_hash_and_names_the_run() -> None:
    def name(path: str) -> str:
        return settings.run_id("evaluate", composed("evaluate", f"model.path={path}"), {"model": {"folder": "content"}})

    here, there = name("/models/galactica"), name("copies/galactica")
    assert here == there
    assert here.startswith("galactica-5_tasks-s0-")
    assert name("outputs/train/kcenter-s3/model") == name("outputs/train/kcenter-s3")
    assert name("outputs/train/kcenter-s3").startswith("kcenter-s3-5_tasks-s0-")


@pytest.mark.parametrize("stage", ["evaluate", "select"])
def test_where_nothing_is_trained_how_a_model_is_trained_decides_nothing(stage: str) -> None:
    training = ["model.lr=1", "model.method=lora", "model.lora.rank=2", "model.precision=fp32"]
    plain = settings.run_id(stage, composed(stage), {})
    assert settings.run_id(stage, composed(stage, *training), {}) == plain
    assert settings.run_id(stage, composed(stage, "model=tiny"), {}) != plain
    trained = [settings.run_id("train", composed("train", *each), {}) for each in ([], training[:1], training[1:2])]
    assert len(set(trained)) == 3


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("model.lr=0", r"model\.lr=0 must be above 0"),
        ("model.lr=-1", r"model\.lr=-1 must be above 0"),
        ("ranking.tokens_per_batch=0", r"ranking\.tokens_per_batch=0 must be at least 1"),
        ("convention=foo", "there is no convention 'foo'; valid: lm_eval, single, t0"),
    ],
)
def test_what_is_out_of_range_is_refused(override: str, message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        settings.check(composed("train", override))


def test_a_convention_that_no_task_heeds_is_refused() -> None:
    for convention in ("lm_eval", "t0"):
        asked = composed("evaluate", "model=tiny", f"convention={convention}")
        with pytest.raises(SettingsError, match=f"convention={convention} means nothing to fragments_two_way, "):
            EvaluateParts.build(asked).check(asked)
        mixed = composed("evaluate", "model=tiny", "task=[fragments,rte]", f"convention={convention}")
        EvaluateParts.build(mixed).check(mixed)
