"""The name of the code changes with what results come from, and with nothing else."""

from __future__ import annotations

import shutil
from pathlib import Path
from types import SimpleNamespace

import pytest

from ltd import source


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("ranking.py", "score.py", "report/page.py"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(f"# {name}\n")
    monkeypatch.setattr(source, "ltd", SimpleNamespace(__file__=str(tmp_path / "__init__.py")))
    return tmp_path


def digest() -> str:
    source.source_digest.cache_clear()
    return source.source_digest()


def test_it_is_of_the_modules_that_results_come_from(package: Path) -> None:
    first = digest()
    (package / "report" / "page.py").write_text("# looks better\n")
    (package / "notes.txt").write_text("not code")
    assert digest() == first
    (package / "ranking.py").write_text("# ranks otherwise\n")
    changed = digest()
    assert changed != first
    shutil.move(package / "score.py", package / "scores.py")
    assert digest() not in (first, changed)


def test_it_stays_what_it_was_while_a_process_runs(package: Path) -> None:
    first = digest()
    (package / "ranking.py").write_text("# edited meanwhile\n")
    assert source.source_digest() == first
