"""What can be asked of choosing on the command line: budgets, what is related, the leakage gate."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from ltd import experiment
from ltd.cache import Cache
from ltd.candidates import made_pool
from ltd.errors import LtdError
from ltd.example import PromptedPool
from ltd.parts import SelectParts
from ltd.settings import resolved, run_id
from tests.test_experiment import CONF, N_PROMPTS, composed


@pytest.fixture(scope="module")
def outputs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("outputs")


def selected(outputs: Path, *overrides: str) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """The manifest and the rows of what a command chooses."""
    config = composed("select", outputs, *overrides)
    before = set((outputs / "select").glob("*/")) if (outputs / "select").exists() else set()
    experiment.select(config)
    (run,) = set((outputs / "select").glob("*/")) - before
    return json.loads((run / "selection.json").read_text()), pq.read_table(run / "selection.parquet").to_pylist()


def the_pool(outputs: Path) -> PromptedPool:
    return made_pool(SelectParts.build(resolved(composed("select", outputs))).pool, Cache(outputs / "cache"))


def test_a_number_of_examples_overrides_the_fraction(outputs: Path) -> None:
    manifest, rows = selected(outputs, "budget=7", "sampler=random")
    assert len(rows) == manifest["examples"] == 7
    assert manifest["budget"] == {"amount": 7, "unit": "examples", "asked": "budget=7"}
    assert manifest["fraction"] == 7 / N_PROMPTS


@pytest.mark.parametrize(
    "sampler", ["random", "longest", "stratified", pytest.param("kcenter", marks=pytest.mark.slow)]
)
def test_a_number_of_tokens_is_filled_and_not_exceeded(outputs: Path, sampler: str) -> None:
    manifest, rows = selected(outputs, "budget=900", "budget_unit=tokens", f"sampler={sampler}")
    tokens = [row["n_tokens"] for row in rows]
    assert manifest["tokens"] == sum(tokens) <= 900
    assert sum(tokens) > 900 - 2 * max(tokens)


def test_a_fraction_of_tokens_is_of_the_whole_pools_tokens(outputs: Path) -> None:
    manifest, _ = selected(outputs, "budget_unit=tokens", "sampler=random")
    everything, _ = selected(outputs, "pool.related=['*']", "sampler=all")
    assert everything["examples"] == N_PROMPTS
    assert manifest["budget"]["amount"] == int(0.04 * everything["tokens"] + 0.5)


def test_more_than_there_is_is_refused_or_clipped(outputs: Path) -> None:
    with pytest.raises(LtdError, match="budget=500 asks for 500 examples, but only 80 prompts"):
        selected(outputs, "budget=500")
    manifest, rows = selected(outputs, "budget=500", "clip=true", "sampler=random")
    assert len(rows) == manifest["n_candidates"] == 80


def test_all_takes_whatever_may_be_chosen_and_says_which(outputs: Path) -> None:
    manifest, rows = selected(outputs, "sampler=all")
    assert [row["index"] for row in rows] == sorted(row["index"] for row in rows)
    assert len(rows) == 80 == sum(manifest["stated"]["related"].values())
    assert manifest["sampler"] == {"class": "ltd.sampler.all.All"}


@pytest.mark.slow
def test_the_targets_cluster_may_be_what_is_related(outputs: Path) -> None:
    manifest, rows = selected(outputs, "related_by=cluster", "distribution_centre.clusters=12", "sampler=all", "seed=3")
    assert manifest["stated"]["related_by"] == "cluster"
    related = manifest["stated"]["related"]
    assert sum(count for task, count in related.items() if task.startswith("nli_")) / len(rows) > 0.5
    assert 0 < len(rows) < N_PROMPTS


def test_prompts_of_the_evaluation_cannot_be_chosen(outputs: Path, tmp_path: Path) -> None:
    pool = the_pool(outputs)
    file = tmp_path / "mine.jsonl"
    lines = [{"prompt": text, "target": "yes"} for text in pool.strings("prompt")[:6]]
    question = SelectParts.build(resolved(composed("select", outputs))).tasks["fragments_two_way"].questions()[0]
    lines.append({"prompt": question.text, "target": "yes"})
    file.write_text("\n".join(map(json.dumps, lines)))
    mine = ["pool=files", f"pool.path={file}", "budget=3", "sampler=random"]
    manifest, _ = selected_files(outputs, *mine)
    assert manifest["n_candidates"] == 6
    assert manifest["stated"]["leakage"]["found"] == {"fragments_two_way": {"exact": 1}}
    with pytest.raises(LtdError, match=r"1 of 7 prompts share text .*leakage=remove leaves them out"):
        selected_files(outputs, *mine, "leakage=fail")
    manifest, rows = selected_files(outputs, *mine, "leakage=off", "seed=1")
    assert (manifest["n_candidates"], len(rows)) == (7, 3)


def selected_files(outputs: Path, *overrides: str) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """As `selected`, without the settings of the generated pool."""
    from hydra import compose, initialize_config_dir

    from ltd import settings
    from tests.test_experiment import SMALL_OF

    settings.register()
    small = [override for override in SMALL_OF["select"] if not override.startswith("pool.")]
    with initialize_config_dir(str(CONF), version_base="1.3"):
        config = compose("select", [*small, f"outputs={outputs}", *overrides])
    before = set((outputs / "select").glob("files*/")) | set((outputs / "select").glob("random*/"))
    experiment.select(config)
    (run,) = set((outputs / "select").glob("random*/")) - before
    return json.loads((run / "selection.json").read_text()), pq.read_table(run / "selection.parquet").to_pylist()


def test_samplers_choose_from_no_more_candidates_than_they_are_given(outputs: Path) -> None:
    few, rows = selected(outputs, "max_candidates=30", "sampler=random")
    assert few["n_candidates"] == 30 == sum(few["stated"]["related"].values())
    assert few["stated"]["drawn"] == {"candidates": 30, "of": 80}
    everything, drawn = selected(outputs, "max_candidates=30", "sampler=all")
    assert everything["stated"]["drawn"] == few["stated"]["drawn"]
    assert {row["index"] for row in rows} < {row["index"] for row in drawn}
    _, others = selected(outputs, "max_candidates=30", "sampler=all", "seed=1")
    assert {row["index"] for row in others} != {row["index"] for row in drawn}
    manifest, all_rows = selected(outputs, "max_candidates=80", "sampler=random", "budget=21")
    assert "drawn" not in manifest["stated"]
    assert [row["index"] for row in all_rows] == [
        row["index"] for row in selected(outputs, "sampler=random", "budget=21")[1]
    ]


def test_a_scoring_sampler_and_kcenter_see_the_same_draw(outputs: Path, tmp_path: Path) -> None:
    cache = f"cache={outputs / 'cache'}"
    drawn = {row["index"] for row in selected(tmp_path / "all", "max_candidates=30", "sampler=all", cache)[1]}
    for sampler in ("kcenter", "perplexity"):
        manifest, rows = selected(tmp_path / sampler, "max_candidates=30", f"sampler={sampler}", "budget=30", cache)
        assert {row["index"] for row in rows} == drawn, sampler
        assert manifest["stated"]["drawn"] == {"candidates": 30, "of": 80}
    run = next((tmp_path / "kcenter" / "select").glob("*/"))
    assert experiment.select(composed("select", tmp_path, f"verify={run}", cache)) == 30


def test_a_budget_beyond_the_draw_is_refused_before_anything_is_made(tmp_path: Path) -> None:
    expected = "budget=31 asks for 31 examples, but only 30 prompts .*raise max_candidates if it is set"
    with pytest.raises(LtdError, match=expected):
        selected(tmp_path, "max_candidates=30", "budget=31")
    assert not tmp_path.joinpath("select").exists()
    with pytest.raises(LtdError, match="max_candidates=0 must be at least 1, or null for all"):
        selected(tmp_path, "max_candidates=0")
    manifest, rows = selected(tmp_path, "max_candidates=30", "budget=31", "clip=true", "sampler=random")
    assert len(rows) == manifest["n_candidates"] == 30


@pytest.mark.slow
def test_the_targets_cluster_is_drawn_from_as_well(outputs: Path) -> None:
    asked = ["related_by=cluster", "distribution_centre.clusters=12", "sampler=all", "seed=3"]
    _, everything = selected(outputs, *asked, "max_candidates=100000")
    manifest, rows = selected(outputs, *asked, "max_candidates=10")
    assert manifest["stated"]["drawn"] == {"candidates": 10, "of": len(everything)}
    assert {row["index"] for row in rows} < {row["index"] for row in everything}


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (["sampler=facility_location", "sampler.neighbours=0"], "facility_location needs neighbours=0 >= 1, or null"),
        (["sampler=density", "sampler.neighbours=abc"], "sampler.neighbours=abc must be a whole number"),
        (["+sampler.sed=3"], "there is no setting of sampler 'sed' (did you mean 'seed'?); valid: seed"),
        (
            ["sampler=outliers", "sampler.share=half", "sampler.neighbours=null"],
            "sampler.share=half must be a number; sampler.neighbours=None must be a whole number",
        ),
        (["sampler=dedup", "sampler@sampler.inner=ccs", "sampler.inner.drop=2"], "ccs needs 0 <= drop=2 < 1"),
        (["sampler=less", "sampler.gradients.rank=0"], "gradients need rank=0 to be at least 1"),
        (["sampler=less", "sampler.gradients.rank=many"], "sampler.gradients.rank=many must be a whole number"),
        (["sampler=perplexity", "sampler.scores=run.text_loss"], "there is no attribute of the run 'text_loss'"),
        (["sampler=kcenter", "sampler.device=gpu"], "there is no device 'gpu'"),
    ],
)
def test_a_samplers_mistakes_are_told_before_anything_is_made(
    tmp_path: Path, overrides: list[str], message: str
) -> None:
    with pytest.raises(LtdError) as refused:
        selected(tmp_path, "sampler=random", *overrides)
    assert str(refused.value).startswith(message)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("option", sorted(file.stem for file in (CONF / "sampler").glob("*.yaml")))
def test_every_option_as_it_stands_is_no_mistake(tmp_path: Path, option: str) -> None:
    SelectParts.build(resolved(composed("select", tmp_path, f"sampler={option}"))).sampler.check()


@pytest.mark.parametrize("what", [[], ["verify=/nowhere"]])
def test_of_processes_that_were_started_together_one_chooses(
    what: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SLURM_PROCID", "1")
    assert math.isnan(experiment.select(composed("select", tmp_path / "outputs", *what)))
    assert not (tmp_path / "outputs").exists()


def test_where_a_sampler_computes_makes_no_other_run(tmp_path: Path) -> None:
    settings = resolved(composed("select", tmp_path))

    def identity(**changes: object) -> str:
        inner = settings["sampler"] | changes
        outer = {"_target_": "ltd.sampler.mixed.Mixed", "first": inner}
        alone, contained = (run_id("select", settings | {"sampler": option}, {}) for option in (inner, outer))
        return alone + contained

    assert "device" in settings["sampler"]
    assert identity(device="cuda") == identity(device="cpu")
    assert identity(start="random") != identity()


def test_a_device_that_is_not_here_is_refused_before_anything_is_embedded(tmp_path: Path) -> None:
    with pytest.raises(LtdError, match=r"^device=xpu: torch finds 0 devices of the kind xpu here; set device=auto"):
        experiment.select(composed("select", tmp_path / "outputs", "sampler.device=xpu"))
    assert not (tmp_path / "outputs").exists()
