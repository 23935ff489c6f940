"""The list of the shared cache, and that pruning takes nothing that is needed."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

import pytest

from ltd.cache import Cache
from ltd.lock import held, holder
from ltd.manifest import VERIFIED
from ltd.run import Run
from ltd.runs import artefacts, find_runs
from ltd.runs.__main__ import main
from ltd.runs.artefacts import Artefact, find_artefacts, prunable, remove
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


def test_runs_of_an_outputs_folder_of_their_own_count_too(outputs: Path) -> None:
    cache = Cache(outputs / "cache")
    with Run(outputs / "paper", "train", "b").recorded({}, cache.used):
        cache.folder("points", {"of": "none"}, make)
    assert [artefact.runs for artefact in find_artefacts(outputs / "cache", outputs) if artefact.is_complete] == [1, 1]
    assert find_runs([outputs])[-1].run_id == "b"


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


def test_claims_of_killed_processes_go_with_it_and_locks_stay(outputs: Path) -> None:
    """A lock is broken by whoever wants it next, who sees to it that nobody else holds it by then."""
    locks = {"0123456789abcdef.lock": "1234abcd", "0123456789abcdef.lock.1234abcd.gone": "5678abcd"}
    files = [outputs / "cache" / "points" / name for lock, token in locks.items() for name in (lock, f"{lock}.{token}")]
    for file in files:
        file.touch()
        os.utime(file, (0, 0))
    assert main(["--cache", "--prune", "--yes", str(outputs)]) == 0
    assert [file.exists() for file in files] == [True, False] * 2


def test_what_vanishes_while_it_is_listed_is_passed_over(
    outputs: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    partial = outputs / "cache" / "pool" / "0123456789abcdef.1234abcd.partial"
    look, walk = artefacts._artefact, os.walk

    def completed_meanwhile(folder: Path, *rest: Any) -> Any:
        if folder == partial:
            folder.rename(folder.with_name("0123456789abcdef"))
        return look(folder, *rest)

    def emptied_meanwhile(folder: Path) -> Any:
        for place, folders, files in walk(folder):
            for file in files:
                Path(place, file).unlink()
            yield place, folders, files

    monkeypatch.setattr(artefacts, "_artefact", completed_meanwhile)
    monkeypatch.setattr(os, "walk", emptied_meanwhile)
    assert main(["--cache", str(outputs)]) == 0
    assert capsys.readouterr().out.splitlines()[-1].startswith("2 artefacts, 0 B of ")


class TestMeanwhile:
    """What happens between the look at an artefact and its turn to be removed."""

    @pytest.fixture
    def embedding(self, outputs: Path) -> Artefact:
        (found,) = (one for one in self.prunable(outputs) if one.kind == "points")
        return found

    @staticmethod
    def prunable(outputs: Path, days: float | None = None) -> list[Artefact]:
        return prunable(find_artefacts(outputs / "cache", outputs), outputs, days)

    def test_a_run_has_come_to_use_it(self, outputs: Path, embedding: Artefact) -> None:
        cache = Cache(outputs / "cache")
        with Run(outputs, "train", "b").recorded({}, cache.used):
            cache.folder("points", {"of": "none"}, make)
        assert remove([embedding], outputs / "cache", outputs, None) == []
        assert names(outputs) == {"a run", "none"}

    def test_a_run_has_begun_that_does_not_say_yet_what_it_uses(self, outputs: Path, embedding: Artefact) -> None:
        (outputs / "train" / "b").mkdir()
        (outputs / "train" / "b" / "status.json").write_text("{}")
        assert remove([embedding], outputs / "cache", outputs, None) == []
        assert names(outputs) == {"a run", "none"}

    def test_it_was_used(self, outputs: Path) -> None:
        old = time.time() - 31 * 86_400
        stamps = list(outputs.glob(f"cache/points/*/{VERIFIED}"))
        for stamp in stamps:
            os.utime(stamp, (old, old))
        found = [one for one in self.prunable(outputs, days=30) if one.kind == "points"]
        assert len(found) == 2
        stamps[0].touch()
        (removed,) = remove(found, outputs / "cache", outputs, 30)
        assert removed.folder == stamps[1].parent
        assert stamps[0].exists()

    def test_a_process_has_begun_to_make_it(self, outputs: Path) -> None:
        (unfinished,) = (one for one in self.prunable(outputs) if not one.is_complete)
        with held(outputs / "cache" / "pool" / "0123456789abcdef.lock", "a test"):
            assert remove([unfinished], outputs / "cache", outputs, None) == []
        assert unfinished.folder.exists()

    def test_a_process_has_taken_it_over_and_completed_it(self, outputs: Path) -> None:
        (unfinished,) = (one for one in self.prunable(outputs) if not one.is_complete)
        complete = unfinished.folder.with_name("0123456789abcdef")
        unfinished.folder.rename(complete)
        assert remove([unfinished], outputs / "cache", outputs, None) == []
        assert complete.exists()

    def test_another_call_has_removed_it_or_was_killed_when_it_did(self, outputs: Path, embedding: Artefact) -> None:
        half = embedding.folder.with_name(f".{embedding.name}.pruned")
        (half / "folder").mkdir(parents=True)
        assert remove([embedding], outputs / "cache", outputs, None) == [embedding]
        assert remove([embedding], outputs / "cache", outputs, None) == []
        half.mkdir()
        assert half in [one.folder for one in self.prunable(outputs)]
        assert main(["--cache", "--prune", "--yes", str(outputs)]) == 0
        assert not half.exists()

    def test_its_lock_is_held_until_it_is_gone(
        self, outputs: Path, embedding: Artefact, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        renamed, rename = [], Path.rename

        def watched(folder: Path, target: Path) -> Path:
            renamed.append(holder(folder.with_suffix(".lock")))
            return rename(folder, target)

        monkeypatch.setattr(Path, "rename", watched)
        remove([embedding], outputs / "cache", outputs, None)
        assert [owner.process for owner in renamed if owner] == [os.getpid()]
        assert holder(embedding.folder.with_suffix(".lock")) is None

    def test_the_process_that_a_claim_is_of_has_got_its_lock(
        self, outputs: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        claim = outputs / "cache" / "points" / "0123456789abcdef.lock.1234abcd"
        claim.touch()
        changed = artefacts._changed

        def vanishing(path: Path) -> float | None:
            path.unlink()
            return changed(path)

        monkeypatch.setattr(artefacts, "_changed", vanishing)
        remove([], outputs / "cache", outputs, None)
        assert not claim.exists()
