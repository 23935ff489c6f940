"""Numbers of a task, against scikit-learn and by hand."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, confusion_matrix, f1_score

from ltd.errors import DataError
from ltd.score import Question, RankedQuestion, TaskScore, change, clustered_standard_error

NLI = ("True", "False", "Neither")


def ranked(
    number: int,
    gold: int,
    predicted: int,
    *,
    choices: tuple[str, ...] = NLI,
    template: str = "t",
    group: str | None = None,
    n_cut: int = 0,
) -> RankedQuestion:
    question = Question(str(number), f"prompt {number}", choices, gold, template, group or str(number))
    scores = tuple(-1.0 if choice == predicted else -2.0 for choice in range(len(choices)))
    return RankedQuestion(question, scores, (1,) * len(choices), n_cut)


def score(golds: list[int], predictions: list[int], groups: list[str] | None = None, **keywords) -> TaskScore:
    groups = groups or [str(number) for number in range(len(golds))]
    rows = zip(golds, predictions, groups, strict=True)
    return TaskScore("task", [ranked(number, *row[:2], group=row[2], **keywords) for number, row in enumerate(rows)])


@pytest.fixture(params=range(5))
def random_answers(request: pytest.FixtureRequest) -> tuple[list[int], list[int]]:
    rng = np.random.default_rng(request.param)
    return rng.integers(3, size=40).tolist(), rng.integers(3, size=40).tolist()


def test_numbers_agree_with_scikit_learn(random_answers: tuple[list[int], list[int]]) -> None:
    golds, predictions = random_answers
    task = score(golds, predictions)
    assert task.accuracy == accuracy_score(golds, predictions)
    assert task.macro_f1 == pytest.approx(f1_score(golds, predictions, average="macro"), abs=1e-12)
    np.testing.assert_array_equal(task.confusion, confusion_matrix(golds, predictions))


@pytest.mark.parametrize(("golds", "predictions"), [([0, 0, 1], [0, 1, 1]), ([0, 0], [2, 2]), ([1, 1], [1, 1])])
def test_macro_f1_leaves_out_labels_that_occur_nowhere(golds: list[int], predictions: list[int]) -> None:
    expected = f1_score(golds, predictions, average="macro", zero_division=0)
    assert score(golds, predictions).macro_f1 == pytest.approx(expected, abs=1e-12)


def test_ties_go_to_the_first_choice() -> None:
    question = Question("q", "text", NLI, 1, "t", "q")
    assert RankedQuestion(question, (-2.0, -1.0, -1.0), (1, 1, 1)).predicted == 1
    assert RankedQuestion(question, (-1.0, -1.0, -1.0), (1, 1, 1)).predicted == 0
    assert RankedQuestion(question, (-math.inf, -math.inf, -1.0), (1, 1, 1)).predicted == 2


def test_a_constant_predictor_is_told_from_a_good_one() -> None:
    constant, mixed = score([0, 0, 1], [0, 0, 0]), score([0, 0, 1], [0, 0, 1])
    assert constant.is_constant
    assert not mixed.is_constant
    assert constant.accuracy == constant.majority == 2 / 3
    assert constant.predictions == {"True": 3, "False": 0, "Neither": 0}


def test_majority_is_of_the_gold_answers() -> None:
    assert score([0, 2, 2, 2], [0, 0, 0, 0]).majority == 0.75


class TestLabels:
    def test_words_where_all_questions_have_the_same(self) -> None:
        assert score([0, 1], [1, 1]).predictions == {"True": 0, "False": 2, "Neither": 0}

    def test_places_where_choices_differ_by_question(self) -> None:
        task = TaskScore("copa", [ranked(0, 0, 1, choices=("It rained.", "It snowed.")), ranked(1, 1, 1)])
        assert task.predictions == {"choice 1": 0, "choice 2": 2, "choice 3": 0}
        assert task.labels == ("choice 1", "choice 2", "choice 3")

    def test_places_where_templates_use_other_words(self) -> None:
        task = TaskScore(
            "rte",
            [
                ranked(0, 0, 0, choices=("Yes", "No"), template="a"),
                ranked(0, 0, 1, choices=("True", "False"), template="b"),
            ],
        )
        assert task.predictions == {"choice 1": 1, "choice 2": 1}
        assert {name: part.predictions for name, part in task.by_template().items()} == {
            "a": {"Yes": 1, "No": 0},
            "b": {"True": 0, "False": 1},
        }

    def test_a_word_that_stands_for_two_choices_names_neither(self) -> None:
        assert score([0, 1], [0, 1], choices=("same", "same")).labels == ("choice 1", "choice 2")


class TestStandardError:
    def test_independent_questions_have_the_usual_one(self, random_answers: tuple[list[int], list[int]]) -> None:
        task = score(*random_answers)
        correct = [gold == predicted for gold, predicted in zip(*random_answers, strict=True)]
        assert task.standard_error == pytest.approx(np.std(correct, ddof=1) / math.sqrt(len(correct)), rel=1e-12)
        assert task.standard_error == pytest.approx(math.sqrt(task.accuracy * (1 - task.accuracy) / (task.n - 1)))

    def test_unequal_groups_by_hand(self) -> None:
        # mean 3/5; deviations 2/5 + 2/5 - 3/5 = 1/5 in a, 2/5 in b, -3/5 in c; 3/2 * (1 + 4 + 9) / 25 / 25
        values, groups = [1, 1, 0, 1, 0], ["a", "a", "a", "b", "c"]
        assert clustered_standard_error(values, groups) == pytest.approx(math.sqrt(1.5 * 14 / 625))

    def test_questions_repeated_within_their_group_add_no_certainty(self) -> None:
        once = score([0, 0, 1, 1], [0, 1, 1, 0])
        thrice = score([0, 0, 1, 1] * 3, [0, 1, 1, 0] * 3, [str(n) for n in range(4)] * 3)
        assert thrice.standard_error == pytest.approx(once.standard_error)

    def test_the_order_of_questions_does_not_matter(self) -> None:
        values, groups = np.array([1, 0, 1, 1, 0]), np.array(["a", "b", "a", "c", "b"])
        order = [4, 2, 0, 3, 1]
        shuffled = clustered_standard_error(values[order], groups[order].tolist())
        assert shuffled == pytest.approx(clustered_standard_error(values, groups.tolist()))

    def test_it_is_what_sampling_whole_groups_varies_by(self) -> None:
        rng = np.random.default_rng(0)
        means, errors = [], []
        for _ in range(2000):
            ease = rng.random(60)  # of a premise; its five questions are about as hard
            values = (rng.random((60, 5)) < ease[:, None]).ravel()
            means.append(values.mean())
            errors.append(clustered_standard_error(values, np.repeat(np.arange(60), 5).tolist()))
        assert np.mean(errors) == pytest.approx(np.std(means), rel=0.05)

    def test_one_group_says_nothing(self) -> None:
        assert math.isnan(score([0, 1], [0, 0], ["same", "same"]).standard_error)


class TestChange:
    def test_by_hand(self) -> None:
        before, after = score([0, 0, 0, 0], [0, 1, 1, 1]), score([0, 0, 0, 0], [0, 0, 0, 1])
        result = change(before, after)
        assert result.difference == 0.5
        # differences 0, 1, 1, 0: their standard deviation over the root of 4
        assert result.standard_error == pytest.approx(np.std([0, 1, 1, 0], ddof=1) / 2)

    def test_equal_answers_change_nothing_for_certain(self) -> None:
        same = score([0, 1, 2], [0, 0, 0])
        assert change(same, same).difference == change(same, same).standard_error == 0

    def test_pairing_does_not_depend_on_the_order(self) -> None:
        before, after = score([0, 1, 2, 0], [0, 0, 2, 1]), score([0, 1, 2, 0], [0, 1, 1, 0])
        reordered = TaskScore("task", after.questions[::-1])
        assert change(before, after) == change(before, reordered)

    def test_it_is_clustered(self) -> None:
        before, after = score([0] * 4, [1] * 4, list("aabb")), score([0] * 4, [0, 0, 1, 1], list("aabb"))
        assert change(before, after).standard_error == pytest.approx(0.5)

    def test_templates_are_questions_of_their_own(self) -> None:
        before = TaskScore("task", [ranked(0, 0, 1, template=name, group="g" + name) for name in "ab"])
        after = TaskScore(
            "task", [ranked(0, 0, place, template=name, group="g" + name) for place, name in enumerate("ab")]
        )
        assert change(before, after).difference == 0.5

    def test_other_questions_are_refused(self) -> None:
        with pytest.raises(DataError, match=r"task \(2 questions\) and task \(3\).*share 2 questions"):
            change(score([0, 1], [0, 1]), score([0, 1, 2], [0, 1, 2]))
        with pytest.raises(DataError, match="share 1 questions"):
            change(score([0, 1], [0, 1]), score([0, 0], [0, 1]))


def test_summary_is_what_metrics_json_holds() -> None:
    task = TaskScore(
        "rte", [ranked(n, gold, 0, template=template, n_cut=n) for template in "ab" for n, gold in enumerate([0, 0, 1])]
    )
    summary = task.summary()
    numbers = ["accuracy", "standard_error", "macro_f1", "majority", "n", "n_cut", "predictions"]
    assert list(summary) == [*numbers, "templates"]
    assert list(summary["templates"]) == ["a", "b"]
    for part in (summary, *summary["templates"].values()):
        assert part["accuracy"] == part["majority"] == 2 / 3
        assert part["macro_f1"] == pytest.approx(0.4)  # F1 of 0.8 and 0
        assert all(type(part[name]) in (int, float, dict) for name in numbers)
    assert (summary["n"], summary["n_cut"]) == (6, 4)
    assert summary["predictions"] == {"True": 6, "False": 0, "Neither": 0}


@pytest.mark.parametrize("gold", [-1, 3])
def test_a_gold_answer_that_is_no_choice_is_refused(gold: int) -> None:
    with pytest.raises(DataError, match=f"question 7 has the gold answer {gold}, which is none of its 3 choices"):
        Question("7", "text", NLI, gold, "t", "7")


def test_a_task_needs_questions_with_ids_of_their_own() -> None:
    with pytest.raises(DataError, match="task rte has no questions"):
        TaskScore("rte", [])
    with pytest.raises(DataError, match="2 questions but 1 distinct ids"):
        TaskScore("rte", [ranked(0, 0, 0), ranked(0, 1, 0)])


def test_more_questions_are_more_certain() -> None:
    errors = [score([0, 1] * n, [0, 0] * n).standard_error for n in (4, 16, 64)]
    assert all(more == pytest.approx(less / 2, rel=0.1) for less, more in pairwise(errors))
