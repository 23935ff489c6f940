"""Rows as questions, and what is said of rows that cannot be."""

from dataclasses import replace

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from huggingface_hub import constants

from ltd.errors import DataError, SettingsError
from ltd.task.multiple_choice import MultipleChoice
from tests.conftest import write_parquet


@pytest.fixture
def rte(option, mirror):
    return option("rte", mirror)


@pytest.fixture
def pairs(tmp_path):
    """A task over a file with the columns that the test gives."""

    def task(**columns):
        pq.write_table(pa.table(columns), tmp_path / "validation.parquet")
        return MultipleChoice(
            name="pairs",
            prompt="{{first}} or {{second}}?",
            choices=("{{first}}", "{{second}}"),
            split="validation",
            file="{split}.parquet",
            path=str(tmp_path),
        )

    return task


def test_questions_are_written_in_the_format_of_the_harness(rte):
    first = rte.questions()[0]
    assert first.text == "All dogs bark.\nQuestion: It barks True or False?\nAnswer:"
    assert (first.id, first.choices, first.gold, first.template) == ("0", ("True", "False"), 0, "lm_eval")


def test_commitment_bank_has_a_full_stop_of_its_own_and_another_order_than_anli(option, mirror):
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
    question = pairs(first=["{{second}} {0} "], second=["%s ${x}"], label=[1]).questions()[0]
    assert question.text == "{{second}} {0}  or %s ${x}?"
    assert question.choices == ("{{second}} {0} ", "%s ${x}")


def test_the_source_is_the_content_wherever_it_lies(pairs, tmp_path):
    task = pairs(first=["a"], second=["x"], label=[0])
    (tmp_path / "copy").mkdir()
    (tmp_path / "copy/validation.parquet").write_bytes((tmp_path / "validation.parquet").read_bytes())
    assert task.source() == replace(task, path=str(tmp_path / "copy")).source()
    assert task.source() != replace(task, prompt="{{first}}, {{second}}?").source()
    assert task.source() != pairs(first=["a"], second=["x"], label=[1]).source()


@pytest.mark.parametrize("label", [-1, 2])
def test_a_label_that_is_no_choice_is_named_with_its_row(pairs, label):
    task = pairs(first=["a", "b"], second=["x", "y"], label=[0, label])
    with pytest.raises(
        DataError, match=rf"validation\.parquet, row 2: label is {label}, not one of 0, 1 \(test splits"
    ):
        task.questions()


@pytest.mark.parametrize("text", [None, "", " \n"])
def test_a_row_without_text_is_named(pairs, text):
    with pytest.raises(DataError, match=r"validation\.parquet, row 2: nothing in column second"):
        pairs(first=["a", "b"], second=["x", text], label=[0, 1]).questions()


def test_a_row_without_a_label_is_named(pairs):
    with pytest.raises(DataError, match=r"validation\.parquet, row 2: nothing in column label"):
        pairs(first=["a", "b"], second=["x", "y"], label=[0, None]).questions()


def test_rows_with_the_same_name_are_refused(pairs):
    task = replace(pairs(first=["a", "b"], second=["x", "y"], label=[0, 1], idx=[3, 3]), id_column="idx")
    with pytest.raises(DataError, match=r"has rows with the same idx; set task\.pairs\.id_column=null"):
        task.questions()


def test_a_file_without_rows_is_refused(pairs):
    with pytest.raises(DataError, match=r"validation\.parquet has no rows"):
        pairs(first=[], second=[], label=[]).questions()


def test_a_column_that_is_not_there_is_named(pairs):
    with pytest.raises(DataError, match="row 1: no column second; its columns: first, label"):
        pairs(first=["a"], label=[0]).questions()


def test_a_split_that_is_not_there_is_named_with_what_there_is(rte, mirror):
    with pytest.raises(DataError) as refused:
        replace(rte, split="train").source()
    file = "raw/super_glue/rte/train.parquet"
    assert str(refused.value) == (
        f"{mirror} has raw/super_glue/rte/validation.parquet but no {file}; choose another split with "
        f"task.rte.split=, or set LTD_DATA or task.rte.path to a folder that holds {file}"
    )


