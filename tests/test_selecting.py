"""A choice can be made again from what it left, and one made elsewhere can be trained on."""

from __future__ import annotations

import json
import logging
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
import yaml

from ltd import diagnostics, experiment, selecting
from ltd.candidates import find_candidates
from ltd.errors import LtdError, SelectionError, SettingsError
from ltd.parts import SelectParts
from ltd.selecting import agreement
from ltd.selection import Selection
from tests.test_experiment import composed
from tests.test_select_settings import selected
from tests.test_selection import make_pool, make_selection


@pytest.fixture(scope="module")
def outputs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Outputs in which seven prompts were chosen by k-center."""
    outputs = tmp_path_factory.mktemp("outputs")
    experiment.select(composed("select", outputs, "budget=7", "diagnostics=auto"))
    return outputs


def the_choice(outputs: Path) -> Path:
    (run,) = (outputs / "select").glob("kcenter-7-*/")
    return run


def test_a_kept_choice_is_made_again_and_writes_nothing(
    outputs: Path, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    run = the_choice(outputs)
    before = {file: file.read_bytes() for file in run.glob("*.*")}
    runs = sorted((outputs / "select").iterdir())
    with caplog.at_level(logging.INFO):
        assert experiment.select(composed("select", outputs, f"verify={run}", "sampler=random", "seed=9")) == 7
    assert caplog.messages[-1].startswith("it holds: the same 7 prompts in the same order, from pool ")
    assert {file: file.read_bytes() for file in run.glob("*.*")} == before
    assert sorted((outputs / "select").iterdir()) == runs
    # From nothing, too: another machine has no cache.
    experiment.select(composed("select", tmp_path / "elsewhere", f"verify={run}"))
    assert not (tmp_path / "elsewhere" / "select").exists()


def test_a_choice_made_on_another_device_is_made_again_on_this_machines(outputs: Path, tmp_path: Path) -> None:
    run = Path(shutil.copytree(the_choice(outputs), tmp_path / "run"))
    config = (run / "config.yaml").read_text()
    assert "  device: auto\n" in config
    (run / "config.yaml").write_text(config.replace("  device: auto\n", "  device: xpu\n"))
    assert experiment.select(composed("select", outputs, f"verify={run}")) == 7


def test_a_choice_that_comes_out_otherwise_is_an_error(outputs: Path, tmp_path: Path) -> None:
    run = the_choice(outputs)
    (tmp_path / "config.yaml").write_text((run / "config.yaml").read_text())
    (tmp_path / "selection.json").write_text((run / "selection.json").read_text())
    table = pq.read_table(run / "selection.parquet")
    pq.write_table(table.take([0, 1, 3, 2, 4, 5, 6]), tmp_path / "selection.parquet")
    with pytest.raises(SelectionError, match=r"7 of 7 prompts are chosen again, the first difference is pick 3 \("):
        experiment.select(composed("select", outputs, f"verify={tmp_path}"))


def test_what_differs_between_two_makings_is_said(tmp_path: Path) -> None:
    saved = make_selection(make_pool(tmp_path))
    assert agreement(saved, saved).startswith("it holds: the same 3 prompts")
    made = replace(saved, indices=np.array([4, 5]), versions={"numpy": "3"}, points_fingerprint="other")
    expected = r"1 of 3 .* pick 2 \(points_fingerprint was None, is other; numpy was 2, is 3\)"
    with pytest.raises(SelectionError, match=expected):
        agreement(saved, made)
    with pytest.raises(SelectionError, match="pick 4"):
        agreement(saved, replace(saved, indices=np.array([4, 0, 3, 1])))


def test_verifying_belongs_to_select(outputs: Path) -> None:
    with pytest.raises(SettingsError, match=r"it belongs to select.py"):
        experiment.train(composed("train", outputs, "verify=somewhere"))
    with pytest.raises(LtdError, match=r"no readable selection in"):
        experiment.select(composed("select", outputs, "verify=/nowhere"))


def test_a_saved_choice_is_trained_on_as_it_stands(outputs: Path) -> None:
    run = the_choice(outputs)
    short = ["trainer.match=steps", "trainer.steps=1"]
    experiment.train(composed("train", outputs, f"selection={run}", "sampler=random", *short))
    (trained,) = (outputs / "train").glob("given_kcenter-7-*/")
    columns = ["index", "id", "n_tokens"]
    taken = pq.read_table(trained / "selection.parquet", columns=columns)
    assert taken.equals(pq.read_table(run / "selection.parquet", columns=columns))
    assert json.loads((trained / "metrics.json").read_text())["budget"]["examples"] == 7


def test_a_given_choice_is_the_same_run_wherever_it_lies_and_whatever_would_have_chosen(
    outputs: Path, tmp_path: Path
) -> None:
    ids = pq.read_table(the_choice(outputs) / "selection.parquet")["id"].to_pylist()
    names = []
    for folder, sampler in (("a", "kcenter"), ("b", "random")):
        file = tmp_path / folder / "mine.txt"
        file.parent.mkdir()
        file.write_text("\n".join(ids))
        manifest, rows = selected(outputs / folder, f"selection={file}", f"sampler={sampler}")
        assert [row["id"] for row in rows] == ids
        assert manifest["budget"] == {"amount": 7, "unit": "examples", "asked": "selection=mine.txt"}
        names.append([run.name for run in (outputs / folder / "select").glob("given_mine-*/")])
    assert names[0] == names[1]
    with pytest.raises(SelectionError, match="neither a folder with"):
        selected(outputs, f"selection={tmp_path / 'nothing'}")


FIGURES = {"coverage.png", "map.png", "composition.png"}


def left(outputs: Path, *overrides: str) -> set[str]:
    """The diagnostics that choosing leaves."""
    experiment.select(composed("select", outputs, "diagnostics=auto", *overrides))
    (run,) = (outputs / "select").glob("*/")
    if (run / "diagnostics.json").exists():
        numbers = json.loads((run / "diagnostics.json").read_text())
        assert (numbers["picks"], numbers["candidates"]) == (7, 80)
    return {file.name for file in run.iterdir()} & {*FIGURES, "diagnostics.json"}


@pytest.mark.parametrize(
    ("overrides", "leaves"),
    [
        (["sampler=kcenter"], True),
        (["sampler=random"], False),
        (["sampler=random", "diagnostics=always"], True),
        (["sampler=kcenter", "diagnostics=never"], False),
        (["budget=0"], False),
    ],
)
def test_what_a_selection_is_like_is_left_where_its_points_are_known(
    tmp_path: Path, outputs: Path, overrides: list[str], leaves: bool
) -> None:
    found = left(tmp_path, "budget=7", f"cache={outputs / 'cache'}", *overrides)
    assert found == ({*FIGURES, "diagnostics.json"} if leaves else set())


def test_other_words_are_refused(outputs: Path) -> None:
    with pytest.raises(SettingsError, match=r"diagnostics.*sometimes.*always, auto, never"):
        experiment.select(composed("select", outputs, "diagnostics=sometimes"))


def test_kcenter_goes_on_from_a_selection_there_already_is(outputs: Path, tmp_path: Path) -> None:
    run = the_choice(outputs)
    cache = f"cache={outputs / 'cache'}"
    _, more = selected(tmp_path, "sampler.start=selection", f"sampler.covered={run}", "budget=5", cache)
    longer = selected(tmp_path / "longer", "budget=12", cache)[1]
    assert [row["id"] for row in more] == [row["id"] for row in longer[7:]]


def test_training_leaves_them_too_and_the_candidates_are_found_once(
    tmp_path: Path, outputs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = []
    monkeypatch.setattr(selecting, "find_candidates", lambda *given: found.append(given) or find_candidates(*given))
    short = ["trainer.match=steps", "trainer.steps=1", "budget=7", "diagnostics=auto", f"cache={outputs / 'cache'}"]
    experiment.train(composed("train", tmp_path, *short))
    (run,) = (tmp_path / "train").glob("*/")
    assert {file.name for file in run.iterdir()} > {*FIGURES, "diagnostics.json"}
    assert '"diagnose": ' in (run / "cost.json").read_text()
    assert len(found) == 1


def test_a_fault_in_them_ends_no_run(
    tmp_path: Path, outputs: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fault(*_: object, **__: object) -> None:
        raise MemoryError("none left")

    monkeypatch.setattr(diagnostics, "diagnose", fault)
    assert left(tmp_path, "budget=7", f"cache={outputs / 'cache'}") == set()
    assert "the selection has no diagnostics: MemoryError: none left" in caplog.messages
    assert len(Selection.load(next((tmp_path / "select").glob("*/")))) == 7


def test_a_choice_from_elsewhere_is_set_against_random_choices_of_the_candidates(tmp_path: Path, outputs: Path) -> None:
    ids = pq.read_table(the_choice(outputs) / "selection.parquet")["id"].to_pylist()
    (tmp_path / "mine.txt").write_text("\n".join(ids))
    given = [f"selection={tmp_path / 'mine.txt'}", "diagnostics=always", f"cache={outputs / 'cache'}"]
    assert left(tmp_path / "given", *given) == {*FIGURES, "diagnostics.json"}
    (run,) = (tmp_path / "given/select").glob("*/")
    texts = [(folder / "diagnostics.json").read_text() for folder in (run, the_choice(outputs))]
    assert json.loads(texts[0])["coverage"] == json.loads(texts[1])["coverage"]


def test_a_choice_from_before_a_setting_is_made_again_by_its_default(outputs: Path, tmp_path: Path) -> None:
    run = the_choice(outputs)
    for name in ("selection.json", "selection.parquet"):
        (tmp_path / name).write_bytes((run / name).read_bytes())
    kept = yaml.safe_load((run / "config.yaml").read_text())
    for setting in ("max_candidates", "templates", "held_out_templates"):
        del kept[setting]
    (tmp_path / "config.yaml").write_text(yaml.safe_dump(kept))
    assert experiment.select(composed("select", outputs, f"verify={tmp_path}")) == 7
    (tmp_path / "config.yaml").write_text(yaml.safe_dump(kept | {"what": 1}))
    with pytest.raises(SelectionError, match=r"has no config.yaml that this version can choose by again .*'what'"):
        experiment.select(composed("select", outputs, f"verify={tmp_path}"))


def test_a_template_that_is_held_out_is_neither_chosen_nor_taken_from_elsewhere(
    tmp_path: Path, outputs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = pq.read_table(the_choice(outputs) / "selection.parquet", columns=["id", "template"]).to_pylist()
    (tmp_path / "mine.txt").write_text("\n".join(row["id"] for row in given))
    template = given[0]["template"]
    monkeypatch.setattr(SelectParts, "held_out", (template,))
    manifest, rows = selected(tmp_path / "made", "sampler=all")
    assert manifest["stated"]["held_out_templates"] == [template]
    assert 0 < len(rows) < 80
    assert template not in {row["template"] for row in rows}
    _, rows = selected(tmp_path / "given", f"selection={tmp_path / 'mine.txt'}")
    assert [row["id"] for row in rows] == [row["id"] for row in given if row["template"] != template]
