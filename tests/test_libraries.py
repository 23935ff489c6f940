"""Importing without looking for garbage, and that a run imports no more than it needs."""

import gc
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from ltd.libraries import load_libraries

ROOT = Path(__file__).resolve().parents[1]

# Without what cannot be left out: pandas comes with pyarrow, scipy with transformers, matplotlib with Lightning.
LARGE = (
    "datasets",
    "faiss",
    "numba",
    "peft",
    "pytorch_lightning",
    "sentence_transformers",
    "sklearn",
    "statsmodels",
    "submitit",
    "wandb",
)

PROGRAM = """
import gc, json, runpy, sys
sys.argv = sys.argv[1:]
runpy.run_path(sys.argv[0], run_name="__main__")
print(json.dumps([gc.isenabled(), gc.get_freeze_count(), sorted(sys.modules)]))
"""

TINY = (
    "model=tiny",
    "tracker=none",
    "pool.n_family=8",
    "pool.n_two_way=8",
    "pool.n_embedded=4",
    "pool.n_multi_step=8",
    "task=fragments_two_way",
    "task.fragments_two_way.n_questions=10",
)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder to import from; what is frozen in a test is collected again after it."""
    monkeypatch.syspath_prepend(tmp_path)
    load_libraries.cache_clear()
    yield tmp_path
    gc.unfreeze()


def test_nothing_is_collected_while_modules_are_imported_and_what_they_define_is_left_alone(folder: Path) -> None:
    (folder / "large_one.py").write_text("import gc\nenabled = gc.isenabled()\nmade = [[] for _ in range(100_000)]\n")
    frozen = gc.get_freeze_count()
    load_libraries("large_one")
    assert gc.isenabled()
    assert gc.get_freeze_count() >= frozen + 100_000
    assert not sys.modules.pop("large_one").enabled


def test_garbage_of_before_is_freed_first(folder: Path) -> None:
    (folder / "large_two.py").write_text("")
    cycle: list[object] = []
    cycle.append(cycle)
    gone = id(cycle)
    del cycle
    load_libraries("large_two")
    gc.unfreeze()
    assert gone not in {id(found) for found in gc.get_objects() if type(found) is list and len(found) == 1}


def test_a_module_that_cannot_be_imported_leaves_the_collector_on(folder: Path) -> None:
    with pytest.raises(ModuleNotFoundError, match="no_such_library"):
        load_libraries("no_such_library")
    assert gc.isenabled()


@pytest.mark.parametrize(
    ("script", "overrides", "expected"),
    [
        ("train.py", ["sampler=random", "fraction=0.02", "trainer.epochs=1"], {"pytorch_lightning"}),
        ("train.py", ["fraction=0"], set()),
        pytest.param("select.py", ["sampler=random", "fraction=0.02"], set(), marks=pytest.mark.slow),
        pytest.param("evaluate.py", [], set(), marks=pytest.mark.slow),
    ],
    ids=["train", "train on nothing", "select", "evaluate"],
)
def test_a_run_loads_no_large_library_it_does_not_use(
    tmp_path: Path, script: str, overrides: list[str], expected: set[str]
) -> None:
    command = [sys.executable, "-c", PROGRAM, script, *TINY, *overrides, f"outputs={tmp_path}"]
    if script == "evaluate.py":
        command = [argument for argument in command if not argument.startswith("pool.")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    enabled, frozen, modules = json.loads(done.stdout.splitlines()[-1])
    assert enabled
    assert frozen > 200_000
    assert {name for name in LARGE if name in modules} == expected
