"""Where a command looks and writes: below the project's root, wherever it is given."""

from __future__ import annotations

import os
from pathlib import Path

PROJECT_ROOT = Path(__file__).resolve().parents[1]


def path_below_root(path: str) -> Path:
    """``path`` as it stands if absolute, else below the project's root."""
    return PROJECT_ROOT / Path(path).expanduser()


def outputs_folder() -> Path:
    """That of runs, sweeps and reports, unless ``outputs=`` names another."""
    return path_below_root(os.environ.get("LTD_OUTPUTS", "outputs"))