def test_a_mirror_without_the_data_set_is_named_with_the_remedy(rte, tmp_path):
    with pytest.raises(DataError) as refused:
        replace(rte, path=str(tmp_path)).source()
    file = "raw/super_glue/rte/validation.parquet"
    assert str(refused.value) == (
        f"there is no file {tmp_path}/{file}; set LTD_DATA or task.rte.path to a folder that holds {file}"
    )


def test_a_task_with_neither_a_folder_nor_a_repository_says_what_to_set(pairs):
    with pytest.raises(DataError, match=r"pairs is nowhere to be read from: set LTD_DATA or task\.pairs\.path to a"):
        replace(pairs(first=["a"], second=["b"], label=[0]), path=None).source()


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


def test_the_context_is_the_group_or_a_column_of_its_own_as_it_stands(pairs):
    task = pairs(first=["a ", "b"], second=["x", "y"], label=[0, 1])
    assert [question.context for question in task.questions()] == ["", ""]
    assert [question.context for question in replace(task, group_column="first").questions()] == ["a ", "b"]
    both = replace(task, group_column="first", context_column="second")
    assert [question.context for question in both.questions()] == ["x", "y"]


def test_labels_may_be_words(pairs):
    task = replace(pairs(first=["a", "b"], second=["x", "y"], label=["no", "yes"]), labels=["no", "yes"])
    assert [question.gold for question in task.questions()] == [0, 1]
    with pytest.raises(DataError, match=r"row 1: label is 'no', not one of 'entailment', 'neutral' \(test splits"):
        replace(task, labels=["entailment", "neutral"]).questions()
    with pytest.raises(SettingsError, match=r"^task pairs has 3 labels for 2 choices; name one for each$"):
        replace(task, labels=["a", "b", "c"])


def test_rows_without_a_label_are_left_out_where_that_is_set_and_counted(pairs, caplog):
    task = replace(pairs(first=["a", "b", "c"], second=["x", "", "z"], label=[0, -1, 1]), skip_labels=[-1])
    with caplog.at_level("INFO"):
        assert [question.id for question in task.questions()] == ["0", "2"]
    assert "pairs: 1 of 3 rows have no label and are left out" in caplog.text


def test_a_file_that_has_no_label_at_all_is_refused(pairs):
    task = replace(pairs(first=["a", "b"], second=["x", "y"], label=[-1, -1]), skip_labels=[-1])
    with pytest.raises(
        DataError, match=r"none of its 2 rows has a label; choose another split with task\.pairs\.split="
    ):
        task.questions()


def test_other_kinds_of_files_do_too(pairs, tmp_path):
    task = pairs(first=["a"], second=["x"], label=[1])
    (tmp_path / "validation.csv").write_text("first,second,label\na,x,1\n")
    (tmp_path / "validation.jsonl").write_text('{"first": "a", "second": "x", "label": 1}\n')
    assert replace(task, file="{split}.jsonl").questions() == task.questions()
    assert replace(task, file="{split}.csv", labels=["0", "1"]).questions() == task.questions()


def test_a_column_that_one_row_lacks_is_named_with_the_row(pairs, tmp_path):
    task = replace(pairs(first=["a"], second=["x"], label=[1]), file="{split}.jsonl")
    rows = '{"first": "a", "second": "x", "label": 1}\n{"first": "b", "label": 1}\n'
    (tmp_path / "validation.jsonl").write_text(rows)
    with pytest.raises(DataError, match=r"validation\.jsonl, line 2: no column second; its columns: first, label$"):
        task.questions()


def test_an_optional_column_need_not_be_there(option, tmp_path):
    columns = {"word": ["run"], "sentence1": ["She ran."], "sentence2": ["They run."], "label": [1]}
    file = tmp_path / "raw/super_glue/wic/validation.parquet"
    write_parquet(file, **columns)
    lemma = option("wic", tmp_path).questions()[0]
    write_parquet(file, **columns, start1=[4], end1=[7])
    surface = option("wic", tmp_path).questions()[0]
    assert "Is the word 'run' used" in lemma.text
    assert "Is the word 'ran' used" in surface.text
