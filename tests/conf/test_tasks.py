"""Whatever way tasks are asked for, ``task`` is a mapping from a task's name to its option."""

from pathlib import Path

import pytest
from hydra import compose, initialize_config_dir
from hydra.errors import ConfigCompositionException, MissingConfigException
from hydra.utils import instantiate
from omegaconf import OmegaConf

from ltd.task.multiple_choice import CONVENTIONS

CONF = Path(__file__).resolve().parents[2] / "conf"
PAPER = ["rte", "cb", "anli_r1", "anli_r2", "anli_r3"]
SUPERGLUE = ["boolq", "cb", "copa", "rte", "wic"]
LABELLED = [*PAPER, "mnli", "snli", "wnli", "sick", "copa", "boolq", "wic", "paws"]
FRAGMENTS = ["fragments_two_way", "fragments_embedded", "fragments_round_1", "fragments_round_2", "fragments_round_3"]


@pytest.fixture
def tasks(tmp_path):
    """Composes a minimal configuration with the project's tasks and gives its ``task`` as a plain mapping."""
    (tmp_path / "experiment").mkdir()
    (tmp_path / "main.yaml").write_text(
        "convention: single\ntemplates: all\nheld_out_templates: []\n"
        "defaults:\n  - task: fragments\n  - _self_\n  - experiment: null\n"
        f"hydra:\n  searchpath: ['file://{CONF}']\n"
    )
    for name, choice in (("suite", "paper_nli"), ("several", "[cb, anli_r3]"), ("single", "rte")):
        (tmp_path / f"experiment/{name}.yaml").write_text(
            f"# @package _global_\ndefaults:\n  - override /task: {choice}\n"
        )

    def composed(*overrides):
        with initialize_config_dir(str(tmp_path), version_base="1.3"):
            return OmegaConf.to_container(compose("main", overrides=list(overrides)), resolve=True)["task"]

    return composed


@pytest.mark.parametrize(
    ("overrides", "expected"),
    [
        ([], FRAGMENTS),
        (["task=rte"], ["rte"]),
        (["task=anli_r3"], ["anli_r3"]),
        (["task=fragments_embedded"], ["fragments_embedded"]),
        (["task=[rte,cb]"], ["rte", "cb"]),
        (["task=[anli_r3,anli_r1]"], ["anli_r3", "anli_r1"]),
        (["task=paper_nli"], PAPER),
        (["task=fragments"], FRAGMENTS),
        (["task=superglue"], SUPERGLUE),
        (["task=[superglue,mnli]"], [*SUPERGLUE, "mnli"]),
        (["task=[paper_nli,fragments]"], [*PAPER, *FRAGMENTS]),
        (["task=[paper_nli,rte]"], PAPER),
        (["experiment=suite"], PAPER),
        (["experiment=several"], ["cb", "anli_r3"]),
        (["experiment=single"], ["rte"]),
        (["experiment=suite", "task=[rte,cb]"], ["rte", "cb"]),
    ],
)
def test_tasks_are_a_mapping_by_name(tasks, overrides, expected):
    options = tasks(*overrides)
    assert list(options) == expected
    assert [option["name"] for option in options.values()] == expected
    assert all(option["_target_"].startswith("ltd.task.") for option in options.values())


def test_every_option_is_a_task_of_its_own_name_or_a_suite(tasks):
    for file in (CONF / "task").glob("*.yaml"):
        options = tasks(f"task={file.stem}")
        assert file.stem in options or len(options) > 1


def test_later_rounds_differ_from_the_first_in_name_and_files_only(tasks):
    rounds = tasks("task=paper_nli")
    for number in (2, 3):
        assert rounds[f"anli_r{number}"] == {
            name: value.replace("r1", f"r{number}") if name in ("name", "file", "hub_file") else value
            for name, value in rounds["anli_r1"].items()
        }


@pytest.mark.parametrize("convention", CONVENTIONS)
@pytest.mark.parametrize("option", [f"[{','.join(LABELLED)}]", "paper_nli", "fragments", "superglue"])
def test_every_option_and_suite_is_built_under_each_convention(tasks, option, convention):
    for name, settings in tasks(f"task={option}", f"convention={convention}").items():
        task = instantiate(settings, _convert_="all")
        assert task.name == name
        if name in LABELLED:
            assert (task.convention, task.template) == (convention, None)
            assert len(task.choices) in (2, 3)


@pytest.mark.parametrize(("convention", "split"), [("single", "dev"), ("t0", "dev"), ("lm_eval", "test")])
def test_the_convention_says_which_split_unless_a_task_does(tasks, convention, split):
    options = tasks("task=[anli_r1,anli_r2,rte]", f"convention={convention}", "task.anli_r2.split=train")
    assert options["anli_r1"]["split"][convention] == split
    assert (options["anli_r2"]["split"], options["rte"]["split"]) == ("train", "validation")


def test_one_task_can_have_another_convention_than_the_rest(tasks):
    options = tasks("task=[rte,cb]", "convention=t0", "task.cb.convention=single", "task.cb.template=GPT-3 style")
    assert [(each["convention"], each["template"]) for each in options.values()] == [
        ("t0", None),
        ("single", "GPT-3 style"),
    ]


def test_the_mirror_comes_from_the_environment(tasks, monkeypatch):
    monkeypatch.setenv("LTD_DATA", "/somewhere")
    every = f"task=[{','.join(LABELLED)}]"
    places = {place for option in tasks(every).values() for place in (option["path"], option["templates_path"])}
    assert places == {"/somewhere"}
    monkeypatch.delenv("LTD_DATA")
    assert {option["path"] for option in tasks(every).values()} == {None}


def test_an_unknown_task_and_a_setting_of_a_task_not_chosen_are_refused(tasks):
    with pytest.raises(MissingConfigException, match="Could not find 'task/rta'"):
        tasks("task=rta")
    with pytest.raises(ConfigCompositionException, match=r"Could not override 'task\.cb\.split'"):
        tasks("task=rte", "task.cb.split=train")
