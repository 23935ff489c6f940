from collections import Counter
from itertools import product

import numpy as np
import pytest

from ltd.example import Prompt, PromptedPool
from ltd.templates import named, one_per_example, rows_where, templates

PAIRS = [("b", "y"), ("a", "x"), ("b", "x"), ("a", "x"), ("b", "y"), ("a/b", "x/y"), ("a", "z")]


@pytest.fixture
def pool(tmp_path):
    prompts = [Prompt(str(row), "", task, template, "p", "t") for row, (task, template) in enumerate(PAIRS)]
    PromptedPool.write(tmp_path, [prompts[:3], prompts[3:4], prompts[4:]])
    return PromptedPool.open(tmp_path)


def test_templates_are_listed_by_data_set(pool):
    assert templates(pool) == {"a": ["x", "z"], "a/b": ["x/y"], "b": ["x", "y"]}
    assert list(templates(pool)) == ["a", "a/b", "b"]


def test_templates_that_are_held_out_are_not_listed(pool):
    assert templates(pool, ["x"]) == {"a": ["z"], "a/b": ["x/y"], "b": ["y"]}
    assert templates(pool, ["a/z", "b_*"]) == {"a": ["x"], "a/b": ["x/y"]}


@pytest.mark.parametrize(
    ("promptsource", "p3"),
    [
        (("super_glue/rte", "GPT-3 style"), ("super_glue_rte", "GPT_3_style")),
        (("super_glue/cb", "claim true/false/inconclusive"), ("super_glue_cb", "claim_true_false_inconclusive")),
        (("super_glue/copa", "…As a result, C1 or C2?"), ("super_glue_copa", "As_a_result_C1_or_C2")),
        (("sick", "B entails A?"), ("sick", "B_entails_A")),
    ],
)
def test_a_template_goes_by_its_name_in_promptsource_and_in_p3(promptsource, p3):
    for task, template in (promptsource, p3):
        for name in (template, f"{task}/{template}", f"{task}_{template}"):
            assert named([name], *promptsource)
            assert named([name], *p3)
            assert not named([name], p3[0], p3[1] + "_not")
        assert not named([f"snli/{template}"], *p3)


@pytest.mark.parametrize("kept", [{("a", "x")}, {("b", "y"), ("a/b", "x/y")}, set(PAIRS), set()])
def test_rows_are_found_across_record_batches(pool, kept):
    rows = rows_where(pool, lambda task, template: (task, template) in kept)
    assert rows.tolist() == [row for row, pair in enumerate(PAIRS) if pair in kept]


def test_a_pair_is_asked_about_once_a_batch(pool):
    asked = []
    rows_where(pool, lambda *pair: bool(asked.append(pair)))
    assert asked == [*PAIRS[:3], *PAIRS[3:4], *PAIRS[4:]]


TEMPLATES = tuple("abc")


@pytest.fixture
def crossed(tmp_path):
    """400 examples of two data sets that share the examples' names, through three templates, in mixed order."""
    rows = [(task, str(n), template) for task, n, template in product("xy", range(200), TEMPLATES)]
    order = np.random.default_rng(0).permutation(len(rows))
    prompts = [
        Prompt(str(place), rows[row][1], rows[row][0], rows[row][2], "p", "t") for place, row in enumerate(order)
    ]
    PromptedPool.write(tmp_path, [prompts[:500], prompts[500:501], prompts[501:]])
    return PromptedPool.open(tmp_path)


def drawn(pool, rows, seed=0):
    """The template of each example."""
    kept = one_per_example(pool, rows, seed)
    assert kept.tolist() == sorted(set(kept.tolist()) & set(rows.tolist()))
    columns = (pool.strings(column, kept) for column in ("task", "example", "template"))
    found = {(task, example): template for task, example, template in zip(*columns, strict=True)}
    assert len(found) == len(kept)
    return found


def test_each_example_is_kept_once_under_templates_as_even_as_chance(crossed):
    found = drawn(crossed, np.arange(len(crossed)))
    assert len(found) == 400
    counts = Counter(found.values())
    assert all(100 < counts[template] < 170 for template in TEMPLATES)  # 133 expected, standard deviation 9


def test_the_draw_of_an_example_depends_on_no_other(crossed):
    everything = np.arange(len(crossed))
    whole = drawn(crossed, everything)
    part = np.sort(np.random.default_rng(1).choice(everything, 800, replace=False))
    complete = {key for key, n in Counter(names(crossed, part)).items() if n == len(TEMPLATES)}
    assert len(complete) > 10
    assert all(drawn(crossed, part)[key] == whole[key] for key in complete)
    x_only = rows_where(crossed, lambda task, _: task == "x")
    assert drawn(crossed, x_only) == {key: template for key, template in whole.items() if key[0] == "x"}


def names(pool, rows):
    return zip(pool.strings("task", rows), pool.strings("example", rows), strict=True)


def test_taking_a_template_away_changes_only_examples_that_had_it(crossed):
    whole = drawn(crossed, np.arange(len(crossed)))
    fewer = drawn(crossed, rows_where(crossed, lambda _, template: template != "b"))
    assert all(fewer[key] == template for key, template in whole.items() if template != "b")


def test_seeds_draw_apart_and_the_same_seed_alike(crossed):
    everything = np.arange(len(crossed))
    first, same, second = (drawn(crossed, everything, seed) for seed in (0, 0, 1))
    assert first == same
    assert 90 < sum(first[key] == second[key] for key in first) < 180  # a third of 400 by chance


def test_data_sets_with_the_same_names_of_examples_are_drawn_apart(crossed):
    found = drawn(crossed, np.arange(len(crossed)))
    assert 40 < sum(found["x", str(n)] == found["y", str(n)] for n in range(200)) < 95  # a third of 200 by chance


def test_the_first_of_rows_alike_is_kept(tmp_path):
    PromptedPool.write(tmp_path, [[Prompt(str(n), "e", "t", "a", "p", "t") for n in range(3)]])
    pool = PromptedPool.open(tmp_path)
    assert one_per_example(pool, np.array([1, 2]), 0).tolist() == [1]
    assert one_per_example(pool, np.array([], np.int64), 0).tolist() == []
