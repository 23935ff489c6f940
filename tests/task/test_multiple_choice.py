from collections import Counter
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from huggingface_hub import constants
from hydra.utils import instantiate
from omegaconf import OmegaConf

from ltd.errors import DataError
from ltd.task.multiple_choice import MultipleChoice

TASKS = Path(__file__).resolve().parents[2] / "conf/task"
PAPER = ("rte", "cb", "anli_r1", "anli_r2", "anli_r3")


def option(name, path):
    """A task's option as it is composed: the later rounds of ANLI state only what differs from the first."""
    config = OmegaConf.load(TASKS / f"{name}.yaml")
    if "defaults" in config:
        del config["defaults"]
        config = OmegaConf.merge(OmegaConf.load(TASKS / "anli_r1.yaml"), config)
    return instantiate(OmegaConf.merge(config, {"path": str(path)}), _convert_="all")


@pytest.fixture
def rte(mirror):
    return option("rte", mirror)


@pytest.fixture
def pairs(tmp_path):
    """A task over a file with the columns that the test gives."""

    def task(**columns):
        pq.write_table(pa.table(columns), tmp_path / "validation.parquet")
        return MultipleChoice(
            name="pairs",
            template="t",
            prompt="{first} or {second}?",
            choices=("{first}", "{second}"),
            split="validation",
            file="{split}.parquet",
            repository="",
            hub_file="",
            revision="",
            path=str(tmp_path),
        )

    return task


def test_questions_are_written_in_the_format_of_the_harness(rte):
    first = rte.questions()[0]
    assert first.text == "All dogs bark.\nQuestion: It barks True or False?\nAnswer:"
    assert (first.id, first.choices, first.gold, first.template) == ("0", ("True", "False"), 0, "lm_eval")


def test_commitment_bank_has_a_full_stop_of_its_own_and_another_order_than_anli(mirror):
    cb, anli = (option(name, mirror).questions() for name in ("cb", "anli_r2"))
    assert cb[0].text == "All dogs bark.\nQuestion: It barks. True, False, or Neither?\nAnswer:"
    assert anli[0].text == "All dogs bark.\nQuestion: It barks True, False, or Neither?\nAnswer:"
    assert [question.choices[question.gold] for question in cb] == ["True", "False", "Neither", "True"]
    assert [question.choices[question.gold] for question in anli] == ["True", "Neither", "False", "True"]
    assert [question.id for question in anli] == ["r2-0", "r2-1", "r2-2", "r2-3"]


def test_questions_that_share_a_premise_share_a_group(pairs):
    task = replace(pairs(first=["a", "b", "a"], second=["x", "y", "z"], label=[0, 1, 0]), group_column="first")
    groups = [question.group for question in task.questions()]
    assert groups[0] == groups[2] != groups[1]


def test_without_columns_for_them_rows_are_numbered_and_stand_alone(pairs):
    questions = pairs(first=["a", "a"], second=["x", "y"], label=[0, 1]).questions()
    assert [(question.id, question.group) for question in questions] == [("0", "0"), ("1", "1")]


def test_texts_go_in_as_they_are(pairs):
    question = pairs(first=["{second} {0} "], second=["%s ${x}"], label=[1]).questions()[0]
    assert question.text == "{second} {0}  or %s ${x}?"
    assert question.choices == ("{second} {0} ", "%s ${x}")


def test_the_source_is_the_content_wherever_it_lies(pairs, tmp_path):
    task = pairs(first=["a"], second=["x"], label=[0])
    (tmp_path / "copy").mkdir()
    (tmp_path / "copy/validation.parquet").write_bytes((tmp_path / "validation.parquet").read_bytes())
    assert task.source() == replace(task, path=str(tmp_path / "copy")).source()
    assert task.source() != replace(task, prompt="{first}, {second}?").source()
    assert task.source() != pairs(first=["a"], second=["x"], label=[1]).source()


@pytest.mark.parametrize("label", [-1, 2])
def test_a_label_that_is_no_choice_is_named_with_its_row(pairs, label):
    task = pairs(first=["a", "b"], second=["x", "y"], label=[0, label])
    with pytest.raises(
        DataError, match=rf"validation\.parquet, row 1: label is {label}, not one of 0 to 1 \(test splits"
    ):
        task.questions()


@pytest.mark.parametrize("text", [None, "", " \n"])
def test_a_row_without_text_is_named(pairs, text):
    with pytest.raises(DataError, match=r"validation\.parquet, row 1: nothing in column second"):
        pairs(first=["a", "b"], second=["x", text], label=[0, 1]).questions()


