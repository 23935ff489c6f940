"""Which prompts and which split a task has under each convention."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from ltd.errors import DataError, SettingsError
from ltd.task.multiple_choice import MultipleChoice
from tests.conftest import write_parquet
from tests.task.template_file import template, write_templates


# The formats of lm-evaluation-harness 0.4 as its own code writes them.
@pytest.mark.parametrize(
    ("name", "row", "text", "choices"),
    [
        (
            "mnli",
            {"premise": "Dogs bark. ", "hypothesis": " They bark"},
            "Dogs bark. \nQuestion: They bark. True, False or Neither?\nAnswer:",
            ("True", "Neither", "False"),
        ),
        (
            "wnli",
            {"sentence1": "It broke.", "sentence2": "The vase broke."},
            "It broke.\nQuestion: The vase broke. True or False?\nAnswer:",
            ("False", "True"),
        ),
        (
            "copa",
            {"premise": "It rained.", "choice1": "We got wet.", "choice2": "I sang.", "question": "effect", "idx": 0},
            "It rained therefore",
            (" we got wet.", " i sang."),
        ),
        (
            "boolq",
            {"passage": "Dogs -- Dogs bark.", "question": "do dogs bark"},
            "Dogs -- Dogs bark.\nQuestion: do dogs bark?\nAnswer:",
            ("no", "yes"),
        ),
        (
            "paws",
            {"sentence1": "Paul 's dog barked .", "sentence2": "The dog of Paul ( did n't ) bark ."},
            "Paul's dog barked, right?",
            ("No, the dog of Paul (didn't) bark.", "Yes, the dog of Paul (didn't) bark."),
        ),
    ],
)
def test_each_format_is_the_harness_s(option, tmp_path, name, row, text, choices):
    task = option(name, tmp_path, "lm_eval")
    write_parquet(tmp_path / task.file.format(split=task.split), **{column: [row[column]] for column in row}, label=[1])
    question = task.questions()[0]
    assert (question.text, question.choices, question.gold, question.template) == (text, choices, 1, "lm_eval")


@pytest.fixture
def anli(option, mirror) -> Callable[..., MultipleChoice]:
    """ANLI's first round with a test split and two templates, under a convention."""
    rows = {"premise": ["Owls fly."], "hypothesis": ["They walk"], "uid": ["t"], "label": [2]}
    write_parquet(mirror / "raw/anli/test_r1.parquet", **rows)
    claim = template("{{premise}} {{hypothesis}}? ||| {{ answer_choices[label] }}", "Yes ||| Maybe ||| No")
    truth = template("Is it true that {{hypothesis}}? ||| {{ answer_choices[label] }}", "True ||| Open ||| False")
    write_templates(mirror, "anli", {"claim": claim, "truth": truth})

    def task(convention: str, **settings: object) -> MultipleChoice:
        return option("anli_r1", mirror, convention, **settings)

    return task


def test_single_is_one_template_on_dev(anli):
    (own,) = {question.template for question in anli("single").questions()}
    assert own == "lm_eval"
    claims = anli("single", template="claim").questions()
    assert [question.id for question in claims] == ["r1-0", "r1-1", "r1-2", "r1-3"]
    assert (claims[1].text, claims[1].choices, claims[1].gold) == (
        "No cat swims. It swims?",
        ("Yes", "Maybe", "No"),
        1,
    )


def test_lm_eval_is_the_harness_s_format_on_test(anli):
    (question,) = anli("lm_eval").questions()
    assert question.text == "Owls fly.\nQuestion: They walk True, False, or Neither?\nAnswer:"
    assert question.choices[question.gold] == "False"
    assert len(anli("lm_eval", split="dev").questions()) == 4


def test_t0_is_every_template_on_dev_and_an_item_keeps_its_group(anli):
    found = anli("t0").questions()
    assert [(each.template, each.id) for each in found] == [
        (name, f"r1-{number}") for name in ("claim", "truth") for number in range(4)
    ]
    assert len({question.group for question in found}) == 4
    assert len({(question.id, question.group, question.context) for question in found}) == 4
    assert {each.template for each in anli("t0", exclude_templates=["cl*"]).questions()} == {"truth"}


