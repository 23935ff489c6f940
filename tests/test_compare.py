"""The comparison of selections: what is in common, counted by hand; what cannot be compared is refused."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
import yaml

from ltd.compare import Chosen, load_all, main, names_of, overlap, sampler_word
from ltd.errors import SelectionError
from ltd.example import Prompt, PromptedPool
from ltd.selection import Selection

KCENTER = {"class": "ltd.sampler.kcenter.KCenter", "centre": None}


def make_pool(folder: Path, n_prompts: int = 20) -> PromptedPool:
    rows = [Prompt(f"p{n}", "e", "rte", "t", f"text {n}", "True") for n in range(n_prompts)]
    PromptedPool.write(folder, [rows])
    return PromptedPool.open(folder)


@pytest.fixture
def pool(tmp_path: Path) -> PromptedPool:
    return make_pool(tmp_path / "pool")


def save(folder: Path, pool: PromptedPool, indices: list[int], sampler: dict, seed: int = 0, **changes: object) -> Path:
    """A run's folder with a selection and the configuration it was made with."""
    fields = {
        "indices": np.array(indices, np.int64),
        "budget": {"amount": len(indices), "unit": "examples", "asked": "fraction=0.2"},
        "n_pool": len(pool),
        "n_candidates": 16,
        "pool_fingerprint": pool.fingerprint,
        "points_fingerprint": "abc",
        "sampler": sampler,
        "seed": seed,
        "versions": {},
        "stated": {},
        "n_tokens": (1,) * len(indices),
    }
    Selection(**{**fields, **changes}).save(folder, pool)
    options = {"embedder": "ltd.embedder.minilm.Minilm", "instruction_mode": "ltd.instruction_mode.multi.Multi"}
    (folder / "config.yaml").write_text(yaml.safe_dump({name: {"_target_": path} for name, path in options.items()}))
    return folder


def random_of(seed: int) -> dict:
    return {"class": "ltd.sampler.random.Random", "seed": seed}


def test_the_overlap_is_counted(tmp_path: Path, pool: PromptedPool) -> None:
    first = Chosen.load(save(tmp_path / "a", pool, [5, 1, 7, 2], KCENTER))
    second = Chosen.load(save(tmp_path / "b", pool, [1, 5, 9, 3, 7, 2], random_of(0)))
    found = overlap(first, second, ("a", "b"), "")
    assert (found.size, found.common, found.share) == (4, 2, 0.5)  # of 5 1 7 2 and 1 5 9 3
    assert found.expected == 4 * 4 / 16
    assert found.jaccard == 4 / 6
    assert found.seeds_of == ""


def test_random_selections_have_what_is_expected_in_common(tmp_path: Path, pool: PromptedPool) -> None:
    rng = np.random.default_rng(0)
    made = Chosen.load(save(tmp_path / "a", pool, [0], KCENTER))

    def drawn() -> Chosen:
        fields = vars(made.selection) | {"indices": rng.permutation(16)[:6].astype(np.int64)}
        return Chosen(made.folder, Selection(**fields), made.words, made.series)

    found = [overlap(drawn(), drawn(), ("", ""), "") for _ in range(500)]
    assert np.mean([pair.common for pair in found]) == pytest.approx(found[0].expected, abs=0.15)


