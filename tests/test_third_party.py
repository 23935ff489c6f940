"""The example of a third party's sampler, installed as a package beside the project and used by name."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

ROOT = Path(__file__).resolve().parents[1]
EXAMPLE = ROOT / "examples" / "third_party_sampler"
SMALL = [
    "model=tiny",
    "tracker=csv",
    "pool.n_family=8",
    "pool.n_two_way=8",
    "pool.n_embedded=4",
    "pool.n_multi_step=8",
    "task=fragments_two_way",
    "task.fragments_two_way.n_questions=10",
    "distribution_centre.clusters=1",
    "embedder.precision=fp32",
    "diagnostics=never",
    "budget=12",
]
BY_CLASS = ("sampler=all", "sampler._target_=ltd_mmr.mmr.MMR", "+sampler.relevance=1")

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the package was installed: as pip does it, from a copy because building leaves files, and offline."""
    folder = tmp_path_factory.mktemp("third_party")
    copy, target = folder / "source", folder / "installed"
    shutil.copytree(EXAMPLE, copy, ignore=shutil.ignore_patterns("build", "*.egg-info", "__pycache__"))
    started("-m", "pip", "install", "--no-deps", "--no-index", "--no-build-isolation", "--target", target, copy)
    return target


def started(*arguments: str | Path, installed: Path | None = None, cwd: Path = ROOT) -> str:
    """What Python says when started with these arguments and the package, if there is one, on its path."""
    command = [sys.executable, *map(str, arguments)]
    path = [str(folder) for folder in (installed, ROOT) if folder]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(path)}
    result = subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, timeout=600, check=False)
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


@pytest.fixture(scope="module")
def swept(installed: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Outputs of ``'sampler=glob(*)'`` with the package there."""
    outputs = tmp_path_factory.mktemp("outputs")
    started(ROOT / "select.py", "-m", "sampler=glob(*)", *SMALL, f"outputs={outputs}", installed=installed)
    return outputs


def run_of(outputs: Path, sampler: str) -> Path:
    (run,) = (outputs / "select").glob(f"{sampler}-*")
    return run


def chosen(run: Path) -> list[int]:
    return pq.read_table(run / "selection.parquet")["index"].to_pylist()


def test_its_own_tests_pass(installed: Path) -> None:
    plain = ("-q", "-p", "no:cacheprovider", "-c", os.devnull, "--rootdir", installed)
    assert "7 passed" in started("-m", "pytest", *plain, EXAMPLE / "tests", installed=installed, cwd=installed)


def test_a_sweep_of_all_samplers_takes_it_along(swept: Path) -> None:
    options = {file.stem for file in (ROOT / "conf" / "sampler").glob("*.yaml")}
    runs = {folder.name.split("-")[0] for folder in (swept / "select").iterdir() if folder.is_dir()}
    assert runs == options | {"mmr"}


def test_the_selection_is_what_the_class_picks_by_itself(
    swept: Path, installed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(installed)
    mmr = import_module("ltd_mmr.mmr").MMR
    files = sorted((swept / "cache" / "points").glob("*/points.npy"), key=lambda file: file.stat().st_size)
    points, sample = np.load(files[0]), np.load(files[-1])
    candidates = np.sort(chosen(run_of(swept, "all")))
    centre = sample.mean(axis=0)  # of the only cluster
    run = run_of(swept, "mmr")
    assert chosen(run) == candidates[mmr(centre).select(points, 12)].tolist()
    assert json.loads((run / "selection.json").read_text())["sampler"] == {
        "class": "ltd_mmr.mmr.MMR",
        "centre": None,
        "relevance": 0.5,
    }


@pytest.mark.parametrize("by", [("sampler=mmr", "sampler.relevance=1"), BY_CLASS], ids=["option", "class"])
def test_its_parameter_is_set_like_any_other(by: tuple[str, ...], swept: Path, installed: Path, tmp_path: Path) -> None:
    folders = (f"outputs={tmp_path}", f"cache={swept / 'cache'}")
    started(ROOT / "select.py", *SMALL, *by, *folders, installed=installed)
    assert chosen(run_of(tmp_path, "mmr")) == chosen(run_of(swept, "topk")) != chosen(run_of(swept, "mmr"))


def test_without_the_package_there_is_no_such_option() -> None:
    with pytest.raises(AssertionError, match="Could not find 'sampler/mmr'"):
        started(ROOT / "select.py", "sampler=mmr")
