import itertools

import pytest

from ltd.example import Prompt, PromptedPool
from ltd.pool import matches, related_rows


@pytest.fixture
def pool(tmp_path):
    names = list(itertools.product(("rte", "sick", "Anli_r1"), ("entails", "score")))
    prompts = [
        Prompt(f"{task}-{template}-{n}", "", task, template, "p", "t") for n in (0, 1) for task, template in names
    ]
    PromptedPool.write(tmp_path, [prompts[:5], prompts[5:]])
    return PromptedPool.open(tmp_path)


@pytest.mark.parametrize(
    "patterns", [["rte"], ["sick/ent*"], ["*"], ["*/score"], ["rte", "r*", "Anli_*/entails"], ["anli_*"], ["s"], []]
)
def test_related_rows_are_those_that_any_pattern_fits(pool, patterns):
    expected = [
        row
        for row, prompt in enumerate(pool.table.to_pylist())
        if any(matches([pattern], prompt["task"], prompt["template"]) for pattern in patterns)
    ]
    assert related_rows(pool, patterns).tolist() == expected


def test_a_pattern_fits_a_data_set_or_one_of_its_templates():
    assert matches(["snli"], "snli", "x")
    assert matches(["snli/x"], "snli", "x")
    assert not matches(["snli/x"], "snli", "xy")
    assert not matches(["SNLI"], "snli", "x")
    assert not matches(["x"], "snli", "x")


def test_a_pattern_that_fits_nothing_gives_no_rows(pool):
    rows = related_rows(pool, ["nothing"])
    assert rows.tolist() == []
    assert rows.dtype == "int64"
