"""The list of the shared cache, and that pruning takes nothing that is needed."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from ltd.cache import Cache
from ltd.lock import held
from ltd.manifest import VERIFIED
from ltd.run import Run
from ltd.runs.__main__ import main
from ltd.runs.table import size_words


def make(work: Path) -> None:
    (work / "value").write_bytes(bytes(5_000))


@pytest.fixture
def outputs(tmp_path: Path) -> Path:
    """A run that uses an embedding, an embedding of a run that is no more, and a pool that was never completed."""
    cache = Cache(tmp_path / "cache")
    with Run(tmp_path, "train", "a").recorded({}, cache.used):
        cache.folder("points", {"of": "a run"}, make)
    Cache(tmp_path / "cache").folder("points", {"of": "none"}, make)
    (tmp_path / "cache" / "pool" / "0123456789abcdef.1234abcd.partial").mkdir(parents=True)
    return tmp_path


def names(outputs: Path) -> set[str]:
    """What is in the cache, by what it was made from."""
    return {path.read_text().split('"')[3] for path in outputs.glob("cache/*/*/source.json")}


def test_it_is_listed_with_size_and_runs(outputs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--cache", str(outputs)]) == 0
    lines = capsys.readouterr().out.splitlines()
    rows = [line.split() for line in lines[2:-1]]
    assert {(row[0], row[-1]) for row in rows} == {("pool", "incomplete"), ("points", "1"), ("points", "0")}
    size = sum(file.stat().st_size for file in outputs.glob("cache/*/*/*"))
    assert lines[-1].startswith(f"3 artefacts, {size_words(size)} of ")


def test_pruning_shows_and_then_removes_what_no_run_refers_to(
    outputs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--cache", "--prune", str(outputs)]) == 0
    assert "2 artefacts" in capsys.readouterr().out
    assert names(outputs) == {"a run", "none"}
    assert main(["--cache", "--prune", "--yes", str(outputs)]) == 0
    assert names(outputs) == {"a run"}
    assert not list(outputs.glob("cache/pool/*"))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--prune"], "--prune goes with --cache: python -m ltd.runs --cache --prune"),
        (["--cache", "--days", "0"], "--days goes with --prune: "),
        (["--cache", "--yes"], "--yes goes with --prune: "),
        (["--cache", "--failed"], "--failed and --commands are for runs"),
    ],
)
def test_an_option_that_would_be_passed_over_is_refused(
    options: list[str], message: str, outputs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*options, str(outputs)]) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.startswith(f"error: {message}")
    assert names(outputs) == {"a run", "none"}


def test_by_age_it_takes_also_what_runs_refer_to(outputs: Path) -> None:
    assert main(["--cache", "--prune", "--days", "30", "--yes", str(outputs)]) == 0
    assert names(outputs) == {"a run", "none"}
    for stamp in outputs.glob(f"cache/points/*/{VERIFIED}"):
        os.utime(stamp, (time.time() - 31 * 86_400,) * 2)
    assert main(["--cache", "--prune", "--days", "30", "--yes", str(outputs)]) == 0
    assert names(outputs) == set()


def test_what_is_being_made_stays(outputs: Path) -> None:
    with held(outputs / "cache" / "pool" / "0123456789abcdef.lock", "a test"):
        main(["--cache", "--prune", "--yes", str(outputs)])
        assert list(outputs.glob("cache/pool/*.partial"))


def test_a_run_that_does_not_say_what_it_uses_forbids_to_guess(
    outputs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (outputs / "train" / "a" / "artefacts.json").unlink()
    assert main(["--cache", "--prune", "--yes", str(outputs)]) == 2
    assert "1 run(s) do not say what they use of the cache, such as a" in capsys.readouterr().err
    assert names(outputs) == {"a run", "none"}


def test_claims_of_killed_processes_go_with_it(outputs: Path) -> None:
    claim = outputs / "cache" / "points" / "0123456789abcdef.lock.1234abcd"
    claim.touch()
    os.utime(claim, (0, 0))
    assert main(["--cache", "--prune", "--yes", str(outputs)]) == 0
    assert not claim.exists()
