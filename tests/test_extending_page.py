"""`docs/extending.md` shows files that work as they stand there: a task by a YAML alone, an embedder by a class."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from tests.test_experiment import SMALL_OF

ROOT = Path(__file__).resolve().parents[1]
PAGE = (ROOT / "docs" / "extending.md").read_text()
FILES = dict(re.findall(r"`(my_\w+/[\w/.]+)`:\n\n```\w+\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL))
COMMANDS = [
    line for block in re.findall(r"^```bash\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL) for line in block.splitlines()
]
QUESTIONS = [
    {"text": f"{name} sings.", "claim": claim, "label": label}
    for name in ("Ann", "Bob")
    for claim, label in ((f"{name} sings", 0), (f"{name} is silent", 1))
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    (tmp_path / "my_data").mkdir()
    (tmp_path / "my_data" / "my_nli.jsonl").write_text("".join(json.dumps(row) + "\n" for row in QUESTIONS))
    return tmp_path


def run(command: str, folder: Path) -> None:
    _, script, *words = shlex.split(command)
    stage = script.removesuffix(".py")
    groups = {word.partition("=")[0] for word in words}  # what the page sets, the small settings do not
    small = [word for word in SMALL_OF[stage] if re.split(r"[.=]", word)[0] not in groups]
    done = subprocess.run(
        [sys.executable, str(ROOT / script), *words, *small, f"outputs={folder / 'outputs'}"],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(folder), "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_the_page_has_its_files_and_commands() -> None:
    assert sorted(FILES) == ["my_conf/embedder/words.yaml", "my_conf/task/my_nli.yaml", "my_package/words.py"]
    assert len(COMMANDS) == 2


def test_a_task_of_ones_own_is_scored(folder: Path) -> None:
    run(COMMANDS[0], folder)
    (metrics,) = folder.glob("outputs/evaluate/*/metrics.json")
    found = json.loads(metrics.read_text())["tasks"]["my_nli"]
    assert found["n"] == len(QUESTIONS)
    assert set(found["predictions"]) == {"Yes", "No"}


def test_an_embedder_of_ones_own_is_chosen_by(folder: Path) -> None:
    run(COMMANDS[1], folder)
    (manifest,) = folder.glob("outputs/select/*/selection.json")
    assert json.loads(manifest.read_text())["points_fingerprint"]
