"""The three scripts as a user meets them: from any directory, answered in a second, with nothing written."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
SCRIPTS = ("train.py", "select.py", "evaluate.py")
HEAVY = {"torch", "transformers", "faiss", "pytorch_lightning", "wandb", "datasets", "sklearn", "matplotlib"}


def start(folder: Path, script: str, *overrides: str) -> tuple[int, str, str]:
    """Run a script in ``folder``; gives its exit code and what it wrote, and fails if it loaded a heavy library."""
    command = [sys.executable, "-X", "importtime", str(ROOT / script), *overrides]
    environment = os.environ | {"LTD_OUTPUTS": str(folder / "outputs")}
    result = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=600, check=False
    )
    imported = re.findall(r"^import time:.*\| +(\S+)$", result.stderr, re.MULTILINE)
    assert not HEAVY & set(imported)
    return result.returncode, result.stdout, re.sub(r"^import time:.*\n", "", result.stderr, flags=re.MULTILINE)


@pytest.mark.parametrize("script", SCRIPTS)
def test_help_from_another_directory(tmp_path: Path, script: str) -> None:
    code, out, err = start(tmp_path, script, "--help")
    assert (code, err) == (0, "")
    assert out.startswith(f"python {script} [GROUP=OPTION ...] [SETTING=VALUE ...]\n")
    assert "\nmodel: " in out
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("override", "words"),
    [
        ("fractoin=0.005", "error: there is no setting 'fractoin' (did you mean 'fraction'?); valid: "),
        ("sampler=kcentre", "Could not find 'sampler/kcentre'\n\nAvailable options in 'sampler':\n\tall\n"),
        ("sampler=kcentre --help", "Could not find 'sampler/kcentre'\n\nAvailable options in 'sampler':\n\tall\n"),
        ("fraction=many", "Value 'many' of type 'str' could not be converted to Float"),
    ],
    ids=["unknown key", "unknown option", "unknown option and --help", "wrong type"],
)
def test_what_cannot_be_composed_is_told_at_once(tmp_path: Path, override: str, words: str) -> None:
    code, out, err = start(tmp_path, "train.py", *override.split())
    assert (code, out) == (1, "")
    assert words in err
    assert "Traceback" not in err
    assert not list(tmp_path.iterdir())
