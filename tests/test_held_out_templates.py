"""``templates=held_out``: no prompt can be chosen that was written through a template the evaluation asks through."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hydra import compose, initialize_config_dir

from ltd import settings
from ltd.cache import Cache
from ltd.candidates import find_candidates, made_pool
from ltd.choosing import check_budget
from ltd.errors import SettingsError
from ltd.parts import EvaluateParts, SelectParts
from ltd.pool.promptsource_files import template_name
from tests.test_experiment import CONF, composed

WITH_DATA = pytest.mark.skipif("LTD_DATA" not in os.environ, reason="LTD_DATA names no mirror of the data")
NLI = ["super_glue_rte", "super_glue_cb"]


def local(stage: str, *overrides: str) -> dict[str, object]:
    settings.register()
    with initialize_config_dir(str(CONF), version_base="1.3"):
        scale = ["scale=local", f"pool.data_sets=[{','.join(NLI)}]"] if stage == "select" else []
        return settings.resolved(compose(stage, [*scale, "task=[rte,cb]", *overrides]))


def asked_through(parts: EvaluateParts) -> set[str]:
    """In P3's spelling."""
    return {template_name(question.template) for task in parts.tasks.values() for question in task.questions()}


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Cache:
    """So that each pool is made once."""
    return Cache(tmp_path_factory.mktemp("cache"))


@WITH_DATA
@pytest.mark.parametrize("mode", ["multi", "fixed", "few"])
@pytest.mark.parametrize("pool", ["p3", "promptsource"])
def test_what_is_asked_through_is_not_trained_on(pool: str, mode: str, cache: Cache) -> None:
    words = ["convention=t0", f"instruction_mode={mode}"]
    on_pool = [f"pool={pool}", f"pool.data_sets=[{','.join(NLI)}]"]
    found = {}
    for templates in ("all", "held_out", "trained"):
        parts = SelectParts.build(local("select", *words, *on_pool, f"templates={templates}"))
        opened = made_pool(parts.pool, cache)
        candidates = find_candidates(opened, parts.pool.related, parts.instruction_mode, 0, parts.held_out)
        assert set(opened.strings("task", candidates.rows)) == set(NLI)
        found[templates] = set(opened.strings("template", candidates.rows)), asked_through(parts)
    trained, asked = found["held_out"]
    assert len(asked) == 5
    assert not trained & asked
    rest, of_training = found["trained"]
    assert rest == trained
    assert asked | of_training == found["all"][1]
    assert trained <= of_training
    if mode == "multi":
        assert found["all"][0] == trained | asked
        assert trained == of_training


@WITH_DATA
def test_names_of_p3_hold_out_the_template_of_one_data_set() -> None:
    words = ["convention=t0", "templates=held_out", "held_out_templates=[super_glue_rte_GPT_3_style,snli/*]"]
    with pytest.raises(SettingsError, match=r"none of task cb's templates is held out .*; name some in task.cb.held"):
        EvaluateParts.build(local("evaluate", *words)).sources()
    parts = SelectParts.build(local("select", *words, "task=rte"))
    assert asked_through(parts) == {"GPT_3_style"}
    counts = parts.pool.counts() or {}
    n_all = sum(counts.values()) - counts["super_glue_rte", "GPT_3_style"]
    requests = [settings.budget_request(local("select", f"budget={n_all + more}")) for more in (0, 1)]
    check_budget(parts.pool, requests[0], held_out=parts.held_out)
    with pytest.raises(SettingsError, match=f"only {n_all:,} prompts"):
        check_budget(parts.pool, requests[1], held_out=parts.held_out)


@WITH_DATA
def test_a_name_that_no_task_has_is_refused_with_the_valid_ones() -> None:
    values = local("evaluate", "convention=t0", "templates=held_out", "held_out_templates=[GTP-3 style,must be true]")
    with pytest.raises(
        SettingsError, match=r"held_out_templates: there is no template 'GTP-3 style' \(did you mean 'GP"
    ):
        EvaluateParts.build(values).check(values)


def test_what_cannot_be_held_out_is_refused(tmp_path: Path) -> None:
    def refused(*overrides: str) -> str:
        values = settings.resolved(composed("select", tmp_path, *overrides))
        try:
            settings.check(values)
            SelectParts.build(values).check(values)
        except SettingsError as error:
            return str(error)
        return ""

    assert (
        refused("templates=held_out") == "templates=held_out means nothing under convention=single; set convention=t0"
    )
    assert refused("templates=held") == (
        "there is no templates 'held' (did you mean 'held_out'?); valid: all, held_out, trained; "
        "templates=held means nothing under convention=single; set convention=t0"
    )
    assert "needs the templates that training may not use in held_out_templates" in refused(
        "convention=t0", "templates=trained", "held_out_templates=[]"
    )
    assert refused("convention=t0", "templates=held_out") == (
        "no templates can be held out: fragments_two_way, fragments_embedded are not asked through any"
    )


def test_it_is_part_of_a_runs_identity_only_where_it_decides_something(tmp_path: Path) -> None:
    def identity(*overrides: str) -> str:
        return settings.run_id("train", settings.resolved(composed("train", tmp_path, *overrides)), {})

    assert identity("held_out_templates=[a]") == identity()
    held_out = identity("templates=held_out", "held_out_templates=[a]")
    assert len({identity(), held_out, identity("templates=held_out"), identity("templates=trained")}) == 4
    assert identity("max_candidates=5") != identity()
