import pytest

from ltd.example import Prompt, PromptedPool
from ltd.templates import rows_where, templates

PAIRS = [("b", "y"), ("a", "x"), ("b", "x"), ("a", "x"), ("b", "y"), ("a/b", "x/y"), ("a", "z")]


@pytest.fixture
def pool(tmp_path):
    prompts = [Prompt(str(row), "", task, template, "p", "t") for row, (task, template) in enumerate(PAIRS)]
    PromptedPool.write(tmp_path, [prompts[:3], prompts[3:4], prompts[4:]])
    return PromptedPool.open(tmp_path)


def test_templates_are_listed_by_data_set(pool):
    assert templates(pool) == {"a": ["x", "z"], "a/b": ["x/y"], "b": ["x", "y"]}
    assert list(templates(pool)) == ["a", "a/b", "b"]


@pytest.mark.parametrize("kept", [{("a", "x")}, {("b", "y"), ("a/b", "x/y")}, set(PAIRS), set()])
def test_rows_are_found_across_record_batches(pool, kept):
    rows = rows_where(pool, lambda task, template: (task, template) in kept)
    assert rows.tolist() == [row for row, pair in enumerate(PAIRS) if pair in kept]


def test_a_pair_is_asked_about_once_a_batch(pool):
    asked = []
    rows_where(pool, lambda *pair: bool(asked.append(pair)))
    assert asked == [*PAIRS[:3], *PAIRS[3:4], *PAIRS[4:]]