def test_a_row_without_a_label_is_named(pairs):
    with pytest.raises(DataError, match=r"validation\.parquet, row 1: nothing in column label"):
        pairs(first=["a", "b"], second=["x", "y"], label=[0, None]).questions()


def test_rows_with_the_same_name_are_refused(pairs):
    task = replace(pairs(first=["a", "b"], second=["x", "y"], label=[0, 1], idx=[3, 3]), id_column="idx")
    with pytest.raises(DataError, match=r"has rows with the same idx; set task\.pairs\.id_column=null"):
        task.questions()


def test_a_file_without_rows_is_refused(pairs):
    with pytest.raises(DataError, match=r"validation\.parquet has no rows"):
        pairs(first=[], second=[], label=[]).questions()


def test_a_column_that_is_not_there_is_named(pairs):
    with pytest.raises(DataError, match="has no column second; its columns: first, label"):
        pairs(first=["a"], label=[0]).questions()


def test_a_split_that_is_not_there_is_named_with_the_remedy(rte, mirror):
    with pytest.raises(DataError) as refused:
        replace(rte, split="train").source()
    file = "raw/super_glue/rte/train.parquet"
    assert str(refused.value) == (
        f"there is no file {mirror}/{file}; set LTD_DATA or task.rte.path to a folder that holds {file}"
    )


def test_from_the_hub_the_same_rows_are_the_same_task(rte, mirror, tmp_path, monkeypatch):
    snapshot = tmp_path / "hub/datasets--aps--super_glue/snapshots" / rte.revision
    (snapshot / "rte").mkdir(parents=True)
    file = "rte/validation-00000-of-00001.parquet"
    (snapshot / file).write_bytes((mirror / "raw/super_glue/rte/validation.parquet").read_bytes())
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    from_hub = replace(rte, path=None)
    assert from_hub.questions() == rte.questions()
    assert from_hub.source() == rte.source()


def test_without_mirror_and_hub_both_remedies_are_named(rte, tmp_path, monkeypatch):
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    with pytest.raises(
        DataError, match=r"connect to it, or set LTD_DATA or task\.rte\.path to a folder that holds raw"
    ):
        replace(rte, path=None).source()


def test_the_real_tasks_have_their_sizes_labels_and_groups(real_data):
    tasks = {name: option(name, real_data).questions() for name in PAPER}
    assert {name: len(questions) for name, questions in tasks.items()} == {
        "rte": 277,
        "cb": 56,
        "anli_r1": 1000,
        "anli_r2": 1000,
        "anli_r3": 1200,
    }
    golds = {name: Counter(each.choices[each.gold] for each in questions) for name, questions in tasks.items()}
    assert golds["rte"] == {"True": 146, "False": 131}
    assert golds["cb"] == {"False": 28, "True": 23, "Neither": 5}  # as published: contradiction, entailment, neutral
    assert golds["anli_r3"] == {"True": 402, "Neither": 402, "False": 396}
    assert {name: len({each.group for each in questions}) for name, questions in tasks.items()} == {
        "rte": 274,
        "cb": 56,
        "anli_r1": 845,
        "anli_r2": 872,
        "anli_r3": 1127,
    }


@pytest.mark.parametrize(
    ("name", "number", "ending", "answer"),
    [
        ("rte", 1, "Question: Bacteria is winning the war against antibiotics. True or False?\nAnswer:", "True"),
        (
            "rte",
            2,
            "Question: 15 million tonnes of rubbish are produced daily in Cairo. True or False?\nAnswer:",
            "False",
        ),
        ("cb", 0, "Question: Valence was helping. True, False, or Neither?\nAnswer:", "False"),
        ("cb", 1, "Question: there is a shipment. True, False, or Neither?\nAnswer:", "Neither"),
        ("anli_r1", 1, "Question: Franco Zeffirelli had a political career True, False, or Neither?\nAnswer:", "True"),
        # The released row ends in a space, which the harness keeps, and so do we.
        ("anli_r3", 1, "running on the field.  True, False, or Neither?\nAnswer:", "True"),
        ("anli_r2", 0, "released Jack Off Jill's initial album. True, False, or Neither?\nAnswer:", "Neither"),
    ],
)
def test_real_rows_read_as_their_authors_labelled_them(real_data, name, number, ending, answer):
    question = option(name, real_data).questions()[number]
    assert question.text.endswith(ending)
    assert question.choices[question.gold] == answer