@pytest.mark.parametrize(
    ("settings", "asked"),
    [
        ({}, {"claim", "truth"}),
        ({"templates": "held_out", "held_out_templates": ["tr*"]}, {"truth"}),
        ({"templates": "trained", "held_out_templates": ["tr*"]}, {"claim"}),
        ({"templates": ["claim"]}, {"claim"}),
        ({"templates": "claim"}, {"claim"}),
        ({"templates": ["*"], "exclude_templates": ["claim"]}, {"truth"}),
        ({"held_out_templates": ["tr*"]}, {"claim", "truth"}),
        ({"templates": "held_out", "held_out_templates": ["another task's", "anli_truth"]}, {"truth"}),
        ({"templates": "trained", "held_out_templates": ["anli/truth"]}, {"claim"}),
    ],
)
def test_templates_held_out_of_training_or_of_evaluation(anli, settings, asked):
    assert {each.template for each in anli("t0", **settings).questions()} == asked


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (
            {"templates": "held_out"},
            "task.anli_r1.templates=held_out needs the templates that are kept out of training; "
            "name them in task.anli_r1.held_out_templates",
        ),
        (
            {"templates": "held_out", "held_out_templates": ["another task's"]},
            "none of task anli_r1's templates is held out by [\"another task's\"]; name some in "
            "task.anli_r1.held_out_templates: claim, truth",
        ),
        (
            {"templates": ["clam"]},
            "task.anli_r1.templates: there is no template 'clam' (did you mean 'claim'?); valid: claim, truth",
        ),
        (
            {"exclude_templates": ["*"]},
            "task.anli_r1.exclude_templates=['*'] leaves none of the 2 templates of anli that keep its task: "
            "claim, truth",
        ),
        (
            {"templates": "held_out", "convention": "single"},
            "task.anli_r1.templates=held_out means nothing under convention=single; leave it out, or set convention=t0",
        ),
    ],
)
def test_templates_that_cannot_be_asked_for(anli, settings, message):
    with pytest.raises(SettingsError) as refused:
        replace(anli("t0"), **settings).questions()
    assert str(refused.value) == message


def test_templates_count_labels_from_0_whatever_the_file_says(option, mirror):
    rows = {"premise": ["Owls fly."], "hypothesis": ["They walk"], "uid": ["t"], "label": ["no"]}
    write_parquet(mirror / "raw/anli/dev_r1.parquet", **rows)
    write_templates(mirror, "anli", {"t": template("{{premise}} ||| {{ answer_choices[label] }}", "A ||| B ||| C")})
    (question,) = option("anli_r1", mirror, "t0", labels=["yes", "maybe", "no"]).questions()
    assert question.gold == 2


def test_a_template_that_is_for_none_of_the_rows_is_named(option, mirror):
    write_templates(mirror, "anli", {"t": template("{% if label == 7 %}a ||| A{% endif %}", "A ||| B ||| C")})
    with pytest.raises(DataError) as refused:
        option("anli_r1", mirror, "t0").questions()
    assert str(refused.value) == (
        "the template 't' writes none of the 4 rows of task anli_r1; leave it out with task.anli_r1.exclude_templates"
    )


def test_an_unknown_convention_is_refused_with_the_valid_ones(option, mirror):
    with pytest.raises(SettingsError) as refused:
        replace(option("rte", mirror), convention="lm_evl")
    assert str(refused.value) == "there is no convention 'lm_evl' (did you mean 'lm_eval'?); valid: lm_eval, single, t0"


@pytest.mark.parametrize("convention", ["lm_eval", "t0"])
def test_a_template_beside_a_convention_that_has_its_own_is_refused(option, mirror, convention):
    with pytest.raises(SettingsError, match=rf"task\.rte\.template=claim means nothing under convention={convention}"):
        replace(option("rte", mirror), convention=convention, template="claim")


def test_a_convention_without_a_split_is_refused(option, mirror):
    with pytest.raises(SettingsError) as refused:
        replace(option("anli_r1", mirror), convention="t0", split={"single": "dev", "lm_eval": "test"})
    assert str(refused.value) == (
        "task.anli_r1.split names a split for single, lm_eval but none for convention=t0; name one, or one for all"
    )
