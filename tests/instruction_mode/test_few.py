import itertools
import logging

import pytest

from ltd.errors import SettingsError
from ltd.example import Prompt, PromptedPool
from ltd.instruction_mode.few import Few
from ltd.instruction_mode.fixed import Fixed
from ltd.instruction_mode.multi import Multi

AVAILABLE = {"rte": list("abcdef"), "cb": list("ab"), "sick": ["only"]}


@pytest.fixture
def pool(tmp_path):
    """Ten examples of each data set through each of its templates."""
    prompts = [
        Prompt(f"{task}-{n}-{template}", f"{n}", task, template, "p", "t")
        for task, names in AVAILABLE.items()
        for n, template in itertools.product(range(10), names)
    ]
    PromptedPool.write(tmp_path, [prompts[:37], prompts[37:]])
    return PromptedPool.open(tmp_path)


def kept(pool, rows):
    found: dict[str, set[str]] = {}
    for row in rows:
        found.setdefault(pool.strings("task")[row], set()).add(pool.strings("template")[row])
    return found


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("k", range(1, 8))
def test_all_rows_of_k_templates_a_data_set_are_kept(pool, k, seed):
    rows = Few(k).choose(pool, seed)
    assert rows.tolist() == sorted(set(rows.tolist()))
    sizes = {task: min(k, len(names)) for task, names in AVAILABLE.items()}
    assert {task: len(names) for task, names in kept(pool, rows).items()} == sizes
    assert len(rows) == 10 * sum(sizes.values())


@pytest.mark.parametrize("seed", range(4))
def test_more_templates_keep_the_fewer_ones_from_fixed_to_multi(pool, seed):
    chosen = [set(Few(k).choose(pool, seed).tolist()) for k in range(1, 7)]
    assert all(fewer < more for fewer, more in itertools.pairwise(chosen))
    assert chosen[0] == set(Fixed().choose(pool, seed).tolist())
    assert chosen[-1] == set(Multi().choose(pool, seed).tolist())


def test_seeds_keep_different_templates(pool):
    assert len({tuple(sorted(kept(pool, Few(3).choose(pool, seed))["rte"])) for seed in range(40)}) > 10  # of 20


def test_named_templates_come_first(pool):
    for seed in range(4):
        found = kept(pool, Few(2, {"rte": ["f", "b"], "cb": ["b"]}).choose(pool, seed))
        assert found == {"rte": {"b", "f"}, "cb": {"a", "b"}, "sick": {"only"}}
        assert kept(pool, Few(3, {"rte": ["f", "b"]}).choose(pool, seed))["rte"] > {"b", "f"}


def test_data_sets_with_fewer_templates_are_told_in_one_line(pool, caplog):
    with caplog.at_level(logging.INFO):
        Few(2).choose(pool, 0)
    assert caplog.messages == ["k=2 templates a data set; all are kept of those with fewer: sick 1"]
    caplog.clear()
    with caplog.at_level(logging.INFO):
        Few(1).choose(pool, 0)
    assert caplog.messages == []


@pytest.mark.parametrize("k", [1, 2, 4, 9])
def test_one_row_an_example_makes_the_number_of_examples_independent_of_k(pool, k):
    mode = Few(k, per_example="one")
    rows = mode.choose(pool, 3)
    assert len(rows) == 30
    examples = {(pool.strings("task")[row], pool.strings("example")[row]) for row in rows}
    assert len(examples) == 30
    of_all = kept(pool, Few(k).choose(pool, 3))
    assert all(names <= of_all[task] for task, names in kept(pool, rows).items())


def test_an_example_keeps_its_template_or_gets_the_one_that_is_new(pool):
    """A template more changes only examples that move to it, and about as many as there should be."""
    fewer, more = (set(Few(k, per_example="one").choose(pool, 1).tolist()) for k in (2, 3))
    moved = more - fewer
    (new,) = kept(pool, Few(3).choose(pool, 1))["rte"] - kept(pool, Few(2).choose(pool, 1))["rte"]
    assert kept(pool, moved) == {"rte": {new}}


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"k": 0}, "instruction_mode.k=0 must be at least 1"),
        ({"per_example": "two"}, "instruction_mode.per_example=two must be all or one"),
        (
            {"k": 1, "templates": {"rte": ["a", "b"]}},
            "instruction_mode.templates.rte must be a list of at most k=1 names, not ['a', 'b']",
        ),
        ({"templates": {"rte": "a"}}, "instruction_mode.templates.rte must be a list of at most k=3 names, not a"),
    ],
)
def test_settings_that_make_no_sense_are_refused_at_once(settings, message):
    with pytest.raises(SettingsError) as refused:
        Few(**settings)
    assert str(refused.value) == message


@pytest.mark.parametrize("seed", range(4))
def test_no_mode_keeps_a_template_that_is_held_out_and_all_draw_among_the_others(pool, seed):
    held_out = ["a", "rte/b", "only"]
    left = {"rte": set("cdef"), "cb": {"b"}}
    assert kept(pool, Multi().choose(pool, seed, held_out)) == left
    for mode, k in ((Fixed(), 1), (Few(3), 3), (Few(9), 9)):
        found = kept(pool, mode.choose(pool, seed, held_out))
        assert {task: len(names) for task, names in found.items()} == {"rte": min(k, 4), "cb": 1}
        assert all(found[task] <= left[task] for task in found)
    assert Multi().choose(pool, seed, ["nothing"]).tolist() == Multi().choose(pool, seed).tolist()
