"""Commands in processes of their own: what other launchers' processes do, and who reads what they print."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.test_command import ROOT, conf

__all__ = ["conf"]  # pytest looks for fixtures where they are used

SCRIPT = """
import sys
from pathlib import Path
from types import SimpleNamespace

import hydra
from ltd import command
from ltd.errors import SettingsError

CONF = Path(__file__).resolve().parent / "conf"

def stage(config):
    if config.seed % 2:
        raise SettingsError(f"{config.seed} is odd")
    print("a line")
    return config.seed

@hydra.main(version_base="1.3", config_path=str(CONF), config_name="stage")
def main(config):
    sys.modules["ltd.experiment"] = SimpleNamespace(stage=stage)
    return command.job("stage", config)

if __name__ == "__main__":
    command.run(main, CONF)
"""


def start(conf: Path, *overrides: str) -> subprocess.Popen[str]:
    script = conf.parent / "stage.py"
    script.write_text(SCRIPT)
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    arguments = [sys.executable, script, *overrides]
    return subprocess.Popen(arguments, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_errors_in_the_processes_of_another_launcher_count(conf: Path) -> None:
    with start(conf, "-m", "seed=0,1,2", "hydra/launcher=joblib", "hydra.launcher.n_jobs=2") as process:
        out, err = process.communicate(timeout=600)
    assert process.returncode == 2
    assert out.split("\n") == ["a line", "a line", ""]
    assert err.splitlines()[-2:] == ["error: 1 job(s) of this multirun failed:", "job 1 (seed=1): 1 is odd"]


@pytest.mark.parametrize("override", ["seed=0", "--help"])
def test_a_reader_that_leaves_early_does_no_harm(conf: Path, override: str) -> None:
    with start(conf, override) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == ""
    assert process.returncode == 0
