"""The command behind the number of kills in `docs/reliability.md`: it kills, compares, and says so."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


@pytest.mark.slow
def test_a_few_kills_lose_nothing(tmp_path: Path) -> None:
    command = [sys.executable, str(ROOT / "benchmarks" / "kills.py"), "--kills", "3", "--workers", "2"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    total = next(line for line in done.stdout.splitlines() if " kills of " in line)
    assert int(total.split()[0]) >= 3
    assert total.endswith(" runs: 0 lost, 0 locks or temporary files left")