def test_the_command_writes_every_pair_and_prints_means_over_seeds(
    tmp_path: Path, pool: PromptedPool, capsys: pytest.CaptureFixture[str]
) -> None:
    runs = tmp_path / "select"
    save(runs / "kcenter-s0-aaaa", pool, [0, 1, 2, 3], KCENTER)
    for seed, indices in enumerate([[0, 1, 8, 9], [0, 1, 2, 3], [4, 5, 6, 7]]):
        save(runs / f"random-s{seed}-bbb{seed}", pool, indices, random_of(seed), seed, points_fingerprint=None)
    main([str(runs), "--output", str(tmp_path / "out")])
    with open(tmp_path / "out" / "overlap.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    common = {(row["first"], row["second"]): int(row["common"]) for row in rows}
    assert common == {
        ("kcenter seed 0", "random seed 0"): 2,
        ("kcenter seed 0", "random seed 1"): 4,
        ("kcenter seed 0", "random seed 2"): 0,
        ("random seed 0", "random seed 1"): 2,
        ("random seed 0", "random seed 2"): 0,
        ("random seed 1", "random seed 2"): 0,
    }
    assert [row["seeds_of"] for row in rows] == ["", "", "", "random", "random", "random"]
    assert (tmp_path / "out" / "overlap.png").read_bytes().startswith(b"\x89PNG")
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert ["kcenter", "seed", "0", "random", "seed", "1", "100.0%", "1.000", "4", "1.0"] in lines
    assert ["random", "3", "16.7%", "0.111", "1", "1.0"] in lines


def test_names_say_what_differs_and_no_two_are_alike(tmp_path: Path, pool: PromptedPool) -> None:
    folders = [
        save(tmp_path / "kcenter-s0-aaaa", pool, [0], KCENTER),
        save(tmp_path / "kcenter-s0-bbbb", pool, [1], KCENTER | {"centre": [1.0]}),
        save(tmp_path / "kcenter-s1-cccc", pool, [1], KCENTER, seed=1),
    ]
    assert names_of(load_all(folders)) == ["kcenter seed 0 aaaa", "kcenter seed 0 bbbb", "kcenter seed 1"]


def test_embedders_are_named_where_there_is_more_than_one(tmp_path: Path, pool: PromptedPool) -> None:
    folders = [save(tmp_path / "a", pool, [0], KCENTER), save(tmp_path / "b", pool, [1], KCENTER)]
    folders.append(save(tmp_path / "c", pool, [1], random_of(0), points_fingerprint=None))
    (folders[1] / "config.yaml").write_text("embedder: {_target_: ltd.embedder.other.Other, name: mpnet}")
    assert names_of(load_all(folders)) == ["kcenter minilm", "kcenter mpnet", "random"]


def test_only_seeds_may_differ_between_seeds_of_a_sampler(tmp_path: Path, pool: PromptedPool) -> None:
    inner = {"_target_": "ltd.sampler.random.Random"}
    outer = {"class": "ltd.sampler.per_group.PerGroup", "by": "labels"}
    made = [
        Chosen.load(save(tmp_path / str(place), pool, [0], outer | {"inner": inner | {"seed": seed}, **more}, seed))
        for place, (seed, more) in enumerate([(0, {}), (1, {}), (1, {"by": "templates"})])
    ]
    assert overlap(made[0], made[1], ("", ""), "way").seeds_of == "way"
    assert overlap(made[0], made[2], ("", ""), "way").seeds_of == ""
    assert overlap(made[0], made[0], ("", ""), "way").seeds_of == ""


def test_a_sampler_goes_by_its_module_and_those_it_contains() -> None:
    assert sampler_word(KCENTER) == "kcenter"
    mixture = {"class": "a.mixture.Mixture", "first": {"_target_": "a.topk.TopK"}, "second": {"_target_": "a.b.B"}}
    assert sampler_word(mixture) == "mixture(topk, b)"
    assert sampler_word({}) == "elsewhere"


def test_other_pools_are_refused_in_one_line(
    tmp_path: Path, pool: PromptedPool, capsys: pytest.CaptureFixture[str]
) -> None:
    other = make_pool(tmp_path / "other", 30)
    folders = [save(tmp_path / "a", pool, [0], KCENTER), save(tmp_path / "b", pool, [1], KCENTER)]
    folders.append(save(tmp_path / "stray", other, [0], KCENTER))
    with pytest.raises(SystemExit) as leaving:
        main([*map(str, folders), "--output", str(tmp_path / "out")])
    assert leaving.value.code == 2
    message = capsys.readouterr().err
    assert message.startswith("error: only selections of one pool have picks in common; there are 2 of pool ")
    assert message.endswith("(stray)\n")
    assert message.count("\n") == 1
    assert not (tmp_path / "out").exists()


def test_what_is_no_selection_is_refused(tmp_path: Path, pool: PromptedPool) -> None:
    one = save(tmp_path / "runs" / "a", pool, [0], KCENTER)
    with pytest.raises(SelectionError, match=r"no selection\.json in .*nothing"):
        load_all([one, tmp_path / "nothing"])
    with pytest.raises(SelectionError, match="two selections or more; there are 1"):
        load_all([tmp_path / "runs"])
    empty = save(tmp_path / "empty", pool, [], KCENTER)
    with pytest.raises(SelectionError, match="is empty"):
        load_all([one, empty])


def test_a_selection_without_a_configuration_is_compared(tmp_path: Path, pool: PromptedPool) -> None:
    folder = save(tmp_path / "a", pool, [0], KCENTER)
    (folder / "config.yaml").unlink()
    assert Chosen.load(folder).words == {"sampler": "kcenter", "budget": "fraction=0.2", "seed": "seed 0"}


def test_long_names_are_told_once_and_no_line_is_wider_than_the_terminal(
    tmp_path: Path, pool: PromptedPool, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    inner = {"_target_": "ltd.sampler.facility_location.FacilityLocation"}
    outer = {"class": "ltd.sampler.per_group.PerGroup", "inner": inner}
    for seed, indices in enumerate([[0, 1], [1, 2], [5, 6]]):
        save(tmp_path / f"runs/s{seed}", pool, indices, outer | {"seed": seed}, seed)
    main([str(tmp_path / "runs"), "--output", str(tmp_path / "out")])
    lines = capsys.readouterr().out.splitlines()
    assert lines[:3] == [f"  {seed + 1}  per_group(facility_location) seed {seed}" for seed in range(3)]
    assert ["1", "2", "50.0%", "0.333", "1", "0.2"] in [line.split() for line in lines]
    assert any(line.split()[:2] == ["per_group(facility_location)", "3"] for line in lines)
    assert max(len(line.rstrip()) for line in lines if not line.startswith("files")) <= 80


def test_by_chance_other_draws_of_the_candidates_have_less_in_common(tmp_path: Path, pool: PromptedPool) -> None:
    stated = {"drawn": {"candidates": 8, "of": 16}}
    made = [
        Chosen.load(save(tmp_path / str(seed), pool, [0, 1], random_of(seed), seed, n_candidates=8, stated=stated))
        for seed in (0, 0, 1)
    ]
    assert overlap(made[0], made[1], ("", ""), "").expected == 4 / 8
    assert overlap(made[0], made[2], ("", ""), "").expected == 4 / 16
