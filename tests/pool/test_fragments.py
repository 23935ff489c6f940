import time
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from ltd.corpus import prompts
from ltd.errors import DataError
from ltd.example import PromptedPool
from ltd.pool import related_rows
from ltd.pool.fragments import Fragments

SMALL = {"n_two_way": 8, "n_embedded": 4, "n_multi_step": 10, "n_family": 3}


def written(folder: Path, **settings: int) -> PromptedPool:
    Fragments(**settings).write(folder)
    return PromptedPool.open(folder)


def test_the_default_pool_is_large_quick_and_a_twentieth_of_it_is_inference(tmp_path: Path) -> None:
    start = time.process_time()
    pool = written(tmp_path)
    assert time.process_time() - start < 30  # it takes about one second
    assert 40_000 <= len(pool) <= 60_000
    related = related_rows(pool, Fragments().related)
    assert 2_400 <= len(related) <= 2_700
    assert len(set(pool.strings("prompt"))) == len(set(pool.strings("id"))) == len(pool)
    assert sum(choices is None for choices in pool.table.column("choices").to_pylist()) > 10_000


def test_the_same_settings_give_the_same_bytes(tmp_path: Path) -> None:
    one, same, other = (written(tmp_path / str(n), **SMALL, seed=seed) for n, seed in enumerate((0, 0, 1)))
    assert (tmp_path / "0" / "pool.arrow").read_bytes() == (tmp_path / "1" / "pool.arrow").read_bytes()
    assert one.fingerprint == same.fingerprint != other.fingerprint


def test_source_changes_with_everything_the_text_depends_on(monkeypatch: pytest.MonkeyPatch) -> None:
    source = Fragments(**SMALL).source()
    assert Fragments(**SMALL, name="other", related=("nli_embedded",)).source() == source
    for name in (*SMALL, "seed", "bare"):
        assert Fragments(**(SMALL | {name: 5})).source() != source
    monkeypatch.setattr("ltd.pool.fragments.VERSION", prompts.VERSION + 1)
    assert Fragments(**SMALL).source() != source


def test_an_example_comes_through_all_templates_of_its_data_set(tmp_path: Path) -> None:
    pool = written(tmp_path, **SMALL)
    by_example: dict[str, set[str]] = {}
    for prompt in pool.prompts(np.arange(len(pool))):
        by_example.setdefault(prompt.example, set()).add(prompt.template)
    assert {len(templates) for templates in by_example.values()} == {4}


def test_progress_counts_data_sets(tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    Fragments(**SMALL).write(tmp_path, lambda done, total: told.append((done, total)))
    assert told == [(done, 16) for done in range(1, 17)]


def test_more_than_the_words_give_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"pattern_rows has about [\d,]+ different examples, not the 3,000 that"):
        Fragments(n_two_way=0, n_embedded=0, n_multi_step=0, n_family=3_000).write(tmp_path)


def test_without_instructions_each_example_is_its_fields_once(tmp_path: Path) -> None:
    instructed, bare = written(tmp_path / "a", **SMALL), written(tmp_path / "b", **SMALL, bare=True)
    assert bare.counts("template") == {"bare": len(bare)}
    assert bare.strings("example") == list(dict.fromkeys(instructed.strings("example")))
    first_of: dict[str, dict[str, object]] = {}
    for row in instructed.table.to_pylist():
        first_of.setdefault(row["example"], row)
    for row in bare.table.to_pylist():
        first = first_of[row["example"]]
        assert (row["target"], row["choices"]) == (first["target"], first["choices"])
        assert all(line in first["prompt"] for line in row["prompt"].split("\n"))
        assert "Question" not in row["prompt"]
    inference = bare.strings("prompt", np.arange(8))
    assert all(text.count("\n") == 1 and "True" not in text for text in inference)


@pytest.mark.parametrize("bare", [False, True])
def test_counts_are_those_of_the_written_pool(tmp_path: Path, bare: bool) -> None:
    fragments = Fragments(**SMALL, bare=bare)
    fragments.write(tmp_path)
    rows = PromptedPool.open(tmp_path).table.to_pylist()
    assert fragments.counts() == Counter((row["task"], row["template"]) for row in rows)
